"""Evaluation of an expression over a long time: in chunks that the server accepts and that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from boxwatch.errors import BoxwatchError
from boxwatch.live.samples import Labels
from boxwatch.live.source import Prometheus

# Prometheus refuses more than 11,000 points of a series in one answer.
POINTS = 10_000
_FEWEST = 50


@dataclass(frozen=True, slots=True)
class Grid:
    """The evaluations of a rule: `count` of them, `interval` seconds apart, from `start` on."""

    start: float
    interval: float
    count: int

    @classmethod
    def of(cls, interval: float, phase: float, start: float, end: float) -> Grid:
        """The evaluations between two moments that a rule with this interval and phase has."""
        first = start - (start - phase) % interval
        if first < start:
            first += interval
        return cls(round(first, 3), interval, max(0, int((end - first) // interval) + 1))

    def at(self, number: int) -> float:
        """The time of an evaluation."""
        return round(self.start + number * self.interval, 3)

    def number(self, at: float) -> int:
        """The evaluation at, or closest to, a time."""
        return round((at - self.start) / self.interval)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some evaluations, from `first` to before `following`.

    Attributes:
        series: (labels, number of the evaluation → value).
    """

    first: int
    following: int
    series: Sequence[tuple[Labels, Mapping[int, float]]]


def chunks(source: Prometheus, expr: str, grid: Grid, first: int = 0) -> Iterator[Chunk]:
    """The results of every evaluation from `first` on, one chunk in memory at a time.

    A chunk that the server refuses, for its number of samples, its size or its time, is asked in halves.

    Raises:
        BoxwatchError: the server refuses even a small one.
    """
    size = POINTS
    while first < grid.count:
        following = min(first + size, grid.count)
        try:
            found = source.query_range(expr, grid.at(first), grid.at(following - 1), grid.interval)
        except BoxwatchError:
            if size <= _FEWEST:
                raise
            size = max(_FEWEST, (following - first) // 2)
            continue
        series = [(each.labels, {grid.number(at): value for at, value in each.points}) for each in found]
        yield Chunk(first, following, series)
        first = following


def present(source: Prometheus, expr: str, grid: Grid) -> frozenset[int]:
    """The evaluations at which an expression has a result."""
    return frozenset(number for chunk in chunks(source, expr, grid) for _, values in chunk.series for number in values)
