"""The plan of a publish, made before anything is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from boxwatch.errors import PublishError
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node
from boxwatch.publish.grafana import form
from boxwatch.publish.grafana.api import Api, Stored
from boxwatch.publish.grafana.difference import Difference, differences

Kind = Literal["create", "update", "unchanged", "delete", "refused"]
_In = TypeVar("_In")
_Out = TypeVar("_Out")
_LONGEST_UID = 40
# Receives (done, total).
Watch = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Change:
    """The change to one dashboard.

    Attributes:
        uid: of the dashboard.
        title: ours; theirs if it is deleted.
        kind: the kind of change; `refused` writes nothing.
        ours: the dashboard to write, with marks; None if it is deleted.
        theirs: the dashboard in Grafana; None if it is created.
        differences: from theirs to ours.
        manual: manual changes: from our last publish to theirs.
        problem: why it is refused and what to do; otherwise a note, such as where it is kept.
    """

    uid: str
    title: str
    kind: Kind
    ours: Node | None = None
    theirs: Stored | None = None
    differences: tuple[Difference, ...] = ()
    manual: tuple[Difference, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes to all dashboards.

    Attributes:
        deployment: the deployment they belong to.
        folder: uid of the folder for new dashboards.
        folder_title: its title.
        new_folder: whether the folder does not exist yet.
        changes: in the order of ours, deletions last.
    """

    deployment: str
    folder: str
    folder_title: str
    new_folder: bool
    changes: tuple[Change, ...]

    @property
    def writes(self) -> tuple[Change, ...]:
        """Changes that write."""
        return tuple(change for change in self.changes if change.kind in ("create", "update", "delete"))

    @property
    def makes_folder(self) -> bool:
        """Whether applying the plan creates the folder; an empty folder is useless."""
        return self.new_folder and any(change.kind == "create" for change in self.changes)

    @property
    def refused(self) -> tuple[Change, ...]:
        """Changes that need the user's decision first."""
        return tuple(change for change in self.changes if change.kind == "refused")


def plan(  # noqa: PLR0913 - each is an option of the command
    api: Api,
    ours: Iterable[Mapping[str, object]],
    *,
    deployment: str,
    folder: str,
    prune: bool = False,
    overwrite_changed: bool = False,
    workers: int = 8,
    watch: Watch = no_progress,
) -> Plan:
    """Compare a deployment's dashboards with Grafana's. Reads only.

    Dashboards of another deployment are never written, not even with `overwrite_changed`.

    Raises:
        PublishError: the server cannot be read, or two of our dashboards share a uid or title.
    """
    desired = [form.marked(dashboard, deployment) for dashboard in ours]
    _refuse_duplicates(desired)
    uid, new_folder = _folder(api.folders(), folder)

    def compare(dashboard: Node) -> Change:
        return _compare(api, dashboard, deployment, uid, overwrite_changed=overwrite_changed)

    changes = in_parallel(compare, desired, workers, watch)
    if prune:
        made = {change.uid for change in changes}
        gone = [found for found in api.ours(deployment) if found not in made]
        changes += in_parallel(
            lambda found: _prune(api, found, deployment, overwrite_changed=overwrite_changed), gone, workers
        )
    return Plan(deployment, uid, folder, new_folder, tuple(changes))


def in_parallel(
    work: Callable[[_In], _Out], items: Iterable[_In], workers: int, watch: Watch = no_progress
) -> list[_Out]:
    """Results in the order of the items; raises the first error once running work has finished."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        waiting = [pool.submit(work, item) for item in items]
        results = []
        try:
            for each in waiting:
                results.append(each.result())
                watch(len(results), len(waiting))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return results


def _refuse_duplicates(desired: list[Node]) -> None:
    for key in ("uid", "title"):
        values = [tree.text(dashboard.get(key)) for dashboard in desired]
        twice = sorted({value for value in values if values.count(value) > 1 or not value})
        if twice:
            raise PublishError(f"two dashboards have the {key} {twice[0]!r}, or one has none: give each its own")


def _folder(known: Mapping[str, str], title: str) -> tuple[str, bool]:
    """The uid of the folder with that title, and whether it is new."""
    found = next((uid for uid, name in known.items() if name == title), None)
    if found is not None:
        return found, False
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "folder"
    uid = f"boxwatch-{words}"[:_LONGEST_UID]
    if uid in known:
        return uid, False
    return uid, True


def _compare(api: Api, ours: Node, deployment: str, folder: str, *, overwrite_changed: bool) -> Change:
    uid, title = tree.text(ours.get("uid")), tree.text(ours.get("title"))
    theirs = api.read(uid)
    if theirs is None:
        return Change(uid, title, "create", ours)
    note = "" if theirs.folder == folder else f"stays in its folder {theirs.folder_title or 'General'}"
    if form.stored_as(theirs.dashboard, ours):
        return Change(uid, title, "unchanged", ours, theirs, problem=note)
    there, desired = form.form(theirs.dashboard), form.form(ours)
    mark = form.published(theirs.dashboard)
    whose = form.owner(theirs.dashboard, deployment)
    if whose == "another's":
        return Change(uid, title, "refused", ours, theirs, differences(there, desired), problem=_of_another(theirs))
    if there == desired and mark == form.published(ours) and deployment in form.deployments(theirs.dashboard):
        return Change(uid, title, "unchanged", ours, theirs, problem=note)
    found = differences(there, desired) or (Difference("", "mark updated"),)
    manual: tuple[Difference, ...] = ()
    problem = _not_writable(theirs)
    if not problem and there != desired and not overwrite_changed:
        if whose == "unsaid":
            problem = (
                f"carries an older boxwatch's mark, which does not say whether it belongs to {deployment}: give ours "
                "another uid, or take it over with --overwrite-changed"
            )
        elif whose == "nobody's":
            problem = (
                f"the uid {uid} is taken by a dashboard boxwatch did not publish ({theirs.dashboard.get('title')}): "
                "delete it, or take it over with --overwrite-changed"
            )
        else:
            manual = manual_changes(api, uid, theirs.dashboard)
            if manual:
                problem = (
                    f"was changed manually: save the change with `boxwatch pull {uid}`, "
                    "or discard it with --overwrite-changed"
                )
    return Change(uid, title, "refused" if problem else "update", ours, theirs, found, manual, problem or note)


def _of_another(theirs: Stored) -> str:
    names = " and ".join(sorted(form.deployments(theirs.dashboard)))
    return (
        f"the uid {theirs.uid} belongs to the deployment {names} in this Grafana, and stays unchanged: "
        "give ours another uid, or this deployment another name"
    )


def _not_writable(theirs: Stored) -> str:
    if theirs.provisioned:
        return f"is provisioned from {theirs.provisioned}: remove it from the provisioning, or give ours another uid"
    if not theirs.may_save:
        where = theirs.folder_title or "General"
        return f"permission denied: give the token's service account Edit on the folder {where}"
    return ""


def manual_changes(api: Api, uid: str, there: Mapping[str, object]) -> tuple[Difference, ...]:
    """Manual changes since our last publish; none if the dashboard is still as published.

    The checksum tag decides. If it does not match, the published version is looked up in Grafana's history and compared
    in today's canonical form, so that a newer boxwatch does not mistake its own earlier output for a manual change.
    """
    mark = form.published(there)
    if mark and form.is_as(there, mark):
        return ()
    base = api.history(uid, _in_message(mark)) if mark else None
    if base is None:
        return (Difference("", "changed, and the version published last is no longer available"),)
    return differences(form.form(base), form.form(there))


def _in_message(mark: str) -> str:
    return f"[boxwatch {mark}]"


def message(dashboard: Mapping[str, object], text: str) -> str:
    """The version message of a publish: the mark by which it is found, then the user's text; at most 500 characters."""
    return f"{_in_message(form.published(dashboard))} {text}".strip()[:500]


def _prune(api: Api, uid: str, deployment: str, *, overwrite_changed: bool) -> Change:
    theirs = api.read(uid)
    # The search index may be stale: only a dashboard that carries the mark itself is deleted.
    if theirs is None or form.owner(theirs.dashboard, deployment) != "ours":
        return Change(uid, uid, "unchanged")
    title = tree.text(theirs.dashboard.get("title"))
    problem = _not_writable(theirs)
    manual = () if problem or overwrite_changed else manual_changes(api, uid, theirs.dashboard)
    if manual:
        problem = "is no longer generated, but was changed manually: delete it yourself, or pass --overwrite-changed"
    return Change(uid, title, "refused" if problem else "delete", None, theirs, (), manual, problem)
