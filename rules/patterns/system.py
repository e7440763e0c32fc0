"""Rules on one kind of service, in addition to its record (`boxwatch.topology.kinds`): one `System` per kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from boxwatch.rules import names
from boxwatch.rules.model import Series, Subject
from boxwatch.rules.proofs.healthy_hours import Hours
from boxwatch.rules.relabelling import Config
from boxwatch.topology import kinds
from boxwatch.topology.kinds import Kind
from boxwatch.topology.model import Topology

# Labels that must be equal on a cause and its consequences.
SERVER: Final = (names.SERVER,)
SERVICE: Final = (names.SERVER, names.SERVICE)
CONTAINER: Final = (*SERVICE, names.RESOURCE, names.NAME)


@dataclass(frozen=True, slots=True)
class Cause:
    """Alerts, and their consequences, which need no notification while they fire.

    Attributes:
        alerts: the causes, by alert name.
        consequences: alerts, by name, or all alerts of subjects, by id.
        equal: labels that must be equal on both.
        matchers: further matchers of the causes.
        but: further matchers of the consequences.
    """

    alerts: tuple[str, ...]
    consequences: tuple[str, ...]
    equal: tuple[str, ...]
    matchers: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


# The title of the healthy day that databases, caches and queues share.
MAINTENANCE: Final = "while databases are redeployed, vacuumed and saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The rules on one kind of service, and whatever else is specific to it.

    Attributes:
        name: name of the kind.
        subjects: makers of its subjects, in the order of triage; the kind's `rules` lists their ids.
        healthy_day: makes series of busy hours in which nothing is wrong.
        during: title of that day; systems with the same title share one.
        related: ids of further subjects that the day exercises.
        worse: alerts that make another of its alerts redundant.
        blinds: alerts during which others report falsely.
        silences: ids of further subjects that have no data while its target is down.
        switch_on: what to switch on where its targets have never been up: the end of a sentence, with the command.
        reached: selector of the metric that is 1 while its exporter reaches the service; empty where the target is the
            service itself.
        connect: what to set where that was never 1, like `switch_on`.
        relabelling: makes Prometheus' `metric_relabel_configs` for its jobs; None if none are needed.
    """

    name: str
    subjects: tuple[Callable[[Topology], Subject | None], ...]
    healthy_day: Callable[[Hours], tuple[Series, ...]]
    during: str = MAINTENANCE
    related: tuple[str, ...] = ()
    worse: tuple[Cause, ...] = ()
    blinds: tuple[Cause, ...] = ()
    silences: tuple[str, ...] = ()
    switch_on: str
    reached: str = ""
    connect: str = ""
    relabelling: Callable[[Topology], list[Config]] | None = None

    @property
    def kind(self) -> Kind:
        """The record of its kind."""
        return kinds.of(self.name)
