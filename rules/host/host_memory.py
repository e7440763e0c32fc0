"""Memory of the server itself: little left, stalls, thrashing.

The kernel's own numbers, so that they hold whatever uses the memory: containers, builds, or what runs beside both.
What is planned and what is used against it has subjects of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Severity, Subject
from boxwatch.rules.patterns.threshold import beyond
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology

ID = "host_memory"

_MINUTE = 60

_WHO_TAKES_IT = (
    "Dashboard *Host*, panel *Memory in use*: containers, or what is beside them?",
    "Dashboard *Capacity*: which service is over its plan, what runs outside it?",
)
_MAKE_ROOM = (
    "Stop what can wait: a build (`docker ps | grep coolify-helper`), an import, a preview.",
    "Restart the service that leaks, in a moment that you choose; the kernel chooses the largest process instead.",
    "Nothing is over its plan: the plan is too large for the server. Move a service, or get more memory.",
)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of a server that a warning and a critical alert are about.

    Attributes:
        record: the recorded series.
        says: the description, with places for the server and the value.
        first_look: of both runbooks.
        false_alarms: of both runbooks.
        panel: that shows it.
        below: it is bad below a threshold.
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
    false_alarms="None known: MemAvailable is the kernel's own estimate of what it can give without swapping.",
    panel="Memory in use",
    below=True,
)
_STALLED = _Number(
    record=names.SERVER_MEMORY_STALLED,
    says="On {} every process waited for memory in {} of the time.",
    first_look=(
        "`cat /proc/pressure/memory` on the server: the line `full`, and whether it grows now.",
        "Is *ContainerMemoryStalled* firing? Then one container's limit is too tight, and not the server.",
        *_WHO_TAKES_IT,
    ),
    false_alarms="None known. A kernel without pressure stall information (`psi=0`, or none of CONFIG_PSI) never "
    "fires it.",
    panel="Memory pressure",
)


def subject(topology: Topology) -> Subject:
    """Alerts on a server whose memory runs out."""
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
                        source="1.6 GB of 32: about what one replica more, or one large query, takes at once",
                        summary="A server has almost no memory left.",
                        meaning="With the next burst the kernel starts to kill the largest process, which is usually a "
                        "database. Page cache is counted as available, so nothing is left to take back.",
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
                        meaning="The headroom for traffic spikes and builds is gone. Page cache is counted as "
                        "available.",
                    ),
                    _pair(
                        topology,
                        _STALLED,
                        "HostMemoryThrashing",
                        "critical",
                        wait=5 * _MINUTE,
                        threshold=0.4,
                        source="systemd-oomd starts to kill at 60 % (DefaultMemoryPressureLimit); before that users "
                        "wait twice as long for everything",
                        summary="A server does little but wait for memory.",
                        meaning="For nearly half of the time no process of the server gets on, because all of them "
                        "wait for memory: the kernel evicts what is needed a moment later. Every answer takes "
                        "seconds, and a login may too.",
                    ),
                    _pair(
                        topology,
                        _STALLED,
                        "HostMemoryStalled",
                        "warning",
                        wait=10 * _MINUTE,
                        threshold=0.1,
                        source="a healthy server shows less than 0.01: a tenth of the time is lost by everyone",
                        summary="A server loses time waiting for memory.",
                        meaning="For a tenth of the time no process of the server gets on, because all of them wait "
                        "for memory. It shows before memory is full: page cache that is needed is evicted and read "
                        "again.",
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
    """One of the two alerts on a number."""
    return beyond(
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
    return beyond(
        topology,
        "HostSwapThrashing",
        names.SERVER_SWAPPED,
        wait=15 * _MINUTE,
        threshold=500,
        source="2 MB a second in each direction, as pages of 4 KiB",
        severity="warning",
        summary="A server moves memory to swap and back all the time.",
        description='Server {{ $labels.server }} moves {{ $value | printf "%.4g" }} pages a second to swap and back.',
        text=lambda value: f"Server main moves {value:.4g} pages a second to swap and back.",
        runbook=Runbook(
            meaning="What is needed does not fit into memory: pages go to swap and are wanted again at once. This is "
            "for kernels that do not tell how long processes wait (`psi=0`); others fire *HostMemoryStalled* too.",
            first_look=("`vmstat 5` on the server, columns si and so.", *_WHO_TAKES_IT),
            action=_MAKE_ROOM,
            false_alarms="None known: traffic in one direction alone, which is how the kernel parks what nobody uses, "
            "does not count, and a server without swap has none.",
        ),
        panel="Swap traffic",
    )
