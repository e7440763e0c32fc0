"""The rate limiter: no minute exceeds the limit, refusals slow it down, other clients come first."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.coolify import HandClock

from boxwatch.exporters.coolify.rate_limiter import MINUTE, RateLimiter


def _spend_all(limiter: RateLimiter) -> int:
    spent = 0
    while limiter.wait() == 0:
        limiter.spend()
        spent += 1
    return spent


@given(per_minute=st.integers(4, 200), pauses=st.lists(st.floats(0, 90), max_size=40))
def test_no_minute_sees_more_than_the_budget(per_minute: int, pauses: list[float]) -> None:
    hand = HandClock()
    limiter = RateLimiter(per_minute, hand.clock())
    times: list[float] = []
    for pause in pauses:
        hand.now += pause
        spent = _spend_all(limiter)
        if spent:  # the last reading overdraws
            for _ in range(limiter.overdraft):
                limiter.spend()
            spent += limiter.overdraft
        times += [hand.now] * spent

    for start in times:
        assert sum(1 for moment in times if start <= moment < start + MINUTE) <= per_minute


def test_a_third_may_go_at_once_and_the_rest_is_spread() -> None:
    hand = HandClock()
    limiter = RateLimiter(60, hand.clock())

    assert _spend_all(limiter) == 20
    assert round(limiter.wait() * 36) == 60
    hand.now += 34
    assert _spend_all(limiter) == 20


def test_all_of_a_budget_is_used_over_time() -> None:
    hand = HandClock()
    limiter = RateLimiter(60, hand.clock())
    _spend_all(limiter)
    spent = 0
    for _ in range(600):
        hand.now += 1
        spent += _spend_all(limiter)

    assert 359 <= spent <= 360


def test_never_more_than_half_of_the_instances_limit() -> None:
    hand = HandClock()
    limiter = RateLimiter(60, hand.clock())
    limiter.observe({"x-ratelimit-limit": "30", "x-ratelimit-remaining": "29"})

    assert (limiter.limit, limiter.remaining) == (30, 29)
    assert round(limiter.rate() * MINUTE) == 9


def test_headers_that_make_no_sense_change_nothing() -> None:
    limiter = RateLimiter(60, HandClock().clock())
    for limit, remaining in (("", ""), ("0", "0"), ("many", "1"), ("-1", "5"), ("9" * 20, "1"), ("200", "")):
        limiter.observe({"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining})

    assert (limiter.limit, limiter.remaining, limiter.wait()) == (None, None, 0.0)


def test_the_background_waits_when_little_is_left_and_everything_when_nothing_is() -> None:
    hand = HandClock()
    limiter = RateLimiter(60, hand.clock())
    limiter.observe({"x-ratelimit-limit": "200", "x-ratelimit-remaining": "40"})
    assert limiter.low
    assert limiter.wait() == 0

    limiter.observe({"x-ratelimit-limit": "200", "x-ratelimit-remaining": "3"})
    assert limiter.wait() > 0
    hand.now += 31
    assert limiter.wait() == 0
    assert not limiter.low


def test_a_refusal_is_waited_for_and_halves_the_rate_which_recovers() -> None:
    hand = HandClock()
    limiter = RateLimiter(60, hand.clock())
    full = limiter.rate()
    limiter.refused(40)
    assert 40 <= limiter.wait() <= 44
    assert limiter.rate() < full * 0.6

    hand.now += 50
    assert limiter.wait() == 0
    for _ in range(5):
        hand.now += 61
        limiter.wait()
    assert limiter.rate() == full


def test_refusals_never_stop_it_for_good() -> None:
    hand = HandClock()
    limiter = RateLimiter(60, hand.clock())
    for _ in range(50):
        limiter.refused(10**9)

    assert limiter.wait() <= 660
    assert limiter.rate() > 0


def test_a_refusal_without_retry_after_waits_a_minute() -> None:
    limiter = RateLimiter(60, HandClock().clock())
    limiter.limit = 200
    limiter.refused(None)

    assert 60 <= limiter.wait() <= 66
    assert limiter.remaining == 0
