"""What came of the proofs, for people and for programs."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from support.artefacts import complete_artefacts, complete_subjects

from boxwatch.checks.proofs import coverage, read
from boxwatch.checks.proofs.report import Report
from boxwatch.checks.proofs.run import Verdict

_BUILT = read.read(complete_artefacts())
_PARTS = tuple(coverage.parts(_BUILT.rules))
_HOLD = tuple(Verdict(proof) for proof in _BUILT.proofs)
_DOWN = next(number for number, one in enumerate(_HOLD) if one.proof.name.startswith("ServiceDown case1"))
_FAIL = (*_HOLD[:_DOWN], Verdict(_HOLD[_DOWN].proof, "exp: 1\ngot: \x00"), *_HOLD[_DOWN + 1 :])
_COVERED = coverage.Coverage(_PARTS, frozenset(range(1, len(_PARTS))))


def _report(verdicts: tuple[Verdict, ...] = _HOLD, found: coverage.Coverage | None = None) -> Report:
    return Report(complete_subjects(), verdicts, found)


def test_proofs_that_hold_are_one_line() -> None:
    """How many there are."""
    (line,) = _report().lines()

    assert line.startswith(f"{len(_HOLD)} of {len(_HOLD)} proofs hold (")
    assert _report().good


def test_a_proof_that_does_not_hold_is_shown_with_what_was_said() -> None:
    """And its alert is unproven."""
    report = _report(_FAIL)
    lines = list(report.lines())

    assert lines[0].startswith("does not hold: replica_health-30s.yaml: ServiceDown case1 fires")
    assert lines[1] == "    exp: 1"
    assert report.unproven == ("ServiceDown/critical", "ServiceDown/warning")
    assert not report.good


def test_the_table_has_a_row_a_subject_and_the_sum() -> None:
    """What is missing is listed below it with its file."""
    report = _report(_FAIL, _COVERED)
    lines = list(report.lines())
    table = {line.split()[0]: line.split()[-6:] for line in lines if line[:1].isalpha()}

    health = sum(1 for one in _HOLD if "/replica_health-" in one.proof.file)
    assert table["replica_health"][:4] == [str(health), "4", "2", "2"]
    assert table["all"][0] == str(len(_HOLD))
    (missing,) = (line for line in lines if line.startswith("not exercised: "))
    assert missing.startswith(f"not exercised: {_PARTS[0].rule.file}: {_PARTS[0].rule.title}: {_PARTS[0].direction}: ")
    assert not report.good
    assert not _report(_HOLD, _COVERED).good


def test_json_says_the_same() -> None:
    """Sums included."""
    document = _report(_FAIL, _COVERED).to_json()

    assert document["good"] is False
    assert [one["name"] for one in document["failed"]] == [_FAIL[_DOWN].proof.name]
    assert document["coverage"]["unproven"] == ["ServiceDown/critical", "ServiceDown/warning"]
    assert document["coverage"]["missing"][0]["direction"] == _PARTS[0].direction
    rows = document["coverage"]["files"]
    assert sum(row["proofs"] for row in rows) == len(_HOLD)
    assert "coverage" not in _report().to_json()


def test_junit_has_a_failure_for_each_proof_and_each_gap() -> None:
    """And is XML whatever promtool says."""
    root = ET.fromstring(_report(_FAIL, _COVERED).junit())  # noqa: S314 - made by us
    suites = {suite.get("name"): suite for suite in root}

    health = suites["replica_health-30s.yaml"]
    assert (health.get("tests"), health.get("failures")) == (str(len(health)), "1")
    assert health.find("testcase/failure") is not None
    assert suites["coverage"].get("failures") == "1"
    assert suites["coverage"].get("tests") == str(len(_PARTS))
