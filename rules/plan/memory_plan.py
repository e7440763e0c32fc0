"""A server's memory compared with its plan, and OOM kills outside of containers."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import CONTAINERS, NODE, expr, planned
from boxwatch.rules.plan import oom_proofs
from boxwatch.rules.proofs.fixtures import Fixtures, flat
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "memory_plan"

_MINUTE = 60
# A 32 GB server reports 31.2 GiB or less: firmware and the kernel take a few percent before MemTotal.
_REPORTED_SHARE = 0.9


def subject(topology: Topology) -> Subject:
    """Alerts on a server whose memory use does not follow the plan."""
    return Subject(
        id=ID,
        title="Memory against the plan",
        groups=(
            Group(
                name="memory-plan",
                rules=(
                    _oom_killed(topology),
                    _plan_exceeded(topology),
                    _overhead_exceeded(topology),
                    _below_plan(topology),
                ),
            ),
        ),
        reads=("memory",),
    )


def _stated(record: str) -> str:
    return f"{planned(record, names.BY_SERVER, 'humanize1024')}B"


def _planned(fixtures: Fixtures, server: str = "main") -> tuple[Series, ...]:
    """32 GiB, 4 of them reserved and 22 for services: the default deployment's numbers."""
    return fixtures.server(server, memory=32 * GIB, reserved=4 * GIB, budget=22 * GIB)


def _in_use(fixtures: Fixtures, used: float, server: str = "main", total: float = 31) -> tuple[Series, ...]:
    """Memory as the kernel reports it, in GiB."""
    return (
        fixtures.node("node_memory_MemTotal_bytes", flat(total * GIB, fixtures.count), server),
        fixtures.node("node_memory_MemAvailable_bytes", flat((total - used) * GIB, fixtures.count), server),
    )


def _container(fixtures: Fixtures, gib: float, name: str = "web-1", **labels: str) -> tuple[Series, ...]:
    return (
        fixtures.container("container_memory_working_set_bytes", flat(gib * GIB, fixtures.count), name, **labels),
        fixtures.container("container_memory_total_active_file_bytes", flat(0, fixtures.count), name, **labels),
    )


_OOM = f"node_vmstat_oom_kill{{{NODE}}}"


def _kills() -> str:
    return f"max by ({names.BY_SERVER}) (increase({_OOM}[10m] offset 2m))"


def _kills_outside_containers() -> str:
    # The kernel's counter includes kills inside containers. Those that cAdvisor attributes have an alert of their own,
    # so only the rest counts here, with a margin for increase() over two exporters that are not scraped at the same
    # instant. cAdvisor shows a kill up to a minute after the kernel does (phases of scrapes and rules), so the kernel's
    # window ends two minutes ago, while cAdvisor's begins before it and ends now. Up to 0.57, cAdvisor attributes only
    # kills that the container survives, and none without /dev/kmsg (measured).
    return expr(f"""
        {_kills()}
          > on ({names.BY_SERVER})
        (
          0.5
          + 1.2 * (
            sum by ({names.BY_SERVER}) (increase(container_oom_events_total{{{CONTAINERS}}}[14m]))
            or on ({names.BY_SERVER})
            0 * max by ({names.BY_SERVER}) ({_OOM})
          )
        )
    """)


def _oom_killed(topology: Topology) -> Alert:
    fires, silent = oom_proofs.server(topology)
    # What nothing attributes to containers may have been in one.
    to_none = ", and cAdvisor attributes it to no container" if topology.watches_containers else ""
    return Alert(
        alert="ServerOomKilled",
        expr=_kills_outside_containers() if topology.watches_containers else f"{_kills()} > 0.5",
        wait=_MINUTE,
        severity="critical",
        summary=f"The kernel killed a process for lack of memory{to_none}.",
        description=f"The kernel of {{{{ $labels.server }}}} killed a process for lack of memory{to_none}.",
        dashboard="host",
        panel="Memory in use",
        runbook=Runbook(
            meaning="Either the server itself ran out of memory, or a container was killed and replaced so fast that "
            "cAdvisor could not attribute the kill (versions before 0.60.3 lose the counter with the container).",
            first_look=(
                "`dmesg -T | grep -i -B1 -A1 'killed process'` on the server: which process, which cgroup?",
                "Dashboard *Overview*: was the server's memory full?",
            ),
            action=(
                "It was a container: treat it as *ContainerOomKilled*.",
                "The server was full: stop builds first, then find what is over its budget or outside the plan.",
            ),
            false_alarms="None known.",
        ),
        fires=fires,
        silent=silent,
        instead="a kill is instantaneous and is reported for ten minutes, so waiting could only miss it: change "
        "`severity`",
    )


def _plan_exceeded(topology: Topology) -> Alert:
    name = "ServerMemoryPlanExceeded"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    return Alert(
        alert=name,
        expr=f"{names.SERVER_MEMORY_USED} > on ({names.BY_SERVER}) {names.SERVER_MEMORY_PLANNED}",
        wait=wait,
        severity="warning",
        summary="A server uses more memory than its entire plan.",
        description="Server {{ $labels.server }} uses {{ $value | humanize1024 }}B of memory;"
        f" planned for all services and the system together: {_stated(names.SERVER_MEMORY_PLANNED)}.",
        dashboard="capacity",
        panel="Use against the plan",
        runbook=Runbook(
            meaning="The headroom for traffic spikes and background work is being used up, not counting page cache. "
            "The plan is no longer true.",
            first_look=(
                "Dashboard *Overview*, panel *RAM by service*: what is over its plan?",
                "`docker stats --no-stream` on the server: the same of each container, now.",
                "Is *ContainerOutsidePlan* or *ServerMemoryOverheadExceeded* firing?",
            ),
            action=(
                "Bring the service that is over back within its budget, or plan more for it.",
                "The total no longer fits: move a service to a second server (add it under `servers`).",
            ),
            false_alarms="None known: page cache is not counted.",
        ),
        fires=(
            fixtures.fires(
                "fires for the server that uses more than its plan, not for the other",
                (
                    *_planned(fixtures),
                    *_planned(fixtures, "second"),
                    *_in_use(fixtures, 27),
                    *_in_use(fixtures, 20, "second"),
                ),
                late,
                Expected(
                    {"server": "main"},
                    "Server main uses 27GiB of memory; planned for all services and the system together: 26GiB.",
                ),
            ),
        ),
        silent=(
            fixtures.silent("stays silent at exactly the plan", (*_planned(fixtures), *_in_use(fixtures, 26)), late),
            *fixtures.not_yet(
                "stays silent until it has lasted long enough", (*_planned(fixtures), *_in_use(fixtures, 27)), wait
            ),
        ),
    )


def _overhead_exceeded(topology: Topology) -> Alert:
    name = "ServerMemoryOverheadExceeded"
    wait = topology.alerts.wait(name, 30 * _MINUTE)
    fixtures = Fixtures(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    return Alert(
        alert=name,
        expr=f"{names.SERVER_MEMORY_OVERHEAD} > on ({names.BY_SERVER}) {names.SERVER_MEMORY_RESERVED}",
        wait=wait,
        severity="warning",
        summary="The system and builds use more memory than reserved.",
        description="The system and builds on {{ $labels.server }} use {{ $value | humanize1024 }}B of memory;"
        f" reserved: {_stated(names.SERVER_MEMORY_RESERVED)}.",
        dashboard="capacity",
        panel="Memory outside services",
        runbook=Runbook(
            meaning="The operating system, Docker and builds together have used more than the topology's `reserved` "
            "for half an hour, so memory planned for services is no longer available.",
            first_look=(
                "`ps aux --sort=-rss | head` on the server: what uses it?",
                "Is a build running or stuck? Coolify's builds count here (`docker ps | grep coolify-helper`).",
            ),
            action=(
                "Stop a stuck build; limit Coolify's concurrent builds, or build elsewhere (build server, CI).",
                "If this is normal, raise `reserved` and check how much that leaves for services.",
            ),
            false_alarms="A build that really takes longer than half an hour.",
        ),
        fires=(
            fixtures.fires(
                "fires when memory outside containers, including builds, exceeds the reserve",
                (
                    *_planned(fixtures),
                    *_in_use(fixtures, 15),
                    *_container(fixtures, 10),
                    *_container(fixtures, 3, "x7k2", service="", resource=names.BUILD_RESOURCE),
                ),
                late,
                Expected(
                    {"server": "main"},
                    "The system and builds on main use 5GiB of memory; reserved: 4GiB.",
                ),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent at exactly the reserve",
                (*_planned(fixtures), *_in_use(fixtures, 14), *_container(fixtures, 10)),
                late,
            ),
            fixtures.silent(
                "stays silent when the memory is used by a container outside the plan",
                (
                    *_planned(fixtures),
                    *_in_use(fixtures, 17),
                    *_container(fixtures, 10),
                    *_container(fixtures, 5, "adminer", service=""),
                ),
                late,
            ),
            fixtures.silent(
                "stays silent while cAdvisor is down, so that containers are unknown",
                (*_planned(fixtures), *_in_use(fixtures, 15)),
                late,
            ),
        ),
    )


def _below_plan(topology: Topology) -> Alert:
    name = "ServerMemoryBelowPlan"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    return Alert(
        alert=name,
        expr=f"{names.SERVER_MEMORY_TOTAL} < on ({names.BY_SERVER}) ({_REPORTED_SHARE} * {names.SERVER_MEMORY_PLAN})",
        wait=wait,
        severity="warning",
        summary="A server has less memory than the plan was made for.",
        description="Server {{ $labels.server }} has {{ $value | humanize1024 }}B of memory;"
        f" planned: {_stated(names.SERVER_MEMORY_PLAN)}.",
        dashboard="host",
        panel="Memory in use",
        runbook=Runbook(
            meaning="The server has less memory than `memory` in the topology, so every total of the plan is wrong.",
            first_look=("Compare `free -h` on the server with the provider's page of the server.",),
            action=(
                "Correct `memory` in the topology and make the plan fit.",
                "If the server should have more, a module may have failed: run `dmidecode -t memory`.",
            ),
            false_alarms="None known: a tenth is allowed for firmware and kernel.",
        ),
        fires=(
            fixtures.fires(
                "fires for a 16 GB server planned as 32 GB",
                (*_planned(fixtures), *_in_use(fixtures, 8, total=15.5)),
                late,
                Expected({"server": "main"}, "Server main has 15.5GiB of memory; planned: 32GiB."),
            ),
            fixtures.fires(
                "fires when more than a tenth is missing",
                (*_planned(fixtures), *_in_use(fixtures, 8, total=28)),
                late,
                Expected({"server": "main"}, "Server main has 28GiB of memory; planned: 32GiB."),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent when exactly a tenth is missing",
                (*_planned(fixtures), *_in_use(fixtures, 8, total=32 * _REPORTED_SHARE)),
                late,
            ),
            fixtures.silent(
                "stays silent for the memory that a 32 GB server reports",
                (*_planned(fixtures), *_in_use(fixtures, 8)),
                late,
            ),
        ),
    )
