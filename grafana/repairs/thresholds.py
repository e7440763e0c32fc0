"""Repairs of thresholds: a list of steps, each with a colour and a value."""

from __future__ import annotations

import math
from collections.abc import Iterator

from boxwatch.grafana.tree import Node, node, nodes


def repair(panel: Node) -> None:
    """Repair the thresholds of a panel and of its overrides."""
    for holder, key in _places(panel):
        found = holder.get(key)
        if isinstance(found, dict):
            holder[key] = current(found)


def _places(panel: Node) -> Iterator[tuple[Node, str]]:
    field_config = node(panel.get("fieldConfig"))
    yield node(field_config.get("defaults")), "thresholds"
    for override in nodes(field_config.get("overrides")):
        for prop in nodes(override.get("properties")):
            if prop.get("id") == "thresholds":
                yield prop, "value"


def current(old: Node) -> Node:
    """Thresholds as required by Grafana's schema.

    The first step starts at minus infinity whatever its value, and Grafana drops the null that used to express this;
    the schema requires a number. It is zero, unless the next step starts below zero.
    """
    steps = [dict(step) for step in nodes(old.get("steps"))] or [{"color": "green"}]
    made: list[Node] = []
    for step in steps:
        value = step.get("value")
        if isinstance(value, str):
            value = number(value)
        made.append({"color": step.get("color", "green"), "value": value})
    first = made[0]
    if first["value"] is None:
        second = made[1]["value"] if len(made) > 1 else 0
        first["value"] = min(0, second) if isinstance(second, int | float) else 0
    made = [first, *(step for step in made[1:] if step["value"] is not None)]
    return {"mode": old.get("mode") or "absolute", "steps": made}


def number(text: str) -> float | None:
    """The finite number in a text, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value
