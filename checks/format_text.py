"""Text output: a line per finding with its remedy below, then a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import click

from boxwatch.checks.catalogue import Report
from boxwatch.checks.finding import Finding
from boxwatch.topology.wording import counted

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def lines(report: Report) -> Iterator[str]:
    """The report, line by line."""
    yield from map(_line, report.findings)
    yield from notes(report)


def notes(report: Report) -> Iterator[str]:
    """Skipped checks, then the summary."""
    yield from (f"note: {reason}" for reason in report.skipped)
    yield summary(report)


def summary(report: Report) -> str:
    """`3 findings in 47 files (2 errors, 1 warning)`, or `0 findings in 47 files`; notes are no findings."""
    numbers = Counter(finding.severity for finding in report.findings)
    parts = [counted(numbers[word], word) for word in ("error", "warning") if numbers[word]]
    detail = f" ({', '.join(parts)})" if parts else ""
    noted = f"; {counted(numbers['note'], 'note')}" if numbers["note"] else ""
    noted = f"; {counted(report.unshown, 'note')} (--notes shows them)" if report.unshown else noted
    found = counted(numbers["error"] + numbers["warning"], "finding")
    return f"{found} in {counted(report.looked_at, 'file')}{detail}{noted}"


def sentence(finding: Finding) -> str:
    """Location, problem and remedy on one line."""
    where = f"{finding.where}: " if finding.where else ""
    return f"{where}{finding.message}{f'. {finding.hint}' if finding.hint else ''}"


def _line(finding: Finding) -> str:
    place = ":".join((finding.file, *(str(number) for number in (finding.line, finding.column) if number)))
    where = f"{finding.where}: " if finding.where else ""
    hint = f"\n    {finding.hint}" if finding.hint else ""
    severity = click.style(finding.severity, fg=_COLOURS[finding.severity], bold=True)
    return f"{severity}: {place}: {where}{finding.message} [{finding.check}]{hint}"
