"""Grafana: failing requests and failing data sources."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns.event_rate import event_rate_alert
from boxwatch.topology.model import Topology

ID = "grafana"

_MINUTE = 60
_JOB = f'job="{names.JOB_GRAFANA}"'


def subject(topology: Topology) -> Subject:
    """Alerts on Grafana."""
    return Subject(id=ID, title="Grafana", groups=(Group(name=ID, rules=(_errors(topology), _sources(topology))),))


def _errors(topology: Topology) -> Alert:
    return event_rate_alert(
        topology,
        "GrafanaErrors",
        f'grafana_http_request_duration_seconds_count{{{_JOB},status_code=~"5.."}}',
        by=names.SERVER,
        wait=10 * _MINUTE,
        threshold=40,
        source="in ten minutes: four a minute, the rate of one open dashboard",
        severity="warning",
        summary="Grafana answers with errors.",
        description="Grafana on {{ $labels.server }} answers with errors.",
        text="Grafana on main answers with errors.",
        labels={"job": names.JOB_GRAFANA, "status_code": "502"},
        hidden="handler",
        wrong={"status_code": "404"},
        runbook=Runbook(
            meaning="Dashboards do not load, or stay empty. Alerts are not affected: Prometheus evaluates them.",
            first_look=("`docker logs --tail 50 grafana`.", "Does Prometheus answer? Grafana passes on its errors."),
            action=(
                "`database is locked`, `disk full`: free space and restart Grafana.",
                "Repeatedly out of memory: raise its limit, in the topology too.",
            ),
            false_alarms="None known.",
        ),
        panel="Grafana",
    )


def _sources(topology: Topology) -> Alert:
    return event_rate_alert(
        topology,
        "GrafanaDatasourceErrors",
        # Mistyped queries are 400s.
        f'grafana_datasource_request_total{{{_JOB},code=~"5.."}}',
        by=f"{names.SERVER}, datasource",
        wait=10 * _MINUTE,
        threshold=40,
        source="in ten minutes: more than a dashboard of 25 panels loaded once",
        severity="warning",
        summary="A data source fails Grafana's queries.",
        description="Data source {{ $labels.datasource }} fails queries of Grafana on {{ $labels.server }}.",
        text="Data source Prometheus fails queries of Grafana on main.",
        labels={"job": names.JOB_GRAFANA, "datasource": "Prometheus", "code": "503"},
        hidden="method",
        wrong={"code": "400"},
        runbook=Runbook(
            meaning="Panels are empty, or show an error.",
            first_look=("Grafana, *Connections → Data sources*, the source, *Save & test*.",),
            action=(
                "Prometheus is down or restarting: see *TargetDown*.",
                "`query timed out`: a panel's query is too heavy; find the panel by its error.",
            ),
            false_alarms="None known.",
        ),
        panel="Grafana",
    )
