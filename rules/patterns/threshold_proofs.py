"""Proofs of alerts that compare a number of a server with a threshold, for any threshold and `for`."""

from __future__ import annotations

import math
from collections.abc import Callable

from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import INTERVAL, Fixtures, flat, series
from boxwatch.topology.settings import Thresholds

_MINUTE = 60

# Value and server → the series that give the server that value.
Make = Callable[[Fixtures, float, str], tuple[Series, ...]]


def recorded(name: str, /, **labels: str) -> Make:
    """A maker of a server's recorded series, whose value is therefore exact."""
    return lambda fixtures, value, server: (series(name, flat(value, fixtures.count), server=server, **labels),)


def last_pending(wait: int, interval: int) -> int:
    """Seconds from the evaluation at which an alert becomes pending to the last one before it fires."""
    return (math.ceil(wait / interval) - 1) * interval


def not_lasted(fixtures: Fixtures, bad: tuple[Series, ...], pending: int) -> tuple[Case, ...]:
    """The case in which a bad state has not lasted long enough; none for an alert that does not wait."""
    return (fixtures.silent("stays silent until it has lasted", bad, pending),) if pending > 0 else ()


def cases(  # noqa: PLR0913 - a proof depends on all of these
    thresholds: Thresholds,
    make: Make,
    *,
    wait: int,
    threshold: float,
    text: Callable[[float], str],
    below: bool = False,
    labels: dict[str, str] | None = None,
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The firing and the silent cases of an alert that compares a number of a server with a threshold.

    Args:
        thresholds: thresholds of the topology.
        make: makes the series of a server, which must yield the value exactly.
        wait: seconds for which the alert waits.
        threshold: the number.
        text: the description of server `main` for a value.
        below: fires below the threshold rather than above it.
        labels: labels of the alert besides the server.
    """
    # At the very evaluation at which it must fire, so that a longer wait fails the proof.
    after = last_pending(wait, INTERVAL) + INTERVAL
    fixtures = Fixtures(length=after + _MINUTE, thresholds=thresholds)
    sign = -1 if below else 1
    bad, just, good = (threshold * (1 + sign * part) for part in (0.5, 0.01, -0.01))
    expected = {"server": "main", **(labels or {})}
    pending = last_pending(wait, fixtures.interval)
    fires = (
        fixtures.fires(
            "fires for the server beyond the threshold, not for those close to it",
            (*make(fixtures, bad, "main"), *make(fixtures, good, "second"), *make(fixtures, threshold, "third")),
            after,
            Expected(expected, text(bad)),
        ),
        fixtures.fires(
            "fires just beyond the threshold",
            (*make(fixtures, just, "main"), *make(fixtures, threshold, "second")),
            after,
            Expected(expected, text(just)),
        ),
    )
    silent = (
        fixtures.silent("stays silent just short of the threshold", make(fixtures, good, "main"), after),
        fixtures.silent("stays silent at exactly the threshold", make(fixtures, threshold, "main"), after),
        fixtures.silent("stays silent for a server without the series", make(fixtures, threshold, "second"), after),
        *not_lasted(fixtures, make(fixtures, bad, "main"), pending),
    )
    return fires, silent
