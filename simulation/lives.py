"""Containers over time: deploys replace them, faults stop, kill and crash them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from boxwatch.simulation.chance import between, chance
from boxwatch.simulation.faults import Fault
from boxwatch.simulation.flow import DAY, HOUR
from boxwatch.simulation.slots import Slot

# Coolify's containers have been there for some time.
_OLDEST: Final = 40 * DAY
_PER_DAY: Final = 3
# A build, and how long the old container still runs beside the new one.
_BUILD: Final = (45.0, 110.0)
_OVERLAP: Final = 25.0
# A container that ends right after its start is back after Docker's pause.
_CRASH: Final = 25.0
_LIVES: Final = 8.0
# Until it has been killed and started again.
_KILLED: Final = 3.0


@dataclass(frozen=True, slots=True)
class Deploy:
    """A deployment of a resource.

    Attributes:
        slot: what is deployed.
        requested: when it is requested, seconds since 1970.
        ended: when Coolify records its end; infinite while it is stuck.
        up: when the new container starts; infinite for a deployment that fails or is stuck.
        down: when the old one ends.
        failed: whether it fails.
        repaired: when one that is stuck is cancelled.
    """

    slot: Slot
    requested: float
    ended: float
    up: float
    down: float
    failed: bool = False

    @property
    def builds(self) -> tuple[float, float]:
        """When its build runs."""
        return self.requested + 5, min(self.ended, self.requested + 5 * _BUILD[1])


@dataclass(frozen=True, slots=True)
class Life:
    """A container between one start and its end.

    Attributes:
        slot: its place.
        name: its name in Docker.
        created: when it was created; a restart keeps this and the name.
        started: when it was started last.
        ends: when it ends; infinite for one that runs on.
        kills: how often the kernel has killed it before, since it was created.
    """

    slot: Slot
    name: str
    created: float
    started: float
    ends: float = inf
    kills: int = 0

    def runs(self, now: float) -> bool:
        """Whether it runs at a moment."""
        return self.started <= now < self.ends


def everyday(slot: Slot, seed: int, since: float, until: float, quiet: tuple[float, float]) -> Iterator[Deploy]:
    """The deploys of an ordinary day, by daylight; none in the quiet time, in which an incident is played."""
    if not slot.application:
        return
    day = since // DAY * DAY
    while day < until:
        for number in range(_PER_DAY):
            at = day + between(8 * HOUR, 19 * HOUR, seed, slot.id, day, number)
            if since <= at < until and not quiet[0] <= at < quiet[1]:
                yield rolling(slot, at, between(*_BUILD, seed, slot.id, at))
        day += DAY


def rolling(slot: Slot, at: float, build: float, overlap: float = _OVERLAP) -> Deploy:
    """A deploy; the old container ends `overlap` seconds after the start of the new one, or before it if negative."""
    up = at + build
    return Deploy(slot, at, up + max(overlap, 0) + 10, up, up + overlap)


def deploys(slot: Slot, faults: Iterable[Fault], seed: int) -> Iterator[Deploy]:
    """The deploys of a scenario."""
    for fault in faults:
        if fault.subject != slot.resource:
            continue
        if fault.kind == "deploy":
            build = 60.0 + 30 * chance(seed, slot.id, fault.begins)
            yield rolling(slot, fault.begins, build, fault.amount or _OVERLAP)
        elif fault.kind == "failed deploy":
            yield Deploy(slot, fault.begins, fault.begins + 75, inf, inf, failed=True)
            yield rolling(slot, fault.ends, 60)
        elif fault.kind == "stuck deploy":
            yield Deploy(slot, fault.begins, fault.ends, inf, inf, failed=True)
            yield rolling(slot, fault.ends + 60, 60)


def lives(slot: Slot, deployed: Iterable[Deploy], faults: Iterable[Fault], first: float) -> tuple[Life, ...]:
    """The containers of a place, oldest first.

    Args:
        slot: the place.
        deployed: its deploys.
        faults: what goes wrong with it.
        first: a moment at which its first container has long been there.
    """
    born = first - between(HOUR, DAY, slot.id) if slot.application else first - between(5 * DAY, _OLDEST, slot.id)
    found = [Life(slot, slot.docker_name(born), born, born)]
    for deploy in sorted(deployed, key=lambda one: one.requested):
        if deploy.up < inf:
            found[-1] = replace(found[-1], ends=deploy.down)
            found.append(Life(slot, slot.docker_name(deploy.up), deploy.up, deploy.up))
    for fault in faults:
        if fault.subject == slot.key:
            found = [part for life in found for part in _struck(life, fault)]
    return tuple(found)


def _struck(life: Life, fault: Fault) -> Iterator[Life]:
    """What becomes of a container by a fault: itself and its restarts."""
    if not life.started <= fault.begins < life.ends or fault.kind not in ("stopped", "crashing", "leaking"):
        yield life
        return
    ends = [fault.begins]
    starts = [fault.ends]
    if fault.kind == "crashing":
        ends = [fault.begins + number * _CRASH for number in range(int((fault.ends - fault.begins) // _CRASH))]
        starts = [end + _CRASH - _LIVES for end in ends]
    elif fault.kind == "leaking":
        period = fault.amount
        ends = [fault.begins + (number + 1) * period for number in range(int((fault.ends - fault.begins) // period))]
        starts = [end + _KILLED for end in ends]
        if fault.ends > (ends[-1] if ends else fault.begins):
            # The repaired version is deployed under the same name, which frees the memory.
            ends.append(fault.ends)
            starts.append(fault.ends + _KILLED)
    kills = 0
    started = life.started
    for end, start in zip(ends, starts, strict=True):
        yield replace(life, started=started, ends=end, kills=kills)
        started = start
        kills += fault.kind == "leaking" and end < fault.ends
    yield replace(life, started=started, kills=kills)
