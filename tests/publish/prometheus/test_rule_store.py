"""The directory holds the old or the new set as a whole, even if the publisher is killed or the disk is full."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import rotation
from support.published import A, B, C, D, Killed, cut_off, live, loaded, names, publish, target_of
from support.stand_in import RELOAD, StandIn, prometheus

from boxwatch.errors import PublishError
from boxwatch.publish import atomic, read_back
from boxwatch.publish.prometheus import prometheus_rules as publishing
from boxwatch.publish.reload import ExternalReload
from boxwatch.publish.store import Store

_STEPS = 20


def _steps(monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> list[str]:
    """Make the step number `at` that changes the disk fail; returns the steps so far."""
    steps: list[str] = []
    real: Mapping[str, Callable[..., object]] = {
        "replace": Path.replace, "unlink": Path.unlink, "mkdir": Path.mkdir, "fsync": os.fsync,
    }  # fmt: skip

    def stepping(name: str) -> Callable[..., object]:
        def step(*arguments: object, **more: object) -> object:
            steps.append(name)
            if len(steps) - 1 >= at if isinstance(error, OSError) else len(steps) - 1 == at:
                raise error
            return real[name](*arguments, **more)

        return step

    for name in ("replace", "unlink", "mkdir"):
        monkeypatch.setattr(Path, name, stepping(name))
    monkeypatch.setattr(os, "fsync", stepping("fsync"))
    return steps


def test_a_publish_has_fewer_steps_than_are_tried(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the tests below reach its end."""
    publish(server, A)
    with monkeypatch.context() as patched:
        steps = _steps(patched, 999, Killed())
        publish(server, B)

    assert 10 < len(steps) < _STEPS


@pytest.mark.repeats
@pytest.mark.parametrize("at", range(_STEPS))
def test_killed_at_any_step_the_old_or_the_new_set_is_whole_and_the_next_run_repairs(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """This holds for every step that changes the disk."""
    publish(server, A)
    with monkeypatch.context() as patched:
        _steps(patched, at, Killed())
        with contextlib.suppress(Killed):
            publish(server, B)
    assert live(server) in (A.content, B.content)

    publish(server, C)

    assert (live(server), loaded(server)) == (C.content, "C")
    assert len(names(server)) == 5, "the live set, lock, state and two stored sets"


@pytest.mark.repeats
@pytest.mark.parametrize("at", range(_STEPS))
def test_after_a_kill_a_rollback_brings_back_what_was_there(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """This holds for every step, unless the publish was complete."""
    publish(server, C)
    publish(server, A)
    with monkeypatch.context() as patched:
        _steps(patched, at, Killed())
        with contextlib.suppress(Killed):
            publish(server, B)
    seen = Store(server.directory).observe()

    publishing.apply(target_of(server), publishing.rollback(target_of(server)))

    over = seen.cut_off or seen.live == B.content
    assert (live(server), loaded(server)) == ((A.content, "A") if over else (C.content, "C"))


@pytest.mark.repeats
@pytest.mark.parametrize("at", range(_STEPS))
def test_a_disk_that_fills_up_at_any_step_leaves_a_whole_set(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The error says so, and the next run converges."""
    publish(server, A)
    error = ""
    with monkeypatch.context() as patched:
        steps = _steps(patched, at, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        try:
            publish(server, B)
        except PublishError as raised:
            error = str(raised)
    assert ("No space left on device" in error) is (len(steps) > at)
    assert live(server) in (A.content, B.content)

    publish(server, B)

    assert (live(server), loaded(server)) == (B.content, "B")


def test_a_publish_after_any_number_of_kills_goes_back_to_what_was_confirmed(server: StandIn) -> None:
    """Sets that were never confirmed are not restored."""
    publish(server, A)
    for new in (B, C):
        cut_off(server, new)
    assert live(server) == C.content
    server.faults[RELOAD] = ["refuse"]

    with pytest.raises(PublishError, match="the previous rules are in place again"):
        publish(server, B)

    assert (live(server), loaded(server)) == (A.content, "A")


def test_leftovers_are_removed_where_nothing_else_is_to_be_done(server: StandIn) -> None:
    """They stem from a publisher killed before it recorded what it was about to do."""
    publish(server, A)
    before = names(server)
    own = server.directory / ".boxwatch"
    for path in (own / "next", own / ".next.x1", own / "sets" / ("0" * 64)):
        path.write_bytes(b"left")

    publish(server, A)

    assert names(server) == before


def test_leftovers_that_cannot_be_removed_are_reported(server: StandIn) -> None:
    """A directory in place of a file is foreign."""
    publish(server, A)
    (server.directory / ".boxwatch" / "next").mkdir()

    with pytest.raises(PublishError, match=r"\.boxwatch could not be written: .*; the rules are unchanged"):
        publish(server, A)


def test_a_restore_that_cannot_be_recorded_is_reported(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The previous rules are in place; the next run records it."""
    publish(server, A)
    server.faults[RELOAD] = ["ok", "refuse"]
    real = atomic.replace

    def full(target: Path, content: bytes) -> None:
        if target.name == "state.json" and b'"before": null' in content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(target, content)

    with monkeypatch.context() as patched:
        patched.setattr(atomic, "replace", full)
        with pytest.raises(PublishError, match=r"(?s)rejected the rules.*is in place, but .*state\.json could not be"):
            publish(server, B)

    assert (live(server), loaded(server)) == (A.content, "A")
    publish(server, A)
    assert not Store(server.directory).observe().cut_off


def test_a_manual_change_is_refused_even_if_our_set_was_lost(server: StandIn) -> None:
    """Only the list of changes is missing then."""
    publish(server, A)
    (server.directory / "boxwatch.yaml").write_bytes(B.content)
    for path in (server.directory / ".boxwatch" / "sets").iterdir():
        path.unlink()

    with pytest.raises(PublishError, match="was changed manually") as caught:
        publish(server, C)

    assert "manually: " not in str(caught.value)


def test_many_manual_changes_are_counted(server: StandIn) -> None:
    """The first ten are shown."""
    publish(server, A)
    (server.directory / "boxwatch.yaml").write_bytes(B.content)

    with pytest.raises(PublishError, match=r"manually: 30 more$"):
        publish(server, C)


def test_a_stored_set_that_was_lost_blocks_no_publish(server: StandIn) -> None:
    """The live set is the best available baseline."""
    publish(server, A)
    cut_off(server, B)
    for path in (server.directory / ".boxwatch" / "sets").iterdir():
        path.unlink()

    with pytest.raises(PublishError, match="is missing or damaged, so it cannot be restored"):
        publishing.rollback(target_of(server))
    publish(server, C)

    assert loaded(server) == "C"


@pytest.mark.parametrize(
    "state",
    [
        "{",
        "[]",
        '{"version": 2, "pending": []}',
        '{"version": 1, "pending": [], "current": "../../etc/passwd"}',
        '{"version": 1, "pending": [], "more": 1}',
        '{"version": 1, "pending": 1}',
        '{"version": 1, "pending": [], "current": 7}',
    ],
)
def test_a_state_that_is_not_ours_is_refused(server: StandIn, state: str) -> None:
    """Its names become paths."""
    publish(server, A)
    (server.directory / ".boxwatch" / "state.json").write_text(state, encoding="utf-8")

    with pytest.raises(PublishError, match=r"state\.json is not in boxwatch's format"):
        publish(server, B)


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The directory is Prometheus': creating it would hide a typing error."""
    with pytest.raises(PublishError, match="is not a directory: create the one Prometheus reads rules from"):
        publishing.plan(publishing.Target(tmp_path / "rulez", None, ExternalReload()), A)


def test_a_foreign_object_in_place_of_our_file_is_refused(tmp_path: Path) -> None:
    """It could contain anything."""
    (tmp_path / "boxwatch.yaml").mkdir()

    with pytest.raises(PublishError, match="cannot be read: Is a directory; nothing was changed"):
        publishing.plan(publishing.Target(tmp_path, None, ExternalReload()), A)


def test_a_foreign_object_in_place_of_our_directory_is_refused(tmp_path: Path) -> None:
    """Before anything is switched."""
    target = publishing.Target(tmp_path, None, ExternalReload())
    plan = publishing.plan(target, A)
    (tmp_path / ".boxwatch").write_text("", encoding="utf-8")

    with pytest.raises(PublishError, match=r"could not be written: .*; the rules are unchanged"):
        publishing.apply(target, plan)


@rotation.examples(25)
@given(st.lists(st.sampled_from(["A", "B", "C", "none", "rollback", "refused", "cut off"]), max_size=7))
def test_after_any_history_disk_and_prometheus_agree(
    tmp_path_factory: pytest.TempPathFactory, history: list[str]
) -> None:
    """And a rollback always undoes the last successful publish."""
    sets = {"A": A, "B": B, "C": C, "none": None}
    rules = tmp_path_factory.mktemp("rules")
    now = before = None
    published = False
    with pytest.MonkeyPatch.context() as patched, prometheus(rules) as server:
        patched.setattr(read_back, "_PAUSE", 0.01)
        for step in history:
            if step == "cut off":
                cut_off(server, D)
                publish(server, now)
            elif step == "refused":
                server.faults[RELOAD] = ["ok", "refuse"]
                with pytest.raises(PublishError):
                    publish(server, D)
            elif step == "rollback":
                if published:
                    publishing.apply(target_of(server), publishing.rollback(target_of(server)))
                    now, before = before, now
            elif sets[step] != now:
                publish(server, sets[step])
                now, before, published = sets[step], now, True
            assert live(server) == (now.content if now else None)
            assert loaded(server) == next((name for name, one in sets.items() if one == now and one), "")
