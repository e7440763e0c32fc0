"""Server memory: low, stalled, thrashing.

These alerts use the kernel's own numbers, which hold whatever uses the memory: containers, builds or other processes.
Other subjects compare memory with the plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Severity, Subject
from boxwatch.rules.patterns.threshold import threshold_alert
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology

ID = "host_memory"

_MINUTE = 60

_WHO_TAKES_IT = (
    "`ps aux --sort=-rss | head` on the server: which processes use the most?",
    "Dashboard *Host*, panel *Memory in use*: is it used by containers or outside them?",
    "Dashboard *Capacity*: which service is over its plan, and what runs outside the plan?",
)
_MAKE_ROOM = (
    "Stop whatever can wait: a build (`docker ps | grep coolify-helper`), an import, a preview.",
    "Restart the leaking service at a moment of your choosing; otherwise the kernel kills the largest process.",
    "Nothing is over its plan: the plan is too large for the server. Move a service, or add memory.",
)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of a server with a warning and a critical alert.

    Attributes:
        record: the recorded series.
        says: the description, with placeholders for the server and the value.
        first_look: first checks in both runbooks.
        false_alarms: false alarms in both runbooks.
        panel: panel that shows it.
        below: fires below the threshold rather than above it.
    """

    record: str
    says: str
    first_look: tuple[str, ...]
    false_alarms: str
    panel: str
    below: bool = False


_AVAILABLE = _Number(
    record=names.SERVER_MEMORY_AVAILABLE,
    says="Server {} has only {} of its memory available.",
    first_look=_WHO_TAKES_IT,
    false_alarms="None known: MemAvailable is the kernel's own estimate of the memory it can provide without swapping.",
    panel="Memory in use",
    below=True,
)
_STALLED = _Number(
    record=names.SERVER_MEMORY_STALLED,
    says="All processes on {} were waiting for memory {} of the time.",
    first_look=(
        "`cat /proc/pressure/memory` on the server: is `total` in the line `full` growing now?",
        "Is *ContainerMemoryStalled* firing? Then a container's limit is too tight, not the server's memory.",
        *_WHO_TAKES_IT,
    ),
    false_alarms="None known. It never fires on a kernel without pressure stall information (`psi=0`, or built without "
    "CONFIG_PSI).",
    panel="Memory pressure",
)


def subject(topology: Topology) -> Subject:
    """Alerts on a server that is running out of memory."""
    return Subject(
        id=ID,
        title="Memory of the server",
        groups=(
            Group(
                name="host-memory",
                rules=(
                    _pair(
                        topology,
                        _AVAILABLE,
                        "HostMemoryCritical",
                        "critical",
                        wait=3 * _MINUTE,
                        threshold=0.05,
                        source="1.6 GB of 32: roughly what another replica or a large query takes at once",
                        summary="A server has almost no memory left.",
                        meaning="At the next burst, the kernel starts to kill the largest process, usually a database. "
                        "Page cache already counts as available, so nothing is left to reclaim.",
                    ),
                    _pair(
                        topology,
                        _AVAILABLE,
                        "HostMemoryLow",
                        "warning",
                        wait=10 * _MINUTE,
                        threshold=0.1,
                        source="node_exporter's mixin warns at 90 % in use (memoryHighUtilizationThreshold)",
                        summary="A server has little memory left.",
                        meaning="The headroom for traffic spikes and builds is gone. Page cache already counts as "
                        "available.",
                    ),
                    _pair(
                        topology,
                        _STALLED,
                        "HostMemoryThrashing",
                        "critical",
                        wait=5 * _MINUTE,
                        threshold=0.4,
                        source="systemd-oomd starts killing at 60 % (DefaultMemoryPressureLimit); before that, users "
                        "wait twice as long for everything",
                        summary="A server is thrashing: all its processes spend much of their time waiting for memory.",
                        meaning="Nearly half of the time, no process on the server makes progress, because all of them "
                        "wait for memory: the kernel evicts pages that are needed a moment later. Every response takes "
                        "seconds, and so may a login.",
                    ),
                    _pair(
                        topology,
                        _STALLED,
                        "HostMemoryStalled",
                        "warning",
                        wait=10 * _MINUTE,
                        threshold=0.1,
                        source="a healthy server shows less than 0.01; at 0.1, everyone loses a tenth of the time",
                        summary="A server loses time waiting for memory.",
                        meaning="More than a tenth of the time, no process on the server makes progress, because all "
                        "of them wait for memory. This begins before memory is full: page cache is evicted and read "
                        "back.",
                    ),
                    _swapping(topology),
                ),
            ),
        ),
        reads=("host",),
    )


def _pair(  # noqa: PLR0913 - what differs between two alerts on one number
    topology: Topology,
    of: _Number,
    name: str,
    severity: Severity,
    *,
    wait: int,
    threshold: float,
    source: str,
    summary: str,
    meaning: str,
) -> Alert:
    """The warning or the critical alert on a number."""
    return threshold_alert(
        topology,
        name,
        of.record,
        below=of.below,
        wait=wait,
        threshold=threshold,
        source=source,
        severity=severity,
        summary=summary,
        description=of.says.format("{{ $labels.server }}", "{{ $value | humanizePercentage }}"),
        text=lambda value: of.says.format("main", percentage(value)),
        runbook=Runbook(meaning=meaning, first_look=of.first_look, action=_MAKE_ROOM, false_alarms=of.false_alarms),
        panel=of.panel,
    )


def _swapping(topology: Topology) -> Alert:
    return threshold_alert(
        topology,
        "HostSwapThrashing",
        names.SERVER_SWAPPED,
        wait=15 * _MINUTE,
        threshold=500,
        source="2 MB per second in each direction, in pages of 4 KiB",
        severity="warning",
        summary="A server keeps moving memory to swap and back.",
        description='Server {{ $labels.server }} moves {{ $value | printf "%.4g" }} pages per second to swap and back.',
        text=lambda value: f"Server main moves {value:.4g} pages per second to swap and back.",
        runbook=Runbook(
            meaning="The working set does not fit into memory: pages go to swap and are needed again at once. This "
            "alert covers kernels that do not report stalls (`psi=0`); on others *HostMemoryStalled* fires too.",
            first_look=("`vmstat 5` on the server: columns si and so.", *_WHO_TAKES_IT),
            action=_MAKE_ROOM,
            false_alarms="None known: traffic in only one direction, by which the kernel parks unused pages, does not "
            "count, and a server without swap has none.",
        ),
        panel="Swap traffic",
    )
