"""Routes of alertmanager.yml: which alert reaches which receivers.

Below the root there is a route for each severity, and below that one for each rule of the topology that applies to it,
in the topology's order: `routes`, then `services`. So quiet times, which belong to severities, are stated with each.
Alerts of unknown severity are warnings.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Final

from boxwatch.rules import names
from boxwatch.rules.model import ALWAYS_FIRING
from boxwatch.rules.relabelling import Config
from boxwatch.stack import receivers
from boxwatch.topology import routing
from boxwatch.topology.notifications import Notifications, Severity
from boxwatch.topology.notify_fields import NOBODY
from boxwatch.topology.units import format_duration

_HEARTBEAT: Final = "|".join(sorted(ALWAYS_FIRING))


def root(said: Notifications, *, beats: bool) -> Config:
    """The root route. The heartbeat has a route of its own unless the topology disables it."""
    watchdog = [_watchdog(said)] if beats else []
    # Alerts of unknown severity are treated as warnings rather than lost. Quiet times name severities, so none applies.
    unknown = [*_conditional(said, "warning", {}), *_each(said.warning, {})]
    return {
        "receiver": said.warning[0],
        "group_by": list(said.group_by),
        "group_wait": format_duration(said.group_wait),
        "group_interval": format_duration(said.group_interval),
        "repeat_interval": format_duration(said.repeat),
        "routes": [
            *_tests(said),
            *watchdog,
            *(_severity(said, severity) for severity in routing.SEVERITIES),
            *unknown,
        ],
    }


def quiet(index: int) -> str:
    """The name of a quiet time."""
    return f"quiet-{index + 1}"


def _tests(said: Notifications) -> Iterator[Config]:
    """A route for each receiver's test alerts, each of which is a group of its own and sent at once."""
    for name in receivers.used(said):
        yield {
            "receiver": name,
            "matchers": [f'{names.TEST_RECEIVER}="{name}"'],
            "group_by": ["..."],
            "group_wait": "0s",
            "group_interval": "5s",
            "repeat_interval": "1d",
        }


def _watchdog(said: Notifications) -> Config:
    matchers = [f'alertname="{_HEARTBEAT}"']
    if said.watchdog is None:
        return {"receiver": NOBODY, "matchers": matchers}
    # Every `group_interval` Alertmanager checks whether the last message is older than `repeat_interval`. If the two
    # were equal, it would be slightly younger, and every second heartbeat would be skipped.
    return {
        "receiver": receivers.heartbeat(said.watchdog),
        "matchers": matchers,
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": format_duration(said.heartbeat // 2),
        "repeat_interval": format_duration(said.heartbeat * 3 // 4),
    }


def _severity(said: Notifications, severity: Severity) -> Config:
    # Routes do not inherit mute_time_intervals from their parent.
    muted = [quiet(index) for index, one in enumerate(said.quiet) if severity in one.severities]
    found = _decided(said, severity, {"mute_time_intervals": muted} if muted else {})
    return {"receiver": found.pop("receiver"), "matchers": [f'severity="{severity}"'], **found}


def _decided(said: Notifications, severity: Severity, also: Config) -> Config:
    """The body of a route whose alerts are decided on by the rules of a severity."""
    general = routing.general(said, severity)
    below = [*_conditional(said, severity, also), *_each(general, also)]
    found: Config = {"receiver": general[0] if general else NOBODY}
    if len(general) == 1:
        found |= also
    return found | ({"routes": below} if below else {})


def _conditional(said: Notifications, severity: Severity, also: Config) -> Iterator[Config]:
    """The routes with conditions. Neighbours that differ only in the service are one route."""
    for (conditions, to), together in itertools.groupby(
        routing.rules(said, severity), lambda rule: (_other_than_service(rule), rule.to)
    ):
        alike = tuple(together)
        if conditions or len(alike) == 1:
            yield from (_to(rule.conditions, rule.to, also) for rule in alike)
        else:
            services = (service for rule in alike for _, named in rule.conditions for service in named)
            yield _to(((routing.SERVICE, tuple(dict.fromkeys(services))),), to, also)


def _other_than_service(rule: routing.Rule) -> routing.Conditions:
    return tuple(one for one in rule.conditions if one[0] != routing.SERVICE)


def _to(conditions: routing.Conditions, to: tuple[str, ...], also: Config) -> Config:
    """A route to receivers: with a route for each of them below it if there are several."""
    found: Config = {"receiver": to[0], "matchers": [_matcher(*one) for one in conditions]}
    each = _each(to, also)
    return {**found, "routes": each} if each else found | also


def _each(to: tuple[str, ...], also: Config) -> list[Config]:
    """A route for each of several receivers; empty for one, which the route above names."""
    # Alertmanager stops at the first route that matches, unless it is told to continue.
    return [{"receiver": name, **({"continue": True} if name != to[-1] else {}), **also} for name in to if len(to) > 1]


def _matcher(label: str, values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return f"{label}={_quoted(values[0])}"
    return f"{label}=~{_quoted('|'.join(map(_escaped, values)))}"


def _escaped(value: str) -> str:
    """A value that a regular expression takes as it is; re.escape would escape more than RE2 accepts."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", lambda match: f"\\{match[0]}", value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
