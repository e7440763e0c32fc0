"""Fixtures of the Grafana tests: a stand-in, and an API over it."""

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
    """An empty Grafana: like 10 and 11, and like 12 and later."""
    with grafana() as state:
        state.apis = ("v1beta1",) if request.param == "apis" else ()
        yield state


@pytest.fixture
def api(server: Grafana) -> Api:
    """An API with no pauses and a timeout of half a second; the requests of its choice are forgotten."""
    made = choose(Http(Access(server.url, TOKEN, timeout=0.5), pause=lambda _: None))
    server.requests.clear()
    return made


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """The backup directory."""
    return tmp_path / "backups"
