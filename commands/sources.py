"""Where a command learns what runs on a server: Docker's output, Coolify's API, or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from boxwatch.commands.connection import FILE, Option, collected

if TYPE_CHECKING:
    from boxwatch.discovery.model import Host

_STDIN = "-"
SOURCE_OPTIONS: tuple[Option, ...] = (
    click.option(
        "--from-docker",
        "docker",
        type=click.File("rb"),
        metavar="FILE",
        help="Output of `docker inspect $(docker ps -aq)`, and of `docker info`, `docker stats` and `stat -f` in JSON "
        "where the file has them too; - reads standard input.",
    ),
    click.option(
        "--docker-info",
        "info",
        type=click.File("rb"),
        metavar="FILE",
        help="Output of `docker info --format '{{json .}}'`, if it is in a file of its own.",
    ),
    click.option("--from-coolify", "coolify", metavar="URL", help="Read Coolify's API at this URL, without /api/v1."),
    click.option("--token-file", "token", type=FILE, metavar="FILE", help="File with an API token with `read` alone."),
    click.option("--ca-file", "ca", type=FILE, metavar="FILE", help="Certificates of Coolify's private CA, PEM."),
)


@dataclass(frozen=True, slots=True)
class Sources:
    """The options as given."""

    docker: BinaryIO | None
    info: BinaryIO | None
    coolify: str | None
    token: Path | None
    ca: Path | None

    @property
    def named(self) -> bool:
        """Whether any source is given.

        Raises:
            click.UsageError: an option is given without the one that it belongs to.
        """
        if self.info is not None and self.docker is None:
            raise click.UsageError("--docker-info needs --from-docker.")
        if self.coolify is None and (self.token is not None or self.ca is not None):
            raise click.UsageError("--token-file and --ca-file need --from-coolify.")
        if self.coolify is not None and self.token is None:
            raise click.UsageError("--from-coolify needs --token-file, a file with an API token with `read` alone.")
        return self.docker is not None or self.coolify is not None

    def hosts(self) -> tuple[Host, ...]:
        """The servers, as the sources describe them together.

        Raises:
            BoxwatchError: a source cannot be read.
        """
        docker = self._docker()
        if self.coolify is None or self.token is None:
            return (docker,) if docker else ()
        from boxwatch.discovery import coolify

        found = coolify.read(coolify.connect(self.coolify, self.token, self.ca), self.coolify)
        return coolify.merge(docker, found) if docker else found

    def _docker(self) -> Host | None:
        if self.docker is None:
            return None
        from boxwatch.discovery import docker

        named = _named(self.docker)
        text = docker.decode(self.docker.read(), named)
        if self.info is None:
            return docker.read(text, named)
        return docker.with_info(docker.read(text, named), docker.decode(self.info.read(), "--docker-info"))


def _named(file: BinaryIO) -> str:
    name = getattr(file, "name", _STDIN)
    return "standard input" if name in (_STDIN, "<stdin>") else str(name)


def sources(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options, which the command gets as one value, `sources`."""
    return collected("sources", Sources, SOURCE_OPTIONS)(command)
