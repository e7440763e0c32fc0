"""Rules are published whole or not at all, whatever Prometheus, the disk or somebody else does."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Never

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import rule_sets
from support.programs import free_port
from support.stand_in import RELOAD, RULES, StandIn, prometheus

from boxwatch.errors import PublishError
from boxwatch.publish import atomic, http, lock, read_back, rule_set
from boxwatch.publish import prometheus as publishing
from boxwatch.publish.http import Client
from boxwatch.publish.reload import ByHttp, ByOthers
from boxwatch.publish.rule_store import Store

A, B, C, D = (rule_set.merge(rule_sets.files(name)) for name in "ABCD")


def _target(server: StandIn, patience: float = 1.0) -> publishing.Target:
    client = Client(server.url)
    return publishing.Target(server.directory, client, ByHttp(client), patience)


def _publish(server: StandIn, new: rule_set.RuleSet | None, *, overwrite: bool = False, patience: float = 1.0) -> str:
    target = _target(server, patience)
    return publishing.apply(target, publishing.plan(target, new, overwrite=overwrite))


def _live(server: StandIn) -> bytes | None:
    path = server.directory / "boxwatch.yaml"
    return path.read_bytes() if path.exists() else None


def _loaded(server: StandIn) -> str:
    return rule_sets.which(server.groups)


def _names(server: StandIn) -> set[str]:
    return {str(path.relative_to(server.directory)) for path in server.directory.rglob("*") if path.is_file()}


def test_the_first_publish_needs_nothing_but_the_directory(server: StandIn) -> None:
    """Planned from one answer, loaded by one request, confirmed by one answer."""
    assert _publish(server, A) == ""

    assert (_live(server), _loaded(server)) == (A.content, "A")
    assert server.asked == [f"GET {RULES}", f"POST {RELOAD}", f"GET {RULES}"]


def test_what_is_live_already_is_not_published_again(server: StandIn) -> None:
    """One question, no write, no reload."""
    _publish(server, A)
    before = {path: path.stat().st_mtime_ns for path in server.directory.rglob("*")}
    server.asked.clear()

    _publish(server, A)

    assert server.asked == [f"GET {RULES}"]
    assert {path: path.stat().st_mtime_ns for path in server.directory.rglob("*")} == before


def test_what_is_on_disk_and_not_loaded_is_loaded(server: StandIn) -> None:
    """As after a publish to which nobody could listen."""
    _publish(server, A)
    server.groups = []

    plan = publishing.plan(_target(server), A)
    publishing.apply(_target(server), plan)

    assert plan.notes == ("Prometheus loads no file named boxwatch.yaml: let rule_files of its configuration name it",)
    assert _loaded(server) == "A"


def test_rollback_brings_the_last_set_back_byte_by_byte(server: StandIn) -> None:
    """And the one that was left, when it is asked again; before the first publish there was none."""
    target = _target(server)
    _publish(server, A)
    _publish(server, B)

    publishing.apply(target, publishing.rollback(target))
    assert (_live(server), _loaded(server)) == (A.content, "A")
    publishing.apply(target, publishing.rollback(target))
    assert (_live(server), _loaded(server)) == (B.content, "B")


def test_rollback_of_the_first_publish_leaves_no_rules(server: StandIn) -> None:
    """As it was."""
    target = _target(server)
    _publish(server, A)

    publishing.apply(target, publishing.rollback(target))

    assert (_live(server), server.groups) == (None, [])


def test_without_a_publish_there_is_nothing_to_roll_back(server: StandIn) -> None:
    """It says so."""
    with pytest.raises(PublishError, match=r"nothing was published to .* yet"):
        publishing.rollback(_target(server))


_BROKEN = {
    "refuse": r"refused the rules \(500\): failed to reload config: one or more errors occurred; its log",
    "locked": r"takes no reload over HTTP \(403\): Lifecycle API is not enabled.; start Prometheus with --web.enable",
    "who": r"refuses who we say we are \(401\)",
    "html": r"takes no reload over HTTP \(404\); start",
}


@pytest.mark.parametrize(("fault", "said"), _BROKEN.items(), ids=_BROKEN)
def test_a_reload_that_is_refused_is_taken_back_with_its_reason(server: StandIn, fault: str, said: str) -> None:
    """Asked once, for it was answered; then the old set is loaded again."""
    _publish(server, A)
    server.faults[RELOAD] = [fault]
    server.asked.clear()

    with pytest.raises(PublishError, match=rf"(?s){said}.*the old rules are in place again, and Prometheus has conf"):
        _publish(server, B)

    assert (_live(server), _loaded(server)) == (A.content, "A")
    assert server.asked.count(f"POST {RELOAD}") == 2
    assert not Store(server.directory).see().cut_off


_UNHEALTHY = {
    "short": "Prometheus lacks the groups group-7",
    "sick": "group-7 / level:metric4:op fails: many-to-many matching",
}


@pytest.mark.parametrize(("fault", "said"), _UNHEALTHY.items(), ids=_UNHEALTHY)
def test_rules_that_are_not_all_there_and_healthy_are_taken_back(server: StandIn, fault: str, said: str) -> None:
    """As the read-back shows."""
    _publish(server, A)
    server.faults[RULES] = ["ok", *[fault] * 2] if fault == "sick" else ["ok", *[fault] * 30]

    with pytest.raises(PublishError, match=said):
        _publish(server, B, patience=0.2)

    server.faults[RULES] = []
    assert _live(server) == A.content
    assert _loaded(server) == "A"


def test_a_rule_that_fails_once_is_asked_again(server: StandIn) -> None:
    """Right after a load a sample may be out of order."""
    server.faults[RULES] = ["ok", "sick"]

    assert _publish(server, A) == ""
    assert server.faults[RULES] == []


def test_a_rule_that_failed_before_is_no_reason_to_go_back(server: StandIn) -> None:
    """It is said."""
    _publish(server, A)
    server.faults[RULES] = ["sick", "sick"]

    said = _publish(server, B)

    assert said == "group-7 / level:metric4:op fails, as it did before: many-to-many matching"
    assert _loaded(server) == "B"


def test_rules_that_are_not_evaluated_in_time_are_named(server: StandIn) -> None:
    """Whether they fail is not known, which is no failure."""
    server.faults[RULES] = ["ok", *["new"] * 300]

    assert _publish(server, A, patience=0.2).startswith("1 rules were not evaluated within")


def test_progress_is_told(server: StandIn) -> None:
    """How many rules have been evaluated."""
    server.faults[RULES] = ["ok", "new"]
    seen: list[tuple[int, int]] = []
    target = _target(server)

    publishing.apply(target, publishing.plan(target, A), lambda done, total: seen.append((done, total)))

    assert seen == [(40, 41), (41, 41)]


_FAULTS = (
    "refuse", "locked", "who", "busy", "slow", "drip", "cut", "lost", "empty", "silent", "garbage", "html", "short",
    "sick", "new",
)  # fmt: skip


@pytest.mark.parametrize("fault", _FAULTS)
@pytest.mark.parametrize("times", [1, 50], ids=lambda times: f"{times}×")
@pytest.mark.parametrize(("path", "skip"), [(RULES, 0), (RELOAD, 0), (RULES, 1)], ids=["plan", "reload", "read back"])
def test_whatever_happens_to_a_request_nothing_is_half_done(
    server: StandIn, path: str, skip: int, times: int, fault: str
) -> None:
    """The old or the new set is on disk and loaded where that is claimed; then all converges and rolls back."""
    _publish(server, A)
    server.faults[path] = ["ok"] * skip + [fault] * times

    error = ""
    try:
        _publish(server, B, patience=0.3)
    except PublishError as raised:
        error = str(raised)

    server.faults[path] = []
    assert _live(server) == (A.content if error else B.content)
    if "not confirmed" not in error:
        assert _loaded(server) == ("A" if error else "B")
    _publish(server, B)
    assert (_live(server), _loaded(server)) == (B.content, "B")
    publishing.apply(_target(server), publishing.rollback(_target(server)))
    assert (_live(server), _loaded(server)) == (A.content, "A")


def test_a_server_that_is_gone_is_said_before_anything_is_written(tmp_path: Path) -> None:
    """Nothing at all."""
    client = Client(f"http://127.0.0.1:{free_port()}")

    with pytest.raises(PublishError, match=r"GET http://127\.0\.0\.1:\d+/api/v1/rules: Connection refused"):
        publishing.plan(publishing.Target(tmp_path, client, ByHttp(client), 1), A)

    assert list(tmp_path.iterdir()) == []


def test_a_server_that_goes_between_switch_and_reload_finds_the_old_set_when_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next publish goes on from there."""
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(publishing, "_LEAST", 0.3)
    rules = tmp_path / "rules"
    rules.mkdir()
    with prometheus(rules) as first:
        _publish(first, A)
        target = _target(first)
        plan = publishing.plan(target, B)

    with pytest.raises(PublishError, match=r"(?s)Connection refused.*on disk again, but Prometheus has not confirmed"):
        publishing.apply(target, plan)

    assert (rules / "boxwatch.yaml").read_bytes() == A.content
    with prometheus(rules) as second:
        second.load()
        assert publishing.plan(_target(second), A).notes == (
            "the last publish was cut off; this one finishes or undoes it",
        )
        _publish(second, A)
        assert _loaded(second) == "A"
        assert not Store(rules).see().cut_off


def test_what_somebody_changed_by_hand_is_not_overwritten(server: StandIn) -> None:
    """Unless told so; and then a rollback brings it back."""
    _publish(server, A)
    edited = A.content.replace(b"vector(1)", b"vector(2)")
    (server.directory / "boxwatch.yaml").write_bytes(edited)

    with pytest.raises(PublishError, match="was changed by hand, or not written by `boxwatch publish`") as caught:
        _publish(server, B)
    assert _live(server) == edited
    assert str(caught.value).splitlines()[1:] == [
        f"by hand: group-{number} / level:metric1:op: expression vector(1) → vector(2)"
        for number in range(rule_sets.GROUPS)
    ]

    _publish(server, B, overwrite=True)
    assert _live(server) == B.content
    publishing.apply(_target(server), publishing.rollback(_target(server)))
    assert _live(server) == edited


def test_an_edit_by_hand_is_undone_when_told_so_and_can_be_brought_back(server: StandIn) -> None:
    """Publishing what was published last."""
    _publish(server, A)
    (server.directory / "boxwatch.yaml").write_bytes(B.content)

    _publish(server, A, overwrite=True)
    publishing.apply(_target(server), publishing.rollback(_target(server)))

    assert (_live(server), _loaded(server)) == (B.content, "B")


def test_a_file_by_hand_that_is_no_rule_file_can_be_replaced(server: StandIn) -> None:
    """It is all added then."""
    (server.directory / "boxwatch.yaml").write_bytes(b"{")

    plan = publishing.plan(_target(server), A, overwrite=True)
    publishing.apply(_target(server), plan)

    assert {change.kind for change in plan.changes} == {"added"}
    assert _loaded(server) == "A"


def test_a_set_that_is_live_by_another_hand_is_taken_over(server: StandIn) -> None:
    """As after a state that was lost."""
    (server.directory / "boxwatch.yaml").write_bytes(A.content)
    server.load()

    assert publishing.plan(_target(server), A).needed is False


def test_groups_that_prometheus_has_from_elsewhere_are_refused(server: StandIn) -> None:
    """Every alert would fire twice."""
    server.others = [{"name": "group-3", "file": "/etc/prometheus/rules/group.yaml", "rules": []}]

    with pytest.raises(PublishError, match=r"loads the same groups from /etc/prometheus/rules/group\.yaml already"):
        publishing.plan(_target(server), A)


def test_two_files_of_our_name_are_refused(server: StandIn) -> None:
    """It cannot be said which is ours."""
    _publish(server, A)
    server.others = [{"name": "group-3", "file": "/other/boxwatch.yaml", "rules": []}]

    with pytest.raises(PublishError, match=r"loads two files named boxwatch\.yaml"):
        publishing.plan(_target(server), A)


def test_a_plan_that_is_out_of_date_is_not_carried_out(server: StandIn) -> None:
    """Somebody published while it was looked at."""
    plan = publishing.plan(_target(server), A)
    _publish(server, B)

    with pytest.raises(PublishError, match="changed after the plan was made; nothing was done"):
        publishing.apply(_target(server), plan)

    assert _loaded(server) == "B"


def test_of_two_publishers_the_second_is_told_who_is_at_work(server: StandIn) -> None:
    """By process and host."""
    plan = publishing.plan(_target(server), A)
    with (
        lock.held(Store(server.directory).lock),
        pytest.raises(
            PublishError, match=rf"process {os.getpid()} on .+ is publishing to {server.directory} right now"
        ),
    ):
        publishing.apply(_target(server), plan)

    assert _live(server) is None


def test_without_a_url_rules_are_switched_and_that_is_said(tmp_path: Path) -> None:
    """Somebody else reloads."""
    target = publishing.Target(tmp_path, None, ByOthers())

    assert publishing.apply(target, publishing.plan(target, A)) == "not read back, since no URL of Prometheus was given"
    assert (tmp_path / "boxwatch.yaml").read_bytes() == A.content
    assert publishing.plan(target, A).needed is False


def test_without_a_url_a_signal_that_fails_is_taken_back(tmp_path: Path) -> None:
    """And stays entered, since nobody can say what is loaded."""

    class Deaf(ByOthers):
        def __call__(self, patience: float) -> None:
            raise PublishError(f"there is no process to signal for {patience} s")

    target = publishing.Target(tmp_path, None, Deaf())
    with pytest.raises(PublishError, match="there are none on disk again, but Prometheus has not confirmed"):
        publishing.apply(target, publishing.plan(target, A))

    assert not (tmp_path / "boxwatch.yaml").exists()
    assert Store(tmp_path).see().cut_off


def test_an_interrupt_while_prometheus_loads_is_taken_back(server: StandIn) -> None:
    """Ctrl-C."""
    _publish(server, A)

    class Interrupted(ByHttp):
        def __call__(self, patience: float) -> None:
            if _live(server) == B.content:
                raise KeyboardInterrupt
            ByHttp(self.client)(patience)

    client = Client(server.url)
    target = publishing.Target(server.directory, client, Interrupted(client), 1)
    with pytest.raises(PublishError, match=r"it was interrupted\nthe old rules are in place again"):
        publishing.apply(target, publishing.plan(target, B))

    assert (_live(server), _loaded(server)) == (A.content, "A")


def test_promtool_judges_the_set_where_it_is_on_the_path(program: Callable[[str], str]) -> None:
    """And has the last word on what only it sees."""
    program("promtool")

    assert publishing.rules_of(rule_sets.files("A")).mark == A.mark
    with pytest.raises(PublishError, match=r"(?s)promtool check refuses it: .*Broken.*nothing was published"):
        publishing.rules_of(rule_sets.refused("A"))


def test_without_promtool_queries_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is no PromQL is refused."""
    monkeypatch.setenv("PATH", "")

    assert publishing.rules_of(rule_sets.files("A")).mark == A.mark
    with pytest.raises(PublishError, match="record level:x:y: the query does not parse"):
        publishing.rules_of(rule_sets.files("A", extra={"record": "level:x:y", "expr": "sum(("}))


_STEPS = 20


class _Killed(BaseException):
    """As if the process were not there any more: nothing catches it."""


def _steps(monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> list[str]:
    """Let the step number `at` that changes the disk fail; returns the steps so far."""
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
    """So that the tests below see its end too."""
    _publish(server, A)
    with monkeypatch.context() as patched:
        steps = _steps(patched, 999, _Killed())
        _publish(server, B)

    assert 10 < len(steps) < _STEPS


@pytest.mark.parametrize("at", range(_STEPS))
def test_killed_at_any_step_the_old_or_the_new_set_is_whole_and_the_next_run_repairs(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Every step that changes the disk, one after the other."""
    _publish(server, A)
    with monkeypatch.context() as patched:
        _steps(patched, at, _Killed())
        with contextlib.suppress(_Killed):
            _publish(server, B)
    assert _live(server) in (A.content, B.content)

    _publish(server, C)

    assert (_live(server), _loaded(server)) == (C.content, "C")
    assert len(_names(server)) == 5, "the live set, lock, state and two stored sets"


@pytest.mark.parametrize("at", range(_STEPS))
def test_after_a_kill_a_rollback_brings_back_what_was_there(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Whatever had been reached, unless the publish was over."""
    _publish(server, C)
    _publish(server, A)
    with monkeypatch.context() as patched:
        _steps(patched, at, _Killed())
        with contextlib.suppress(_Killed):
            _publish(server, B)
    seen = Store(server.directory).see()

    publishing.apply(_target(server), publishing.rollback(_target(server)))

    over = seen.cut_off or seen.live == B.content
    assert (_live(server), _loaded(server)) == ((A.content, "A") if over else (C.content, "C"))


@pytest.mark.parametrize("at", range(_STEPS))
def test_a_disk_that_fills_up_at_any_step_leaves_a_whole_set(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The error says so, and the next run converges."""
    _publish(server, A)
    error = ""
    with monkeypatch.context() as patched:
        steps = _steps(patched, at, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        try:
            _publish(server, B)
        except PublishError as raised:
            error = str(raised)
    assert ("No space left on device" in error) is (len(steps) > at)
    assert _live(server) in (A.content, B.content)

    _publish(server, B)

    assert (_live(server), _loaded(server)) == (B.content, "B")


def test_a_publish_after_any_number_of_kills_goes_back_to_what_was_confirmed(server: StandIn) -> None:
    """Not to a set that nobody confirmed."""
    _publish(server, A)
    for new in (B, C):
        _cut_off(server, new)
    assert _live(server) == C.content
    server.faults[RELOAD] = ["refuse"]

    with pytest.raises(PublishError, match="the old rules are in place again"):
        _publish(server, B)

    assert (_live(server), _loaded(server)) == (A.content, "A")


def _kill(*_: object) -> Never:
    raise _Killed


def _cut_off(server: StandIn, new: rule_set.RuleSet) -> None:
    """A publish that is killed between the switch and the reload."""
    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(_Killed):
        patched.setattr(ByHttp, "__call__", _kill)
        _publish(server, new)


def test_leftovers_are_removed_where_nothing_else_is_to_be_done(server: StandIn) -> None:
    """Of a publisher that was killed before it entered what it was about to do."""
    _publish(server, A)
    names = _names(server)
    own = server.directory / ".boxwatch"
    for path in (own / "next", own / ".next.x1", own / "sets" / ("0" * 64)):
        path.write_bytes(b"left")

    _publish(server, A)

    assert _names(server) == names


def test_leftovers_that_cannot_be_removed_are_said(server: StandIn) -> None:
    """A folder in the place of a file is none of ours."""
    _publish(server, A)
    (server.directory / ".boxwatch" / "next").mkdir()

    with pytest.raises(PublishError, match=r"\.boxwatch could not be written: .*; the rules are as they were"):
        _publish(server, A)


def test_a_way_back_that_cannot_be_noted_is_said(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old rules are there; the next run notes it."""
    _publish(server, A)
    server.faults[RELOAD] = ["refuse"]
    real = atomic.replace

    def full(target: Path, content: bytes) -> None:
        if target.name == "state.json" and b'"before": null' in content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(target, content)

    with monkeypatch.context() as patched:
        patched.setattr(atomic, "replace", full)
        with pytest.raises(PublishError, match=r"(?s)refused the rules.*is in place, but .*state\.json could not be"):
            _publish(server, B)

    assert (_live(server), _loaded(server)) == (A.content, "A")
    _publish(server, A)
    assert not Store(server.directory).see().cut_off


def test_a_change_by_hand_is_refused_even_where_ours_was_lost(server: StandIn) -> None:
    """Only what was changed cannot be said then."""
    _publish(server, A)
    (server.directory / "boxwatch.yaml").write_bytes(B.content)
    for path in (server.directory / ".boxwatch" / "sets").iterdir():
        path.unlink()

    with pytest.raises(PublishError, match="was changed by hand") as caught:
        _publish(server, C)

    assert "by hand: " not in str(caught.value)


def test_many_changes_by_hand_are_counted(server: StandIn) -> None:
    """The first ten are shown."""
    _publish(server, A)
    (server.directory / "boxwatch.yaml").write_bytes(B.content)

    with pytest.raises(PublishError, match=r"by hand: 30 more$"):
        _publish(server, C)


def test_a_stored_set_that_was_lost_blocks_no_publish(server: StandIn) -> None:
    """What is live is the best there is to go back to."""
    _publish(server, A)
    _cut_off(server, B)
    for path in (server.directory / ".boxwatch" / "sets").iterdir():
        path.unlink()

    with pytest.raises(PublishError, match="is missing or damaged, so it cannot be brought back"):
        publishing.rollback(_target(server))
    _publish(server, C)

    assert _loaded(server) == "C"


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
    _publish(server, A)
    (server.directory / ".boxwatch" / "state.json").write_text(state, encoding="utf-8")

    with pytest.raises(PublishError, match=r"state\.json is not as boxwatch writes it"):
        _publish(server, B)


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """It is Prometheus' and not ours to make: a slip of the pen would go unnoticed."""
    with pytest.raises(PublishError, match="is no directory: make the one that Prometheus reads rules from"):
        publishing.plan(publishing.Target(tmp_path / "rulez", None, ByOthers()), A)


def test_something_else_in_the_place_of_our_file_is_refused(tmp_path: Path) -> None:
    """It may hold anything."""
    (tmp_path / "boxwatch.yaml").mkdir()

    with pytest.raises(PublishError, match="cannot be read: Is a directory; nothing was changed"):
        publishing.plan(publishing.Target(tmp_path, None, ByOthers()), A)


def test_something_else_in_the_place_of_our_folder_is_refused(tmp_path: Path) -> None:
    """Before anything is switched."""
    target = publishing.Target(tmp_path, None, ByOthers())
    plan = publishing.plan(target, A)
    (tmp_path / ".boxwatch").write_text("", encoding="utf-8")

    with pytest.raises(PublishError, match=r"could not be written: .*; the rules are as they were"):
        publishing.apply(target, plan)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["A", "B", "C", "none", "rollback", "refused", "cut off"]), max_size=7))
def test_after_any_history_disk_and_prometheus_agree(
    tmp_path_factory: pytest.TempPathFactory, history: list[str]
) -> None:
    """And a rollback always undoes the last publish that succeeded."""
    sets = {"A": A, "B": B, "C": C, "none": None}
    rules = tmp_path_factory.mktemp("rules")
    now = before = None
    published = False
    with pytest.MonkeyPatch.context() as patched, prometheus(rules) as server:
        patched.setattr(read_back, "_PAUSE", 0.01)
        for step in history:
            if step == "cut off":
                _cut_off(server, D)
                _publish(server, now)
            elif step == "refused":
                server.faults[RELOAD] = ["refuse"]
                with pytest.raises(PublishError):
                    _publish(server, D)
            elif step == "rollback":
                if published:
                    publishing.apply(_target(server), publishing.rollback(_target(server)))
                    now, before = before, now
            elif sets[step] != now:
                _publish(server, sets[step])
                now, before, published = sets[step], now, True
            assert _live(server) == (now.content if now else None)
            assert _loaded(server) == next((name for name, one in sets.items() if one == now and one), "")


def test_a_directory_is_settled_or_the_error_is_told(tmp_path: Path) -> None:
    """A rename that is not on disk is none after a power cut."""
    atomic.settle(tmp_path)
    with pytest.raises(OSError, match="No such file"):
        atomic.settle(tmp_path / "none")


def test_a_lock_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    """With its place."""
    with pytest.raises(PublishError, match="cannot be opened: Is a directory"), lock.held(tmp_path):
        pass


def test_a_lock_that_the_disk_does_not_have_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems have none."""

    def none(*_: int) -> Never:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(PublishError, match="cannot be locked: No locks available"), lock.held(tmp_path / "lock"):
        pass


def test_a_lock_is_free_when_its_holder_was_killed(tmp_path: Path) -> None:
    """The kernel drops it."""
    ready, say = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        with lock.held(tmp_path / "lock"):
            os.write(say, b"x")
            signal.pause()
    os.read(ready, 1)
    os.close(ready)
    os.close(say)
    with pytest.raises(PublishError, match=rf"process {child} on"), lock.held(tmp_path / "lock"):
        pass

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    with lock.held(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text(encoding="utf-8").startswith(f"process {os.getpid()} on")
