"""Every metric and label of the Coolify exporter, once. Rules and dashboards import it; it depends on nothing.

A `Metric` is its name as Prometheus stores it, and knows its type, labels and help:

    >>> f"{UP} == 0"
    'coolify_up == 0'
    >>> UP.labels
    ('account',)

Identity is project, environment, resource and uuid. Deployment uuid, commit and container name change at every
deploy and are never labels. No label is called `server`, `service`, `job` or `instance`: those belong to the target.
"""

from __future__ import annotations

from typing import Final

# Labels.
ACCOUNT: Final = "account"  # one URL and token, as the exporter's configuration names it; a token sees one team
COOLIFY_SERVER: Final = "coolify_server"  # the server's name in Coolify; `server` is the target's label
TYPE: Final = "type"  # application, service or database, as the container label coolify.type says it
PROJECT: Final = "project"
ENVIRONMENT: Final = "environment"
RESOURCE: Final = "resource"  # slug of the name: equals the container label coolify.resourceName
UUID: Final = "uuid"  # equals the container label com.docker.compose.project
PART: Final = "part"  # container of a service: equals the container label coolify.serviceName
BACKUP: Final = "backup"  # uuid of the schedule
NAME: Final = "name"  # as people wrote it
SUBTYPE: Final = "subtype"  # build pack of an application, engine of a database
STATE: Final = "state"
STATUS: Final = "status"
RESULT: Final = "result"
KIND: Final = "kind"
SOURCE: Final = "source"
REASON: Final = "reason"
ENDPOINT: Final = "endpoint"
CODE: Final = "code"
FIELD: Final = "field"
VERSION: Final = "version"
PROXY: Final = "proxy"

OF_SERVER: Final = (ACCOUNT, COOLIFY_SERVER, UUID)
OF_APPLICATION: Final = (ACCOUNT, PROJECT, ENVIRONMENT, RESOURCE, UUID)
OF_RESOURCE: Final = (ACCOUNT, TYPE, PROJECT, ENVIRONMENT, RESOURCE, UUID)
OF_PART: Final = (*OF_APPLICATION, PART)
OF_BACKUP: Final = (*OF_APPLICATION, BACKUP)

# Values of labels. Each list is closed: the page never shows another value.
APPLICATION: Final = "application"
SERVICE: Final = "service"
DATABASE: Final = "database"
TYPES: Final = (APPLICATION, SERVICE, DATABASE)
STATES: Final = ("running", "starting", "restarting", "degraded", "paused", "exited", "unknown")
HEALTHS: Final = ("healthy", "unhealthy", "starting", "unknown")
ACTIVE: Final = ("queued", "in_progress")
RESULTS: Final = ("finished", "failed", "cancelled")
KINDS: Final = ("deployment", "rollback", "restart", "preview")
BACKUP_RESULTS: Final = ("success", "failed", "running", "unknown")

UNREACHABLE: Final = "unreachable"  # no connection, or no whole answer in time
UNAUTHORISED: Final = "unauthorised"  # the token is wrong, expired, or its team is gone
FORBIDDEN: Final = "forbidden"  # the token lacks `read`, or the caller's address is not allowed
API_DISABLED: Final = "api_disabled"  # the instance's switch is off
RATE_LIMITED: Final = "rate_limited"
BAD_PAYLOAD: Final = "bad_payload"  # an answer that cannot be understood: HTML, truncated, too large, another shape
SERVER_ERROR: Final = "server_error"  # 5xx
REDIRECTED: Final = "redirected"  # 3xx: never followed, because the token would go with it
REJECTED: Final = "rejected"  # any other 4xx: another version, or no Coolify
NO_TOKEN: Final = "no_token"  # noqa: S105 - the reason for a file that is missing, empty or unreadable
REASONS: Final = (
    UNREACHABLE,
    UNAUTHORISED,
    FORBIDDEN,
    API_DISABLED,
    RATE_LIMITED,
    BAD_PAYLOAD,
    SERVER_ERROR,
    REDIRECTED,
    REJECTED,
    NO_TOKEN,
)

SOURCES: Final = (
    "version",
    "projects",
    "servers",
    "server_details",
    "applications",
    "services",
    "databases",
    "statuses",
    "deployments",
    "history",
)


class Metric(str):
    """The name of a metric, with what else there is to know of it."""

    __slots__ = ("help", "kind", "labels")
    kind: str
    labels: tuple[str, ...]
    help: str

    @classmethod
    def make(cls, kind: str, name: str, labels: tuple[str, ...], text: str) -> Metric:
        """A metric of a Prometheus type, with its labels in the order of the page."""
        metric = cls(name)
        metric.kind, metric.labels, metric.help = kind, labels, text
        return metric


def _gauge(name: str, labels: tuple[str, ...], text: str) -> Metric:
    return Metric.make("gauge", name, labels, text)


def _counter(name: str, labels: tuple[str, ...], text: str) -> Metric:
    return Metric.make("counter", name, labels, text)


# The API, and how well we are served by it.
UP = _gauge("coolify_up", (ACCOUNT,), "1 while Coolify answers and accepts the token.")
DOWN_REASON = _gauge("coolify_down_reason", (ACCOUNT, REASON), "1 for the reason why coolify_up is 0, else 0.")
VERSION_INFO = _gauge("coolify_version_info", (ACCOUNT, VERSION), "Version of Coolify; always 1.")
LAST_SUCCESS = _gauge(
    "coolify_last_success_timestamp_seconds", (ACCOUNT,), "When Coolify last gave a good answer; 0 before the first."
)
SOURCE_SUCCESS = _gauge(
    "coolify_source_success", (ACCOUNT, SOURCE), "1 if the last reading of each part of the source was good."
)
SOURCE_FAILURE_REASON = _gauge(
    "coolify_source_failure_reason",
    (ACCOUNT, SOURCE, REASON),
    "1 for the reason why the source fails; absent while it does not.",
)
SOURCE_DURATION = _gauge(
    "coolify_source_duration_seconds", (ACCOUNT, SOURCE), "Time that the last reading of the source took."
)
SOURCE_LAST_SUCCESS = _gauge(
    "coolify_source_last_success_timestamp_seconds",
    (ACCOUNT, SOURCE),
    "When each part of the source (of history: any) was last read well; 0 before the first time.",
)
REQUESTS = _counter("coolify_api_requests_total", (ACCOUNT, ENDPOINT, CODE), "Requests to Coolify, by outcome.")
RATE_LIMIT = _gauge(
    "coolify_api_rate_limit_requests", (ACCOUNT,), "Requests a minute that Coolify grants the token's user."
)
RATE_LIMIT_REMAINING = _gauge(
    "coolify_api_rate_limit_remaining_requests", (ACCOUNT,), "Requests left of this minute, for all tokens of the user."
)
BUDGET = _gauge(
    "coolify_api_budget_requests_per_second", (ACCOUNT,), "Requests that the exporter allows itself at present."
)
UNPARSED = _counter(
    "coolify_unparsed_values_total", (ACCOUNT, SOURCE, FIELD), "Values that could not be understood and were left out."
)
HISTORY_OLDEST_READ = _gauge(
    "coolify_history_oldest_read_timestamp_seconds",
    (ACCOUNT,),
    "When the application that waits longest for it had its deployment history read.",
)
INTERNAL_ERRORS = _counter(
    "coolify_exporter_internal_errors_total", (ACCOUNT,), "Mistakes of the exporter itself that a reading survived."
)
BUILD_INFO = _gauge("coolify_exporter_build_info", (VERSION,), "Version of the exporter; always 1.")

# Servers.
SERVER_INFO = _gauge(
    "coolify_server_info", (*OF_SERVER, PROXY, "proxy_version", "coolify_host"), "A server of the team; always 1."
)
SERVER_REACHABLE = _gauge("coolify_server_reachable", OF_SERVER, "1 while Coolify reaches the server.")
SERVER_USABLE = _gauge("coolify_server_usable", OF_SERVER, "1 while Coolify can deploy to the server.")
SERVER_PROXY_STATE = _gauge("coolify_server_proxy_state", (*OF_SERVER, STATE), "1 for the state of the proxy, else 0.")
SERVER_PROXY_OUTDATED = _gauge(
    "coolify_server_proxy_outdated", OF_SERVER, "1 if Coolify knows a newer Traefik than the server runs."
)
SERVER_SENTINEL_ENABLED = _gauge("coolify_server_sentinel_enabled", OF_SERVER, "1 if Sentinel reports the containers.")
SERVER_SENTINEL_PUSH = _gauge(
    "coolify_server_sentinel_last_push_timestamp_seconds", OF_SERVER, "When Sentinel last reported to Coolify."
)
SERVER_SENTINEL_INTERVAL = _gauge(
    "coolify_server_sentinel_push_interval_seconds", OF_SERVER, "Time between two reports of Sentinel, as configured."
)
SERVER_BUILDS = _gauge("coolify_server_concurrent_builds", OF_SERVER, "Deployments that may run at once.")
SERVER_QUEUE_LIMIT = _gauge("coolify_server_deployment_queue_limit", OF_SERVER, "Deployments that may wait.")
SERVER_TIMEOUT = _gauge(
    "coolify_server_deployment_timeout_seconds", OF_SERVER, "Time after which Coolify kills a deployment."
)

# Applications, services and databases.
RESOURCE_INFO = _gauge(
    "coolify_resource_info", (*OF_RESOURCE, NAME, SUBTYPE, COOLIFY_SERVER), "A resource and where it runs; always 1."
)
RESOURCE_STATE = _gauge("coolify_resource_state", (*OF_RESOURCE, STATE), "1 for the state of the containers, else 0.")
RESOURCE_HEALTH = _gauge(
    "coolify_resource_health", (*OF_RESOURCE, STATE), "1 for the health; unknown means that no health check is defined."
)
RESOURCE_EXCLUDED = _gauge(
    "coolify_resource_excluded", OF_RESOURCE, "1 if all containers are left out of health checks on purpose."
)
RESOURCE_SERVER_REACHABLE = _gauge(
    "coolify_resource_server_reachable",
    OF_RESOURCE,
    "1 while Coolify reaches the resource's server; at 0 its state means nothing.",
)
RESOURCE_LAST_ONLINE = _gauge(
    "coolify_resource_last_online_timestamp_seconds", OF_RESOURCE, "When Coolify last saw it come up; no heartbeat."
)
RESOURCE_RESTARTS = _gauge(
    "coolify_resource_restarts", OF_RESOURCE, "Restarts since the last deploy; stays 0 while Sentinel reports."
)
RESOURCE_RESTART_LIMIT = _gauge(
    "coolify_resource_restart_limit", OF_RESOURCE, "Restarts after which Coolify stops it; 0 is never."
)
RESOURCE_RESTART_LIMIT_REACHED = _gauge(
    "coolify_resource_restart_limit_reached", OF_RESOURCE, "1 if Coolify stopped it for restarting too often."
)
RESOURCE_LAST_RESTART = _gauge(
    "coolify_resource_last_restart_timestamp_seconds", OF_RESOURCE, "When Coolify last counted a restart."
)
RESOURCE_MEMORY_LIMIT = _gauge("coolify_resource_memory_limit_bytes", OF_RESOURCE, "Memory limit; 0 is none.")
RESOURCE_MEMORY_RESERVATION = _gauge(
    "coolify_resource_memory_reservation_bytes", OF_RESOURCE, "Memory reservation; 0 is none."
)
RESOURCE_CPU_LIMIT = _gauge("coolify_resource_cpu_limit_cores", OF_RESOURCE, "CPU limit in cores; 0 is none.")
PART_STATE = _gauge("coolify_service_part_state", (*OF_PART, STATE), "1 for the state of a part of a service, else 0.")
PART_HEALTH = _gauge("coolify_service_part_health", (*OF_PART, STATE), "1 for the health of a part, else 0.")
PART_EXCLUDED = _gauge("coolify_service_part_excluded", OF_PART, "1 if the part does not count for the service.")
PART_LAST_ONLINE = _gauge(
    "coolify_service_part_last_online_timestamp_seconds", OF_PART, "When Coolify last saw the part come up."
)

# Deployments.
DEPLOYMENTS_ACTIVE = _gauge(
    "coolify_deployments_active", (ACCOUNT, COOLIFY_SERVER, STATUS), "Deployments that wait or run now."
)
DEPLOYMENTS_OLDEST = _gauge(
    "coolify_deployments_oldest_created_timestamp_seconds",
    (ACCOUNT, COOLIFY_SERVER, STATUS),
    "When the oldest deployment that waits or runs was asked for; absent if there is none.",
)
DEPLOYMENT_CREATED = _gauge(
    "coolify_deployment_active_created_timestamp_seconds",
    (*OF_APPLICATION, STATUS),
    "When the application's oldest waiting or running deployment was asked for; absent if there is none.",
)
DEPLOYMENT_PROGRESS = _gauge(
    "coolify_deployment_active_progress_timestamp_seconds",
    (*OF_APPLICATION, STATUS),
    "When that deployment last moved: a running one writes log lines; absent if there is none.",
)
DEPLOYMENTS = _counter(
    "coolify_deployments_total", (*OF_APPLICATION, KIND, RESULT), "Deployments seen to end, since the exporter counts."
)
DEPLOYMENT_RESULT = _gauge(
    "coolify_deployment_last_result",
    (*OF_APPLICATION, RESULT),
    "1 for the result of the last deployment or rollback that ended, else 0.",
)
DEPLOYMENT_FINISHED = _gauge(
    "coolify_deployment_last_finished_timestamp_seconds",
    OF_APPLICATION,
    "When the last deployment or rollback ended.",
)
DEPLOYMENT_DURATION = _gauge(
    "coolify_deployment_last_duration_seconds", OF_APPLICATION, "Its time from request to end, waiting included."
)

# Scheduled backups of databases.
BACKUP_ENABLED = _gauge("coolify_backup_enabled", OF_BACKUP, "1 if the schedule is switched on.")
BACKUP_INTERVAL = _gauge(
    "coolify_backup_interval_seconds", OF_BACKUP, "Longest time between two runs of the schedule, rounded up."
)
BACKUP_RESULT = _gauge("coolify_backup_last_result", (*OF_BACKUP, RESULT), "1 for the result of the last run, else 0.")
BACKUP_FINISHED = _gauge("coolify_backup_last_finished_timestamp_seconds", OF_BACKUP, "When the last run ended.")
BACKUP_SUCCESS = _gauge(
    "coolify_backup_last_success_timestamp_seconds", OF_BACKUP, "End of the last good run that the exporter saw."
)
BACKUP_SIZE = _gauge("coolify_backup_last_size_bytes", OF_BACKUP, "Size of the last run's file.")
BACKUP_UPLOADED = _gauge("coolify_backup_last_uploaded", OF_BACKUP, "1 if the last run's file went to S3, 0 if not.")

METRICS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))

# What prometheus_client says of the process itself; these are on no page of ours in a test, and on every real one.
PROCESS: Final = (
    _gauge("process_virtual_memory_bytes", (), "Virtual memory size in bytes."),
    _gauge("process_resident_memory_bytes", (), "Resident memory size in bytes."),
    _gauge("process_start_time_seconds", (), "Start time of the process since unix epoch in seconds."),
    _counter("process_cpu_seconds_total", (), "Total user and system CPU time spent in seconds."),
    _gauge("process_open_fds", (), "Number of open file descriptors."),
    _gauge("process_max_fds", (), "Maximum number of open file descriptors."),
    _gauge("python_info", ("implementation", "major", "minor", "patchlevel", "version"), "Python platform information"),
)
