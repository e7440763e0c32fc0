"""Queries that dashboards share, one named function each.

They read recorded series (boxwatch.rules.names), so a panel costs no more than a lookup and shows the very number that
the alerts judge. Counts end in `or 0 * count(series from the topology)`: 0 while the rules are recorded and *empty*
when they are not, because a panel that is green for lack of data is worse than none.
"""

from __future__ import annotations

from boxwatch.rules import names

# Prometheus' own series of pending and firing alerts, and its labels.
ALERTS = "ALERTS"
FIRING = 'alertstate="firing"'
SEVERITY = "severity"
ALERT_NAME = "alertname"

# Severities as numbers. Everything that is neither critical nor a warning is informational.
CRITICAL, WARNING, OTHER = 3, 2, 1

# More rows or colours than this cannot be read; the rest is summed up or a click away.
MOST_SERIES = 12
MOST_ROWS = 40

# Selections by variable. An alert about Prometheus itself carries no server: it concerns every reader.
ON_SERVERS = f'{names.SERVER}=~"$server"'
ON_SERVERS_OR_NONE = f'{names.SERVER}=~"$server|"'
ON_SERVICES = f'{ON_SERVERS}, {names.SERVICE}=~"$service"'
OF_SERVICE = f'{ON_SERVERS}, {names.SERVICE}="$service"'

_BY_SERVER = f"by ({names.BY_SERVER})"
_BY_SERVICE = f"by ({names.BY_SERVICE})"
_BY_COMPONENT = f"by ({names.BY_COMPONENT})"
_ON_SERVER = f"on ({names.BY_SERVER})"
_ON_SERVICE = f"on ({names.BY_SERVICE})"


def at(series: str, selection: str = ON_SERVERS) -> str:
    """The chosen series of a metric."""
    return f"{series}{{{selection}}}"


def _or_zero(count: str, known: str) -> str:
    return f"{count} or 0 * count({known})"


# Is everything all right?


def alerts_firing(severity: str, selection: str = ON_SERVERS_OR_NONE) -> str:
    """Number of firing alerts of a severity."""
    firing = f'{ALERTS}{{{FIRING}, {SEVERITY}="{severity}", {selection}}}'
    return _or_zero(f"count({firing})", at(names.SERVICE_INFO))


def services_incomplete() -> str:
    """Services not known to run all their replicas: some are missing, or cannot be seen."""
    wanted = at(names.SERVICE_REPLICAS_DESIRED)
    complete = f"{at(names.SERVICE_REPLICAS_RUNNING)} >= {_ON_SERVICE} {wanted}"
    return _or_zero(f"count(({wanted} > 0) unless {_ON_SERVICE} ({complete}))", wanted)


def services_over_budget() -> str:
    """Services whose replicas together use more than their budget."""
    share = at(names.SERVICE_MEMORY_BUDGET_RATIO)
    return _or_zero(f"count({share} >= 1)", share)


def services_near_budget() -> str:
    """Services past their own threshold but within their budget."""
    share = at(names.SERVICE_MEMORY_BUDGET_RATIO)
    return _or_zero(f"count(({share} < 1) >= {_ON_SERVICE} {at(names.SERVICE_NEAR_BUDGET)})", share)


def least_headroom() -> str:
    """Free RAM of the server with the least."""
    return f"bottomk(1, {_free()})"


def _free() -> str:
    return f"{at(names.SERVER_MEMORY_TOTAL)} - {_ON_SERVER} {at(names.SERVER_MEMORY_USED)}"


# If not, where?


def firing() -> str:
    """Firing alerts, one row for each name and place; the value is the severity, so that the worst sorts first."""

    def of(severity: str) -> str:
        return f'{ALERTS}{{{FIRING}, {SEVERITY}="{severity}", {ON_SERVERS_OR_NONE}}}'

    # Alerts that always fire for other programs (severity none) are not for readers.
    others = f'{ALERTS}{{{FIRING}, {SEVERITY}!="none", {ON_SERVERS_OR_NONE}}}'
    ranked = f"{CRITICAL} * {of('critical')} or {WARNING} * {of('warning')} or {others}"
    return f"max by ({ALERT_NAME}, {names.BY_SERVICE}) ({ranked})"


def of_each_service(series: str, operation: str = "sum") -> str:
    """A recorded series by server and service, without its name: a column of a table."""
    return f"{operation} {_BY_SERVICE} ({at(series)})"


def memory_state() -> str:
    """0 within budget, 1 past the service's own threshold, 2 over budget."""
    share = at(names.SERVICE_MEMORY_BUDGET_RATIO)
    near = f"({share} >= bool {_ON_SERVICE} {at(names.SERVICE_NEAR_BUDGET)})"
    return f"sum {_BY_SERVICE} ({near} + {_ON_SERVICE} ({share} >= bool 1))"


def replicas_missing() -> str:
    """Missing replicas by service."""
    wanted, running = at(names.SERVICE_REPLICAS_DESIRED), at(names.SERVICE_REPLICAS_RUNNING)
    return f"sum {_BY_SERVICE} (clamp_min({wanted} - {_ON_SERVICE} {running}, 0))"


def of_each_server(series: str) -> str:
    """A recorded series by server, without its name: a column of a table."""
    return f"sum {_BY_SERVER} ({at(series)})"


def of_each_disk(series: str, operation: str = "max") -> str:
    """A recorded series by disk, without its name."""
    return f"{operation} by ({names.BY_DEVICE}) ({at(series)})"


def free_of_each_server() -> str:
    """RAM that the kernel could hand out now, by server."""
    return f"sum {_BY_SERVER} ({_free()})"


def free_of_all_servers() -> str:
    """RAM that the kernels of the chosen servers could hand out now."""
    return f"sum({_free()})"


def planned_headroom() -> str:
    """RAM of a server that the plan leaves free."""
    planned = at(names.SERVER_MEMORY_PLANNED)
    return f"sum {_BY_SERVER} ({at(names.SERVER_MEMORY_PLAN)} - {_ON_SERVER} {planned})"


def share_of_plan() -> str:
    """RAM in use as a share of the server's whole plan."""
    planned = at(names.SERVER_MEMORY_PLANNED)
    return f"sum {_BY_SERVER} ({at(names.SERVER_MEMORY_USED)} / {_ON_SERVER} {planned})"


# Since when?


def of_all_servers(series: str) -> str:
    """A recorded series, summed over the chosen servers."""
    return f"sum({at(series)})"


def _largest() -> str:
    use = f"sum by ({names.SERVICE}) ({at(names.SERVICE_MEMORY_USED)} @ end())"
    return f"on ({names.SERVICE}) topk({MOST_SERIES}, {use})"


def memory_of_largest_services() -> str:
    """Memory of the services that use most at the end of the time range; the same services over the whole range."""
    return f"sum by ({names.SERVICE}) ({at(names.SERVICE_MEMORY_USED)}) and {_largest()}"


def memory_of_other_services() -> str:
    """Memory of all services that are not among the largest, in one sum; empty when there are none."""
    return f"sum(sum by ({names.SERVICE}) ({at(names.SERVICE_MEMORY_USED)}) unless {_largest()})"


def completeness() -> str:
    """Running replicas as a share of desired replicas; where rows run out, of the services that lack most now."""
    wanted, running = at(names.SERVICE_REPLICAS_DESIRED), at(names.SERVICE_REPLICAS_RUNNING)
    missing = f"{wanted} @ end() - {_ON_SERVICE} {running} @ end()"
    return f"({running} / {_ON_SERVICE} ({wanted} > 0)) and {_ON_SERVICE} topk({MOST_ROWS}, {missing})"


# One service.


def of_service(series: str, operation: str = "sum") -> str:
    """A recorded series of the chosen service as one number."""
    return f"{operation}({at(series, OF_SERVICE)})"


def of_replicas(series: str) -> str:
    """A recorded series of each container of the chosen service."""
    return f"max by ({names.BY_CONTAINER}) ({at(series, OF_SERVICE)})"


def of_components(series: str) -> str:
    """A recorded series of each component of the chosen service."""
    return f"max {_BY_COMPONENT} ({at(series, OF_SERVICE)})"


def service_alerts(severity: str) -> str:
    """Number of alerts of a severity firing for the chosen service."""
    return alerts_firing(severity, OF_SERVICE)


def replacements_allowed() -> str:
    """Replacements in an hour at which the alert fires: the threshold is per replica, the count for all of them."""
    threshold = f"{_ON_SERVICE} group_left () {at(names.SERVICE_REPLACEMENTS_THRESHOLD, OF_SERVICE)}"
    return f"max {_BY_COMPONENT} ({at(names.COMPONENT_REPLICAS_DESIRED, OF_SERVICE)} * {threshold})"


def missing_of_service() -> str:
    """Missing replicas of the chosen service."""
    wanted, running = at(names.SERVICE_REPLICAS_DESIRED, OF_SERVICE), at(names.SERVICE_REPLICAS_RUNNING, OF_SERVICE)
    return f"sum(clamp_min({wanted} - {_ON_SERVICE} {running}, 0))"


def oom_kills() -> str:
    """OOM kills of the chosen service's containers in the last ten minutes."""
    return _or_zero(of_service(names.CONTAINER_OOM_EVENTS), at(names.SERVICE_INFO, OF_SERVICE))


def limits_in_force() -> str:
    """Memory limits enforced by Docker now, by component; a container without a limit has no line."""
    return f"max {_BY_COMPONENT} ({at(names.CONTAINER_MEMORY_LIMIT, OF_SERVICE)} > 0)"


def page_cache() -> str:
    """Reclaimable memory of each container: file cache in active use."""
    whole = at(names.CONTAINER_MEMORY_WORKING_SET, OF_SERVICE)
    kept = at(names.CONTAINER_MEMORY_UNRECLAIMABLE, OF_SERVICE)
    return f"max by ({names.BY_CONTAINER}) ({whole} - on ({names.BY_CONTAINER}) {kept})"


def age_of_replicas() -> str:
    """Seconds since each container started."""
    return f"time() - {of_replicas(names.CONTAINER_START_TIME)}"


def deployed(selection: str) -> str:
    """Start of each service's newest container in milliseconds, while it lies in the time range.

    Since cAdvisor 0.57 a restart counts as a start too, and is told apart by the restarts counted over a quarter of
    an hour: a start is therefore reported only within that time, and only after a minute, when the count has caught up.
    """
    # A build starts a container too, without a service.
    newest = f'max {_BY_SERVICE} ({names.CONTAINER_START_TIME}{{{selection}, {names.SERVICE}!=""}})'
    restarting = f"max {_BY_SERVICE} ({names.COMPONENT_RESTARTS}{{{selection}}}) > 0"
    # Where steps are longer than that, one of them must still see the start.
    young = f"({newest} < time() - 60) > time() - 840 - $__interval_ms / 1000"
    return f"(1000 * ({young}) >= $__from) unless ({restarting})"


def began_to_fire(selection: str) -> str:
    """The moments at which alerts started firing: one step long, because a week of red would hide the graph."""
    firing_now = f"{ALERTS}{{{FIRING}, {selection}}}"
    return f"{firing_now} unless {firing_now} offset $__interval"
