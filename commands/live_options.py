"""Options of commands that ask a running Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boxwatch.commands.connection import FILE, Option, collected, credentials, login_options

if TYPE_CHECKING:
    from boxwatch.live.source import Prometheus

_OPTIONS: tuple[Option, ...] = (
    click.option("--prometheus", "prometheus_url", metavar="URL", help="Prometheus, or a server with its API."),
    *login_options("prometheus"),
    click.option("--ca-file", "ca", type=FILE, metavar="FILE", help="Certificates of a private CA, PEM."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=1, max=600),
        default=30.0,
        show_default=True,
        help="Seconds to wait for the answer to a query.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 64),
        default=8,
        show_default=True,
        help="Queries that run at once: a limit on the server's load.",
    ),
)


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """The options as given."""

    prometheus_url: str | None
    prometheus_user: str | None
    prometheus_password_file: Path | None
    prometheus_token_file: Path | None
    ca: Path | None
    timeout: float
    concurrency: int

    def server(self) -> Prometheus:
        """The Prometheus the options describe.

        Raises:
            PublishError: the URL, a file or a secret cannot be used.
            click.UsageError: no URL is given, or the options contradict each other.
        """
        from boxwatch.live.source import FORMS, Direct, Prometheus
        from boxwatch.publish.http import Client

        if not self.prometheus_url:
            raise click.UsageError("no Prometheus named: pass --prometheus URL")
        files = self.prometheus_password_file, self.prometheus_token_file
        login = credentials("prometheus", self.prometheus_user, *files)
        client = Client(self.prometheus_url, login, self.ca, FORMS)
        return Prometheus(Direct(client, self.timeout), self.concurrency)


def live(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options, which the command gets as one value, `live`."""
    return collected("live", LiveOptions, _OPTIONS)(command)
