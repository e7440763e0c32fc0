"""Publishing rules to Prometheus, and rolling them back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import rule_sets
from support.published import A, B, live, loaded, publish, target_of
from support.stand_in import RELOAD, RULES, StandIn

from boxwatch.errors import PublishError
from boxwatch.publish import prometheus as publishing
from boxwatch.publish.reload import ByOthers


def test_the_first_publish_needs_nothing_but_the_directory(server: StandIn) -> None:
    """Planned from one answer, loaded by one request, confirmed by one answer."""
    assert publish(server, A) == ""

    assert (live(server), loaded(server)) == (A.content, "A")
    assert server.asked == [f"GET {RULES}", f"POST {RELOAD}", f"GET {RULES}"]


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


def test_without_a_url_rules_are_switched_and_that_is_said(tmp_path: Path) -> None:
    """Somebody else reloads."""
    target = publishing.Target(tmp_path, None, ByOthers())

    assert publishing.apply(target, publishing.plan(target, A)) == "not read back, since no URL of Prometheus was given"
    assert (tmp_path / "boxwatch.yaml").read_bytes() == A.content
    assert publishing.plan(target, A).needed is False


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
