"""Applications, services and databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.family import Sample, family, one, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client import Metric as Family

    from boxwatch.exporters.coolify.resources import Part
    from boxwatch.exporters.coolify.snapshot import Shown
    from boxwatch.exporters.coolify.state import State


class ResourcesCollector(Collector):
    """State, health, restarts and limits of each resource, and state and health of each part of a service.

    PAGE
    """

    def __init__(self, state: State) -> None:
        """Read from the state."""
        self._state = state

    def collect(self) -> Iterator[Family]:
        """The families, from memory."""
        found = [shown for snapshot in self._state.current for shown in snapshot.resources]

        def each(read: Callable[[Shown], Iterable[Sample]]) -> Iterator[Sample]:
            for shown in found:
                yield from read(shown)

        yield family(names.RESOURCE_INFO, each(_info))
        yield family(names.RESOURCE_STATE, each(lambda s: one_of(s.labels, names.STATES, s.status.state)))
        yield family(names.RESOURCE_HEALTH, each(lambda s: one_of(s.labels, names.HEALTHS, s.status.health)))
        yield family(names.RESOURCE_EXCLUDED, each(lambda s: one(s.labels, s.status.excluded)))
        yield family(names.RESOURCE_SERVER_REACHABLE, each(lambda s: one(s.labels, s.reachable)))
        yield family(names.RESOURCE_LAST_ONLINE, each(lambda s: one(s.labels, s.resource.last_online)))
        yield family(names.RESOURCE_RESTARTS, each(lambda s: one(s.labels, s.resource.restarts)))
        yield family(names.RESOURCE_RESTART_LIMIT, each(lambda s: one(s.labels, s.resource.restart_limit)))
        yield family(
            names.RESOURCE_RESTART_LIMIT_REACHED, each(lambda s: one(s.labels, s.resource.restart_limit_reached))
        )
        yield family(names.RESOURCE_LAST_RESTART, each(lambda s: one(s.labels, s.resource.last_restart)))
        yield family(names.RESOURCE_MEMORY_LIMIT, each(lambda s: one(s.labels, s.resource.memory_limit)))
        yield family(names.RESOURCE_MEMORY_RESERVATION, each(lambda s: one(s.labels, s.resource.memory_reservation)))
        yield family(names.RESOURCE_CPU_LIMIT, each(lambda s: one(s.labels, s.resource.cpu_limit)))
        parts = [
            ((shown.labels[0], *shown.labels[2:], part.name), part) for shown in found for part in shown.resource.parts
        ]

        def each_part(read: Callable[[tuple[str, ...], Part], Iterable[Sample]]) -> Iterator[Sample]:
            for labels, part in parts:
                yield from read(labels, part)

        yield family(names.PART_STATE, each_part(lambda labels, p: one_of(labels, names.STATES, p.status.state)))
        yield family(names.PART_HEALTH, each_part(lambda labels, p: one_of(labels, names.HEALTHS, p.status.health)))
        yield family(names.PART_EXCLUDED, each_part(lambda labels, p: one(labels, p.excluded)))
        yield family(names.PART_LAST_ONLINE, each_part(lambda labels, p: one(labels, p.last_online)))


def _info(shown: Shown) -> Iterator[Sample]:
    resource = shown.resource
    yield (*shown.labels, resource.name, resource.subtype, shown.server), 1.0
