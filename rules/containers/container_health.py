"""Containers that are held back by their own limits: memory that thrashes, CPU that is throttled.

Not here, because it does not earn its place: how often a container reads pages again that it has just lost (no number
says when that hurts; the time lost does), how much CPU or network it uses (no one knows how much is wrong), and writes
to its own layer (that is what the disk's alerts are about).
"""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Measured, Record, Runbook, Sample, Series, Subject
from boxwatch.rules.patterns.fragments import CONTAINER, CONTAINERS, per_container
from boxwatch.rules.patterns.threshold import beyond
from boxwatch.rules.proofs.fixtures import World, of_container
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology

ID = "container_health"

_MINUTE = 60
_STALLED = "container_pressure_memory_stalled_seconds_total"
_THROTTLED = "container_cpu_cfs_throttled_periods_total"
_PERIODS = "container_cpu_cfs_periods_total"
# The container of the cases, beside its server.
_WEB = {"service": "web", "resource": "web-1", "name": "web-1"}


def subject(topology: Topology) -> Subject:
    """What containers lose at their limits, and the alerts on it."""
    return Subject(
        id=ID,
        title="Containers held back",
        groups=(
            Group(name="container-losses", rules=_records()),
            Group(name="container-health", rules=(_memory_stalled(topology), _cpu_throttled(topology))),
        ),
        measured=_measured(topology),
    )


def _records() -> tuple[Record, ...]:
    return (
        Record(
            record=names.CONTAINER_MEMORY_STALLED,
            # cAdvisor 0.52 and newer, on cgroup v2 and a kernel with pressure stall information.
            expr=per_container(f"rate({_STALLED}{{{CONTAINERS}}}[5m])"),
            doc="Share of the last five minutes in which every process of the container waited for memory.",
        ),
        Record(
            record=names.CONTAINER_CPU_THROTTLED,
            # There only for a container with a CPU quota.
            expr=f"{per_container(f'rate({_THROTTLED}{{{CONTAINERS}}}[5m])')}\n"
            f"/ {per_container(f'rate({_PERIODS}{{{CONTAINERS}}}[5m])')}",
            doc="Share of its scheduling periods in which the container had used up its CPU quota.",
        ),
    )


def _memory_stalled(topology: Topology) -> Alert:
    return beyond(
        topology,
        "ContainerMemoryStalled",
        names.CONTAINER_MEMORY_STALLED,
        wait=10 * _MINUTE,
        threshold=0.1,
        source="a healthy container shows less than 0.01; at a tenth of the time users can measure it",
        severity="warning",
        summary="A container loses time waiting for memory.",
        description=f"Container {CONTAINER} waited for memory in {{{{ $value | humanizePercentage }}}} of the time.",
        text=lambda value: f"Container web-1 of web on main waited for memory in {percentage(value)} of the time.",
        labels=_WEB,
        dashboard="service",
        panel="Share of the limit that cannot be reclaimed",
        runbook=Runbook(
            meaning="Close to its limit the container reads again and again what the kernel has just taken from it. It "
            "is slow, is not killed, and *ContainerMemoryNearLimit* is silent when it is page cache that thrashes: a "
            "database whose working set does not fit does this.",
            first_look=(
                "Dashboard *Service*, panel *Memory of each replica*: does it lie at the limit?",
                "Is *HostMemoryStalled* firing too? Then the whole server is short of memory.",
                "`docker stats NAME`, column BLOCK I/O: it reads all the time.",
            ),
            action=(
                "Raise the limit in Coolify and `memory` in the topology, if the server has headroom.",
                "A database: lower what it keeps for itself (`shared_buffers`, heap), so that the cache has room.",
                "One query or job that reads everything: find it and give it an index or a limit.",
            ),
            false_alarms="None known. An import of a large file into a small container is one while it runs.",
        ),
    )


def _cpu_throttled(topology: Topology) -> Alert:
    return beyond(
        topology,
        "ContainerCpuThrottled",
        names.CONTAINER_CPU_THROTTLED,
        wait=15 * _MINUTE,
        threshold=0.25,
        source="kubernetes-mixin (CPUThrottlingHigh, cpuThrottlingPercent 25)",
        # A container that works hard for 10 ms of each 100 is throttled and well (kubernetes-mixin, issue 108).
        severity="info",
        summary="A container is held back by its CPU quota.",
        description=f"Container {CONTAINER} was out of CPU quota in {{{{ $value | humanizePercentage }}}} of its"
        " periods.",
        text=lambda value: (
            f"Container web-1 of web on main was out of CPU quota in {percentage(value)} of its periods."
        ),
        labels=_WEB,
        dashboard="service",
        panel="CPU of each replica",
        runbook=Runbook(
            meaning="The container wanted more CPU than its quota, and had to wait for the next tenth of a second. It "
            "explains slow answers; alone it is no reason to act.",
            first_look=("Dashboard *Service*, panel *CPU of each replica*, and how long its requests take.",),
            action=("Raise or remove the CPU limit in Coolify, if the server has CPU to spare.",),
            false_alarms="Services that work in short bursts; that is why it is for dashboards only.",
        ),
    )


def _measured(topology: Topology) -> tuple[Measured, ...]:
    world = World(length=20 * _MINUTE, thresholds=topology.thresholds)
    begins = 20

    def grows(metric: str, per_second: float, name: str = "web-1", **labels: str) -> Series:
        """A counter that begins to grow ten minutes in; at fourteen, the five minutes hold four of growth."""
        step = per_second * world.interval
        values = f"0x{begins} {step}+{step}x{world.count - begins - 1}"
        return world.container(metric, values, name, **labels)

    of_all = tuple(
        part
        for metric, first, second in ((_STALLED, 0.5, 0.25), (_THROTTLED, 2, 3), (_PERIODS, 8, 6))
        for part in (
            grows(metric, first),
            # cAdvisor sees a container under a second image name for a moment after a redeploy.
            grows(metric, first / 2, image="app:0"),
            grows(metric, second, "web-2"),
            grows(metric, second, server="second"),
            grows(metric, second, service="api"),
            grows(metric, second, component="app"),
            grows(metric, second, resource="other"),
            grows(metric, 2 * first, job="other"),
            grows(metric, 2 * first, ""),
        )
    )
    containers = (
        of_container(),
        of_container("web-2"),
        {**of_container(), "server": "second"},
        of_container(service="api"),
        of_container(component="app"),
        of_container(resource="other"),
    )
    return tuple(
        Measured(
            title=f"{record} comes out as it should",
            expr=f"round({record}, 0.001)",
            at=begins * world.interval + 4 * _MINUTE,
            samples=tuple(
                Sample(labels=labels, value=first if labels == of_container() else second) for labels in containers
            ),
            series=of_all,
            interval=world.interval,
        )
        for record, first, second in (
            (names.CONTAINER_MEMORY_STALLED, 0.4, 0.2),
            (names.CONTAINER_CPU_THROTTLED, 0.25, 0.5),
        )
    )
