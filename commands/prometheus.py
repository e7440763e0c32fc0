"""Prometheus for commands: its options, and a plan for its rules as an operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands.connection import ConnectionSettings, Option, credentials, login_options
from boxwatch.commands.execute import Say, Watch
from boxwatch.commands.rules_target import RulesOperation

if TYPE_CHECKING:
    from boxwatch.commands.execute import Operation
    from boxwatch.publish.http import Client, Credentials
    from boxwatch.publish.prometheus.prometheus_directory import Plan as DirectoryPlan  # noqa: F401 - as below
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
        help="Rules only: their directory; Prometheus' rule_files must list DIR/boxwatch.yaml or DIR/*.yaml.",
    ),
    click.option(
        "--prometheus-dir",
        "whole",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Configuration and rules: the directory of Prometheus' prometheus.yml.",
    ),
    click.option(
        "--skip-config-check",
        is_flag=True,
        help="With --rules-dir: publish even if Prometheus' running configuration lacks what the rules need.",
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
    whole: Path | None
    skip_config_check: bool
    how: str | None
    pid: str | None
    prometheus_user: str | None
    prometheus_password_file: Path | None
    prometheus_token_file: Path | None

    @property
    def named(self) -> bool:
        """Whether any Prometheus option is given."""
        return any(getattr(self, slot) not in (None, False) for slot in self.__slots__)

    def target(self, settings: ConnectionSettings) -> Target:
        """The target the options describe.

        Raises:
            click.UsageError: the options contradict each other.
            PublishError: the URL, a file or a secret cannot be used.
        """
        from boxwatch.publish.http import Client
        from boxwatch.publish.prometheus.prometheus_rules import Target

        if self.directory and self.whole:
            raise click.UsageError("--rules-dir and --prometheus-dir exclude each other: pass one")
        directory = self.directory or self.whole
        if directory is None:
            raise click.UsageError(
                "no directory: pass --prometheus-dir DIR for configuration and rules, or --rules-dir DIR for rules only"
            )
        if self.whole and self.skip_config_check:
            raise click.UsageError("--skip-config-check is for --rules-dir: omit it")
        client = Client(self.prometheus_url, self._login(), settings.ca) if self.prometheus_url else None
        return Target(directory, client, self._reload(client), settings.timeout)

    def _login(self) -> Credentials:
        files = self.prometheus_password_file, self.prometheus_token_file
        return credentials("prometheus", self.prometheus_user, *files)

    def _reload(self, client: Client | None) -> Reload:
        from boxwatch.publish import reload

        how = self.how or ("http" if client else "signal" if self.pid else "none")
        if how == "http":
            if client is None:
                raise click.UsageError("--reload http needs a server: pass --prometheus URL")
            return reload.HttpReload(client, contents="configuration and rules" if self.whole else "rules")
        if how == "signal":
            if self.pid is None:
                raise click.UsageError("--reload signal needs a process: pass --pid PID or --pid FILE")
            return reload.SignalReload(int(self.pid) if self.pid.isdecimal() else Path(self.pid))
        return reload.ExternalReload()


def operation(
    options: PrometheusOptions, target: Target, files: Mapping[str, bytes], *, overwrite: bool, comparing: bool
) -> Operation:
    """The plan for a Prometheus: for its whole directory, or for its rules only.

    Args:
        options: say which of the two.
        target: where.
        files: the artefacts of the deployment, path → content.
        overwrite: overwrite manual changes.
        comparing: show what is refused instead of refusing it.

    Raises:
        PublishError: it cannot be planned; nothing was written.
    """
    from boxwatch.publish.prometheus import prometheus_directory, prometheus_rules

    any_changes = overwrite or comparing
    if options.whole:
        release = prometheus_directory.release_of(files)
        return DirectoryOperation(target, prometheus_directory.plan(target, release, overwrite=any_changes))
    config = None if options.skip_config_check else files["prometheus/prometheus.yml"]
    rules = prometheus_rules.rules_of(files)
    plan = prometheus_rules.plan(target, rules, overwrite=any_changes, config=config, only_note=comparing)
    return PrometheusOperation(target, plan)


def rollback(options: PrometheusOptions, target: Target, *, overwrite: bool) -> Operation:
    """The plan that returns to what was live before the last publish.

    Raises:
        PublishError: there is nothing to return to, or it cannot be planned.
    """
    from boxwatch.publish.prometheus import prometheus_directory, prometheus_rules

    if options.whole:
        return DirectoryOperation(target, prometheus_directory.rollback(target, overwrite=overwrite))
    return PrometheusOperation(target, prometheus_rules.rollback(target, overwrite=overwrite))


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


@dataclass(frozen=True, slots=True)
class DirectoryOperation(RulesOperation["Target", "DirectoryPlan"]):
    """A plan for Prometheus' configuration and rules."""

    name: str = "Prometheus"

    def show(self) -> Iterator[str]:
        """One line per job and rule, then the total."""
        return self.lines(str(self.target.directory))

    def apply(self, say: Say, watch: Watch) -> str:
        """Apply the plan; PublishError says why it failed and what is in place now."""
        from boxwatch.publish.prometheus import prometheus_directory

        said = prometheus_directory.apply(self.target, self.plan, watch)
        where = f" --prometheus {self.target.client.url}" if self.target.client else ""
        what = "configuration and rules"
        confirmed = f"Prometheus has loaded {what}" if self.target.client else f"{what} are on disk"
        say(f"Done: {confirmed}. Roll back with: boxwatch rollback --prometheus-dir {self.target.directory}{where}")
        return said
