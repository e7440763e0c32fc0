"""Every check is listed, named as its module, and quiet on what we make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.artefacts import complete_artefacts

from boxwatch.checks import catalogue, report
from boxwatch.checks.alertmanager import amtool
from boxwatch.checks.catalogue import Report
from boxwatch.checks.finding import Finding
from boxwatch.checks.rules import promtool
from boxwatch.errors import BoxwatchError

ROOT = Path(__file__).parent.parent.parent


def test_every_rule_check_is_listed_under_its_modules_name() -> None:
    """One name: id, module, test."""
    rooms = ("rules", "alertmanager")
    files = [path for room in rooms for path in (ROOT / "checks" / room).glob("*.py")]
    modules = {path.stem for path in files if "\ndef check(file: " in path.read_text(encoding="utf-8")}
    listed = (*catalogue.RULE_CHECKS, *catalogue.ALERTMANAGER_CHECKS)

    assert [module.ID for module in listed] == [module.__name__.rpartition(".")[2] for module in listed]
    assert {module.ID for module in listed} == modules
    tests = {path.stem for room in rooms for path in (ROOT / "tests/checks" / room).glob("test_*.py")}
    assert {f"test_{name}" for name in modules} - tests == set()


def test_the_default_deployment_has_no_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without promtool and amtool, which have tests of their own; their absence is said."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    monkeypatch.setattr(amtool, "path", lambda: None)

    found = catalogue.run(complete_artefacts(), 30)
    assert found.findings == ()
    assert found.skipped == (
        "promtool is not on the PATH: configuration, rules and proofs were not run through it",
        "amtool is not on the PATH: alertmanager.yml was not run through it",
    )
    assert found.looked_at == len(complete_artefacts())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is not JSON: Expecting property name"),
        (b"[]", "is JSON, but not a dashboard: a dashboard is an object"),
        (b"[" * 100_000, "is not JSON"),
    ],
    ids=["not closed", "a list", "too deep"],
)
def test_a_dashboard_that_is_none_is_refused_with_a_sentence(content: bytes, message: str) -> None:
    """File first."""
    with pytest.raises(BoxwatchError) as caught:
        catalogue.run({"grafana/dashboards/a.json": content}, 30)

    assert str(caught.value).startswith(f"grafana/dashboards/a.json: {message}")


def test_a_panel_on_a_name_that_nothing_records_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name that was probably meant."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    path = "grafana/dashboards/overview.json"
    wrong = complete_artefacts()[path].replace(b"service:memory_used_bytes:sum", b"service:memory_usde_bytes:sum")

    found = catalogue.run({**complete_artefacts(), path: wrong}, 30).findings
    assert {(finding.check, finding.message, finding.hint) for finding in found} == {
        (
            "metric_names",
            "no exporter exposes and no rule records service:memory_usde_bytes:sum",
            "did you mean service:memory_used_bytes:sum?",
        )
    }


def test_promtools_findings_are_in_the_report(program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And how far it is, is told on the way."""
    monkeypatch.setattr(promtool, "path", lambda: program("promtool"))
    told: list[tuple[int, int]] = []

    found = catalogue.run({"prometheus/prometheus.yml": b"nonsense: 1"}, 30, lambda *step: told.append(step))
    assert [finding.check for finding in found.findings] == ["promtool"]
    assert told == [(1, 1)]
    assert found.skipped == ()


_ERROR = Finding("rules/a.yaml", "alert A", "promql_syntax", "error", "does not parse", "correct it", 7, 11)
_WARNING = Finding("b.json", "", "dashboard_uid", "warning", "100% wrong:\nno, uid")


def test_findings_as_text() -> None:
    """Place first, so that editors and terminals make it clickable; the hint below."""
    lines = list(report.lines(Report((_ERROR, _WARNING), 2, ("promtool is missing",)), "text"))

    assert lines[0].replace("\x1b[31m\x1b[1m", "").replace("\x1b[0m", "") == (
        "error: rules/a.yaml:7:11: alert A: does not parse [promql_syntax]\n    correct it"
    )
    assert lines[-2:] == ["note: promtool is missing", "2 findings in 2 files (1 error, 1 warning)"]


def test_findings_as_json() -> None:
    """One document."""
    (text,) = report.lines(Report((_ERROR,), 2), "json")

    document = json.loads(text)
    assert document["findings"][0]["check"] == "promql_syntax"
    assert document["files"] == 2


def test_findings_as_annotations_of_github() -> None:
    """With its escapes, so that a message cannot become another command."""
    lines = list(report.lines(Report((_ERROR, _WARNING), 2), "github"))

    assert (
        lines[0] == "::error file=rules/a.yaml,line=7,col=11,title=promql_syntax::alert A: does not parse. correct it"
    )
    assert lines[1] == "::warning file=b.json,title=dashboard_uid::100%25 wrong:%0Ano, uid"


def test_nothing_found() -> None:
    """The line that people look for."""
    assert report.summary(Report((), 3)) == "0 findings in 3 files"
