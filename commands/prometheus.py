"""Prometheus for commands: its options, and a plan for its rules as an operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands.connection import ConnectionSettings, Option, credentials, login_options
from boxwatch.commands.execute import Say, Watch
from boxwatch.commands.rules_target import RulesOperation

if TYPE_CHECKING:
    from boxwatch.publish.http import Client, Credentials
    from boxwatch.publish.prometheus.prometheus_rules import Plan, Target  # noqa: F401 - the operation names its plan in quotes
    from boxwatch.publish.reload import Reload

PROMETHEUS_OPTIONS: tuple[Option, ...] = (
    click.option(
        "--prometheus", "prometheus_url", metavar="URL", help="Prometheus or vmalert, to reload and read back."
    ),
    click.option(
        "--rules-dir",
        "directory",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Rules directory; Prometheus' rule_files must list DIR/boxwatch.yaml or DIR/*.yaml.",
    ),
    click.option(
        "--reload",
        "how",
        type=click.Choice(["http", "signal", "none"]),
        help="How to reload Prometheus; none leaves it to something else. Default: http with --prometheus, "
        "signal with --pid.",
    ),
    click.option("--pid", metavar="PID|FILE", help="Process id of Prometheus for --reload signal, or its pid file."),
    *login_options("prometheus"),
)


@dataclass(frozen=True, slots=True)
class PrometheusOptions:
    """Prometheus' options as given."""

    prometheus_url: str | None
    directory: Path | None
    how: str | None
    pid: str | None
    prometheus_user: str | None
    prometheus_password_file: Path | None
    prometheus_token_file: Path | None

    @property
    def named(self) -> bool:
        """Whether any Prometheus option is given."""
        return any(getattr(self, slot) is not None for slot in self.__slots__)

    def target(self, settings: ConnectionSettings) -> Target:
        """The target the options describe.

        Raises:
            click.UsageError: the options contradict each other.
            PublishError: the URL, a file or a secret cannot be used.
        """
        from boxwatch.publish.http import Client
        from boxwatch.publish.prometheus.prometheus_rules import Target

        if self.directory is None:
            raise click.UsageError(
                "no rules directory: pass --rules-dir DIR, the directory Prometheus reads rules from"
            )
        client = Client(self.prometheus_url, self._login(), settings.ca) if self.prometheus_url else None
        return Target(self.directory, client, self._reload(client), settings.timeout)

    def _login(self) -> Credentials:
        files = self.prometheus_password_file, self.prometheus_token_file
        return credentials("prometheus", self.prometheus_user, *files)

    def _reload(self, client: Client | None) -> Reload:
        from boxwatch.publish import reload

        how = self.how or ("http" if client else "signal" if self.pid else "none")
        if how == "http":
            if client is None:
                raise click.UsageError("--reload http needs a server: pass --prometheus URL")
            return reload.HttpReload(client)
        if how == "signal":
            if self.pid is None:
                raise click.UsageError("--reload signal needs a process: pass --pid PID or --pid FILE")
            return reload.SignalReload(int(self.pid) if self.pid.isdecimal() else Path(self.pid))
        return reload.ExternalReload()


@dataclass(frozen=True, slots=True)
class PrometheusOperation(RulesOperation["Target", "Plan"]):
    """A plan for Prometheus' rules."""

    name: str = "Prometheus"

    def show(self) -> Iterator[str]:
        """One line per rule, then the total."""
        return self.lines(str(self.target.directory))

    def apply(self, say: Say, watch: Watch) -> str:
        """Apply the plan; PublishError says why it failed and what is in place now."""
        from boxwatch.publish.prometheus import prometheus_rules as publishing

        said = publishing.apply(self.target, self.plan, watch)
        where = f" --prometheus {self.target.client.url}" if self.target.client else ""
        confirmed = "Prometheus has loaded the rules" if self.target.client else "the rules are on disk"
        say(f"Done: {confirmed}. Roll back with: boxwatch rollback --rules-dir {self.target.directory}{where}")
        return said
