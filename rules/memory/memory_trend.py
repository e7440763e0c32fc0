"""Memory trend: containers that will soon reach their budget if their growth continues."""

from __future__ import annotations

import itertools
import textwrap
from dataclasses import dataclass
from typing import TypedDict

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import CONTAINER, PLANNED, expr, per_container
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_container, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "memory_trend"

_MINUTE, _HOUR = 60, 3600
_START = "container_start_time_seconds"
_USED = "container_memory_working_set_bytes"


def subject(topology: Topology) -> Subject:
    """Alerts on memory growth."""
    return Subject(
        id=ID,
        title="Memory trend",
        groups=(Group(name="memory-trend", rules=(_exhaustion_predicted(topology),)),),
        reads=("memory",),
    )


def growing(selection: str = "") -> str:
    """PromQL: seconds until a container reaches its budget, for those whose growth may be a leak.

    Three guards: the first six hours of a container are warm-up, a container below half of its budget has far to go,
    and growth that stays below the peak of the previous day (the day that ended six hours ago) is daily load.

    Args:
        selection: label matchers of the containers, without braces; the dashboards show this number for those chosen.
    """
    used, by = _at(names.CONTAINER_MEMORY_USED, selection), names.BY_COMPONENT
    earlier = f"max_over_time({used}[1d] offset 6h)"
    start = per_container(_at(_START, f"{PLANNED}, {selection}" if selection else PLANNED))
    return expr(f"""
        {_at(names.CONTAINER_MEMORY_EXHAUSTION, selection)}
        and on ({names.BY_CONTAINER}) time() - {start} > 6 * 3600
        and on ({names.BY_CONTAINER}) {_at(names.CONTAINER_MEMORY_BUDGET_RATIO, selection)} > 0.5
        unless on ({by})
          max by ({by}) ({used})
          <= on ({by}) max by ({by}) ({earlier})
    """)


def _at(series: str, selection: str) -> str:
    return f"{series}{{{selection}}}" if selection else series


def _exhaustion_predicted(topology: Topology) -> Alert:
    return Alert(
        alert="ContainerMemoryExhaustionPredicted",
        expr=expr(f"""
            (
              (
                {textwrap.indent(growing(), " " * 16).lstrip()}
              )
              < on ({names.BY_SERVICE}) group_left () {names.SERVICE_EXHAUSTED_WITHIN}
            ) / 3600
        """),
        wait=30 * _MINUTE,
        severity="warning",
        summary="A container will soon reach its memory budget if its growth continues.",
        description=f"Container {CONTAINER} will reach its memory budget in"
        ' {{ $value | printf "%.1f" }} hours if the trend of the last six hours continues.',
        dashboard="service",
        panel="Time until the budget is reached",
        runbook=Runbook(
            meaning="The memory of a container more than six hours old has grown for six hours, exceeds half of its "
            "budget and is higher than on the whole previous day. At this rate, the budget is reached within the "
            "topology's `memory_exhausted_within`.",
            first_look=(
                "Dashboard *Service*, panel *Memory of each replica*, over two days: a straight climb is a leak.",
                "What was deployed when the climb began?",
            ),
            action=(
                "A leak: roll back, or restart the replicas one by one at a quiet hour until it is fixed.",
                "Permanently higher load: raise `memory` in the topology and the limit in Coolify.",
            ),
            false_alarms="Load higher than at any hour of the previous day, such as on a Monday.",
        ),
        **_exhaustion_proof(topology),
        instead="its query already looks at six hours: change how soon memory must run out, "
        "`thresholds.memory_exhausted_within`",
    )


class _Proof(TypedDict):
    fires: tuple[Case, ...]
    silent: tuple[Case, ...]


# A climb begins at hour 24 and is evaluated after seven and a half hours.
_BEGIN, _LOOK = 24 * _HOUR, 31 * _HOUR + 30 * _MINUTE
# With a shorter horizon, no six-hour trend can predict that a container at half of its budget will reach it.
_WIDE = 12 * _HOUR


def _exhaustion_proof(topology: Topology) -> _Proof:
    # Samples every 15 minutes: the trend needs more than a day of them, and a proof should take milliseconds.
    fixtures = Fixtures(length=34 * _HOUR, thresholds=topology.thresholds, interval=15 * _MINUTE)
    within = topology.thresholds.memory_exhausted_within
    # A climb of whole bytes per second. At the evaluation, half of the horizon is left, or less if the prediction would
    # otherwise not have been below the horizon for the alert's wait.
    climbed, left = _LOOK - _BEGIN, min(within // 2, within - 45 * _MINUTE)
    slope = int(GIB * 0.4 / (climbed + left)) or 1
    before = int(GIB * 0.6)
    budget = before + slope * (climbed + left)
    shapes = _Shapes(fixtures, before, slope, budget)
    too_slow = slope * (climbed + left) / (climbed + within) * 0.8

    def grows(values: str, name: str = "web-1", *, born: int = 0, **labels: str) -> tuple[Series, ...]:
        return (
            fixtures.container(_USED, values, name, **labels),
            fixtures.container(_START, flat(born, fixtures.count), name, **labels),
        )

    def parts(values: str, born: int = 0) -> tuple[Series, ...]:
        return (*fixtures.service(memory=budget), *grows(values, born=born))

    def elsewhere(called: str, values: str, born: int = 0) -> tuple[Series, ...]:
        """Containers of the same name on another server, in another service and as another component."""
        return (
            *fixtures.service(memory=budget, server=called),
            *fixtures.service(called, memory=budget),
            *fixtures.service(component=called, memory=budget)[-2:],
            *grows(values, born=born, server=called),
            *grows(values, born=born, service=called),
            *grows(values, born=born, component=called),
        )

    def predicted(name: str, hours: float, of: str = "web", **labels: str) -> Expected:
        return Expected(
            of_container(name, **labels),
            f"Container {name} of {of} on main will reach its memory budget in {hours:.1f} hours"
            " if the trend of the last six hours continues.",
        )

    old_enough = 24 * _HOUR + 45 * _MINUTE
    small = GIB // 20
    steep = (budget // 2 + GIB // 20 - small) // climbed
    at_half = shapes.to_half()
    return _Proof(
        fires=(
            fixtures.fires(
                "fires for a climb above the previous day's peak, not for the decoys",
                (
                    *parts(shapes.climb(slope, earlier=2 * before), born=15 * _HOUR),
                    # Scraped a second time, and just started according to another job.
                    *grows(shapes.climb(slope, earlier=2 * before), born=15 * _HOUR, instance="again:8080"),
                    fixtures.container(_START, flat(_LOOK, fixtures.count), job="other"),
                    # Old enough since half an hour ago; a component of its own.
                    *fixtures.service(component="side", memory=budget)[-2:],
                    *grows(shapes.climb(slope), "web-side", born=old_enough, component="side"),
                    # Another replica, which does not grow.
                    *grows(flat(before // 2, fixtures.count), "web-2"),
                    # New containers: of the same resource, of another one and elsewhere; an older scrape shows one.
                    *grows(shapes.since(25 * _HOUR), "web-1-new", born=25 * _HOUR, resource="web-1"),
                    *grows(shapes.since(25 * _HOUR), born=25 * _HOUR, resource="other"),
                    fixtures.container(
                        _START, flat(0, fixtures.count), "web-1-new", resource="web-1", instance="again"
                    ),
                    *elsewhere("young", shapes.since(25 * _HOUR), born=25 * _HOUR),
                    # Containers that do not grow, and one that grows slowly.
                    *elsewhere("flat", flat(before, fixtures.count)),
                    *fixtures.service("api", memory=budget),
                    *grows(shapes.climb(too_slow / 2), "api", service="api", resource="api"),
                ),
                _LOOK,
                predicted("web-1", left / _HOUR),
                predicted("web-side", left / _HOUR, "web/side", component="side"),
            ),
            *(
                (
                    fixtures.fires(
                        "fires above half of the budget, not at half",
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
            fixtures.silent(
                "stays silent 15 minutes after the container turned six hours old",
                parts(shapes.climb(slope), born=25 * _HOUR),
                _LOOK,
            ),
            fixtures.silent("stays silent for a climb too slow to matter", parts(shapes.climb(too_slow)), _LOOK),
            fixtures.silent(
                "stays silent while the container is younger than six hours",
                parts(shapes.since(26 * _HOUR), born=26 * _HOUR),
                _LOOK,
            ),
            fixtures.silent("stays silent at half of the budget", parts(at_half), _LOOK),
            *(
                fixtures.silent(
                    f"stays silent for a climb that also occurred {when}, next to a replica that does not grow",
                    (
                        *parts(shapes.climb(slope, peak_at=hour * _HOUR)),
                        *fixtures.service(component="side", memory=budget)[-2:],
                        *grows(shapes.climb(slope, peak_at=hour * _HOUR), "web-side", component="side"),
                        *grows(flat(before // 2, fixtures.count), "web-2"),
                    ),
                    _LOOK,
                )
                for when, hour in (("the previous morning", 5), ("the previous night", 22))
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Courses of memory use, as values of series; sizes in bytes, slopes in bytes per second."""

    fixtures: Fixtures
    before: int
    slope: int
    budget: int

    def climb(self, slope: float, start: int = 0, *, earlier: int = 0, peak_at: int = 0) -> str:
        """Flat, then rising from hour 24; `earlier` bytes in the first half hour, or a peak of full height."""
        low, step = start or self.before, int(slope * self.fixtures.interval)
        lead, rise = self.fixtures.steps_of(_BEGIN), self.fixtures.steps_of(_LOOK - _BEGIN)
        values = [low] * lead
        up = f"{low}+{step}x{self.fixtures.count - lead}"
        if earlier:
            values[:2] = [earlier, earlier]
        if peak_at:
            # It stays at the top for longer than the alert waits.
            rise -= self.fixtures.steps_of(45 * _MINUTE)
            values[self.fixtures.steps_of(peak_at)] = low + step * rise
            up = f"{low}+{step}x{rise} {low + step * rise}x{self.fixtures.count - lead - rise - 1}"
        runs = [(value, len(list(same))) for value, same in itertools.groupby(values)]
        return f"{steps(*runs)} {up}"

    def since(self, born: int) -> str:
        """Rising from the start of the container."""
        lead = self.fixtures.steps_of(born)
        return f"_x{lead} {self.before}+{self.slope * self.fixtures.interval}x{self.fixtures.count - lead}"

    def to_half(self) -> str:
        """From 0 to half of the budget, reached well before the evaluation."""
        lead, rise = self.fixtures.steps_of(_BEGIN), self.fixtures.steps_of(_LOOK - _BEGIN - 45 * _MINUTE)
        half = self.budget / 2
        return f"0x{lead - 1} 0+{half / rise}x{rise - 1} {half}x{self.fixtures.count - lead - rise}"
