"""Samples that differ from run to run but are reproducible from their seed.

`make test` runs a sample, `make test-all` (pytest --thorough) all cases. In CI the seed is 0, so that any failure is
due to the change; otherwise it is that of pytest-randomly. The report header shows it, and BOXWATCH_SEED sets it.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

import pytest
from _pytest.mark import ParameterSet
from hypothesis import settings

_Item = TypeVar("_Item")
_seed = [0]


def begin(usual: int) -> None:
    """Set the seed, unless the environment overrides it."""
    _seed[0] = int(os.environ.get("BOXWATCH_SEED", usual))


def seed() -> int:
    """The seed of this run."""
    return _seed[0]


def sample(of: Iterable[_Item], number: int, purpose: str) -> tuple[_Item, ...]:
    """A sample of the items in their original order, or all if there are fewer; each purpose draws its own."""
    items = tuple(of)
    # Not for secrets.
    drawn = random.Random(f"{_seed[0]} {purpose}").sample(range(len(items)), min(number, len(items)))  # noqa: S311
    return tuple(items[index] for index in sorted(drawn))


def sampled(cases: Mapping[str, object], number: int, purpose: str) -> list[ParameterSet]:
    """Parameters for `pytest.mark.parametrize`: all cases; those not drawn are marked for thorough runs only."""
    drawn = sample(cases, number, purpose)
    return [
        pytest.param(case, id=name, marks=() if name in drawn else (pytest.mark.thorough,))
        for name, case in cases.items()
    ]


def undrawn(items: Iterable[pytest.Item]) -> frozenset[str]:
    """Node ids of the cases of `@pytest.mark.sampled(number)` tests that are left to thorough runs."""
    cases: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for item in items:
        if mark := item.get_closest_marker("sampled"):
            cases[item.nodeid.partition("[")[0], mark.args[0]].append(item.nodeid)
    drawn = {case for (test, number), all_ in cases.items() for case in sample(sorted(all_), number, test)}
    return frozenset(case for all_ in cases.values() for case in all_) - drawn


# For what is either sampled within the test or taken whole: `@pytest.mark.parametrize("whole", WHOLE)`.
WHOLE = (pytest.param(False, id="sample"), pytest.param(True, id="whole", marks=pytest.mark.thorough))


def examples(number: int) -> settings:
    """The number of examples of a property test; thorough runs use ten times as many."""
    return settings(max_examples=10 * number if settings.get_current_profile_name() == "thorough" else number)
