"""Probes: what users and strangers see from outside, and how long certificates are good."""

from __future__ import annotations

from boxwatch.dashboards import layout, links, queries, render
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
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
# As the alerts remember it (rules/probes/probes.py): a certificate that has ended has no series.
_ENDS = f"min by ({_BY_URL}) (last_over_time(probe_ssl_earliest_cert_expiry{{{_URLS}}}[6h])) - time()"


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where nothing is probed."""
    topology = built.topology
    urls = any(service.url for service in topology.services)
    ports = any(server.public_address for server in topology.servers)
    if not urls and not ports:
        return None
    page = render.Page(
        id="probes",
        title="Probes",
        description="What do users see from outside, and what do strangers?",
        variables=(SERVERS,),
        marked=_CHOSEN,
        panels=layout.place(
            layout.even(4, _failing(), _first_to_end(topology), _exposed(), _unanswered()),
            layout.heading("Public URLs"),
            layout.even(8, _answers(), _certificates(topology)),
            layout.even(8, _time(topology), _phases()),
            layout.even(7, _status(), _left(topology)),
            layout.heading("Ports of public addresses"),
            layout.even(9, _ports(), _open_ports()),
        ),
    )
    return render.build(page, topology)


def _days(topology: Topology) -> Scale:
    soon = topology.alerts.threshold("CertificateExpiring", probes.ENDS_SOON)
    late = topology.alerts.threshold("CertificateNotRenewed", probes.NOT_RENEWED)
    steps = ((0.0, colours.BAD), (soon, colours.NEAR), (late, colours.GOOD))
    says = "Red and amber begin where the alerts do: Traefik renews 30 days before the end."
    return Scale(says, steps if soon < late else ((0.0, colours.BAD), (late, colours.GOOD)))


def _failing() -> Stat:
    return Stat(
        title="URLs that fail",
        description="Public URLs that do not answer as they should now. Good is 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"count(probe_success{{{_URLS}}} == 0) or 0 * count(probe_success{{{_URLS}}})"),),
    )


def _first_to_end(topology: Topology) -> Stat:
    return Stat(
        title="First certificate to end",
        description="Time until the first certificate ends. Good is more than 30 days.",
        unit="dtdurations",
        scale=_days(topology),
        queries=(Query(f"min({_ENDS})"),),
    )


def _exposed() -> Stat:
    answers = f'probe_success{{{_PORTS}, expected="closed"}}'
    return Stat(
        title="Ports exposed",
        description="Ports that answer on a public address and should not. Good is 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"sum({answers})"),),
        no_value="not probed",
    )


def _unanswered() -> Stat:
    answers = f'probe_success{{{_PORTS}, expected="open"}}'
    return Stat(
        title="Ports unanswered",
        description="Ports that should answer on a public address and do not. Good is 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"count({answers} == 0) or 0 * count({answers})"),),
        no_value="not probed",
    )


def _answers() -> States:
    return States(
        title="Answers",
        description="Whether each public URL answers as it should. Good is green from end to end.",
        unit="none",
        scale=scale.none_known("Red is an error or no answer, as the alert has it; a gap is a prober that is gone."),
        queries=(Query(f"max by ({_BY_URL}) (probe_success{{{_URLS}}})", "{{service}} {{instance}}"),),
        mappings=tuple(field_config.states(State(0, "fails", colours.BAD), State(1, "answers", colours.GOOD))),
    )


def _certificates(topology: Topology) -> Table:
    to_service = links.to_service(topology, links.of_column("Service"))
    return table(
        Rows(
            title="Certificates",
            description="How long the certificate of each URL is good, and how it answers. Good is more than 30 days.",
            labels=(
                Label(label=names.SERVICE, head="Service", width=130, link=to_service),
                Label(label="instance", head="URL"),
            ),
            columns=(
                Column(head="Ends in", expr=_ENDS, unit="dtdurations", scale=_days(topology), width=120),
                Column(
                    head="Status",
                    expr=f"max by ({_BY_URL}) (probe_http_status_code{{{_URLS}}})",
                    unit="none",
                    width=80,
                ),
                Column(
                    head="Takes",
                    expr=f"max by ({_BY_URL}) (probe_duration_seconds{{{_URLS}}})",
                    unit="s",
                    width=90,
                ),
            ),
            sort_by=("Ends in",),
            rising=("Ends in",),
            hidden=(names.SERVER,),
            no_value="no public URL is probed",
        )
    )


def _time(topology: Topology) -> Graph:
    graph = Graph(
        title="Time to answer",
        description="Mean of ten minutes of whole requests, redirects included. Good is far below the dashed line.",
        unit="s",
        scale=scale.lines("The dashed line is where the alert begins."),
        queries=(Query(f"max by ({_BY_URL}) (avg_over_time(probe_duration_seconds{{{_URLS}}}[10m]))", "{{service}}"),),
        table=True,
    )
    return thresholds.drawn(graph, topology.alerts.threshold("ProbeSlow", probes.SLOW))


def _phases() -> Graph:
    phases = f"avg_over_time(probe_http_duration_seconds{{{_URLS}}}[10m])"
    return Graph(
        title="Where the time goes",
        description="Look-up, connection, TLS, the application (processing), its answer; of the slowest URL. Good is short.",
        unit="s",
        scale=scale.none_known("No phase has a number of its own in the topology, so nothing is coloured."),
        queries=(Query(f"max by (phase) ({phases})", "{{phase}}"),),
        stacked=True,
        fill=60,
    )


def _status() -> Graph:
    return Graph(
        title="HTTP status",
        description="What each URL answers; 0 is no answer. Good is 200.",
        unit="none",
        scale=scale.none_known(
            "Red is said by the panel of answers; a number of HTTP is no amount, nothing is coloured."
        ),
        queries=(Query(f"max by ({_BY_URL}) (probe_http_status_code{{{_URLS}}})", "{{service}}"),),
        steps=True,
        table=True,
    )


def _left(topology: Topology) -> Graph:
    graph = Graph(
        title="Time until certificates end",
        description="Falls by a day a day, and rises with each renewal. Good is never below the dashed line.",
        # Grafana's units of time say "1 month" for everything between one and two.
        unit="suffix: days",
        scale=scale.lines("The dashed line is where the alert begins."),
        queries=(Query(f"({_ENDS}) / {_DAY}", "{{service}}"),),
    )
    late = topology.alerts.threshold("CertificateNotRenewed", probes.NOT_RENEWED)
    return thresholds.drawn(graph, late / _DAY, "alert below")


def _ports() -> Table:
    wrong = (
        f'probe_success{{{_PORTS}, expected="closed"}} == 1 or (1 - probe_success{{{_PORTS}, expected="open"}}) == 1'
    )
    return table(
        Rows(
            title="Ports",
            description="Ports that answer and should not, and those that should and do not. Good is an empty table.",
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
            no_value="every port is as the topology says, or none is probed",
        )
    )


def _open_ports() -> States:
    return States(
        title="Ports that should answer",
        description="Whether each exposed port answers. Good is green from end to end.",
        unit="none",
        scale=scale.none_known("Red is no answer, as the alert has it; a gap is a prober that is gone."),
        queries=(Query(f'max by ({_BY_PORT}) (probe_success{{{_PORTS}, expected="open"}})', "{{server}} {{port}}"),),
        mappings=tuple(field_config.states(State(0, "no answer", colours.BAD), State(1, "answers", colours.GOOD))),
    )
