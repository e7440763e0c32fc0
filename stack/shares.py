"""Memory limits of the stack's parts, whose sum is what the plan gives to monitoring.

A component of the topology that states its memory keeps it. Of the rest every other part gets its least share, then as
much of its usual one as there is room for; Prometheus, which grows with the number of series, gets what is left. Memory
of components that are no parts of the stack is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from boxwatch.stack.core_parts import PROMETHEUS
from boxwatch.stack.part import Part
from boxwatch.topology.model import Service
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.units import MIB, human_memory


@dataclass(frozen=True, slots=True)
class Split:
    """The memory of one stack, in bytes.

    Attributes:
        planned: memory planned for monitoring.
        stated: memory of components that state it, by name.
        limits: limit of each part, by name; the least ones if they do not fit.
        others: memory stated for components that are no parts.
    """

    planned: int
    stated: Mapping[str, int]
    limits: Mapping[str, int]
    others: int

    @property
    def total(self) -> int:
        """Sum of all limits, and of what other components take."""
        return sum(self.limits.values()) + self.others

    @property
    def fits(self) -> bool:
        """Whether the parts fit into the plan."""
        return self.total <= self.planned


def split(service: Service, parts: Sequence[Part]) -> Split:
    """Divide the memory of a service of kind monitoring among the parts."""
    # A service with one component has its memory whole; what states less than all is a share.
    stated = {
        one.component: one.memory
        for one in service.components
        if one.component is not None and one.memory is not None and len(service.components) > 1
    }
    names = {part.name for part in parts}
    others = sum(memory for name, memory in stated.items() if name not in names)
    least = {part.name: stated.get(part.name, part.share.least) for part in parts}
    room = service.memory - others - sum(least.values())
    free = [part for part in parts if part.name not in stated]
    wish = sum(part.share.usual - part.share.least for part in free)
    # In whole MiB, so that Docker enforces what is written.
    given = min(1.0, room / wish) if wish and room > 0 else 0.0
    limits = dict(least)
    for part in free:
        limits[part.name] += int((part.share.usual - part.share.least) * given / MIB) * MIB
    left = service.memory - others - sum(limits.values())
    if left > 0 and PROMETHEUS in {part.name for part in free}:
        limits[PROMETHEUS] += left
    return Split(service.memory, stated, limits, others)


def problems(service: Service, parts: Sequence[Part]) -> Iterator[Issue]:
    """A plan that is too small for its parts, with the sum."""
    found = split(service, parts)
    if found.fits:
        return
    terms = [f"{name} {human_memory(limit)}" for name, limit in found.limits.items()]
    if found.others:
        terms.append(f"other components {human_memory(found.others)}")
    message = (
        f"{human_memory(found.planned)} is less than the parts of the stack need:"
        f" {' + '.join(terms)} = {human_memory(found.total)}"
    )
    hint = f"raise it to {_memory(found.total)}, or build with --no-stack if you run these programs yourself"
    yield Issue(("services", service.name, "memory"), message, hint)


def _memory(size: int) -> str:
    return f"{-(-size // MIB)}m"
