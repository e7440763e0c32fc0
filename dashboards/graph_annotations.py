"""Annotations in the graphs: deployments, and alerts that started firing, straight from Prometheus.

No webhook, nothing to remember: both are stored as long as the metrics are, and available in hindsight. Deployments and
critical alerts are marked from the start; the other alerts once somebody switches them on, because about thirty dashed
lines in every graph hide what it shows.
"""

from __future__ import annotations

from boxwatch.dashboards import queries
from boxwatch.dashboards.panels import colours
from boxwatch.dashboards.variables import DATASOURCE
from boxwatch.grafana.tree import Node
from boxwatch.rules import names

DEPLOYMENTS, CRITICAL, OTHERS = "Deployments", "Critical alerts", "Other alerts"


def critical_alerts(selection: str, interval: str) -> Node:
    """Marks the moments at which critical alerts started firing, in red.

    Args:
        selection: PromQL label matchers of the alerts that concern the dashboard.
        interval: at most one mark per interval.
    """
    matcher = f'{queries.SEVERITY}="critical"'
    return _alerts(CRITICAL, f"{matcher}, {selection}", colours.BAD, interval, enabled=True)


def other_alerts(selection: str, interval: str) -> Node:
    """The same for warnings and information, in amber; off until switched on. Alerts for programs are not marked."""
    matcher = f'{queries.SEVERITY}=~"warning|info"'
    return _alerts(OTHERS, f"{matcher}, {selection}", colours.NEAR_LINE, interval, enabled=False)


def deployments(selection: str, interval: str) -> Node:
    """Marks the moments at which containers were replaced, in blue.

    Args:
        selection: PromQL label matchers of the services that concern the dashboard.
        interval: at most one mark per service and interval.
    """
    made = _marks(DEPLOYMENTS, queries.deployed(selection), colours.USE, interval, enabled=True)
    return made | {
        "titleFormat": f"{{{{{names.SERVICE}}}}} deployed",
        "textFormat": f"New container on {{{{{names.SERVER}}}}}",
        # The value is the time: a mark stands where the container started, not where it was first scraped.
        "useValueForTime": True,
    }


def _alerts(name: str, selection: str, colour: str, interval: str, *, enabled: bool) -> Node:
    made = _marks(name, queries.began_to_fire(selection), colour, interval, enabled=enabled)
    return made | {
        "titleFormat": f"{{{{{queries.ALERT_NAME}}}}}",
        "textFormat": f"{{{{{queries.SEVERITY}}}}} {{{{{names.SERVICE}}}}} {{{{{names.SERVER}}}}}",
        "tagKeys": queries.SEVERITY,
    }


def _marks(name: str, expr: str, colour: str, interval: str, *, enabled: bool) -> Node:
    return {
        "name": name,
        "datasource": dict(DATASOURCE.reference),
        "enable": enabled,
        "iconColor": colour,
        "target": {"expr": expr, "interval": interval, "refId": "Anno"},
    }
