"""Findings of one check in an Alertmanager configuration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import ModuleType

from boxwatch.checks.alertmanager import alertmanager_file
from boxwatch.checks.alertmanager.fired import Alerts, fired
from boxwatch.checks.rules import rule_file
from boxwatch.checks.rules.known import known


def alerts_of(files: Mapping[str, bytes]) -> Alerts:
    """The alerts that built rule files fire: path → content, other files are ignored."""
    read = [rule_file.read(path, content) for path, content in files.items() if path.startswith("prometheus/rules/")]
    return fired((alert for file in read for alert in file.alerts), known(tuple(read)))


def said(module: ModuleType, text: str, alerts: Collection[str] | None = None) -> list[tuple[int, str]]:
    """(line, message) of every finding."""
    file = alertmanager_file.read("alertmanager.yml", text.encode())
    return [(finding.line, finding.message) for finding in module.check(file, alerts)]
