"""What the commands share for Prometheus: its options, and a plan for its rules as one side of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands.connection import Option, Way, credentials, login_options
from boxwatch.commands.execute import Say, Watch
from boxwatch.commands.rules_target import RulesSide

if TYPE_CHECKING:
    from boxwatch.publish.http import Client, Credentials
    from boxwatch.publish.prometheus.prometheus_rules import Plan, Target  # noqa: F401 - the side names its plan in quotes
    from boxwatch.publish.prometheus.reload import Reload

PROMETHEUS_OPTIONS: tuple[Option, ...] = (
    click.option(
        "--prometheus", "prometheus_url", metavar="URL", help="Prometheus or vmalert, for reload and read-back."
    ),
    click.option(
        "--rules-dir",
        "directory",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Directory of rules; Prometheus' rule_files must name DIR/boxwatch.yaml or DIR/*.yaml.",
    ),
    click.option(
        "--reload",
        "how",
        type=click.Choice(["http", "signal", "none"]),
        help="How Prometheus is made to load them; none: something else does. Default: http with --prometheus, "
        "signal with --pid.",
    ),
    click.option("--pid", metavar="PID|FILE", help="Prometheus' process for --reload signal, or a file with it."),
    *login_options("prometheus"),
)


@dataclass(frozen=True, slots=True)
class PrometheusOptions:
    """The options as they were given."""

    prometheus_url: str | None
    directory: Path | None
    how: str | None
    pid: str | None
    prometheus_user: str | None
    prometheus_password_file: Path | None
    prometheus_token_file: Path | None

    @property
    def named(self) -> bool:
        """Whether the run is about Prometheus."""
        return any(getattr(self, slot) is not None for slot in self.__slots__)

    def target(self, way: Way) -> Target:
        """What they mean.

        Raises:
            click.UsageError: they do not go together.
            PublishError: the URL, a file or a secret cannot be used.
        """
        from boxwatch.publish.http import Client
        from boxwatch.publish.prometheus.prometheus_rules import Target

        if self.directory is None:
            raise click.UsageError("Missing option '--rules-dir': the directory that Prometheus reads rules from.")
        client = Client(self.prometheus_url, self._login(), way.ca) if self.prometheus_url else None
        return Target(self.directory, client, self._reload(client), way.timeout)

    def _login(self) -> Credentials:
        files = self.prometheus_password_file, self.prometheus_token_file
        return credentials("prometheus", self.prometheus_user, *files)

    def _reload(self, client: Client | None) -> Reload:
        from boxwatch.publish.prometheus import reload

        how = self.how or ("http" if client else "signal" if self.pid else "none")
        if how == "http":
            if client is None:
                raise click.UsageError("--reload http needs --prometheus.")
            return reload.ByHttp(client)
        if how == "signal":
            if self.pid is None:
                raise click.UsageError("--reload signal needs --pid.")
            return reload.BySignal(int(self.pid) if self.pid.isdecimal() else Path(self.pid))
        return reload.ByOthers()


@dataclass(frozen=True, slots=True)
class PrometheusSide(RulesSide["Target", "Plan"]):
    """A plan for rules, as one side of a run."""

    name: str = "Prometheus"

    def show(self) -> Iterator[str]:
        """A line a rule, and the sum."""
        return self.lines(str(self.target.directory))

    def apply(self, say: Say, watch: Watch) -> str:
        """Raises PublishError with why it was not done, and what is in place now."""
        from boxwatch.publish.prometheus import prometheus_rules as publishing

        said = publishing.apply(self.target, self.plan, watch)
        where = f" --prometheus {self.target.client.url}" if self.target.client else ""
        confirmed = "Prometheus has loaded the rules" if self.target.client else "the rules are on disk"
        say(f"Done: {confirmed}. The way back: boxwatch rollback --rules-dir {self.target.directory}{where}")
        return said
