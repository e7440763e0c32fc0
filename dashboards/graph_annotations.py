"""What is marked in every graph: alerts that began to fire, and deployments, straight from Prometheus.

No webhook and nobody's memory: both are kept as long as the measurements are, and are there after the fact.
"""

from __future__ import annotations

from boxwatch.dashboards import queries
from boxwatch.dashboards.panels import colours
from boxwatch.dashboards.variables import DATASOURCE
from boxwatch.grafana.tree import Node
from boxwatch.rules import names


def firing_alerts(selection: str, interval: str) -> Node:
    """The moments at which alerts began to fire, in red.

    Args:
        selection: PromQL label matchers of the alerts that concern the dashboard.
        interval: at most one mark in this time.
    """
    made = _marks("Alerts", queries.began_to_fire(selection), colours.BAD, interval)
    return made | {
        "titleFormat": f"{{{{{queries.ALERT_NAME}}}}}",
        "textFormat": f"{{{{{queries.SEVERITY}}}}} {{{{{names.SERVICE}}}}} {{{{{names.SERVER}}}}}",
        "tagKeys": queries.SEVERITY,
    }


def deployments(selection: str, interval: str) -> Node:
    """The moments at which containers took the place of others, in blue.

    Args:
        selection: PromQL label matchers of the services that concern the dashboard.
        interval: at most one mark of each service in this time.
    """
    made = _marks("Deployments", queries.deployed(selection), colours.USE, interval)
    return made | {
        "titleFormat": f"{{{{{names.SERVICE}}}}} deployed",
        "textFormat": f"New container on {{{{{names.SERVER}}}}}",
        # The moment is the value: a mark stands where the container started and not where it was first scraped.
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
