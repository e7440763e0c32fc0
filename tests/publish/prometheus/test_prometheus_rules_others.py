"""Rules are published whole or not at all, whatever somebody else does."""

from __future__ import annotations

import os

import pytest
from support import rule_sets
from support.published import A, B, live, loaded, publish, target_of
from support.stand_in import StandIn

from boxwatch.errors import PublishError
from boxwatch.publish import lock
from boxwatch.publish.prometheus import prometheus_rules as publishing
from boxwatch.publish.prometheus.rule_store import Store


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
