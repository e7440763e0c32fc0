"""The commands, as typed, against the stand-in."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support import grafana_apis, small
from support.grafana import TOKEN, Grafana

from boxwatch.cli import main

MADE = len(small.boards())

Run = Callable[..., Result]


@pytest.fixture
def run(server: Grafana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`run("publish", "--yes")` on two services; no output, exception or file may contain the token."""
    monkeypatch.chdir(tmp_path)
    small.write()
    monkeypatch.setenv("BOXWATCH_GRAFANA_URL", server.url)
    monkeypatch.setenv("BOXWATCH_GRAFANA_TOKEN", TOKEN)
    seen: list[str] = []

    def call(*words: str, **more: Any) -> Result:  # noqa: ANN401 - click's own
        result = CliRunner().invoke(main, [*words, "--verbose"], **more)
        seen.extend((result.output, repr(result.exception), repr(result.exc_info)))
        return result

    yield call
    files = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in (*seen, *files) if TOKEN in text]


def shown(result: Result) -> list[str]:
    """The lines on standard output."""
    return result.stdout.splitlines()


def edit(server: Grafana, uid: str = "boxwatch-overview", **changes: Any) -> None:  # noqa: ANN401 - JSON
    """Edit a dashboard as in Grafana's editor."""
    server.put(server.boards[uid].json | {"tags": server.boards[uid].json["tags"]} | changes, message="mine")


def test_a_published_set_no_longer_differs(server: Grafana, run: Run) -> None:
    """`diff` exits 3 on differences and 0 without; a second publish writes nothing."""
    assert run("diff").exit_code == 3
    assert run("publish", "--yes", "--message", "first").exit_code == 0
    assert shown(run("diff"))[-1] == f"Grafana: 0 to write, 0 refused, {MADE} unchanged"
    writes = len(server.writes)

    assert (run("diff").exit_code, run("publish", "--yes").exit_code, len(server.writes)) == (0, 0, writes)


def test_a_dry_run_writes_nothing(server: Grafana, run: Run) -> None:
    """Nor does it ask for confirmation."""
    assert run("publish", "--dry-run").exit_code == 0
    assert server.writes == []


def test_without_a_terminal_somebody_has_to_say_yes(server: Grafana, run: Run) -> None:
    """Instead of waiting forever in CI."""
    result = run("publish")

    assert (result.exit_code, "pass --yes" in result.stderr, server.writes) == (2, True, [])
    run("publish", "--yes")
    assert "pass --yes" in run("rollback").stderr


def test_on_a_terminal_publish_asks_first(server: Grafana, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Declining changes nothing; accepting applies."""
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)

    assert run("publish", input="n\n").exit_code == 1
    assert server.writes == []
    assert run("publish", input="y\n").exit_code == 0
    assert run("rollback", input="y\n").exit_code == 0
    assert server.boards == {}


def test_what_was_changed_manually_is_shown_and_stays(server: Grafana, run: Run) -> None:
    """Both sides are shown; the exit code says that something is left to decide."""
    run("publish", "--yes")
    edit(server, refresh="9m")
    result = run("publish", "--yes")

    assert result.exit_code == 1
    assert "  manual   Overview: refresh 1m → 9m" in shown(result) or "refresh" in result.stdout
    assert server.boards["boxwatch-overview"].json["refresh"] == "9m"


def test_json_lists_the_differences(server: Grafana, run: Run) -> None:
    """With --json, a manual change is listed under its dashboard."""
    run("publish", "--yes")
    edit(server, title="Mine")
    result = run("diff", "--json")
    found = {each["uid"]: each for each in json.loads(result.stdout)["Grafana"]["changes"]}

    assert (result.exit_code, found["boxwatch-service"]["change"]) == (3, "unchanged")
    assert found["boxwatch-overview"]["by_hand"] == [{"panel": "", "what": "title Overview → Mine"}]


def test_a_rollback_brings_back_what_was_there(server: Grafana, run: Run) -> None:
    """The last publish first, then the one before."""
    run("publish", "--yes")
    edit(server, refresh="9m")
    run("publish", "--yes", "--overwrite-changed")
    # A backup made on request does not count as a publish.
    assert run("backup").exit_code == 0

    assert run("rollback", "--yes").exit_code == 0
    assert server.boards["boxwatch-overview"].json["refresh"] == "9m"
    assert run("backup").stdout.startswith(f"{MADE} backed up to .boxwatch/backups/")


@pytest.mark.repeats
@pytest.mark.parametrize("where", [(), ("--backups", "kept by us")], ids=["by default", "elsewhere"])
def test_the_rollback_command_is_shown_as_typed(server: Grafana, run: Run, where: tuple[str, ...]) -> None:
    """This also holds for a backup directory of the user's choice."""
    done = run("publish", "--yes", *where)
    assert len(server.boards) == MADE

    told = shlex.split(shown(done)[-1].partition("Roll back with: ")[2])
    assert told[:2] == ["boxwatch", "rollback"]
    assert run(*told[1:], "--yes").exit_code == 0
    assert not server.boards


def test_a_backup_is_of_one_grafana(server: Grafana, run: Run) -> None:
    """Restored elsewhere, it would overwrite foreign dashboards."""
    run("publish", "--yes")
    (kept,) = Path(".boxwatch/backups").iterdir()
    result = run("rollback", "--yes", "--backup", str(kept), "--grafana", server.url.replace("127.0.0.1", "localhost"))

    assert "is a backup of" in result.stderr


def test_a_write_that_fails_is_reported(server: Grafana, run: Run) -> None:
    """The others are written."""
    refused: list[str] = []

    def refuse_first(request: str) -> None:
        if request.startswith("POST") and request.endswith(("/dashboards", "/db")) and not refused:
            refused.append(request)
            server.faults = {len(server.requests): 403}

    server.before = refuse_first
    result = run("publish", "--yes", "--workers", "1")

    assert (result.exit_code, "role Editor" in result.stderr, len(server.boards)) == (1, True, MADE - 1)


def test_an_improved_dashboard_is_pulled(server: Grafana, run: Run) -> None:
    """It is printed as canonical JSON, with its differences on standard error."""
    run("publish", "--yes")
    edit(server, title="Better")
    result = run("pull", "boxwatch-overview")

    assert json.loads(result.stdout)["title"] == "Better"
    assert "Overview: title Overview → Better" in result.stderr
    assert run("pull", "boxwatch-overview", "--out", "o.json").exit_code == 0
    assert Path("o.json").read_text(encoding="utf-8") == result.stdout
    assert run("pull", "boxwatch-overview", "--out", "no/o.json").exit_code == 1
    assert "after /d/" in run("pull", "nobody").stderr


@pytest.mark.parametrize(("status", "words"), [(401, "authentication"), (403, "role Editor"), (500, "responded 500")])
def test_a_refusal_says_what_to_do(server: Grafana, run: Run, status: int, words: str) -> None:
    """Whichever request fails."""
    server.faults = dict.fromkeys(range(1, 50), status)

    assert words in run("diff").stderr


def test_the_token_may_be_in_a_file(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A trailing line break is ignored; a file that is not text is reported and not shown."""
    file = tmp_path_factory.mktemp("secret") / "token"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")

    assert run("diff", "--grafana-token-file", str(file)).exit_code == 3
    file.write_bytes(b"\xff" + TOKEN.encode())
    result = run("diff", "--grafana-token-file", str(file))
    assert "cannot be read" in result.stderr


@pytest.mark.repeats
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, {"message": "Cannot save provisioned dashboard"}), "remove it from the provisioning"),
        ((400, {"message": "folder not found"}), "run the command again"),
        ((412, {"message": "a title", "status": "name-exists"}), "another dashboard in the folder has this title"),
        ((500, {"message": "database is locked"}), "Grafana responded 500 database is locked"),
    ],
)
def test_a_save_that_grafana_refuses_says_what_to_do(
    server: Grafana, run: Run, answer: tuple[int, dict[str, str]], words: str
) -> None:
    """The error says what to do."""
    server.apis = ()
    server._save = lambda body: answer  # type: ignore[method-assign]  # noqa: ARG005, SLF001

    assert words in run("publish", "--yes").stderr


@pytest.mark.repeats
@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (404, 'folders.folder.grafana.app "f" not found', "run the command again, which creates it"),
        (403, "", "role Editor"),
        (409, "Operation cannot be fulfilled", "was just saved by someone else"),
        (404, 'dashboards.dashboard.grafana.app "x" not found', "was just saved by someone else"),
        (500, "resourceVersion should not be set on objects to be created", "was just saved by someone else"),
        (500, "database is locked", "Grafana responded 500 database is locked"),
    ],
)
def test_a_save_that_the_resources_refuse_says_what_to_do(  # noqa: PLR0913 - three of a case
    server: Grafana, run: Run, monkeypatch: pytest.MonkeyPatch, *, status: int, said: str, words: str
) -> None:
    """The error says what to do, on this API too."""
    server.apis = ("v1",)
    monkeypatch.setattr(grafana_apis, "_create", lambda *_: (status, {"message": said}))

    assert words in run("publish", "--yes").stderr
