"""Rules are published whole or not at all, whatever Prometheus or somebody else does."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support import rule_sets
from support.programs import free_port
from support.published import A, B, live, loaded, publish, target_of
from support.stand_in import CONFIG, RELOAD, RULES, StandIn, prometheus

from boxwatch.errors import PublishError
from boxwatch.publish import http, lock
from boxwatch.publish import prometheus as publishing
from boxwatch.publish.http import Client
from boxwatch.publish.reload import ByHttp, ByOthers
from boxwatch.publish.rule_store import Store


def test_the_first_publish_needs_nothing_but_the_directory(server: StandIn) -> None:
    """Planned from two answers, loaded by one request, confirmed by one answer."""
    assert publish(server, A) == ""

    assert (live(server), loaded(server)) == (A.content, "A")
    assert server.asked == [f"GET {RULES}", f"GET {CONFIG}", f"POST {RELOAD}", f"GET {RULES}"]


def test_what_is_live_already_is_not_published_again(server: StandIn) -> None:
    """One question, no write, no reload."""
    publish(server, A)
    before = {path: path.stat().st_mtime_ns for path in server.directory.rglob("*")}
    server.asked.clear()

    publish(server, A)

    assert server.asked == [f"GET {RULES}"]
    assert {path: path.stat().st_mtime_ns for path in server.directory.rglob("*")} == before


def test_what_is_on_disk_and_not_loaded_is_loaded(server: StandIn) -> None:
    """As after a publish to which nobody could listen."""
    publish(server, A)
    server.groups = []

    plan = publishing.plan(target_of(server), A)
    publishing.apply(target_of(server), plan)

    assert plan.notes == ("Prometheus loads no file named boxwatch.yaml: let rule_files of its configuration name it",)
    assert loaded(server) == "A"


def test_rollback_brings_the_last_set_back_byte_by_byte(server: StandIn) -> None:
    """And the one that was left, when it is asked again; before the first publish there was none."""
    target = target_of(server)
    publish(server, A)
    publish(server, B)

    publishing.apply(target, publishing.rollback(target))
    assert (live(server), loaded(server)) == (A.content, "A")
    publishing.apply(target, publishing.rollback(target))
    assert (live(server), loaded(server)) == (B.content, "B")


def test_rollback_of_the_first_publish_leaves_no_rules(server: StandIn) -> None:
    """As it was."""
    target = target_of(server)
    publish(server, A)

    publishing.apply(target, publishing.rollback(target))

    assert (live(server), server.groups) == (None, [])


def test_without_a_publish_there_is_nothing_to_roll_back(server: StandIn) -> None:
    """It says so."""
    with pytest.raises(PublishError, match=r"nothing was published to .* yet"):
        publishing.rollback(target_of(server))


_BROKEN = {
    "refuse": r"refused the rules \(500\): failed to reload config: one or more errors occurred; its log",
    "locked": r"takes no reload over HTTP \(403\): Lifecycle API is not enabled.; start Prometheus with --web.enable",
    "who": r"refuses who we say we are \(401\)",
    "html": r"takes no reload over HTTP \(404\); start",
}


@pytest.mark.parametrize(("fault", "said"), _BROKEN.items(), ids=_BROKEN)
def test_a_reload_that_is_refused_is_taken_back_with_its_reason(server: StandIn, fault: str, said: str) -> None:
    """Asked once, for it was answered; then the old set is loaded again."""
    publish(server, A)
    server.faults[RELOAD] = [fault]
    server.asked.clear()

    with pytest.raises(PublishError, match=rf"(?s){said}.*the old rules are in place again, and Prometheus has conf"):
        publish(server, B)

    assert (live(server), loaded(server)) == (A.content, "A")
    assert server.asked.count(f"POST {RELOAD}") == 2
    assert not Store(server.directory).see().cut_off


_UNHEALTHY = {
    "short": "Prometheus lacks the groups group-7",
    "sick": "group-7 / level:metric4:op fails: many-to-many matching",
}


@pytest.mark.parametrize(("fault", "said"), _UNHEALTHY.items(), ids=_UNHEALTHY)
def test_rules_that_are_not_all_there_and_healthy_are_taken_back(server: StandIn, fault: str, said: str) -> None:
    """As the read-back shows."""
    publish(server, A)
    server.faults[RULES] = ["ok", *[fault] * 2] if fault == "sick" else ["ok", *[fault] * 30]

    with pytest.raises(PublishError, match=said):
        publish(server, B, patience=0.2)

    server.faults[RULES] = []
    assert live(server) == A.content
    assert loaded(server) == "A"


def test_a_rule_that_fails_once_is_asked_again(server: StandIn) -> None:
    """Right after a load a sample may be out of order."""
    server.faults[RULES] = ["ok", "sick"]

    assert publish(server, A) == ""
    assert server.faults[RULES] == []


def test_a_rule_that_failed_before_is_no_reason_to_go_back(server: StandIn) -> None:
    """It is said."""
    publish(server, A)
    server.faults[RULES] = ["sick", "sick"]

    said = publish(server, B)

    assert said == "group-7 / level:metric4:op fails, as it did before: many-to-many matching"
    assert loaded(server) == "B"


def test_rules_that_are_not_evaluated_in_time_are_named(server: StandIn) -> None:
    """Whether they fail is not known, which is no failure."""
    server.faults[RULES] = ["ok", *["new"] * 3000]

    assert publish(server, A, patience=3).startswith("1 rules were not evaluated within")


def test_progress_is_told(server: StandIn) -> None:
    """How many rules have been evaluated."""
    server.faults[RULES] = ["ok", "new"]
    seen: list[tuple[int, int]] = []
    target = target_of(server)

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
    publish(server, A)
    server.faults[path] = ["ok"] * skip + [fault] * times

    error = ""
    try:
        publish(server, B, patience=0.3)
    except PublishError as raised:
        error = str(raised)

    server.faults[path] = []
    assert live(server) == (A.content if error else B.content)
    if "not confirmed" not in error:
        assert loaded(server) == ("A" if error else "B")
    publish(server, B)
    assert (live(server), loaded(server)) == (B.content, "B")
    publishing.apply(target_of(server), publishing.rollback(target_of(server)))
    assert (live(server), loaded(server)) == (A.content, "A")


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
        publish(first, A)
        target = target_of(first)
        plan = publishing.plan(target, B)

    with pytest.raises(PublishError, match=r"(?s)Connection refused.*on disk again, but Prometheus has not confirmed"):
        publishing.apply(target, plan)

    assert (rules / "boxwatch.yaml").read_bytes() == A.content
    with prometheus(rules) as second:
        second.load()
        assert publishing.plan(target_of(second), A).notes == (
            "the last publish was cut off; this one finishes or undoes it",
        )
        publish(second, A)
        assert loaded(second) == "A"
        assert not Store(rules).see().cut_off


def test_what_somebody_changed_by_hand_is_not_overwritten(server: StandIn) -> None:
    """Unless told so; and then a rollback brings it back."""
    publish(server, A)
    edited = A.content.replace(b"vector(1)", b"vector(2)")
    (server.directory / "boxwatch.yaml").write_bytes(edited)

    with pytest.raises(PublishError, match="was changed by hand, or not written by `boxwatch publish`") as caught:
        publish(server, B)
    assert live(server) == edited
    assert str(caught.value).splitlines()[1:] == [
        f"by hand: group-{number} / level:metric1:op: expression vector(1) → vector(2)"
        for number in range(rule_sets.GROUPS)
    ]

    publish(server, B, overwrite=True)
    assert live(server) == B.content
    publishing.apply(target_of(server), publishing.rollback(target_of(server)))
    assert live(server) == edited


def test_an_edit_by_hand_is_undone_when_told_so_and_can_be_brought_back(server: StandIn) -> None:
    """Publishing what was published last."""
    publish(server, A)
    (server.directory / "boxwatch.yaml").write_bytes(B.content)

    publish(server, A, overwrite=True)
    publishing.apply(target_of(server), publishing.rollback(target_of(server)))

    assert (live(server), loaded(server)) == (B.content, "B")


def test_a_file_by_hand_that_is_no_rule_file_can_be_replaced(server: StandIn) -> None:
    """It is all added then."""
    (server.directory / "boxwatch.yaml").write_bytes(b"{")

    plan = publishing.plan(target_of(server), A, overwrite=True)
    publishing.apply(target_of(server), plan)

    assert {change.kind for change in plan.changes} == {"added"}
    assert loaded(server) == "A"


def test_a_set_that_is_live_by_another_hand_is_taken_over(server: StandIn) -> None:
    """As after a state that was lost."""
    (server.directory / "boxwatch.yaml").write_bytes(A.content)
    server.load()

    assert publishing.plan(target_of(server), A).needed is False


def test_groups_that_prometheus_has_from_elsewhere_are_refused(server: StandIn) -> None:
    """Every alert would fire twice."""
    server.others = [{"name": "group-3", "file": "/etc/prometheus/rules/group.yaml", "rules": []}]

    with pytest.raises(PublishError, match=r"loads the same groups from /etc/prometheus/rules/group\.yaml already"):
        publishing.plan(target_of(server), A)


def test_two_files_of_our_name_are_refused(server: StandIn) -> None:
    """It cannot be said which is ours."""
    publish(server, A)
    server.others = [{"name": "group-3", "file": "/other/boxwatch.yaml", "rules": []}]

    with pytest.raises(PublishError, match=r"loads two of boxwatch\.yaml"):
        publishing.plan(target_of(server), A)


def test_a_plan_that_is_out_of_date_is_not_carried_out(server: StandIn) -> None:
    """Somebody published while it was looked at."""
    plan = publishing.plan(target_of(server), A)
    publish(server, B)

    with pytest.raises(PublishError, match="changed after the plan was made; nothing was done"):
        publishing.apply(target_of(server), plan)

    assert loaded(server) == "B"


def test_of_two_publishers_the_second_is_told_who_is_at_work(server: StandIn) -> None:
    """By process and host."""
    plan = publishing.plan(target_of(server), A)
    with (
        lock.held(Store(server.directory).lock),
        pytest.raises(
            PublishError, match=rf"process {os.getpid()} on .+ is publishing to {server.directory} right now"
        ),
    ):
        publishing.apply(target_of(server), plan)

    assert live(server) is None


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
    publish(server, A)

    class Interrupted(ByHttp):
        def __call__(self, patience: float) -> None:
            if live(server) == B.content:
                raise KeyboardInterrupt
            ByHttp(self.client)(patience)

    client = Client(server.url)
    target = publishing.Target(server.directory, client, Interrupted(client), 1)
    with pytest.raises(PublishError, match=r"it was interrupted\nthe old rules are in place again"):
        publishing.apply(target, publishing.plan(target, B))

    assert (live(server), loaded(server)) == (A.content, "A")


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


@pytest.mark.parametrize(
    ("patterns", "named"), [([], "nothing"), (["/etc/rules/mine.yaml", "/etc/*.yml"], "mine.yaml, /etc/*.yml")]
)
def test_a_directory_that_rule_files_does_not_name_is_found_before_writing(
    server: StandIn, patterns: list[str], named: str
) -> None:
    """With what it names instead."""
    server.rule_files = patterns

    with pytest.raises(PublishError, match=f"names .*{re.escape(named)}; nothing was written"):
        publish(server, A)
    assert list(server.directory.iterdir()) == []


def test_a_directory_beside_the_one_that_is_read_is_found_before_writing(server: StandIn, tmp_path: Path) -> None:
    """Else the set that Prometheus has from elsewhere would confirm it."""
    publish(server, A)
    (tmp_path / "elsewhere").mkdir()
    client = Client(server.url)
    wrong = publishing.Target(tmp_path / "elsewhere", client, ByHttp(client), 1)

    with pytest.raises(PublishError, match="reads another directory"):
        publishing.plan(wrong, A)
    assert list(wrong.directory.iterdir()) == []


def test_a_server_that_refuses_its_old_rules_too_does_not_blame_the_new_ones(server: StandIn) -> None:
    """Its configuration was broken before."""
    publish(server, A)
    server.faults[RELOAD] = ["refuse", "refuse"]

    with pytest.raises(PublishError, match="refuses the old rules too, so the reason is not in the new ones"):
        publish(server, B)
    assert (live(server), loaded(server)) == (A.content, "A")
