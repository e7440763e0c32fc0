"""A ruler's groups: only differing ones are written, read back, restored on failure, and never over others' work."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import rule_sets
from support.ruler import Ruler, printed, ruler

from boxwatch.errors import BoxwatchError, PublishError
from boxwatch.publish import http, read_back, rule_set
from boxwatch.publish.http import Client
from boxwatch.publish.rule_set import MARK_GROUP, RuleSet
from boxwatch.publish.ruler import ruler_backup, ruler_group
from boxwatch.publish.ruler import ruler_rules as publishing
from boxwatch.publish.ruler.ruler_api import RulerApi
from boxwatch.publish.ruler.ruler_group import UNDER_WAY

Json = Any
GROUPS = 3


def a_set(name: str, *, groups: int = GROUPS, extra: object = None) -> RuleSet:
    """Groups whose every rule carries the set's name."""
    return rule_set.merge(rule_sets.files(name, groups=groups, extra=extra))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ruler]:
    """An empty ruler, with pauses suited to loopback."""
    monkeypatch.setattr(read_back, "_PAUSE", 0.01)
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(publishing, "_LEAST", 0.2)
    with ruler() as state:
        yield state


@pytest.fixture
def target(server: Ruler, tmp_path: Path) -> publishing.Target:
    """The namespace `boxwatch` of the tenant `team`."""
    client = Client(server.url, headers={"X-Scope-OrgID": "team"})
    return publishing.Target(RulerApi(client, "boxwatch"), "team", tmp_path / "backups", 20)


def publish(target: publishing.Target, new: RuleSet, *, overwrite: bool = False) -> str:
    """Plan and apply a set."""
    return publishing.apply(target, publishing.plan(target, new, overwrite=overwrite))


def back(target: publishing.Target, *, overwrite: bool = False) -> str:
    """Roll back the last publish."""
    return publishing.apply(target, publishing.rollback(target, overwrite=overwrite))


def sets(server: Ruler) -> dict[str, set[str]]:
    """Group → the sets its rules belong to."""
    return {
        name: {rule["labels"]["set"] for rule in group["rules"]}
        for name, group in server.groups().items()
        if name != MARK_GROUP
    }


def test_a_published_set_no_longer_differs(server: Ruler, target: publishing.Target) -> None:
    """The ruler reformats the groups; a second publish still writes nothing."""
    alert = {"alert": "A", "expr": "vector(1)\n", "for": "90s", "labels": {"set": "A", "n": "1"}, "annotations": {}}
    desired = a_set("A", extra=alert)
    assert publish(target, desired) == ""
    assert server.groups()["extra"]["rules"][0]["for"] == "1m30s"
    writes = len(server.writes)

    again = publishing.plan(target, desired)
    publishing.apply(target, again)
    assert (again.needed, again.changes, len(server.writes)) == (False, (), writes)


def test_only_groups_that_differ_are_written(server: Ruler, target: publishing.Target) -> None:
    """One group changes, one is added, one removed; the mark is written before and after."""
    publish(target, a_set("A", extra={"record": "a:b:c", "expr": "1", "labels": {"set": "A"}}))
    server.requests.clear()
    publish(target, a_set("A", groups=4, extra={"record": "a:b:c", "expr": "2", "labels": {"set": "A"}}))
    mark = "POST /prometheus/config/v1/rules/boxwatch"

    assert server.writes == [mark] * 4
    publish(target, a_set("A", groups=4))
    assert server.writes[4:] == [mark, "DELETE /prometheus/config/v1/rules/boxwatch/extra", mark]
    assert sets(server) == {f"group-{number}": {"A"} for number in range(4)}


def test_a_rollback_brings_back_what_the_last_publish_touched(server: Ruler, target: publishing.Target) -> None:
    """The last publish first, then the one before; then none is left."""
    publish(target, a_set("A"))
    first = copy.deepcopy(server.groups())
    publish(target, a_set("B", groups=4))
    back(target)
    assert server.groups() == first
    back(target)

    assert server.groups() == {}
    with pytest.raises(BoxwatchError, match="contains no publish to the namespace boxwatch"):
        back(target)


def test_a_group_that_somebody_changed_is_refused(server: Ruler, target: publishing.Target) -> None:
    """It is overwritten only on request, and a rollback restores it."""
    publish(target, a_set("A"))
    server.groups()["group-1"]["rules"][0]["expr"] = "vector(42)"
    server.requests.clear()

    with pytest.raises(PublishError, match=r"group group-1 .* was changed manually.*\nnothing was changed"):
        publish(target, a_set("B"))
    assert server.writes == []
    publish(target, a_set("B"), overwrite=True)
    assert sets(server)["group-1"] == {"B"}
    back(target)
    assert server.groups()["group-1"]["rules"][0]["expr"] == "vector(42)"


def test_groups_of_others_in_our_namespace_stay(server: Ruler, target: publishing.Target) -> None:
    """They are named; only groups in our mark are pruned."""
    publish(target, a_set("A", groups=4))
    theirs = {"name": "theirs", "rules": [{"record": "x:y:z", "expr": "1", "labels": {"set": "theirs"}}]}
    server.groups()["theirs"] = theirs
    server.groups()["group-3"]["rules"][0]["expr"] = "vector(42)"
    made = publishing.plan(target, a_set("A"))
    publishing.apply(target, made)

    assert [note.split()[2] for note in made.notes] == ["group-3", "theirs"]
    assert set(sets(server)) == {"group-0", "group-1", "group-2", "group-3", "theirs"}


def test_a_namespace_that_is_somebody_elses_is_not_taken_over(server: Ruler, target: publishing.Target) -> None:
    """Its groups have our names, but there is no mark of ours."""
    for path, content in rule_sets.files("theirs", groups=1).items():
        assert path
        server.tenants["team"]["boxwatch"] = {
            group.name: {"name": group.name, "rules": [{rule.kind: rule.name, **rule.fields} for rule in group.rules]}
            for group in rule_set.read(path, content).groups
        }

    with pytest.raises(PublishError, match="not written by `boxwatch publish`"):
        publish(target, a_set("A"))


def test_a_rejected_group_restores_the_previous_ones(server: Ruler, target: publishing.Target) -> None:
    """The error quotes the ruler."""
    publish(target, a_set("A"))
    before = copy.deepcopy(server.groups())
    server.largest = 4

    with pytest.raises(PublishError, match=r"(?s)rules per rule group limit.*(run the command again|confirmed it)"):
        publish(target, a_set("B"))
    server.largest = 1000
    assert sets(server) == {name: {"A"} for name in sets(server)}
    publish(target, a_set("A"))
    assert server.groups() == before


def test_a_failing_rule_restores_the_previous_groups(server: Ruler, target: publishing.Target) -> None:
    """The group is stored, and fails at its first evaluation."""
    publish(target, a_set("A"))
    before = copy.deepcopy(server.groups())
    server.broken = {"level:broken:op"}

    with pytest.raises(PublishError, match=r"(?s)extra / level:broken:op fails: many-to-many.*confirmed it"):
        publish(target, a_set("B", extra={"record": "level:broken:op", "expr": "1", "labels": {"set": "B"}}))
    assert server.groups() == before


def test_a_ruler_that_is_slow_to_take_over_is_waited_for(server: Ruler, target: publishing.Target) -> None:
    """The read-back waits for the ruler, but not forever."""
    server.lag = 5
    assert publish(target, a_set("A")) == ""
    server.lag = 10_000
    with pytest.raises(PublishError, match="the ruler has another set"):
        publish(replace(target, timeout=0.5), a_set("B"))
    assert sets(server)["group-0"] == {"A"}


def test_a_change_between_plan_and_apply_is_not_overwritten(server: Ruler, target: publishing.Target) -> None:
    """The namespace is read again before the first write."""
    publish(target, a_set("A"))
    made = publishing.plan(target, a_set("B"))
    server.groups()["group-1"]["rules"][0]["expr"] = "vector(42)"

    with pytest.raises(PublishError, match="changed after the plan was made"):
        publishing.apply(target, made)


def test_a_publish_without_faults_makes_the_requests_of_the_matrix(server: Ruler, target: publishing.Target) -> None:
    """So that the fault matrix covers all of them."""
    publish(target, a_set("A", groups=4))
    server.requests.clear()
    publish(target, a_set("B"))

    assert len(server.requests) == REQUESTS


# Groups, rules; groups again; mark, three groups, a deletion, mark; groups, rules.
REQUESTS = 11


@pytest.mark.repeats
@pytest.mark.sampled(40)
@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
@pytest.mark.parametrize("fault", [500, 503, 403, "cut", "cut after"])
@pytest.mark.parametrize("lasting", [False, True])
def test_after_a_fault_a_second_publish_converges_and_rollback_restores(
    server: Ruler, target: publishing.Target, number: int, *, fault: int | str, lasting: bool
) -> None:
    """Each group is old or new as a whole; then all are new; then, after a rollback, all are old."""
    publish(target, a_set("A", groups=4))
    before = copy.deepcopy(server.groups())
    server.requests.clear()
    server.faults = dict.fromkeys(range(number, 500 if lasting else number + 1), fault)
    with contextlib.suppress(BoxwatchError):
        publish(replace(target, timeout=0.5), a_set("B"))
    server.faults = {}

    assert all(len(found) == 1 and found <= {"A", "B"} for found in sets(server).values())
    publish(target, a_set("B"))
    assert sets(server) == {f"group-{index}": {"B"} for index in range(GROUPS)}
    while ruler_group.value(server.groups().get(MARK_GROUP)) != a_set("A", groups=4).mark:
        back(target)
    assert server.groups() == before


def test_a_publish_that_was_killed_is_finished_by_the_next(server: Ruler, target: publishing.Target) -> None:
    """Groups it had already written do not count as manual changes."""
    publish(target, a_set("A"))

    class KilledError(BaseException):
        """As if the process were gone."""

    with pytest.MonkeyPatch.context() as patched:
        put = RulerApi.put

        def killed(api: RulerApi, group: ruler_group.Group) -> None:
            if group["name"] == "group-1":
                raise KilledError
            put(api, group)

        patched.setattr(RulerApi, "put", killed)
        with contextlib.suppress(KilledError):
            publish(target, a_set("B"))
    assert sets(server) == {"group-0": {"B"}, "group-1": {"A"}, "group-2": {"A"}}
    assert ruler_group.value(server.groups()[MARK_GROUP]) == UNDER_WAY

    made = publishing.plan(target, a_set("B"))
    publishing.apply(target, made)
    assert made.notes == ("the last publish was interrupted; this one completes or undoes it",)
    assert set().union(*sets(server).values()) == {"B"}


def test_what_a_killed_publish_did_not_touch_is_still_ours(server: Ruler, target: publishing.Target) -> None:
    """A later set changes and removes it like any other group of ours."""
    extra = {"record": "a:b:c", "expr": "1", "labels": {"set": "A"}}
    publish(target, a_set("A", groups=4, extra=extra))

    class KilledError(BaseException):
        """As if the process were gone."""

    def kill(_api: RulerApi, group: ruler_group.Group) -> None:
        if group["name"] == "extra":
            raise KilledError
        put(_api, group)

    put = RulerApi.put
    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(KilledError):
        patched.setattr(RulerApi, "put", kill)
        publish(target, a_set("A", groups=4, extra=extra | {"expr": "2"}))
    assert ruler_group.value(server.groups()[MARK_GROUP]) == UNDER_WAY

    publish(target, a_set("B"))
    assert sets(server) == {f"group-{number}": {"B"} for number in range(GROUPS)}


def test_a_concurrent_writer_is_detected(server: Ruler, target: publishing.Target) -> None:
    """Names and mark match, but the content differs."""
    publish(target, a_set("A"))

    def meddle(request: str) -> None:
        if request.startswith("GET /prometheus/config") and sets(server)["group-2"] == {"B"}:
            server.groups()["group-1"]["rules"][0]["expr"] = "vector(42)"

    server.before = meddle
    with pytest.raises(PublishError, match="check for another publisher"):
        publish(target, a_set("B"))


def test_another_tenant_has_other_rules(server: Ruler, target: publishing.Target, tmp_path: Path) -> None:
    """The error for a missing tenant asks for it."""
    server.tenants["other"] = {}
    publish(target, a_set("A"))
    assert server.groups(tenant="other") == {}

    nobody = publishing.Target(RulerApi(Client(server.url), "boxwatch"), "", tmp_path)
    with pytest.raises(PublishError, match="--tenant"):
        publish(nobody, a_set("A"))


@pytest.mark.parametrize("path", ["", "/wrong"])
def test_a_url_that_is_not_a_rulers_is_reported(server: Ruler, tmp_path: Path, path: str) -> None:
    """A 404 from a server without that path does not mean "no rules"."""
    url = server.url.removesuffix("/prometheus") + path
    client = Client(url, headers={"X-Scope-OrgID": "team"})

    with pytest.raises(PublishError, match="the URL is the part before /config/v1/rules"):
        publish(publishing.Target(RulerApi(client, "boxwatch"), "team", tmp_path), a_set("A"))


def test_a_backup_that_cannot_be_written_stops_the_publish(server: Ruler, target: publishing.Target) -> None:
    """Nothing is written to the ruler then; a damaged backup is refused."""
    target.backups.write_text("in the way")
    with pytest.raises(BoxwatchError, match="the ruler was not touched"):
        publish(target, a_set("A"))
    assert server.writes == []
    target.backups.unlink()
    (target.backups / "x-rules-y").mkdir(parents=True)
    (target.backups / "x-rules-y" / "ruler.json").write_text("{}")
    with pytest.raises(BoxwatchError, match="is not a boxwatch backup"):
        ruler_backup.newest(target.place, target.backups)


def test_groups_that_mean_the_same_have_the_same_digest() -> None:
    """Durations, key order, numbers as text, and empty fields."""
    one: Json = {"name": "g", "interval": "1m", "rules": [{"alert": "A", "expr": 1, "for": "90s", "labels": {"n": 1}}]}
    other: Json = {
        "rules": [{"labels": {"n": "1"}, "for": "1m30s", "expr": "1", "alert": "A", "annotations": {}}],
        "interval": "60s",
        "name": "g",
    }
    assert ruler_group.digest(one) == ruler_group.digest(other)
    for change in ({"for": "91s"}, {"expr": "2"}, {"labels": {"n": "2"}}, {"annotations": {"a": "b"}}, {"for": "x"}):
        changed = copy.deepcopy(other)
        changed["rules"][0] |= change
        assert ruler_group.digest(changed) != ruler_group.digest(one)
    assert ruler_group.digest({**other, "limit": 5}) != ruler_group.digest(one)
    assert ruler_group.digest({**other, "limit": 0, "query_offset": "0s"}) == ruler_group.digest(one)


def test_the_stand_in_prints_durations_as_prometheus_does() -> None:
    """Otherwise the digest tests would prove nothing."""
    assert [printed(ms) for ms in (0, 90_000, 3_600_000, 86_400_000, 90_000_000, 1500)] == [
        "0s",
        "1m30s",
        "1h",
        "1d",
        "25h",
        "1s500ms",
    ]
