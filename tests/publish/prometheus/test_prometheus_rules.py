"""Publishing rules to Prometheus, and rolling them back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support import rule_sets
from support.published import A, B, live, loaded, publish, target_of
from support.stand_in import CONFIG, RELOAD, RULES, StandIn

from boxwatch.errors import PublishError
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_rules as publishing
from boxwatch.publish.reload import ExternalReload, HttpReload
from boxwatch.publish.store import Store
from boxwatch.publish.store_state import State


def test_the_first_publish_needs_nothing_but_the_directory(server: StandIn) -> None:
    """Two requests plan it, one checks that the server reloads, one loads the set, one confirms it."""
    assert publish(server, A) == ""

    assert (live(server), loaded(server)) == (A.content, "A")
    assert server.asked == [f"GET {RULES}", f"GET {CONFIG}", f"POST {RELOAD}", f"POST {RELOAD}", f"GET {RULES}"]


def test_a_live_set_is_not_published_again(server: StandIn) -> None:
    """One request, no write, no reload."""
    publish(server, A)
    before = {path: path.stat().st_mtime_ns for path in server.directory.rglob("*")}
    server.asked.clear()

    publish(server, A)

    assert server.asked == [f"GET {RULES}"]
    assert {path: path.stat().st_mtime_ns for path in server.directory.rglob("*")} == before


def test_a_set_on_disk_that_is_not_loaded_is_loaded(server: StandIn) -> None:
    """As after a publish whose reload was lost."""
    publish(server, A)
    server.groups = []

    plan = publishing.plan(target_of(server), A)
    publishing.apply(target_of(server), plan)

    assert plan.notes == (
        "Prometheus loads no file named boxwatch.yaml: add it to rule_files in Prometheus' configuration",
    )
    assert loaded(server) == "A"


def test_rollback_brings_the_last_set_back_byte_by_byte(server: StandIn) -> None:
    """A second rollback restores the newer set."""
    target = target_of(server)
    publish(server, A)
    publish(server, B)

    publishing.apply(target, publishing.rollback(target))
    assert (live(server), loaded(server)) == (A.content, "A")
    publishing.apply(target, publishing.rollback(target))
    assert (live(server), loaded(server)) == (B.content, "B")


def test_rollback_of_the_first_publish_leaves_no_rules(server: StandIn) -> None:
    """The directory is as it was before."""
    target = target_of(server)
    publish(server, A)

    publishing.apply(target, publishing.rollback(target))

    assert (live(server), server.groups) == (None, [])


def test_without_a_publish_there_is_nothing_to_roll_back(server: StandIn) -> None:
    """The error says so."""
    with pytest.raises(PublishError, match=r"nothing has been published to .*, so there is nothing to roll back"):
        publishing.rollback(target_of(server))


def test_without_a_url_rules_are_switched_but_not_read_back(tmp_path: Path) -> None:
    """Something else reloads."""
    target = publishing.Target(tmp_path, None, ExternalReload())

    assert publishing.apply(target, publishing.plan(target, A)) == "not read back: no Prometheus URL was given"
    assert (tmp_path / "boxwatch.yaml").read_bytes() == A.content
    assert publishing.plan(target, A).needed is False


def test_promtool_checks_the_set_if_it_is_on_the_path(program: Callable[[str], str]) -> None:
    """It rejects what only it can see."""
    program("promtool")

    assert publishing.rules_of(rule_sets.files("A")).mark == A.mark
    with pytest.raises(PublishError, match=r"(?s)promtool check rejects it: .*Broken.*nothing was published"):
        publishing.rules_of(rule_sets.refused("A"))


def test_without_promtool_queries_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that does not parse is rejected."""
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
    """The error shows what rule_files lists instead."""
    server.rule_files = patterns

    with pytest.raises(PublishError, match=f"lists .*{re.escape(named)}; nothing was written"):
        publish(server, A)
    assert list(server.directory.iterdir()) == []


def test_a_directory_prometheus_does_not_read_is_found_before_writing(server: StandIn, tmp_path: Path) -> None:
    """Otherwise the set loaded from elsewhere would confirm the publish."""
    publish(server, A)
    (tmp_path / "elsewhere").mkdir()
    client = Client(server.url)
    wrong = publishing.Target(tmp_path / "elsewhere", client, HttpReload(client), 1)

    with pytest.raises(PublishError, match="reads another directory"):
        publishing.plan(wrong, A)
    assert list(wrong.directory.iterdir()) == []


def test_a_server_that_refuses_its_old_rules_too_does_not_blame_the_new_ones(server: StandIn) -> None:
    """Its configuration broke in between."""
    publish(server, A)
    server.faults[RELOAD] = ["ok", "refuse", "refuse"]

    with pytest.raises(PublishError, match="rejects the previous rules too, so the new rules are not the cause"):
        publish(server, B)
    assert (live(server), loaded(server)) == (A.content, "A")


def test_a_server_that_fails_to_reload_is_reported_before_anything_is_written(server: StandIn) -> None:
    """Its error must not be blamed on the new rules."""
    server.faults[RELOAD] = ["refuse"]

    with pytest.raises(PublishError, match=r"rejected the rules \(500\).*\nthis is what Prometheus has now"):
        publish(server, A)
    assert (live(server), Store(server.directory).observe().state) == (None, State())
