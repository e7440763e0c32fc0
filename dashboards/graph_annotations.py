"""Annotations in every graph: alerts that started firing, and deployments, straight from Prometheus.

No webhook, nothing to remember: both are stored as long as the metrics are, and available in hindsight.
"""

from __future__ import annotations

from boxwatch.dashboards import queries
from boxwatch.dashboards.panels import colours
from boxwatch.dashboards.variables import DATASOURCE
from boxwatch.grafana.tree import Node
from boxwatch.rules import names


def firing_alerts(selection: str, interval: str) -> Node:
    """Marks the moments at which alerts started firing, in red.

    Args:
        selection: PromQL label matchers of the alerts that concern the dashboard.
        interval: at most one mark per interval.
    """
    made = _marks("Alerts", queries.began_to_fire(selection), colours.BAD, interval)
    return made | {
        "titleFormat": f"{{{{{queries.ALERT_NAME}}}}}",
        "textFormat": f"{{{{{queries.SEVERITY}}}}} {{{{{names.SERVICE}}}}} {{{{{names.SERVER}}}}}",
        "tagKeys": queries.SEVERITY,
    }


def deployments(selection: str, interval: str) -> Node:
    """Marks the moments at which containers were replaced, in blue.

    Args:
        selection: PromQL label matchers of the services that concern the dashboard.
        interval: at most one mark per service and interval.
    """
    made = _marks("Deployments", queries.deployed(selection), colours.USE, interval)
    return made | {
        "titleFormat": f"{{{{{names.SERVICE}}}}} deployed",
        "textFormat": f"New container on {{{{{names.SERVER}}}}}",
        # The value is the time: a mark stands where the container started, not where it was first scraped.
        "useValueForTime": True,
    }


def _marks(name: str, expr: str, colour: str, interval: str) -> Node:
    return {
        "name": name,
        "datasource": dict(DATASOURCE.reference),
        "enable": True,
        "iconColor": colour,
        "target": {"expr": expr, "interval": interval, "refId": "Anno"},
    }
