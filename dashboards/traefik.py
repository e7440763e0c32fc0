"""Traefik: do requests arrive, do they succeed and fast enough, and where do they go?"""

from __future__ import annotations

from boxwatch.dashboards import layout, links, render
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.heatmap import Heatmap
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.dashboards.queries import ON_SERVERS, ON_SERVICES
from boxwatch.dashboards.variables import SERVERS, SERVICES
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.fragments import TRAEFIK
from boxwatch.rules.requests import requests, service_requests
from boxwatch.rules.traefik import traefik, traefik_routes
from boxwatch.topology.model import Topology

_RAW = f"{TRAEFIK}, {ON_SERVERS}"
_ON = f"on ({names.BY_SERVICE})"
_NAME = f"{{{{{names.SERVICE}}}}}"
_PLACE = f"{{{{{names.SERVER}}}}}"


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where no Traefik is scraped."""
    topology = built.topology
    if not requests.scraped(topology):
        return None
    page = render.Page(
        id="traefik",
        title="Traefik",
        description="Do requests arrive, do they succeed and fast enough, and where do they go?",
        variables=(SERVERS, SERVICES),
        marked=ON_SERVICES,
        panels=layout.place(
            layout.even(4, *_first_answer(topology)),
            layout.heading("Do they arrive?"),
            layout.even(8, _arrive(topology), _by_code()),
            layout.heading("Do they succeed, and fast enough?"),
            layout.even(8, _failed(topology), _slow(topology), _latency()),
            layout.even(8, _times()),
            layout.heading("Where do they go?"),
            layout.even(8, _unrouted(topology), _unplanned(topology)),
            layout.heading("Traefik itself"),
            layout.even(8, _certificates(topology), _reloads()),
            layout.even(8, _connections(), _files(topology)),
        ),
    )
    return render.build(page, topology)


def _by(series: str) -> str:
    return f"sum by ({names.BY_SERVICE}) ({series}{{{ON_SERVICES}}})"


def _share(part: str) -> str:
    """Of all requests to the chosen services."""
    return f"sum({part}{{{ON_SERVICES}}}) / (sum({names.SERVICE_REQUESTS}{{{ON_SERVICES}}}) > 0)"


def _shares(part: str) -> str:
    return f"{_by(part)} / {_ON} ({_by(names.SERVICE_REQUESTS)} > 0)"


def _failed_scale(topology: Topology) -> scale.Scale:
    return scale.alert_above(topology, "ServiceErrorsHigh", service_requests.FAILED_SHARE, scale.percent)


def _slow_scale(topology: Topology) -> scale.Scale:
    return scale.alert_above(topology, "ServiceLatencyHigh", service_requests.SLOW_SHARE, scale.percent)


def _first_answer(topology: Topology) -> tuple[Stat, ...]:
    return (
        Stat(
            title="Requests now",
            description="Requests to the chosen services in the last five minutes. Good is what you know at this time of day.",
            unit="reqps",
            scale=scale.none_known("Nobody states how many there should be, so nothing is coloured."),
            queries=(Query(f"sum({names.SERVICE_REQUESTS}{{{ON_SERVICES}}})"),),
        ),
        Stat(
            title="Failed now",
            description="Share of requests that were answered with a 5xx. Good is 0.",
            unit="percentunit",
            scale=_failed_scale(topology),
            queries=(Query(_share(names.SERVICE_REQUEST_ERRORS)),),
            no_value="no requests",
        ),
        Stat(
            title="Slow now",
            description="Share of requests that took longer than their service's objective. Good is a few percent.",
            unit="percentunit",
            scale=_slow_scale(topology),
            queries=(Query(_share(names.SERVICE_REQUESTS_SLOW)),),
            no_value="no objective",
        ),
        Stat(
            title="Traefiks seen",
            description="Traefiks that show that they have loaded a configuration. Good is one for each server.",
            unit="none",
            scale=scale.none_known("Grey where none does, as the alert TraefikMetricsAbsent tells."),
            queries=(Query(f"count(count by ({names.BY_SERVER}) (traefik_config_last_reload_success{{{_RAW}}}))"),),
        ),
    )


def _arrive(topology: Topology) -> Graph:
    return Graph(
        title="Requests",
        description="Requests to each service. Good is a line like yesterday's, above the dashed one.",
        unit="reqps",
        scale=scale.lines("The dashed line is the fewest of this time yesterday, where there are some all the time."),
        queries=(
            Query(_by(names.SERVICE_REQUESTS), _NAME),
            Query(_by(names.SERVICE_REQUESTS_EXPECTED), f"expected {_NAME}"),
        ),
        overrides=(field_config.plan_line("B"),),
        links=(links.to_service(topology, links.of_series(names.SERVICE), links.of_series(names.SERVER)),),
        table=True,
    )


def _by_code() -> Graph:
    return Graph(
        title="Requests by code",
        description="What the chosen services answered. Good is no 5xx; 502 to 504 are Traefik's, for a service that is gone.",
        unit="reqps",
        scale=scale.none_known("Red is 5xx and amber 4xx, of which no number is bad by itself."),
        queries=(Query(f"sum by ({names.CODE}) ({names.CODE_REQUESTS}{{{ON_SERVICES}}})", f"{{{{{names.CODE}}}}}"),),
        overrides=field_config.of_http_codes(),
        stacked=True,
        fill=60,
        table=True,
    )


def _failed(topology: Topology) -> Graph:
    return Graph(
        title="Failed requests",
        description="Share of requests of each service that were answered with a 5xx. Good is 0.",
        unit="percentunit",
        scale=_failed_scale(topology),
        queries=(Query(_shares(names.SERVICE_REQUEST_ERRORS), _NAME),),
        no_value="no requests",
    )


def _slow(topology: Topology) -> Graph:
    return Graph(
        title="Slow requests",
        description="Share of requests that took longer than the service's objective. Good is a few percent.",
        unit="percentunit",
        scale=_slow_scale(topology),
        queries=(Query(_shares(names.SERVICE_REQUESTS_SLOW), _NAME),),
        no_value="no objective",
    )


def _latency() -> Graph:
    buckets = f"sum by ({names.BY_SERVICE}, {names.LE}) ({names.BUCKET_REQUESTS}{{{ON_SERVICES}}})"
    return Graph(
        title="Latency",
        description="Time that half and 95% of the answers took at most, a guess between two bounds of Traefik's histogram. "
        "Good is 95% below the dashed line.",
        unit="s",
        scale=scale.lines("The dashed line is the time that the topology promises."),
        queries=(
            Query(f"histogram_quantile(0.5, {buckets})", f"half, {_NAME}"),
            Query(f"histogram_quantile(0.95, {buckets})", f"95%, {_NAME}"),
            Query(
                f"max by ({names.BY_SERVICE}) ({names.SERVICE_LATENCY_WITHIN}{{{ON_SERVICES}}})", f"promise, {_NAME}"
            ),
        ),
        overrides=(field_config.plan_line("C"),),
    )


def _times() -> Heatmap:
    return Heatmap(
        title="Times of answers",
        description="How many answers took how long, all chosen services together. Good is most at the bottom.",
        unit="s",
        counted="reqps",
        scale=scale.none_known("The scale below says which colour is how many; nothing is coloured by a threshold."),
        queries=(Query(f"sum by ({names.LE}) ({names.BUCKET_REQUESTS}{{{ON_SERVICES}}})", f"{{{{{names.LE}}}}}"),),
    )


def _unrouted(topology: Topology) -> Graph:
    return Graph(
        title="Requests without a route",
        description="Requests that Traefik answers with 404 itself. Good is little; scanners make some, a lost route many.",
        unit="reqps",
        scale=scale.alert_above(topology, "TraefikRequestsWithoutRoute", traefik_routes.UNROUTED_RATE, scale.a_second),
        queries=(Query(f"sum by ({names.BY_SERVER}) ({names.SERVER_REQUESTS_UNROUTED}{{{ON_SERVERS}}})", _PLACE),),
    )


def _unplanned(topology: Topology) -> Graph:
    return Graph(
        title="Requests outside the plan",
        description="Requests through routers that belong to no planned service. Good is none.",
        unit="reqps",
        scale=scale.alert_above(topology, "RequestsOutsidePlan", traefik_routes.UNPLANNED_RATE, scale.a_second),
        queries=(
            Query(
                f"sum by ({names.BY_ROUTER}) ({names.ROUTER_REQUESTS_UNPLANNED}{{{ON_SERVERS}}})",
                f"{{{{{names.ROUTER}}}}}",
            ),
        ),
        table=True,
        no_value="none is outside the plan",
    )


def _certificates(topology: Topology) -> Table:
    newest = f"max by ({names.BY_SERVER}, sans) (traefik_tls_certs_not_after{{{_RAW}}})"
    return table(
        Rows(
            title="Certificates",
            description="Every certificate with the time that it has left. Good is weeks: Traefik renews 30 days before.",
            labels=(Label(label="sans", head="Names"), Label(label=names.SERVER, head="Server", width=90)),
            columns=(
                Column(
                    head="Expires in",
                    expr=f"{newest} - time()",
                    unit="dtdurations",
                    scale=scale.alert_below(
                        topology, "TraefikCertificateExpiring", traefik.CERTIFICATE_LEFT, scale.days
                    ),
                    width=150,
                ),
            ),
            sort_by=("Expires in",),
            rising=("Expires in",),
        )
    )


def _reloads() -> Graph:
    return Graph(
        title="Configuration reloads",
        description="New configurations that Traefik took. Good is some at each deployment and none in between.",
        unit="none",
        scale=scale.none_known("Many without a deployment are a container that keeps restarting; nothing is coloured."),
        queries=(
            Query(
                f"sum by ({names.BY_SERVER}) (increase(traefik_config_reloads_total{{{_RAW}}}[$__rate_interval]))",
                _PLACE,
            ),
        ),
        soft_max=1,
    )


def _connections() -> Graph:
    return Graph(
        title="Open connections",
        description="Connections on each entry point. Good is a level that you know.",
        unit="none",
        scale=scale.none_known("The number of open files, beside this panel, limits them, so nothing is coloured."),
        queries=(
            Query(
                f"sum by ({names.BY_SERVER}, entrypoint) (traefik_open_connections{{{_RAW}}})",
                f"{{{{entrypoint}}}} {_PLACE}",
            ),
        ),
        table=True,
    )


def _files(topology: Topology) -> Graph:
    opened, most = (f"max by ({names.BY_SERVER}) (process_{which}_fds{{{_RAW}}})" for which in ("open", "max"))
    return Graph(
        title="Open files",
        description="Open files as a share of what Traefik may have; each connection is one. Good is far below the threshold.",
        unit="percentunit",
        scale=scale.alert_above(topology, "TraefikFilesNearLimit", traefik.FILES_SHARE, scale.percent),
        queries=(Query(f"{opened} / on ({names.BY_SERVER}) {most}", _PLACE),),
        colour=colours.USE if len(topology.servers) == 1 else "",
    )
