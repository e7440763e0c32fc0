"""What the rules know of one kind of service beside its record (`boxwatch.topology.kinds`): one `System` a kind."""

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

# Labels in which a cause and its consequences agree.
SERVER: Final = (names.SERVER,)
SERVICE: Final = (names.SERVER, names.SERVICE)
CONTAINER: Final = (*SERVICE, names.RESOURCE, names.NAME)


@dataclass(frozen=True, slots=True)
class Cause:
    """An alert, and what need not be told while it is.

    Attributes:
        alerts: the causes, by name.
        consequences: alerts, by name, or subjects with all their alerts, by id.
        equal: labels in which both agree.
        matchers: what else is true of the cause.
        but: what else is true of the consequences.
    """

    alerts: tuple[str, ...]
    consequences: tuple[str, ...]
    equal: tuple[str, ...]
    matchers: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


# The title of a healthy day that databases, caches and queues share: what happens to all of them.
MAINTENANCE: Final = "while databases are deployed again, vacuumed and saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The rules on one kind of service, and what else is peculiar to it.

    Attributes:
        name: of the kind.
        subjects: makers of its subjects, in the order of triage; `rules` of the kind names them.
        healthy_day: makes series of hours in which much happens and nothing is wrong.
        during: title of that day; systems with the same title have one in common.
        beside: ids of further subjects that the day is about.
        worse: which of its alerts says all that another one does.
        blinds: which of its alerts means that others report what is not so.
        silences: ids of further subjects that know nothing while its target is down.
        switch_on: what to switch on where its targets have never been up: the end of a sentence, with the command.
        reached: selector of the metric that is 1 while its exporter reaches the service; empty where the target is the
            service itself.
        connect: what to set where that was never 1, as `switch_on`.
        relabelling: makes the rules of Prometheus' `metric_relabel_configs` for its jobs; None where none are needed.
    """

    name: str
    subjects: tuple[Callable[[Topology], Subject | None], ...]
    healthy_day: Callable[[Hours], tuple[Series, ...]]
    during: str = MAINTENANCE
    beside: tuple[str, ...] = ()
    worse: tuple[Cause, ...] = ()
    blinds: tuple[Cause, ...] = ()
    silences: tuple[str, ...] = ()
    switch_on: str
    reached: str = ""
    connect: str = ""
    relabelling: Callable[[Topology], list[Config]] | None = None

    @property
    def kind(self) -> Kind:
        """Its record."""
        return kinds.of(self.name)
