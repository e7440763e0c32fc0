"""`boxwatch backup`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import way
from boxwatch.commands.grafana import Live
from boxwatch.commands.servers import only_grafana


@click.command(short_help="Keep every published dashboard as files.")
@only_grafana
@way.backups
def backup(*, live: Live, backups: Path) -> None:
    """Keep every dashboard with boxwatch's mark as files, as it is in Grafana now.

    A publish does that by itself for what it replaces. Rules need none: the set before is kept beside the live one.

    \b
    Example:
      boxwatch backup --grafana https://grafana.example.com --grafana-token-file token
    """
    from boxwatch.publish.grafana import backup as keeping  # noqa: PLC0415
    from boxwatch.publish.grafana import form, plan  # noqa: PLC0415

    ours = live.api.ours()
    entries = [
        keeping.Entry(uid, title, stored.dashboard, stored.folder, form.checksum(stored.dashboard))
        for (uid, title), stored in zip(ours.items(), plan.together(live.api.read, ours, live.workers), strict=True)
        if stored is not None
    ]
    click.echo(f"{len(entries)} kept in {keeping.keep(entries, live.url, backups)}")
