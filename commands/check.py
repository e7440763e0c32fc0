"""`boxwatch check`."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import files, options

if TYPE_CHECKING:
    from boxwatch.checks.catalogue import Report

# Those of boxwatch.checks.report, which is loaded when it is needed.
_FORMATS = ("text", "json", "github", "gitlab", "junit", "sarif")


@click.command(short_help="Check the generated output, or any rules and dashboards.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[TOPOLOGY] [FILE]...")
@options.ext_str
@options.extra
@options.rules
@options.metrics
@click.option("--format", "style", type=click.Choice(_FORMATS), default="text", help="Output format.")
@click.option("--strict", is_flag=True, help="Also fail on warnings about the topology and on skipped checks.")
@click.option("--notes", is_flag=True, help="Also print notes: matters of taste, and what cannot be judged.")
@click.option(
    "--prometheus", "versions", metavar="RANGE", help="Versions that FILEs are for: 2.53, or 2.42..3.5. Default: 2.42.."
)
@click.option("--disable", "disabled", multiple=True, metavar="CHECK", help="Skip the check with this id. Repeatable.")
def check(  # noqa: PLR0913 - one for each option
    *,
    paths: tuple[Path, ...],
    ext_str: tuple[str, ...],
    dashboards: Path | None,
    rules: Path | None,
    metrics: Path | None,
    style: str,
    disabled: tuple[str, ...],
    strict: bool,
    notes: bool,
    versions: str | None,
) -> None:
    """Check everything `build` would generate, or FILEs; exit 1 on findings.

    Checks that queries parse, that every metric and label exists, that alerts follow common style and that dashboards
    are valid. If promtool is on the PATH, it also checks the configuration and runs every proof.

    FILE is a dashboard (JSON, exported or from Grafana's API), a rule file (YAML with `groups`, or a PrometheusRule of
    Kubernetes), an Alertmanager configuration (YAML with `route`), a directory of such files, or - for standard input.
    Any metric may exist for rules in FILEs, and any series may have more labels than its exporter gives it: errors
    there are certain, and what is only unknown is a note. Your own rules in extra-rules/ next to the topology are
    checked with ours, and what they read must exist: add metrics of your own applications with `boxwatch record`.

    github and gitlab (Code Quality) show findings beside the lines of a change, sarif is for code scanning and junit
    for build servers. Without promtool or amtool what they would have said is a note, which fails with --strict.

    \b
    Example:
      boxwatch check
      boxwatch check staging.yaml --strict --format github
      boxwatch check --format sarif > boxwatch.sarif
      boxwatch check dashboards/ rules/extra.yaml --disable alert_style
      boxwatch check rules/*.yml --prometheus 2.53..3.5 --notes
    """
    from boxwatch import assemble
    from boxwatch.checks import catalogue, prometheus_versions, report
    from boxwatch.rules import catalogue as ours

    for name in disabled:
        if name not in catalogue.IDS:
            close = difflib.get_close_matches(name, catalogue.IDS, n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise click.BadParameter(f"unknown check {name}{meant}", param_hint="--disable")
    try:
        stated = prometheus_versions.parse(versions) if versions else prometheus_versions.SUPPORTED
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--prometheus") from error
    topology, given = files.sort(paths)
    loaded = options.load(topology, ext_str)
    interval = loaded.topology.scrape_interval
    own, applications = options.extra_rules(loaded, rules), options.extra_metrics(loaded, metrics)
    found: Report
    if given:
        found = catalogue.of_files(
            given, {**ours.rule_files(ours.build(loaded.topology)), **own.rules}, interval, applications, stated
        )
    else:
        extra = options.extra_dashboards(loaded, dashboards)
        # No check reads the compose file.
        made = assemble.assemble(loaded.topology, extra=extra, own=own, stack=False)
        watch = _progress if sys.stderr.isatty() else None
        found = catalogue.run(made, interval, watch, sources=own.sources, applications=applications)
    found = found.without(disabled)
    # Programs get all; a person gets what asks for a change, and the number of the rest.
    for line in report.lines(found if notes or style != "text" else found.shortened(), style):
        click.echo(line)
    left = [*(["warnings of the topology"] if loaded.warnings else []), *found.skipped] if strict else []
    if left:
        click.echo(f"--strict: {'; '.join(left)}", err=True)
    if found.failing or left:
        sys.exit(1)


def _progress(done: int, total: int) -> None:
    """A progress line that overwrites itself and disappears at the end."""
    text = f"promtool: {done} of {total}"
    click.echo(f"\r{text}" if done < total else f"\r{' ' * len(text)}\r", nl=False, err=True)
