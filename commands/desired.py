"""Desired state of the named servers: the plans of `diff` and `publish`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import configuration, connection, options, progress, prometheus
from boxwatch.commands.connection import Option
from boxwatch.commands.grafana import GrafanaOperation, made
from boxwatch.commands.ruler import RulerOperation

if TYPE_CHECKING:
    from collections.abc import Container

    from boxwatch.commands.execute import Operation, Output
    from boxwatch.commands.grafana import Live
    from boxwatch.commands.servers import Servers
    from boxwatch.topology.model import Topology

DESIRED_OPTIONS: tuple[Option, ...] = (
    options.topology,
    click.option(
        "--folder", default="boxwatch", help="Grafana folder for new dashboards, created if missing (boxwatch)."
    ),
    click.option("--prune", is_flag=True, help="Delete dashboards of this deployment that are no longer generated."),
)

WRITING_OPTIONS: tuple[Option, ...] = (
    click.option("--message", default="", help="Message in Grafana's version history for this publish."),
    connection.backups,
    connection.overwrite,
)


@dataclass(frozen=True, slots=True)
class Writing:
    """How the desired state is written.

    Attributes:
        backups: backup directory for replaced resources.
        overwrite: whether to overwrite manual changes.
        message: shown in Grafana's version history.
    """

    backups: Path
    overwrite: bool
    message: str


@dataclass(frozen=True, slots=True)
class Desired:
    """The options of the desired state as given."""

    topology: Path | None
    ext_str: tuple[str, ...]
    folder: str
    prune: bool

    def plans(self, servers: Servers, output: Output, writing: Writing | None = None) -> list[Operation]:
        """A plan for each server, in order of execution. Reads only.

        Each comes after what it depends on: Prometheus probes through the blackbox exporter and notifies Alertmanager,
        and dashboards read the series that rules record.

        Args:
            servers: the named servers.
            output: how to print results.
            writing: None for a comparison, which shows manual changes instead of refusing them.

        Raises:
            PublishError: a server cannot be read or refuses the plan; nothing was written anywhere.
            click.UsageError: no server is named, or the options contradict each other.
        """
        from boxwatch.publish.prometheus import prometheus_rules
        from boxwatch.publish.ruler import ruler_rules as ruling
        from boxwatch.rules import catalogue
        from boxwatch.stack import alertmanager, probes
        from boxwatch.stack import prometheus as scraping

        servers.need()
        how = writing or Writing(Path(), overwrite=False, message="")
        target, ruler, live = servers.prometheus(), servers.ruler(how.backups), servers.grafana()
        configured = servers.configured()
        loaded = options.load(self.topology, self.ext_str)
        if loaded.topology.stack.shared:
            _refuse_whole_configurations(servers)
        _refuse_missing_parts(
            loaded.topology, {*(each.kind.option for each in configured), *(["grafana"] if live else [])}
        )
        built = catalogue.build(loaded.topology)
        operations: list[Operation] = []
        any_changes = how.overwrite or writing is None
        files: dict[str, bytes] = {}
        if target or ruler:
            own = options.extra_rules(loaded, built=built)
            files = {**catalogue.rule_files(built), **own.rules, **scraping.files(loaded.topology)}
        if configured:
            made_here = {**probes.files(loaded.topology), **alertmanager.files(built)}
            operations += [configuration.operation(each, made_here, overwrite=any_changes) for each in configured]
        if target:
            comparing = writing is None
            operations.append(
                prometheus.operation(
                    servers.prometheus_options, target, files, overwrite=how.overwrite, comparing=comparing
                )
            )
        if ruler:
            rules = prometheus_rules.rules_of(files)
            operations.append(RulerOperation(ruler, ruling.plan(ruler, rules, overwrite=any_changes)))
        if live:
            operations.append(self._for_grafana(live, loaded.topology.name, made(loaded, built), output, how))
        return operations

    def _for_grafana(
        self, live: Live, deployment: str, boards: list[dict[str, object]], output: Output, how: Writing
    ) -> GrafanaOperation:
        from boxwatch.publish.grafana import plan as planning

        with progress.shown("dashboards read", hidden=output.as_json or output.quiet) as watch:
            plan = planning.plan(
                live.api,
                boards,
                deployment=deployment,
                folder=self.folder,
                prune=self.prune,
                overwrite_changed=how.overwrite,
                workers=live.workers,
                watch=watch,
            )
        return GrafanaOperation(live, plan, how.backups, how.message)


def _refuse_missing_parts(topology: Topology, named: Container[str]) -> None:
    """Nothing is built for a part that the topology says does not exist, so there is nothing to publish to it."""
    there = {
        "grafana": topology.shows_dashboards,
        "alertmanager": topology.stack.alertmanager is not None,
        "blackbox": topology.stack.blackbox is not None,
    }
    for part, exists in there.items():
        if part in named and not exists:
            raise click.UsageError(f"stack.{part} is `none` in the topology: write its address there, or omit --{part}")


def _refuse_whole_configurations(servers: Servers) -> None:
    """A shared server's configuration holds settings of others, which ours would replace."""
    remedy = "merge the fragments of `boxwatch build` (docs/shared.md)"
    if servers.prometheus_options.whole:
        raise click.UsageError(f"stack.shared: prometheus.yml is not only ours; pass --rules-dir DIR, and {remedy}")
    for target in servers.configured():
        kind = target.kind
        raise click.UsageError(f"stack.shared: {kind.file} is not only ours; omit --{kind.option}-dir, and {remedy}")
