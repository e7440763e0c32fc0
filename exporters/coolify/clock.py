"""Time and chance, passed in so that tests decide them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Wall time for what is shown, steady time for what is waited for, and jitter so that exporters spread.

    Attributes:
        wall: seconds since 1970, which may jump when the machine's clock is set.
        steady: seconds that only grow.
        chance: a number from 0 up to 1.
    """

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def spread(self, seconds: float, share: float) -> float:
        """The time, longer or shorter by up to the share: 60 and 0.1 make 54 to 66."""
        return seconds * (1 + share * (2 * self.chance() - 1))
