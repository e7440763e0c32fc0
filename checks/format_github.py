"""GitHub Actions output: annotations on the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks import format_text as text
from boxwatch.checks.catalogue import Report
from boxwatch.checks.finding import Finding


def lines(report: Report) -> Iterator[str]:
    """One workflow command per finding, then the summary for the log."""
    yield from map(_command, report.findings)
    yield from text.notes(report)


def _command(finding: Finding) -> str:
    line = f",line={finding.line}" if finding.line else ""
    line += f",col={finding.column}" if finding.column else ""
    title = _escaped(finding.check, ",:")
    said = _escaped(text.sentence(finding))
    command = _COMMANDS.get(finding.severity, finding.severity)
    return f"::{command} file={_escaped(finding.file, ',:')}{line},title={title}::{said}"


# GitHub calls a note a notice.
_COMMANDS = {"note": "notice"}


def _escaped(text_: str, more: str = "") -> str:
    for sign in "%\r\n" + more:
        text_ = text_.replace(sign, f"%{ord(sign):02X}")
    return text_
