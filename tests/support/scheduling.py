"""Assigns tests to workers of pytest-xdist.

The mark `xdist_group` would do, but xdist 3.8 does not see its own marks under pytest 9.2: it writes them into an
attribute that pytest no longer reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

REAL: Final = "tests/real/"
# Their clocks are real: more than two at a time, on few cores, would wait in vain. Each of the groups below runs one
# test after another, and all other modules with real servers are the second group.
_FIRST_GROUP: Final = frozenset({"test_faults.py", "test_notify.py", "test_prometheus.py", "test_stack.py"})
# Modules whose tests take seconds each. They start first and are shared out test by test, so that no worker is left
# with one of them at the end; all other modules stay together and share what they build.
LONG: Final = (
    "tests/test_test_command.py",
    "tests/rules/test_tuning.py",
    "tests/rules/proofs/test_promtool.py",
    "tests/rules/test_never_worked.py",
    "tests/rules/test_timing.py",
    "tests/checks/test_accepted.py",
    "tests/rules/test_deployment.py",
    "tests/test_transcripts.py",
    "tests/checks/test_deep_queries.py",
    "tests/discovery/test_properties.py",
)


def group(nodeid: str) -> str:
    """The name of the group that a test belongs to; a worker runs a group as a whole."""
    module = nodeid.partition("::")[0]
    if module.startswith(REAL):
        return f"{REAL}{1 if Path(module).name in _FIRST_GROUP else 2}"
    return nodeid if module in LONG else module


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests in the order in which workers should start their groups; otherwise as they were."""

    def place(item: pytest.Item) -> int:
        module = item.nodeid.partition("::")[0]
        return -1 if module.startswith(REAL) else LONG.index(module) if module in LONG else len(LONG)

    return sorted(items, key=place)


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Runs each group in one worker, in the order of collection rather than of size."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:  # noqa: ANN401 - xdist's own
        """Keep xdist from starting the groups with the most tests first."""
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
