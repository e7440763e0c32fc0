"""`boxwatch init`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options


@click.command(short_help="Write the default topology, commented.")
@click.argument("file", default=options.HERE, type=click.Path(path_type=Path))
@click.option("--minimal", is_flag=True, help="Write the least that one can begin with, not every knob.")
def init(file: Path, *, minimal: bool) -> None:
    """Write the default topology, commented, to FILE (topology.yaml).

    Refuses to overwrite a file. Every knob has a comment that says when you would change it; with --minimal there are
    few of them.

    \b
    Example:
      boxwatch init
      boxwatch init staging.yaml
      boxwatch init --minimal
    """
    from boxwatch.topology import default

    default.write(file, minimal=minimal)
    click.echo(f"Wrote {file}. Next: boxwatch topology {'' if str(file) == options.HERE else file}".rstrip())
