"""The requests of one service, as Traefik counts them."""

from __future__ import annotations

from boxwatch.dashboards import layout, queries
from boxwatch.dashboards.layout import Line
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.panel import Graph, Query
from boxwatch.rules import names
from boxwatch.rules.requests import requests, service_requests
from boxwatch.topology.model import Topology

_OF = queries.OF_SERVICE
_NONE = "no requests through Traefik"


def panels(topology: Topology) -> tuple[Line, ...]:
    """Requests, failures and latency."""
    return (
        layout.heading("Requests"),
        layout.even(8, _by_code(), _failed(topology), _latency(topology)),
    )


def _sum(series: str) -> str:
    return f"sum({queries.at(series, _OF)})"


def _by_code() -> Graph:
    return Graph(
        title="Requests by code",
        description="Responses of the service. Healthy: no 5xx; 502 to 504 come from Traefik when it is gone.",
        unit="reqps",
        scale=scale.none_known("Red is 5xx and amber 4xx; no number is bad in itself."),
        queries=(Query(f"sum by ({names.CODE}) ({queries.at(names.CODE_REQUESTS, _OF)})", f"{{{{{names.CODE}}}}}"),),
        overrides=field_config.of_http_codes(),
        stacked=True,
        fill=60,
        no_value=_NONE,
    )


def _failed(topology: Topology) -> Graph:
    all_ = f"({_sum(names.SERVICE_REQUESTS)} > 0)"
    promised = requests.promised(topology)
    slow = (Query(f"{_sum(names.SERVICE_REQUESTS_SLOW)} / {all_}", "slow"),) if promised else ()
    graph = Graph(
        title="Failed and slow requests",
        description="Shares of the requests answered with a 5xx, and of those slower than the objective. Healthy: none "
        "failed, a few percent slow.",
        unit="percentunit",
        scale=scale.lines("The dashed lines are the thresholds of ServiceErrorsHigh and ServiceLatencyHigh."),
        queries=(Query(f"{_sum(names.SERVICE_REQUEST_ERRORS)} / {all_}", "failed"), *slow),
        soft_max=0.01,
        no_value=_NONE,
    )
    failed = topology.alerts.threshold("ServiceErrorsHigh", service_requests.FAILED_SHARE)
    graph = thresholds.drawn(graph, failed, colours.LIMIT)
    if not promised:
        return graph
    return thresholds.drawn(graph, topology.alerts.threshold("ServiceLatencyHigh", service_requests.SLOW_SHARE))


def _latency(topology: Topology) -> Graph:
    buckets = f"sum by ({names.LE}) ({queries.at(names.BUCKET_REQUESTS, _OF)})"
    within = f"max({queries.beside(queries.at(names.SERVICE_LATENCY_WITHIN, _OF), queries.at(names.SERVICE_REQUESTS))})"
    promised = requests.promised(topology)
    return Graph(
        title="Latency",
        description="Time within which half, 95% and 99% of the responses came, interpolated between the bounds of "
        "Traefik's histogram. Healthy: as usual at this time of day.",
        unit="s",
        scale=scale.lines("The dashed line is the objective in the topology.")
        if promised
        else scale.none_known("Not coloured, because the topology has no latency objective."),
        queries=(
            *(Query(f"histogram_quantile({share}, {buckets})", called) for share, called in _SHARES),
            *((Query(within, "objective"),) if promised else ()),
        ),
        overrides=(field_config.plan_line("D"),) if promised else (),
        no_value=_NONE,
    )


_SHARES = (("0.5", "half"), ("0.95", "95%"), ("0.99", "99%"))
