"""The result of a verification: a table for people, JSON, JUnit, and findings for GitHub and GitLab."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

import click

from boxwatch.checks import format_github, format_gitlab
from boxwatch.checks.catalogue import Report
from boxwatch.checks.finding import Finding
from boxwatch.live.verify.items import Item, Outcome, Section, Verdict, counts

FORMATS = ("text", "json", "junit", "github", "gitlab")
_SUITE = "boxwatch verify"
# Characters that XML 1.0 does not allow, even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLES: Mapping[Section, str] = {
    "targets": "targets",
    "groups": "loaded rules",
    "rules": "rules",
    "variables": "variables",
    "panels": "panels",
}
_COLUMNS: Mapping[Outcome, str] = {
    "data": "data",
    "fine": "nothing to report",
    "warning": "warning",
    "broken": "broken",
    "skipped": "skipped",
}
_COLOURS: Mapping[Outcome, str] = {"broken": "red", "warning": "yellow", "fine": "green", "skipped": "white"}


def lines(verdict: Verdict, style: str, *, everything: bool = False) -> Iterator[str]:
    """The result in one of FORMATS, line by line.

    Args:
        verdict: the result.
        style: the format.
        everything: for text, list what has nothing to report as well.
    """
    match style:
        case "github":
            yield from format_github.lines(_findings(verdict))
        case "gitlab":
            yield from format_gitlab.lines(_findings(verdict))
        case "junit":
            yield from _junit(verdict)
        case _:
            yield from _text(verdict, everything=everything)


def to_json(verdict: Verdict) -> dict[str, Any]:
    """For programs: every item with its reason, and the totals."""
    return {
        "good": not verdict.broken,
        "totals": {outcome: sum(each.outcome == outcome for each in verdict.items) for outcome in _COLUMNS},
        "items": [asdict(each) for each in verdict.items],
        "skipped": list(verdict.skipped),
    }


def summary(verdict: Verdict) -> str:
    """`412 verified: 380 data, 30 nothing to report, 2 broken`."""
    totals = {outcome: sum(each.outcome == outcome for each in verdict.items) for outcome in _COLUMNS}
    return f"{len(verdict.items)} verified: " + ", ".join(
        f"{totals[outcome]} {word}" for outcome, word in _COLUMNS.items() if totals[outcome]
    )


def _text(verdict: Verdict, *, everything: bool) -> Iterator[str]:
    outcomes = ("broken", "warning", "fine", "skipped") if everything else ("broken", "warning")
    for outcome in outcomes:
        for each in verdict.items:
            if each.outcome == outcome and each.reason is not None:
                yield from _item(each)
    yield from _table(verdict)
    yield from (f"note: {reason}" for reason in verdict.skipped)
    yield summary(verdict)


def _item(item: Item) -> Iterator[str]:
    reason = item.reason
    if reason is None:
        return
    word = click.style(_COLUMNS[item.outcome], fg=_COLOURS[item.outcome], bold=item.outcome == "broken")
    yield f"{word}: {item.file}: {item.where}: {reason.message} [{reason.cause}]"
    if reason.hint:
        yield f"    {reason.hint}"


def _table(verdict: Verdict) -> Iterator[str]:
    found = counts(verdict.items)
    if not found:
        return
    shown = [outcome for outcome in _COLUMNS if any(of.get(outcome) for of in found.values())]
    # A row for each dashboard; rule files are many and small, so they share one.
    rows: dict[str, dict[Outcome, int]] = {}
    for (section, file), of in found.items():
        title = f"{_TITLES[section]} of {file}" if section in ("panels", "variables") else _TITLES[section]
        row = rows.setdefault(title, {})
        for outcome, number in of.items():
            row[outcome] = row.get(outcome, 0) + number
    wide = max(map(len, rows))
    yield " " * wide + "".join(f"  {_COLUMNS[outcome]:>{_width(outcome)}}" for outcome in shown)
    for title, row in rows.items():
        cells = "".join(f"  {row.get(outcome) or '-':>{_width(outcome)}}" for outcome in shown)
        yield f"{title:<{wide}}{cells}"


def _width(outcome: Outcome) -> int:
    return max(len(_COLUMNS[outcome]), 5)


def _findings(verdict: Verdict) -> Report:
    found = tuple(
        Finding(
            each.file,
            each.where,
            each.reason.cause,
            "error" if each.outcome == "broken" else "warning",
            each.reason.message,
            each.reason.hint,
            each.line,
        )
        for each in verdict.items
        if each.reason is not None and each.outcome in ("broken", "warning")
    )
    return Report(found, len({each.file for each in verdict.items}), verdict.skipped)


def _junit(verdict: Verdict) -> Iterator[str]:
    """A suite for each file, a case for each item."""
    root = ET.Element("testsuites", name=_SUITE)
    for file in dict.fromkeys(each.file for each in verdict.items):
        own = [each for each in verdict.items if each.file == file]
        failures = sum(each.outcome == "broken" for each in own)
        skipped = sum(each.outcome == "skipped" for each in own)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_plain(file),
            tests=str(len(own)),
            failures=str(failures),
            errors="0",
            skipped=str(skipped),
        )
        for each in own:
            case = ET.SubElement(suite, "testcase", classname=f"{_SUITE} {each.section}", name=_plain(each.where))
            if each.reason is None:
                continue
            if each.outcome == "broken":
                failure = ET.SubElement(case, "failure", message=_plain(each.reason.message), type=each.reason.cause)
                failure.text = _plain("\n".join(filter(None, (each.reason.hint, each.expr))))
            elif each.outcome == "skipped":
                ET.SubElement(case, "skipped", message=_plain(each.reason.message))
            else:
                ET.SubElement(case, "system-out").text = _plain(each.reason.message)
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield ET.tostring(root, encoding="unicode")


def _plain(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
