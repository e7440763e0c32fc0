"""`boxwatch build`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options

if TYPE_CHECKING:
    from boxwatch.publish.directory import Plan


@click.command(short_help="Generate rules, proofs, dashboards and everything else.")
@options.topology
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Output directory."
)  # fmt: skip
@click.option("--diff", "show_diff", is_flag=True, help="Show what would change; write nothing.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if DIR is out of date. For CI.")
@click.option(
    "--schema",
    type=click.Choice(options.SCHEMAS),
    default="v1",
    help="Dashboard schema: v1 (classic), v2 (Grafana 13) or v2beta1 (Grafana 12.2 to 12.4).",
)
@click.option("--no-stack", is_flag=True, help="Leave out the compose file of the monitoring stack.")
@click.option("--fragments", is_flag=True, help="Build for a shared Prometheus and Alertmanager: implies stack.shared.")
@options.extra
@options.rules
@options.as_json
def build(  # noqa: PLR0913 - one for each option
    topology: Path | None,
    ext_str: tuple[str, ...],
    out: Path,
    *,
    show_diff: bool,
    only_check: bool,
    schema: str,
    no_stack: bool,
    fragments: bool,
    dashboards: Path | None,
    rules: Path | None,
    as_json: bool,
) -> None:
    """Generate rules with their proofs, dashboards, configuration, runbooks and the stack's compose file in DIR.

    Writes only changed files, each atomically, and removes only files it wrote itself. Your own dashboards are built
    too: Python modules as described in docs/dashboards.md, or JSON of any schema version. So are your own rules, as
    described in docs/own-rules.md.

    For a Prometheus, Alertmanager and Grafana that serve others too, --fragments adds the label `deployment` everywhere
    and writes DIR/fragments, to merge into their configurations (docs/shared.md).

    \b
    Example:
      boxwatch build --out generated
      boxwatch build --out generated --diff
      boxwatch build --out generated --fragments
      boxwatch build staging.yaml --out generated/staging --check
    """
    from boxwatch import assemble
    from boxwatch.publish import directory
    from boxwatch.stack import compose
    from boxwatch.topology.losses import losses

    loaded = options.load(topology, ext_str)
    extra = options.extra_dashboards(loaded, dashboards)
    deployed = loaded.topology.in_shared_stack() if fragments else loaded.topology
    own = options.extra_rules(loaded, rules, topology=deployed)
    # A shared Prometheus has a stack of its own.
    stacked = not (no_stack or deployed.stack.shared)
    if stacked:
        compose.check(loaded)
        if advice := compose.advice(loaded):
            options.warn(advice)
    for line in losses(deployed):
        click.echo(f"Note: {line}", err=True)
    made = assemble.assemble(deployed, schema=schema, extra=extra, own=own, stack=stacked)
    plan = directory.plan(made, out)
    if show_diff:
        for line in directory.diff(plan):
            click.echo(_coloured(line))
    elif not only_check:
        directory.apply(plan)
    if as_json:
        options.print_json({name: list(getattr(plan, name)) for name in _OUTCOMES})
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
        **dict.fromkeys(plan.overwritten, " (manual changes overwritten)"),
        **dict.fromkeys(plan.kept, " (no longer generated, but manually changed: remove it yourself)"),
    }
    for path, outcome in sorted(outcomes.items()):
        if only_check and outcome == "unchanged":
            # The line below says how many.
            continue
        click.echo(f"  {outcome:<{len(would) + 9}} {path}{notes.get(path, '')}")
    counts = f"{len(plan.written)} {would}written, {len(plan.unchanged)} unchanged, {len(plan.removed)} {would}removed"
    click.echo(f"{plan.directory}: {counts}")


def _coloured(line: str) -> str:
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(line, fg=colour) if colour else line
