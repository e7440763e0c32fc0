"""RAM budget: containers and services that are close to it or exceed it."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import CONTAINER, expr, planned
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_container, of_service, steps
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB, MIB

ID = "memory_budget"

_MINUTE = 60
_WORKING_SET = "container_memory_working_set_bytes"
_ACTIVE_FILE = "container_memory_total_active_file_bytes"
_BUDGET = f"{planned(names.COMPONENT_MEMORY_BUDGET, names.BY_COMPONENT, 'humanize1024')}B"


def subject(topology: Topology) -> Subject:
    """Alerts on containers and services that use up their budget."""
    return Subject(
        id=ID,
        title="RAM budget",
        groups=(
            Group(
                name="memory-budget",
                rules=(
                    _near_budget(topology),
                    _over_budget(topology),
                    _service_over_budget(topology),
                ),
            ),
        ),
        reads=("memory",),
    )


def _memory(fixtures: Fixtures, values: str, name: str = "web-1", **labels: str) -> tuple[Series, ...]:
    return (fixtures.container(_WORKING_SET, values, name, **labels),)


def _two_of_web(fixtures: Fixtures, first: str, second: str) -> tuple[Series, ...]:
    return (*fixtures.service(), *_memory(fixtures, first), *_memory(fixtures, second, "web-2"))


def _near_budget(topology: Topology) -> Alert:
    name = "ContainerMemoryNearBudget"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    fixtures = Fixtures(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    share = topology.thresholds.memory_near_budget
    near, below = int(GIB * (share + 1) / 2), int(GIB * share) - MIB
    # With a budget of 10⁹ bytes, the share is exact to the last digit.
    exactly, budget = round(1e9 * share), 10**9
    percent = percentage(near / GIB)
    database = {"service": "postgres", "resource": "postgres"}
    cached = (
        *fixtures.service("postgres", replicas=1, page_cache_reclaimable=True),
        *_memory(fixtures, flat(near, fixtures.count), "pg", **database),
    )
    return Alert(
        alert=name,
        expr=f"{names.CONTAINER_MEMORY_BUDGET_RATIO}\n"
        f"  > on ({names.BY_SERVICE}) group_left () {names.SERVICE_NEAR_BUDGET}",
        wait=wait,
        severity="warning",
        summary="A container uses nearly all of its memory budget.",
        description=f"Container {CONTAINER} uses {{{{ $value | humanizePercentage }}}} of its memory budget of"
        f" {_BUDGET}.",
        dashboard="service",
        panel="Memory of each replica",
        runbook=Runbook(
            meaning="One replica uses nearly all the RAM that the plan allows it. Nothing is broken yet. For "
            "databases, search and object storage, page cache does not count here.",
            first_look=(
                "Dashboard *Service*, panel *Memory of each replica*: one replica or all of them? Since when?",
                "`docker stats` on the server shows the same number (for services whose page cache counts).",
            ),
            action=(
                "All replicas grew with traffic: raise `memory` in the topology and the limit in Coolify.",
                "One replica only: look for a stuck job or a hot key; restart that replica.",
                "A steady climb since the last deploy is a leak: roll back, or restart regularly until it is fixed.",
            ),
            false_alarms="Services that fill their memory on purpose, such as a cache capped below its budget. Raise "
            "`thresholds.memory_near_budget` for that service.",
        ),
        fires=(
            fixtures.fires(
                "fires for the replica near its budget, not for the other",
                _two_of_web(fixtures, flat(near, fixtures.count), flat(below, fixtures.count)),
                late,
                Expected(
                    of_container(), f"Container web-1 of web on main uses {percent} of its memory budget of 1GiB."
                ),
            ),
            fixtures.fires(
                "fires for a database near its budget even without page cache",
                (*cached, *(fixtures.container(_ACTIVE_FILE, flat(0, fixtures.count), "pg", **database),)),
                late,
                Expected(
                    of_container("pg", "postgres", resource="postgres"),
                    f"Container pg of postgres on main uses {percent} of its memory budget of 1GiB.",
                ),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent at exactly the share",
                (*fixtures.service(memory=budget), *_memory(fixtures, flat(exactly, fixtures.count))),
                late,
            ),
            fixtures.silent(
                "stays silent just below the share",
                _two_of_web(fixtures, flat(below, fixtures.count), flat(below, fixtures.count)),
                late,
            ),
            *fixtures.not_yet(
                "stays silent until it has lasted long enough",
                _two_of_web(fixtures, steps((below, 10), (near, fixtures.count - 9)), flat(below, fixtures.count)),
                wait,
                10 * _MINUTE,
            ),
            fixtures.silent(
                "stays silent for a database full of page cache",
                (*cached, *(fixtures.container(_ACTIVE_FILE, flat(GIB // 2, fixtures.count), "pg", **database),)),
                late,
            ),
        ),
    )


def _over_budget(topology: Topology) -> Alert:
    name = "ContainerMemoryOverBudget"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    fixtures = Fixtures(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    over = GIB + GIB // 4
    return Alert(
        alert=name,
        expr=f"{names.CONTAINER_MEMORY_BUDGET_RATIO} > 1",
        wait=wait,
        severity="warning",
        summary="A container uses more memory than planned.",
        description=f"Container {CONTAINER} uses {{{{ $value | humanizePercentage }}}} of its memory budget of"
        f" {_BUDGET}.",
        dashboard="service",
        panel="Memory of each replica",
        runbook=Runbook(
            meaning="One replica uses more RAM than planned. This can last only if its limit is missing or higher than "
            "the budget, so it takes memory planned for other services.",
            first_look=(
                "Is *ContainerMemoryLimitMissing* or *ContainerMemoryLimitDrifted* firing for it too?",
                "`boxwatch topology` and dashboard *Overview*: how much headroom does the server have left?",
            ),
            action=(
                "Set the limit in Coolify (Resource limits, memory) to the budget; the next deploy applies it.",
                "If the service really needs more, raise `memory` in the topology to make the plan true again.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            fixtures.fires(
                "fires for the replica over its budget",
                _two_of_web(fixtures, flat(over, fixtures.count), flat(GIB // 2, fixtures.count)),
                late,
                Expected(of_container(), "Container web-1 of web on main uses 125% of its memory budget of 1GiB."),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent at exactly the budget",
                _two_of_web(fixtures, flat(GIB, fixtures.count), flat(GIB, fixtures.count)),
                late,
            ),
            fixtures.silent(
                "stays silent while a rolling deploy runs an extra replica, each within its budget",
                (
                    *_two_of_web(fixtures, flat(GIB * 0.8, fixtures.count), flat(GIB * 0.8, fixtures.count)),
                    *_memory(fixtures, flat(GIB * 0.8, fixtures.count), "web-3"),
                ),
                late,
            ),
        ),
    )


def _service_over_budget(topology: Topology) -> Alert:
    name = "ServiceMemoryOverBudget"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 15 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    # A deploy of ten minutes, or as long as the alert tolerates.
    deploy = min(10, fixtures.early(wait) // _MINUTE + 1)
    used = names.CONTAINER_MEMORY_USED

    def coolify(each: float) -> tuple[Series, ...]:
        parts = [fixtures.service("coolify", replicas=1, memory=GIB)]
        parts += [
            _memory(fixtures, flat(GIB * each, fixtures.count), name, service="coolify", component=name, resource="")
            for name in ("app", "database")
        ]
        return tuple(one for part in parts for one in part)

    return Alert(
        alert=name,
        # For a single container, ContainerMemoryOverBudget says the same.
        expr=expr(f"""
            {names.SERVICE_MEMORY_BUDGET_RATIO} > 1
            and on ({names.BY_SERVICE}) count by ({names.BY_SERVICE}) ({used}) > 1
        """),
        wait=wait,
        severity="warning",
        summary="The containers of a service together use more memory than planned.",
        description="Service {{ $labels.service }} on {{ $labels.server }} uses"
        " {{ $value | humanizePercentage }} of its memory budget of"
        f" {planned(names.SERVICE_MEMORY_BUDGET, names.BY_SERVICE, 'humanize1024')}B.",
        dashboard="service",
        panel="Memory of each replica",
        runbook=Runbook(
            meaning="The containers of the service add up to more than the planned replicas × memory: there are too "
            "many replicas, replicas over their own budget, or components that grew.",
            first_look=(
                "Dashboard *Service*, panels *Replicas running* and *Memory of each replica*.",
                "Is a deploy stuck with old and new containers running side by side (`docker ps`)?",
            ),
            action=(
                "Remove containers that a failed deploy left behind.",
                "If the service really needs more, raise `memory` or `replicas` in the topology and check the total.",
            ),
            false_alarms="None known: a rolling deploy doubles memory use for minutes only.",
        ),
        fires=(
            fixtures.fires(
                "fires for a service of several components, none of them over a budget of its own",
                coolify(0.6),
                late,
                Expected(of_service("coolify"), "Service coolify on main uses 120% of its memory budget of 1GiB."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent when the components fit exactly", coolify(0.5), late),
            *(
                (
                    fixtures.silent(
                        "stays silent through a rolling deploy that doubles the containers for minutes",
                        (
                            *_two_of_web(fixtures, flat(GIB * 0.9, fixtures.count), flat(GIB * 0.9, fixtures.count)),
                            *_memory(fixtures, steps((None, 5), (GIB * 0.9, deploy)), "web-1b"),
                            *_memory(fixtures, steps((None, 5), (GIB * 0.9, deploy)), "web-2b"),
                        ),
                        (4 + deploy) * _MINUTE,
                    ),
                )
                if wait
                else ()
            ),
            fixtures.silent(
                "stays silent for a single container, which has its own alert",
                # Decoy: a service with two containers, neither of them over its budget.
                (
                    *fixtures.service("coolify", replicas=1),
                    *_memory(fixtures, flat(GIB * 1.5, fixtures.count), "coolify", service="coolify"),
                    *_two_of_web(fixtures, flat(GIB / 2, fixtures.count), flat(GIB / 2, fixtures.count)),
                ),
                late,
            ),
        ),
    )
