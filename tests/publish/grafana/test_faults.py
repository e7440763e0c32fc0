"""Every fault at every request of a publish: no lost work, no partial write, and a rollback byte for byte."""

from __future__ import annotations

import contextlib
import copy
from pathlib import Path

import pytest
from support.grafana import Grafana
from support.panels import Json, a_dashboard, a_panel

from boxwatch.errors import BoxwatchError
from boxwatch.publish.grafana import apply, backup, form, rollback
from boxwatch.publish.grafana.api import Api, SavedDashboard
from boxwatch.publish.grafana.plan import Plan, message, plan

# Folders, three dashboards, search, one pruned: read. Backup. Folder, two writes, and a deletion. The legacy API does
# not compare on deletion, so it reads once more; /apis is read twice more for the backup of the stored form.
REQUESTS = {"legacy": 11, "apis": 12}
FAULTS = (429, 500, 503, 403, 404, 401, "slow", "cut", "cut after")
NEW = a_dashboard("new")
AFTER = a_dashboard("changed", a_panel("CPU"))
SAME = a_dashboard("same")


def _before(server: Grafana) -> dict[str, Json]:
    """One dashboard that will change, one that stays, one no longer generated, and a foreign one."""
    server.folders["f"] = "Elsewhere"
    for board in (a_dashboard("changed"), SAME, a_dashboard("old")):
        marked = form.marked(board, "mvp")
        server.put(marked, folder="f", message=message(marked, ""))
    server.put(a_dashboard("stranger"), folder="f")
    return _content(server)


def _content(server: Grafana) -> dict[str, Json]:
    """All content except Grafana's counters."""
    boards = {
        uid: (board.folder, {key: value for key, value in board.json.items() if key not in ("id", "version")})
        for uid, board in sorted(server.boards.items())
    }
    return {"": sorted(server.folders)} | boards


def _stored(server: Grafana) -> dict[str, Json]:
    """The form each is stored in, and the marks it carries."""
    return {uid: (board.stored, board.annotations) for uid, board in sorted(server.boards.items())}


def _publish(api: Api, server: Grafana, backups: Path) -> tuple[Plan, list[str]]:
    made = plan(api, [NEW, AFTER, SAME], deployment="mvp", folder="boxwatch", prune=True, workers=1)
    outcomes, _ = apply.apply(api, made, url=server.url, backups=backups, text="why", workers=1)
    return made, [outcome.error for outcome in outcomes if outcome.error]


def _wanted(before: dict[str, Json]) -> dict[str, Json]:
    after = {uid: value for uid, value in before.items() if uid != "old"}
    after["changed"] = ("f", form.marked(AFTER, "mvp"))
    after["new"] = ("boxwatch-boxwatch", form.marked(NEW, "mvp"))
    after[""] = ["boxwatch-boxwatch", "f"]
    return dict(sorted(after.items()))


def test_a_publish_without_faults_makes_the_requests_of_the_matrix(server: Grafana, api: Api, backups: Path) -> None:
    """So that the fault matrix covers all of them."""
    before = _before(server)
    server.requests.clear()

    _, errors = _publish(api, server, backups)

    assert (errors, len(server.requests)) == ([], REQUESTS["apis" if server.apis else "legacy"])
    assert _content(server) == _wanted(before)
    assert server.boards["changed"].history[-1][0].endswith("] why")


@pytest.mark.repeats(traced=4)
@pytest.mark.sampled(130)
@pytest.mark.parametrize("number", range(1, max(REQUESTS.values()) + 1))
@pytest.mark.parametrize(
    ("fault", "lasting"),
    # An endlessly slow server behaves like one that always cuts the connection, at half a second per attempt.
    [*((fault, False) for fault in FAULTS), *((fault, True) for fault in FAULTS if fault != "slow")],
)
def test_after_a_fault_a_second_publish_converges_and_rollback_restores_bytes(  # noqa: PLR0913 - three axes
    server: Grafana, api: Api, backups: Path, *, number: int, fault: int | str, lasting: bool
) -> None:
    """Each dashboard is old or new; then all are new; then, after a rollback, all are old."""
    before = _before(server)
    stored = _stored(server)
    desired = _wanted(before)
    server.requests.clear()
    server.faults = dict.fromkeys(range(number, 200 if lasting else number + 1), fault)
    with contextlib.suppress(BoxwatchError):
        _publish(api, server, backups)
    server.faults = {}
    between = copy.deepcopy(_content(server))

    assert all(between.get(uid) in (before.get(uid), desired.get(uid)) for uid in {*before, *desired})
    _, errors = _publish(api, server, backups)
    assert (errors, _content(server)) == ([], desired)
    for folder in sorted(backups.iterdir(), reverse=True):
        rollback.rollback(api, folder)
    assert (_content(server), _stored(server)) == (before, stored)


def test_a_save_between_reading_and_writing_is_not_overwritten(server: Grafana, api: Api, backups: Path) -> None:
    """It is neither updated nor deleted."""
    _before(server)
    made = plan(api, [AFTER], deployment="mvp", folder="boxwatch", prune=True)
    for uid in ("changed", "old"):
        server.put(server.boards[uid].json | {"refresh": "9m"})
    outcomes, _ = apply.apply(api, made, url=server.url, backups=backups)

    assert sorted(outcome.error[-33:] for outcome in outcomes if outcome.change.uid != "same") != []
    assert {server.boards[uid].json["refresh"] for uid in ("changed", "old")} == {"9m"}


def test_what_somebody_deleted_meanwhile_is_no_error(server: Grafana, api: Api, backups: Path) -> None:
    """It stays deleted."""
    _before(server)
    made = plan(api, [SAME, AFTER], deployment="mvp", folder="boxwatch", prune=True)
    del server.boards["old"]
    outcomes, _ = apply.apply(api, made, url=server.url, backups=backups)

    assert [outcome.error for outcome in outcomes] == ["", ""]


def test_rollback_leaves_alone_what_was_changed_since(server: Grafana, api: Api, backups: Path) -> None:
    """Unless requested; the others are restored, and the rollback can be repeated."""
    before = _before(server)
    _publish(api, server, backups)
    server.put(server.boards["changed"].json | {"refresh": "9m"})
    folder = backup.newest(backups, server.url)

    with pytest.raises(BoxwatchError, match=r"^changed: was changed since that publish"):
        rollback.rollback(api, folder)
    assert "new" not in server.boards
    rollback.rollback(api, folder, overwrite_changed=True)
    assert _content(server) == before
    with pytest.raises(BoxwatchError, match="no publish"):
        backup.newest(backups, server.url)


def test_a_backup_that_cannot_be_written_stops_the_publish(server: Grafana, api: Api, backups: Path) -> None:
    """Nothing is written to Grafana then."""
    before = _before(server)
    backups.write_text("in the way")

    with pytest.raises(BoxwatchError, match="Grafana was not touched"):
        _publish(api, server, backups)
    assert _content(server) == before


def test_a_damaged_backup_is_refused(api: Api, backups: Path) -> None:
    """As for an index that is not JSON, or that names a file elsewhere."""
    backups.mkdir()
    for content in ("{", '{"dashboards": [{"uid": "../../etc/passwd", "existed": true}]}'):
        (backups / "backup.json").write_text(content)
        with pytest.raises(BoxwatchError, match="is not a boxwatch backup"):
            rollback.rollback(api, backups)


def test_a_uid_that_is_no_file_name_is_not_kept(backups: Path) -> None:
    """Grafana would not accept it either."""
    with pytest.raises(BoxwatchError, match="is not a dashboard uid"):
        backup.keep([backup.Entry(SavedDashboard("../x", "x", None, ""), "")], "http://x", backups, deployment="mvp")
