"""Proofs of an alert that compares one number of a server with a threshold, whatever threshold and patience are."""

from __future__ import annotations

import math
from collections.abc import Callable

from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import INTERVAL, World, flat, series
from boxwatch.topology.settings import Thresholds

_MINUTE = 60

# Value and server → the input that gives a server that value.
Make = Callable[[World, float, str], tuple[Series, ...]]


def recorded(name: str, /, **labels: str) -> Make:
    """Makes a recorded series of a server, so that its value is exact."""
    return lambda world, value, server: (series(name, flat(value, world.count), server=server, **labels),)


def last_pending(wait: int, interval: int) -> int:
    """Seconds after which what began at an evaluation is still pending at the last evaluation before it fires."""
    return (math.ceil(wait / interval) - 1) * interval


def not_lasted(world: World, bad: tuple[Series, ...], pending: int) -> tuple[Case, ...]:
    """The case of what is bad and has not been for long enough; none for an alert that does not wait."""
    return (world.silent("is silent when it has not lasted", bad, pending),) if pending > 0 else ()


def crossing(  # noqa: PLR0913 - a proof is about all of these
    thresholds: Thresholds,
    make: Make,
    *,
    wait: int,
    threshold: float,
    text: Callable[[float], str],
    below: bool = False,
    labels: dict[str, str] | None = None,
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The firing and the silent cases of an alert that compares one number of a server with a threshold.

    Args:
        thresholds: those of the topology.
        make: makes the input of one server. The value must come out exactly.
        wait: for how long it must last, seconds.
        threshold: the number.
        text: the description of server `main` with a value.
        below: it fires below the threshold, and not above it.
        labels: labels of the alert beside the server.
    """
    # At the very evaluation at which it must fire, so that no longer wait passes.
    after = last_pending(wait, INTERVAL) + INTERVAL
    world = World(length=after + _MINUTE, thresholds=thresholds)
    sign = -1 if below else 1
    bad, just, good = (threshold * (1 + sign * part) for part in (0.5, 0.01, -0.01))
    expected = {"server": "main", **(labels or {})}
    pending = last_pending(wait, world.interval)
    fires = (
        world.fires(
            "fires for the server that is beyond it, and not for those that are near it",
            (*make(world, bad, "main"), *make(world, good, "second"), *make(world, threshold, "third")),
            after,
            Expected(expected, text(bad)),
        ),
        world.fires(
            "fires just beyond the threshold",
            (*make(world, just, "main"), *make(world, threshold, "second")),
            after,
            Expected(expected, text(just)),
        ),
    )
    silent = (
        world.silent("is silent just short of the threshold", make(world, good, "main"), after),
        world.silent("is silent at exactly the threshold", make(world, threshold, "main"), after),
        world.silent("is silent where nothing is known", make(world, threshold, "second"), after),
        *not_lasted(world, make(world, bad, "main"), pending),
    )
    return fires, silent
