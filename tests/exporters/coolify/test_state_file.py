"""The state file: totals continue after a restart and are never lower than the last scrape."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.history import History
from boxwatch.exporters.coolify.state_file import StateFile, StateFileError

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

    rig.exporter.stop(0)
    hand.now += 600
    fake.end(running)
    fake.end(fake.deploy(fake.applications[1]), "failed")
    hand.now += 600
    again = Rig(fake, hand, state_file=StateFile(path)).settle()
    assert _total(again) == 3
    again.exporter.stop(0)
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


def test_a_file_that_cannot_be_written_is_left_as_it_is_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.json"
    content = json.dumps({"format": 1, "accounts": {}})
    path.write_text(content)
    monkeypatch.setattr("os.fsync", _full)
    file = StateFile(path)
    for _ in range(3):
        history = History()
        history.begin("a", 0)
        history.read("a", [], whole=True)
        file.save("main", URL, history)
        assert not history.changed

    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]
    assert path.read_text() == content
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    monkeypatch.undo()
    history.changed = True
    file.save("main", URL, history)
    assert path.read_text() != content


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_second_exporter_does_not_get_the_file(tmp_path: Path) -> None:
    first = StateFile(tmp_path / "state.json")
    first.load()
    with pytest.raises(StateFileError, match="in use by another exporter"):
        StateFile(tmp_path / "state.json").load()
    first.release()
    StateFile(tmp_path / "state.json").load()


def test_a_file_older_than_coolifys_own_memory_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"format": 1, "saved": 1000, "accounts": {"main": {"url": URL, "applications": {}}}}))
    for age, expected in ((49, False), (51, True)):
        caplog.clear()
        file = StateFile(path, now=functools.partial(float, 1000 + age * 86400))
        file.load()
        file.release()
        assert ("too old" in caplog.text) is expected


def test_an_unchanged_file_is_written_again_after_an_hour(tmp_path: Path) -> None:
    moments = [0.0]
    file = StateFile(tmp_path / "state.json", now=lambda: 5e8 + moments[0], steady=lambda: moments[0])
    history = History()
    history.begin("a", 0)
    history.read("a", [], whole=True)
    saved = []
    for moment in (0.0, 1800.0, 3601.0):
        moments[0] = moment
        file.save("main", URL, history)
        saved.append(json.loads(file.path.read_text())["saved"])

    assert saved == [500000000, 500000000, 500003601]
