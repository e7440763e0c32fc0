"""`boxwatch init`."""

from __future__ import annotations

from pathlib import Path

import click

from boxwatch.commands import options
from boxwatch.commands.sources import Sources, sources


@click.command(short_help="Write a commented topology: the default one, or that of a server.")
@click.argument("file", default=options.HERE, type=click.Path(path_type=Path))
@click.option("--minimal", is_flag=True, help="Write a short topology to start from instead of every setting.")
@click.option(
    "--repository",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a git repository: the topology, its build, and CI for GitHub and GitLab. Keeps every file that exists.",
)
@sources
@click.option("--name", metavar="NAME", help="Name of the discovered deployment (that of its first server).")
def init(file: Path, *, minimal: bool, repository: Path | None, sources: Sources, name: str | None) -> None:
    """Write a commented topology to FILE (topology.yaml).

    Never overwrites a file. Writes the default topology, in which a comment at every setting says when to change it;
    with --minimal a short one; with --from-docker, --from-coolify or both, the topology of a server that runs: every
    container, its kind, replicas, ports, limits and RAM, and what is left out and why. No secret in an environment
    variable, label or command line is read. docs/discover.md has the command that describes a server.

    With --repository, write a directory to commit, of which Coolify deploys the stack: topology.yaml, the build, a page
    with the steps, and CI that checks, tests and deploys. An existing topology.yaml is used; no file is overwritten.

    \b
    Example:
      boxwatch init
      boxwatch init --minimal staging.yaml
      boxwatch init --from-docker box.json
      ssh root@server 'docker info -f "{{json .}}"; docker inspect $(docker ps -aq)' | boxwatch init --from-docker -
      boxwatch init --from-coolify https://coolify.example.com --token-file token
      boxwatch init --from-docker box.json --repository monitoring
    """
    from boxwatch.topology import default

    if repository is not None:
        _repository(repository, file, sources, name or "", minimal=minimal)
    elif sources.named:
        _discovered(file, sources, name or "", minimal=minimal)
    elif name:
        raise click.UsageError("--name needs --from-docker or --from-coolify.")
    else:
        default.write(file, minimal=minimal)
        click.echo(f"Wrote {file}.{_next(file)}")


def _next(file: Path) -> str:
    return f" Next: boxwatch topology {'' if str(file) == options.HERE else file}".rstrip()


def _discovered(file: Path, sources: Sources, name: str, *, minimal: bool) -> None:
    from boxwatch.topology import default

    text, told, found = _read(file, sources, name, minimal=minimal)
    default.create(file, text)
    _tell(told)
    click.echo(f"Wrote {file}: {found}.{_next(file)}")


def _read(file: Path, sources: Sources, name: str, *, minimal: bool) -> tuple[str, list[tuple[str, str]], str]:
    """The topology of a server: its text, warnings and gaps, and a sum."""
    from boxwatch.discovery import discover, servers, write
    from boxwatch.topology import load
    from boxwatch.topology.wording import counted

    if minimal:
        raise click.UsageError("--minimal does not go with --from-docker and --from-coolify.")
    found = discover.discover(sources.hosts(), name)
    text = write.text(found)
    # Before it is written: a file that does not load helps nobody.
    told = [("Warning", str(warning)) for warning in load.parse(text, str(file)).warnings]
    told += [
        ("To fill in", f"{server.name}: {note.removeprefix(f'{servers.TO_FILL_IN}: ')}")
        for server in found.servers
        for note in server.notes.values()
        if note.startswith(servers.TO_FILL_IN)
    ]
    containers = counted(sum(len(draft.containers) for draft in found.services), "container")
    services = counted(len(found.services), "service")
    return text, told, f"{containers} in {services}, {len(found.left_out)} left out"


def _tell(told: list[tuple[str, str]]) -> None:
    for kind, text in told:
        click.echo(f"{click.style(kind, fg='yellow', bold=True)}: {text}", err=True)


def _repository(folder: Path, file: Path, sources: Sources, name: str, *, minimal: bool) -> None:
    """Write what is missing of a repository.

    Raises:
        BoxwatchError: the topology is invalid or plans no stack, or a file cannot be written.
    """
    from boxwatch import assemble
    from boxwatch.errors import InputError
    from boxwatch.publish import directory
    from boxwatch.stack import compose, repository
    from boxwatch.topology import default, load

    if str(file) != options.HERE:
        raise click.UsageError("FILE does not go with --repository, which writes DIR/topology.yaml.")
    place = folder / repository.TOPOLOGY
    text: str | None = None
    told: list[tuple[str, str]] = []
    if sources.named:
        if place.exists():
            raise InputError(
                f"{place} exists and would not be that of the server: move it away, or leave out the source"
            )
        text, told, _ = _read(place, sources, name, minimal=minimal)
    elif not place.exists():
        text = default.text(minimal=minimal)
    loaded = load.load(place) if text is None else load.parse(text, str(place))
    compose.check(loaded)
    made = repository.files(loaded.topology)
    if not made:
        raise InputError(f"{place} plans no stack to deploy: add a service of kind monitoring (docs/deploying.md)")
    found: dict[str, bytes] = {**({} if text is None else {repository.TOPOLOGY: text.encode()}), **made}
    for path in (*([repository.TOPOLOGY] if text is None else []), *found):
        click.echo(f"  {'kept' if not _written(folder / path, found.get(path)) else 'written'} {path}")
    generated = folder / repository.GENERATED
    if generated.exists():
        click.echo(f"  kept {repository.GENERATED}/")
    else:
        directory.apply(directory.plan(assemble.assemble(loaded.topology), generated))
        click.echo(f"  written {repository.GENERATED}/")
    _tell(told)
    click.echo(f"{folder}: a repository. Next: read {folder / 'README.md'}, and commit the directory")


def _written(path: Path, content: bytes | None) -> bool:
    """Write a new file; whether it was new."""
    from boxwatch.errors import OutputError

    if content is None:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as target:
            target.write(content)
    except FileExistsError:
        return False
    except OSError as error:
        raise OutputError(f"{path} could not be written: {error.strerror}") from error
    return True
