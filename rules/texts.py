"""What an alert says and links to."""

from __future__ import annotations

import re

from boxwatch.rules import names
from boxwatch.rules.dashboard_uid import uid
from boxwatch.rules.model import Alert, Expected
from boxwatch.rules.panel_id import panel_id
from boxwatch.topology.model import Topology

# The dashboards that alerts link to.
SERVICE_DASHBOARD = "service"
OVERVIEW_DASHBOARD = "overview"

_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")


def annotations_of(topology: Topology, alert: Alert) -> dict[str, str]:
    """Summary and description, the runbook's page, and the dashboard on which it can be seen."""
    found = {"summary": alert.summary, "description": alert.description}
    page = f"{alert.alert}.md"
    if topology.urls.runbooks:
        found["runbook_url"] = f"{topology.urls.runbooks.rstrip('/')}/{page}"
    else:
        # Not a link, but the place to look: beside the rules, in what `boxwatch build` wrote.
        found["runbook"] = f"runbooks/{page}"
    if topology.urls.grafana:
        found["dashboard_url"] = f"{topology.urls.grafana.rstrip('/')}/d/{_dashboard(topology, alert)}"
    return found


def expected_annotations(topology: Topology, alert: Alert, expected: Expected) -> dict[str, str]:
    """The annotations of one firing instance: the proof states its description, labels in links are filled in."""
    filled = {
        key: _LABEL.sub(lambda match: expected.labels.get(match[1], ""), text)
        for key, text in annotations_of(topology, alert).items()
    }
    return {**filled, "description": expected.description}


def _dashboard(topology: Topology, alert: Alert) -> str:
    """The alert's own dashboard; else the service's for what knows a service, and the overview for the rest."""
    if alert.dashboard:
        labels = [label for label in (names.SERVER, names.SERVICE) if f"$labels.{label}" in alert.description]
        chosen = [f"var-{label}={{{{ $labels.{label} }}}}" for label in labels]
        if alert.panel:
            chosen.append(f"viewPanel={panel_id(alert.panel)}")
        return f"{uid(topology, alert.dashboard)}{'?' + '&'.join(chosen) if chosen else ''}"
    if f"$labels.{names.SERVICE}" in alert.description:
        variables = "&".join(f"var-{label}={{{{ $labels.{label} }}}}" for label in (names.SERVER, names.SERVICE))
        return f"{uid(topology, SERVICE_DASHBOARD)}?{variables}"
    return f"{uid(topology, OVERVIEW_DASHBOARD)}?var-{names.SERVER}={{{{ $labels.{names.SERVER} }}}}"
