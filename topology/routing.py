"""Which receivers an alert reaches: the rules of `notifications`, in the order in which they decide.

`routes` decide first, then `services`, then the receivers by severity. Alertmanager's routes are made of these rules
(boxwatch.stack.routes), and a rule that no alert can reach is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from boxwatch.topology.notifications import Notifications, Severity

SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning", "info")
SERVICE: Final = "service"

# Labels with the values of which an alert has one.
Conditions = tuple[tuple[str, tuple[str, ...]], ...]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Receivers of the alerts of a severity that have certain labels.

    Attributes:
        conditions: label → the values of which the alert has one; never empty.
        to: the receivers, all of which are notified.
        path: the rule's place below `notifications`.
    """

    conditions: Conditions
    to: tuple[str, ...]
    path: Path


def general(said: Notifications, severity: Severity) -> tuple[str, ...]:
    """The receivers of a severity's alerts for which no rule decides; empty if nobody is notified of them."""
    by_severity: dict[Severity, tuple[str, ...]] = {
        "critical": said.critical,
        "warning": said.warning,
        "info": said.info or (),
    }
    return by_severity[severity]


def rules(said: Notifications, severity: Severity) -> tuple[Rule, ...]:
    """The rules for a severity in the order in which they decide, without those that no alert can reach."""
    found: list[Rule] = []
    for rule in _written(said, severity):
        if not any(_covers(earlier, rule) for earlier in found):
            found.append(rule)
    return tuple(found)


def unreachable(said: Notifications) -> Iterator[tuple[Path, Path]]:
    """The rules that no alert of any severity can reach, each with an earlier one that takes its alerts."""
    reached = {rule.path for severity in SEVERITIES for rule in rules(said, severity)}
    told: set[Path] = set()
    for severity in SEVERITIES:
        written = tuple(_written(said, severity))
        for index, rule in enumerate(written):
            if rule.path not in reached | told:
                told.add(rule.path)
                yield rule.path, next(earlier.path for earlier in written[:index] if _covers(earlier, rule))


def _written(said: Notifications, severity: Severity) -> Iterator[Rule]:
    everybody = general(said, severity)
    for index, route in enumerate(said.routes):
        # Infos of which nobody is notified in general are an exception that a route has to name.
        of = ((SERVICE, route.services),) if route.services else ()
        conditions = (*of, *sorted(route.labels.items()))
        # One without conditions is refused by itself.
        if conditions and severity in (route.severities or (SEVERITIES if said.info else SEVERITIES[:2])):
            yield Rule(conditions, route.to, ("routes", index))
    for service, own in said.services.items():
        by_severity: dict[Severity, tuple[str, ...] | None] = {
            "critical": own.critical,
            "warning": own.warning,
            "info": own.info if everybody or not own.same else None,
        }
        to = by_severity[severity]
        if to is not None and to != everybody:
            yield Rule(((SERVICE, (service,)),), to, ("services", service))


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Whether every alert that meets the narrow rule's conditions meets the wide one's."""
    given = dict(narrow.conditions)
    return all(label in given and set(given[label]) <= set(values) for label, values in wide.conditions)
