"""The first answers: the worst of each kind by name, judged as the alerts judge.

Never an average over services: 2.5 % of all requests failed, and nothing was coloured, while 7.6 % of one service's did
and a critical alert fired.
"""

from __future__ import annotations

from boxwatch.dashboards import queries
from boxwatch.dashboards.panels import colours, field_config, scale, thresholds
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Query, Stat
from boxwatch.dashboards.panels.timelines import States
from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.requests import service_requests
from boxwatch.topology.model import Topology

_SERVICE = f"{{{{{names.SERVICE}}}}}"


def _said(value: int, word: str, colour: str) -> tuple[str, object]:
    return ("mappings", field_config.states(State(value, word, colour)))


def replicas() -> Stat:
    """The service that lacks most replicas, and servers whose containers cannot be seen."""
    missing = f"{queries.replicas_missing()} > 0"
    return Stat(
        title="Replicas",
        description="Missing replicas of the service that lacks most. Healthy: none missing. Where cAdvisor is blind, "
        "nobody knows.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(
            Query(queries.worst(missing), _SERVICE),
            Query(queries.none_of(missing, queries.at(names.SERVICE_REPLICAS_RUNNING)), "none missing"),
            Query(queries.blind(), "cAdvisor on {{server}}"),
        ),
        overrides=(field_config.query("C", _said(1, "blind", colours.BAD)),),
    )


def memory(topology: Topology) -> Stat:
    """The fullest replica."""
    return Stat(
        title="Memory",
        description="Memory of the fullest replica of any service, as a share of its budget. Healthy: green.",
        unit="percentunit",
        scale=scale.budget_share(topology),
        queries=(Query(queries.worst(queries.fullest()), _SERVICE),),
    )


def killed() -> Stat:
    """The service with most OOM kills."""
    kills = f"{queries.kills()} > 0"
    known = queries.at(names.CONTAINER_OOM_EVENTS)
    return Stat(
        title="OOM kills",
        description="Processes killed for lack of memory within the time range, of the service with most. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(queries.worst(kills), _SERVICE), Query(queries.none_of(kills, known), "none killed")),
    )


def failing(topology: Topology) -> Stat:
    """The service with the largest share of failed requests."""
    measured = queries.at(names.SERVICE_REQUESTS)
    return Stat(
        title="Failing",
        description="Failed requests of the service with the largest share, if more than "
        f"{service_requests.FAILED_AT_LEAST} fail within five minutes. Healthy: none failing.",
        unit="percentunit",
        scale=scale.alert_above(topology, "ServiceErrorsHigh", service_requests.FAILED_SHARE, scale.percent),
        queries=(
            Query(queries.worst(queries.failing()), _SERVICE),
            Query(queries.none_of(queries.failing(), measured), "none failing"),
        ),
        no_value="no requests",
    )


def disk(built: Built) -> Stat:
    """The fullest disk."""
    several = len(built.topology.servers) > 1
    return Stat(
        title="Disk left",
        description="Free share of the fullest disk. Healthy: a quarter or more.",
        unit="percentunit",
        scale=thresholds.too_little(built.thresholds, "HostDiskLow", "HostDiskCritical"),
        queries=(Query(queries.least_disk(), "{{device}} {{server}}" if several else "{{device}}"),),
    )


def deployments(topology: Topology) -> tuple[Stat, ...]:
    """An application whose last deployment failed; nothing without a Coolify exporter."""
    if not any(topology.metrics_of(service) for service in topology.services_of("coolify")):
        return ()
    results = f'{coolify.DEPLOYMENT_RESULT}{{job="{names.JOB_COOLIFY}", {queries.ON_SERVERS}'
    by = f"{names.SERVER}, {coolify.PROJECT}, {coolify.ENVIRONMENT}, {coolify.RESOURCE}"
    failed = f'max by ({by}) ({results}, result="failed"}}) == 1'
    return (
        Stat(
            title="Deploys",
            description="An application whose last deployment failed. Healthy: none failed.",
            unit="none",
            scale=scale.none_is_good(colours.NEAR),
            queries=(
                Query(queries.worst(failed), f"{{{{{coolify.RESOURCE}}}}}"),
                Query(queries.none_of(failed, f"{results}}}"), "none failed"),
            ),
            overrides=(field_config.query("A", _said(1, "failed", colours.NEAR)),),
            no_value="none yet",
        ),
    )


def happened(selection: str, topology: Topology) -> States:
    """Kills, restarts and replaced containers over time."""
    from_server = f"{_SERVICE} {{{{server}}}}" if len(topology.servers) > 1 else _SERVICE
    return States(
        title="Kills, restarts, replacements",
        description="OOM kills of ten minutes, restarts of fifteen, and containers replaced within an hour, by "
        "service; the gravest shows. Healthy: empty between deployments.",
        unit="none",
        scale=scale.none_known("Red is a kill, amber a restart, blue a replaced container, as after each deployment."),
        queries=(Query(queries.happened(selection), from_server),),
        mappings=tuple(
            field_config.states(
                State(queries.REPLACED, "replaced", colours.USE),
                State(queries.RESTARTED, "restarted", colours.NEAR),
                State(queries.KILLED, "OOM kill", colours.BAD),
            )
        ),
        no_value="nothing happened",
        paged=True,
    )
