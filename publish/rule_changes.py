"""Differences between two sets of rules, rule by rule, as short phrases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from boxwatch.publish.rule_set import MARK_GROUP, Group, Rule, RuleSet
from boxwatch.topology import units

Kind = Literal["added", "changed", "removed"]
_CONSTANT = re.compile(r"vector\(([0-9]{1,18})\)")
# A record's name contains its unit.
_UNITS: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("_bytes:", units.human_memory),
    ("_seconds:", units.format_duration),
)
# Longer values are not shown, only reported as changed.
_SHORT = 32


@dataclass(frozen=True, slots=True)
class Change:
    """One group or rule that is added, changed or removed.

    Attributes:
        kind: the kind of change.
        group: the group's name.
        rule: the rule's name, with labels if several rules share it; empty for the whole group.
        details: what changes, one phrase each: `for 10m → 15m`.
    """

    kind: Kind
    group: str
    rule: str = ""
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`memory-budget / ContainerMemoryNearBudget: for 10m → 15m, expression changed`."""
        where = f"{self.group} / {self.rule}" if self.rule else f"{self.group}"
        return f"{where}: {', '.join(self.details)}" if self.details else where

    def to_json(self) -> dict[str, object]:
        """The change as JSON."""
        return {"kind": self.kind, "group": self.group, "rule": self.rule, "details": list(self.details)}


def changes(old: RuleSet | None, new: RuleSet | None) -> Iterator[Change]:
    """All differences, in the order of the new set, then removals. The mark always differs and is left out."""
    before, after = _by_name(old), _by_name(new)
    for name, group in after.items():
        if name in before:
            yield from _group(before[name], group)
        else:
            yield Change("added", name, details=(_count(group),))
    for name, group in before.items():
        if name not in after:
            yield Change("removed", name, details=(_count(group),))


def _by_name(rules: RuleSet | None) -> dict[str, Group]:
    return {group.name: group for group in rules.groups if group.name != MARK_GROUP} if rules else {}


def _count(group: Group) -> str:
    number = len(group.rules)
    return "1 rule" if number == 1 else f"{number} rules"


def _group(old: Group, new: Group) -> Iterator[Change]:
    details = tuple(fields(old.fields, new.fields))
    if details:
        yield Change("changed", new.name, details=details)
    pairs = list(_pairs(old.rules, new.rules))
    several = {rule.name for rule in (*old.rules, *new.rules) if _names(old, new).count(rule.name) > 1}
    for before, after in pairs:
        rule = after or before
        if rule is None:  # pragma: no cover - a pair has at least one
            continue
        title = f"{rule.name}{_labels(rule)}" if rule.name in several else rule.name
        if before is None:
            yield Change("added", new.name, title)
        elif after is None:
            yield Change("removed", new.name, title)
        elif details := tuple(fields(before.fields, after.fields, record=after.name)):
            yield Change("changed", new.name, title, details)
    kept = [(before, after) for before, after in pairs if before and after]
    # A group's rules are evaluated in order, so their order matters.
    if [before for before, _ in kept] != [rule for rule in old.rules if any(rule is before for before, _ in kept)]:
        yield Change("changed", new.name, details=("order of its rules changed",))


def _names(old: Group, new: Group) -> list[str]:
    longest = max((old, new), key=lambda group: len(group.rules))
    return [rule.name for rule in longest.rules]


def _pairs(old: tuple[Rule, ...], new: tuple[Rule, ...]) -> Iterator[tuple[Rule | None, Rule | None]]:
    """Each rule with its predecessor, matched by name and labels, otherwise by name in order; then removed rules."""
    left = list(old)
    partner: dict[int, Rule] = {}
    for same in (_same_labels, _same_name):
        for index, rule in enumerate(new):
            found = next((before for before in left if index not in partner and same(before, rule)), None)
            if found is not None:
                left = [before for before in left if before is not found]
                partner[index] = found
    yield from ((partner.get(index), rule) for index, rule in enumerate(new))
    yield from ((rule, None) for rule in left)


def _same_name(one: Rule, other: Rule) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)


def _same_labels(one: Rule, other: Rule) -> bool:
    return _same_name(one, other) and one.fields.get("labels") == other.fields.get("labels")


def _labels(rule: Rule) -> str:
    labels = rule.fields.get("labels")
    text = ", ".join(f'{key}="{value}"' for key, value in labels.items()) if isinstance(labels, dict) else ""
    return f"{{{text}}}"


def fields(old: Mapping[str, object], new: Mapping[str, object], path: str = "", *, record: str = "") -> Iterator[str]:
    """Differences between two maps, one phrase each: `for 10m → 15m`."""
    for key in {**old, **new}:
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, dict | None) and isinstance(after, dict | None):
            yield from fields(before or {}, after or {}, "label " if key == "labels" else "")
        elif key == "expr" and (said := _constant(record, str(before), str(after))):
            yield said
        else:
            yield _words(path + {"expr": "expression"}.get(key, key), before, after)


def _constant(record: str, old: str, new: str) -> str:
    """A changed constant of the plan in the unit people plan in: `4 GB → 5 GB`; empty for any other expression."""
    before, after = _CONSTANT.fullmatch(old), _CONSTANT.fullmatch(new)
    unit = next((unit for part, unit in _UNITS if part in record), None)
    if unit is None or before is None or after is None:
        return ""
    words = unit(int(before[1])), unit(int(after[1]))
    # Two values that round to the same text are shown in bytes.
    return f"{words[0]} → {words[1]}" if words[0] != words[1] else ""


def _words(name: str, old: object, new: object) -> str:
    if old is None:
        return f"{name} added"
    if new is None:
        return f"{name} removed"
    if max(len(str(old)), len(str(new))) > _SHORT or "\n" in f"{old}{new}":
        return f"{name} changed"
    return f"{name} {old} → {new}"
