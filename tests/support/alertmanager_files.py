"""Findings of one check in an Alertmanager configuration."""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType

from boxwatch.checks.alertmanager import alertmanager_file


def said(module: ModuleType, text: str, alerts: Collection[str] | None = None) -> list[tuple[int, str]]:
    """(line, message) of every finding."""
    file = alertmanager_file.read("alertmanager.yml", text.encode())
    return [(finding.line, finding.message) for finding in module.check(file, alerts)]
