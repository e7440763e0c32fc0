"""The plan of a publish, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.grafana import Grafana
from support.panels import Json, a_dashboard, a_panel

from boxwatch.errors import PublishError
from boxwatch.publish.grafana import apply, form
from boxwatch.publish.grafana.api import Api
from boxwatch.publish.grafana.plan import Plan, message, plan


def planned(api: Api, *ours: dict[str, Any], **options: Json) -> Plan:
    """A plan for the folder `boxwatch`."""
    return plan(api, ours, deployment="mvp", folder="boxwatch", **options)


def published(server: Grafana, *ours: dict[str, Any], folder: str = "f") -> None:
    """Store a dashboard as if we had published it."""
    server.folders.setdefault(folder, "boxwatch")
    for board in ours:
        server.put(form.marked(board, "mvp"), folder=folder, message=message(form.marked(board, "mvp"), ""))


def by_hand(server: Grafana, uid: str, **changes: Json) -> None:
    """Save a dashboard as in Grafana's editor."""
    server.put(server.boards[uid].json | changes, message="mine")


def kinds(made: Plan) -> list[str]:
    """Kind and title of each change."""
    return [f"{change.kind} {change.title}" for change in made.changes]


def test_what_is_equal_is_not_written(server: Grafana, api: Api) -> None:
    """The folder is found by its title."""
    published(server, a_dashboard())

    made = planned(api, a_dashboard())

    assert (kinds(made), made.writes, made.folder, made.new_folder) == (["unchanged overview"], (), "f", False)


def test_what_grafana_wrote_differently_is_not_written(server: Grafana, api: Api) -> None:
    """A null, a default and reordered tags are equivalent."""
    published(server, a_dashboard())
    by_hand(server, "overview", gnetId=None, tags=sorted(server.boards["overview"].json["tags"]))

    assert kinds(planned(api, a_dashboard())) == ["unchanged overview"]


def test_what_is_missing_is_created_in_a_new_folder(api: Api) -> None:
    """Its uid identifies the owner."""
    made = planned(api, a_dashboard())

    assert (kinds(made), made.folder, made.new_folder) == (["create overview"], "boxwatch-boxwatch", True)


def test_our_folder_is_known_by_its_uid_when_somebody_renamed_it(server: Grafana, api: Api) -> None:
    """No second one is created."""
    server.folders["boxwatch-boxwatch"] = "Server"

    assert planned(api, a_dashboard()).new_folder is False


def test_a_dashboard_changed_manually_is_refused_with_both_sides(server: Grafana, api: Api) -> None:
    """Our last publish → theirs now, and theirs now → ours now."""
    published(server, a_dashboard())
    by_hand(server, "overview", refresh="5m")
    (change,) = planned(api, a_dashboard("overview", a_panel("CPU"))).changes

    assert change.kind == "refused"
    assert "boxwatch pull overview" in change.problem
    assert [each.what for each in change.manual] == ["refresh none → 5m"]
    assert {each.what for each in change.differences} == {"refresh 5m → none", "title Memory → CPU"}


def test_manual_changes_are_overwritten_only_on_request(server: Grafana, api: Api) -> None:
    """With --overwrite-changed."""
    published(server, a_dashboard())
    by_hand(server, "overview", refresh="5m")

    assert kinds(planned(api, a_dashboard(), overwrite_changed=True)) == ["update overview"]


def test_a_history_that_is_gone_counts_as_changed_manually(server: Grafana, api: Api) -> None:
    """A superfluous question is better than lost work."""
    published(server, a_dashboard())
    server.boards["overview"].history[0] = ("lost", server.boards["overview"].json | {"refresh": "5m"})
    (change,) = planned(api, a_dashboard()).changes

    assert (change.kind, change.manual[0].what[:7]) == ("refused", "changed")


def test_a_history_without_our_words_counts_as_changed_manually(server: Grafana, api: Api) -> None:
    """Grafana keeps twenty versions."""
    published(server, a_dashboard())
    board = server.boards["overview"]
    by_hand(server, "overview", refresh="5m")
    server.kept = lambda uid: [board.version]  # type: ignore[method-assign]  # noqa: ARG005

    assert kinds(planned(api, a_dashboard())) == ["refused overview"]


def test_a_mark_of_an_older_canonical_form_is_not_a_manual_change(server: Grafana, api: Api) -> None:
    """The history holds what we published, and the dashboard still matches it."""
    old = form.marked(a_dashboard(), "mvp") | {"tags": [form.OWNER, "boxwatch/mvp", "boxwatch:0123456789abcdef"]}
    server.put(old, message="[boxwatch 0123456789abcdef]")

    assert kinds(planned(api, a_dashboard("overview", a_panel("CPU")))) == ["update overview"]


def test_a_stranger_with_our_uid_is_refused(server: Grafana, api: Api) -> None:
    """It is someone else's work."""
    server.put(a_dashboard("overview", a_panel("CPU")))
    (change,) = planned(api, a_dashboard()).changes

    assert (change.kind, "boxwatch did not publish" in change.problem) == ("refused", True)


def test_an_equal_dashboard_without_our_mark_gets_it(server: Grafana, api: Api) -> None:
    """Nobody's work is lost."""
    server.put(a_dashboard())
    (change,) = planned(api, a_dashboard()).changes

    assert (change.kind, [each.what for each in change.differences]) == ("update", ["mark updated"])


def test_a_provisioned_dashboard_is_refused_with_its_file(server: Grafana, api: Api) -> None:
    """Only the file can change it."""
    server.put(a_dashboard("overview", a_panel("CPU")), provisioned="boards/o.json")
    (change,) = planned(api, a_dashboard()).changes

    assert change.problem.startswith("is provisioned from the file boards/o.json")


def test_a_dashboard_that_the_token_may_not_save_is_refused(server: Grafana, api: Api) -> None:
    """The error names the folder whose permission is missing."""
    server.put(a_dashboard("overview", a_panel("CPU")), may_save=False)
    (change,) = planned(api, a_dashboard()).changes

    assert "Edit on the folder General" in change.problem


def test_a_dashboard_stays_in_the_folder_into_which_somebody_moved_it(server: Grafana, api: Api, backups: Path) -> None:
    """It is moved neither to the root nor back."""
    published(server, a_dashboard(), folder="f")
    server.folders["g"] = "Team"
    server.boards["overview"].folder = "g"
    made = planned(api, a_dashboard("overview", a_panel("CPU")))
    apply.apply(api, made, url=server.url, backups=backups)

    assert made.changes[0].problem == "stays in its folder Team"
    assert server.boards["overview"].folder == "g"


@pytest.mark.parametrize("key", ["uid", "title"])
def test_two_dashboards_of_the_same_name_are_refused(api: Api, key: str) -> None:
    """One would overwrite the other."""
    with pytest.raises(PublishError, match=f"two dashboards have the {key} 'overview'"):
        planned(api, a_dashboard(), a_dashboard("other") | {key: "overview"})


def test_only_what_carries_our_mark_is_pruned(server: Grafana, api: Api) -> None:
    """And only on request."""
    published(server, a_dashboard("old"), a_dashboard("touched"), a_dashboard("ours"))
    server.put(a_dashboard("stranger"))
    by_hand(server, "touched", refresh="5m")
    ours = a_dashboard("ours")

    assert kinds(planned(api, ours)) == ["unchanged ours"]
    assert kinds(planned(api, ours, prune=True)) == ["unchanged ours", "delete old", "refused touched"]
    assert kinds(planned(api, ours, prune=True, overwrite_changed=True))[1:] == ["delete old", "delete touched"]


def test_what_search_still_finds_is_pruned_only_if_it_has_the_mark(server: Grafana, api: Api) -> None:
    """The search index may be stale."""
    server.put(a_dashboard("stranger"))
    server._found = lambda _: [{"uid": "stranger", "title": "s"}, {"uid": "gone", "title": "g"}]  # type: ignore[method-assign, assignment]  # noqa: SLF001

    assert planned(api, prune=True).writes == ()


def test_search_is_read_page_by_page(server: Grafana, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are read until one is short."""
    published(server, *(a_dashboard(f"b{number}") for number in range(5)))
    monkeypatch.setattr(api, "_page", 2)

    assert len(api.ours("mvp")) == 5
    assert (len(server.requests), len(set(server.requests))) == (3, 1)


def test_a_manual_change_that_kept_our_message_is_recognised(server: Grafana, api: Api) -> None:
    """As by `kubectl edit`, and any client that changes a resource and sends back the rest."""
    published(server, a_dashboard())
    said = server.boards["overview"].history[0][0]
    for interval in ("5m", "6m"):
        server.put(server.boards["overview"].json | {"refresh": interval}, message=said)
    (change,) = planned(api, a_dashboard()).changes

    assert (change.kind, [each.what for each in change.manual]) == ("refused", ["refresh none → 6m"])


def test_what_was_published_later_than_first_is_found(server: Grafana, api: Api) -> None:
    """The very first version is someone else's."""
    server.put(a_dashboard("overview", a_panel("Theirs")), message="mine")
    published(server, a_dashboard())
    by_hand(server, "overview", refresh="5m")
    (change,) = planned(api, a_dashboard()).changes

    assert [each.what for each in change.manual] == ["refresh none → 5m"]
