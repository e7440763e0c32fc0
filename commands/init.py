"""`boxwatch init`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options
from boxwatch.commands.sources import Sources, sources


@click.command(short_help="Write a commented topology: the default one, or that of a server.")
@click.argument("file", default=options.HERE, type=click.Path(path_type=Path))
@click.option("--minimal", is_flag=True, help="Write a short topology to start from instead of every setting.")
@sources
@click.option("--name", metavar="NAME", help="Name of the discovered deployment (that of its first server).")
def init(file: Path, *, minimal: bool, sources: Sources, name: str | None) -> None:
    """Write a commented topology to FILE (topology.yaml).

    Never overwrites a file. Writes the default topology, in which a comment at every setting says when to change it;
    with --minimal a short one; with --from-docker, --from-coolify or both, the topology of a server that runs: every
    container, its kind, replicas, ports, limits and RAM, and what is left out and why. No secret in an environment
    variable, label or command line is read. docs/discover.md has the command that describes a server.

    \b
    Example:
      boxwatch init
      boxwatch init --minimal staging.yaml
      boxwatch init --from-docker box.json
      ssh root@server 'docker info -f "{{json .}}"; docker inspect $(docker ps -aq)' | boxwatch init --from-docker -
      boxwatch init --from-coolify https://coolify.example.com --token-file token
    """
    from boxwatch.topology import default

    if sources.named:
        if minimal:
            raise click.UsageError("--minimal does not go with --from-docker and --from-coolify.")
        _discovered(file, sources, name or "")
    elif name:
        raise click.UsageError("--name needs --from-docker or --from-coolify.")
    else:
        default.write(file, minimal=minimal)
        click.echo(f"Wrote {file}.{_next(file)}")


def _next(file: Path) -> str:
    return f" Next: boxwatch topology {'' if str(file) == options.HERE else file}".rstrip()


def _discovered(file: Path, sources: Sources, name: str) -> None:
    from boxwatch.discovery import discover, servers, write
    from boxwatch.topology import default, load
    from boxwatch.topology.wording import counted

    found = discover.discover(sources.hosts(), name)
    text = write.text(found)
    # Before it is written: a file that does not load helps nobody.
    warnings = load.parse(text, str(file)).warnings
    default.create(file, text)
    for warning in warnings:
        click.echo(f"{click.style('Warning', fg='yellow', bold=True)}: {warning}", err=True)
    for server in found.servers:
        for note in server.notes.values():
            if note.startswith(servers.TO_FILL_IN):
                missing = note.removeprefix(f"{servers.TO_FILL_IN}: ")
                click.echo(f"{click.style('To fill in', fg='yellow', bold=True)}: {server.name}: {missing}", err=True)
    containers = counted(sum(len(draft.containers) for draft in found.services), "container")
    services = counted(len(found.services), "service")
    click.echo(f"Wrote {file}: {containers} in {services}, {len(found.left_out)} left out.{_next(file)}")
