"""The command line: options, printing and exit codes. No logic.

Exit codes: 0 fine; 1 findings, an output that is out of date, or something that could not be done; 2 wrong usage or a
wrong topology. Libraries are imported by the command that needs them, so that `--help` and completion answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from boxwatch.errors import BoxwatchError, TopologyError

if TYPE_CHECKING:
    from boxwatch.checks.catalogue import Report
    from boxwatch.publish.directory import Plan
    from boxwatch.topology.load import Loaded

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SHELLS = ("bash", "zsh", "fish")


class _Failure(click.ClickException):
    """A BoxwatchError as click shows errors: each line after `Error: `."""

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's own signature
        for line in self.message.splitlines():
            click.echo(f"{click.style('Error', fg='red', bold=True)}: {line}", file=file, err=True)


class _WrongInput(_Failure):
    """The same, for what the user can correct in the input."""

    exit_code = TopologyError.exit_code


class _Group(click.Group):
    """Turns the errors that boxwatch raises on purpose into messages."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        try:
            return super().invoke(ctx)
        except BoxwatchError as error:
            shown = _WrongInput if isinstance(error, TopologyError) else _Failure
            raise shown(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="boxwatch", prog_name="boxwatch")
def main() -> None:
    """Monitoring as code for a server that Coolify runs.

    One topology file says what runs where, with how much RAM and how many replicas. From it come Prometheus rules whose
    alerts are proven, Grafana dashboards, scrape configuration and runbooks.

    \b
    Example:
      boxwatch init                     write topology.yaml, commented
      boxwatch topology                 show the plan
      boxwatch build --out generated    make everything
      boxwatch check                    check everything
    """


def _topology_options(command: _Command) -> _Command:
    command = click.option(
        "--ext-str", "ext_str", metavar="NAME=VALUE", multiple=True, help="External variable of a Jsonnet topology."
    )(command)
    return click.argument("topology", required=False, type=click.Path(path_type=Path))(command)


def _json_option(command: _Command) -> _Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")(command)


def _load(path: Path | None, ext_str: tuple[str, ...]) -> Loaded:
    """The topology that is meant, with its warnings shown; says which one when the user named none."""
    from boxwatch.topology import default, load  # noqa: PLC0415

    variables = {}
    for pair in ext_str:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="--ext-str")
        variables[name] = value
    if path is None and Path(_HERE).exists():
        path = Path(_HERE)
        click.echo(f"Topology: ./{_HERE}", err=True)
    if path is None:
        click.echo(f"Topology: the bundled default (there is no ./{_HERE}; `boxwatch init` writes one)", err=True)
        loaded = default.load()
    else:
        loaded = load.load(path, ext_str=variables)
    for warning in loaded.warnings:
        click.echo(f"{click.style('Warning', fg='yellow', bold=True)}: {warning}", err=True)
    return loaded


_HERE = "topology.yaml"


@main.command()
@click.argument("file", default=_HERE, type=click.Path(path_type=Path))
def init(file: Path) -> None:
    """Write the default topology, commented, to FILE (topology.yaml).

    Refuses to overwrite a file. Every knob has a comment that says when you would change it.

    \b
    Example:
      boxwatch init
      boxwatch init staging.yaml
    """
    from boxwatch.topology import default  # noqa: PLC0415

    default.write(file)
    click.echo(f"Wrote {file}. Next: boxwatch topology {'' if str(file) == _HERE else file}".rstrip())


@main.command()
@_topology_options
@_json_option
def topology(topology: Path | None, ext_str: tuple[str, ...], *, as_json: bool) -> None:
    """Show the plan: what runs where, with how much RAM, and what is left.

    Without TOPOLOGY it is ./topology.yaml, or the bundled default where there is none.

    \b
    Example:
      boxwatch topology
      boxwatch topology --json | jq '.servers[].headroom_bytes'
      boxwatch topology box.jsonnet --ext-str env=staging
    """
    from rich.console import Console  # noqa: PLC0415

    from boxwatch.topology import plan, table  # noqa: PLC0415

    made = plan.plan(_load(topology, ext_str).topology)
    if as_json:
        _print_json(made.to_json())
    else:
        table.show(made, Console())


@main.command()
def schema() -> None:
    """Print the JSON Schema of the topology file, for editors.

    The default topology points to topology.schema.json beside it.

    \b
    Example:
      boxwatch schema > topology.schema.json
    """
    from boxwatch.topology import schema as json_schema  # noqa: PLC0415

    _print_json(json_schema.json_schema())


@main.command()
@_topology_options
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Directory to write to."
)  # fmt: skip
@click.option("--diff", "show_diff", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if DIR is out of date. For CI.")
@_json_option
def build(  # noqa: PLR0913 - one for each option
    topology: Path | None, ext_str: tuple[str, ...], out: Path, *, show_diff: bool, only_check: bool, as_json: bool
) -> None:
    """Make rules, their proofs, dashboards, configuration and runbooks, in DIR.

    Writes only what changed, each file whole or not at all, and removes only files that it wrote itself.

    \b
    Example:
      boxwatch build --out generated
      boxwatch build --out generated --diff
      boxwatch build staging.yaml --out generated/staging --check
    """
    from boxwatch import assemble  # noqa: PLC0415
    from boxwatch.publish import directory  # noqa: PLC0415

    plan = directory.plan(assemble.assemble(_load(topology, ext_str).topology), out)
    if show_diff:
        for line in directory.diff(plan):
            click.echo(_coloured(line))
    elif not only_check:
        directory.apply(plan)
    if as_json:
        _print_json({name: list(getattr(plan, name)) for name in _OUTCOMES})
    elif not show_diff:
        _print_plan(plan, only_check=only_check)
    if only_check and plan.differs:
        sys.exit(1)


_OUTCOMES = ("written", "unchanged", "removed", "overwritten", "kept")


def _print_plan(plan: Plan, *, only_check: bool) -> None:
    would = "would be " if only_check else ""
    outcomes = {
        **dict.fromkeys(plan.written, f"{would}written"),
        **dict.fromkeys(plan.unchanged, "unchanged"),
        **dict.fromkeys(plan.removed, f"{would}removed"),
        **dict.fromkeys(plan.kept, "kept"),
    }
    notes = {
        **dict.fromkeys(plan.overwritten, " (it had been changed by hand)"),
        **dict.fromkeys(plan.kept, " (not made any more, but changed by hand: remove it yourself)"),
    }
    for path, outcome in sorted(outcomes.items()):
        click.echo(f"  {outcome:<{len(would) + 9}} {path}{notes.get(path, '')}")
    counts = f"{len(plan.written)} {would}written, {len(plan.unchanged)} unchanged, {len(plan.removed)} {would}removed"
    click.echo(f"{plan.directory}: {counts}")


def _coloured(line: str) -> str:
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(line, fg=colour) if colour else line


@main.command()
@_topology_options
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "github"]), default="text", help="How to print findings."
)
def check(topology: Path | None, ext_str: tuple[str, ...], style: str) -> None:
    """Check everything that would be built; exit 1 on findings.

    Queries parse, every metric and label exists, alerts keep the field's style, dashboards are valid, and promtool
    accepts the configuration and runs every proof, where it is on the PATH.

    \b
    Example:
      boxwatch check
      boxwatch check staging.yaml --format github
    """
    from boxwatch import assemble  # noqa: PLC0415
    from boxwatch.checks import catalogue, report  # noqa: PLC0415

    loaded = _load(topology, ext_str)
    files = assemble.assemble(loaded.topology)
    found: Report = catalogue.run(files, loaded.topology.scrape_interval, _progress if sys.stderr.isatty() else None)
    for line in report.lines(found, style):
        click.echo(line)
    if found.findings:
        sys.exit(1)


def _progress(done: int, total: int) -> None:
    """A line that is written over, and gone at the end."""
    text = f"promtool: {done} of {total}"
    click.echo(f"\r{text}" if done < total else f"\r{' ' * len(text)}\r", nl=False, err=True)


@main.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    Example:
      eval "$(boxwatch completion bash)"
      boxwatch completion fish > ~/.config/fish/completions/boxwatch.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(main, {}, "boxwatch", "_BOXWATCH_COMPLETE").source())


def _print_json(document: object) -> None:
    import json  # noqa: PLC0415

    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
