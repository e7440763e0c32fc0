"""Every query of the dashboards, one named function each.

All of them read recorded series (boxwatch.rules.names), so a panel costs what a lookup costs, and shows the very
number that the alerts judge. Counts end in `or 0 * count(what the topology says)`: they are 0 while the rules are
recorded and *empty* when they are not, because a panel that is green since nobody measures is worse than none.
"""

from __future__ import annotations

from boxwatch.rules import names

# Prometheus' own record of pending and firing alerts, and its labels.
ALERTS = "ALERTS"
FIRING = 'alertstate="firing"'
SEVERITY = "severity"
ALERT_NAME = "alertname"

# Severities as numbers. Everything that is neither critical nor a warning is a note.
CRITICAL, WARNING, OTHER = 3, 2, 1

# More rows or colours than this cannot be read; the rest is summed up or a click away.
MOST_SERIES = 12
MOST_ROWS = 40

# What the variables select. An alert about Prometheus itself carries no server: it concerns whoever looks.
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
    """A series, of what is chosen."""
    return f"{series}{{{selection}}}"


def _or_zero(count: str, known: str) -> str:
    return f"{count} or 0 * count({known})"


# Is everything all right?


def alerts_firing(severity: str, selection: str = ON_SERVERS_OR_NONE) -> str:
    """How many alerts of a severity fire."""
    firing = f'{ALERTS}{{{FIRING}, {SEVERITY}="{severity}", {selection}}}'
    return _or_zero(f"count({firing})", at(names.SERVICE_INFO))


def services_incomplete() -> str:
    """Services that are not known to run all their replicas: some are missing, or nobody can see them."""
    wanted = at(names.SERVICE_REPLICAS_DESIRED)
    complete = f"{at(names.SERVICE_REPLICAS_RUNNING)} >= {_ON_SERVICE} {wanted}"
    return _or_zero(f"count(({wanted} > 0) unless {_ON_SERVICE} ({complete}))", wanted)


def services_over_budget() -> str:
    """Services whose replicas together use more than their budget."""
    share = at(names.SERVICE_MEMORY_BUDGET_RATIO)
    return _or_zero(f"count({share} >= 1)", share)


def services_near_budget() -> str:
    """Services that have passed their own threshold and are still within their budget."""
    share = at(names.SERVICE_MEMORY_BUDGET_RATIO)
    return _or_zero(f"count(({share} < 1) >= {_ON_SERVICE} {at(names.SERVICE_NEAR_BUDGET)})", share)


def least_headroom() -> str:
    """Free RAM of the server that has least of it."""
    return f"bottomk(1, {_free()})"


def _free() -> str:
    return f"{at(names.SERVER_MEMORY_TOTAL)} - {_ON_SERVER} {at(names.SERVER_MEMORY_USED)}"


# If not, where?


def firing() -> str:
    """The alerts that fire, one row for each kind and place; the value is the severity, so that worst sorts first."""

    def of(severity: str) -> str:
        return f'{ALERTS}{{{FIRING}, {SEVERITY}="{severity}", {ON_SERVERS_OR_NONE}}}'

    # What always fires for machines (severity none) is nothing to look at.
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
    """Replicas that are wanted and do not run, by service."""
    wanted, running = at(names.SERVICE_REPLICAS_DESIRED), at(names.SERVICE_REPLICAS_RUNNING)
    return f"sum {_BY_SERVICE} (clamp_min({wanted} - {_ON_SERVICE} {running}, 0))"


def of_each_server(series: str) -> str:
    """A recorded series by server, without its name: a column of a table."""
    return f"sum {_BY_SERVER} ({at(series)})"


def of_each_disk(series: str, operation: str = "max") -> str:
    """A recorded series by disk, without its name."""
    return f"{operation} by ({names.BY_DEVICE}) ({at(series)})"


def free_of_each_server() -> str:
    """RAM that the kernel could give away now, by server."""
    return f"sum {_BY_SERVER} ({_free()})"


def free_of_all_servers() -> str:
    """RAM that the kernels of the chosen servers could give away now."""
    return f"sum({_free()})"


def planned_headroom() -> str:
    """RAM of a server that the plan leaves free."""
    planned = at(names.SERVER_MEMORY_PLANNED)
    return f"sum {_BY_SERVER} ({at(names.SERVER_MEMORY_PLAN)} - {_ON_SERVER} {planned})"


def share_of_plan() -> str:
    """RAM in use as a share of what is planned for the whole server."""
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
    """Use of the services that use most at the end of the time range; the same services over the whole range."""
    return f"sum by ({names.SERVICE}) ({at(names.SERVICE_MEMORY_USED)}) and {_largest()}"


def memory_of_other_services() -> str:
    """Use of all services that are not among the largest, in one sum; empty when there are none."""
    return f"sum(sum by ({names.SERVICE}) ({at(names.SERVICE_MEMORY_USED)}) unless {_largest()})"


def completeness() -> str:
    """Replicas running as a share of those wanted; where rows run out, the services that miss most now."""
    wanted, running = at(names.SERVICE_REPLICAS_DESIRED), at(names.SERVICE_REPLICAS_RUNNING)
    missing = f"{wanted} @ end() - {_ON_SERVICE} {running} @ end()"
    return f"({running} / {_ON_SERVICE} ({wanted} > 0)) and {_ON_SERVICE} topk({MOST_ROWS}, {missing})"


# One service.


def of_service(series: str, operation: str = "sum") -> str:
    """A recorded series of the chosen service in one number."""
    return f"{operation}({at(series, OF_SERVICE)})"


def of_replicas(series: str) -> str:
    """A recorded series of each container of the chosen service."""
    return f"max by ({names.BY_CONTAINER}) ({at(series, OF_SERVICE)})"


def of_components(series: str) -> str:
    """A recorded series of each component of the chosen service."""
    return f"max {_BY_COMPONENT} ({at(series, OF_SERVICE)})"


def service_alerts(severity: str) -> str:
    """How many alerts of a severity fire for the chosen service."""
    return alerts_firing(severity, OF_SERVICE)


def replacements_allowed() -> str:
    """Replacements in an hour from which the alert fires: the threshold is for each replica, the count for all."""
    threshold = f"{_ON_SERVICE} group_left () {at(names.SERVICE_REPLACEMENTS_THRESHOLD, OF_SERVICE)}"
    return f"max {_BY_COMPONENT} ({at(names.COMPONENT_REPLICAS_DESIRED, OF_SERVICE)} * {threshold})"


def missing_of_service() -> str:
    """Replicas of the chosen service that are wanted and do not run."""
    wanted, running = at(names.SERVICE_REPLICAS_DESIRED, OF_SERVICE), at(names.SERVICE_REPLICAS_RUNNING, OF_SERVICE)
    return f"sum(clamp_min({wanted} - {_ON_SERVICE} {running}, 0))"


def oom_kills() -> str:
    """Containers of the chosen service that the OOM killer hit in the last ten minutes, with their kills."""
    return _or_zero(of_service(names.CONTAINER_OOM_EVENTS), at(names.SERVICE_INFO, OF_SERVICE))


def limits_in_force() -> str:
    """Memory limits that Docker enforces now, by component; a container without limit has no line."""
    return f"max {_BY_COMPONENT} ({at(names.CONTAINER_MEMORY_LIMIT, OF_SERVICE)} > 0)"


def page_cache() -> str:
    """Memory of each container that the kernel could take back: file cache in active use."""
    whole = at(names.CONTAINER_MEMORY_WORKING_SET, OF_SERVICE)
    kept = at(names.CONTAINER_MEMORY_UNRECLAIMABLE, OF_SERVICE)
    return f"max by ({names.BY_CONTAINER}) ({whole} - on ({names.BY_CONTAINER}) {kept})"


def age_of_replicas() -> str:
    """Seconds since each container started."""
    return f"time() - {of_replicas(names.CONTAINER_START_TIME)}"


def deployed(selection: str) -> str:
    """When the newest container of each service started, in milliseconds, while that lies in the time range.

    A container that restarts starts too, since cAdvisor 0.57, and is known by the restarts that are counted for a
    quarter of an hour: so a start is told within that time only, from a minute on, when the count has followed it.
    """
    # A build starts a container too, of no service.
    newest = f'max {_BY_SERVICE} ({names.CONTAINER_START_TIME}{{{selection}, {names.SERVICE}!=""}})'
    restarting = f"max {_BY_SERVICE} ({names.COMPONENT_RESTARTS}{{{selection}}}) > 0"
    # Where the steps are longer than that time, one of them must still see the start.
    young = f"({newest} < time() - 60) > time() - 840 - $__interval_ms / 1000"
    return f"(1000 * ({young}) >= $__from) unless ({restarting})"


def began_to_fire(selection: str) -> str:
    """The moments at which alerts began to fire: one step long, since a week of red would hide the graph."""
    firing_now = f"{ALERTS}{{{FIRING}, {selection}}}"
    return f"{firing_now} unless {firing_now} offset $__interval"
