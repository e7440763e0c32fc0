"""Alerts over time: who fired, since when and for how long, each with links to its panel and its runbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from boxwatch.dashboards import links, queries
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import Link, Override, State
from boxwatch.dashboards.panels.panel import Query
from boxwatch.dashboards.panels.timelines import States
from boxwatch.rules import alert_text, dashboard_uid, names
from boxwatch.rules.built import Built
from boxwatch.rules.model import Alert
from boxwatch.rules.panel_id import panel_id
from boxwatch.topology.model import Topology

SEVERITIES = tuple(
    field_config.states(
        State(queries.CRITICAL, "critical", colours.BAD),
        State(queries.WARNING, "warning", colours.NEAR),
        State(queries.OTHER, "info", colours.QUIET),
    )
)
_SAYS = "Red is critical, amber a warning, grey information."


def timeline(built: Built, selection: str, here: str = "") -> States:
    """The alerts of the time range.

    Args:
        built: the deployment with its alerts.
        selection: PromQL label matchers of the alerts.
        here: id of a dashboard about services, on which alerts about others cannot be seen.
    """
    named = f"{{{{{queries.ALERT_NAME}}}}} {{{{{names.SERVICE}}}}}"
    alerts = [
        alert
        for subject in built.subjects
        for alert in subject.alerts
        if alert.severity != "none" and (not here or _names(alert, names.SERVICE))
    ]
    return States(
        title="Alerts over time",
        description="Alerts that fired within the time range, and for how long; click one for its panel and its "
        "runbook. Healthy: none.",
        unit="none",
        scale=scale.none_known(_SAYS),
        queries=(Query(queries.alert_timeline(selection), named),),
        overrides=tuple(_links(built.topology, alerts, here)),
        mappings=SEVERITIES,
        no_value="no alert is recorded as firing",
        paged=True,
    )


def _names(alert: Alert, label: str) -> bool:
    return f"$labels.{label}" in alert.description


def _links(topology: Topology, alerts: Sequence[Alert], here: str) -> Iterable[Override]:
    """One override for each panel of this page or of critical alerts, and for each dashboard of others."""
    of_panel: dict[tuple[str, str, bool, bool], list[str]] = {}
    critical = {alert.alert for alert in alerts if alert.severity == "critical"}
    for alert in alerts:
        about = _names(alert, names.SERVER), _names(alert, names.SERVICE)
        dashboard = alert_text.dashboard_of(alert)
        # A link of its own for each panel would make the page too large; the others open the dashboard.
        exact = dashboard == here if here else alert.alert in critical
        found = of_panel.setdefault((dashboard, alert.panel if exact else "", *about), [])
        if alert.alert not in found:
            found.append(alert.alert)
    for (dashboard, panel, server, service), called in of_panel.items():
        variables = {}
        if server:
            variables[names.SERVER] = links.of_series(names.SERVER)
        if service and dashboard_uid.service_variable(dashboard):
            variables[dashboard_uid.service_variable(dashboard)] = links.of_series(names.SERVICE)
        to_panel = Link(
            f"Open {panel}" if panel else "Open its dashboard",
            dashboard_uid.uid(topology, dashboard),
            tuple(variables.items()),
            panel_id(panel) if panel else 0,
        )
        made = [to_panel.to_json()]
        if topology.urls.runbooks:
            page = f"{topology.urls.runbooks.rstrip('/')}/{links.of_series(queries.ALERT_NAME)}.md"
            made.append({"title": "Open the runbook", "url": page, "targetBlank": True})
        yield field_config.matching(f"^({'|'.join(called)})( |$)", ("links", made))
