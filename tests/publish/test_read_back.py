"""The loaded rules are read from Prometheus' own response, whatever it contains."""

from __future__ import annotations

import json

import pytest
from support import rule_sets
from support.published import publish
from support.stand_in import RULES, StandIn

from boxwatch.errors import PublishError
from boxwatch.publish import rule_set
from boxwatch.publish.http import Answer, Client
from boxwatch.publish.read_back import Loaded, Other, Running, difference, read_back, running

A = rule_set.merge(rule_sets.files("A"))


def _running() -> Running:
    groups = {
        group.name: tuple(Loaded(rule.kind, rule.name, "ok", "", "1") for rule in group.rules) for group in A.groups
    }
    return Running(groups, (), A.mark)


def test_the_set_that_was_written_is_recognised() -> None:
    """The loaded rules match if groups, rules and mark do."""
    assert difference(A, _running()) == ""
    assert difference(None, Running({})) == ""


@pytest.mark.parametrize(
    ("desired", "found", "said"),
    [
        (None, _running(), "Prometheus still has rules of boxwatch.yaml"),
        (A, Running({}), "Prometheus loads no file named boxwatch.yaml: add it to rule_files in Prometheus' conf"),
        (A, Running(_running().ours, (), "f00"), f"Prometheus has another set (f00) than the one on disk ({A.mark})"),
        (A, Running(_running().ours, ()), f"has another set (without our mark) than the one on disk ({A.mark})"),
        (A, Running({"boxwatch": ()}, (), A.mark), "Prometheus lacks the groups group-0, group-1, group-2, group-3"),
        (A, Running({**_running().ours, "x": ()}, (), A.mark), "Prometheus also has the groups x"),
        (
            A,
            Running({**_running().ours, "group-1": ()}, (), A.mark),
            "the group group-1 has other rules in Prometheus than on disk",
        ),
    ],
    ids=["still there", "not there", "another mark", "no mark", "groups missing", "groups too many", "other rules"],
)
def test_a_different_set_is_recognised(desired: rule_set.RuleSet | None, found: Running, said: str) -> None:
    """The first difference is reported."""
    assert said in difference(desired, found)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"data": {}}',
        b'{"data": {"groups": [1]}}',
        b'{"data": {"groups": [{"name": 1}]}}',
        b"[" * 99999,
    ],
)
def test_an_answer_that_is_not_prometheus_is_reported(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says to check the URL."""
    monkeypatch.setattr(Client, "request", lambda *_: Answer(200, body, {}))

    with pytest.raises(PublishError, match="http://host does not respond like Prometheus: check the URL"):
        running(Client("http://host"))


def test_a_refusal_is_reported(server: StandIn) -> None:
    """The error quotes Prometheus."""
    server.faults[RULES] = ["who"]

    with pytest.raises(PublishError, match=r"does not show its rules \(401\): bad credentials"):
        running(Client(server.url))


def test_foreign_rules_are_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's name decides: a Prometheus in a container sees another directory."""
    groups = [
        {"name": "mine", "file": "/in/a/container/boxwatch.yaml", "rules": []},
        {"name": "theirs", "file": "/etc/other.yaml", "rules": []},
    ]
    monkeypatch.setattr(
        Client, "request", lambda *_: Answer(200, json.dumps({"data": {"groups": groups}}).encode(), {})
    )

    assert running(Client("http://host")) == Running(
        {"mine": ()}, (Other("theirs", "/etc/other.yaml", frozenset()),), ""
    )


def test_a_server_that_comes_back_in_time_is_read(server: StandIn) -> None:
    """As during a restart of the server."""
    (server.directory / "boxwatch.yaml").write_bytes(A.content)
    server.load()
    server.faults[RULES] = ["busy"] * 7

    assert read_back(Client(server.url), A, 5, at_once=True) == ""


def test_a_failure_that_lasts_until_the_end_is_one(server: StandIn) -> None:
    """Even if there is no time for a second evaluation."""
    (server.directory / "boxwatch.yaml").write_bytes(A.content)
    server.load()
    server.faults[RULES] = ["sick"] * 9

    with pytest.raises(PublishError, match="group-7 / level:metric4:op fails: many-to-many matching"):
        read_back(Client(server.url), A, 0.5, at_once=True)


def test_rules_never_evaluated_do_not_count_as_healthy(server: StandIn) -> None:
    """As in vmalert, which reports `ok` at the zero time."""
    publish(server, A)
    server.never = True

    found = running(Client(server.url))
    assert {rule.health for rules in found.ours.values() for rule in rules} == {"unknown"}
