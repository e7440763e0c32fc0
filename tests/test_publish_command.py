"""`boxwatch publish` and `boxwatch rollback`, against a stand-in for Prometheus."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import small
from support.stand_in import RELOAD, RULES, StandIn, beside_commands

from boxwatch.cli import main
from boxwatch.commands import progress
from boxwatch.topology import default

# Plus the mark's group.
MADE = len(small.groups())
PLANNED = len(small.groups()[0].rules)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A Prometheus that reads `rules` in the current directory; no promtool on the PATH."""
    with beside_commands(tmp_path, monkeypatch) as double:
        yield double


def _run(server: StandIn, *arguments: str, answer: str | None = None) -> Result:
    words = [arguments[0], "--prometheus", server.url, "--rules-dir", "rules", *arguments[1:]]
    return CliRunner().invoke(main, words, input=answer)


def test_publish_shows_the_plan_and_does_it(server: StandIn) -> None:
    """The output says how to roll back, and that works."""
    done = _run(server, "publish", "--yes")

    assert done.exit_code == 0, done.output
    assert "  + memory-budget: 3 rules\n" in done.stdout
    assert f"rules: {MADE} added, 0 changed, 0 removed\nDone: Prometheus has loaded the rules." in done.stdout
    assert len(server.groups) == MADE + 1
    assert _run(server, "publish", "--yes").stdout == "rules: up to date\n"
    assert _run(server, "rollback", "--yes").exit_code == 0
    assert server.groups == []


def test_a_changed_plan_is_shown_rule_by_rule(server: StandIn) -> None:
    """A budget in the topology is a constant in the rules."""
    _run(server, "publish", "--yes")
    topology = Path("topology.yaml")
    topology.write_text(topology.read_text(encoding="utf-8").replace("memory: 4g", "memory: 3g", 1), encoding="utf-8")

    shown = _run(server, "publish", "--dry-run")

    assert '  ~ plan / service:memory_budget_bytes:sum{server="main", service="redis"}: 4 GB → 3 GB\n' in shown.stdout
    assert server.asked.count(f"POST {RELOAD}") == 2


def test_a_dry_run_changes_nothing(server: StandIn) -> None:
    """Not even a directory."""
    assert _run(server, "publish", "--dry-run").exit_code == 0
    assert list(Path("rules").iterdir()) == []
    assert all(request.startswith("GET ") for request in server.asked)


def test_json_lists_the_changes(server: StandIn) -> None:
    """The changes are listed one by one."""
    done = json.loads(_run(server, "publish", "--yes", "--json").stdout)["Prometheus"]

    assert done["done"] is True
    assert done["changes"][0] == {"kind": "added", "group": "plan", "rule": "", "details": [f"{PLANNED} rules"]}
    assert done["mark"] == server.groups[0]["rules"][0]["labels"]["digest"]


def test_a_failure_exits_with_1_and_prometheus_own_words(server: StandIn) -> None:
    """The error says what is in place."""
    server.faults[RELOAD] = ["ok", "refuse"]

    done = _run(server, "publish", "--yes")

    assert done.exit_code == 1
    assert "Error: Prometheus rejected the rules (500): failed to reload config" in done.stderr
    assert "Error: there were no rules before; none are in place again" in done.stderr


def test_without_a_terminal_yes_is_required(server: StandIn) -> None:
    """Without a terminal, a publish without --yes is a usage error."""
    done = _run(server, "publish")

    assert done.exit_code == 2
    assert "not a terminal: pass --yes to apply, or --dry-run to preview" in done.stderr


@pytest.mark.parametrize(("answer", "code", "groups"), [("y\n", 0, MADE + 1), ("n\n", 1, 0)], ids=["yes", "no"])
def test_on_a_terminal_publish_asks_for_confirmation(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, groups: int
) -> None:
    """Declining changes nothing."""
    monkeypatch.setattr(progress, "on_terminal", lambda _: True)
    server.faults[RULES] = ["ok", "new"]

    done = _run(server, "publish", answer=answer)

    assert done.exit_code == code
    assert "Apply? [y/N]" in done.stderr
    assert len(server.groups) == groups
    assert ("rules evaluated" in done.stderr) is (code == 0)


def test_closing_remarks_are_shown(server: StandIn) -> None:
    """Here, that nothing was read back."""
    done = CliRunner().invoke(main, ["publish", "--rules-dir", "rules", "--yes"])

    assert "Done: the rules are on disk." in done.stdout
    assert "note: not read back: no Prometheus URL was given" in done.stderr
    server.load()
    assert len(server.groups) == MADE + 1


def test_a_set_that_is_not_loaded_is_noted(server: StandIn) -> None:
    """And publish loads them."""
    _run(server, "publish", "--yes")
    server.groups = []

    assert "note: Prometheus loads no file named boxwatch.yaml" in _run(server, "publish", "--yes").stderr
    assert len(server.groups) == MADE + 1


_TOKEN, _PASSWORD = "t0ken-that-none-may-see", "passw0rd-that-none-may-see"


@pytest.mark.repeats
@pytest.mark.parametrize("fault", ["ok", "who", "silent", "cut", "refuse"])
@pytest.mark.parametrize("by", ["token file", "token", "password file", "password"])
def test_no_secret_is_in_any_output_or_file(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, by: str, fault: str
) -> None:
    """Whatever fails; and the secret is really sent, or this would prove nothing."""
    caplog.set_level(logging.DEBUG)
    Path("token").write_text(f"{_TOKEN}\n", encoding="utf-8")
    Path("password").write_text(f"{_PASSWORD}\n", encoding="utf-8")
    more = {
        "token file": ["--prometheus-token-file", "token"],
        "token": [],
        "password file": ["--prometheus-user", "me", "--prometheus-password-file", "password"],
        "password": ["--prometheus-user", "me"],
    }[by]
    if by in {"token", "password"}:
        monkeypatch.setenv("BOXWATCH_PROMETHEUS_TOKEN", _TOKEN)
        monkeypatch.setenv("BOXWATCH_PROMETHEUS_PASSWORD", _PASSWORD)
    server.faults[RELOAD], server.faults[RULES] = [fault] * 2, ["ok", *[fault] * 2]

    done = _run(server, "publish", "--yes", "--timeout", "1", *more)

    assert server.sent[0] is not None
    secret = server.sent[0].split()[1]
    files = [path.read_text(encoding="utf-8") for path in Path("rules").rglob("*") if path.is_file()]
    chain: list[BaseException | None] = [done.exception]
    while chain[-1] is not None:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    seen = "\n".join([done.output, done.stderr, caplog.text, *files, *map(repr, chain)])
    assert not [text for text in (secret, _TOKEN, _PASSWORD) if text in seen]


@pytest.mark.parametrize(
    ("arguments", "said"),
    {
        "publish": "no server named: pass --grafana URL",
        "rollback": "no server named: pass --grafana URL",
        "publish --prometheus http://h": "no directory: pass --prometheus-dir DIR for configuration and rules, or",
        "publish --rules-dir . --prometheus-dir .": "--rules-dir and --prometheus-dir exclude each other: pass one",
        "publish --prometheus-dir . --skip-config-check": "--skip-config-check is for --rules-dir: omit it",
        "publish --alertmanager http://h": "no directory for Alertmanager: pass --alertmanager-dir DIR, where",
        "publish --blackbox http://h": "no directory for the blackbox exporter: pass --blackbox-dir DIR, where its",
        "rollback --blackbox-dir . --blackbox-user me": "--blackbox-user needs a password: pass",
        "publish --rules-dir . --reload http": "--reload http needs a server: pass --prometheus URL",
        "publish --rules-dir . --reload signal": "--reload signal needs a process: pass --pid",
        "publish --rules-dir . --prometheus http://h --prometheus-user me": "--prometheus-user needs a password: pass",
        "publish --rules-dir . --prometheus http://h --prometheus-user me --prometheus-token-file x": "pass one",
        "publish --rules-dir . --prometheus http://h --prometheus-password-file x": "needs a user: pass",
        "publish --rules-dir . --timeout 0": "Invalid value for '--timeout'",
        "rollback --rules-dir . --reload maybe": "Invalid value for '--reload'",
    }.items(),
)
def test_options_that_do_not_go_together_are_wrong_usage(arguments: str, said: str) -> None:
    """The exit code is 2."""
    done = CliRunner().invoke(main, arguments.split())

    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"\xffsecret", "not a text file"), (b"\n", "is empty")]
)
def test_a_file_without_a_secret_is_reported(server: StandIn, content: bytes | None, said: str) -> None:
    """The error does not show the content."""
    if content is not None:
        Path("token").write_bytes(content)

    done = _run(server, "publish", "--prometheus-token-file", "token")

    assert done.exit_code == 1
    assert said in done.stderr
    assert "secret" not in done.stderr.replace("write the secret into it", "")


@pytest.mark.parametrize("pid", ["999999999", "pid"])
def test_a_process_is_given_by_number_or_by_file(server: StandIn, pid: str) -> None:
    """The default is a signal then; this process does not exist, so the rules are restored."""
    Path("pid").write_text("999999999", encoding="ascii")

    done = CliRunner().invoke(main, ["publish", "--rules-dir", "rules", "--pid", pid, "--yes"])

    assert done.exit_code == 1
    assert "process 999999999 does not exist" in done.stderr
    assert not (server.directory / "boxwatch.yaml").exists()


def test_configuration_is_published_without_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For Prometheus, Alertmanager and the blackbox exporter in one run; something else reloads them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    small.write(tmp_path)
    where = [word for name in ("prometheus", "alertmanager", "blackbox") for word in (f"--{name}-dir", name)]
    for name in ("prometheus", "alertmanager", "blackbox"):
        Path(name).mkdir()

    assert CliRunner().invoke(main, ["diff", *where]).exit_code == 3
    done = CliRunner().invoke(main, ["publish", *where, "--yes"])

    assert done.exit_code == 0, done.output
    order = [
        done.stdout.index(f"Done: {file}") for file in ("blackbox.yml is on", "alertmanager.yml is", "configuration")
    ]
    assert order == sorted(order), "each after what it depends on"
    assert {path.name for path in (*Path("alertmanager").glob("*.yml"), *Path("blackbox").glob("*.yml"))} == {
        "alertmanager.yml",
        "blackbox.yml",
    }
    assert Path("prometheus/prometheus.yml").is_symlink()
    assert CliRunner().invoke(main, ["diff", *where]).exit_code == 0
    refused = CliRunner().invoke(main, ["rollback", *where, "--yes"])
    assert "had no prometheus.yml before" in refused.stderr


@pytest.mark.parametrize(
    ("part", "arguments"),
    [
        ("grafana", "--grafana http://localhost:1"),
        ("alertmanager", "--alertmanager http://localhost:1 --alertmanager-dir alertmanager"),
        ("blackbox", "--blackbox http://localhost:1 --blackbox-dir blackbox"),
    ],
)
def test_nothing_is_published_to_a_part_that_does_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, arguments: str
) -> None:
    """The topology says so; the message says what to do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOXWATCH_GRAFANA_TOKEN", "token")
    for folder in ("alertmanager", "blackbox"):
        (tmp_path / folder).mkdir()
    # What does not exist is no component of the plan either.
    planned = [line for line in default.text(minimal=True).splitlines() if "component: grafana}" not in line]
    text = "\n".join([*planned, f"stack: {{{part}: none}}\n"])
    Path("topology.yaml").write_text(text, encoding="utf-8")

    done = CliRunner().invoke(main, ["publish", *arguments.split(), "--yes"])

    assert done.exit_code == 2
    assert f"stack.{part} is `none` in the topology: write its address there, or omit --{part}" in done.stderr
