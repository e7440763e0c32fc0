"""`boxwatch discover`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boxwatch.commands import options
from boxwatch.commands.execute import DIFFERS
from boxwatch.commands.sources import Sources, sources


@click.command(short_help="Show what runs on a server, or how it drifted from the plan.")
@click.option(
    "--check", "topology", type=click.Path(path_type=Path), metavar="TOPOLOGY", help="Compare with this topology."
)
@click.option("--server", metavar="NAME", help="Which server of the topology it is, if it has several.")
@sources
@options.ext_str
@options.as_json
def discover(
    *, topology: Path | None, server: str | None, sources: Sources, ext_str: tuple[str, ...], as_json: bool
) -> None:
    """Show every container of a server with the service and kind that it is taken for, and why.

    With --check, show instead how topology and server have drifted apart: new and gone containers, other replicas,
    limits and ports; exit 3 on differences, else 0. The command that describes a server is in docs/discover.md.

    \b
    Example:
      boxwatch discover --from-docker box.json
      boxwatch discover --check topology.yaml --from-docker box.json
      ssh root@server 'docker inspect $(docker ps -aq)' | boxwatch discover --check topology.yaml --from-docker -
    """
    from rich.console import Console

    from boxwatch.discovery import discover, drift, table

    if not sources.named:
        raise click.UsageError("No source named: pass --from-docker FILE, --from-coolify URL, or both.")
    if topology is None:
        found = discover.discover(sources.hosts())
        if as_json:
            options.print_json(table.found_json(found))
        else:
            table.show_found(found, Console())
        return
    loaded = options.load(topology, ext_str)
    report = drift.compare(loaded.topology, drift.pairs(loaded.topology, sources.hosts(), server or ""))
    if as_json:
        options.print_json(report.to_json())
    else:
        table.show_drift(report, Console())
    if report.differences:
        sys.exit(DIFFERS)
