"""The first answers about one service, and where to go from there."""

from __future__ import annotations

from boxwatch.dashboards import links, queries
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import REPLICA, Override
from boxwatch.dashboards.panels.panel import Query, Stat
from boxwatch.rules import dashboard_uid, names
from boxwatch.rules.requests import requests
from boxwatch.rules.requests import service_requests as judged
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.model import Topology

_OF = queries.OF_SERVICE


def first_answer(topology: Topology) -> tuple[Stat, ...]:
    """Alerts, replicas, memory, and what happened within the time range."""
    quiet = field_config.colour(colours.QUIET)
    return (
        Stat(
            title="Alerts",
            description="Alerts firing for this service. Healthy: both 0.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(
                Query(queries.service_alerts("critical"), "critical"),
                Query(queries.service_alerts("warning"), "warning"),
            ),
            overrides=(field_config.query("B", ("thresholds", scale.none_is_good(colours.NEAR).to_json())),),
        ),
        Stat(
            title="Replicas",
            description="Replicas on the chosen servers: missing, and running. Healthy: 0 missing.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(
                Query(queries.missing_of_service(), "missing"),
                Query(queries.of_service(names.SERVICE_REPLICAS_RUNNING), "running"),
            ),
            overrides=(field_config.query("B", quiet),),
        ),
        Stat(
            title="OOM kills",
            description="Processes killed by the kernel's OOM killer within the time range. Healthy: 0.",
            unit="none",
            scale=scale.none_is_good(),
            queries=(Query(f"sum({queries.kills(_OF)})"),),
        ),
        Stat(
            title="Restarts",
            description="Restarts of the same containers within the time range. Healthy: 0.",
            unit="none",
            scale=scale.restarts(topology),
            queries=(Query(f"sum({queries.restarts(_OF)})"),),
        ),
        Stat(
            title="Memory",
            description="Memory of the fullest replica as a share of its budget. Healthy: green.",
            unit="percentunit",
            scale=scale.budget_share(topology),
            queries=(Query(queries.worst(queries.of_replicas(names.CONTAINER_MEMORY_BUDGET_RATIO)), REPLICA),),
            transformations=field_config.SHORT_NAMES,
        ),
        Stat(
            title="Full in",
            description="Time until the first replica reaches its budget, as the alert sees it: only if it grows "
            "beyond the day before. Healthy: no growth.",
            unit="dtdurations",
            scale=scale.exhaustion(topology),
            queries=(Query(f"min({queries.full_in(_OF)})"),),
            no_value="no growth",
        ),
        *((_failing(topology),) if requests.scraped(topology) else ()),
    )


def _failing(topology: Topology) -> Stat:
    whole = f"0 * sum({queries.at(names.SERVICE_REQUESTS, _OF)})"
    return Stat(
        title="Failing",
        description="Share of requests answered with a 5xx, on the server with the largest, if more than "
        f"{judged.FAILED_AT_LEAST} fail within five minutes. Healthy: 0.",
        unit="percentunit",
        scale=scale.alert_above(topology, "ServiceErrorsHigh", judged.FAILED_SHARE, scale.percent),
        queries=(Query(f"max({queries.failing(_OF)}) or {whole}"),),
        no_value="no requests",
    )


def own_pages(topology: Topology) -> Stat:
    """Links to the page of the service's own system, if it has one, and to its servers."""
    there = {service.kind for service in topology.services if topology.metrics_of(service)}
    kinds = [kind for kind in KINDS if kind.dashboard and kind.name in there]
    shown: list[Query] = []
    overrides: list[Override] = []
    for kind in kinds:
        variable = dashboard_uid.service_variable(kind.dashboard or "")
        chosen = {variable: links.of_series(names.SERVICE)} if variable == kind.name else {}
        link = links.to_dashboard(
            topology, kind.dashboard or "", f"Open {kind.title}", server=links.of_series(names.SERVER), **chosen
        )
        info = f'{names.SERVICE_INFO}{{{_OF}, {names.KIND}="{kind.name}"}}'
        overrides.append(field_config.query(chr(ord("A") + len(shown)), link.property()))
        shown.append(Query(f"max by ({names.BY_SERVICE}) ({info})", f"Page {kind.title}"))
    to_server = links.to_server(topology, links.of_series(names.SERVER))
    overrides.append(field_config.query(chr(ord("A") + len(shown)), to_server.property()))
    shown.append(Query(f"max by ({names.BY_SERVER}) ({queries.at(names.SERVICE_INFO, _OF)})", "Server {{server}}"))
    return Stat(
        title="More",
        description="The page of its own system, if it has one, and its servers: click to open. Healthy: nothing to "
        "judge.",
        unit="none",
        scale=scale.none_known("Names of the topology, so nothing is coloured."),
        queries=tuple(shown),
        overrides=tuple(overrides),
        names_only=True,
    )
