"""Desired state of the named servers: the plans of `diff` and `publish`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import connection, options, progress
from boxwatch.commands.connection import Option
from boxwatch.commands.grafana import GrafanaSide, made
from boxwatch.commands.prometheus import PrometheusSide
from boxwatch.commands.ruler import RulerSide

if TYPE_CHECKING:
    from boxwatch.commands.execute import Manner, Side
    from boxwatch.commands.grafana import Live
    from boxwatch.commands.servers import Servers

WANTED_OPTIONS: tuple[Option, ...] = (
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
class Wanted:
    """The options as given."""

    topology: Path | None
    ext_str: tuple[str, ...]
    folder: str
    prune: bool

    def plans(self, servers: Servers, manner: Manner, writing: Writing | None = None) -> list[Side]:
        """A plan for each server, in order of execution. Reads only.

        Rules come first: dashboards read what they record, and not the other way round.

        Args:
            servers: the named servers.
            manner: how to print results.
            writing: None for a comparison, which shows manual changes instead of refusing them.

        Raises:
            PublishError: a server cannot be read or refuses the plan; nothing was written anywhere.
            click.UsageError: no server is named, or the options contradict each other.
        """
        from boxwatch.publish.prometheus import prometheus_rules as publishing
        from boxwatch.publish.ruler import ruler_rules as ruling
        from boxwatch.rules import catalogue

        servers.need()
        how = writing or Writing(Path(), overwrite=False, message="")
        target, ruler, live = servers.prometheus(), servers.ruler(how.backups), servers.grafana()
        loaded = options.load(self.topology, self.ext_str)
        built = catalogue.build(loaded.topology)
        sides: list[Side] = []
        if target or ruler:
            own = options.extra_rules(loaded, built=built)
            rules = publishing.rules_of({**catalogue.rule_files(built), **own.rules})
        any_rules = how.overwrite or writing is None
        if target:
            sides.append(PrometheusSide(target, publishing.plan(target, rules, overwrite=any_rules)))
        if ruler:
            sides.append(RulerSide(ruler, ruling.plan(ruler, rules, overwrite=any_rules)))
        if live:
            sides.append(self._for_grafana(live, loaded.topology.name, made(loaded, built), manner, how))
        return sides

    def _for_grafana(
        self, live: Live, deployment: str, boards: list[dict[str, object]], manner: Manner, how: Writing
    ) -> GrafanaSide:
        from boxwatch.publish.grafana import plan as planning

        with progress.shown("dashboards read", hidden=manner.as_json or manner.quiet) as watch:
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
        return GrafanaSide(live, plan, how.backups, how.message)
