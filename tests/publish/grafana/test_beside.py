"""Deployments that share one Grafana never touch each other's dashboards."""

from __future__ import annotations

import copy
import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.grafana import TOKEN, Grafana, grafana
from support.panels import Json, a_dashboard, a_panel

from boxwatch.errors import BoxwatchError, OutputError
from boxwatch.publish.grafana import apply, backup, form
from boxwatch.publish.grafana.api import Api
from boxwatch.publish.grafana.choose import choose
from boxwatch.publish.grafana.http import Access, Http
from boxwatch.publish.grafana.plan import Plan, manual_changes, plan
from boxwatch.publish.grafana.rollback import rollback

NAMES = ("mvp", "shop", "shop-staging")


def made_by(deployment: str, *ids: str, version: int = 1) -> list[dict[str, Any]]:
    """Dashboards of a topology with that name: uids and tags as generated."""
    between = "" if deployment == "mvp" else f"{deployment}-"
    return [
        a_dashboard(f"boxwatch-{between}{each}", a_panel(f"Panel {version}")) | {"tags": ["boxwatch", deployment]}
        for each in ids
    ]


def planned(api: Api, deployment: str, ours: list[dict[str, Any]], **options: Json) -> Plan:
    """A plan for the default folder, which all deployments share."""
    return plan(api, ours, deployment=deployment, folder="boxwatch", **options)


def published(
    server: Grafana, api: Api, backups: Path, deployment: str, ours: list[dict[str, Any]], **options: bool
) -> None:
    """Apply a plan; all of it must succeed."""
    outcomes, _ = apply.apply(api, planned(api, deployment, ours, **options), url=server.url, backups=backups)
    assert [outcome.error for outcome in outcomes if outcome.error] == []


def belonging(server: Grafana, deployment: str) -> dict[str, Any]:
    """All stored data of a deployment's dashboards, including history and folder."""
    return {
        uid: (board.folder, copy.deepcopy(board.history), dict(board.annotations))
        for uid, board in server.boards.items()
        if deployment in form.deployments(board.json)
    }


def old_mark(dashboard: dict[str, Any]) -> dict[str, Any]:
    """As published before marks named the deployment."""
    made = form.marked(dashboard, "x")
    return made | {"tags": [tag for tag in form.marked(dashboard, "x")["tags"] if tag != "boxwatch/x"]}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(NAMES, 2)))
def test_pruning_one_deployment_leaves_the_other_as_it_was(
    server: Grafana, api: Api, backups: Path, one: str, other: str
) -> None:
    """Even while it publishes, changes, prunes and rolls back."""
    published(server, api, backups, other, made_by(other, "host", "slo"))
    before = belonging(server, other)
    assert len(before) == 2

    published(server, api, backups, one, made_by(one, "host", "slo"))
    published(server, api, backups, one, made_by(one, "host", version=2), prune=True)
    assert len(belonging(server, one)) == 1
    assert belonging(server, other) == before
    for _ in range(2):
        rollback(api, backup.newest(backups, server.url, one))
    assert (belonging(server, one), belonging(server, other)) == ({}, before)


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(NAMES, 2)))
def test_an_old_mark_of_another_deployment_is_not_ours_to_delete(
    server: Grafana, api: Api, one: str, other: str
) -> None:
    """Its uid and tags identify the owner."""
    for board in (*made_by(one, "gone"), *made_by(other, "gone", "slo")):
        server.put(old_mark(board))

    made = planned(api, one, made_by(one, "host"), prune=True, overwrite_changed=True)

    assert [change.uid for change in made.changes if change.kind == "delete"] == [made_by(one, "gone")[0]["uid"]]


def test_an_old_mark_on_a_uid_that_may_be_two_deployments_is_nobodys_to_delete(server: Grafana, api: Api) -> None:
    """`boxwatch-shop-board` is the default's `shop-board` by its tags, but a dashboard of `shop` by its uid."""
    server.put(old_mark(a_dashboard("boxwatch-shop-board") | {"tags": ["boxwatch", "mvp"]}))

    for name in NAMES:
        assert planned(api, name, [], prune=True, overwrite_changed=True).changes == ()


def test_a_copy_of_a_tag_is_no_proof(server: Grafana, api: Api) -> None:
    """People use a deployment's name as a tag, too."""
    server.put(old_mark(a_dashboard("mine") | {"tags": ["shop"]}))
    server.put(a_dashboard("boxwatch-shop-host") | {"tags": ["boxwatch", "shop", "boxwatch/shop"]})

    assert planned(api, "shop", [], prune=True, overwrite_changed=True).changes == ()


def test_an_old_mark_becomes_a_new_one_with_the_next_publish(server: Grafana, api: Api, backups: Path) -> None:
    """Nothing else changes."""
    (ours,) = made_by("shop", "host")
    server.put(old_mark(ours))

    (change,) = planned(api, "shop", [ours]).changes
    assert (change.kind, [each.what for each in change.differences]) == ("update", ["mark updated"])
    published(server, api, backups, "shop", [ours])
    assert form.deployments(server.boards[ours["uid"]].json) == {"shop"}


def test_twins_are_refused_whatever_is_asked(server: Grafana, api: Api, backups: Path) -> None:
    """Two deployments may have a dashboard of the same uid, such as one file next to both topologies."""
    twin = a_dashboard("ours-alone")
    published(server, api, backups, "mvp", [twin])
    before = belonging(server, "mvp")

    for overwrite in (False, True):
        made = planned(api, "shop", [twin | {"refresh": "1m"}], overwrite_changed=overwrite, prune=True)
        assert [change.kind for change in made.changes] == ["refused"]
        assert "belongs to the deployment mvp" in made.changes[0].problem
        apply.apply(api, made, url=server.url, backups=backups)
    assert belonging(server, "mvp") == before


def test_a_rollback_leaves_alone_what_another_deployment_has_by_now(server: Grafana, api: Api, backups: Path) -> None:
    """The uid was free in between."""
    twin = a_dashboard("ours-alone")
    published(server, api, backups, "mvp", [twin])
    (kept,) = backups.iterdir()
    del server.boards["ours-alone"]
    published(server, api, backups, "shop", [twin])

    with pytest.raises(BoxwatchError, match="belongs to the deployment shop by now"):
        rollback(api, kept, overwrite_changed=True)
    assert len(belonging(server, "shop")) == 1


def test_of_two_deployments_in_one_folder_of_backups_one_has_to_be_named(
    server: Grafana, api: Api, backups: Path
) -> None:
    """The newest publish may be the other deployment's."""
    published(server, api, backups, "mvp", made_by("mvp", "host"))
    assert backup.is_only(backups, server.url)
    published(server, api, backups, "shop", made_by("shop", "host"))

    assert not backup.is_only(backups, server.url)
    with pytest.raises(OutputError, match=r"mvp, shop .*--deployment"):
        backup.newest(backups, server.url)
    assert backup.read(backup.newest(backups, server.url, "mvp")).deployment == "mvp"


def test_after_the_rollback_of_a_deletion_a_manual_change_is_recognised(
    server: Grafana, api: Api, backups: Path
) -> None:
    """Grafana's history starts over, and must contain the publish mark again."""
    ours = made_by("mvp", "host")
    published(server, api, backups, "mvp", ours)
    published(server, api, backups, "mvp", [], prune=True)
    assert server.boards == {}
    rollback(api, backup.newest(backups, server.url))
    server.put(server.boards["boxwatch-host"].json | {"refresh": "9m"}, message="mine")

    assert [each.what for each in manual_changes(api, "boxwatch-host", server.boards["boxwatch-host"].json)] == [
        "refresh none → 9m"
    ]


class Neighbours(RuleBasedStateMachine):
    """Three deployments and a foreign dashboard in one Grafana, in any order of operations."""

    who = st.sampled_from(NAMES)

    def __init__(self) -> None:
        """Create one server for the whole test case."""
        super().__init__()
        self.backups = Path(tempfile.mkdtemp())
        self.context = grafana()
        self.server = self.context.__enter__()
        self.before: dict[str, Any] = {}
        self.acting = ""

    def teardown(self) -> None:
        """Stop it, also after a failure."""
        self.context.__exit__(None, None, None)
        shutil.rmtree(self.backups)

    @initialize(apis=st.booleans())
    def begin(self, apis: bool) -> None:  # noqa: FBT001 - drawn by name
        """Choose one of the two APIs."""
        self.server.apis = ("v1",) if apis else ()
        self.api = choose(Http(Access(self.server.url, TOKEN, timeout=5)))
        self.server.put(a_dashboard("somebody") | {"tags": ["boxwatch", *NAMES]})

    def _others(self) -> dict[str, Any]:
        mine = belonging(self.server, self.acting)
        return {
            uid: (board.folder, copy.deepcopy(board.history))
            for uid, board in self.server.boards.items()
            if uid not in mine
        }

    def _start(self, who: str) -> None:
        self.acting = who
        self.before = self._others()

    @rule(who=who, ids=st.sets(st.sampled_from(["host", "slo", "x"])), version=st.integers(1, 2), prune=st.booleans())
    def publish(self, who: str, ids: set[str], version: int, prune: bool) -> None:  # noqa: FBT001 - drawn by name
        """Publish a deployment's dashboards, one of which has the same uid in every deployment."""
        self._start(who)
        ours = [*made_by(who, *sorted(ids - {"x"}), version=version)]
        ours += [a_dashboard("shared", a_panel(who))] if "x" in ids else []
        made = planned(self.api, who, ours, prune=prune, overwrite_changed=True)
        apply.apply(self.api, made, url=self.server.url, backups=self.backups)
        left = set(belonging(self.server, who))
        assert not prune or left <= {board["uid"] for board in ours}

    @precondition(lambda self: self.server.boards)
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """Save a dashboard in the browser."""
        uid = data.draw(st.sampled_from(sorted(self.server.boards)))
        self.server.put(self.server.boards[uid].json | {"refresh": "9m"}, message="mine")
        self._start("nobody")

    @rule(who=who, overwrite=st.booleans())
    def roll_back(self, who: str, overwrite: bool) -> None:  # noqa: FBT001 - drawn by name
        """Roll back a deployment's last publish, as far as possible."""
        self._start(who)
        try:
            rollback(self.api, backup.newest(self.backups, self.server.url, who), overwrite_changed=overwrite)
        except BoxwatchError:
            return

    @invariant()
    def nothing_foreign_changed(self) -> None:
        """Everything that did not belong to the acting deployment, and does not now, is unchanged byte for byte."""
        if not self.acting:
            return
        now = self._others()
        for uid, kept in self.before.items():
            assert now.get(uid) == kept, f"{self.acting} touched {uid}"


Neighbours.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
TestNeighbours = Neighbours.TestCase
