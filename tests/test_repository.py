"""`boxwatch init --repository`: what is written, what is kept, and that the commands of its CI work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from support import docker_box
from support.programs import compose_program

from boxwatch.cli import main
from boxwatch.stack import compose, repository
from boxwatch.topology import default, load

FILES = {"topology.yaml", ".env.example", ".gitignore", repository.GITHUB, repository.GITLAB, "README.md"}


_STACKLESS = """name: x
servers: {main: {cpus: 1, memory: 1g, disk: 10GB}}
services: {web: {kind: web, server: main, memory: 64m}}
"""


def _init(*words: str) -> Result:
    return CliRunner().invoke(main, ["init", "--repository", *words])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the short topology."""
    folder = tmp_path_factory.mktemp("work") / "monitoring"
    result = _init(str(folder), "--minimal")
    assert result.exit_code == 0, result.output
    return folder


def _steps(folder: Path) -> dict[str, list[str]]:
    """The commands of each CI file, without those that install."""
    github = yaml.safe_load((folder / repository.GITHUB).read_text(encoding="utf-8"))
    gitlab = yaml.safe_load((folder / repository.GITLAB).read_text(encoding="utf-8"))
    return {
        "github": [
            step["run"] for job in github["jobs"].values() for step in job["steps"] if "\n" not in step.get("run", "\n")
        ],
        "gitlab": [line for name in ("check", "deploy") for line in gitlab[name]["script"]],
    }


def _run(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-e", "-c", command],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **more},
    )  # fmt: skip


def test_a_repository_is_whole(made: Path) -> None:
    """Everything that Coolify and CI need, and the build that the topology makes."""
    names = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}

    assert names >= FILES | {"generated/compose.yaml", "generated/stack/README.md"}
    assert all(name in FILES or name.startswith("generated/") for name in names)


def test_nothing_that_exists_is_overwritten(made: Path, tmp_path: Path) -> None:
    """Each file of the user stays as it is, and what is missing is completed."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    (tmp_path / "README.md").unlink()
    for name in sorted(FILES - {"README.md", "topology.yaml"}):
        (tmp_path / name).write_text("mine\n", encoding="utf-8")
    (tmp_path / "generated" / "compose.yaml").write_text("mine\n", encoding="utf-8")
    before = (tmp_path / "topology.yaml").read_bytes()

    result = _init(str(tmp_path))

    assert result.exit_code == 0, result.output
    assert (tmp_path / "topology.yaml").read_bytes() == before
    assert "  written README.md" in result.output
    assert "  kept topology.yaml" in result.output
    for name in sorted(FILES - {"README.md", "topology.yaml"} | {"generated/compose.yaml"}):
        assert (tmp_path / name).read_text(encoding="utf-8") == "mine\n", name


def test_both_ci_files_run_the_same_commands(made: Path) -> None:
    """The checks, then the deployment."""
    steps = _steps(made)

    assert steps["github"] == steps["gitlab"] == [*repository.CHECKS, repository.DEPLOY]


@pytest.mark.thorough
def test_all_checks_pass_on_what_was_written(made: Path, program: Any) -> None:  # noqa: ANN401 - a fixture
    """Every command of CI, in its order; the proofs alone take a minute."""
    program("promtool")
    for command in _steps(made)["gitlab"][:-1]:
        done = _run(command, made)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    assert (made / "proofs.xml").exists()


def test_a_build_that_was_not_committed_fails(made: Path, tmp_path: Path) -> None:
    """Somebody changed the topology and forgot to build."""
    folder = Path(shutil.copytree(made, tmp_path / "copy"))
    text = (folder / "topology.yaml").read_text(encoding="utf-8")
    (folder / "topology.yaml").write_text(f"{text}\nscrape_interval: 15s\n", encoding="utf-8")
    *_, current, _deploy = _steps(folder)["gitlab"]

    done = _run(current, folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "would be written   prometheus/prometheus.yml" in done.stdout


class _Coolify(BaseHTTPRequestHandler):
    """Answers POST /api/v1/deploy as Coolify does, and everything else with 404."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, self.headers["Authorization"], body))  # type: ignore[attr-defined]  # below
        known = self.path == "/api/v1/deploy" and self.headers["Authorization"] == "Bearer 7|token"
        document = {"deployments": [{"message": "queued"}]} if known else {"message": "Unauthenticated."}
        content = json.dumps(document).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Log nothing."""


@pytest.fixture
def coolify() -> Iterator[HTTPServer]:
    """A Coolify that only deploys."""
    with HTTPServer(("127.0.0.1", 0), _Coolify) as server:
        server.seen = []  # type: ignore[attr-defined]  # what was asked
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_the_deployment_asks_coolify(made: Path, coolify: HTTPServer, ci: str) -> None:
    """Once, for the resource, with the token; a refused one fails the job."""
    command = _steps(made)[ci][-1]
    address = {"COOLIFY_URL": f"http://127.0.0.1:{coolify.server_port}", "COOLIFY_RESOURCE": "w0kk"}

    done = _run(command, made, **address, COOLIFY_TOKEN="7|token")  # noqa: S106 - of no Coolify
    assert done.returncode == 0, done.stderr
    assert coolify.seen == [("/api/v1/deploy", "Bearer 7|token", b'{"uuid": "w0kk"}')]  # type: ignore[attr-defined]
    assert _run(command, made, **address, COOLIFY_TOKEN="8|token").returncode != 0  # noqa: S106 - nor this


def test_ci_says_what_to_set_when_it_does_not_know_what_to_install(made: Path) -> None:
    """The first command of a runner."""
    gitlab = yaml.safe_load((made / repository.GITLAB).read_text(encoding="utf-8"))
    done = _run(gitlab["check"]["before_script"][0], made, BOXWATCH="")

    assert done.returncode != 0
    assert "set the CI variable BOXWATCH to what pip installs" in done.stderr


def test_the_example_names_every_variable_of_the_stack(made: Path) -> None:
    """With an empty value where one is required; Docker Compose reads the file."""
    text = (made / ".env.example").read_text(encoding="utf-8")
    names = {line.partition("=")[0] for line in text.splitlines() if not line.startswith("#")}
    topology = load.load(made / "topology.yaml").topology
    settings = [setting for part in compose.parts(topology) for setting in part.settings]

    assert names == {setting.name for setting in settings}
    filled = "".join(f"{line}word\n" if line.endswith("=") else f"{line}\n" for line in text.splitlines())
    (made / "filled.env").write_text(filled, encoding="utf-8")
    done = _run(f"{compose_program()} --env-file filled.env --file generated/compose.yaml config --quiet", made)
    (made / "filled.env").unlink()
    assert done.returncode == 0, done.stderr


def test_secrets_are_ignored_by_git(made: Path, tmp_path: Path) -> None:
    """And nothing that belongs into the repository is."""
    folder = Path(shutil.copytree(made, tmp_path / "copy"))
    for name in (".env", "generated/.env", "generated/secrets/alertmanager/slack", "token", ".boxwatch/backups/x"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("s3cret", encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    listed = _run("git ls-files --others --exclude-standard", folder).stdout.splitlines()
    there = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()} - {"proofs.xml"}

    assert set(listed) == there


def test_a_server_becomes_a_repository(tmp_path: Path) -> None:
    """From the output of Docker, with the warnings and gaps that `init` tells."""
    box = docker_box.joined([docker_box.coolify()])
    (tmp_path / "box.json").write_text(box, encoding="utf-8")
    folder = tmp_path / "monitoring"
    result = _init(str(folder), "--from-docker", str(tmp_path / "box.json"))

    assert result.exit_code == 0, result.output
    assert "To fill in" in result.stderr
    assert (folder / "generated" / "compose.yaml").exists()

    again = _init(str(folder), "--from-docker", str(tmp_path / "box.json"))
    assert again.exit_code == 2
    assert "topology.yaml exists and would not be that of the server: move it away" in again.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services: 3", "topology.yaml:"),
        (_STACKLESS, "plans no stack to deploy: add a service of kind monitoring"),
    ],
)
def test_a_topology_without_a_stack_makes_no_repository(tmp_path: Path, text: str, message: str) -> None:
    """And leaves nothing behind."""
    (tmp_path / "topology.yaml").write_text(text, encoding="utf-8")
    result = _init(str(tmp_path))

    assert result.exit_code == 2
    assert message in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["topology.yaml"]


def test_options_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    """A file of another name, and a short topology of a server."""
    assert "FILE does not go with --repository" in _init(str(tmp_path), "staging.yaml").stderr
    (tmp_path / "box.json").write_text("[]", encoding="utf-8")
    result = _init(str(tmp_path / "m"), "--minimal", "--from-docker", str(tmp_path / "box.json"))
    assert "--minimal does not go with" in result.stderr


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file is where a directory has to be."""
    (tmp_path / ".github").write_text("", encoding="utf-8")

    result = _init(str(tmp_path), "--minimal")
    assert result.exit_code == 1
    assert "monitoring.yml could not be written: " in result.stderr


def test_the_default_topology_has_a_repository_too() -> None:
    """With the image that is built on the server as the first step."""
    text = repository.files(default.load().topology)["README.md"].decode()

    assert "1. On the server, build `boxwatch-coolify-exporter:0.1.0`" in text
