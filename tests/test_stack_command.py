"""`boxwatch stack deploy`, from the topology to a fake Coolify over HTTP."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.coolify_writes import LiveCoolify, served
from support.deploying import NOON

from boxwatch import assemble
from boxwatch.cli import main
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.publish.coolify import deploy
from boxwatch.publish.coolify.deploy import Timing
from boxwatch.topology import default
from boxwatch.topology.model import Topology

_ASSEMBLE = assemble.assemble
SECRET = "s3cr3t-value"  # noqa: S105 - of a database that does not exist
VARIABLES = (
    "BOXWATCH_COOLIFY_TOKEN", "BOXWATCH_POSTGRES_HOST", "BOXWATCH_POSTGRES_PASSWORD", "BOXWATCH_REDIS_HOST",
    "BOXWATCH_REDIS_PASSWORD", "BOXWATCH_ELASTICSEARCH_HOST", "BOXWATCH_ELASTICSEARCH_PASSWORD",
)  # fmt: skip


@dataclass
class Desk:
    """A directory with the files of a person, and a Coolify."""

    fake: LiveCoolify
    url: str
    time: float = NOON

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.time += seconds

    def run(self, *words: str, typed: str | None = None) -> Result:
        """Run `boxwatch stack deploy`."""
        given = ["stack", "deploy", "--coolify", self.url, "--token-file", "token", *words]
        return CliRunner().invoke(main, given, input=typed)


_BUILT: dict[str, dict[str, bytes]] = {}


def _built(topology: Topology, **more: Any) -> dict[str, bytes]:  # noqa: ANN401 - of assemble
    key = topology.model_dump_json()
    return _BUILT[key] if key in _BUILT else _BUILT.setdefault(key, _ASSEMBLE(topology, **more))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The default topology, a token, and values."""
    monkeypatch.chdir(tmp_path)
    Path("topology.yaml").write_text(default.text(), encoding="utf-8")
    Path("token").write_text(TOKEN, encoding="utf-8")
    Path(".env").write_text("".join(f"{name}={SECRET}\n" for name in VARIABLES), encoding="utf-8")
    fake = LiveCoolify(lambda: NOON, limit=10**6)
    found = Desk(fake, "")
    fake.now = lambda: found.time
    fake.add_project("Shop", "production")
    fake.add_server("localhost")
    # The same build for several runs.
    monkeypatch.setattr(assemble, "assemble", _built)
    monkeypatch.setattr(deploy, "Timing", functools.partial(Timing, now=fake.now, sleep=found.sleep))
    with served(fake) as url:
        found.url = url
        yield found


def test_the_default_stack_is_deployed_and_then_left_alone(desk: Desk) -> None:
    """Created, started, waited for; the second run changes nothing, and no output has a secret."""
    shown = desk.run("--env-file", ".env", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert desk.fake.stacks == {}

    first = desk.run("--env-file", ".env", "--yes")
    assert first.exit_code == 0, first.output
    assert "monitoring runs this build, and all containers are healthy" in first.stdout
    assert "boxwatch-coolify-exporter:0.1.0 is in no registry: build it on the server first" in first.stderr
    (stack,) = desk.fake.stacks.values()
    assert stack.values.items() >= dict.fromkeys(VARIABLES, SECRET).items()
    assert len(stack.running) == 10

    second = desk.run("--json", "--yes")
    assert second.exit_code == 0, second.output
    found = json.loads(second.stdout)[desk.url]
    assert (found["starts"], found["done"], found["resource"]) == ("", False, stack.record["uuid"])
    assert len(stack.starts) == 1
    for result in (shown, first, second):
        assert SECRET not in result.output
        assert TOKEN not in result.output


def test_missing_variables_are_refused_before_anything_is_written(desk: Desk) -> None:
    """With exit code 1, also in a dry run."""
    for more in ("--yes", "--dry-run"):
        result = desk.run(more)
        assert result.exit_code == 1
        assert result.stdout.count("is required and has no value") == len(VARIABLES)
    assert desk.fake.wrote == []


def test_a_secret_comes_from_a_file_of_its_own(desk: Desk) -> None:
    """And overrides the file with all values."""
    Path("redis").write_text(f"{SECRET}2\n", encoding="utf-8")
    result = desk.run("--env-file", ".env", "--secret", "BOXWATCH_REDIS_PASSWORD=redis", "--yes")

    assert result.exit_code == 0, result.output
    (stack,) = desk.fake.stacks.values()
    assert stack.values["BOXWATCH_REDIS_PASSWORD"] == f"{SECRET}2"


@pytest.mark.parametrize("given", ["hunter2", "=redis", "BOXWATCH_REDIS_PASSWORD="])
def test_a_secret_that_is_no_file_is_not_repeated(desk: Desk, given: str) -> None:
    """It may be the secret itself."""
    result = desk.run("--secret", given)

    assert result.exit_code == 2
    assert "is not NAME=FILE" in result.stderr
    assert "hunter2" not in result.output


def test_without_a_terminal_nothing_is_applied(desk: Desk) -> None:
    """A plan is confirmed, or --yes is passed."""
    result = desk.run("--env-file", ".env")

    assert result.exit_code == 2
    assert "not a terminal: pass --yes to apply, or --dry-run to preview" in result.stderr
    assert desk.fake.wrote == []


def test_a_stack_that_does_not_become_healthy_fails(desk: Desk) -> None:
    """After the timeout, with the container's name, and the next run continues."""
    assert desk.run("--env-file", ".env", "--yes").exit_code == 0
    (stack,) = desk.fake.stacks.values()
    stack.broken = {"grafana"}
    stack.values["BOXWATCH_REDIS_HOST"] = "edited"
    failed = desk.run("--env-file", ".env", "--yes", "--timeout", "120")
    assert failed.exit_code == 1
    assert "after 2 min these are not healthy: grafana (exited)" in failed.stderr

    stack.broken = set()
    again = desk.run("--env-file", ".env", "--yes")
    assert again.exit_code == 0
    assert "the last deployment did not become healthy, so all containers are replaced" in again.stdout


def test_grafanas_address_is_set(desk: Desk) -> None:
    """From the topology; Coolify appends the container's port."""
    line = "urls: {grafana: https://grafana.example.com}"
    Path("topology.yaml").write_text(f"{default.text()}\n{line}\n", encoding="utf-8")
    result = desk.run("--env-file", ".env", "--dry-run")

    assert "+ address of grafana: https://grafana.example.com:3000" in result.stdout


def test_a_topology_without_a_stack_is_refused(desk: Desk) -> None:
    """There is nothing to deploy."""
    web = "services: {web: {kind: web, server: main, memory: 64m}}"
    lines = f"name: x\nservers: {{main: {{cpus: 1, memory: 1g, disk: 10GB}}}}\n{web}\n"
    Path("topology.yaml").write_text(lines, encoding="utf-8")
    result = desk.run()

    assert result.exit_code == 1, result.output
    assert "topology.yaml plans no stack: add a service of kind monitoring" in result.stderr


def test_what_the_api_cannot_do_is_told(desk: Desk) -> None:
    """Files with secrets, and an address that Coolify's Traefik cannot serve."""
    lines = """
notifications:
  receivers: {night: {telegram: {chat_id: -1, token_file: /run/secrets/telegram}}}
  critical: night
  warning: night
urls: {grafana: https://example.com/grafana}
"""
    Path("topology.yaml").write_text(f"{default.text()}{lines}", encoding="utf-8")
    result = desk.run("--env-file", ".env", "--dry-run")

    assert result.exit_code == 0, result.output
    assert "put the files of /run/secrets into ./secrets/alertmanager of the resource's directory" in result.stderr
    assert "cannot serve https://example.com/grafana (a path, or a port of its own)" in result.stderr
    assert "address of grafana" not in result.stdout


def test_a_build_that_cannot_be_pasted_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration file that no command of Coolify can carry."""
    monkeypatch.setattr(assemble, "assemble", lambda *_, **__: {})
    result = desk.run("--env-file", ".env")

    assert result.exit_code == 1
    assert (
        "a configuration file is larger than Coolify can write: deploy the build as a git repository" in result.stderr
    )
