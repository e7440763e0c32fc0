"""Routes and inhibition rules name only alerts that the given rules can fire."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from typing import Final

from boxwatch.checks.alertmanager.alertmanager_file import AlertmanagerFile, Matcher, matchers
from boxwatch.checks.finding import Finding
from boxwatch.checks.yaml_tree import Node

ID = "alertmanager_alerts"

_NAMES: Final = re.compile(r"\w+(\|\w+)*", re.ASCII)


def check(file: AlertmanagerFile, alerts: Collection[str] | None) -> Iterator[Finding]:
    """Alert names that no rule has. Silent without rules."""
    if alerts is None:
        return
    told = [(route.node, route.matchers) for route in file.route.walk()] if file.route else []
    told += [(node, matchers(node, "source_", "target_")) for node in file.inhibitions()]
    for node, found in told:
        for name in _unknown(found, alerts):
            yield _finding(file, node, name, alerts)


def _unknown(found: tuple[Matcher, ...], alerts: Collection[str]) -> Iterator[str]:
    for label, operator, value in found:
        if label == "alertname" and operator in ("=", "=~") and _NAMES.fullmatch(value):
            yield from (name for name in value.split("|") if name not in alerts)


def _finding(file: AlertmanagerFile, node: Node, name: str, alerts: Collection[str]) -> Finding:
    close = difflib.get_close_matches(name, alerts, n=1)
    hint = f"did you mean {close[0]}?" if close else "remove it"
    return file.finding(ID, node, "warning", f"no rule has an alert called {name}", hint)
