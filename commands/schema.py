"""`boxwatch schema`."""

from __future__ import annotations

import click

from boxwatch.commands import options


@click.command(short_help="Print the JSON Schema of the topology.")
def schema() -> None:
    """Print the JSON Schema of the topology file, for editors.

    The default topology refers to topology.schema.json next to it.

    \b
    Example:
      boxwatch schema > topology.schema.json
    """
    from boxwatch.topology import schema as json_schema

    options.print_json(json_schema.json_schema())
