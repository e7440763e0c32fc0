"""Servers that several modules share: starting one takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support import verified
from support.verified import Running


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Iterator[Running]:
    """A Prometheus in which most is healthy (support.verified)."""
    with verified.world(tmp_path_factory.mktemp("verified"), program) as made:
        yield made
