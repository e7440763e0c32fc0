"""Interpolation of variables in queries, as Grafana's Prometheus data source does it.

A value of a variable that allows several, or All, is escaped for use in a regular expression, and several values become
`(a|b)`; a single value is escaped for a string. A format in the reference, as in `${name:csv}`, overrides both.
https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

_REFERENCE = re.compile(
    r"\$(?P<bare>\w+)"
    r"|\$\{(?P<braced>\w+)(?:\.[^:}]*)?(?::(?P<format>[^}]*))?\}"
    r"|\[\[(?P<old>\w+)(?:\.[^:\]]*)?(?::(?P<old_format>[^\]]*))?\]\]"
)
_SPECIAL = re.compile(r"[$^*{}\[\]'+?.()|]")
# Grafana's steps: the first limit that an interval is below, and what it is rounded to, in milliseconds.
_ROUNDED = (
    (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1500, 1000), (3500, 2000),
    (7500, 5000), (12500, 10000), (17500, 15000), (25000, 20000), (45000, 30000), (90000, 60000), (210000, 120000),
    (450000, 300000), (750000, 600000), (1050000, 900000), (1500000, 1200000), (2700000, 1800000), (5400000, 3600000),
    (9000000, 7200000), (16200000, 10800000), (32400000, 21600000), (64800000, 43200000), (129600000, 86400000),
)  # fmt: skip
_LONGEST = 604_800_000


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected values of a variable.

    Attributes:
        values: the values; of All, every value.
        several: whether the variable allows several values or All, so that it stands in regular expressions.
        raw: what All stands for, which is not escaped; empty if it stands for every value.
    """

    values: tuple[str, ...]
    several: bool = False
    raw: str = ""

    def only(self, value: str) -> Selection:
        """The selection inside a repetition over this variable."""
        return Selection((value,), self.several)


def fill(text: str, selections: Mapping[str, Selection], builtin: Mapping[str, str]) -> str:
    """The text with its variables replaced; those that are unknown stay, as in Grafana."""

    def value(match: re.Match[str]) -> str:
        name = match["bare"] or match["braced"] or match["old"]
        if name in builtin:
            return builtin[name]
        if name not in selections:
            return match[0]
        return _formatted(selections[name], match["format"] or match["old_format"] or "")

    return _REFERENCE.sub(value, text)


def references(text: str) -> tuple[str, ...]:
    """The names of the variables in a text."""
    return tuple(match["bare"] or match["braced"] or match["old"] for match in _REFERENCE.finditer(text))


def _formatted(selection: Selection, style: str) -> str:  # noqa: C901, PLR0911 - one for each of Grafana's formats
    values = selection.values
    if selection.raw and style in ("", "raw", "regex", "pipe", "text", "glob"):
        return selection.raw
    match style.partition(":")[0]:
        case "":
            if not selection.several:
                return _of_string(values[0]) if values else ""
            escaped = [_of_pattern(value) for value in values]
            return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})" if escaped else ""
        case "pipe":
            return "|".join(values)
        case "regex":
            escaped = [re.sub(r"[\\^$*+?.()|[\]{}/]", r"\\\g<0>", value) for value in values]
            return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})" if escaped else ""
        case "csv" | "raw":
            return ",".join(values)
        case "doublequote":
            return ",".join(f'"{value}"' for value in values)
        case "singlequote":
            return ",".join(f"'{value}'" for value in values)
        case "text":
            return " + ".join(values)
        case "percentencode":
            return quote(",".join(values), safe="")
        case _:
            return values[0] if len(values) == 1 else f"{{{','.join(values)}}}" if values else ""


def _of_string(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\\\'")


def _of_pattern(value: str) -> str:
    return _SPECIAL.sub(r"\\\\\g<0>", value.replace("\\", "\\\\\\\\"))


def step(seconds: float, points: int, least: float) -> float:
    """`$__interval` in seconds: the range over the number of points, rounded as Grafana does, and not below `least`."""
    wanted = seconds * 1000 / max(points, 1)
    rounded = next((value for limit, value in _ROUNDED if wanted < limit), _LONGEST)
    return max(rounded / 1000, least)


def builtin(since: float, until: float, interval: float, scrape: float) -> dict[str, str]:
    """Grafana's own variables for a time range, a step, and the scrape interval that the data source assumes."""
    rate = max(interval + scrape, 4 * scrape)
    whole = round(until - since)
    return {
        "__interval": _duration(interval),
        "__interval_ms": str(round(interval * 1000)),
        "__rate_interval": _duration(rate),
        "__rate_interval_ms": str(round(rate * 1000)),
        "__range": f"{whole}s",
        "__range_s": str(whole),
        "__range_ms": str(whole * 1000),
        "__from": str(round(since * 1000)),
        "__to": str(round(until * 1000)),
        "__auto": _duration(interval),
    }


def _duration(seconds: float) -> str:
    return f"{round(seconds)}s" if seconds == round(seconds) else f"{round(seconds * 1000)}ms"
