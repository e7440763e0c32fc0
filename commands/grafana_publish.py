"""`boxwatch grafana publish`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boxwatch.commands import grafana_options, options


@click.command(short_help="Write what differs, after a question.")
@options.topology
@grafana_options.server
@grafana_options.backups
@click.option("--folder", default="boxwatch", help="Folder of new dashboards, created if missing (boxwatch).")
@click.option("--message", "text", default="", help="What Grafana's history shows for this publish.")
@click.option("--prune", is_flag=True, help="Delete dashboards with boxwatch's mark that are not made any more.")
@grafana_options.overwrite
@click.option("--dry-run", is_flag=True, help="Show the plan, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def publish(  # noqa: PLR0913 - one for each option
    topology: Path | None,
    ext_str: tuple[str, ...],
    backups: Path,
    folder: str,
    text: str,
    *,
    live: grafana_options.Live,
    prune: bool,
    overwrite_changed: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Write the dashboards that differ, after a question; keep what is replaced.

    Where nothing differs nothing is written. A dashboard that somebody changed by hand is refused with both sides
    shown; the others are written, and the command exits 1.

    \b
    Example:
      boxwatch grafana publish --url https://grafana.example.com --token-file token
      boxwatch grafana publish --yes --prune --message "$(git log -1 --format=%s)"
    """
    from boxwatch.errors import PublishError  # noqa: PLC0415
    from boxwatch.publish.grafana import apply  # noqa: PLC0415
    from boxwatch.publish.grafana import plan as planning  # noqa: PLC0415

    plan = planning.plan(
        live.api,
        grafana_options.made(topology, ext_str),
        folder=folder,
        prune=prune,
        overwrite_changed=overwrite_changed,
        workers=live.workers,
    )
    grafana_options.show(plan.changes)
    click.echo(f"{len(plan.writes)} to write, {len(plan.refused)} refused, {len(plan.changes)} in all")
    if plan.writes and not dry_run:
        if not yes:
            if not sys.stdin.isatty():
                raise PublishError("nothing was written: there is nobody to ask; say --yes, or --dry-run")
            click.confirm(f"Write to {live.url}?", abort=True)
        outcomes, kept = apply.apply(live.api, plan, url=live.url, backups=backups, text=text, workers=live.workers)
        for outcome in outcomes:
            click.echo(f"  {'failed' if outcome.error else 'done  '} {outcome.change.kind} {outcome.change.title}")
        click.echo(f"Backup: {kept}")
        failed = [outcome.error for outcome in outcomes if outcome.error]
        if failed:
            raise PublishError("\n".join(failed))
    if plan.refused:
        sys.exit(1)
