"""A stand-in for Grafana, and an API on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.grafana import TOKEN, Grafana, grafana

from boxwatch.publish.grafana.api import Api
from boxwatch.publish.grafana.choose import choose
from boxwatch.publish.grafana.http import Access, Http


@pytest.fixture(params=["legacy", "apis"])
def server(request: pytest.FixtureRequest) -> Iterator[Grafana]:
    """An empty one, of Grafana 10 and 11 and of 12 and later."""
    with grafana() as state:
        state.apis = ("v1beta1",) if request.param == "apis" else ()
        yield state


@pytest.fixture
def api(server: Grafana) -> Api:
    """Never sleeps between tries, and waits half a second for an answer. What it was asked when chosen is forgotten."""
    made = choose(Http(Access(server.url, TOKEN, timeout=0.5), pause=lambda _: None))
    server.requests.clear()
    return made


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "backups"
