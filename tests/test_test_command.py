"""`boxwatch test`: the proofs of the complete deployment, all of them, and what is said when one does not hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from support.artefacts import complete_artefacts
from support.proofs import FILES, broken
from support.topologies import complete
from support.written import written

from boxwatch import cli
from boxwatch.commands import test as test_command
from boxwatch.rules import catalogue

Program = Callable[[str], str]


@pytest.fixture
def run(program: Program, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command, with promtool on the PATH."""
    monkeypatch.setenv("PATH", str(Path(program("promtool")).parent))
    return lambda *arguments: CliRunner().invoke(cli.main, ["test", *map(str, arguments)])


def _made(monkeypatch: pytest.MonkeyPatch, files: Mapping[str, bytes]) -> None:
    """Let the deployment have these rules and proofs."""
    monkeypatch.setattr(catalogue, "rule_files", lambda _: files)
    monkeypatch.setattr(catalogue, "test_files", lambda _: {})


def test_every_proof_holds_and_together_they_exercise_everything(run: Callable[..., Result], tmp_path: Path) -> None:
    """Every alert proven both ways, every recorded series, every branch. The one run of all proofs in `make test`."""
    junit, topology = tmp_path / "proofs.xml", tmp_path / "complete.yaml"
    topology.write_text(written(complete()), encoding="utf-8")
    result = run(topology, "--coverage", "--json", "--junit", junit)

    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["good"] is True
    assert document["coverage"]["missing"] == document["coverage"]["unproven"] == []
    for row in document["coverage"]["files"]:
        assert row["alerts_that_fire"] == row["alerts_that_stay_silent"] == row["alerts"]
        assert row["branches_exercised"] == row["branches"]
    root = ET.parse(junit).getroot()  # noqa: S314 - made by us
    assert sum(int(suite.get("tests", "0")) for suite in root) > document["proofs"]
    made = {Path(path).name for path in complete_artefacts() if path.startswith("prometheus/tests/")}
    assert {suite.get("name") for suite in root} == made | {"coverage"}


def test_a_proof_that_does_not_hold_ends_with_1(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """And with what promtool says."""
    _made(monkeypatch, broken("9x5", "4x5"))
    result = run()

    assert result.exit_code == 1
    assert result.stdout.startswith("does not hold: used-1m.yaml: it is high\n")
    assert "\n1 of 2 proofs hold (" in result.stdout


def test_what_is_not_exercised_ends_with_1_only_where_it_was_asked_for(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With file and expression."""
    _made(monkeypatch, FILES)

    assert run().exit_code == 0
    result = run("--coverage")
    assert result.exit_code == 1
    assert (
        "not exercised: prometheus/rules/used.yaml: High/warning: holds back:"
        " job:used:twice > 10 unless on (job) silenced\n"
    ) in result.stdout


def test_a_report_that_cannot_be_written_is_said(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the reason."""
    _made(monkeypatch, FILES)
    result = run("--junit", tmp_path / "nowhere" / "proofs.xml")

    assert result.exit_code == 1
    assert "proofs.xml" in result.stderr
    assert "No such file or directory" in result.stderr


def test_progress_is_one_line_that_is_gone_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody looks; nothing anywhere else."""
    assert test_command._progress("proofs") is None  # noqa: SLF001 - only a terminal calls it
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    show = test_command._progress("proofs")  # noqa: SLF001

    assert show is not None
    show(1, 2)
    show(2, 2)
    assert capsys.readouterr().err == f"\rproofs: 1 of 2 files\r{' ' * 20}\r"
