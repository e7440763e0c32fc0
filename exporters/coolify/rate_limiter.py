"""The rate limiter: a token bucket that refills evenly and yields to other users of the same limit.

Coolify allows each *user* 200 requests a minute across all of the user's tokens (Coolify 4.3.11,
app/Providers/RouteServiceProvider.php): every request by the exporter is one fewer for scripts and people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from boxwatch.exporters.coolify.clock import Clock

MINUTE: Final = 60.0
# Share of `per_minute` that may be sent in a burst, so that the first exposition is complete within seconds. The refill
# is the rest, minus the overdraft of a poll with several requests, so that no minute exceeds `per_minute`.
_BURST: Final = 1 / 3
_OVERDRAFT: Final = 1 / 15
# Share of the instance's own limit that is never exceeded, whatever `per_minute` is.
_FAIR: Final = 0.5
# Below the first share of the minute's remaining requests histories wait; below the second, everything does.
_LOW: Final = 0.25
_EMPTY: Final = 0.05
_LEAST: Final = 1 / 8
# Longest wait in seconds that Retry-After can impose, in case its value is absurd.
_LONGEST: Final = 600.0


@dataclass(slots=True)
class RateLimiter:
    """Limits the requests of one account.

    Attributes:
        per_minute: maximum requests in any minute.
        limit: the last X-RateLimit-Limit.
        remaining: the last X-RateLimit-Remaining.
    """

    per_minute: float
    clock: Clock
    limit: int | None = None
    remaining: int | None = None
    _factor: float = 1.0
    _tokens: float = field(init=False)
    _at: float = field(init=False)
    _closed_until: float = 0.0
    _low_until: float = 0.0
    _slowed_at: float = 0.0

    def __post_init__(self) -> None:
        """Start with a full bucket."""
        self._at = self._slowed_at = self.clock.steady()
        self._tokens = self._burst()

    def _allowed(self) -> float:
        fair = self.per_minute if self.limit is None else min(self.per_minute, self.limit * _FAIR)
        return max(fair, 1.0) * self._factor

    def _burst(self) -> float:
        return max(1.0, self._allowed() * _BURST)

    @property
    def overdraft(self) -> int:
        """Requests that one poll may send beyond its first."""
        return int(self._allowed() * _OVERDRAFT)

    def rate(self) -> float:
        """Refill rate in requests per second."""
        return max(self._allowed() - self._burst() - self.overdraft, 0.5) / MINUTE

    def _refill(self) -> None:
        now = self.clock.steady()
        # Each minute without a 429 restores one step of the reduced rate.
        if self._factor < 1 and now - self._slowed_at >= MINUTE:
            self._factor, self._slowed_at = min(1.0, self._factor + _LEAST), now
        self._tokens = min(self._burst(), self._tokens + (now - self._at) * self.rate())
        self._at = now

    def wait(self) -> float:
        """Seconds until a request may be sent; 0 if now."""
        self._refill()
        closed = self._closed_until - self._at
        if closed > 0:
            return closed
        # At least the clock's resolution, or the wait would end before any time has passed.
        return 0.0 if self._tokens >= 1 else max((1 - self._tokens) / self.rate(), 0.01)

    def spend(self) -> None:
        """Take one request."""
        self._refill()
        self._tokens -= 1

    @property
    def low(self) -> bool:
        """Whether background polls should wait, because others are using up the same limit."""
        return self.clock.steady() < self._low_until

    def observe(self, headers: Mapping[str, str]) -> None:
        """Adapt to X-RateLimit-Limit and X-RateLimit-Remaining."""
        limit, remaining = _number(headers, "x-ratelimit-limit"), _number(headers, "x-ratelimit-remaining")
        if not limit or remaining is None:
            return
        self.limit, self.remaining = limit, min(remaining, limit)
        now = self.clock.steady()
        if remaining < limit * _LOW:
            self._low_until = now + self.clock.spread(MINUTE / 2, 0.2)
        if remaining < limit * _EMPTY:
            self._close(self.clock.spread(MINUTE / 2, 0.2))

    def refused(self, wait: float | None) -> None:
        """React to a 429: send nothing for as long as Coolify asks, and halve the rate."""
        self._refill()
        self._factor = max(_LEAST, self._factor / 2)
        self._slowed_at = self._at
        self._tokens = min(self._tokens, 1.0)
        self.remaining = 0 if self.limit is not None else self.remaining
        asked = MINUTE if wait is None else min(max(wait, 1.0), _LONGEST)
        # Jitter only lengthens the wait: exporters refused together must not return together.
        self._close(asked * (1 + 0.1 * self.clock.chance()))

    def _close(self, seconds: float) -> None:
        self._closed_until = max(self._closed_until, self.clock.steady() + seconds)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None  # noqa: PLR2004 - digits
