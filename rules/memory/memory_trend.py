"""Memory trend: containers that will reach their budget soon if they go on as they do."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TypedDict

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import CONTAINER, PLANNED, expr, per_container
from boxwatch.rules.proofs.fixtures import World, flat, of_container, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "memory_trend"

_MINUTE, _HOUR = 60, 3600
_START = "container_start_time_seconds"
_USED = "container_memory_working_set_bytes"


def subject(topology: Topology) -> Subject:
    """Alerts on where memory is going."""
    return Subject(
        id=ID,
        title="Memory trend",
        groups=(Group(name="memory-trend", rules=(_exhaustion_predicted(topology),)),),
        reads=("memory",),
    )


def _exhaustion_predicted(topology: Topology) -> Alert:
    used, by = names.CONTAINER_MEMORY_USED, names.BY_COMPONENT
    return Alert(
        alert="ContainerMemoryExhaustionPredicted",
        # Three guards against growth that is no leak: a container's first six hours are warm-up, small containers have
        # far to go, and what was higher in the day before (the peak over a day that ended six hours ago) is daily load.
        expr=expr(f"""
            (
              {names.CONTAINER_MEMORY_EXHAUSTION}
              < on ({names.BY_SERVICE}) group_left () {names.SERVICE_EXHAUSTED_WITHIN}
            ) / 3600
            and on ({names.BY_CONTAINER}) time() - {per_container(f"{_START}{{{PLANNED}}}")} > 6 * 3600
            and on ({names.BY_CONTAINER}) {names.CONTAINER_MEMORY_BUDGET_RATIO} > 0.5
            unless on ({by})
              max by ({by}) ({used})
              <= on ({by}) max by ({by}) (max_over_time({used}[1d] offset 6h))
        """),
        wait=30 * _MINUTE,
        severity="warning",
        summary="A container's memory grows so that it will reach its budget soon.",
        description=f"Container {CONTAINER} will reach its memory budget in"
        ' {{ $value | printf "%.1f" }} hours if the trend of the last six hours goes on.',
        dashboard="service",
        panel="Time until the budget is reached",
        runbook=Runbook(
            meaning="Memory has grown for six hours in a container that is not new, is above half of its budget, and "
            "is higher than in the whole day before. At this rate it is full within the time of the topology's "
            "`memory_exhausted_within`.",
            first_look=(
                "Dashboard *Service*, panel *Memory of each replica*, over two days: a straight climb is a leak.",
                "What was deployed when the climb began?",
            ),
            action=(
                "A leak: roll back, or restart the replicas one by one at a quiet hour until it is fixed.",
                "More load for good: raise `memory` in the topology and the limit in Coolify.",
            ),
            false_alarms="Load that is higher than on any hour of the day before, such as a Monday after a Sunday.",
        ),
        **_exhaustion_proof(topology),
        instead="a trend over six hours is its patience: change how soon memory must run out, "
        "`thresholds.memory_exhausted_within`",
    )


class _Proof(TypedDict):
    fires: tuple[Case, ...]
    silent: tuple[Case, ...]


# A climb begins at hour 24, and is looked at when it has gone on for seven hours and a half.
_BEGIN, _LOOK = 24 * _HOUR, 31 * _HOUR + 30 * _MINUTE
# At a shorter horizon nothing that is at half of its budget can be predicted to reach it by a trend of six hours.
_WIDE = 12 * _HOUR


def _exhaustion_proof(topology: Topology) -> _Proof:
    # Days of samples, a quarter of an hour apart: the trend needs hours, and a proof should take milliseconds.
    world = World(length=34 * _HOUR, thresholds=topology.thresholds, interval=15 * _MINUTE)
    within = topology.thresholds.memory_exhausted_within
    # A climb of whole bytes a second, of which half of the time that is warned of is left when it is looked at; less
    # where it would not have been near enough for as long as the alert waits.
    climbed, left = _LOOK - _BEGIN, min(within // 2, within - 45 * _MINUTE)
    slope = int(GIB * 0.4 / (climbed + left)) or 1
    before = int(GIB * 0.6)
    budget = before + slope * (climbed + left)
    shapes = _Shapes(world, before, slope, budget)
    too_slow = slope * (climbed + left) / (climbed + within) * 0.8

    def grows(values: str, name: str = "web-1", *, born: int = 0, **labels: str) -> tuple[Series, ...]:
        return (
            world.container(_USED, values, name, **labels),
            world.container(_START, flat(born, world.count), name, **labels),
        )

    def parts(values: str, born: int = 0) -> tuple[Series, ...]:
        return (*world.service(memory=budget), *grows(values, born=born))

    def elsewhere(called: str, values: str, born: int = 0) -> tuple[Series, ...]:
        """A container of the same name on another server, in another service, and as another component."""
        return (
            *world.service(memory=budget, server=called),
            *world.service(called, memory=budget),
            *world.service(component=called, memory=budget)[-2:],
            *grows(values, born=born, server=called),
            *grows(values, born=born, service=called),
            *grows(values, born=born, component=called),
        )

    def predicted(name: str, hours: float, of: str = "web", **labels: str) -> Expected:
        return Expected(
            of_container(name, **labels),
            f"Container {name} of {of} on main will reach its memory budget in {hours:.1f} hours"
            " if the trend of the last six hours goes on.",
        )

    old_enough = 24 * _HOUR + 45 * _MINUTE
    small = GIB // 20
    steep = (budget // 2 + GIB // 20 - small) // climbed
    at_half = shapes.to_half()
    return _Proof(
        fires=(
            world.fires(
                "fires for what climbs above everything of the day before, and for nothing beside it",
                (
                    *parts(shapes.climb(slope, earlier=2 * before), born=15 * _HOUR),
                    # Scraped a second time, and known to another job since a moment ago.
                    *grows(shapes.climb(slope, earlier=2 * before), born=15 * _HOUR, instance="again:8080"),
                    world.container(_START, flat(_LOOK, world.count), job="other"),
                    # Old enough for half an hour; a part of its own.
                    *world.service(component="side", memory=budget)[-2:],
                    *grows(shapes.climb(slope), "web-side", born=old_enough, component="side"),
                    # Its twin, which does not grow.
                    *grows(flat(before // 2, world.count), "web-2"),
                    # Young ones: of the same resource, of another, everywhere; one was seen by an older scrape.
                    *grows(shapes.since(25 * _HOUR), "web-1-new", born=25 * _HOUR, resource="web-1"),
                    *grows(shapes.since(25 * _HOUR), born=25 * _HOUR, resource="other"),
                    world.container(_START, flat(0, world.count), "web-1-new", resource="web-1", instance="again"),
                    *elsewhere("young", shapes.since(25 * _HOUR), born=25 * _HOUR),
                    # Those that do not grow, and one that grows slowly.
                    *elsewhere("flat", flat(before, world.count)),
                    *world.service("api", memory=budget),
                    *grows(shapes.climb(too_slow / 2), "api", service="api", resource="api"),
                ),
                _LOOK,
                predicted("web-1", left / _HOUR),
                predicted("web-side", left / _HOUR, "web/side", component="side"),
            ),
            *(
                (
                    world.fires(
                        "fires above half of the budget, and not at half",
                        (
                            *parts(shapes.climb(steep, small)),
                            *grows(at_half, "web-1-low", resource="web-1"),
                            *grows(at_half, resource="other"),
                            *elsewhere("low", at_half),
                        ),
                        _LOOK,
                        predicted("web-1", (budget - small - steep * climbed) / steep / _HOUR),
                    ),
                )
                if within >= _WIDE
                else ()
            ),
        ),
        silent=(
            world.silent(
                "is silent a quarter of an hour after it became six hours old",
                parts(shapes.climb(slope), born=25 * _HOUR),
                _LOOK,
            ),
            world.silent("is silent when the climb is too slow to matter", parts(shapes.climb(too_slow)), _LOOK),
            world.silent(
                "is silent while the container is younger than six hours",
                parts(shapes.since(26 * _HOUR), born=26 * _HOUR),
                _LOOK,
            ),
            world.silent("is silent while half of the budget is used", parts(at_half), _LOOK),
            *(
                world.silent(
                    f"is silent for a climb that came {when} as well, beside a twin that does not grow",
                    (
                        *parts(shapes.climb(slope, peak_at=hour * _HOUR)),
                        *world.service(component="side", memory=budget)[-2:],
                        *grows(shapes.climb(slope, peak_at=hour * _HOUR), "web-side", component="side"),
                        *grows(flat(before // 2, world.count), "web-2"),
                    ),
                    _LOOK,
                )
                for when, hour in (("the morning before", 5), ("in the night", 22))
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Shapes:
    """How memory goes: values of series, in bytes and bytes a second."""

    world: World
    before: int
    slope: int
    budget: int

    def climb(self, slope: float, start: int = 0, *, earlier: int = 0, peak_at: int = 0) -> str:
        """Flat, then up from hour 24; more of it in the first half hour, or a peak as high as it gets at some time."""
        low, step = start or self.before, int(slope * self.world.interval)
        lead, rise = self.world.steps_of(_BEGIN), self.world.steps_of(_LOOK - _BEGIN)
        values = [low] * lead
        up = f"{low}+{step}x{self.world.count - lead}"
        if earlier:
            values[:2] = [earlier, earlier]
        if peak_at:
            # It stays at its height for longer than the alert waits.
            rise -= self.world.steps_of(45 * _MINUTE)
            values[self.world.steps_of(peak_at)] = low + step * rise
            up = f"{low}+{step}x{rise} {low + step * rise}x{self.world.count - lead - rise - 1}"
        runs = [(value, len(list(same))) for value, same in itertools.groupby(values)]
        return f"{steps(*runs)} {up}"

    def since(self, born: int) -> str:
        """Up from the first moment."""
        lead = self.world.steps_of(born)
        return f"_x{lead} {self.before}+{self.slope * self.world.interval}x{self.world.count - lead}"

    def to_half(self) -> str:
        """From nothing to half of the budget, which it reaches well before it is looked at."""
        lead, rise = self.world.steps_of(_BEGIN), self.world.steps_of(_LOOK - _BEGIN - 45 * _MINUTE)
        half = self.budget / 2
        return f"0x{lead - 1} 0+{half / rise}x{rise - 1} {half}x{self.world.count - lead - rise}"
