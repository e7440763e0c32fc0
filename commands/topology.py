"""`boxwatch topology`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options


@click.command(short_help="Show the plan as a table.")
@options.topology
@click.option("--cost", is_flag=True, help="Show what monitoring it costs instead: RAM, series and disk.")
@options.as_json
def topology(topology: Path | None, ext_str: tuple[str, ...], *, cost: bool, as_json: bool) -> None:
    """Show the plan: what runs where, with how much RAM, and what is left.

    TOPOLOGY defaults to ./topology.yaml, or to the bundled default if there is none. With --cost, show what monitoring
    it costs: RAM of each part of the stack, series of each scrape job, and disk for the retention (docs/costs.md).

    \b
    Example:
      boxwatch topology
      boxwatch topology --json | jq '.servers[].headroom_bytes'
      boxwatch topology box.jsonnet --ext-str env=staging
      boxwatch topology --cost
    """
    from boxwatch.commands.terminal import Terminal
    from boxwatch.topology import plan, table

    loaded = options.load(topology, ext_str)
    if cost:
        from boxwatch.rules import catalogue
        from boxwatch.stack import costs
        from boxwatch.stack import costs_table as of_costs

        predicted = costs.predict(catalogue.build(loaded.topology))
        if as_json:
            options.print_json(predicted.to_json())
        else:
            of_costs.show(predicted, Terminal())
        return
    made = plan.plan(loaded.topology)
    if as_json:
        options.print_json(made.to_json())
    else:
        table.show(made, Terminal())
