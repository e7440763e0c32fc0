"""An alert has a sensible grace period: no `for` of zero, and `absent()` outlasts a restart of Prometheus.

`for: 0s` is the default and only looks like a decision. While Prometheus or a target restarts there are no samples, so
an alert on absent() with a `for` of less than two evaluations fires at every restart. pint calls these alerts/for and
alerts/absent.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.range_window import SHORTEST_INTERVAL
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.promql import nodes
from boxwatch.promql.walk import every
from boxwatch.topology.units import format_duration, parse_duration

ID = "alert_wait"

# One lost scrape and one late scrape.
_SCRAPES = 2


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Alerts with no grace period, or too short a one."""
    for rule in file.alerts:
        try:
            wait = parse_duration(rule.wait) if rule.wait else 0
        except ValueError:
            continue  # Prometheus refuses the file, and promtool reports it
        if rule.wait and not wait:
            severity: Severity = "note" if known.foreign else "warning"
            yield rule.finding(ID, severity, f"for: {rule.wait} has no effect", "leave it out", at="for")
        tree = rule.tree
        least = _SCRAPES * (SHORTEST_INTERVAL if known.foreign else known.scrape_interval)
        if tree is not None and wait < least and _asks_for_absence(tree):
            yield rule.finding(
                ID,
                "warning",
                f"absent() is true while Prometheus starts, and the alert waits only {format_duration(wait)}",
                f"set for: {format_duration(least)} or more",
                at="for" if rule.wait else "expr",
            )


def _asks_for_absence(tree: nodes.Expr) -> bool:
    return any(isinstance(node, nodes.Call) and node.func.name == "absent" for node in every(tree))
