"""`boxwatch modernise` where the transcript does not reach: directories, places, and files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import boards, unprivileged

from boxwatch.cli import main
from boxwatch.grafana import json_text, modernise

OLD = {"title": "Old", "schemaVersion": 12, "panels": [{"type": "graph", "title": "a"}]}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    """The command's answer."""
    return CliRunner().invoke(main, ["modernise", *words])


def write(name: str, content: object = OLD) -> Path:
    """A file with JSON in it."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_what_is_dropped_is_counted_and_named_on_request() -> None:
    """On standard error, so that the dashboard can be piped on; as JSON for programs."""
    write("old.json", {**OLD, "style": "dark", "hideControls": True})
    assert "obsolete keys dropped; --verbose names them" in run("old.json").stderr
    named = run("old.json", "--verbose").stderr
    assert "old.json: dashboard: dropped style: the theme is chosen by the user since Grafana 10\n" in named
    (found,) = json.loads(run("old.json", "--json").stderr).values()
    assert {"where": "dashboard", "key": "hideControls", "reason": "removed in Grafana 7"} in found
    write("new.json", modernise.modernise(OLD))
    assert run("new.json").stderr == ""


def test_one_is_printed_as_build_would_write_it() -> None:
    """So that it can be put anywhere."""
    write("old.json")
    assert run("old.json").stdout_bytes == json_text.write(modernise.modernise(OLD))


def test_a_directory_is_rewritten_in_place_once() -> None:
    """Files keep their places; what is no dashboard is left; the second time nothing changes."""
    write("boards/a.json")
    write("boards/below/b.json", {"dashboard": OLD})
    write("boards/other.json", {"list": []})
    first, second = run("boards", "--out", "boards"), run("boards", "--out", "boards")
    assert first.stdout.split() == ["written", "boards/a.json", "written", "boards/below/b.json"]
    assert second.stdout.split() == ["unchanged", "boards/a.json", "unchanged", "boards/below/b.json"]
    assert Path("boards/below/b.json").read_bytes() == json_text.write(modernise.modernise(OLD))
    assert json.loads(Path("boards/other.json").read_bytes()) == {"list": []}
    assert run("boards", "--check").exit_code == 0


def test_several_go_where_one_says() -> None:
    """Into a directory that is made for them, in either schema."""
    write("a.json")
    write("b.json")
    assert run("a.json", "b.json", "--out", "new/boards", "--schema", "v2").exit_code == 0
    for name in ("a", "b"):
        assert json.loads(Path(f"new/boards/{name}.json").read_bytes())["apiVersion"] == "dashboard.grafana.app/v2"
    assert run("a.json", "--out", "one.json").exit_code == 0
    assert Path("one.json").read_bytes() == json_text.write(modernise.modernise(OLD))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("a.json", "b.json"), 2, "2 dashboards need an output directory: pass --out"),
        (("a.json", "x/a.json", "--out", "new"), 1, "a.json and x/a.json would both be new/a.json"),
        (("a.json", "--check", "--out", "new"), 2, "--check compares with the files themselves"),
        (("a.json", "--check", "--schema", "v2"), 2, "--check compares with the files themselves"),
        (("a.json", "missing.json", "--out", "new"), 1, "missing.json: No such file or directory"),
        (("a.json", "broken.json", "--out", "new"), 1, "broken.json: is not JSON"),
        (("empty",), 1, "empty: contains no dashboard (JSON)"),
        (("a.json", "--out", "a.json/below"), 1, "a.json/below: could not be written"),
    ],
)
def test_an_impossible_request_is_reported_and_nothing_is_written(
    words: tuple[str, ...], code: int, message: str
) -> None:
    """Not even for the files that are fine."""
    write("a.json")
    write("b.json")
    write("x/a.json")
    Path("broken.json").write_text("{", encoding="utf-8")
    Path("empty").mkdir()
    result = run(*words)
    assert result.exit_code == code
    assert message in result.stderr
    assert not Path("new").exists()


def test_a_directory_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said with its name."""
    write("a.json")
    assert run("a.json").exit_code == 0, "and all is imported"
    with unprivileged.folder() as place, unprivileged.without_rights():
        monkeypatch.chdir(place)
        write("a.json")
        Path("closed").mkdir(mode=0o500)
        result = run("a.json", "--out", "closed/new.json")
        monkeypatch.undo()
    assert (result.exit_code, "closed/new.json: could not be written" in result.stderr) == (1, True)


def test_check_of_what_is_current_shows_nothing() -> None:
    """However it is formatted."""
    write("ours.json", boards.ours()["overview.json"])
    result = run("ours.json", "--check")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "0 of 1 would change\n")
