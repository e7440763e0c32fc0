"""GitLab output: a Code Quality report, which merge requests show next to the lines.

Each issue has a fingerprint, by which GitLab recognises known issues. It does not depend on the line, so an issue stays
the same when lines are added above it.
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
_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


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
    """Each finding with a unique fingerprint; equal findings are numbered."""
    seen: Counter[tuple[str, ...]] = Counter()
    for finding in findings:
        key = (finding.check, finding.file, finding.where, finding.message)
        seen[key] += 1
        yield finding, hashlib.sha256("\0".join((*key, str(seen[key]))).encode(errors="replace")).hexdigest()
