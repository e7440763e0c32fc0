"""Rules load in every version of Prometheus that they are for, and in vmalert: from 2.42 on unless the user says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from boxwatch.checks.finding import Finding
from boxwatch.checks.prometheus_versions import Version
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile

ID = "rule_portability"

# Tried with promtool 2.42, 2.53 and 3.5 and vmalert 1.145.
_GROUP_KEYS: Final[tuple[tuple[str, Version, str], ...]] = (
    ("labels", (3, 0), "Prometheus supports it from 3.0; put the labels on the rules"),
    ("query_offset", (2, 53), "Prometheus supports it from 2.53, vmalert not at all"),
)
# Numbers written as durations came with 2.54 (CHANGELOG.md of Prometheus).
_NUMBERS: Final[Version] = (2, 54)
_STRING: Final = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|#[^\n]*""")
_RANGE: Final = re.compile(r"\[[^\]]*\]|\boffset\s+-?\s*\w+", re.IGNORECASE)
_DURATION: Final = re.compile(r"(?<![\w.:])\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*(?![\w.:])", re.ASCII)


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """What some of the versions refuse, with the whole file."""
    oldest = known.prometheus.oldest
    for group in file.groups:
        for key, first, hint in _GROUP_KEYS:
            if key in group.keys and oldest < first:
                yield group.finding(ID, "error", f"the group has {key}", hint)
    for rule in file.rules if oldest < _NUMBERS else ():
        for written in _durations(rule.expr):
            message = f"Prometheus reads {written} as a number from 2.54 on"
            yield rule.finding(ID, "error", message, "write it in seconds", at="expr")


def _durations(expr: str) -> tuple[str, ...]:
    """Durations that stand for numbers: outside ranges, offsets, strings and comments."""
    plain = _RANGE.sub(" ", _STRING.sub(" ", expr))
    return tuple(dict.fromkeys(_DURATION.findall(plain)))
