"""Field converters for the tuning of single alerts, in the manner of `boxwatch.topology.fields`."""

from __future__ import annotations

import re
from typing import Final

from boxwatch.topology import fields, units
from boxwatch.topology.wording import Unfit, kind_of, shown

LARGEST_THRESHOLD: Final = 10**18
LONGEST_WAIT: Final = 7 * 86400
# These labels identify an alert, or what it is about. A label of one's own with such a name would overwrite them, and
# make one alert of two. A test compares them with the labels of all alerts.
OWN_LABELS: Final = frozenset(
    {
        "account", "alertmanager", "alertname", "backup", "collector", "component", "coolify_server", "datasource",
        "database", "datname", "deployment", "device", "environment", "field", "instance", "integration", "job",
        "mount", "name", "port", "project", "queue", "reason", "resource", "router", "rule_group", "sans", "server",
        "service", "severity", "slot_name", "source", "state", "task", "type", "uuid", "vhost",
    }
)  # fmt: skip
# Labels of test alerts (`boxwatch notify test`).
_RESERVED: Final = "boxwatch_"
# Labels for which a route has keys of their own.
_OWN_KEYS: Final = {"service": "services", "severity": "severities"}
# No text that Prometheus would expand as a template.
_TEXT = re.compile(r"(?!.*\{\{).{1,200}")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,100}", re.ASCII)


@fields.suggesting
def threshold(value: object) -> float:
    """The number an alert compares with: a bare number, a percentage as a share of 1, or a duration in seconds."""
    if isinstance(value, str):
        return units.parse_ratio(value) if value.strip().endswith("%") else _seconds(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit(f"is {kind_of(value)}, not a number", "write a number, 85% or 14d")
    if not 0 < value < LARGEST_THRESHOLD:
        raise Unfit("is not between 0 and 10^18", "write a number, 85% or 14d")
    return float(value)


def _seconds(text: str) -> float:
    try:
        return float(fields.duration(text))
    except Unfit as error:
        if error.message != "is not a duration":
            raise
    plain = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*", text, re.ASCII)
    if plain is not None:
        raise Unfit("is text", f"write {plain[1]} without quotes")
    try:
        size = units.parse_disk(text)
    except Unfit:
        raise Unfit("is not a number, a share or a time", "write a number, 85% or 14d") from None
    hint = f"write {size}, its bytes" if 0 < size < LARGEST_THRESHOLD else "write a number, 85% or 14d"
    raise Unfit("is a size, and a threshold is a number", hint)


@fields.suggesting
def wait(value: object) -> int:
    """Seconds an alert waits before it fires; `0s` means no wait."""
    if isinstance(value, str) and value.strip() == "0s":
        return 0
    seconds = fields.duration(value)
    if seconds > LONGEST_WAIT:
        raise Unfit("is longer than 7d, and nobody is notified before", "write at most 7d")
    return seconds


def labels(value: object) -> object:
    """Extra labels for an alert: none that Prometheus or boxwatch sets, and no template syntax."""
    if not isinstance(value, dict):
        raise Unfit(f"is {kind_of(value)}, not a mapping", "write `team: databases` below it, indented")
    for key, text in value.items():
        if not isinstance(key, str) or not _LABEL.fullmatch(key) or key.startswith("__"):
            raise Unfit(f"contains {shown(key)}, which is not a label name", "use letters, digits and underscores")
        if key in OWN_LABELS or key.startswith(_RESERVED):
            raise Unfit(f"sets {key}, which identifies the alert", "use another label")
        if not _is_plain(text):
            raise Unfit(f"has a value for {key} that is not plain text of at most 200 characters", "put it in quotes")
    return dict(value)


def choices(value: object) -> object:
    """Label → the values that a route accepts: one, or a list of them."""
    if not isinstance(value, dict):
        raise Unfit(f"is {kind_of(value)}, not a mapping", "write `team: shop` below it, indented")
    found: dict[str, tuple[str, ...]] = {}
    for key, given in value.items():
        if not isinstance(key, str) or not _LABEL.fullmatch(key) or key.startswith(("__", _RESERVED)):
            raise Unfit(f"contains {shown(key)}, which is not a label name", "use letters, digits and underscores")
        if key in _OWN_KEYS:
            raise Unfit(f"contains {key}", f"write `{_OWN_KEYS[key]}` next to `labels`")
        texts = tuple(given) if isinstance(given, (list, tuple)) else (given,)
        if not texts or not all(map(_is_plain, texts)):
            raise Unfit(f"has a value for {key} that is not plain text of at most 200 characters", "put it in quotes")
        found[key] = tuple(dict.fromkeys(texts))
    return found


def _is_plain(text: object) -> bool:
    return isinstance(text, str) and _TEXT.fullmatch(text) is not None and text.isprintable()
