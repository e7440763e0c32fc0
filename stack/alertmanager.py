"""alertmanager.yml and its templates: who is told of an alert, what is left out, and how a message reads.

Loads in Alertmanager 0.25 and later, but for ways whose secret older ones cannot read from a file
(`receivers.needs`, told in the file's header and looked at by `boxwatch check`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from boxwatch.rules import inhibition, yaml
from boxwatch.rules.built import Built
from boxwatch.rules.model import ALWAYS_FIRING, Subject
from boxwatch.rules.relabelling import Config
from boxwatch.stack import receivers
from boxwatch.stack.message_templates import TEMPLATES
from boxwatch.topology.model import Topology
from boxwatch.topology.notifications import Day, Notifications, Quiet, Severity
from boxwatch.topology.notify_fields import DAY, NOBODY
from boxwatch.topology.units import format_duration

PATH: Final = "alertmanager/alertmanager.yml"
TEMPLATE: Final = "alertmanager/boxwatch.tmpl"
_HEADER: Final = """Alertmanager configuration of deployment {name}, made by boxwatch. Do not edit.
Needs Alertmanager {needs} or later."""
_UNTOLD: Final = """
Nobody is told of anything: write `notifications` into the topology (docs/topology.md)."""
_DAYS: Final[tuple[Day, ...]] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HEARTBEAT: Final = "|".join(sorted(ALWAYS_FIRING))


def files(built: Built) -> dict[str, bytes]:
    """Path → content of Alertmanager's configuration."""
    return {PATH: configuration(built.topology, built.subjects), TEMPLATE: TEMPLATES.encode()}


def configuration(topology: Topology, subjects: Iterable[Subject]) -> bytes:
    """alertmanager.yml of a deployment with these alerts."""
    said = topology.notifications
    subjects = tuple(subjects)
    beats = any(alert.alert in ALWAYS_FIRING for subject in subjects for alert in subject.alerts)
    document: Config = {"global": {"resolve_timeout": "5m"}, "templates": [TEMPLATE.rpartition("/")[2]]}
    if said is None:
        document |= {"route": {"receiver": NOBODY}, "receivers": [{"name": NOBODY}]}
    else:
        if said.quiet:
            document["time_intervals"] = [
                {"name": _quiet(index), "time_intervals": _intervals(quiet)} for index, quiet in enumerate(said.quiet)
            ]
        document |= {"route": _root(said, beats=beats), "receivers": receivers.receivers(said)}
    document["inhibit_rules"] = [one.config() for one in inhibition.inhibitions(topology, subjects)]
    needs = ".".join(map(str, receivers.needs(said)))
    header = _HEADER.format(name=topology.name, needs=needs) + (_UNTOLD if said is None else "")
    return yaml.dump(document, header)


def _root(said: Notifications, *, beats: bool) -> Config:
    """Alerts with a severity of their own making reach whoever gets the warnings: better that than nobody.

    The heartbeat has a route of its own, unless the topology takes it away.
    """
    return {
        "receiver": said.warning,
        "group_by": list(said.group_by),
        "group_wait": format_duration(said.group_wait),
        "group_interval": format_duration(said.group_interval),
        "repeat_interval": format_duration(said.repeat),
        "routes": [
            *([_watchdog(said)] if beats else []),
            _severity(said, "critical", said.critical),
            _severity(said, "warning", said.warning),
            _severity(said, "info", said.info),
        ],
    }


def _watchdog(said: Notifications) -> Config:
    matchers = [f'alertname="{_HEARTBEAT}"']
    if said.watchdog is None:
        return {"receiver": NOBODY, "matchers": matchers}
    # Alertmanager looks each `group_interval` whether the last message is older than `repeat_interval`. Were they the
    # same, it would be a little younger, and every second heartbeat left out.
    return {
        "receiver": receivers.heartbeat(said.watchdog),
        "matchers": matchers,
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": format_duration(said.heartbeat // 2),
        "repeat_interval": format_duration(said.heartbeat * 3 // 4),
    }


def _severity(said: Notifications, severity: Severity, receiver: str | None) -> Config:
    matchers = [f'severity="{severity}"']
    if receiver is None:
        return {"receiver": NOBODY, "matchers": matchers}
    # A route does not inherit the quiet times of the one above it.
    quiet = [_quiet(index) for index, one in enumerate(said.quiet) if severity in one.severities]
    muted: Config = {"mute_time_intervals": quiet} if quiet else {}
    differing: dict[str, list[str]] = {}
    for service, other in said.services.items():
        if other != receiver:
            differing.setdefault(other, []).append(service)
    routes = [{"receiver": other, "matchers": [_services(services)], **muted} for other, services in differing.items()]
    return {"receiver": receiver, "matchers": matchers, **muted, **({"routes": routes} if routes else {})}


def _services(names: list[str]) -> str:
    return f'service="{names[0]}"' if len(names) == 1 else f'service=~"{"|".join(names)}"'


def _quiet(index: int) -> str:
    return f"quiet-{index + 1}"


def _intervals(quiet: Quiet) -> list[Config]:
    """Alertmanager's times end before midnight: what goes on after it is a time of the next day."""
    days = [day for day in _DAYS if day in quiet.days]
    after = [day for day in _DAYS if _DAYS[_DAYS.index(day) - 1] in quiet.days]
    today = [(start, end if end > start else DAY) for start, end in quiet.times]
    tomorrow = [(0, end) for start, end in quiet.times if 0 < end < start]
    found = [_interval(quiet, today, days)]
    return [*found, _interval(quiet, tomorrow, after)] if tomorrow else found


def _interval(quiet: Quiet, times: list[tuple[int, int]], days: list[Day]) -> Config:
    found: Config = {}
    if times:
        found["times"] = [{"start_time": _clock(start), "end_time": _clock(end)} for start, end in times]
    if days:
        found["weekdays"] = list(days)
    return {**found, "location": quiet.timezone}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
