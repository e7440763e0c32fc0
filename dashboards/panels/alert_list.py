"""The panel that lists the alerts of Prometheus' rules with their state, as Grafana's alerting knows them.

It reads the rules of every Prometheus whose data source manages alerts (its default), which no query can: an alert that
is pending, and since when. Whether anything fires is asked with a query (`queries.firing`), which needs no such data
source and works in every Grafana.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from boxwatch.dashboards.panels import panel
from boxwatch.grafana.tree import Node

# Grafana's SortOrder: 3 is by importance.
_WORST_FIRST = 3
_MOST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertList:
    """Alerts that wait or fire.

    Attributes:
        title: a noun phrase, unique in its dashboard.
        description: one or two sentences: what is shown, and what good looks like.
        matchers: which alerts, as label matchers without braces: `server=~"$server"`; empty is all.
    """

    type: ClassVar[str] = "alertlist"

    title: str
    description: str
    matchers: str = ""

    def __post_init__(self) -> None:
        """Refuse a panel that leaves its reader alone.

        Raises:
            ValueError: what is missing.
        """
        if not self.title or not re.fullmatch(panel.SENTENCES, self.description):
            raise ValueError(f"panel {self.title!r} needs a title, and a sentence that says what good looks like")

    @property
    def full_description(self) -> str:
        """What stands behind the (i) of the panel."""
        return f"{self.description} Amber waits for its time, red fires; the thresholds are the rules'."

    def options(self) -> Node:
        """One entry for each instance, those that are over left out."""
        return {
            "alertInstanceLabelFilter": f"{{{self.matchers}}}" if self.matchers else "",
            "alertName": "",
            "dashboardAlerts": False,
            "groupBy": [],
            "groupMode": "default",
            "maxItems": _MOST,
            "showInactiveAlerts": False,
            "showInstances": True,
            "sortOrder": _WORST_FIRST,
            "stateFilter": {
                "error": True,
                "firing": True,
                "noData": False,
                "normal": False,
                "pending": True,
                "recovering": True,
            },
            "viewMode": "list",
        }
