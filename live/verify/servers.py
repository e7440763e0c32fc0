"""The Prometheus behind each data source of a dashboard, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxwatch.grafana.board import DataSource
from boxwatch.grafana.interpolation import Selection, fill
from boxwatch.live.absence import Absence, World
from boxwatch.live.source import Prometheus

# Assumed by Grafana where a data source does not state its scrape interval.
GRAFANA_INTERVAL = 15.0


@dataclass(frozen=True, slots=True)
class Behind:
    """The server behind a data source of Grafana.

    Attributes:
        uid, name: of the data source.
        server: the server.
        interval: seconds between scrapes that the data source states; 0 if it states none.
        default: whether queries without a data source go to it.
    """

    uid: str
    name: str
    server: Prometheus
    interval: float = 0
    default: bool = False


class Servers:
    """Every server that queries go to. Without Grafana that is one for all of them."""

    def __init__(self, default: Prometheus, sources: tuple[Behind, ...] | None, records: Mapping[str, str]) -> None:
        """Nothing is asked yet.

        Args:
            default: the server of rules, and of queries without a data source.
            sources: the data sources of Prometheus' type; None if every query goes to the default.
            records: series → expression of the recording rules in the files that are verified.
        """
        self.default = default
        self._sources = sources
        self._records = records
        self._known: dict[int, tuple[World, Absence]] = {}

    @property
    def uids(self) -> tuple[str, ...]:
        """The values of a data source variable, the default first; empty without Grafana."""
        return tuple(each.uid for each in sorted(self._sources or (), key=lambda each: not each.default))

    def of(self, source: DataSource, values: Mapping[str, Selection]) -> Prometheus | None:
        """The server of a data source; None if it is no Prometheus, or does not exist."""
        if source.internal or source.type not in ("", "prometheus"):
            return None
        uid = fill(source.uid, values, {})
        if self._sources is None or uid in ("", "default"):
            return self.default
        return next((each.server for each in self._sources if uid in (each.uid, each.name)), None)

    def is_missing(self, source: DataSource, values: Mapping[str, Selection]) -> bool:
        """Whether a data source of Prometheus' type is none that Grafana has."""
        return not source.internal and source.type == "prometheus" and self.of(source, values) is None

    def scrape_interval(self, server: Prometheus) -> float:
        """Seconds between scrapes that Grafana assumes for a server: as its data source states.

        Without Grafana, the data source is assumed to state what is right for the server.
        """
        for each in self._sources or ():
            if each.server is server:
                return each.interval or GRAFANA_INTERVAL
        return self.known(server)[0].scrape or GRAFANA_INTERVAL

    def known(self, server: Prometheus) -> tuple[World, Absence]:
        """What is known about a server, asked once."""
        if id(server) not in self._known:
            world = World(
                server, server.now(), server.targets(), server.groups(), self._records, server.scrape_interval()
            )
            self._known[id(server)] = world, Absence(world)
        return self._known[id(server)]
