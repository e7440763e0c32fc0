"""`boxwatch init`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options


@click.command(short_help="Write the default topology, commented.")
@click.argument("file", default=options.HERE, type=click.Path(path_type=Path))
def init(file: Path) -> None:
    """Write the default topology, commented, to FILE (topology.yaml).

    Refuses to overwrite a file. Every knob has a comment that says when you would change it.

    \b
    Example:
      boxwatch init
      boxwatch init staging.yaml
    """
    from boxwatch.topology import default

    default.write(file)
    click.echo(f"Wrote {file}. Next: boxwatch topology {'' if str(file) == options.HERE else file}".rstrip())
