"""Routes and inhibition rules name alerts that the rules at hand can fire."""

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
    """Names of alerts that nothing fires. Silent where no rules are at hand."""
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
    hint = f"did you mean {close[0]}?" if close else "take it out"
    return file.finding(ID, node, "warning", f"no rule fires an alert {name}", hint)
