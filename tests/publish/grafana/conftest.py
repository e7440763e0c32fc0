"""A stand-in for Grafana, and an API on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.grafana import TOKEN, Grafana, grafana

from boxwatch.publish.grafana.http import Access, Http
from boxwatch.publish.grafana.legacy import Legacy


@pytest.fixture
def server() -> Iterator[Grafana]:
    """An empty one."""
    with grafana() as state:
        yield state


@pytest.fixture
def api(server: Grafana) -> Legacy:
    """Never sleeps between tries, and waits half a second for an answer."""
    return Legacy(Http(Access(server.url, TOKEN, timeout=0.5), pause=lambda _: None))


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "backups"
