"""The dashboard refreshes more often than its data changes, or than Grafana allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import tree
from boxwatch.topology import units

ID = "dashboard_refresh"

# Grafana's default min_refresh_interval.
_LEAST = 5


def _seconds(duration: object) -> int | None:
    try:
        return units.parse_duration(tree.text(duration))
    except ValueError:
        return None


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Compares `refresh` with the shortest min interval of the panels, which is the scrape interval."""
    refresh = _seconds(dashboard.get("refresh"))
    if refresh is None:
        return
    known = [_seconds(panel.get("interval")) for panel in tree.plots(dashboard)]
    intervals = [seconds for seconds in known if seconds]
    least = min(intervals) if intervals else _LEAST
    if refresh < least:
        message = f"the dashboard refreshes every {refresh}s, but its data changes every {least}s"
        yield Finding(file, "", ID, "warning", message, f"refresh every {least}s")
