"""`boxwatch backup`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import connection, options
from boxwatch.commands.grafana import Live
from boxwatch.commands.servers import only_grafana


@click.command(short_help="Back up a deployment's published dashboards to files.")
@options.topology
@only_grafana
@connection.backups
def backup(*, topology: Path | None, ext_str: tuple[str, ...], live: Live, backups: Path) -> None:
    """Back up every dashboard of this deployment to files, as Grafana stores it now.

    `boxwatch publish` already backs up whatever it replaces. Rules need no backup: the previous set stays next to the
    live one.

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
    entries = [entry for entry in plan.in_parallel(look, ours, live.workers) if entry]
    click.echo(f"{len(entries)} backed up to {keeping.keep(entries, live.url, backups, deployment=deployment)}")
