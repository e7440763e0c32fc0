"""Traefik: traffic, failures, latency, routes, and Traefik itself."""

from __future__ import annotations

from boxwatch.dashboards import layout, links, queries, render
from boxwatch.dashboards.panels import field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import Link
from boxwatch.dashboards.panels.heatmap import Heatmap
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.tables import Column, Label, Rows, Table, table
from boxwatch.dashboards.queries import ON_SERVERS, on_services
from boxwatch.dashboards.variables import SERVERS, SERVICES
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.fragments import TRAEFIK
from boxwatch.rules.requests import requests, service_requests
from boxwatch.rules.traefik import traefik, traefik_routes
from boxwatch.topology.model import Topology

_RAW = f"{TRAEFIK}, {ON_SERVERS}"
_CHOSEN = on_services("traefik")
_ON = f"on ({names.BY_SERVICE})"
_NAME = f"{{{{{names.SERVICE}}}}}"
_PLACE = f"{{{{{names.SERVER}}}}}"


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where no Traefik is scraped."""
    topology = built.topology
    if not requests.scraped(topology):
        return None
    # Nothing is slow that was promised to nobody.
    promised = requests.promised(topology)
    slow = (_slow(topology),) if promised else ()
    page = render.Page(
        id="traefik",
        title="Traefik",
        description="Do requests arrive, do they succeed fast enough, and where do they go?",
        variables=(SERVERS, SERVICES),
        marked=_CHOSEN,
        panels=layout.place(
            layout.even(4, *_first_answer(topology)),
            layout.heading("Traffic"),
            layout.even(8, _arrive(topology), _by_code()),
            layout.heading("Success and latency"),
            layout.even(8, _failed(topology), *slow, _latency(promised=promised)),
            layout.even(8, _times()),
            layout.heading("Routes"),
            layout.even(8, _unrouted(topology), _unplanned(topology)),
            layout.heading("Traefik itself"),
            layout.even(8, _certificates(topology), _reloads()),
            layout.even(8, _connections(), _files(topology)),
            layout.detail("Entry points and process", layout.even(8, _by_entry_point(), _bytes(), _process(topology))),
        ),
    )
    return render.build(page, topology)


def _by(series: str) -> str:
    return f"sum by ({names.BY_SERVICE}) ({series}{{{_CHOSEN}}})"


def _worst(part: str, at_least: int) -> str:
    """The service with the largest share, of those that the alert would judge: enough requests count."""
    enough = f"{_by(part)} * {service_requests.WINDOW} > {at_least}"
    return queries.worst(f"({_shares(part)} and {_ON} ({enough}))")


def _fine(part: str, at_least: int) -> str:
    return queries.none_of(f"{_by(part)} * {service_requests.WINDOW} > {at_least}", f"{part}{{{_CHOSEN}}}")


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
            description="Requests to the chosen services in the last five minutes. Healthy: normal for the time of "
            "day.",
            unit="reqps",
            scale=scale.none_known("No number is planned, so nothing is coloured."),
            queries=(Query(f"sum({names.SERVICE_REQUESTS}{{{_CHOSEN}}})"),),
        ),
        Stat(
            title="Failed now",
            description="Requests answered with a 5xx, of the service with the largest share, if more than "
            f"{service_requests.FAILED_AT_LEAST} fail within five minutes. Healthy: none failing.",
            unit="percentunit",
            scale=_failed_scale(topology),
            queries=(
                Query(_worst(names.SERVICE_REQUEST_ERRORS, service_requests.FAILED_AT_LEAST), _NAME),
                Query(_fine(names.SERVICE_REQUEST_ERRORS, service_requests.FAILED_AT_LEAST), "none failing"),
            ),
            no_value="no requests",
        ),
        *((_slow_now(topology),) if requests.promised(topology) else ()),
        Stat(
            title="Traefik instances",
            description="Traefik instances that report a loaded configuration. Healthy: one per server.",
            unit="none",
            scale=scale.none_known("Grey when none does, and then the alert TraefikMetricsAbsent fires."),
            queries=(Query(f"count(count by ({names.BY_SERVER}) (traefik_config_last_reload_success{{{_RAW}}}))"),),
        ),
    )


def _slow_now(topology: Topology) -> Stat:
    return Stat(
        title="Slow now",
        description="Requests slower than their objective, of the service with the largest share, if more than "
        f"{service_requests.SLOW_AT_LEAST} are slow within five minutes. Healthy: a few percent.",
        unit="percentunit",
        scale=_slow_scale(topology),
        queries=(
            Query(_worst(names.SERVICE_REQUESTS_SLOW, service_requests.SLOW_AT_LEAST), _NAME),
            Query(_fine(names.SERVICE_REQUESTS_SLOW, service_requests.SLOW_AT_LEAST), "none slow"),
        ),
        no_value="no objective",
    )


def _arrive(topology: Topology) -> Graph:
    return Graph(
        title="Requests",
        description="Requests to each service. Healthy: like yesterday, above the dashed line.",
        unit="reqps",
        scale=scale.lines(
            "The dashed line is the minimum around this time yesterday, for services with constant traffic."
        ),
        queries=(
            Query(_by(names.SERVICE_REQUESTS), _NAME),
            Query(_by(names.SERVICE_REQUESTS_EXPECTED), f"expected {_NAME}"),
        ),
        overrides=(field_config.plan_line("B"),),
        links=(_to_service(topology),),
    )


def _by_code() -> Graph:
    return Graph(
        title="Requests by code",
        description="Responses of the chosen services. Healthy: no 5xx; 502 to 504 come from Traefik when a service "
        "is gone.",
        unit="reqps",
        scale=scale.none_known("Red is 5xx and amber 4xx; no number is bad in itself."),
        queries=(Query(f"sum by ({names.CODE}) ({names.CODE_REQUESTS}{{{_CHOSEN}}})", f"{{{{{names.CODE}}}}}"),),
        overrides=field_config.of_http_codes(),
        stacked=True,
        fill=60,
    )


def _failed(topology: Topology) -> Graph:
    return _judged(
        Graph(
            title="Failed requests",
            description="Share of each service's requests answered with a 5xx. Healthy: 0.",
            unit="percentunit",
            scale=scale.lines("The dashed line is the threshold of ServiceErrorsHigh."),
            queries=(Query(_shares(names.SERVICE_REQUEST_ERRORS), _NAME),),
            links=(_to_service(topology),),
            soft_max=0.01,
            no_value="no requests",
        ),
        topology.alerts.threshold("ServiceErrorsHigh", service_requests.FAILED_SHARE),
    )


def _slow(topology: Topology) -> Graph:
    return _judged(
        Graph(
            title="Slow requests",
            description="Share of requests slower than the service's objective. Healthy: a few percent.",
            unit="percentunit",
            scale=scale.lines("The dashed line is the threshold of ServiceLatencyHigh."),
            queries=(Query(_shares(names.SERVICE_REQUESTS_SLOW), _NAME),),
            links=(_to_service(topology),),
            soft_max=0.05,
            no_value="no objective",
        ),
        topology.alerts.threshold("ServiceLatencyHigh", service_requests.SLOW_SHARE),
    )


def _judged(graph: Graph, threshold: float) -> Graph:
    return thresholds.drawn(graph, threshold)


def _to_service(topology: Topology) -> Link:
    return links.to_service(topology, links.of_series(names.SERVICE), links.of_series(names.SERVER))


def _latency(*, promised: bool) -> Graph:
    buckets = f"sum by ({names.BY_SERVICE}, {names.LE}) ({names.BUCKET_REQUESTS}{{{_CHOSEN}}})"
    objective = f"max by ({names.BY_SERVICE}) ({names.SERVICE_LATENCY_WITHIN}{{{_CHOSEN}}})"
    within = queries.beside(objective, f"{names.SERVICE_REQUESTS}{{{_CHOSEN}}}")
    healthy = "below the dashed line" if promised else "as usual at this time of day"
    return Graph(
        title="Latency",
        description="Time within which half and 95% of the responses came, interpolated between the bounds of "
        f"Traefik's histogram. Healthy: 95% {healthy}.",
        unit="s",
        scale=scale.lines("The dashed line is the objective in the topology.")
        if promised
        else scale.none_known("Not coloured, because the topology has no latency objective."),
        queries=(
            Query(f"histogram_quantile(0.5, {buckets})", f"half, {_NAME}"),
            Query(f"histogram_quantile(0.95, {buckets})", f"95%, {_NAME}"),
            *((Query(within, f"promise, {_NAME}"),) if promised else ()),
        ),
        overrides=(field_config.plan_line("C"),) if promised else (),
    )


def _times() -> Heatmap:
    return Heatmap(
        title="Response times",
        description="Responses by duration, all chosen services together. Healthy: most at the bottom.",
        unit="s",
        counted="reqps",
        scale=scale.none_known(
            "The colour scale below shows the number of responses; nothing is coloured by a threshold."
        ),
        queries=(Query(f"sum by ({names.LE}) ({names.BUCKET_REQUESTS}{{{_CHOSEN}}})", f"{{{{{names.LE}}}}}"),),
    )


def _unrouted(topology: Topology) -> Graph:
    graph = Graph(
        title="Requests without a route",
        description="Requests that Traefik itself answers with 404. Healthy: few; scanners cause some, a lost route "
        "many.",
        unit="reqps",
        scale=scale.lines("The dashed line is the threshold of TraefikRequestsWithoutRoute."),
        queries=(Query(f"sum by ({names.BY_SERVER}) ({names.SERVER_REQUESTS_UNROUTED}{{{ON_SERVERS}}})", _PLACE),),
    )
    return _judged(graph, topology.alerts.threshold("TraefikRequestsWithoutRoute", traefik_routes.UNROUTED_RATE))


def _unplanned(topology: Topology) -> Graph:
    graph = Graph(
        title="Requests outside the plan",
        description="Requests through routers of no planned service. Healthy: none.",
        unit="reqps",
        scale=scale.lines("The dashed line is the threshold of RequestsOutsidePlan."),
        queries=(
            Query(
                queries.largest(f"sum by ({names.BY_ROUTER}) ({names.ROUTER_REQUESTS_UNPLANNED}{{{ON_SERVERS}}})"),
                f"{{{{{names.ROUTER}}}}}",
            ),
        ),
        no_value="none outside the plan",
    )
    return _judged(graph, topology.alerts.threshold("RequestsOutsidePlan", traefik_routes.UNPLANNED_RATE))


def _certificates(topology: Topology) -> Table:
    newest = f"max by ({names.BY_SERVER}, sans) (traefik_tls_certs_not_after{{{_RAW}}})"
    return table(
        Rows(
            title="Certificates",
            description="Remaining validity of every certificate. Healthy: weeks; Traefik renews 30 days before "
            "expiry.",
            labels=(
                Label(label="sans", head="Names"),
                Label(
                    label=names.SERVER,
                    head="Server",
                    width=90,
                    link=links.to_server(topology, links.of_column("Server")),
                ),
            ),
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
    loaded = f"traefik_config_reloads_total{{{_RAW}}}"
    return Graph(
        title="Configuration reloads",
        description="Configurations loaded by Traefik. Healthy: some at each deployment, none in between.",
        unit="none",
        scale=scale.none_known(
            "Many without a deployment mean that a container keeps restarting; nothing is coloured."
        ),
        queries=(
            Query(
                f"round(sum by ({names.BY_SERVER}) (increase({loaded}[$__rate_interval])))",
                _PLACE,
            ),
        ),
        steps=True,
        soft_max=1,
    )


def _connections() -> Graph:
    return Graph(
        title="Open connections",
        description="Connections on each entry point. Healthy: a familiar level.",
        unit="none",
        scale=scale.none_known("The open files in the panel next to it limit them, so nothing is coloured."),
        queries=(
            Query(
                f"sum by ({names.BY_SERVER}, entrypoint) (traefik_open_connections{{{_RAW}}})",
                f"{{{{entrypoint}}}} {_PLACE}",
            ),
        ),
    )


def _files(topology: Topology) -> Graph:
    opened, most = (f"max by ({names.BY_SERVER}) (process_{which}_fds{{{_RAW}}})" for which in ("open", "max"))
    graph = Graph(
        title="Open files",
        description="Open files as a share of Traefik's limit; each connection is one. Healthy: far below the "
        "threshold.",
        unit="percentunit",
        scale=scale.lines("The dashed line is the threshold of TraefikFilesNearLimit."),
        queries=(Query(f"{opened} / on ({names.BY_SERVER}) {most}", _PLACE),),
        soft_max=0.1,
    )
    return _judged(graph, topology.alerts.threshold("TraefikFilesNearLimit", traefik.FILES_SHARE))


def _by_entry_point() -> Graph:
    rate = (
        f"sum by ({names.BY_SERVER}, entrypoint) (rate(traefik_entrypoint_requests_total{{{_RAW}}}[$__rate_interval]))"
    )
    return Graph(
        title="Requests by entry point",
        description="Requests on each entry point, routed or not. Healthy: a familiar level.",
        unit="reqps",
        scale=scale.none_known("No rate is bad in itself, so nothing is coloured."),
        queries=(Query(rate, f"{{{{entrypoint}}}} {_PLACE}"),),
    )


def _bytes() -> Graph:
    received, sent = (
        f"sum by ({names.BY_SERVER}) (rate(traefik_entrypoint_{way}_bytes_total{{{_RAW}}}[$__rate_interval]))"
        for way in ("requests", "responses")
    )
    return Graph(
        title="Bytes received and sent",
        description="Bodies of requests and responses. Healthy: a familiar level.",
        unit="Bps",
        scale=scale.none_known("No amount is bad in itself, so nothing is coloured."),
        queries=(Query(received, f"received {_PLACE}"), Query(sent, f"sent {_PLACE}")),
    )


def _process(topology: Topology) -> Graph:
    del topology
    return Graph(
        title="CPU of Traefik",
        description="CPUs that Traefik uses; 100% is one. Healthy: a familiar level.",
        unit="percentunit",
        scale=scale.none_known("The topology plans no CPU, so nothing is coloured."),
        queries=(
            Query(f"sum by ({names.BY_SERVER}) (rate(process_cpu_seconds_total{{{_RAW}}}[$__rate_interval]))", _PLACE),
        ),
    )
