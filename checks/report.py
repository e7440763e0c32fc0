"""Output of findings: text for people, JSON, and annotations for GitHub Actions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from boxwatch.checks.catalogue import Report
from boxwatch.checks.finding import Finding

FORMATS = ("text", "json", "github")

_COLOURS = {"error": "red", "warning": "yellow"}


def lines(report: Report, style: str) -> Iterator[str]:
    """The report in one of FORMATS, line by line."""
    if style == "json":
        document = {
            "findings": [asdict(finding) for finding in report.findings],
            "files": report.looked_at,
            "skipped": list(report.skipped),
        }
        yield json.dumps(document, indent=2)
        return
    for finding in report.findings:
        yield _github(finding) if style == "github" else _text(finding)
    yield from (f"note: {reason}" for reason in report.skipped)
    yield summary(report)


def summary(report: Report) -> str:
    """`3 findings in 47 files (2 errors, 1 warning)`, or `0 findings in 47 files`."""
    errors = sum(finding.severity == "error" for finding in report.findings)
    warnings = len(report.findings) - errors
    parts = [_count(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"{_count(len(report.findings), 'finding')} in {_count(report.looked_at, 'file')}{detail}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _text(finding: Finding) -> str:
    place = ":".join((finding.file, *(str(number) for number in (finding.line, finding.column) if number)))
    where = f"{finding.where}: " if finding.where else ""
    hint = f"\n    {finding.hint}" if finding.hint else ""
    severity = click.style(finding.severity, fg=_COLOURS[finding.severity], bold=True)
    return f"{severity}: {place}: {where}{finding.message} [{finding.check}]{hint}"


def _github(finding: Finding) -> str:
    # https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    def escape(text: str, more: str = "") -> str:
        for sign in "%\r\n" + more:
            text = text.replace(sign, f"%{ord(sign):02X}")
        return text

    text = f"{finding.where}: {finding.message}" if finding.where else finding.message
    text = f"{text}. {finding.hint}" if finding.hint else text
    line = f",line={finding.line}" if finding.line else ""
    line += f",col={finding.column}" if finding.column else ""
    title = escape(finding.check, ",:")
    return f"::{finding.severity} file={escape(finding.file, ',:')}{line},title={title}::{escape(text)}"
