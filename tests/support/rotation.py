"""Samples that differ from run to run, and are the same again for the same seed.

What is sampled in `make test` runs whole in `make test-all` (pytest --thorough). The seed is 0 in CI, so that a
failure there is due to the change; by hand it is that of pytest-randomly. The head of a run names it, and BOXWATCH_SEED
sets it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Mapping
from typing import TypeVar

import pytest
from _pytest.mark import ParameterSet
from hypothesis import settings

_Item = TypeVar("_Item")
_seed = [0]


def begin(usual: int) -> None:
    """Draw from this seed, unless the environment names one."""
    _seed[0] = int(os.environ.get("BOXWATCH_SEED", usual))


def seed() -> int:
    """The seed of this run."""
    return _seed[0]


def sample(of: Iterable[_Item], number: int, purpose: str) -> tuple[_Item, ...]:
    """Some of the items in their own order, or all if they are fewer; another purpose draws others."""
    items = tuple(of)
    # Not for secrets.
    drawn = random.Random(f"{_seed[0]} {purpose}").sample(range(len(items)), min(number, len(items)))  # noqa: S311
    return tuple(items[index] for index in sorted(drawn))


def sampled(cases: Mapping[str, object], number: int, purpose: str) -> list[ParameterSet]:
    """Parameters for `pytest.mark.parametrize`: all cases, those that are not drawn for thorough runs only."""
    drawn = sample(cases, number, purpose)
    return [
        pytest.param(case, id=name, marks=() if name in drawn else (pytest.mark.thorough,))
        for name, case in cases.items()
    ]


# For what is either sampled within the test or taken whole: `@pytest.mark.parametrize("whole", WHOLE)`.
WHOLE = (pytest.param(False, id="sample"), pytest.param(True, id="whole", marks=pytest.mark.thorough))


def examples(number: int) -> settings:
    """So many examples of a property, and ten times as many in thorough runs."""
    return settings(max_examples=10 * number if settings.get_current_profile_name() == "thorough" else number)
