"""`boxwatch demo` without programs: its list, its errors, and what it prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from boxwatch.cli import main
from boxwatch.simulation import scenarios


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["demo", *arguments])


def test_scenarios_are_listed_with_a_line_each() -> None:
    """By name, as `--scenario` takes it."""
    lines = _run("--list").output.splitlines()

    assert [line.split()[0] for line in lines] == list(scenarios.NAMES)
    assert "replica-lost            One of 2 replicas of web stops." in lines


def test_the_list_as_json_says_what_is_expected() -> None:
    """For a script that plays them all."""
    found = {one["name"]: one for one in json.loads(_run("--list", "--json").output)}

    assert found["postgres-down"]["expects"] == [
        {"alert": "PostgresDown", "subject": "postgres", "severity": "critical"}
    ]
    assert found["rolling-deploy"]["expects"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json"], "--json needs --once or --list: without them the demo has no end"),
        (["--scenario", "nothing"], "there is no scenario 'nothing': choose one of calm"),
        (["--history", "soon"], "'soon' is not a duration"),
        (["--speed", "1000"], "1000.0 is not in the range 1<=x<=120"),
        (["--speed", "0"], "is not in the range 1<=x<=120"),
    ],
)
def test_a_wrong_option_is_a_usage_error(arguments: list[str], message: str) -> None:
    """What is wrong, and what to write instead."""
    result = _run(*arguments)

    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    ("there", "missing", "package"),
    [
        ((), "prometheus", "prometheus"),
        (("prometheus",), "alertmanager", "prometheus-alertmanager"),
        (("prometheus", "alertmanager"), "promtool", "prometheus"),
    ],
)
def test_a_missing_program_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], missing: str, package: str
) -> None:
    """Before anything is started."""
    for name in there:
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = _run("--once")

    assert result.exit_code == 1
    assert (
        f"Error: {missing} is not on the PATH: install it (Debian and Ubuntu: apt-get install {package};"
        in result.output
    )


def test_a_topology_without_the_part_is_an_error(tmp_path: Path) -> None:
    """Which part the scenario needs."""
    path = tmp_path / "topology.yaml"
    path.write_text(
        "name: small\nservers: {main: {cpus: 2, memory: 4g, disk: 80GB}}\n"
        "services: {web: {kind: web, server: main, memory: 1g}}\n",
        encoding="utf-8",
    )
    result = _run(str(path), "--scenario", "redis-full")

    assert result.exit_code == 2
    assert "Error: this scenario needs a service of kind redis in the plan" in result.output
