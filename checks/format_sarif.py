"""SARIF 2.1.0 output for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. Every check is a rule of the driver, with the first
line of what its page says; what was not checked is a notification of the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from typing import Any
from urllib.parse import quote

from boxwatch.checks.catalogue import IDS, Report, about
from boxwatch.checks.finding import Finding
from boxwatch.checks.format_gitlab import fingerprints

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def lines(report: Report) -> Iterator[str]:
    """The report as one document."""
    driver = {
        "name": "boxwatch",
        "version": metadata.version("boxwatch"),
        "rules": [{"id": check, "shortDescription": {"text": about(check)}} for check in IDS],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": reason}} for reason in report.skipped
                ],
            }
        ],
        "results": [_result(finding, fingerprint) for finding, fingerprint in fingerprints(report.findings)],
    }
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(finding: Finding, fingerprint: str) -> dict[str, Any]:
    region = {"startLine": finding.line, **({"startColumn": finding.column} if finding.column else {})}
    physical = {
        "artifactLocation": {"uri": quote(finding.file.removeprefix("./") or ".", safe="/:@+,=~")},
        **({"region": region} if finding.line else {}),
    }
    logical = [{"fullyQualifiedName": finding.where}] if finding.where else []
    message = f"{finding.message}. {finding.hint}" if finding.hint else finding.message
    return {
        "ruleId": finding.check,
        "ruleIndex": IDS.index(finding.check),
        "level": finding.severity,
        "message": {"text": f"{finding.where}: {message}" if finding.where else message},
        "locations": [{"physicalLocation": physical, **({"logicalLocations": logical} if logical else {})}],
        "partialFingerprints": {"boxwatch/v1": fingerprint},
    }
