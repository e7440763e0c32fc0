"""The state machine of alerts, as Prometheus runs it (rules/alerting.go), on the results of past evaluations.

An instance becomes pending at the first evaluation with a result, and fires at the first one at which that was `for`
ago. Without a result it is resolved: at once or, if it was firing, at the first evaluation that is `keep_firing_for`
after the first without a result.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Key = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that an instance fired.

    Attributes:
        labels: labels of the expression's result.
        active: when the expression became true, in seconds since 1970.
        start: the evaluation at which it fired.
        end: the evaluation at which it was resolved; None if it still fires at the end.
        extreme: (lowest, highest) value while it was true.
    """

    labels: Mapping[str, str]
    active: float
    start: float
    end: float | None
    extreme: tuple[float, float]


@dataclass(slots=True)
class Open:
    """An instance that is pending or firing.

    Attributes:
        labels: labels of the expression's result.
        active: when it became true.
        fired: when it fired; None while it is pending.
        missing: the first evaluation without a result since the last one with; None if the last had one.
        lowest, highest: the values so far.
    """

    labels: dict[str, str]
    active: float
    fired: float | None
    missing: float | None
    lowest: float
    highest: float

    def firing(self, end: float | None) -> Firing:
        """As a firing that ends there."""
        start = self.active if self.fired is None else self.fired
        return Firing(self.labels, self.active, start, end, (self.lowest, self.highest))


@dataclass(slots=True)
class Machine:
    """The state of one alert.

    Attributes:
        wait: seconds of `for`.
        keep: seconds of `keep_firing_for`.
        open: instances that are pending or firing.
        firings: those that are over.
        pending: how often an instance was true for less than `for`.
        longest: the longest of these, in seconds.
    """

    wait: float
    keep: float = 0
    open: dict[Key, Open] = field(default_factory=dict)
    firings: list[Firing] = field(default_factory=list)
    pending: int = 0
    longest: float = 0

    def run(self, times: Sequence[float], series: Iterable[tuple[Mapping[str, str], Mapping[int, float]]]) -> None:
        """Continue with some evaluations.

        Args:
            times: when the rule was evaluated, in order; evaluations that did not take place are left out.
            series: (labels, number of the evaluation in `times` → value) of every series with a result.
        """
        found: dict[Key, tuple[dict[str, str], Mapping[int, float]]] = {}
        for labels, values in series:
            own = {name: value for name, value in labels.items() if name != "__name__"}
            found[frozenset(own.items())] = (own, values)
        for key in found.keys() | self.open.keys():
            labels, values = found.get(key, ({}, {}))
            self._instance(key, labels, values, times)

    def _instance(self, key: Key, labels: dict[str, str], values: Mapping[int, float], times: Sequence[float]) -> None:
        """Instances do not depend on each other. Only evaluations at which something may change are visited."""
        one = self.open.get(key)
        if one is not None and one.missing is None and times and 0 not in values:
            self._missed(key, times[0])
        for number in sorted(values):
            self._without(key, times, number)
            self._with(key, labels, times[number], values[number])
            if number + 1 < len(times) and number + 1 not in values:
                self._missed(key, times[number + 1])
        self._without(key, times, len(times))

    def _with(self, key: Key, labels: dict[str, str], at: float, value: float) -> None:
        one = self.open.get(key)
        if one is None:
            one = self.open[key] = Open(labels, at, None, None, value, value)
        one.missing = None
        one.lowest, one.highest = min(one.lowest, value), max(one.highest, value)
        if one.fired is None and at - one.active >= self.wait:
            one.fired = at

    def _missed(self, key: Key, at: float) -> None:
        """The first evaluation without a result."""
        one = self.open[key]
        if one.fired is None:
            self.pending += 1
            self.longest = max(self.longest, at - one.active)
            del self.open[key]
        elif not self.keep:
            self._resolve(key, at)
        else:
            one.missing = at

    def _without(self, key: Key, times: Sequence[float], before: int) -> None:
        """Resolve an instance that is only kept firing, at the first evaluation for which `keep_firing_for` is over."""
        one = self.open.get(key)
        if one is None or one.missing is None:
            return
        over = one.missing + self.keep
        place = bisect.bisect_left(times, over)
        if place < before:
            self._resolve(key, times[place])

    def _resolve(self, key: Key, at: float) -> None:
        self.firings.append(self.open.pop(key).firing(at))

    def end(self) -> tuple[Firing, ...]:
        """Every firing in order, those that are not over as well."""
        still = (one.firing(None) for one in self.open.values() if one.fired is not None)
        return tuple(sorted((*self.firings, *still), key=lambda each: (each.start, sorted(each.labels.items()))))
