"""Containers held back by their own limits: memory stalls and CPU throttling.

Left out on purpose: refaults, pages read again soon after eviction (no number says when they hurt; the time lost does);
CPU and network use (nobody knows how much is too much); writes to the container's own layer (the disk alerts cover
them).
"""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Measured, Record, Runbook, Sample, Series, Subject
from boxwatch.rules.patterns.fragments import CONTAINER, CONTAINERS, per_container
from boxwatch.rules.patterns.threshold import threshold_alert
from boxwatch.rules.proofs.fixtures import Fixtures, of_container
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology

ID = "container_health"

_MINUTE = 60
_STALLED = "container_pressure_memory_stalled_seconds_total"
_THROTTLED = "container_cpu_cfs_throttled_periods_total"
_PERIODS = "container_cpu_cfs_periods_total"
# Labels of the container in the proofs, besides its server.
_WEB = {"service": "web", "resource": "web-1", "name": "web-1"}


def subject(topology: Topology) -> Subject:
    """Time that containers lose at their limits, and the alerts on it."""
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
            # Present only for containers with a CPU quota.
            expr=f"{per_container(f'rate({_THROTTLED}{{{CONTAINERS}}}[5m])')}\n"
            f"/ {per_container(f'rate({_PERIODS}{{{CONTAINERS}}}[5m])')}",
            doc="Share of its scheduling periods in which the container had used up its CPU quota.",
        ),
    )


def _memory_stalled(topology: Topology) -> Alert:
    return threshold_alert(
        topology,
        "ContainerMemoryStalled",
        names.CONTAINER_MEMORY_STALLED,
        wait=10 * _MINUTE,
        threshold=0.1,
        source="a healthy container shows less than 0.01; at 0.1 users can measure the delay",
        severity="warning",
        summary="A container loses time waiting for memory.",
        description=f"Container {CONTAINER} waited for memory {{{{ $value | humanizePercentage }}}} of the time.",
        text=lambda value: f"Container web-1 of web on main waited for memory {percentage(value)} of the time.",
        labels=_WEB,
        dashboard="service",
        panel="Unreclaimable share of the limit",
        runbook=Runbook(
            meaning="Close to its limit, the container keeps reading back pages that the kernel has just evicted. It "
            "is slow but is not killed. *ContainerMemoryNearLimit* stays silent if page cache is what thrashes, as in "
            "a database whose working set does not fit.",
            first_look=(
                "Dashboard *Service*, panel *Memory of each replica*: is it at the limit?",
                "Is *HostMemoryStalled* firing too? Then the whole server is short of memory.",
                "`docker stats NAME`, column BLOCK I/O: is it reading all the time?",
            ),
            action=(
                "Raise the limit in Coolify and `memory` in the topology, if the server has headroom.",
                "A database: reduce its own buffers (`shared_buffers`, heap) to leave room for page cache.",
                "One query or job that reads everything: find it, and add an index or a limit.",
            ),
            false_alarms="Importing a large file into a small container fires it until the import ends.",
        ),
    )


def _cpu_throttled(topology: Topology) -> Alert:
    return threshold_alert(
        topology,
        "ContainerCpuThrottled",
        names.CONTAINER_CPU_THROTTLED,
        wait=15 * _MINUTE,
        threshold=0.25,
        source="kubernetes-mixin (CPUThrottlingHigh, cpuThrottlingPercent 25)",
        # A container that works hard for 10 ms of every 100 is throttled, yet healthy (kubernetes-mixin, issue 108).
        severity="info",
        summary="A container is throttled by its CPU quota.",
        description=f"Container {CONTAINER} was throttled in {{{{ $value | humanizePercentage }}}} of its CPU periods.",
        text=lambda value: f"Container web-1 of web on main was throttled in {percentage(value)} of its CPU periods.",
        labels=_WEB,
        dashboard="service",
        panel="CPU throttling",
        runbook=Runbook(
            meaning="The container used up its CPU quota and had to wait for the next period of 100 ms. This explains "
            "slow responses; on its own it is no reason to act.",
            first_look=("Dashboard *Service*: compare panel *CPU of each replica* with its request latency.",),
            action=("Raise or remove the CPU limit in Coolify, if the server has CPU to spare.",),
            false_alarms="Services that work in short bursts, which is why its severity is info.",
        ),
    )


def _measured(topology: Topology) -> tuple[Measured, ...]:
    fixtures = Fixtures(length=20 * _MINUTE, thresholds=topology.thresholds)
    begins = 20

    def grows(metric: str, per_second: float, name: str = "web-1", **labels: str) -> Series:
        """A counter that starts to grow at minute 10: at minute 14, four of the last five minutes show growth."""
        step = per_second * fixtures.interval
        values = f"0x{begins} {step}+{step}x{fixtures.count - begins - 1}"
        return fixtures.container(metric, values, name, **labels)

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
            title=f"{record} has the expected value for each container",
            expr=f"round({record}, 0.001)",
            at=begins * fixtures.interval + 4 * _MINUTE,
            samples=tuple(
                Sample(labels=labels, value=first if labels == of_container() else second) for labels in containers
            ),
            series=of_all,
            interval=fixtures.interval,
        )
        for record, first, second in (
            (names.CONTAINER_MEMORY_STALLED, 0.4, 0.2),
            (names.CONTAINER_CPU_THROTTLED, 0.25, 0.5),
        )
    )
