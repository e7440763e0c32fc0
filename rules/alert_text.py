"""Annotations of alerts: texts, and links to runbook and dashboard."""

from __future__ import annotations

import re
from dataclasses import dataclass

from boxwatch.rules import alert_command, deployment, names
from boxwatch.rules.dashboard_uid import service_variable, uid
from boxwatch.rules.model import Alert, Expected
from boxwatch.rules.panel_id import panel_id
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.model import Topology

# The dashboards that alerts link to.
SERVICE_DASHBOARD = "service"
OVERVIEW_DASHBOARD = "overview"
# Their titles in Grafana; boxwatch.checks.rules.alert_links compares the runbooks with the generated dashboards. A
# dashboard named after a kind has the kind's title.
_TITLES = {"slo": "SLO", **{kind.name: kind.title for kind in KINDS if kind.name == kind.dashboard}}

_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Annotations:
    """The annotations of an alert.

    Attributes:
        templates: as in its rule: summary, description, resource, command, runbook page and dashboard link.
        composed: those made of texts that differ by service.
    """

    templates: dict[str, str]
    composed: dict[str, alert_command.Text]

    def of(self, expected: Expected) -> dict[str, str]:
        """The annotations of one firing instance: the description of the proof, and links with its labels filled in."""
        found = {
            key: self.composed[key].of(expected.labels)
            if key in self.composed
            else _LABEL.sub(lambda match: expected.labels.get(match[1], ""), text)
            for key, text in self.templates.items()
        }
        return {**found, "description": expected.description}


def annotations_of(topology: Topology, alert: Alert) -> Annotations:
    """Summary, description, runbook page and dashboard link of an alert."""
    found = {"summary": alert.summary, "description": deployment.text(topology, alert.description)}
    composed = _composed(topology, alert)
    found |= {key: text.template() for key, text in composed.items()}
    page = f"{alert.alert}.md"
    if topology.urls.runbooks:
        found["runbook_url"] = f"{topology.urls.runbooks.rstrip('/')}/{page}"
    else:
        # Not a link, but a path in the output of `boxwatch build`, next to the rules.
        found["runbook"] = f"runbooks/{page}"
    if topology.urls.grafana:
        found["dashboard_url"] = f"{topology.urls.grafana.rstrip('/')}/d/{_dashboard(topology, alert)}"
    return Annotations(found, composed)


def _composed(topology: Topology, alert: Alert) -> dict[str, alert_command.Text]:
    found = {
        "resource": alert_command.resource(topology, alert),
        "command": alert_command.command(topology, alert),
    }
    return {key: text for key, text in found.items() if text is not None}


@dataclass(frozen=True, slots=True)
class Shown:
    """The dashboard and panel that show an alert.

    Attributes:
        title: title of the dashboard.
        panel: title of the panel; empty for the whole dashboard.
        url: full URL if the topology has Grafana's address, otherwise only the path: `/d/boxwatch-host`.
    """

    title: str
    panel: str
    url: str


def shown(topology: Topology, alert: Alert) -> Shown:
    """The dashboard and panel that show an alert, for all of its instances."""
    dashboard = dashboard_of(alert)
    view = f"?viewPanel={panel_id(alert.panel)}" if alert.panel else ""
    root = topology.urls.grafana.rstrip("/") if topology.urls.grafana else ""
    return Shown(
        title=_TITLES.get(dashboard, dashboard.capitalize()),
        panel=alert.panel,
        url=f"{root}/d/{uid(topology, dashboard)}{view}",
    )


def dashboard_of(alert: Alert) -> str:
    """The alert's own dashboard, else the service dashboard if its description names a service, else the overview."""
    if alert.dashboard:
        return alert.dashboard
    return SERVICE_DASHBOARD if f"$labels.{names.SERVICE}" in alert.description else OVERVIEW_DASHBOARD


def _dashboard(topology: Topology, alert: Alert) -> str:
    """The uid of the alert's dashboard, with its server and service as variables, and its panel."""
    variables = ((names.SERVER, names.SERVER), (service_variable(dashboard_of(alert)), names.SERVICE))
    chosen = [
        f"var-{variable}={{{{ $labels.{label} }}}}"
        for variable, label in variables
        if variable and f"$labels.{label}" in alert.description
    ]
    if alert.panel:
        chosen.append(f"viewPanel={panel_id(alert.panel)}")
    return f"{uid(topology, dashboard_of(alert))}{'?' + '&'.join(chosen) if chosen else ''}"
