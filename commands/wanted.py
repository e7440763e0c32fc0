"""What a topology wants of the servers that were named: the plans of `diff` and `publish`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from boxwatch.commands import options, progress
from boxwatch.commands.grafana import GrafanaSide
from boxwatch.commands.prometheus import PrometheusSide
from boxwatch.commands.way import Option

if TYPE_CHECKING:
    from boxwatch.commands.grafana import Live
    from boxwatch.commands.run import Manner, Side
    from boxwatch.commands.servers import Servers
    from boxwatch.publish.prometheus import Target
    from boxwatch.topology.model import Topology

WANTED_OPTIONS: tuple[Option, ...] = (
    options.topology,
    click.option("--folder", default="boxwatch", help="Grafana folder of new dashboards, made if missing (boxwatch)."),
    click.option("--prune", is_flag=True, help="Delete dashboards with boxwatch's mark that are not made any more."),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options as they were given."""

    topology: Path | None
    ext_str: tuple[str, ...]
    folder: str
    prune: bool

    def plans(self, servers: Servers, manner: Manner, *, overwrite: bool, look_only: bool = False) -> list[Side]:
        """A plan for each server, in the order in which they are carried out. Reads only.

        Rules come first: dashboards read what they record, and not the other way round.

        Raises:
            PublishError: a server cannot be read, or refuses what is planned; nothing was written anywhere.
            click.UsageError: no server is named, or options do not go together.
        """
        servers.need()
        target, live = servers.prometheus(), servers.grafana()
        topology = options.load(self.topology, self.ext_str).topology
        sides: list[Side] = []
        if target:
            sides.append(_for_prometheus(target, topology, overwrite=overwrite or look_only))
        if live:
            sides.append(self._for_grafana(live, topology, manner, overwrite=overwrite))
        return sides

    def _for_grafana(self, live: Live, topology: Topology, manner: Manner, *, overwrite: bool) -> GrafanaSide:
        from boxwatch.commands.grafana import made  # noqa: PLC0415
        from boxwatch.publish.grafana import plan as planning  # noqa: PLC0415

        with progress.shown("dashboards read", hidden=manner.as_json or manner.quiet) as watch:
            plan = planning.plan(
                live.api,
                made(topology),
                folder=self.folder,
                prune=self.prune,
                overwrite_changed=overwrite,
                workers=live.workers,
                watch=watch,
            )
        return GrafanaSide(live, plan)


def _for_prometheus(target: Target, topology: Topology, *, overwrite: bool) -> PrometheusSide:
    from boxwatch.publish import prometheus as publishing  # noqa: PLC0415
    from boxwatch.rules import catalogue  # noqa: PLC0415

    rules = publishing.rules_of(catalogue.files(topology))
    return PrometheusSide(target, publishing.plan(target, rules, overwrite=overwrite))
