"""Fixtures of the publishing tests: a stand-in for Prometheus, with short pauses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.stand_in import StandIn, prometheus

from boxwatch.publish import http, read_back, switch


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A Prometheus that reads `tmp_path/rules`, with pauses suited to loopback."""
    monkeypatch.setattr(read_back, "_PAUSE", 0.01)
    monkeypatch.setattr(read_back, "_SOON", 0.05)
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(switch, "LEAST", 0.3)
    (tmp_path / "rules").mkdir()
    with prometheus(tmp_path / "rules") as double:
        yield double
