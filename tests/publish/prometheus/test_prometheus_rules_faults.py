"""Rules are published atomically, whatever fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.programs import free_port
from support.published import A, B, live, loaded, publish, target_of
from support.stand_in import RELOAD, RULES, StandIn, prometheus

from boxwatch.errors import PublishError
from boxwatch.publish import http, switch
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_rules as publishing
from boxwatch.publish.reload import ExternalReload, HttpReload
from boxwatch.publish.store import Store

_BROKEN = {
    "refuse": r"rejected the rules \(500\): failed to reload config: one or more errors occurred; see its log",
    "locked": r"does not allow reloads over HTTP \(403\): Lifecycle API is not enabled.; start Prometheus with --web",
    "who": r"authentication failed \(401\)",
    "html": r"does not allow reloads over HTTP \(404\); start",
}


@pytest.mark.parametrize(("fault", "said"), _BROKEN.items(), ids=_BROKEN)
def test_a_rejected_reload_restores_the_previous_set(server: StandIn, fault: str, said: str) -> None:
    """The reload is not retried, since the server responded; then the old set is loaded again."""
    publish(server, A)
    server.faults[RELOAD] = ["ok", fault]
    server.asked.clear()

    with pytest.raises(
        PublishError, match=rf"(?s){said}.*the previous rules are in place again, and Prometheus has confirmed"
    ):
        publish(server, B)

    assert (live(server), loaded(server)) == (A.content, "A")
    assert server.asked.count(f"POST {RELOAD}") == 3
    assert not Store(server.directory).observe().cut_off


_UNHEALTHY = {
    "short": "Prometheus lacks the groups group-7",
    "sick": "group-7 / level:metric4:op fails: many-to-many matching",
}


@pytest.mark.parametrize(("fault", "said"), _UNHEALTHY.items(), ids=_UNHEALTHY)
def test_incomplete_or_failing_rules_are_rolled_back(server: StandIn, fault: str, said: str) -> None:
    """The read-back finds the fault."""
    publish(server, A)
    server.faults[RULES] = ["ok", *[fault] * 2] if fault == "sick" else ["ok", *[fault] * 30]

    with pytest.raises(PublishError, match=said):
        publish(server, B)

    server.faults[RULES] = []
    assert live(server) == A.content
    assert loaded(server) == "A"


def test_a_rule_that_fails_once_is_read_again(server: StandIn) -> None:
    """Right after a load a sample may be out of order."""
    server.faults[RULES] = ["ok", "sick"]

    assert publish(server, A) == ""
    assert server.faults[RULES] == []


def test_a_rule_that_failed_before_is_no_reason_to_go_back(server: StandIn) -> None:
    """The failure is reported."""
    publish(server, A)
    server.faults[RULES] = ["sick", "sick"]

    said = publish(server, B)

    assert said == "group-7 / level:metric4:op fails, as it did before: many-to-many matching"
    assert loaded(server) == "B"


def test_rules_that_are_not_evaluated_in_time_are_named(server: StandIn) -> None:
    """Whether they fail is unknown, which is not a failure."""
    server.faults[RULES] = ["ok", *["new"] * 3000]

    assert publish(server, A, timeout=3).startswith("1 rules were not evaluated within")


def test_progress_is_reported(server: StandIn) -> None:
    """Progress reports how many rules have been evaluated."""
    server.faults[RULES] = ["ok", "new"]
    seen: list[tuple[int, int]] = []
    target = target_of(server)

    publishing.apply(target, publishing.plan(target, A), lambda done, total: seen.append((done, total)))

    assert seen == [(40, 41), (41, 41)]


_FAULTS = (
    "refuse", "locked", "who", "busy", "slow", "drip", "cut", "lost", "empty", "silent", "garbage", "html", "short",
    "sick", "new",
)  # fmt: skip


@pytest.mark.repeats(traced=6)
@pytest.mark.sampled(30)
@pytest.mark.parametrize("fault", _FAULTS)
@pytest.mark.parametrize("times", [1, 50], ids=lambda times: f"{times}×")
@pytest.mark.parametrize(("path", "skip"), [(RULES, 0), (RELOAD, 0), (RULES, 1)], ids=["plan", "reload", "read back"])
def test_a_fault_at_any_request_leaves_no_partial_publish(
    server: StandIn, path: str, skip: int, times: int, fault: str
) -> None:
    """The old or the new set is on disk, and loaded where that is claimed; then publish and rollback converge."""
    publish(server, A)
    server.faults[path] = ["ok"] * skip + [fault] * times

    error = ""
    try:
        publish(server, B, timeout=0.3)
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


def test_an_unreachable_server_is_reported_before_anything_is_written(tmp_path: Path) -> None:
    """Nothing is written at all."""
    client = Client(f"http://127.0.0.1:{free_port()}")

    with pytest.raises(PublishError, match=r"GET http://127\.0\.0\.1:\d+/api/v1/rules: Connection refused"):
        publishing.plan(publishing.Target(tmp_path, client, HttpReload(client), 1), A)

    assert list(tmp_path.iterdir()) == []


def test_a_server_that_goes_between_switch_and_reload_finds_the_old_set_when_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next publish continues from there."""
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(switch, "LEAST", 0.3)
    # The server is still there when its reload is checked.
    monkeypatch.setattr(switch, "_refuse_broken", lambda *_: None)
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
            "the last publish was interrupted; this one completes or undoes it",
        )
        publish(second, A)
        assert loaded(second) == "A"
        assert not Store(rules).observe().cut_off


def test_without_a_url_a_failed_signal_restores_the_previous_set(tmp_path: Path) -> None:
    """The record stays, since the loaded rules are unknown."""

    class Deaf(ExternalReload):
        def __call__(self, timeout: float) -> None:
            raise PublishError(f"there is no process to signal for {timeout} s")

    target = publishing.Target(tmp_path, None, Deaf())
    with pytest.raises(PublishError, match="none are on disk again, but Prometheus has not confirmed"):
        publishing.apply(target, publishing.plan(target, A))

    assert not (tmp_path / "boxwatch.yaml").exists()
    assert Store(tmp_path).observe().cut_off


def test_an_interrupt_during_the_reload_restores_the_previous_set(server: StandIn) -> None:
    """As on Ctrl-C."""
    publish(server, A)

    class Interrupted(HttpReload):
        def __call__(self, timeout: float) -> None:
            if live(server) == B.content:
                raise KeyboardInterrupt
            HttpReload(self.client)(timeout)

    client = Client(server.url)
    target = publishing.Target(server.directory, client, Interrupted(client), 1)
    with pytest.raises(PublishError, match=r"interrupted\nthe previous rules are in place again"):
        publishing.apply(target, publishing.plan(target, B))

    assert (live(server), loaded(server)) == (A.content, "A")
