"""Several servers in one command: `boxwatch diff`, `publish` and `rollback` against the stand-ins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import small
from support.artefacts import default_artefacts, default_subjects
from support.grafana import TOKEN, Grafana, grafana
from support.ruler import TOKEN as RULER_TOKEN
from support.ruler import Ruler, ruler
from support.stand_in import RELOAD, StandIn, beside_commands, scraping

from boxwatch.cli import main
from boxwatch.commands import execute, progress
from boxwatch.commands.grafana import TOKEN as VARIABLE
from boxwatch.commands.grafana import URL
from boxwatch.topology import default

# Plus the mark's group.
BOARDS, GROUPS = len(small.boards()), len(small.groups()) + 1

Call = Callable[..., Result]


@pytest.fixture
def boards() -> Iterator[Grafana]:
    """An empty Grafana."""
    with grafana() as state:
        yield state


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A Prometheus that reads `rules` in the current directory; no promtool on the PATH."""
    with beside_commands(tmp_path, monkeypatch) as double:
        yield double


@pytest.fixture
def both(boards: Grafana, rules: StandIn, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`both("publish", "--yes")` on two services."""
    monkeypatch.setenv(VARIABLE, TOKEN)

    def call(*words: str) -> Result:
        named = ["--grafana", boards.url, "--prometheus", rules.url, "--rules-dir", "rules"]
        return CliRunner().invoke(main, [words[0], *named, *words[1:]])

    return call


def test_both_are_published_and_rolled_back_in_one_run(boards: Grafana, rules: StandIn, both: Call) -> None:
    """`diff` exits 3 on differences, 0 without, and 3 again after the rollback."""
    assert both("diff").exit_code == 3
    done = both("publish", "--yes")

    assert done.exit_code == 0, done.output
    assert done.stdout.index("Done: Prometheus has loaded") < done.stdout.index("Done: Grafana has the dashboards")
    assert (len(boards.boards), len(rules.groups)) == (BOARDS, GROUPS)
    assert both("diff").exit_code == 0
    assert both("rollback", "--yes").exit_code == 0
    assert (boards.boards, rules.groups) == ({}, [])
    assert both("diff").exit_code == 3


def test_the_default_deployment_is_published_whole(boards: Grafana, rules: StandIn, both: Call) -> None:
    """Without a topology file, the bundled default is published in full."""
    Path("topology.yaml").unlink()
    rules.config = scraping(default.load().topology)

    done = both("publish", "--yes")

    assert done.exit_code == 0, done.output
    assert len(boards.boards) == sum(path.startswith("grafana/dashboards/") for path in default_artefacts())
    assert len(rules.groups) == sum(len(subject.groups) for subject in default_subjects()) + 1


def test_diff_writes_nothing_anywhere(boards: Grafana, rules: StandIn, both: Call) -> None:
    """Neither does a dry run."""
    both("diff")
    both("publish", "--dry-run")

    assert (boards.writes, rules.asked.count(f"POST {RELOAD}"), list(Path("rules").iterdir())) == ([], 0, [])


def test_diff_shows_rules_that_were_changed_manually(rules: StandIn, both: Call) -> None:
    """`publish` refuses to overwrite them."""
    both("publish", "--yes")
    live = rules.directory / "boxwatch.yaml"
    live.write_text(live.read_text(encoding="utf-8").replace("for: 5m", "for: 6m", 1), encoding="utf-8")

    shown = both("diff")

    assert shown.exit_code == 3
    assert "for 6m → 5m" in shown.stdout
    assert "note: rules/boxwatch.yaml was changed manually" in shown.stderr
    assert "for 5m → 6m" in shown.stderr
    assert both("publish", "--yes").exit_code == 1


def test_diff_reports_a_set_on_disk_that_is_not_loaded(rules: StandIn, both: Call) -> None:
    """The directory alone would look up to date."""
    both("publish", "--yes")
    rules.groups = []

    shown = both("diff")

    assert (shown.exit_code, "Prometheus loads no file named boxwatch.yaml" in shown.stderr) == (3, True)


def test_if_rules_are_rejected_no_dashboard_is_touched(boards: Grafana, rules: StandIn, both: Call) -> None:
    """The error says what happened to each server."""
    rules.faults[RELOAD] = ["ok", "refuse"]

    done = both("publish", "--yes")

    assert done.exit_code == 1
    assert "Error: there were no rules before; none are in place again" in done.stderr
    assert "Error: Grafana was not started" in done.stderr
    assert boards.writes == []


def test_if_dashboards_fail_the_rules_stay(boards: Grafana, rules: StandIn, both: Call) -> None:
    """The error, as text and as JSON, says that the first server is done."""
    boards._save = lambda body: (403, {"message": "no"})  # type: ignore[method-assign]  # noqa: ARG005, SLF001

    done = both("publish", "--yes", "--json")
    said = json.loads(done.stdout)

    assert done.exit_code == 1
    assert "Error: Prometheus is done and stays as published" in done.stderr
    assert (said["Prometheus"]["done"], said["Grafana"]["done"]) == (True, False)
    assert "role Editor" in said["Grafana"]["error"]
    assert len(rules.groups) == GROUPS


def test_if_one_server_cannot_be_read_nothing_is_written(boards: Grafana, rules: StandIn, both: Call) -> None:
    """Everything is planned before anything is written."""
    boards.faults = dict.fromkeys(range(1, 50), 401)

    assert both("publish", "--yes").exit_code == 1
    assert rules.asked.count(f"POST {RELOAD}") == 0


def test_quiet_prints_errors_only(rules: StandIn, both: Call) -> None:
    """The exit code tells the rest."""
    assert [both(*words).stdout for words in (("diff", "--quiet"), ("publish", "--yes", "--quiet"))] == ["", ""]
    assert len(rules.groups) == GROUPS
    assert both("diff", "--quiet").exit_code == 0


def test_grafana_from_the_environment_is_ignored_if_another_server_is_named(
    boards: Grafana, rules: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollback of rules must not touch dashboards because of an environment variable."""
    monkeypatch.setenv(URL, boards.url)
    words = ["publish", "--prometheus", rules.url, "--rules-dir", "rules", "--yes"]

    assert CliRunner().invoke(main, words).exit_code == 0
    assert boards.requests == []


def test_a_bar_is_for_terminals_lines_are_for_logs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logs get one line per hundred items; hidden means nothing at all."""
    for terminal, hidden in ((False, False), (False, True), (True, True), (True, False)):
        monkeypatch.setattr(progress, "on_terminal", lambda _, terminal=terminal: terminal)
        with progress.shown("dashboards written", hidden=hidden) as watch:
            for done in range(1, 251):
                watch(done, 250)
        said = capsys.readouterr().err
        if hidden:
            assert said == ""
        elif terminal:
            assert "250/250" in said
        else:
            assert said.splitlines() == ["dashboards written: 100 of 250", "dashboards written: 200 of 250"]


def test_differences_have_an_exit_code_of_their_own() -> None:
    """It differs from those of a failure and of a usage error."""
    assert execute.DIFFERS == 3


@pytest.fixture
def mimir() -> Iterator[Ruler]:
    """A ruler with the tenant `team`."""
    with ruler() as state:
        yield state


@pytest.mark.repeats
@pytest.mark.parametrize("fault", [None, 401, "cut", 500])
def test_a_ruler_is_a_server_of_a_run_and_its_token_is_nowhere(
    mimir: Ruler, rules: StandIn, monkeypatch: pytest.MonkeyPatch, fault: int | str | None
) -> None:
    """diff, publish, diff, rollback: no output and no file contains the token, whatever fails."""
    monkeypatch.setenv("BOXWATCH_RULER_TOKEN", RULER_TOKEN)
    where = ["--ruler", mimir.url, "--tenant", "team", "--timeout", "2"]
    if fault:
        mimir.faults = dict.fromkeys(range(8, 6000), fault)
    done = [
        CliRunner().invoke(main, [*words, *where])
        for words in (["diff"], ["publish", "--yes"], ["diff", "--json"], ["publish", "--yes", "--json"])
    ]
    done.append(CliRunner().invoke(main, ["rollback", *where, "--yes"]))

    assert [each.exit_code for each in done] == ([3, 0, 0, 0, 0] if not fault else [3, 1, 1, 1, 1])
    files = [path.read_text(encoding="utf-8") for path in rules.directory.parent.rglob("*") if path.is_file()]
    said = [text for each in done for text in (each.output, each.stderr, repr(each.exception))]
    assert not [text for text in (*files, *said) if RULER_TOKEN in text]
    assert rules.asked == []


def test_a_namespace_needs_its_ruler(rules: StandIn) -> None:
    """The exit code is 2."""
    done = CliRunner().invoke(main, ["diff", "--namespace", "x"])

    assert (done.exit_code, "no ruler: pass --ruler URL" in done.stderr, rules.asked) == (2, True, [])
