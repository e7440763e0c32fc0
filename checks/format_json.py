"""JSON output: findings with all their fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from boxwatch.checks.catalogue import Report


def lines(report: Report) -> Iterator[str]:
    """The report as one document."""
    document = {
        "findings": [asdict(finding) for finding in report.findings],
        "files": report.looked_at,
        "skipped": list(report.skipped),
    }
    yield json.dumps(document, indent=2)
