"""What came of the proofs, for people and for programs."""

from __future__ import annotations

import functools
from xml.etree import ElementTree as ET

from support.artefacts import complete_artefacts, complete_subjects

from boxwatch.checks.proofs import coverage, read
from boxwatch.checks.proofs.report import Report
from boxwatch.checks.proofs.run import Verdict


@functools.cache
def _built() -> read.Proofs:
    return read.read(complete_artefacts())


@functools.cache
def _parts() -> tuple[coverage.Part, ...]:
    return tuple(coverage.parts(_built().rules))


@functools.cache
def _hold() -> tuple[Verdict, ...]:
    return tuple(Verdict(proof) for proof in _built().proofs)


@functools.cache
def _down() -> int:
    return next(number for number, one in enumerate(_hold()) if one.proof.name.startswith("ServiceDown case1"))


def _fail() -> tuple[Verdict, ...]:
    failed = Verdict(_hold()[_down()].proof, "exp: 1\ngot: \x00")
    return (*_hold()[: _down()], failed, *_hold()[_down() + 1 :])


def _covered() -> coverage.Coverage:
    return coverage.Coverage(_parts(), frozenset(range(1, len(_parts()))))


def _report(verdicts: tuple[Verdict, ...] = (), found: coverage.Coverage | None = None) -> Report:
    return Report(complete_subjects(), verdicts or _hold(), found)


def test_proofs_that_hold_are_one_line() -> None:
    """How many there are."""
    (line,) = _report().lines()

    assert line.startswith(f"{len(_hold())} of {len(_hold())} proofs hold (")
    assert _report().good


def test_a_proof_that_does_not_hold_is_shown_with_what_was_said() -> None:
    """And its alert is unproven."""
    report = _report(_fail())
    lines = list(report.lines())

    assert lines[0].startswith("does not hold: replica_health-30s.yaml: ServiceDown case1 fires")
    assert lines[1] == "    exp: 1"
    assert report.unproven == ("ServiceDown/critical", "ServiceDown/warning")
    assert not report.good


def test_the_table_has_a_row_a_subject_and_the_sum() -> None:
    """What is missing is listed below it with its file."""
    report = _report(_fail(), _covered())
    lines = list(report.lines())
    table = {line.split()[0]: line.split()[-6:] for line in lines if line[:1].isalpha()}

    health = sum(1 for one in _hold() if "/replica_health-" in one.proof.file)
    assert table["replica_health"][:4] == [str(health), "4", "2", "2"]
    assert table["all"][0] == str(len(_hold()))
    (missing,) = (line for line in lines if line.startswith("not exercised: "))
    assert missing.startswith(
        f"not exercised: {_parts()[0].rule.file}: {_parts()[0].rule.title}: {_parts()[0].direction}: "
    )
    assert not report.good
    assert not _report(_hold(), _covered()).good


def test_json_says_the_same() -> None:
    """Sums included."""
    document = _report(_fail(), _covered()).to_json()

    assert document["good"] is False
    assert [one["name"] for one in document["failed"]] == [_fail()[_down()].proof.name]
    assert document["coverage"]["unproven"] == ["ServiceDown/critical", "ServiceDown/warning"]
    assert document["coverage"]["missing"][0]["direction"] == _parts()[0].direction
    rows = document["coverage"]["files"]
    assert sum(row["proofs"] for row in rows) == len(_hold())
    assert "coverage" not in _report().to_json()


def test_junit_has_a_failure_for_each_proof_and_each_gap() -> None:
    """And is XML whatever promtool says."""
    root = ET.fromstring(_report(_fail(), _covered()).junit())  # noqa: S314 - made by us
    suites = {suite.get("name"): suite for suite in root}

    health = suites["replica_health-30s.yaml"]
    assert (health.get("tests"), health.get("failures")) == (str(len(health)), "1")
    assert health.find("testcase/failure") is not None
    assert suites["coverage"].get("failures") == "1"
    assert suites["coverage"].get("tests") == str(len(_parts()))
