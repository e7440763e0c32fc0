"""Rates that move like a day, and the counters that add them up exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, sin
from typing import Final

DAY: Final = 86400.0
HOUR: Final = 3600.0
# Requests per second of users: quiet at four in the morning, busiest in the afternoon, never quite smooth.
PEAK: Final = 15 * HOUR


@dataclass(frozen=True, slots=True)
class Wave:
    """A regular movement.

    Attributes:
        share: how far it moves the rate, as a share of it.
        period: seconds.
        peak: a moment at which it is highest.
    """

    share: float
    period: float
    peak: float

    def value(self, now: float) -> float:
        """Its share at a moment."""
        return self.share * cos(2 * pi * (now - self.peak) / self.period)

    def total(self, now: float) -> float:
        """Its integral from its peak."""
        return self.share * self.period / (2 * pi) * sin(2 * pi * (now - self.peak) / self.period)


@dataclass(frozen=True, slots=True)
class Change:
    """A time in which a rate is different: multiplied, then raised.

    Attributes:
        begins: seconds since 1970.
        ends: likewise.
        factor: what the rate is multiplied by.
        extra: what is added to it, per second.
    """

    begins: float
    ends: float
    factor: float = 1.0
    extra: float = 0.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Something per second: requests, cores, bytes.

    Attributes:
        base: the mean.
        waves: its movements; their shares add up to less than 1, so that no counter falls.
        changes: times in which it is different, which do not overlap where a factor is 0.
    """

    base: float
    waves: tuple[Wave, ...] = ()
    changes: tuple[Change, ...] = ()

    def rate(self, now: float) -> float:
        """The rate at a moment."""
        found = self.base * (1 + sum(wave.value(now) for wave in self.waves))
        for change in self.changes:
            if change.begins <= now < change.ends:
                found = found * change.factor + change.extra
        return found

    def total(self, since: float, now: float) -> float:
        """What has flowed from one moment to another: what a counter shows that started at the first."""
        if now <= since:
            return 0.0
        found = self._plain(since, now)
        for change in self.changes:
            begins, ends = max(change.begins, since), min(change.ends, now)
            if begins < ends:
                found += change.extra * (ends - begins)
                if change.factor != 1:
                    found += (change.factor - 1) * self._plain(begins, ends)
        return found

    def _plain(self, since: float, now: float) -> float:
        return self.base * (now - since + sum(wave.total(now) - wave.total(since) for wave in self.waves))

    def times(self, factor: float) -> Flow:
        """The same movement at another level; what is added is scaled too."""
        changes = tuple(replace(change, extra=change.extra * factor) for change in self.changes)
        return Flow(self.base * factor, self.waves, changes)

    def changed(self, *changes: Change) -> Flow:
        """The same with more changes."""
        return Flow(self.base, self.waves, (*self.changes, *changes))


def daily(base: float, seed: float, swing: float = 1.0) -> Flow:
    """A flow of people's doing.

    Args:
        base: the mean, per second.
        seed: from 0 up to 1; moves the peak and the ripples.
        swing: 1 for users at a keyboard, less for what runs by itself.
    """
    waves = (
        Wave(0.5 * swing, DAY, PEAK + 2 * HOUR * (seed - 0.5)),
        Wave(0.12 * swing, DAY / 2, 11 * HOUR + HOUR * seed),
        Wave(0.06 * swing, 4700.0 + 600 * seed, 300 * seed),
        Wave(0.05 * swing, 1170.0 + 200 * seed, 900 * seed),
        Wave(0.04 * swing, 290.0 + 40 * seed, 100 * seed),
    )
    return Flow(base, waves)
