"""Grafana: whether the dashboards show anything."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns.event_rate import often
from boxwatch.topology.model import Topology

ID = "grafana"

_MINUTE = 60
_JOB = f'job="{names.JOB_GRAFANA}"'


def subject(topology: Topology) -> Subject:
    """Alerts on Grafana."""
    return Subject(id=ID, title="Grafana", groups=(Group(name=ID, rules=(_errors(topology), _sources(topology))),))


def _errors(topology: Topology) -> Alert:
    return often(
        topology,
        "GrafanaErrors",
        f'grafana_http_request_duration_seconds_count{{{_JOB},status_code=~"5.."}}',
        by=names.SERVER,
        wait=10 * _MINUTE,
        threshold=40,
        source="in ten minutes: four a minute, as one open dashboard makes",
        severity="warning",
        summary="Grafana answers with errors.",
        description="Grafana on {{ $labels.server }} answers with errors.",
        text="Grafana on main answers with errors.",
        labels={"job": names.JOB_GRAFANA, "status_code": "502"},
        hidden="handler",
        wrong={"status_code": "404"},
        runbook=Runbook(
            meaning="Dashboards do not load, or show nothing. Alerts are not touched: Prometheus evaluates them.",
            first_look=("`docker logs --tail 50 grafana`.", "Does Prometheus answer? Grafana hands its errors on."),
            action=(
                "`database is locked`, `disk full`: make room, restart Grafana.",
                "Killed for lack of memory now and then: give it more, in the topology too.",
            ),
            false_alarms="None known.",
        ),
        panel="Grafana",
    )


def _sources(topology: Topology) -> Alert:
    return often(
        topology,
        "GrafanaDatasourceErrors",
        # What people mistype is a 400.
        f'grafana_datasource_request_total{{{_JOB},code=~"5.."}}',
        by=f"{names.SERVER}, datasource",
        wait=10 * _MINUTE,
        threshold=40,
        source="in ten minutes: more than one dashboard of 25 panels that is loaded once",
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
                "Prometheus is down or restarts: *TargetDown*.",
                "`query timed out`: a panel asks for too much; find it by its error.",
            ),
            false_alarms="None known.",
        ),
        panel="Grafana",
    )
