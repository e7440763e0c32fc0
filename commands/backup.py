"""`boxwatch backup`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import connection, options
from boxwatch.commands.grafana import Live
from boxwatch.commands.servers import only_grafana


@click.command(short_help="Keep every published dashboard of a deployment as files.")
@options.topology
@only_grafana
@connection.backups
def backup(*, topology: Path | None, ext_str: tuple[str, ...], live: Live, backups: Path) -> None:
    """Keep every dashboard of this deployment as files, as it is in Grafana now.

    A publish does that by itself for what it replaces. Rules need none: the set before is kept beside the live one.

    \b
    Example:
      boxwatch backup --grafana https://grafana.example.com --grafana-token-file token
    """
    from boxwatch.publish.grafana import backup as keeping
    from boxwatch.publish.grafana import form, plan

    def look(uid: str) -> keeping.Entry | None:
        stored = live.api.read(uid)
        if stored is None:
            return None
        return keeping.Entry(keeping.kept(live.api, stored, ours[uid]), form.checksum(stored.dashboard))

    deployment = options.load(topology, ext_str).topology.name
    ours = live.api.ours(deployment)
    entries = [entry for entry in plan.together(look, ours, live.workers) if entry]
    click.echo(f"{len(entries)} kept in {keeping.keep(entries, live.url, backups, deployment=deployment)}")
