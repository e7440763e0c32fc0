"""What build servers and code scanning read: valid to the letter, whatever is found."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.checks import catalogue, report
from boxwatch.checks.catalogue import Report
from boxwatch.checks.finding import Finding

_ERROR = Finding("rules/a.yaml", "alert A", "promql_syntax", "error", "does not parse", "correct it", 7, 11)
_WARNING = Finding("./b c.json", "", "dashboard_uid", "warning", "no uid")

_text = st.text(max_size=30)
_findings = st.builds(
    Finding,
    file=st.text(min_size=1, max_size=30),
    where=_text,
    check=st.sampled_from(catalogue.IDS),
    severity=st.sampled_from(("error", "warning")),
    message=_text,
    hint=_text,
    line=st.integers(0, 10**6),
    column=st.integers(0, 10**4),
)
_reports = st.builds(
    Report, st.lists(_findings, max_size=4).map(tuple), st.integers(0, 999), st.lists(_text, max_size=2).map(tuple)
)

# What the format demands of the parts that we write (SARIF 2.1.0, section 3); the whole schema knows many more.
_TEXT_MESSAGE = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string"}},
    "additionalProperties": False,
}
_REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
_LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    # RFC 3986.
                    "properties": {"uri": {"type": "string", "pattern": r"^[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+$"}},
                    "additionalProperties": False,
                },
                "region": _REGION,
            },
            "additionalProperties": False,
        },
        "logicalLocations": {
            "type": "array",
            "items": {"type": "object", "properties": {"fullyQualifiedName": {"type": "string", "minLength": 1}}},
        },
    },
    "additionalProperties": False,
}
_SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "version": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "properties": {
                                                "id": {"type": "string"},
                                                "shortDescription": _TEXT_MESSAGE,
                                            },
                                            "additionalProperties": False,
                                        },
                                    },
                                },
                                "additionalProperties": False,
                            }
                        },
                        "additionalProperties": False,
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "invocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["executionSuccessful"],
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "toolExecutionNotifications": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["message"],
                                        "properties": {
                                            "level": {"enum": ["none", "note", "warning", "error"]},
                                            "message": _TEXT_MESSAGE,
                                        },
                                        "additionalProperties": False,
                                    },
                                },
                            },
                            "additionalProperties": False,
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message"],
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": -1},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": _TEXT_MESSAGE,
                                "locations": {"type": "array", "items": _LOCATION},
                                "partialFingerprints": {
                                    "type": "object",
                                    "additionalProperties": {"type": "string"},
                                },
                            },
                            "additionalProperties": False,
                        },
                    },
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
_GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": r"^\./"}},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"minimum": 1}}},
                },
            },
        },
        "additionalProperties": False,
    },
}


def _said(found: Report, style: str) -> str:
    return "\n".join(report.lines(found, style))


def _document(found: Report, style: str) -> Any:  # noqa: ANN401 - whatever JSON has
    return json.loads(_said(found, style))


def test_findings_for_gitlab() -> None:
    """A path that GitLab compares with those of the change, and a line even where none is known."""
    first, second = _document(Report((_ERROR, _WARNING), 2), "gitlab")

    assert first["description"] == "alert A: does not parse. correct it"
    assert first["location"] == {"path": "rules/a.yaml", "lines": {"begin": 7}}
    assert (first["severity"], second["severity"]) == ("major", "minor")
    assert second["location"] == {"path": "b c.json", "lines": {"begin": 1}}


def test_the_fingerprint_of_an_issue_stays_when_its_line_moves() -> None:
    """And two that say the same are two."""
    moved = Finding("rules/a.yaml", "alert A", "promql_syntax", "error", "does not parse", "correct it", 70)
    (here,), (there,) = _document(Report((_ERROR,), 2), "gitlab"), _document(Report((moved,), 2), "gitlab")
    both = _document(Report((_ERROR, moved), 2), "gitlab")

    assert here["fingerprint"] == there["fingerprint"]
    assert len({issue["fingerprint"] for issue in both}) == 2


def test_nothing_found_is_an_empty_list_for_gitlab() -> None:
    """Which it takes for a clean report."""
    assert _document(Report((), 2, ("promtool is missing",)), "gitlab") == []


def test_findings_for_build_servers() -> None:
    """A failure a finding; checks without one have passed, and what was not checked is skipped."""
    text = _said(Report((_ERROR, _WARNING), 2, ("promtool is missing",)), "junit")
    root = ET.fromstring(text)  # noqa: S314 - our own text
    cases = root.findall("testsuite/testcase")
    failed = [case for case in cases if case.find("failure") is not None]

    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')
    assert [(case.get("classname"), case.get("name")) for case in failed] == [
        ("promql_syntax", "rules/a.yaml: alert A"),
        ("dashboard_uid", "./b c.json"),
    ]
    failure = failed[0].find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.get("type"), failure.text) == ("does not parse", "error", "correct it")
    assert root.get("skipped") == "1"
    assert {case.get("classname") for case in cases} == {*catalogue.IDS, "skipped"}


def test_findings_for_code_scanning() -> None:
    """With the check as a rule, and the place as a region."""
    (run,) = _document(Report((_ERROR, _WARNING), 2, ("promtool is missing",)), "sarif")["runs"]
    first, second = run["results"]
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == list(catalogue.IDS)
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "promql_syntax"
    assert first["message"]["text"] == "alert A: does not parse. correct it"
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "rules/a.yaml"},
        "region": {"startLine": 7, "startColumn": 11},
    }
    assert second["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "b%20c.json"}}
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "promtool is missing"


@given(found=_reports)
def test_sarif_is_shaped_as_the_standard_has_it(found: Report) -> None:
    """Whatever a file is called and whatever a message says."""
    jsonschema.validate(_document(found, "sarif"), _SARIF)


@given(found=_reports)
def test_code_quality_is_shaped_as_gitlab_has_it(found: Report) -> None:
    """With as many fingerprints as issues."""
    issues = _document(found, "gitlab")

    jsonschema.validate(issues, _GITLAB)
    assert len({issue["fingerprint"] for issue in issues}) == len(found.findings)


@given(found=_reports)
def test_junit_can_be_read_and_its_numbers_are_right(found: Report) -> None:
    """XML has no control characters, not even escaped."""
    root = ET.fromstring(_said(found, "junit"))  # noqa: S314 - our own text
    (suite,) = root

    for part in (root, suite):
        assert int(part.get("tests", "")) == len(suite.findall("testcase"))
        assert int(part.get("failures", "")) == len(suite.findall("testcase/failure")) == len(found.findings)
        assert int(part.get("skipped", "")) == len(suite.findall("testcase/skipped")) == len(found.skipped)


@given(found=_reports)
def test_an_annotation_is_one_line(found: Report) -> None:
    """Or a message could become another command."""
    lines = [line for line in report.lines(found, "github") if line.startswith("::")]

    assert len(lines) >= len(found.findings)
    assert all("\r" not in line and "\n" not in line for line in lines)


@pytest.mark.parametrize("check", catalogue.IDS)
def test_every_check_says_what_it_is_about(check: str) -> None:
    """One sentence, for who sees only that."""
    assert catalogue.about(check).endswith(".")
    assert "\n" not in catalogue.about(check)
