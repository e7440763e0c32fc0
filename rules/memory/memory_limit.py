"""Memory limits: missing, drifted, nearly reached and exceeded."""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.memory import memory_limit_proofs
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import CONTAINER, expr, planned
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_container, steps
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB, MIB

ID = "memory_limit"

_MINUTE = 60
_LIMIT = "container_spec_memory_limit_bytes"
_OOM = "container_oom_events_total"
# The kernel rounds a limit down to whole pages (4 KiB, 64 KiB on some ARM servers); smaller differences are not meant.
_TOLERANCE = MIB


def subject(topology: Topology) -> Subject:
    """Alerts on the limit that Docker enforces, and on OOM kills."""
    return Subject(
        id=ID,
        title="Memory limits",
        groups=(
            Group(
                name="memory-limit",
                rules=(*_oom_killed(topology), *_near_limit(topology), _missing(topology), _drifted(topology)),
            ),
        ),
        reads=("memory",),
    )


def _near_limit(topology: Topology) -> tuple[Alert, Alert]:
    name = "ContainerMemoryNearLimit"
    wait = topology.alerts.wait(name, 5 * _MINUTE)
    fixtures = Fixtures(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    share = topology.thresholds.memory_near_limit
    near, below = int(GIB * (share + 1) / 2), int(GIB * share) - MIB

    def use(unreclaimable: int, *, active_file: int = 0, pages: bool = True, limit: int = GIB) -> tuple[Series, ...]:
        return (
            *fixtures.service(pages=pages),
            fixtures.container("container_memory_working_set_bytes", flat(unreclaimable + active_file, fixtures.count)),
            fixtures.container("container_memory_total_active_file_bytes", flat(active_file, fixtures.count)),
            fixtures.container(_LIMIT, flat(limit, fixtures.count)),
        )

    expected = Expected(
        of_container(),
        f"Container web-1 of web on main uses {percentage(near / GIB)} of its memory limit, none of it reclaimable.",
    )
    silent = (
        fixtures.silent("stays silent just below the share", use(below), late),
        fixtures.silent("stays silent for a container full of page cache", use(GIB // 2, active_file=GIB // 2), late),
        fixtures.silent(
            "stays silent without a limit",
            (*use(near)[:-1], fixtures.container(_LIMIT, flat(0, fixtures.count))),
            late,
        ),
    )
    # With a limit of 10⁹ bytes, the share is exact to the last digit.
    billion = round(1e9 * share)
    exactly = fixtures.silent("stays silent at exactly the share", use(billion, limit=10**9), late)
    return by_paging(
        Alert(
            alert=name,
            expr=f"{names.CONTAINER_MEMORY_LIMIT_RATIO}\n"
            f"  > on ({names.BY_SERVICE}) group_left () {names.SERVICE_NEAR_LIMIT}",
            wait=wait,
            severity="critical",
            summary="A container has almost reached its memory limit and risks an OOM kill.",
            description=f"Container {CONTAINER} uses {{{{ $value | humanizePercentage }}}} of its memory limit,"
            " none of it reclaimable.",
            dashboard="service",
            panel="Unreclaimable share of the limit",
            runbook=Runbook(
                meaning="Unreclaimable memory (page cache is not counted) is close to the limit that Docker enforces. "
                "At the limit, the kernel kills a process of the container, and requests are lost.",
                first_look=(
                    "Dashboard *Service*, panel *Memory of each replica*: how fast does it grow?",
                    "The container's log: is a large export, import or query running?",
                ),
                action=(
                    "Stop the large job, or restart the replica now, at a moment of your choosing.",
                    (
                        "If the server has headroom (dashboard *Overview*), raise the limit in Coolify and `memory` in "
                        "the topology."
                    ),
                ),
                false_alarms="Services that allocate all their memory at start-up and never use more, such as a JVM "
                "with a fixed heap and a tight limit. Raise the limit, or `thresholds.memory_near_limit` for that "
                "service.",
            ),
            fires=(fixtures.fires("fires for a container close to its limit", use(near), late, expected),),
            silent=(*silent, exactly),
        ),
        warning_fires=(
            fixtures.fires("is a warning for a service that does not page", use(near, pages=False), late, expected),
        ),
        warning_silent=(
            *silent,
            replace(
                exactly,
                title=f"{exactly.title}, for a service that does not page",
                series=use(billion, limit=10**9, pages=False),
            ),
        ),
    )


def _missing(topology: Topology) -> Alert:
    name = "ContainerMemoryLimitMissing"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    unlimited = fixtures.container(_LIMIT, flat(0, fixtures.count))
    return Alert(
        alert=name,
        expr=f"{names.CONTAINER_MEMORY_LIMIT} == 0\nand on ({names.BY_COMPONENT}) {names.COMPONENT_MEMORY_LIMIT}",
        wait=wait,
        severity="warning",
        summary="A container that should have a memory limit has none.",
        description=f"Container {CONTAINER} has no memory limit, so nothing enforces its budget.",
        dashboard="capacity",
        panel="Containers without a limit",
        runbook=Runbook(
            meaning="The plan sets a limit for the container, but Docker enforces none. Coolify's default is no limit "
            "(`limits_memory` is 0). A leak here takes memory from every other service.",
            first_look=("`docker inspect --format '{{.HostConfig.Memory}}' NAME` on the server shows 0.",),
            action=(
                "Set the limit in Coolify (Resource limits, memory) to the budget and redeploy.",
                "If it has none on purpose, write `limit: none` in the topology.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            fixtures.fires(
                "fires for the container without a limit, not for the one that has a limit",
                (*fixtures.service(), unlimited, fixtures.container(_LIMIT, flat(GIB, fixtures.count), "web-2")),
                late,
                Expected(
                    of_container(),
                    "Container web-1 of web on main has no memory limit, so nothing enforces its budget.",
                ),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent for a service without a limit on purpose",
                (*fixtures.service(limit=None), unlimited),
                late,
            ),
            fixtures.silent(
                "stays silent for a component without a limit on purpose, next to one with a limit",
                (
                    *fixtures.service("coolify", component="app", limit=None),
                    fixtures.constant(
                        names.COMPONENT_MEMORY_LIMIT, GIB, server="main", service="coolify", component="database"
                    ),
                    fixtures.container(_LIMIT, flat(0, fixtures.count), "coolify", service="coolify", component="app"),
                ),
                late,
            ),
            fixtures.silent(
                "stays silent for a container outside the plan",
                (*fixtures.service(), fixtures.container(_LIMIT, flat(0, fixtures.count), "adminer", service="")),
                late,
            ),
        ),
    )


def _drifted(topology: Topology) -> Alert:
    name = "ContainerMemoryLimitDrifted"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    limit = names.CONTAINER_MEMORY_LIMIT
    fires, silent = memory_limit_proofs.drifted(topology, wait, _TOLERANCE)
    return Alert(
        alert=name,
        # The value is the limit in force; `and` on all labels selects the containers whose limit differs from the plan.
        expr=expr(f"""
            {limit} > 0
            and abs(
              {limit} - on ({names.BY_COMPONENT}) group_left () {names.COMPONENT_MEMORY_LIMIT}
            ) > {_TOLERANCE}
        """),
        wait=wait,
        severity="warning",
        summary="A container's memory limit differs from the plan.",
        description=f"Container {CONTAINER} has a memory limit of {{{{ $value | humanize1024 }}}}B;"
        f" planned: {planned(names.COMPONENT_MEMORY_LIMIT, names.BY_COMPONENT, 'humanize1024')}B.",
        dashboard="service",
        panel="Unreclaimable share of the limit",
        runbook=Runbook(
            meaning="Someone changed the limit in Coolify or the budget in the topology, but not both. With a higher "
            "limit, the service can take memory planned for others; with a lower one, it is killed early.",
            first_look=(
                (
                    "`boxwatch topology` shows the plan, "
                    "`docker inspect --format '{{.HostConfig.Memory}}' NAME` the limit in bytes."
                ),
            ),
            action=(
                "The change was intended: write it into the topology, build and publish.",
                "It was not: restore the limit in Coolify and redeploy.",
            ),
            false_alarms="None known: rounding to whole pages is allowed for.",
        ),
        fires=fires,
        silent=silent,
    )


def _oom_killed(topology: Topology) -> tuple[Alert, Alert]:
    fixtures = Fixtures(length=30 * _MINUTE, thresholds=topology.thresholds)

    def killed(*, pages: bool = True, after: int = 20, kills: int = 1) -> tuple[Series, ...]:
        values = f"0x{after - 1} {kills}x{fixtures.count - after}"
        return (
            *fixtures.service(pages=pages),
            fixtures.container(_OOM, values),
            fixtures.container(_OOM, flat(0, fixtures.count), "web-2"),
        )

    expected = Expected(
        of_container(), "The kernel killed a process in container web-1 of web on main for lack of memory."
    )
    silent: tuple[Case, ...] = (
        fixtures.silent("stays silent once the kill is more than ten minutes ago", killed(), 25 * _MINUTE),
        fixtures.silent(
            "stays silent when a container appears with old kills on its counter",
            (*fixtures.service(), fixtures.container(_OOM, steps((None, 20), (3, 40)))),
            15 * _MINUTE,
        ),
    )
    return by_paging(
        Alert(
            alert="ContainerOomKilled",
            expr=f"{names.CONTAINER_OOM_EVENTS} > 0",
            wait=0,
            severity="critical",
            summary="The kernel killed a process in a container for lack of memory.",
            description=f"The kernel killed a process in container {CONTAINER} for lack of memory.",
            dashboard="service",
            panel="OOM kills in 10 minutes",
            runbook=Runbook(
                meaning="The container reached its memory limit, or the server ran out of memory, and the kernel "
                "killed one of its processes in the last ten minutes. If it was the main process, the container "
                "restarted and its requests were lost; if it was a child process, the container may look healthy "
                "but be broken.",
                first_look=(
                    "`dmesg -T | grep -i 'killed process'` on the server names the process and its size.",
                    "Dashboard *Service*, panel *Memory of each replica*: a spike or a climb?",
                    "Dashboard *Overview*: did the server itself run out of memory?",
                ),
                action=(
                    "Check that the service works; restart the replica if only a child process was killed.",
                    (
                        "A spike: find the request or job in the log at that time. A climb: see "
                        "*ContainerMemoryExhaustionPredicted*."
                    ),
                    "Raise the limit in Coolify and `memory` in the topology if the plan was too small.",
                ),
                false_alarms="None known. cAdvisor before 0.60.3 can miss kills; *ServerOomKilled* covers them.",
            ),
            fires=(fixtures.fires("fires for the container with an OOM kill", killed(), 12 * _MINUTE, expected),),
            silent=silent,
            instead="a kill is instantaneous and is reported for ten minutes, so waiting could only miss it: change "
            "`severity`",
        ),
        warning_fires=(
            fixtures.fires(
                "is a warning for a service that does not page", killed(pages=False), 12 * _MINUTE, expected
            ),
            fixtures.fires(
                "is a warning for a container outside the plan",
                (*fixtures.service(), fixtures.container(_OOM, f"0x19 1x{fixtures.count - 20}", "adminer", service="")),
                12 * _MINUTE,
                Expected(
                    of_container("adminer", service=""),
                    "The kernel killed a process in container adminer on main for lack of memory.",
                ),
            ),
        ),
        warning_silent=silent,
    )
