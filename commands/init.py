"""`boxwatch init`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options


@click.command(short_help="Write a commented default topology.")
@click.argument("file", default=options.HERE, type=click.Path(path_type=Path))
def init(file: Path) -> None:
    """Write a commented default topology to FILE (topology.yaml).

    Never overwrites a file. A comment at every setting says when to change it.

    \b
    Example:
      boxwatch init
      boxwatch init staging.yaml
    """
    from boxwatch.topology import default

    default.write(file)
    click.echo(f"Wrote {file}. Next: boxwatch topology {'' if str(file) == options.HERE else file}".rstrip())
