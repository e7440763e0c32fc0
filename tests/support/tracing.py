"""Tests whose coverage an ordinary run does not measure: measuring more than triples the time of pure Python code.

All tests run either way. Untraced are property tests, which run the same lines with many examples, and most cases of
tests marked `repeats`. `make test-all` traces everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest

# Traced cases of each test that is marked `repeats`, unless the mark says otherwise.
_TRACED = 2


def untraced(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests whose coverage is not measured: the same ones in whatever order they run."""
    found: list[pytest.Item] = []
    repeated: defaultdict[tuple[str, int], list[pytest.Item]] = defaultdict(list)
    for item in items:
        mark = item.get_closest_marker("repeats")
        if getattr(getattr(item, "function", None), "is_hypothesis_test", False):
            found.append(item)
        elif mark:
            repeated[item.nodeid.partition("[")[0], mark.kwargs.get("traced", _TRACED)].append(item)
    for (_, number), cases in repeated.items():
        ordered = sorted(cases, key=lambda case: case.nodeid)
        traced = {index * len(ordered) // number for index in range(min(number, len(ordered)))}
        found += [case for index, case in enumerate(ordered) if index not in traced]
    return found
