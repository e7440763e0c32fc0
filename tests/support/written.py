"""A topology as a file: the inverse of loading, for round trips."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB, KIB, MIB, TIB, format_duration

_MEMORY = frozenset({"memory", "reserved", "stated_total", "limit"})
_DURATIONS = frozenset({"scrape_interval", "deploy_grace", "outage_grace", "memory_exhausted_within"})


def written(topology: Topology) -> str:
    """The topology in YAML, with every value written out."""
    values = topology.model_dump(exclude_none=True)
    for section in ("servers", "services"):
        values[section] = {body.pop("name"): body for body in values[section]}
    return yaml.safe_dump(_plain(values), sort_keys=False, allow_unicode=True)


def format_memory(size: int) -> str:
    """The shortest exact way to write a size in binary units: `1g`, `1536m`; whole bytes where no unit is exact."""
    for letter, factor in (("t", TIB), ("g", GIB), ("m", MIB), ("k", KIB)):
        if size and size % factor == 0:
            return f"{size // factor}{letter}"
    return str(size)


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    return {key: _value(key, value) for key, value in values.items()}


def _value(key: str, value: object) -> object:
    if isinstance(value, dict):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return "none" if (key, value) == ("metrics", ()) else [_value("", item) for item in value]
    if key == "latency_within":
        return f"{value}s"
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(key, value)
    return value


def _number(key: str, value: int) -> object:
    if key in _MEMORY:
        return format_memory(value)
    return format_duration(value) if key in _DURATIONS else value
