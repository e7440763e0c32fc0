"""`boxwatch grafana backup` and `boxwatch grafana rollback`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boxwatch.commands import grafana_options


@click.command(short_help="Keep every published dashboard as files.")
@grafana_options.server
@grafana_options.backups
def backup(
    backups: Path,
    *,
    live: grafana_options.Live,
) -> None:
    """Keep every dashboard with boxwatch's mark as files, as it is in Grafana now.

    \b
    Example:
      boxwatch grafana backup --url https://grafana.example.com --token-file token
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


@click.command(short_help="Bring back what the last publish changed.")
@grafana_options.server
@grafana_options.backups
@click.option(
    "--backup", "folder", type=click.Path(path_type=Path), help="A backup to bring back; without it the last one."
)
@grafana_options.overwrite
@click.option("--yes", is_flag=True, help="Do not ask.")
def rollback(
    backups: Path,
    folder: Path | None,
    *,
    live: grafana_options.Live,
    overwrite_changed: bool,
    yes: bool,
) -> None:
    """Bring back what the last publish changed or deleted, and delete what it created.

    \b
    Example:
      boxwatch grafana rollback --url https://grafana.example.com --token-file token
      boxwatch grafana rollback --backup .boxwatch/backups/20260101T120000.000000Z-publish-grafana.example.com
    """
    from boxwatch.errors import PublishError  # noqa: PLC0415
    from boxwatch.publish.grafana import backup as keeping  # noqa: PLC0415
    from boxwatch.publish.grafana import rollback as back  # noqa: PLC0415

    folder = folder or keeping.newest(backups, live.url)
    of, entries = keeping.read(folder)
    if of != live.url:
        raise PublishError(f"{folder} is a backup of {of}, not of {live.url}")
    click.echo(f"{folder}: {len(entries)} dashboards")
    if not yes:
        if not sys.stdin.isatty():
            raise PublishError("nothing was written: there is nobody to ask; say --yes")
        click.confirm(f"Bring them back to {live.url}?", abort=True)
    for title, what in back.rollback(live.api, folder, overwrite_changed=overwrite_changed, workers=live.workers):
        click.echo(f"  {what} {title}")
