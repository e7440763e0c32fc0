"""Alerts without references to dashboards and panels that a deployment does not have, because a part does not exist."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from boxwatch.rules.alert_text import OVERVIEW_DASHBOARD, SERVICE_DASHBOARD, dashboard_of
from boxwatch.rules.model import Alert
from boxwatch.topology.model import Topology

_SENTENCE: Final = re.compile(r"(?<=[.?!])\s+")
# Where nothing else is left to look at.
_ALERTS: Final = "Prometheus, page *Alerts*: since when does it fire, and for what else?"


def without(topology: Topology, alert: Alert) -> Alert:
    """The alert, whose runbook and links name only what exists."""
    gone = _gone(topology)
    looks = tuple(text for step in alert.runbook.first_look if (text := _text(step, gone)))
    runbook = replace(
        alert.runbook,
        first_look=looks or (_ALERTS,),
        action=tuple(text for step in alert.runbook.action if (text := _text(step, gone))),
    )
    dashboard = dashboard_of(alert)
    if (dashboard, "") in gone:
        return replace(alert, runbook=runbook, dashboard=OVERVIEW_DASHBOARD, panel="")
    return replace(alert, runbook=runbook, panel="" if (dashboard, alert.panel) in gone else alert.panel)


def _gone(topology: Topology) -> frozenset[tuple[str, str]]:
    """(dashboard, panel) that do not exist; no panel stands for the whole dashboard."""
    servers = topology.servers
    there = {
        (SERVICE_DASHBOARD, ""): any(map(topology.has_containers, topology.services)),
        ("host", ""): any(server.targets.node or server.targets.docker for server in servers),
        ("host", "Memory in use"): any(server.targets.node for server in servers),
        (OVERVIEW_DASHBOARD, "RAM by service"): topology.watches_containers,
        (OVERVIEW_DASHBOARD, "Services, worst first"): any(map(topology.has_containers, topology.services)),
        ("monitoring", "Rules"): topology.stack.prometheus is not None,
    }
    return frozenset(view for view, exists in there.items() if not exists)


def _sentences(step: str, opening: str) -> str:
    """A step without the sentences on a dashboard: from the one that names it to the next that names another."""
    kept, about_it = [], False
    for one in _SENTENCE.split(step):
        if one.startswith("Dashboard "):
            about_it = re.match(opening, one) is not None
        if not about_it:
            kept.append(one)
    return " ".join(kept)


def _text(step: str, gone: frozenset[tuple[str, str]]) -> str:
    """A step without the sentences, and parts of them, that send the reader to what does not exist."""
    for dashboard, panel in sorted(gone):
        view = rf"\*{dashboard.capitalize()}\*" + (rf", panel \*{re.escape(panel)}\*" if panel else "")
        step = _sentences(step, f"Dashboard {view}")
        step = re.sub(rf"(?:, and|,| and|:)? \(?dashboard {view}[^.;)]*\)?", "", step)
    return step
