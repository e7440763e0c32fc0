"""Rules are published atomically, whatever others do meanwhile."""

from __future__ import annotations

import os

import pytest
from support import rule_sets
from support.published import A, B, live, loaded, publish, target_of
from support.stand_in import StandIn

from boxwatch.errors import PublishError
from boxwatch.publish import lock
from boxwatch.publish.prometheus import prometheus_rules as publishing
from boxwatch.publish.store import Store


def test_manual_changes_are_not_overwritten(server: StandIn) -> None:
    """They are overwritten only on request, and a rollback restores them."""
    publish(server, A)
    edited = A.content.replace(b"vector(1)", b"vector(2)")
    (server.directory / "boxwatch.yaml").write_bytes(edited)

    with pytest.raises(PublishError, match="was changed manually, or not written by `boxwatch publish`") as caught:
        publish(server, B)
    assert live(server) == edited
    assert str(caught.value).splitlines()[1:] == [
        f"manually: group-{number} / level:metric1:op: expression vector(1) → vector(2)"
        for number in range(rule_sets.GROUPS)
    ]

    publish(server, B, overwrite=True)
    assert live(server) == B.content
    publishing.apply(target_of(server), publishing.rollback(target_of(server)))
    assert live(server) == edited


def test_a_manual_change_is_overwritten_on_request_and_can_be_restored(server: StandIn) -> None:
    """This holds for publishing the confirmed set again."""
    publish(server, A)
    (server.directory / "boxwatch.yaml").write_bytes(B.content)

    publish(server, A, overwrite=True)
    publishing.apply(target_of(server), publishing.rollback(target_of(server)))

    assert (live(server), loaded(server)) == (B.content, "B")


def test_a_manual_file_that_is_not_a_rule_file_can_be_replaced(server: StandIn) -> None:
    """All its rules count as added."""
    (server.directory / "boxwatch.yaml").write_bytes(b"{")

    plan = publishing.plan(target_of(server), A, overwrite=True)
    publishing.apply(target_of(server), plan)

    assert {change.kind for change in plan.changes} == {"added"}
    assert loaded(server) == "A"


def test_an_identical_live_set_is_adopted(server: StandIn) -> None:
    """As after the loss of the state file."""
    (server.directory / "boxwatch.yaml").write_bytes(A.content)
    server.load()

    assert publishing.plan(target_of(server), A).needed is False


def test_groups_that_prometheus_has_from_elsewhere_are_refused(server: StandIn) -> None:
    """Every alert would fire twice."""
    copied = [{"type": "recording", "name": "level:metric1:op", "labels": {}}]
    server.others = [{"name": "group-3", "file": "/etc/prometheus/rules/group.yaml", "rules": copied}]

    with pytest.raises(PublishError, match=r"already loads the same groups from /etc/prometheus/rules/group\.yaml"):
        publishing.plan(target_of(server), A)


def test_a_group_of_others_may_have_the_name_of_ours(server: StandIn) -> None:
    """Names of groups are unique in a file only; its rules are not ours."""
    theirs = [{"type": "recording", "name": "their:metric:op", "labels": {}}]
    server.others = [{"name": "group-3", "file": "/etc/prometheus/rules/theirs.yaml", "rules": theirs}]

    assert publish(server, A) == ""
    assert loaded(server) == "A"


def test_the_file_of_another_deployment_is_not_ours(server: StandIn) -> None:
    """In a shared Prometheus each deployment has a file of our name, told apart by the label of its rules."""
    theirs = [{"type": "recording", "name": "level:metric1:op", "labels": {"deployment": "blog"}}]
    server.others = [{"name": "blog/group-3", "file": "/rules/blog/boxwatch.yaml", "rules": theirs}]

    assert publish(server, A) == ""
    assert loaded(server) == "A"


def test_two_files_of_our_name_are_refused(server: StandIn) -> None:
    """Which of them is ours is unknown."""
    publish(server, A)
    server.others = [{"name": "group-3", "file": "/other/boxwatch.yaml", "rules": []}]

    with pytest.raises(PublishError, match=r"loads two files named boxwatch\.yaml"):
        publishing.plan(target_of(server), A)


def test_a_plan_that_is_out_of_date_is_not_carried_out(server: StandIn) -> None:
    """Someone else published after the plan was made."""
    plan = publishing.plan(target_of(server), A)
    publish(server, B)

    with pytest.raises(PublishError, match="changed after the plan was made; nothing was changed"):
        publishing.apply(target_of(server), plan)

    assert loaded(server) == "B"


def test_a_second_publisher_learns_who_holds_the_lock(server: StandIn) -> None:
    """The error names process and host."""
    plan = publishing.plan(target_of(server), A)
    with (
        lock.held(Store(server.directory).lock),
        pytest.raises(
            PublishError, match=rf"process {os.getpid()} on .+ is publishing to {server.directory}; nothing was changed"
        ),
    ):
        publishing.apply(target_of(server), plan)

    assert live(server) is None
