"""`boxwatch test`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from boxwatch.commands import options


@click.command(short_help="Run the proofs of all alerts.")
@options.topology
@options.rules
@click.option("--coverage", is_flag=True, help="Measure how much of the rules the proofs exercise; exit 1 if not all.")
@click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write a JUnit report, for CI.",
)
@options.as_json
def test(  # noqa: PLR0913 - one for each option
    topology: Path | None,
    ext_str: tuple[str, ...],
    *,
    rules: Path | None,
    coverage: bool,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Run the proofs of all alerts and recorded series with promtool; exit 1 if one fails.

    The tests of your own rules in extra-rules/ next to the topology are run and listed, too.

    With --coverage, each recorded series must have a result, and each `and`, `or` and `unless` of a rule must both
    pass and drop something at a time that some proof evaluates.

    \b
    Example:
      boxwatch test
      boxwatch test staging.yaml --coverage --junit proofs.xml
    """
    from boxwatch.checks.proofs import coverage as covering
    from boxwatch.checks.proofs import read, run
    from boxwatch.checks.proofs.report import Report
    from boxwatch.checks.rules import promtool
    from boxwatch.errors import ToolError
    from boxwatch.rules import catalogue

    loaded = options.load(topology, ext_str)
    program = promtool.path()
    if program is None:
        raise ToolError(
            "promtool is not on the PATH, but proofs need it: install the package `promtool` (from Debian 13 on) or"
            " `prometheus`, or take it from any archive of https://prometheus.io/download/"
        )
    built = catalogue.build(loaded.topology)
    own = options.extra_rules(loaded, rules, built)
    files = {**catalogue.rule_files(built), **catalogue.test_files(built), **own.files}
    proofs = read.read(files)
    verdicts = run.run(files, proofs.proofs, program, _progress("proofs"))
    covered = covering.measure(files, proofs, program, _progress("coverage")) if coverage else None
    report = Report(built.subjects, verdicts, covered, own.sources, proofs.rules)
    if junit:
        _write(junit, report.junit())
    if as_json:
        options.print_json(report.to_json())
    else:
        for line in report.lines():
            click.echo(line)
    if not report.good:
        sys.exit(1)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(path), hint=error.strerror or "cannot be written") from error


def _progress(what: str) -> Callable[[int, int], None] | None:
    """A progress line that overwrites itself and disappears at the end; none without a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        text = f"{what}: {done} of {total} files"
        click.echo(f"\r{text}" if done < total else f"\r{' ' * len(text)}\r", nl=False, err=True)

    return show
