"""Memory trend: containers that will reach their budget soon if they go on as they do."""

from __future__ import annotations

from typing import TypedDict

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.promql import CONTAINER, PLANNED, expr, per_container
from boxwatch.rules.world import World, flat, of_container
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "memory_trend"

_MINUTE, _HOUR = 60, 3600
_START = "container_start_time_seconds"


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
        runbook=Runbook(
            meaning="Memory has grown for six hours in a container that is not new, is above half of its budget, and "
            "is higher than in the whole day before. At this rate it is full within the time of the topology's "
            "`memory_exhausted_within`.",
            first_look=(
                "Dashboard *Service*, panel *Memory by replica*, over two days: a straight climb is a leak.",
                "What was deployed when the climb began?",
            ),
            action=(
                "A leak: roll back, or restart the replicas one by one at a quiet hour until it is fixed.",
                "More load for good: raise `memory` in the topology and the limit in Coolify.",
            ),
            false_alarms="Load that is higher than on any hour of the day before, such as a Monday after a Sunday.",
        ),
        **_exhaustion_proof(topology),
    )


class _Proof(TypedDict):
    fires: tuple[Case, ...]
    silent: tuple[Case, ...]


def _exhaustion_proof(topology: Topology) -> _Proof:
    # Days of samples, half an hour apart: the trend needs hours, and a proof should take milliseconds.
    world = World(length=34 * _HOUR, thresholds=topology.thresholds, interval=30 * _MINUTE)
    within = topology.thresholds.memory_exhausted_within
    # A climb of whole bytes a second from hour 24, so that at hour 31 half of the time that is warned of is left.
    start, climb_for, left = 24 * _HOUR, 7 * _HOUR, within / 2
    slope = int(GIB * 0.4 / (climb_for + left)) or 1
    before = int(GIB * 0.6)
    budget = before + int(slope * (climb_for + left))
    too_slow = slope * (climb_for + left) / (climb_for + within) * 0.8

    def grows(values: str, name: str = "web-1", *, born: int = 0, **labels: str) -> tuple[Series, ...]:
        return (
            world.container("container_memory_working_set_bytes", values, name, **labels),
            world.container(_START, flat(born, world.count), name, **labels),
        )

    def parts(values: str, born: int = 0) -> tuple[Series, ...]:
        return (*world.service(memory=budget), *grows(values, born=born))

    def climb(by_second: float) -> str:
        lead = world.steps_of(start)
        return f"{before}x{lead - 1} {before}+{int(by_second * world.interval)}x{world.count - lead}"

    step = slope * world.interval
    day = f"{before}+{step}x15 {before + 15 * step}x15 {before}x15"
    born = 26 * _HOUR
    late = f"_x{world.steps_of(born)} {before}+{step}x{world.count - world.steps_of(born)}"
    # From nothing to a quarter of the budget in the time that a climb takes here.
    small = f"1000000x{world.steps_of(start) - 1} 1000000+{budget // 4 // world.steps_of(climb_for)}x20"
    return _Proof(
        fires=(
            world.fires(
                "fires for a container that climbs above everything of the day before",
                (
                    *parts(climb(slope)),
                    # Beside it a young container of the same resource, and another service that grows slowly.
                    *grows(late, "web-1-new", born=born, resource="web-1"),
                    *world.service("api", memory=budget),
                    *grows(climb(too_slow / 2), "api", service="api", resource="api"),
                ),
                31 * _HOUR,
                Expected(
                    of_container(),
                    f"Container web-1 of web on main will reach its memory budget in {left / _HOUR:.1f} hours"
                    " if the trend of the last six hours goes on.",
                ),
            ),
        ),
        silent=(
            world.silent("is silent when the climb is too slow to matter", parts(climb(too_slow)), 31 * _HOUR),
            world.silent(
                "is silent while the container is younger than six hours",
                parts(late, born=born),
                31 * _HOUR,
            ),
            world.silent("is silent while less than half of the budget is used", parts(small), 31 * _HOUR),
            world.silent("is silent for a climb that comes every day", parts(f"{day} {day}"), 30 * _HOUR),
        ),
    )
