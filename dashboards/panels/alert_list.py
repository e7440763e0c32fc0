"""Alert list panel: the alerts of Prometheus' rules with their state, as Grafana's alerting knows them.

It reads the rules of every Prometheus whose data source manages alerts (the default) and shows what no query can:
pending alerts, and since when. For firing alerts alone use a query (`queries.firing`), which needs no such data
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
    """Pending and firing alerts.

    Attributes:
        title: a noun phrase, unique in its dashboard.
        description: one or two sentences: the content, and "Healthy: …".
        matchers: label matchers of the alerts, without braces: `server=~"$server"`; empty selects all.
    """

    type: ClassVar[str] = "alertlist"

    title: str
    description: str
    matchers: str = ""

    def __post_init__(self) -> None:
        """Refuse a panel without title or description.

        Raises:
            ValueError: the missing part.
        """
        if not self.title or not re.fullmatch(panel.SENTENCES, self.description):
            raise ValueError(f"panel {self.title!r} needs a title and a description in sentences")

    @property
    def full_description(self) -> str:
        """The text behind the panel's (i)."""
        return f"{self.description} Amber is pending, red firing; the thresholds are those of the rules."

    def options(self) -> Node:
        """One entry per instance, resolved alerts left out."""
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
