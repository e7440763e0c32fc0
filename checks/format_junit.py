"""JUnit XML output for build servers: a test case per finding, and one per check without findings.

A skipped check is a skipped test case. The format: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from boxwatch.checks.catalogue import IDS, Report

# Characters that XML 1.0 does not allow, even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SUITE = "boxwatch check"


def lines(report: Report) -> Iterator[str]:
    """The report as one document."""
    found = {finding.check for finding in report.findings}
    clean = [check for check in IDS if check not in found]
    counts = {
        "tests": str(len(report.findings) + len(clean) + len(report.skipped)),
        "failures": str(len(report.failing)),
        "errors": "0",
        "skipped": str(len(report.skipped)),
    }
    root = ET.Element("testsuites", {"name": _SUITE, **counts})
    suite = ET.SubElement(root, "testsuite", {"name": _SUITE, **counts})
    for finding in report.findings:
        name = f"{finding.file}: {finding.where}" if finding.where else finding.file
        line = {"line": str(finding.line)} if finding.line else {}
        case = _case(suite, finding.check, name, file=finding.file, **line)
        if finding.severity == "note":
            ET.SubElement(case, "system-out").text = _plain(f"{finding.message}. {finding.hint}")
            continue
        failure = ET.SubElement(case, "failure", {"message": _plain(finding.message), "type": finding.severity})
        failure.text = _plain(finding.hint)
    for check in clean:
        _case(suite, check, "finds nothing")
    for number, reason in enumerate(report.skipped, start=1):
        ET.SubElement(_case(suite, "skipped", f"not checked {number}"), "skipped", {"message": _plain(reason)})
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield ET.tostring(root, encoding="unicode")


def _case(suite: ET.Element, check: str, name: str, **more: str) -> ET.Element:
    attributes = {"classname": check, "name": name, **more}
    return ET.SubElement(suite, "testcase", {key: _plain(text) for key, text in attributes.items()})


def _plain(text: str) -> str:
    return _NO_XML.sub("�", text)
