"""Compressed time: the box's clock runs faster than the wall clock, and everything that is measured in time with it.

Prometheus has one clock, the wall's. To play an hour in two minutes, the box lives 30 seconds in each second, and every
duration of the configuration is divided by 30: scrape and evaluation intervals, `for`, ranges, offsets, lookback,
Alertmanager's waits. What a query then computes per second of the wall is divided by the speed, and what it reads from
the wall's clock is converted, so that every expression has the value that it would have after the same samples in real
time. Windows hold as many samples as before, thresholds stay as built, and nothing is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from boxwatch.promql import nodes
from boxwatch.promql.parse import parse
from boxwatch.promql.render import duration, render
from boxwatch.promql.walk import every
from boxwatch.topology.units import parse_duration

# Its values are times of Prometheus' own clock.
_ACTIVE_SINCE: Final = "ALERTS_FOR_STATE"
_CLOCKS: Final = ("time", "timestamp")
_PER_SECOND: Final = ("rate", "irate", "deriv")
_CALENDAR: Final = ("minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year")


@dataclass(frozen=True, slots=True)
class Pace:
    """How the box's time follows from the wall's.

    Attributes:
        speed: seconds of the box in a second of the wall; 1 is real time.
        started: the wall's clock when the box started, seconds since 1970.
        box_started: the box's clock at that moment.
    """

    speed: float = 1.0
    started: int = 0
    box_started: int = 0

    @property
    def real(self) -> bool:
        """Whether the box's clock is the wall's."""
        return self.speed == 1 and self.started == self.box_started

    def box(self, wall: float) -> float:
        """The box's time at a time of the wall."""
        return self.box_started + self.speed * (wall - self.started)

    def wall(self, box: float) -> float:
        """The wall's time at a time of the box."""
        return self.started + (box - self.box_started) / self.speed

    def wait(self, seconds: float) -> float:
        """How long a time of the box takes on the wall."""
        return seconds / self.speed

    # Configuration.

    def query(self, text: str) -> str:
        """A query whose value in compressed time is that of the given one in real time.

        Raises:
            ValueError: it is invalid, or reads a fixed time.
        """
        if self.real:
            return text
        tree = parse(text)
        for node in every(tree):
            at = node.at if isinstance(node, nodes.VectorSelector | nodes.SubqueryExpr) else None
            if at is not None and str(at.type).endswith(".At"):
                raise ValueError("a query at a fixed time cannot be compressed")
            if isinstance(node, nodes.VectorSelector) and node.matchers.or_matchers:
                raise ValueError("`or` between matchers is unknown to Prometheus")
        return render(tree, change=self._node, durations=self.wait)

    def _node(self, tree: nodes.Expr, text: str) -> str:
        name = tree.func.name if isinstance(tree, nodes.Call) else ""
        if name in _CLOCKS or (isinstance(tree, nodes.VectorSelector) and tree.name == _ACTIVE_SINCE):
            return f"({text} * {self.speed:g} - {self._shift:.3f})"
        if not isinstance(tree, nodes.Call):
            return text
        if name in _PER_SECOND:
            return f"({text} / {self.speed:g})"
        if name in _CALENDAR and not tree.args:
            return f"{name}(vector(time() * {self.speed:g} - {self._shift:.3f}))"
        if name == "predict_linear":
            inner, _, seconds = text.removesuffix(")").rpartition(", ")
            return f"{inner}, ({seconds}) / {self.speed:g})"
        return text

    @property
    def _shift(self) -> float:
        """`speed · wall − shift` is the box's time."""
        return self.speed * self.started - self.box_started

    def duration(self, text: str) -> str:
        """A duration of a configuration file."""
        return text if self.real else duration(self.wait(parse_duration(text)))

    def rules(self, document: dict[str, Any]) -> dict[str, Any]:
        """A rule file."""
        return {"groups": [self._group(group) for group in document["groups"]]}

    def _group(self, group: dict[str, Any]) -> dict[str, Any]:
        found = {**group, "rules": [self._rule(rule) for rule in group["rules"]]}
        if "interval" in group:
            found["interval"] = self.duration(str(group["interval"]))
        return found

    def _rule(self, rule: dict[str, Any]) -> dict[str, Any]:
        found = {**rule, "expr": self.query(str(rule["expr"]))}
        for key in ("for", "keep_firing_for"):
            if key in rule:
                found[key] = self.duration(str(rule[key]))
        return found

    def alertmanager(self, node: Any) -> Any:  # noqa: ANN401 - YAML
        """Alertmanager's configuration, or a part of it."""
        if isinstance(node, list):
            return [self.alertmanager(item) for item in node]
        if not isinstance(node, dict):
            return node
        waits = ("group_wait", "group_interval", "repeat_interval", "resolve_timeout")
        return {key: self.duration(value) if key in waits else self.alertmanager(value) for key, value in node.items()}
