"""Output of findings: text for people, and formats for programs and CI logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from boxwatch.checks import format_github, format_gitlab, format_json, format_junit, format_sarif, format_text
from boxwatch.checks.catalogue import Report

_BY_NAME: Mapping[str, Callable[[Report], Iterator[str]]] = MappingProxyType(
    {
        "text": format_text.lines,
        "json": format_json.lines,
        "github": format_github.lines,
        "gitlab": format_gitlab.lines,
        "junit": format_junit.lines,
        "sarif": format_sarif.lines,
    }
)
FORMATS = tuple(_BY_NAME)


def lines(report: Report, style: str) -> Iterator[str]:
    """The report in one of FORMATS, line by line."""
    return _BY_NAME[style](report)


def summary(report: Report) -> str:
    """`3 findings in 47 files (2 errors, 1 warning)`, or `0 findings in 47 files`."""
    return format_text.summary(report)
