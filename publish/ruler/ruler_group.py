"""A rule group as stored by a ruler, and its digest.

A ruler parses groups and prints them again: durations spelt differently, empty maps dropped, maps reordered. Equivalent
groups have the same digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from boxwatch.publish.rule_set import MARK, MARK_GROUP

Group = Mapping[str, object]
# Enough to distinguish groups, and few enough that 140 digests fit into a label value of 2,048 characters: Mimir's
# default limit for label values, and twice its default limit of groups per tenant.
_DIGITS = 10
# The mark's digest while groups are being written one by one.
UNDER_WAY = "under way"
_GROUPS = "groups"
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
_DURATION = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")
_PART = re.compile(r"([0-9]+)(ms|[smhdwy])")
_DURATIONS = frozenset({"for", "keep_firing_for", "interval", "query_offset"})


def canonical(group: Group) -> dict[str, object]:
    """The canonical form of a group: durations in milliseconds, empty and zero fields dropped, label values as text."""
    rules = group.get("rules")
    made = _fields({key: value for key, value in group.items() if key != "rules"})
    found = [_fields(rule) for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    return {**made, "rules": found}


def _fields(fields: Mapping[str, object]) -> dict[str, object]:
    made: dict[str, object] = {}
    for key, value in fields.items():
        if key in _DURATIONS:
            meant: object = _milliseconds(value)
        elif isinstance(value, dict):
            meant = {name: str(text) for name, text in value.items()}
        else:
            meant = str(value)
        if meant not in (0, "", "0", {}):
            made[key] = meant
    return made


def _milliseconds(value: object) -> object:
    text = str(value)
    if not _DURATION.fullmatch(text):
        return 0 if text in ("0", "None") else text
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def digest(group: Group) -> str:
    """The digest of the canonical form; equal for equivalent groups."""
    text = json.dumps(canonical(group), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def mark(value: str, known: Iterable[str]) -> dict[str, object]:
    """Our mark as a group: the digest of the set, and the digests of all groups we may have written."""
    labels = {"digest": value, _GROUPS: ",".join(sorted(set(known)))}
    return {"name": MARK_GROUP, "rules": [{"record": MARK, "expr": "vector(1)", "labels": labels}]}


def known(group: Group | None) -> frozenset[str]:
    """The digests held by a mark; none if it is not a mark."""
    return frozenset(_label(group, _GROUPS).split(",")) - {""}


def value(group: Group | None) -> str:
    """The set named by a mark; empty if it is not a mark."""
    return _label(group, "digest")


def _label(group: Group | None, name: str) -> str:
    rules = group.get("rules") if group else None
    for rule in rules if isinstance(rules, list) else ():
        labels = rule.get("labels") if isinstance(rule, dict) and rule.get("record") == MARK else None
        if isinstance(labels, dict):
            return str(labels.get(name, ""))
    return ""
