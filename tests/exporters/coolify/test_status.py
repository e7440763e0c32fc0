"""Status strings: every value that Coolify's code can produce, and arbitrary others."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.status import Status, parse


@pytest.mark.parametrize(
    ("text", "state", "health", "excluded"),
    [
        ("running:healthy", "running", "healthy", False),
        ("running:unhealthy", "running", "unhealthy", False),
        ("running:unknown", "running", "unknown", False),
        ("running:starting", "running", "starting", False),
        ("running", "running", "unknown", False),
        ("starting:unknown", "starting", "unknown", False),
        ("starting:unhealthy", "starting", "unhealthy", False),
        ("restarting:unknown", "restarting", "unknown", False),
        ("degraded:unhealthy", "degraded", "unhealthy", False),
        ("degraded", "degraded", "unknown", False),
        ("paused:unknown", "paused", "unknown", False),
        ("exited:unhealthy", "exited", "unhealthy", False),
        ("exited", "exited", "unknown", False),
        ("created:unknown", "starting", "unknown", False),
        ("dead:unhealthy", "degraded", "unhealthy", False),
        ("removing:unknown", "degraded", "unknown", False),
        ("running:healthy:excluded", "running", "healthy", True),
        ("degraded:excluded", "degraded", "unknown", True),
        ("paused:excluded", "paused", "unknown", True),
        ("unknown:unknown:excluded", "unknown", "unknown", True),
        ("running (healthy)", "running", "healthy", False),
        ("exited (unhealthy)", "exited", "unhealthy", False),
        ("Running:Healthy", "running", "healthy", False),
    ],
)
def test_every_status_that_coolify_produces(text: str, state: str, health: str, *, excluded: bool) -> None:
    assert parse(text) == Status(state, health, excluded)


@pytest.mark.parametrize("text", ["", "hibernating", "running:cosy", "running:healthy:maybe", "excluded", "::"])
def test_new_words_are_unknown_and_told(text: str) -> None:
    assert not parse(text).understood


@given(st.text())
def test_any_text_gives_words_of_the_closed_lists(text: str) -> None:
    status = parse(text)

    assert status.state in names.STATES
    assert status.health in names.HEALTHS
