"""What servers answered, as values: everything that a diagnosis is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from boxwatch.discovery.model import Host

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of an instant query."""

    labels: Mapping[str, str]
    value: float

    def __getitem__(self, label: str) -> str:
        """The value of a label; empty if the sample lacks it, as in Prometheus."""
        return self.labels.get(label, "")


@dataclass(frozen=True, slots=True)
class Target:
    """A scrape target as Prometheus lists it.

    Attributes:
        pool: name of its job in the configuration.
        labels: its labels.
        address: host and port.
        url: what is scraped.
        health: `up`, `down` or `unknown`, which is before the first scrape.
        error: error of the last scrape; empty if it succeeded.
    """

    pool: str
    labels: Mapping[str, str]
    address: str = ""
    url: str = ""
    health: str = "up"
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """What Prometheus says of itself.

    Attributes:
        url: its URL.
        error: why it cannot be asked; empty if it can.
        version: its version; empty if it does not say.
        config: the running configuration; None if it does not show one.
        flags: its command line.
        runtime: further information about the process.
        targets: active scrape targets.
        groups: groups of rules, as /api/v1/rules lists them.
        alertmanagers: URLs of the Alertmanagers that it sends alerts to.
        samples: name of a question → its answer.
        unanswered: name of a question → the error.
    """

    url: str = ""
    error: str = ""
    version: str = ""
    config: Document | None = None
    flags: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    runtime: Document = field(default_factory=lambda: NOTHING)
    targets: tuple[Target, ...] = ()
    groups: tuple[Document, ...] = ()
    alertmanagers: tuple[str, ...] = ()
    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=lambda: NOTHING)
    unanswered: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def knows(self, *questions: str) -> bool:
        """Whether all of these questions were answered."""
        return all(question in self.samples for question in questions)

    def answer(self, question: str) -> tuple[Sample, ...]:
        """The answer to a question; empty if it has none."""
        return self.samples.get(question, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Alertmanager:
    """What Alertmanager says.

    Attributes:
        url: its URL.
        error: why it cannot be asked; empty if it can.
        version: its version.
        config: the running configuration.
        heartbeats: receivers that its active Watchdog alert goes to; None if it has no such alert.
        suppressed: whether that alert is silenced or inhibited.
    """

    url: str = ""
    error: str = ""
    version: str = ""
    config: Document = field(default_factory=lambda: NOTHING)
    heartbeats: tuple[str, ...] | None = None
    suppressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """A Prometheus data source of Grafana.

    Attributes:
        name: its name.
        error: why Grafana cannot use it; empty if it can.
    """

    name: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grafana:
    """What Grafana says.

    Attributes:
        url: its URL.
        error: why it cannot be asked; empty if it can.
        version: its version; empty if it hides it.
        sources: its Prometheus data sources; None if the token may not list them.
        missing: titles of our dashboards that it lacks.
        differing: titles of our dashboards that differ from the built ones.
    """

    url: str = ""
    error: str = ""
    version: str = ""
    sources: tuple[DataSource, ...] | None = ()
    missing: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that was asked.

    Attributes:
        prometheus: Prometheus.
        alertmanager: Alertmanager; None if it was not asked.
        grafana: Grafana; None if it was not asked.
        hosts: name of a server → what Docker says about it.
        skew: seconds by which Prometheus' clock is ahead of ours.
    """

    prometheus: Prometheus
    alertmanager: Alertmanager | None = None
    grafana: Grafana | None = None
    hosts: Mapping[str, Host] = field(default_factory=lambda: NOTHING)
    skew: float = 0.0
