"""`boxwatch init` and `boxwatch discover` with each source; what transcripts cannot show."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import Golden, Program
from support import docker_box as box
from support.docker_box import Record

from boxwatch.cli import main
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.exporters.coolify.fake.server import FakeServer
from boxwatch.topology import load

DRIFTED = 3


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def coolify(folder: Path) -> Iterator[list[str]]:
    """Options for a fake Coolify that answers over HTTP."""
    (folder / "token").write_text(TOKEN, encoding="utf-8")
    with FakeServer(("127.0.0.1", 0), default(time.time)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield ["--from-coolify", f"http://127.0.0.1:{running.server_port}", "--token-file", "token"]
        running.shutdown()


def _file(name: str, *documents: object) -> str:
    Path(name).write_text(box.joined(documents), encoding="utf-8")
    return name


def _run(*words: str, stdin: str = "", code: int = 0) -> Result:
    result = CliRunner().invoke(main, words, input=stdin)
    assert result.exit_code == code, result.output
    return result


def test_the_topology_of_the_box_is_as_stored(golden: Golden) -> None:
    """25 containers, three one-click stacks, a preview, two environments, an unlabelled and a stopped container."""
    Path("box.json").write_text(box.output(box.box()), encoding="utf-8")
    _run("init", "--from-docker", "box.json")

    golden("discovery/box.yaml", Path("topology.yaml").read_text(encoding="utf-8"))


def test_the_output_of_the_command_may_come_through_a_pipe() -> None:
    """And into no file."""
    result = _run("init", "--from-docker", "-", stdin=box.output(box.box()))

    assert result.stdout == "Wrote topology.yaml: 22 containers in 15 services, 3 left out. Next: boxwatch topology\n"
    assert "# Discovered from standard input: 22 containers" in Path("topology.yaml").read_text(encoding="utf-8")


def test_docker_info_may_be_a_file_of_its_own() -> None:
    """The output of `docker inspect` alone knows no size."""
    inspected = _file("inspect.json", box.box())
    result = _run(
        "init", "--from-docker", inspected, "--docker-info", _file("info.json", box.info()), "--name", "Shop 1"
    )

    assert result.stderr == "To fill in: main: the size of the disk is unknown.\n"
    topology = load.load(Path("topology.yaml")).topology
    assert (topology.name, topology.servers[0].cpus, topology.servers[0].memory) == ("shop-1", 8, 32 * 2**30)


def test_what_is_unknown_is_listed_at_the_end() -> None:
    """So that nobody overlooks a comment."""
    result = _run("init", "--from-docker", _file("inspect.json", box.box()))

    assert result.stderr.splitlines() == [
        "To fill in: server: the number of vCPUs is unknown.",
        "To fill in: server: the size of the disk is unknown.",
        "To fill in: server: the RAM is unknown, and this much would hold the services below.",
    ]


def test_coolify_alone_is_enough(coolify: list[str]) -> None:
    """A token with `read`."""
    result = _run("init", *coolify)

    assert result.stdout.startswith("Wrote topology.yaml: 18 containers in 12 services, 0 left out.")
    assert _run("discover", "--check", "topology.yaml", *coolify).stdout.endswith(
        "18 containers compared, 0 left out.\n"
    )


def test_both_together_complete_each_other(coolify: list[str]) -> None:
    """Docker's containers, and what Coolify knows of others."""
    found = json.loads(_run("discover", "--from-docker", _file("box.json", box.coolify()), *coolify, "--json").stdout)

    assert [one["container"] for one in found["containers"]] == [str(one["Name"])[1:] for one in box.coolify()]
    assert ("web-1", "running according to Coolify, and has no container on the server") in [
        (one["name"], one["why"]) for one in found["left_out"]
    ]


def test_drift_is_told_to_scripts_too() -> None:
    """As values, with the sentence."""
    _run("init", "--from-docker", _file("box.json", box.box(), box.info()))
    later = [one for one in box.box() if "worker" not in one["Name"]]
    check = ("discover", "--check", "topology.yaml", "--from-docker", _file("later.json", later, box.info()), "--json")

    assert json.loads(_run(*check, code=DRIFTED).stdout) == {
        "differences": [
            {
                "what": "gone",
                "server": "main",
                "service": "worker",
                "planned": 1,
                "found": 0,
                "message": "worker is planned, but none of its containers is running.",
            }
        ],
        "notes": ["monitoring is planned on main but not deployed yet"],
        "containers": 21,
        "left_out": 3,
    }


def test_no_secret_is_printed_or_written() -> None:
    """Neither of what is in the topology nor of what is new or wrong."""
    file = _file("box.json", box.box(), box.info())
    new = _file("new.json", [*box.box(), box.application("new", host="new.example.com")], box.info())
    Path("cut.json").write_text(box.output(box.box())[:20000], encoding="utf-8")
    shown = [
        _run("init", "--from-docker", file).output,
        Path("topology.yaml").read_text(encoding="utf-8"),
        _run("discover", "--from-docker", file).output,
        _run("discover", "--from-docker", file, "--json").output,
        _run("discover", "--check", "topology.yaml", "--from-docker", new, code=DRIFTED).output,
        _run("discover", "--check", "topology.yaml", "--from-docker", new, "--json", code=DRIFTED).output,
        _run("init", "x.yaml", "--from-docker", "cut.json", code=2).output,
    ]

    assert [secret for secret in box.SECRETS for text in shown if secret in text] == []


def test_a_warning_about_the_plan_is_shown() -> None:
    """Little headroom, for example."""
    containers: list[Record] = [box.container("app", "app", limit=25 * 2**30)]
    result = _run("init", "--from-docker", _file("box.json", containers, box.info(), box.DISK))

    assert "Warning: topology.yaml:" in result.stderr
    assert "leave at least a tenth free" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("init", "--name", "x"), "--name needs --from-docker or --from-coolify."),
        (("init", "--ca-file", "x"), "--token-file and --ca-file need --from-coolify."),
        (("init", "--from-docker", "missing.json"), "'missing.json': No such file or directory"),
        (
            ("init", "--from-docker", "empty.json"),
            "empty.json: has no containers: run this as root on the server, where Docker runs: docker info -f",
        ),
        (("discover", "--check", "missing.yaml", "--from-docker", "empty.json"), "missing.yaml: does not exist"),
        (("init", "--from-coolify", "http://127.0.0.1:1", "--token-file", "empty.json"), "contains no token"),
    ],
)
def test_a_usage_that_cannot_work_is_an_error(words: tuple[str, ...], message: str) -> None:
    """With what to do, and no file."""
    Path("empty.json").write_text("[]", encoding="utf-8")
    result = CliRunner().invoke(main, words)

    assert result.exit_code in (1, 2)
    assert message in " ".join(result.stderr.split())
    assert not Path("topology.yaml").exists()


@pytest.mark.thorough
def test_promtool_finds_nothing_in_what_is_built_of_a_discovered_topology(program: Program) -> None:
    """Configuration, rules and every proof."""
    program("promtool")
    _run("init", "--from-docker", "-", stdin=box.output(box.box()))

    assert "0 findings" in _run("check", "topology.yaml").stdout
