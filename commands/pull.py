"""`boxwatch pull`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options
from boxwatch.commands.grafana import Live
from boxwatch.commands.servers import only_grafana


@click.command(short_help="Pull a dashboard edited in Grafana back into a file.")
@click.argument("uid")
@options.topology
@only_grafana
@click.option("--out", type=click.Path(path_type=Path), help="Output file (standard output).")
def pull(
    *,
    uid: str,
    topology: Path | None,
    ext_str: tuple[str, ...],
    live: Live,
    out: Path | None,
) -> None:
    """Print the dashboard UID as canonical JSON, and its differences from ours on standard error.

    \b
    Example:
      boxwatch pull boxwatch-overview --grafana https://grafana.example.com --out overview.json
    """
    from boxwatch.commands.grafana import made
    from boxwatch.errors import OutputError, PublishError
    from boxwatch.grafana import json_text
    from boxwatch.publish import atomic
    from boxwatch.publish.grafana import difference, form
    from boxwatch.rules import catalogue

    stored = live.api.read(uid)
    if stored is None:
        raise PublishError(f"no dashboard has the uid {uid}: look for it in the dashboard's URL, after /d/")
    loaded = options.load(topology, ext_str)
    if form.owner(stored.dashboard, loaded.topology.name) == "another's":
        owners = " and ".join(sorted(form.deployments(stored.dashboard)))
        raise PublishError(
            f"{uid} belongs to the deployment {owners}, not to {loaded.topology.name}: pass that deployment's topology"
        )
    theirs = form.form(stored.dashboard)
    for ours in made(loaded, catalogue.build(loaded.topology)):
        if ours.get("uid") == uid:
            for line in difference.lines(str(ours.get("title")), difference.differences(form.form(ours), theirs)):
                click.echo(line, err=True)
    content = json_text.write(form.stored(stored.dashboard))
    if out is None:
        click.echo(content.decode(), nl=False)
        return
    try:
        atomic.replace(out, content)
    except OSError as error:
        raise OutputError(f"{out} could not be written: {error.strerror}") from error
    click.echo(f"Wrote {out}", err=True)
