"""Threads: accounts poll independently of each other, and a stop ends them."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from support.coolify import HandClock, Rig
from support.running import eventually, settled

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.account import Account
from boxwatch.exporters.coolify.exporter import Exporter, Watch
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.exporters.coolify.secret import TokenFile


def _both(*, turn_limit: float = 60) -> tuple[Exporter, Rig, Rig]:
    hand = HandClock()
    first = Rig(default(lambda: hand.now), hand, name="first")
    second = Rig(default(lambda: hand.now), hand, name="second")
    second.fake.traps.add("api_disabled")
    watches = [Watch(rig.account, "http://coolify:8080", turn_limit) for rig in (first, second)]
    return Exporter(watches, CollectorRegistry(), "1.2.3"), first, second


def test_accounts_are_polled_side_by_side_and_one_that_is_down_hides_no_other() -> None:
    exporter, _, _ = _both()
    exporter.start()
    try:
        eventually(lambda: exporter.ready)
        healthy = exporter.healthy
        page = generate_latest(exporter.registry).decode()
    finally:
        exporter.stop(5)

    assert 'coolify_up{account="first"} 1.0' in page
    assert 'coolify_up{account="second"} 0.0' in page
    assert 'coolify_down_reason{account="second",reason="api_disabled"} 1.0' in page
    assert page.count("coolify_resource_info{") == 12
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("poll ")] == []
    assert (healthy, exporter.healthy) == (True, False), "the threads have ended"


def test_a_mistake_of_ours_in_a_turn_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, first, _ = _both()
    monkeypatch.setattr("boxwatch.exporters.coolify.exporter._AFTER_MISTAKE", 0.01)
    real = Account.turn
    calls = iter(range(1000))

    def sometimes(account: Account) -> float:
        if next(calls) < 3:
            raise ZeroDivisionError
        return real(account)

    monkeypatch.setattr(Account, "turn", sometimes)
    exporter.start()
    try:
        eventually(lambda: exporter.ready)
    finally:
        exporter.stop(5)

    assert first.counts.internal_errors <= 3
    assert sum(watch.account.api.counts.internal_errors for watch in exporter.watches) == 3


def test_nothing_is_shown_before_the_first_question() -> None:
    exporter, first, _ = _both()
    exporter.publish(first.account, "http://coolify:8080")

    assert exporter.snapshots.current == ()
    assert "coolify_up{" not in generate_latest(exporter.registry).decode()


def test_secrets_are_those_of_the_tokens_read_so_far_without_touching_the_file(tmp_path: Path) -> None:
    hand = HandClock()
    path = tmp_path / "token"
    path.write_text(TOKEN)
    rig = Rig(default(lambda: hand.now), hand, token=TokenFile(path))
    assert rig.exporter.secrets() == []
    rig.settle()
    path.unlink()
    os.mkfifo(path)  # reading it would never end

    assert rig.exporter.secrets() == [TOKEN, TOKEN.split("|")[1]]
    rig.wait(70)
    assert rig.present(names.DOWN_REASON, "reason") == names.NO_TOKEN
    path.unlink()
    path.write_text("2|0123456789abcdefghij")
    rig.wait(70)
    assert set(rig.exporter.secrets()) == {TOKEN, TOKEN.split("|")[1], path.read_text(), "0123456789abcdefghij"}


def test_a_page_never_mixes_two_moments_of_an_account() -> None:
    """A scrape during a swap sees one snapshot or the other, never a mixture."""
    rig = settled()
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for state in ("running:healthy", "exited:unhealthy"):
                for record in (*rig.fake.applications, *rig.fake.services, *rig.fake.databases):
                    record["status"] = state
                rig.wait(65, step=65)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen = set()
        for _ in range(100):
            values = rig.values(names.RESOURCE_STATE, state="running")
            seen.add(frozenset(value for _, value in values))
    finally:
        stop.set()
        thread.join(10)

    assert seen <= {frozenset({0.0}), frozenset({1.0})}
