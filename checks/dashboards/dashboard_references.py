"""A panel shows the results of a missing panel or query: it can only say "No data"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree
from boxwatch.grafana.canonical.sources import EXPRESSION
from boxwatch.grafana.tree import Node, node

ID = "dashboard_references"

# In a math expression: $A, ${A}. In the others the expression is the letter.
_LETTER = re.compile(r"\$\{?(\w+)\}?")


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """References to other panels' results, and to queries in Grafana's expressions."""
    ids = {panel.get("id") for panel in tree.plots(dashboard) if isinstance(panel.get("id"), int)}
    for panel in tree.plots(dashboard):
        letters = {tree.text(target.get("refId")) for target in tree.targets(panel)}
        for target in tree.targets(panel):
            where = f"{tree.name(panel)} query {tree.text(target.get('refId'))}"
            source = tree.text((node(target.get("datasource")) or node(panel.get("datasource"))).get("uid"))
            if source == expressions.OF_ANOTHER_PANEL:
                yield from _panel(file, where, target.get("panelId"), ids - {panel.get("id")})
            elif source == EXPRESSION:
                for letter in dict.fromkeys(_named(target)):
                    if letter not in letters:
                        yield Finding(file, where, ID, "error", f"there is no query {letter} in the panel")


def _panel(file: str, where: str, number: object, others: set[object]) -> Iterator[Finding]:
    if number is None:
        yield Finding(
            file, where, ID, "error", "the query does not state which panel's results it shows", "set panelId"
        )
    elif not isinstance(number, int) or number not in others:
        yield Finding(file, where, ID, "error", f"there is no other panel with the id {number}")


def _named(target: Node) -> list[str]:
    written = tree.text(target.get("expression"))
    if target.get("type") == "math":
        return _LETTER.findall(written)
    return [written.lstrip("$")] if target.get("type") in ("reduce", "resample", "threshold") and written else []
