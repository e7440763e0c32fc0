"""`boxwatch topology`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options


@click.command(short_help="Show the plan as a table.")
@options.topology
@options.as_json
def topology(topology: Path | None, ext_str: tuple[str, ...], *, as_json: bool) -> None:
    """Show the plan: what runs where, with how much RAM, what is left, and what is not monitored (`none`).

    TOPOLOGY defaults to ./topology.yaml, or to the bundled default if there is none.

    \b
    Example:
      boxwatch topology
      boxwatch topology --json | jq '.servers[].headroom_bytes'
      boxwatch topology box.jsonnet --ext-str env=staging
    """
    from boxwatch.commands.terminal import Terminal
    from boxwatch.topology import plan, table
    from boxwatch.topology.losses import losses

    loaded = options.load(topology, ext_str).topology
    made, lost = plan.plan(loaded), losses(loaded)
    if as_json:
        options.print_json({**made.to_json(), "not_monitored": list(lost)})
    else:
        table.show(made, Terminal())
        for line in lost:
            click.echo(f"Note: {line}")
