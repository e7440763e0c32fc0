"""Time and randomness, injected so that tests control them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Wall time for exposed timestamps, monotonic time for waiting, and jitter so that exporters spread their requests.

    Attributes:
        wall: seconds since 1970; may jump when the host's clock is set.
        steady: monotonic seconds.
        chance: a random number from 0 up to 1.
    """

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def spread(self, seconds: float, share: float) -> float:
        """The time with jitter, longer or shorter by up to `share`: 60 and 0.1 give 54 to 66."""
        return seconds * (1 + share * (2 * self.chance() - 1))
