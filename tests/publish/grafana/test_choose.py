"""Choice of the API, and faults that only the resource API can have."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.grafana import TOKEN, Grafana, grafana
from support.panels import a_dashboard, a_panel

from boxwatch.errors import PublishError
from boxwatch.publish.grafana import apply, backup, form, rollback
from boxwatch.publish.grafana.api import Api, StaleError
from boxwatch.publish.grafana.choose import Which, choose
from boxwatch.publish.grafana.http import Access, Http
from boxwatch.publish.grafana.legacy import Legacy
from boxwatch.publish.grafana.plan import message, plan
from boxwatch.publish.grafana.resources import Resources

OLD, NEW = a_dashboard(), a_dashboard("overview", a_panel("CPU"))


def chosen(server: Grafana, which: Which = "auto") -> Api:
    """The API chosen for a value of `--grafana-api`."""
    return choose(Http(Access(server.url, TOKEN, timeout=0.5), pause=lambda _: None), which)


@pytest.mark.parametrize(
    ("served", "kind", "path"),
    [
        ((), Legacy, "/api/folders"),
        (("v0alpha1", "v2alpha1"), Legacy, "/api/folders"),
        (("v1beta1", "v2beta1"), Resources, "/apis/folder.grafana.app/v1beta1/namespaces/default/folders"),
        (("v1beta1", "v2", "v1"), Resources, "/apis/folder.grafana.app/v1/namespaces/default/folders"),
    ],
    ids=["10.4", "11", "12", "13"],
)
def test_the_server_is_asked(served: tuple[str, ...], kind: type, path: str) -> None:
    """The version number does not decide."""
    with grafana() as server:
        server.apis = served
        api = chosen(server)
        api.folders()

        assert isinstance(api, kind)
        assert server.requests[-1] == f"GET {path}"


def test_one_api_can_be_required() -> None:
    """--grafana-api apis does not fall back; it reports missing /apis."""
    with grafana() as server:
        server.apis = ("v1",)
        assert (isinstance(chosen(server, "legacy"), Legacy), server.requests) == (True, [])
        server.apis = ()
        with pytest.raises(PublishError, match="serves no /apis for dashboards"):
            chosen(server, "apis")


@pytest.mark.parametrize(("status", "words"), [(401, "authentication failed"), (500, "responded 500 on command")])
def test_a_server_that_cannot_say_is_an_error(status: int, words: str) -> None:
    """It is not taken for an old Grafana: writing through the other API would change how dashboards are stored."""
    with grafana() as server:
        server.faults = dict.fromkeys(range(1, 9), status)
        with pytest.raises(PublishError, match=words):
            chosen(server)


@pytest.mark.parametrize("path", ["/apis", "/api/frontend/settings"])
def test_where_only_the_legacy_api_is_let_through_it_is_spoken(path: str) -> None:
    """A proxy responds 403, or the settings have no namespace."""
    with grafana() as server:
        server.apis = ("v1",)
        server.refused = {path}

        assert isinstance(chosen(server), Legacy)


def _published(server: Grafana, dashboard: dict[str, object], folder: str = "f") -> None:
    server.folders["f"] = "boxwatch"
    marked = form.marked(dashboard, "mvp")
    server.put(marked, folder=folder, message=message(marked, ""))


def test_marks_say_in_grafana_whose_a_dashboard_is(server: Grafana, api: Api, backups: Path) -> None:
    """Manual edits stay allowed; the folder carries the mark, too."""
    apply.apply(api, plan(api, [OLD], deployment="mvp", folder="boxwatch"), url=server.url, backups=backups)

    found = server.boards["overview"].annotations
    assert found == (
        {
            "grafana.app/managedBy": "kubectl",
            "grafana.app/managerId": "boxwatch",
            "grafana.app/managerAllowsEdits": "true",
            "grafana.app/sourceChecksum": form.checksum(OLD),
        }
        if server.apis
        else {}
    )


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ({"grafana.app/managedBy": "repo", "grafana.app/managerId": "infra"}, "from the repository infra"),
        ({"grafana.app/managedBy": "plugin", "grafana.app/managerId": "k8s"}, "from the plugin k8s"),
    ],
)
def test_what_writes_back_what_it_has_is_respected(marks: dict[str, str], words: str) -> None:
    """Grafana 12.4 itself allows the overwrite, and removes the marks."""
    with grafana() as server:
        server.apis = ("v1beta1",)
        _published(server, OLD)
        server.boards["overview"].annotations = marks
        (change,) = plan(chosen(server), [NEW], deployment="mvp", folder="boxwatch", overwrite_changed=True).changes

    assert (change.kind, words in change.problem) == ("refused", True)


def test_marks_of_others_are_replaced_when_taken_over_and_come_back(backups: Path) -> None:
    """A foreign folder is never removed."""
    theirs = {
        "grafana.app/managedBy": "terraform",
        "grafana.app/managerId": "infra",
        "grafana.app/sourcePath": "main.tf",
        "team": "platform",
    }
    with grafana() as server:
        server.apis = ("v1beta1",)
        _published(server, OLD)
        server.boards["overview"].annotations = dict(theirs)
        api = chosen(server)
        made = plan(api, [NEW], deployment="mvp", folder="boxwatch")
        _, kept = apply.apply(api, made, url=server.url, backups=backups)
        taken = server.boards["overview"].annotations
        assert kept is not None
        rollback.rollback(api, kept)

        assert (taken["team"], taken["grafana.app/managerId"], "grafana.app/sourcePath" in taken) == (
            "platform",
            "boxwatch",
            False,
        )
        assert server.boards["overview"].annotations == theirs


def test_a_dashboard_in_the_root_stays_there(server: Grafana, api: Api, backups: Path) -> None:
    """Our folder is not created for it."""
    _published(server, OLD, folder="")
    apply.apply(api, plan(api, [NEW], deployment="mvp", folder="boxwatch"), url=server.url, backups=backups)

    assert (server.boards["overview"].folder, server.boards["overview"].json["panels"][0]["title"]) == ("", "CPU")


def test_a_folder_that_is_not_empty_stays(server: Grafana, api: Api, backups: Path) -> None:
    """Someone put a dashboard of their own into it."""
    _, kept = apply.apply(api, plan(api, [OLD], deployment="mvp", folder="boxwatch"), url=server.url, backups=backups)
    server.put(a_dashboard("mine"), folder="boxwatch-boxwatch")
    assert kept is not None

    assert ("folder boxwatch-boxwatch", "kept, since it is not empty:") in rollback.rollback(api, kept)
    assert (list(server.boards), list(server.folders)) == (["mine"], ["boxwatch-boxwatch"])


def test_a_folder_that_was_there_before_stays_although_it_is_empty_again(
    server: Grafana, api: Api, backups: Path
) -> None:
    """We did not create it."""
    server.folders["theirs"] = "boxwatch"
    _, kept = apply.apply(api, plan(api, [OLD], deployment="mvp", folder="boxwatch"), url=server.url, backups=backups)
    assert kept is not None
    rollback.rollback(api, kept)

    assert (server.boards, list(server.folders)) == ({}, ["theirs"])


def test_a_deletion_is_of_what_was_read(server: Grafana, api: Api) -> None:
    """A save in between is not lost."""
    _published(server, OLD)
    there = api.read("overview")
    assert there is not None
    _published(server, NEW)

    with pytest.raises(StaleError, match="was not deleted"):
        api.delete(there)
    assert "overview" in server.boards


def test_what_somebody_deleted_is_not_made_again_by_an_update(server: Grafana, api: Api) -> None:
    """A PUT over a deleted dashboard would recreate it."""
    _published(server, OLD)
    there = api.read("overview")
    assert there is not None
    del server.boards["overview"]

    if server.apis:
        with pytest.raises(StaleError):
            api.save(form.marked(NEW, "mvp"), "f", "", there)
        assert server.boards == {}


def test_a_backup_in_a_form_of_its_own_is_not_forced_into_the_legacy_api(backups: Path) -> None:
    """It would become a different dashboard."""
    with grafana() as server:
        server.apis = ("v1beta1",)
        _published(server, OLD)
        api = chosen(server)
        _, kept = apply.apply(
            api, plan(api, [NEW], deployment="mvp", folder="boxwatch"), url=server.url, backups=backups
        )
        assert kept is not None
        assert backup.read(kept).entries[0].kept.stored_version == "v0alpha1"

        with pytest.raises(PublishError, match="--grafana-api apis"):
            rollback.rollback(chosen(server, "legacy"), kept)
        rollback.rollback(api, kept)
        assert server.boards["overview"].stored == "v0alpha1"


def test_what_grafana_cannot_convert_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison with half a dashboard would show changes nobody made."""
    with grafana() as server:
        server.apis = ("v1beta1",)
        body = {"status": {"conversion": {"failed": True, "error": "no such layout"}}}
        monkeypatch.setattr(server, "answer", lambda *_: (200, body))

        with pytest.raises(PublishError, match="cannot convert it: no such layout"):
            Resources(Http(Access(server.url, TOKEN))).read("x")


def test_a_backup_of_the_legacy_api_comes_back_through_the_other(backups: Path) -> None:
    """Grafana was upgraded in between: what was not reached is unchanged, the rest is restored."""
    with grafana() as server:
        _published(server, OLD)
        server.put(form.marked(a_dashboard("other"), "mvp"), folder="f", message="x")
        before = {uid: board.json["panels"] for uid, board in server.boards.items()}
        api = chosen(server)
        made = plan(
            api,
            [NEW, a_dashboard("other", a_panel("RAM"))],
            deployment="mvp",
            folder="boxwatch",
            overwrite_changed=True,
        )
        _, kept = apply.apply(api, made, url=server.url, backups=backups)
        assert kept is not None
        # As if the publish had not reached it.
        server.put(form.marked(a_dashboard("other"), "mvp"), folder="f")
        server.apis = ("v1beta1",)

        assert rollback.rollback(chosen(server), kept) == [("overview", "restored"), ("other", "unchanged")]
        assert {uid: board.json["panels"] for uid, board in server.boards.items()} == before


@pytest.mark.parametrize(
    ("path", "name"),
    [("/api/v1/status/buildinfo", "a Prometheus"), ("/api/v2/status", "an Alertmanager"), ("/x", "a server without")],
)
def test_what_answers_instead_of_grafana_is_named(
    server: Grafana, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    """The error says more than that a page is missing."""
    server.checks = False
    monkeypatch.setattr(
        server, "answer", lambda _, asked, *__: (200, {"status": "success"}) if asked == path else (404, None)
    )

    with pytest.raises(PublishError, match=f"is {name}.*, not Grafana"):
        chosen(server)
