"""Probes: public URLs, certificates and open ports, seen from outside."""

from __future__ import annotations

from boxwatch.dashboards import layout, links, queries, render
from boxwatch.dashboards.layout import Line
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import Link, State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.scale import Scale
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.dashboards.panels.timelines import States
from boxwatch.dashboards.variables import SERVERS
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.probes import probes
from boxwatch.topology.model import Topology

_DAY = 86400
_CHOSEN = queries.ON_SERVERS
_URLS = f'job="{names.JOB_PROBE}", {_CHOSEN}'
_PORTS = f'job="{names.JOB_PROBE_PORTS}", {_CHOSEN}'
_BY_URL = f"{names.SERVER}, {names.SERVICE}, instance"
_BY_PORT = f"{names.SERVER}, {names.SERVICE}, {names.PORT}, {names.EXPECTED}"
# Looks back as far as the alerts do (rules/probes/probes.py): an expired certificate has no series.
_ENDS = f"min by ({_BY_URL}) (last_over_time(probe_ssl_earliest_cert_expiry{{{_URLS}}}[6h])) - time()"


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where nothing is probed."""
    topology = built.topology
    urls = any(service.url for service in topology.services)
    ports = any(server.public_address is not None for server in topology.servers)
    if not urls and not ports:
        return None
    page = render.Page(
        id="probes",
        title="Probes",
        description="What do users see from outside, and what do strangers?",
        variables=(SERVERS,),
        marked=_CHOSEN,
        alarmed=queries.shown_on(built, "probes"),
        panels=layout.place(
            layout.even(
                4,
                *((_failing(), _first_to_end(topology)) if urls else ()),
                *((_exposed(), _unanswered()) if ports else ()),
            ),
            *(_of_urls(topology) if urls else ()),
            *(_of_ports() if ports else ()),
        ),
    )
    return render.build(page, topology)


def _to_service(topology: Topology) -> Link:
    return links.to_service(topology, links.of_series(names.SERVICE), links.of_series(names.SERVER))


def _of_urls(topology: Topology) -> tuple[Line, ...]:
    return (
        layout.heading("Public URLs"),
        layout.even(8, _answers(), _certificates(topology)),
        layout.even(8, _time(topology), _phases()),
        layout.even(7, _status(), _left(topology)),
    )


def _of_ports() -> tuple[Line, ...]:
    return (
        layout.heading("Ports of public addresses"),
        layout.even(9, _ports(), _open_ports()),
    )


def _days(topology: Topology) -> Scale:
    soon = topology.alerts.threshold("CertificateExpiring", probes.ENDS_SOON)
    late = topology.alerts.threshold("CertificateNotRenewed", probes.NOT_RENEWED)
    steps = ((0.0, colours.BAD), (soon, colours.NEAR), (late, colours.GOOD))
    says = "Red and amber follow the alerts: Traefik renews 30 days before expiry."
    return Scale(says, steps if soon < late else ((0.0, colours.BAD), (late, colours.GOOD)))


def _failing() -> Stat:
    return Stat(
        title="Failing URLs",
        description="Public URLs that fail now. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"count(probe_success{{{_URLS}}} == 0) or 0 * count(probe_success{{{_URLS}}})"),),
    )


def _first_to_end(topology: Topology) -> Stat:
    return Stat(
        title="First certificate to expire",
        description="Time until the first certificate expires. Healthy: more than 30 days.",
        unit="dtdurations",
        scale=_days(topology),
        queries=(Query(f"min({_ENDS})"),),
    )


def _exposed() -> Stat:
    answers = f'probe_success{{{_PORTS}, expected="closed"}}'
    return Stat(
        title="Ports exposed",
        description="Ports that answer on a public address but should not. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"sum({answers})"),),
        no_value="not probed",
    )


def _unanswered() -> Stat:
    answers = f'probe_success{{{_PORTS}, expected="open"}}'
    return Stat(
        title="Ports unanswered",
        description="Ports that should answer on a public address but do not. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"count({answers} == 0) or 0 * count({answers})"),),
        no_value="not probed",
    )


def _answers() -> States:
    return States(
        title="URL availability",
        description="Whether each public URL answers as expected. Healthy: green throughout.",
        unit="none",
        scale=scale.none_known("Red is an error or no answer, as in the alert; a gap means that the prober was down."),
        queries=(Query(f"max by ({_BY_URL}) (probe_success{{{_URLS}}})", "{{service}} {{instance}}"),),
        mappings=tuple(field_config.states(State(0, "fails", colours.BAD), State(1, "answers", colours.GOOD))),
    )


def _certificates(topology: Topology) -> Table:
    to_service = links.to_service(topology, links.of_column("Service"))
    return table(
        Rows(
            title="Certificates",
            description="Remaining validity of each URL's certificate, and its response. Healthy: more than 30 days.",
            labels=(
                Label(label=names.SERVICE, head="Service", width=110, link=to_service),
                Label(label="instance", head="URL"),
            ),
            columns=(
                Column(head="Expires in", expr=_ENDS, unit="dtdurations", scale=_days(topology), width=125),
                Column(
                    head="Status",
                    expr=f"max by ({_BY_URL}) (probe_http_status_code{{{_URLS}}})",
                    unit="none",
                    width=70,
                ),
                Column(
                    head="Takes",
                    expr=f"max by ({_BY_URL}) (probe_duration_seconds{{{_URLS}}})",
                    unit="s",
                    width=75,
                ),
            ),
            sort_by=("Expires in",),
            rising=("Expires in",),
            hidden=(names.SERVER,),
            no_value="no public URL is probed",
        )
    )


def _time(topology: Topology) -> Graph:
    graph = Graph(
        title="Request duration",
        description="Mean duration of whole requests over ten minutes, redirects included. Healthy: far below the "
        "dashed line.",
        unit="s",
        scale=scale.lines("The dashed line is the threshold of the alert."),
        queries=(Query(f"max by ({_BY_URL}) (avg_over_time(probe_duration_seconds{{{_URLS}}}[10m]))", "{{service}}"),),
        links=(_to_service(topology),),
    )
    return thresholds.drawn(graph, topology.alerts.threshold("ProbeSlow", probes.SLOW))


def _phases() -> Graph:
    phases = f"avg_over_time(probe_http_duration_seconds{{{_URLS}}}[10m])"
    return Graph(
        title="Request duration by phase",
        description="DNS look-up, connection, TLS, processing by the application, transfer; for the slowest URL. "
        "Healthy: short.",
        unit="s",
        scale=scale.none_known("The topology states no number for a single phase, so nothing is coloured."),
        queries=(Query(f"max by (phase) ({phases})", "{{phase}}"),),
        stacked=True,
        fill=60,
    )


def _status() -> Graph:
    return Graph(
        title="HTTP status",
        description="Response of each URL; 0 is no answer. Healthy: 200.",
        unit="none",
        scale=scale.none_known(
            "The panel Answers shows failures in red; a status is not an amount, so nothing is coloured."
        ),
        queries=(Query(f"max by ({_BY_URL}) (probe_http_status_code{{{_URLS}}})", "{{service}}"),),
        steps=True,
    )


def _left(topology: Topology) -> Graph:
    graph = Graph(
        title="Time until certificates expire",
        description="Falls by a day each day and rises with every renewal. Healthy: always above the dashed line.",
        unit="suffix: days",
        scale=scale.lines("The dashed line is the threshold of the alert."),
        queries=(Query(f"({_ENDS}) / {_DAY}", "{{service}}"),),
    )
    late = topology.alerts.threshold("CertificateNotRenewed", probes.NOT_RENEWED)
    return thresholds.drawn(graph, late / _DAY)


def _ports() -> Table:
    wrong = (
        f'probe_success{{{_PORTS}, expected="closed"}} == 1 or (1 - probe_success{{{_PORTS}, expected="open"}}) == 1'
    )
    return table(
        Rows(
            title="Ports",
            description="Ports that answer but should not, and ports that should answer but do not. Healthy: an empty "
            "table.",
            labels=(
                Label(label=names.SERVER, head="Server"),
                Label(label=names.PORT, head="Port"),
                Label(label=names.EXPECTED, head="Should be"),
                Label(label=names.SERVICE, head="Service"),
            ),
            columns=(
                Column(
                    head="Wrong",
                    expr=f"max by ({_BY_PORT}) ({wrong})",
                    unit="none",
                    scale=scale.none_is_good(),
                    width=80,
                ),
            ),
            sort_by=("Wrong",),
            no_value="all ports are as planned, or none is probed",
        )
    )


def _open_ports() -> States:
    return States(
        title="Ports that should answer",
        description="Whether each exposed port answers. Healthy: green throughout.",
        unit="none",
        scale=scale.none_known("Red is no answer, as in the alert; a gap means that the prober was down."),
        queries=(Query(f'max by ({_BY_PORT}) (probe_success{{{_PORTS}, expected="open"}})', "{{server}} {{port}}"),),
        mappings=tuple(field_config.states(State(0, "no answer", colours.BAD), State(1, "answers", colours.GOOD))),
    )
