"""Samples are the same for the same seed, and over many seeds nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import rotation

CASES = tuple(f"case-{number}" for number in range(12))


@pytest.fixture(autouse=True)
def _the_seed_of_the_run_comes_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = rotation.seed()
    monkeypatch.delenv("BOXWATCH_SEED", raising=False)
    yield
    rotation.begin(before)


def _drawn(seed: int, purpose: str = "test") -> tuple[str, ...]:
    rotation.begin(seed)
    return rotation.sample(CASES, 3, purpose)


def test_a_seed_draws_the_same_again_and_another_purpose_something_else() -> None:
    """So a failure can be reproduced, and two tests do not leave out the same."""
    assert _drawn(7) == _drawn(7)
    assert _drawn(7) != _drawn(7, "another test")


def test_every_case_is_drawn_by_some_seed() -> None:
    """Three at a time, in their own order."""
    samples = [_drawn(seed) for seed in range(100)]

    assert all(len(each) == 3 and list(each) == sorted(each, key=CASES.index) for each in samples)
    assert {case for each in samples for case in each} == set(CASES)


def test_the_environment_names_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the head of a failed run says it."""
    monkeypatch.setenv("BOXWATCH_SEED", "41")
    rotation.begin(7)

    assert rotation.seed() == 41


def test_cases_that_are_not_drawn_are_for_thorough_runs() -> None:
    """None is lost."""
    rotation.begin(7)
    parameters = rotation.sampled(dict.fromkeys(CASES), 3, "test")

    assert [one.id for one in parameters] == list(CASES)
    assert sum(pytest.mark.thorough not in one.marks for one in parameters) == 3
