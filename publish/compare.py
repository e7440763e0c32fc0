"""Comparison of a configuration as written with the one a server shows, which adds defaults and resolves paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

import yaml

# Keys that identify an item of a list.
_NAMES = ("job_name", "name")
# Shown instead of a secret.
_HIDDEN = "<secret>"
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
_DURATION = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")
_PART = re.compile(r"([0-9]+)(ms|[smhdwy])")


def missing(written: object, shown: object, path: str = "") -> Iterator[str]:
    """Paths of what is written and not shown, such as `scrape_configs.node.static_configs`."""
    if isinstance(written, Mapping):
        found = shown if isinstance(shown, Mapping) else {}
        for key, value in written.items():
            yield from missing(value, found.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(written, list) and (name := _name(written)):
        others = shown if isinstance(shown, list) else []
        known = {item.get(name): item for item in others if isinstance(item, Mapping)}
        for item in written:
            yield from missing(item, known.get(item[name]), f"{path}.{item[name]}")
    elif isinstance(written, list):
        if not (isinstance(shown, list) and len(shown) == len(written)) or any(
            any(missing(one, other)) for one, other in zip(written, shown, strict=False)
        ):
            yield path
    elif not _is_same(written, shown):
        yield path or "value"


def parsed(text: str | bytes) -> Mapping[str, object]:
    """A configuration as a map; an unreadable one is empty."""
    try:
        found = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def milliseconds(value: object) -> int | None:
    """A duration; None for another value."""
    text = str(value)
    if text == "0":
        return 0
    return sum(int(n) * _UNITS[unit] for n, unit in _PART.findall(text)) if _DURATION.fullmatch(text) else None


def _name(items: list[object]) -> str:
    """The key that names the items, if all have it."""
    return next((key for key in _NAMES if items and all(isinstance(i, Mapping) and key in i for i in items)), "")


def _is_same(written: object, shown: object) -> bool:
    one, other = str(written), str(shown)
    if other in {one, _HIDDEN} or (written in (None, "") and shown in (None, "")):
        return True
    if isinstance(written, bool) or isinstance(shown, bool):
        return written is shown
    duration = milliseconds(written)
    if duration is not None and duration == milliseconds(shown):
        return True
    # A server resolves relative paths.
    return not PurePath(one).is_absolute() and other.endswith(f"/{one}")
