"""Assigns tests to workers of pytest-xdist.

The mark `xdist_group` would do, but xdist 3.8 does not see its own marks under pytest 9.2: it writes them into an
attribute that pytest no longer reads.
"""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling

# Their clocks are real: beside each other on few cores, they would wait in vain.
_TOGETHER: Final = "tests/real/"


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Runs tests with real servers one after another in the first worker, and all other tests in any free worker."""

    def _split_scope(self, nodeid: str) -> str:
        """The name of the group that a test belongs to."""
        return _TOGETHER if nodeid.startswith(_TOGETHER) else nodeid
