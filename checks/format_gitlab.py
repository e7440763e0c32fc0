"""For GitLab: a report of Code Quality, which merge requests show beside the lines.

An array of issues, each with a fingerprint by which GitLab tells new from known ones: what is found, and not in which
line, so that an issue stays the same when lines are added above it.
https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator

from boxwatch.checks import format_text as text
from boxwatch.checks.catalogue import Report
from boxwatch.checks.finding import Finding

# GitLab has info, minor, major, critical and blocker.
_SEVERITIES = {"error": "major", "warning": "minor"}


def lines(report: Report) -> Iterator[str]:
    """The report as one document."""
    issues = [
        {
            "description": text.sentence(finding),
            "check_name": finding.check,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[finding.severity],
            # GitLab shows nothing without a line.
            "location": {"path": finding.file.removeprefix("./"), "lines": {"begin": finding.line or 1}},
        }
        for finding, fingerprint in fingerprints(report.findings)
    ]
    yield json.dumps(issues, indent=2)


def fingerprints(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Each finding with what tells it from all others; the second that says the same gets another than the first."""
    seen: Counter[tuple[str, ...]] = Counter()
    for finding in findings:
        key = (finding.check, finding.file, finding.where, finding.message)
        seen[key] += 1
        yield finding, hashlib.sha256("\0".join((*key, str(seen[key]))).encode(errors="replace")).hexdigest()
