"""`boxwatch grafana diff`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boxwatch.commands import grafana_options, options

# As diff and terraform tell "there are differences" apart from "it failed".
DIFFERS = 3


@click.command(short_help="Show what publishing would change.")
@options.topology
@grafana_options.server
@click.option("--folder", default="boxwatch", help="Folder of new dashboards (boxwatch).")
@click.option("--prune", is_flag=True, help="Show what would be deleted, too.")
@options.as_json
def diff(  # noqa: PLR0913 - one for each option
    topology: Path | None,
    ext_str: tuple[str, ...],
    folder: str,
    *,
    live: grafana_options.Live,
    prune: bool,
    as_json: bool,
) -> None:
    """Show what publishing would change, panel by panel; exit 3 when there is something, 0 when not.

    \b
    Example:
      boxwatch grafana diff --url https://grafana.example.com --token-file token
      boxwatch grafana diff staging.yaml --json
    """
    from boxwatch.publish.grafana import plan as planning  # noqa: PLC0415

    plan = planning.plan(
        live.api, grafana_options.made(topology, ext_str), folder=folder, prune=prune, workers=live.workers
    )  # fmt: skip
    if as_json:
        options.print_json(grafana_options.as_json(plan.changes))
    else:
        grafana_options.show(plan.changes)
        same = sum(change.kind == "unchanged" for change in plan.changes)
        click.echo(f"{len(plan.writes)} to write, {len(plan.refused)} refused, {same} unchanged")
    if plan.writes or plan.refused:
        sys.exit(DIFFERS)
