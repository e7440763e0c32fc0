"""The examples do what their page says, and dashboards of one's own are treated like ours, mistakes included."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import grafana_schema
from support.topologies import complete

from boxwatch.checks.rules import promtool
from boxwatch.cli import main
from boxwatch.dashboards import extra
from boxwatch.errors import BoxwatchError
from boxwatch.grafana.canonical.form import canonical
from boxwatch.rules import catalogue

EXAMPLES = Path(__file__).parent.parent / "examples"
TOPOLOGY = str(EXAMPLES / "topology.yaml")
PAGE = """
from boxwatch.dashboards import layout, render
from boxwatch.dashboards.panels import scale
from boxwatch.dashboards.panels.panel import Query, Stat
from boxwatch.dashboards.variables import SERVERS

def build(topology):
    panel = Stat(title="x", description="Healthy: 0.", unit="none", scale=scale.none_is_good(),
                 queries=(Query('count(server:memory_bytes:plan{server=~"$server"})'),))
    return render.build(render.Page(id="mine", title="Mine", description="x?", variables=(SERVERS,),
                       panels=layout.place(layout.even(4, panel)), marked='server=~"$server"'), topology)
"""


def run(*words: str) -> Result:
    """The answer of the command line."""
    return CliRunner().invoke(main, list(words))


def folder(tmp_path: Path, **files: str) -> Path:
    """A folder with these files; a name's last underscore is its dot."""
    for name, content in files.items():
        stem, _, suffix = name.rpartition("_")
        (tmp_path / f"{stem}.{suffix}").write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.third_party
def test_the_examples_are_built_as_grafana_would_store_them(tmp_path: Path) -> None:
    """Both of them, beside ours, with uids and tags of the deployment."""
    assert run("build", TOPOLOGY, "--out", str(tmp_path)).exit_code == 0
    made = {path.stem: json.loads(path.read_bytes()) for path in (tmp_path / "grafana/dashboards").glob("*.json")}
    assert made.keys() >= {"overview", "service", "team_web", "visitors"}
    for name in ("team_web", "visitors"):
        assert made[name]["uid"] == f"boxwatch-shop-{name}"
        assert made[name]["tags"] == ["boxwatch", "shop"]
        assert canonical(made[name]) == made[name]
        assert list(grafana_schema.errors(made[name])) == []
    assert made["visitors"]["panels"][0]["type"] == "timeseries"


def test_nothing_is_found_in_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name, every unit, every legend."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    result = run("check", TOPOLOGY)
    assert (result.exit_code, result.stdout.splitlines()[-1][:11]) == (0, "0 findings "), result.stdout


def test_the_rules_of_the_examples_hold(program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of their tests, by name; ours are left to their own test."""
    monkeypatch.setenv("PATH", str(Path(program("promtool")).parent))
    monkeypatch.setattr(catalogue, "test_files", lambda _: {})
    result = run("test", TOPOLOGY, "--json")
    assert result.exit_code == 0, result.output
    assert [(one["holds"], one["name"].split()[0]) for one in json.loads(result.stdout)["own"]] == [
        (True, "OrdersStopped"),
        (True, "OrdersStopped"),
    ]


def test_a_page_of_python_is_a_page() -> None:
    """What an engineer writes in ten minutes."""
    assert len((EXAMPLES / "extra-dashboards/team_web.py").read_text(encoding="utf-8").splitlines()) < 100


def test_a_mistake_in_an_added_dashboard_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name that was probably meant, and the panel that has it."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    here = folder(tmp_path, mine_py=PAGE.replace("server:memory_bytes:plan", "server:memory_byte:plan"))
    result = run("check", "--dashboards", str(here))
    assert result.exit_code == 1
    assert 'panel "x" query A: no exporter exposes and no rule records server:memory_byte:plan' in result.stdout
    assert "did you mean server:memory_bytes:plan?" in result.stdout


@pytest.mark.repeats
@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a_py": "def build(topology):\n    return 1 / 0\n"}, "a.py:2: ZeroDivisionError: division by zero"),
        ({"a_py": "def build(:\n"}, "a.py:1: SyntaxError: invalid syntax"),
        ({"a_py": "import nonsense_that_is_not_there\n"}, "a.py:1: ModuleNotFoundError: No module named"),
        ({"a_py": "x = 1\n"}, "a.py: no function `build(topology)`; docs/dashboards.md has an example"),
        ({"a_py": "def build(topology):\n    return []\n"}, "a.py: build() returned list, not a dashboard"),
        ({"a_json": "{"}, "a.json: is not JSON"),
        ({"a_json": "{}"}, "a.json: is JSON, but not a dashboard"),
        ({"a_json": '{"panels": []}', "a_py": PAGE}, "a.py: another dashboard is also called a"),
        ({"service_py": PAGE}, "the added dashboard service has the name of one of ours: rename its file"),
        ({"a_py": PAGE, "b_py": PAGE}, "the added dashboard b has the same uid as a: 'boxwatch-mine'"),
        ({"a_json": '{"title": "Overview", "panels": []}'}, "the added dashboard a has the same title as overview"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(tmp_path: Path, files: dict[str, str], message: str) -> None:
    """And nothing is written."""
    (tmp_path / "mine").mkdir()
    result = run("build", "--dashboards", str(folder(tmp_path / "mine", **files)), "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Named, it must be there."""
    result = run("build", "--dashboards", str(tmp_path / "none"), "--out", str(tmp_path / "out"))
    assert (result.exit_code, "expected a folder with dashboards" in result.stderr) == (1, True)


def test_modules_of_the_folder_can_be_shared_and_leave_nothing_behind(tmp_path: Path) -> None:
    """A module whose name begins with `_` is no dashboard; the next folder may have another of the same name."""
    shared = folder(tmp_path, mine_py=f"import _shared\n{PAGE}", none_py="def build(topology): return None\n")
    (shared / "_shared.py").write_text("from dataclasses import dataclass\n@dataclass\nclass A:\n    b: int\n")
    (shared / "notes.txt").write_text("no dashboard")
    before = set(sys.path)
    assert list(extra.dashboards(shared, complete())) == ["mine"]
    assert "_shared" not in sys.modules
    assert set(sys.path) == before
    assert not (shared / "__pycache__").exists()


def test_added_json_keeps_its_uid_and_tags(tmp_path: Path) -> None:
    """Links and bookmarks of its users go on working."""
    here = folder(tmp_path, a_json='{"uid": "old", "title": "A", "tags": ["team", 5], "panels": []}')
    (made,) = extra.dashboards(here, complete()).values()
    assert (made["uid"], made["tags"]) == ("old", ["team", "boxwatch", "mvp"])


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A directory called x.json, for one."""
    (tmp_path / "a.json").mkdir()
    with pytest.raises(BoxwatchError, match=r"a\.json: Is a directory"):
        extra.dashboards(tmp_path, complete())
