"""`boxwatch init`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options


@click.command(short_help="Write a commented default topology.")
@click.argument("file", default=options.HERE, type=click.Path(path_type=Path))
@click.option("--minimal", is_flag=True, help="Write a short topology to start from instead of every setting.")
def init(file: Path, *, minimal: bool) -> None:
    """Write a commented default topology to FILE (topology.yaml).

    Never overwrites a file. A comment at every setting says when to change it; --minimal writes only a few settings.

    \b
    Example:
      boxwatch init
      boxwatch init staging.yaml
      boxwatch init --minimal
    """
    from boxwatch.topology import default

    default.write(file, minimal=minimal)
    click.echo(f"Wrote {file}. Next: boxwatch topology {'' if str(file) == options.HERE else file}".rstrip())
