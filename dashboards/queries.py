"""Queries that dashboards share, one named function each.

They read recorded series (boxwatch.rules.names), so a panel costs no more than a lookup and shows the very number that
the alerts judge. The first answers are the worst, by name: an average over services hides an outage. Counts end in
`or 0 * count(measured series)`: 0 while there are data and *empty* when there are none, because a panel that is green
for lack of data is worse than none. For the same reason a plan is drawn only where there is something to compare.
"""

from __future__ import annotations

import re

from boxwatch.rules import alert_text, dashboard_uid, names
from boxwatch.rules.built import Built
from boxwatch.rules.memory import memory_trend
from boxwatch.rules.requests import service_requests

# Prometheus' own series of pending and firing alerts, and its labels.
ALERTS = "ALERTS"
FIRING = 'alertstate="firing"'
SEVERITY = "severity"
ALERT_NAME = "alertname"

# Severities as numbers. Everything that is neither critical nor a warning is informational.
CRITICAL, WARNING, OTHER = 3, 2, 1

# More rows or colours than this cannot be read; the rest is summed up or a click away.
MOST_SERIES = 8
MOST_ROWS = 40

# Selections by variable. An alert about Prometheus itself carries no server: it concerns every reader.
ON_SERVERS = f'{names.SERVER}=~"$server"'
ON_SERVERS_OR_NONE = f'{names.SERVER}=~"$server|"'
OF_SERVICE = f'{ON_SERVERS}, {names.SERVICE}="$service"'


def on_services(dashboard_id: str) -> str:
    """The services chosen on a dashboard with several: those of a kind, or those of `traefik` and `slo`."""
    return f'{ON_SERVERS}, {names.SERVICE}=~"${dashboard_uid.service_variable(dashboard_id)}"'


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


def shown_on(built: Built, dashboard_id: str) -> str:
    """Label matchers of the alerts that a dashboard shows, for its marks."""
    shown = {
        alert.alert
        for subject in built.subjects
        for alert in subject.alerts
        if alert_text.dashboard_of(alert) == dashboard_id
    }
    return f'{ALERT_NAME}=~"{"|".join(sorted(shown))}", {ON_SERVERS_OR_NONE}'


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


def least_headroom() -> str:
    """Free RAM of the server with the least."""
    return f"bottomk(1, {_free()})"


def _free() -> str:
    return f"{at(names.SERVER_MEMORY_TOTAL)} - {_ON_SERVER} {at(names.SERVER_MEMORY_USED)}"


def worst(bad: str) -> str:
    """The worst of the things that are bad, by name; empty if none is."""
    return f"topk(1, {bad})"


def least(left: str) -> str:
    """The thing with the least of something left, by name."""
    return f"bottomk(1, {left})"


def none_of(bad: str, measured: str) -> str:
    """0 if something is measured and nothing is bad; empty otherwise."""
    return f"0 * count({measured}) unless on () ({bad})"


def blind() -> str:
    """1 for each server whose containers cannot be seen, so that nobody knows what runs there."""
    return f"1 - max {_BY_SERVER} ({at(names.SERVER_CONTAINERS_VISIBLE)}) > 0"


def kills(selection: str = ON_SERVERS) -> str:
    """OOM kills of each service within the time range."""
    events = at(names.CONTAINER_OOM_EVENTS, f'{selection}, {names.SERVICE}!=""')
    # The recorded number looks back ten minutes.
    return f"round(sum {_BY_SERVICE} (sum_over_time({events}[$__range:10m])))"


def restarts(selection: str = ON_SERVERS) -> str:
    """Restarts of each service's containers within the time range."""
    return f"round(sum {_BY_SERVICE} (sum_over_time({at(names.COMPONENT_RESTARTS, selection)}[$__range:15m])))"


def replacements(selection: str = ON_SERVERS) -> str:
    """Containers of each service that ended within the time range, as each deployment ends some."""
    return f"round(sum {_BY_SERVICE} (sum_over_time({at(names.COMPONENT_REPLACEMENTS, selection)}[$__range:1h])))"


# Values of `happened`, the gravest last.
REPLACED, RESTARTED, KILLED = 1, 2, 3


def happened(selection: str = ON_SERVERS) -> str:
    """The gravest event of each service at each moment; empty where nothing happened."""
    events = (
        (KILLED, at(names.CONTAINER_OOM_EVENTS, f'{selection}, {names.SERVICE}!=""')),
        (RESTARTED, at(names.COMPONENT_RESTARTS, selection)),
        (REPLACED, at(names.COMPONENT_REPLACEMENTS, selection)),
    )
    return " or ".join(f"{value} * (max {_BY_SERVICE} ({series}) > bool 0 == 1)" for value, series in events)


def failing(selection: str = ON_SERVERS) -> str:
    """Share of failed requests of each service, of those that *ServiceErrorsHigh* would judge: enough fail to count."""
    errors, requests = (
        f"sum {_BY_SERVICE} ({at(series, selection)})"
        for series in (names.SERVICE_REQUEST_ERRORS, names.SERVICE_REQUESTS)
    )
    enough = f"{errors} * {service_requests.WINDOW} > {service_requests.FAILED_AT_LEAST}"
    return f"{errors} / {_ON_SERVICE} ({requests} > 0) and {_ON_SERVICE} ({enough})"


def least_disk() -> str:
    """Free share of the fullest disk."""
    return f"bottomk(1, {of_each_disk(names.DEVICE_DISK_FREE, 'min')})"


# If not, where?


def firing() -> str:
    """Firing alerts, one row for each name and place; the value is the severity, so that the worst sorts first."""
    return f"max by ({ALERT_NAME}, {names.BY_SERVICE}) ({_ranked(ON_SERVERS_OR_NONE)})"


def _ranked(selection: str) -> str:
    def of(severity: str) -> str:
        return f'{ALERTS}{{{FIRING}, {SEVERITY}="{severity}", {selection}}}'

    # Alerts that always fire for other programs (severity none) are not for readers.
    others = f'{ALERTS}{{{FIRING}, {SEVERITY}!="none", {selection}}}'
    return f"{CRITICAL} * {of('critical')} or {WARNING} * {of('warning')} or {others}"


def firing_since() -> str:
    """Seconds since each firing alert's condition began to hold, in the rows of `firing`."""
    by = f"{ALERT_NAME}, {names.BY_SERVICE}"
    began = f"min by ({by}) (ALERTS_FOR_STATE{{{ON_SERVERS_OR_NONE}}})"
    return f"time() - {began} and on ({by}) {firing()}"


def alert_timeline(selection: str) -> str:
    """The severity of each firing alert over time."""
    return f"max by ({ALERT_NAME}, {names.BY_SERVICE}) ({_ranked(selection)})"


def of_each_service(series: str, operation: str = "sum") -> str:
    """A recorded series by server and service, without its name: a column of a table."""
    return f"{operation} {_BY_SERVICE} ({at(series)})"


def memory_state() -> str:
    """By service: 0 fine, 1 with a replica past its threshold, 2 with one over its budget, or all of them together."""
    share, threshold = at(names.CONTAINER_MEMORY_BUDGET_RATIO), at(names.SERVICE_NEAR_BUDGET)
    together = f"max {_BY_SERVICE} ({at(names.SERVICE_MEMORY_BUDGET_RATIO)})"
    near = f"max {_BY_SERVICE} ({share} > bool {_ON_SERVICE} group_left () {threshold})"
    over = f"max {_BY_SERVICE} ({share} > bool 1)"
    # A service of components without budgets of their own is judged as a whole only.
    replicas = f"({near} + {_ON_SERVICE} {over} or 0 * {together})"
    return f"clamp_max({replicas} + {_ON_SERVICE} 2 * ({together} > bool 1), 2)"


def fullest(selection: str = ON_SERVERS) -> str:
    """Memory of the fullest replica of each service as a share of its budget; of all where none has one of its own."""
    replicas = f"max {_BY_SERVICE} ({at(names.CONTAINER_MEMORY_BUDGET_RATIO, selection)})"
    return f"{replicas} or max {_BY_SERVICE} ({at(names.SERVICE_MEMORY_BUDGET_RATIO, selection)})"


def full_in(selection: str = ON_SERVERS) -> str:
    """Seconds until the first replica of each service reaches its budget, as *ContainerMemoryExhaustionPredicted*."""
    return f"min {_BY_SERVICE} ({memory_trend.growing(selection)})"


def replicas_missing(selection: str = ON_SERVERS) -> str:
    """Missing replicas by service."""
    wanted, running = at(names.SERVICE_REPLICAS_DESIRED, selection), at(names.SERVICE_REPLICAS_RUNNING, selection)
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


def planned_of_all_servers(series: str) -> str:
    """A number of the plan, summed over the chosen servers, while their memory is measured."""
    return f"sum({beside(at(series), at(names.SERVER_MEMORY_USED), names.BY_SERVER)})"


_SELECTOR = re.compile(r"(\}(?:\[[^\]]+\])?)")


def largest(expr: str, most: int = MOST_SERIES) -> str:
    """The series that are largest at the end of the time range, over all of it; at each step others would flicker."""
    by = re.search(r"by \(([^)]+)\)", expr)
    if by is None:
        raise ValueError(f"not an aggregation by labels: {expr}")
    at_end = _SELECTOR.sub(r"\1 @ end()", expr)
    return f"{expr} and on ({by[1]}) topk({most}, {at_end})"


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
    allowed = f"max {_BY_COMPONENT} ({at(names.COMPONENT_REPLICAS_DESIRED, OF_SERVICE)} * {threshold})"
    return beside(allowed, at(names.COMPONENT_REPLACEMENTS, OF_SERVICE), names.BY_COMPONENT)


def beside(plan: str, measured: str, labels: str = names.BY_SERVICE) -> str:
    """A plan or threshold, where there is something to compare with it: alone it would stand in for missing data."""
    return f"{plan} and on ({labels}) {measured}"


def missing_of_service() -> str:
    """Missing replicas of the chosen service."""
    return f"sum({replicas_missing(OF_SERVICE)})"


def replica_states() -> str:
    """Rows of the chosen service's replicas: 1 for each container, 0 for what a component lacks."""
    there = f"0 * {of_replicas(names.CONTAINER_START_TIME)} + 1"
    wanted = at(names.COMPONENT_REPLICAS_DESIRED, OF_SERVICE)
    lacking = f"{wanted} - on ({names.BY_COMPONENT}) {at(names.COMPONENT_REPLICAS_RUNNING, OF_SERVICE)} > 0"
    named = f'label_replace(0 * max {_BY_COMPONENT} ({lacking}), "{names.NAME}", "missing", "", "")'
    return f"{there} or {named}"


def ended(value: str) -> str:
    """A value of each container of the chosen service that ended within the time range."""
    now = of_replicas(names.CONTAINER_START_TIME)
    return f"max by ({names.BY_CONTAINER}) ({value}) unless on ({names.BY_CONTAINER}) {now}"


def ended_ago() -> str:
    """Seconds since each container that ended was last seen."""
    start = at(names.CONTAINER_START_TIME, OF_SERVICE)
    return f"time() - ({ended(f'max_over_time(timestamp({start})[$__range:1m])')})"


def ended_after() -> str:
    """Seconds that each container that ended had run."""
    start = at(names.CONTAINER_START_TIME, OF_SERVICE)
    return ended(f"max_over_time(timestamp({start})[$__range:1m]) - max_over_time({start}[$__range:1m])")


def ended_why() -> str:
    """1 for each ended container that the kernel had killed a process of within its last ten minutes, otherwise 0."""
    return ended(f"last_over_time({at(names.CONTAINER_OOM_EVENTS, OF_SERVICE)}[$__range]) > bool 0")


def limits_in_force() -> str:
    """Memory limits enforced by Docker now, by component; a container without a limit has no line."""
    return f"max {_BY_COMPONENT} ({at(names.CONTAINER_MEMORY_LIMIT, OF_SERVICE)} > 0)"


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
    return f"{ALERTS}{{{FIRING}, {selection}}} unless {ALERTS}{{{FIRING}, {ON_SERVERS_OR_NONE}}} offset $__interval"
