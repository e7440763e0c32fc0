"""`boxwatch grafana pull`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import grafana_options, options


@click.command(short_help="Bring home what somebody improved in Grafana.")
@click.argument("uid")
@options.topology
@grafana_options.server
@click.option("--out", type=click.Path(path_type=Path), help="File to write to; without it, standard output.")
def pull(
    uid: str,
    topology: Path | None,
    ext_str: tuple[str, ...],
    out: Path | None,
    *,
    live: grafana_options.Live,
) -> None:
    """Print the dashboard UID as canonical JSON, and on standard error what is different in it from ours.

    \b
    Example:
      boxwatch grafana pull boxwatch-overview --out overview.json
    """
    from boxwatch.dashboards import text  # noqa: PLC0415
    from boxwatch.errors import OutputError, PublishError  # noqa: PLC0415
    from boxwatch.publish.grafana import difference, form  # noqa: PLC0415

    stored = live.api.read(uid)
    if stored is None:
        raise PublishError(f"there is no dashboard with the uid {uid}: it stands in its address, after /d/")
    theirs = form.form(stored.dashboard)
    for ours in grafana_options.made(topology, ext_str):
        if ours.get("uid") == uid:
            for line in difference.lines(str(ours.get("title")), difference.differences(form.form(ours), theirs)):
                click.echo(line, err=True)
    content = text.write(theirs)
    if out is None:
        click.echo(content.decode(), nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{out} could not be written: {error.strerror}") from error
    click.echo(f"Wrote {out}", err=True)
