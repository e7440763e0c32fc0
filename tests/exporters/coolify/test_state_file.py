"""The state file: totals continue after a restart and are never lower than the last scrape."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.history import History
from boxwatch.exporters.coolify.state_file import StateFile

URL = "http://coolify:8080"


def _total(rig: Rig) -> float:
    return sum(value for _, value in rig.values(names.DEPLOYMENTS))


def test_totals_go_on_and_what_ended_meanwhile_is_counted_once(tmp_path: Path) -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    path = tmp_path / "state.json"
    rig = Rig(fake, hand, state_file=StateFile(path)).settle()
    running = fake.deploy(fake.applications[0], "in_progress")
    hand.now += 1
    fake.end(fake.deploy(fake.applications[0]))
    rig.wait(700)
    assert _total(rig) == 1

    hand.now += 600
    fake.end(running)
    fake.end(fake.deploy(fake.applications[1]), "failed")
    hand.now += 600
    again = Rig(fake, hand, state_file=StateFile(path)).settle()
    assert _total(again) == 3
    assert _total(Rig(fake, hand, state_file=StateFile(path)).settle()) == 3


def test_the_file_is_written_before_the_page_shows_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = HandClock()
    fake = default(lambda: hand.now)
    rig = Rig(fake, hand, state_file=StateFile(tmp_path / "state.json"))
    order: list[str] = []
    monkeypatch.setattr(StateFile, "save", lambda *_: order.append("saved"))
    monkeypatch.setattr(rig.exporter.snapshots, "publish", lambda _: order.append("shown"))
    rig.settle()

    assert order == ["saved", "shown"]


def test_numbers_of_another_instance_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    history = History()
    history.begin("a", 0)
    history.read("a", [], whole=True)
    file = StateFile(path)
    file.save("main", URL, history)
    again = StateFile(path)
    again.load()

    for account, url, expected in (("main", URL, ["a"]), ("main", "http://other", []), ("other", URL, [])):
        fresh = History()
        again.restore(account, url, fresh)
        assert list(fresh.logs) == expected


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json")
    file.save("main", URL, History())

    assert not (tmp_path / "state.json").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"format": 2, "accounts": {}}',
        b'{"format": 1, "accounts": 5}',
        b"\xff",
        b"[" * 10**5,
    ],
    ids=lambda content: repr(content[:12]),
)
def test_a_broken_file_begins_anew(content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    file = StateFile(path)
    file.load()
    history = History()
    file.restore("main", URL, history)

    assert history.logs == {}
    assert "invalid state file" in caplog.text


def test_a_missing_file_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    StateFile(tmp_path / "state.json").load()

    assert caplog.text == ""


def test_a_file_that_cannot_be_written_is_removed_so_that_the_next_start_is_a_clean_reset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"format": 1, "accounts": {}}))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    history = History()
    history.begin("a", 0)
    history.read("a", [], whole=True)
    StateFile(path).save("main", URL, history)

    assert list(tmp_path.iterdir()) == []
    assert "cannot be written" in caplog.text
    assert not history.changed
