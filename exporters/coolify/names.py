"""Metric names, labels and label values of the Coolify exporter, defined once; rules and dashboards import them.

A `Metric` is the name under which Prometheus stores it, with its type, labels and help:

    >>> f"{UP} == 0"
    'coolify_up == 0'
    >>> UP.labels
    ('account',)

Project, environment, resource and uuid identify a resource. Deployment uuid, commit and container name change with
every deploy and are never labels. No label is called `server`, `service`, `job` or `instance`: those belong to the
target.
"""

from __future__ import annotations

from typing import Final

# Labels.
ACCOUNT: Final = "account"  # one URL and token, as the exporter's configuration names it; a token sees one team
COOLIFY_SERVER: Final = "coolify_server"  # the server's name in Coolify; `server` is the target's label
TYPE: Final = "type"  # application, service or database: equals the container label coolify.type
PROJECT: Final = "project"
ENVIRONMENT: Final = "environment"
RESOURCE: Final = "resource"  # slug of the name: equals the container label coolify.resourceName
UUID: Final = "uuid"  # equals the container label com.docker.compose.project
PART: Final = "part"  # container of a service: equals the container label coolify.serviceName
BACKUP: Final = "backup"  # uuid of the schedule
TASK: Final = "task"  # uuid of a scheduled task
DOMAIN: Final = "domain"
SCHEME: Final = "scheme"
NAME: Final = "name"  # as entered in Coolify
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
ROLE: Final = "role"
OF_DATABASE: Final = "database"  # name of a database within a database server, as its backup schedule names it

OF_SERVER: Final = (ACCOUNT, COOLIFY_SERVER, UUID)
OF_APPLICATION: Final = (ACCOUNT, PROJECT, ENVIRONMENT, RESOURCE, UUID)
OF_RESOURCE: Final = (ACCOUNT, TYPE, PROJECT, ENVIRONMENT, RESOURCE, UUID)
OF_PART: Final = (*OF_APPLICATION, PART)
OF_BACKUP: Final = (*OF_APPLICATION, BACKUP)
OF_TASK: Final = (*OF_RESOURCE, TASK)

# Label values. Each list is closed: the exporter exposes no other value.
APPLICATION: Final = "application"
SERVICE: Final = "service"
DATABASE: Final = "database"
TYPES: Final = (APPLICATION, SERVICE, DATABASE)
STATES: Final = ("running", "starting", "restarting", "degraded", "paused", "exited", "unknown")
PROXY_STATES: Final = (*STATES[:2], "stopping", *STATES[2:])
STANDALONE: Final = "standalone"  # runs containers, and is not part of a swarm
BUILD: Final = "build"
SWARM_MANAGER: Final = "swarm_manager"
SWARM_WORKER: Final = "swarm_worker"
ROLES: Final = (STANDALONE, BUILD, SWARM_MANAGER, SWARM_WORKER)
HEALTHS: Final = ("healthy", "unhealthy", "starting", "unknown")
ACTIVE: Final = ("queued", "in_progress")
RESULTS: Final = ("finished", "failed", "cancelled")
KINDS: Final = ("deployment", "rollback", "restart", "preview")
BACKUP_RESULTS: Final = ("success", "failed", "running", "unknown")

UNREACHABLE: Final = "unreachable"  # no connection, or no complete response in time
UNAUTHORISED: Final = "unauthorised"  # the token is wrong or expired, or its team was deleted
FORBIDDEN: Final = "forbidden"  # the token lacks `read`, or the caller's address is not allowed
API_DISABLED: Final = "api_disabled"  # the API is switched off for the instance
RATE_LIMITED: Final = "rate_limited"
BAD_PAYLOAD: Final = "bad_payload"  # an unusable response: HTML, truncated, too large, an unexpected structure
SERVER_ERROR: Final = "server_error"  # 5xx
REDIRECTED: Final = "redirected"  # 3xx: never followed, because the token would go with it
REJECTED: Final = "rejected"  # any other 4xx: an unsupported version, or not Coolify
NO_TOKEN: Final = "no_token"  # noqa: S105 - a reason: the token file is missing, empty or unreadable
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
    "backups",
    "tasks",
    "task_runs",
    "cleanups",
)
# Sources that can be switched off; `domains` costs no request.
OPTIONAL: Final = ("deployments", "history", "services", "databases", "backups", "tasks", "task_runs", "cleanups")


class Metric(str):
    """A metric's name, with its type, labels and help."""

    __slots__ = ("help", "kind", "labels")
    kind: str
    labels: tuple[str, ...]
    help: str

    @classmethod
    def make(cls, kind: str, name: str, labels: tuple[str, ...], text: str) -> Metric:
        """A metric of the Prometheus type `kind`, with its labels in order of exposition."""
        metric = cls(name)
        metric.kind, metric.labels, metric.help = kind, labels, text
        return metric


def _gauge(name: str, labels: tuple[str, ...], text: str) -> Metric:
    return Metric.make("gauge", name, labels, text)


def _counter(name: str, labels: tuple[str, ...], text: str) -> Metric:
    return Metric.make("counter", name, labels, text)


# The API, and the exporter's requests to it.
UP = _gauge("coolify_up", (ACCOUNT,), "1 while Coolify answers and accepts the token.")
DOWN_REASON = _gauge("coolify_down_reason", (ACCOUNT, REASON), "1 for the reason that coolify_up is 0, else 0.")
VERSION_INFO = _gauge("coolify_version_info", (ACCOUNT, VERSION), "Coolify version; always 1.")
LAST_SUCCESS = _gauge(
    "coolify_last_success_timestamp_seconds", (ACCOUNT,), "Time of the last successful request; 0 before the first."
)
SOURCE_SUCCESS = _gauge(
    "coolify_source_success", (ACCOUNT, SOURCE), "1 if the last poll of every target of the source succeeded, else 0."
)
SOURCE_FAILURE_REASON = _gauge(
    "coolify_source_failure_reason",
    (ACCOUNT, SOURCE, REASON),
    "1 for the reason that the source fails; absent while it succeeds.",
)
SOURCE_DURATION = _gauge(
    "coolify_source_duration_seconds", (ACCOUNT, SOURCE), "Duration of the last poll of the source."
)
SOURCE_LAST_SUCCESS = _gauge(
    "coolify_source_last_success_timestamp_seconds",
    (ACCOUNT, SOURCE),
    "Last successful poll of the source's stalest target (history: of any target); 0 before the first.",
)
REQUESTS = _counter(
    "coolify_api_requests_total", (ACCOUNT, ENDPOINT, CODE), "Requests to Coolify, by endpoint and outcome."
)
RATE_LIMIT = _gauge(
    "coolify_api_rate_limit_requests", (ACCOUNT,), "Coolify's rate limit for the token's user, in requests per minute."
)
RATE_LIMIT_REMAINING = _gauge(
    "coolify_api_rate_limit_remaining_requests",
    (ACCOUNT,),
    "Requests left in the current minute, for all tokens of the user.",
)
BUDGET = _gauge(
    "coolify_api_budget_requests_per_second",
    (ACCOUNT,),
    "Rate at which the exporter's own rate limiter currently admits requests.",
)
UNPARSED = _counter(
    "coolify_unparsed_values_total", (ACCOUNT, SOURCE, FIELD), "Values skipped because they could not be parsed."
)
HISTORY_OLDEST_READ = _gauge(
    "coolify_history_oldest_read_timestamp_seconds",
    (ACCOUNT,),
    "Last read of the deployment history that has gone unread the longest.",
)
INTERNAL_ERRORS = _counter(
    "coolify_exporter_internal_errors_total", (ACCOUNT,), "Internal errors of the exporter from which it recovered."
)
BUILD_INFO = _gauge(
    "coolify_exporter_build_info", (VERSION, "revision"), "Version of the exporter and the commit it was built from."
)
SCRAPES = _counter("coolify_exporter_scrapes_total", (CODE,), "Answers to /metrics, by status code.")
RENDER_DURATION = _gauge("coolify_exporter_render_duration_seconds", (), "Duration of the last rendering of the page.")
RENDER_FAILURES = _counter("coolify_exporter_render_failures_total", (), "Renderings that failed; the last page stays.")
CONNECTIONS = _gauge("coolify_exporter_connections", (), "Open connections to the web server.")
CONNECTIONS_CLOSED = _counter(
    "coolify_exporter_connections_closed_total",
    (REASON,),
    "Connections the web server closed: timeout, evicted to make room, refused.",
)

DOCKER_DISK = _gauge(
    "coolify_docker_disk_bytes", (KIND,), "Disk space of Docker's objects on the exporter's server (--docker-socket)."
)
DOCKER_RECLAIMABLE = _gauge(
    "coolify_docker_disk_reclaimable_bytes", (KIND,), "Part of it that a prune would free: nothing running uses it."
)
DOCKER_FAILURES = _counter(
    "coolify_docker_disk_failures_total", (), "Requests for Docker's disk use that failed; the last answer stays."
)

# Servers.
SERVER_INFO = _gauge(
    "coolify_server_info", (*OF_SERVER, PROXY, "proxy_version", "coolify_host", ROLE), "A server of the team; always 1."
)
SERVER_REACHABLE = _gauge("coolify_server_reachable", OF_SERVER, "1 while Coolify reaches the server.")
SERVER_USABLE = _gauge("coolify_server_usable", OF_SERVER, "1 while Coolify can deploy to the server.")
SERVER_PROXY_STATE = _gauge(
    "coolify_server_proxy_state",
    (*OF_SERVER, STATE),
    "1 for the state of the proxy, else 0; absent where Coolify runs none.",
)
SERVER_PROXY_OUTDATED = _gauge(
    "coolify_server_proxy_outdated",
    OF_SERVER,
    "1 if Coolify knows of a newer Traefik release than the server runs, else 0.",
)
SERVER_SENTINEL_ENABLED = _gauge(
    "coolify_server_sentinel_enabled", OF_SERVER, "1 if Sentinel should report from the server, else 0."
)
SERVER_SENTINEL_PUSH = _gauge(
    "coolify_server_sentinel_last_push_timestamp_seconds", OF_SERVER, "Time of Sentinel's last report to Coolify."
)
SERVER_SENTINEL_INTERVAL = _gauge(
    "coolify_server_sentinel_push_interval_seconds", OF_SERVER, "Configured interval between Sentinel's reports."
)
SERVER_BUILDS = _gauge("coolify_server_concurrent_builds", OF_SERVER, "Maximum number of concurrent deployments.")
SERVER_QUEUE_LIMIT = _gauge("coolify_server_deployment_queue_limit", OF_SERVER, "Maximum number of queued deployments.")
SERVER_TIMEOUT = _gauge(
    "coolify_server_deployment_timeout_seconds",
    OF_SERVER,
    "Deployment timeout, after which Coolify kills the deployment.",
)

CLEANUP_RESULT = _gauge(
    "coolify_server_cleanup_last_result",
    (*OF_SERVER, RESULT),
    "1 for the result of the last Docker clean-up of the server, else 0.",
)
CLEANUP_STARTED = _gauge(
    "coolify_server_cleanup_last_started_timestamp_seconds", OF_SERVER, "Start of the last Docker clean-up."
)
CLEANUP_OVERDUE = _gauge(
    "coolify_server_cleanup_overdue_seconds",
    OF_SERVER,
    "Seconds by which the next clean-up was late when they were last read; absent unless one should run.",
)

# Applications, services and databases.
RESOURCE_INFO = _gauge(
    "coolify_resource_info", (*OF_RESOURCE, NAME, SUBTYPE, COOLIFY_SERVER), "A resource and where it runs; always 1."
)
RESOURCE_STATE = _gauge(
    "coolify_resource_state", (*OF_RESOURCE, STATE), "1 for the current state of the containers, else 0."
)
RESOURCE_HEALTH = _gauge(
    "coolify_resource_health",
    (*OF_RESOURCE, STATE),
    "1 for the current health, else 0; unknown: no health check is defined.",
)
RESOURCE_EXCLUDED = _gauge(
    "coolify_resource_excluded",
    OF_RESOURCE,
    "1 if all containers are deliberately excluded from health checks, else 0.",
)
RESOURCE_SERVER_REACHABLE = _gauge(
    "coolify_resource_server_reachable",
    OF_RESOURCE,
    "1 while Coolify reaches and can use the resource's servers; at 0 the state is meaningless.",
)
RESOURCE_LAST_ONLINE = _gauge(
    "coolify_resource_last_online_timestamp_seconds",
    OF_RESOURCE,
    "Time Coolify last wrote the status: at any change of it, and at each check over SSH.",
)
RESOURCE_RESTARTS = _gauge(
    "coolify_resource_restarts", OF_RESOURCE, "Restarts since the last deployment; stays 0 while Sentinel reports."
)
RESOURCE_RESTART_LIMIT = _gauge(
    "coolify_resource_restart_limit", OF_RESOURCE, "Restarts after which Coolify stops the resource; 0: never."
)
RESOURCE_RESTART_LIMIT_REACHED = _gauge(
    "coolify_resource_restart_limit_reached",
    OF_RESOURCE,
    "1 if Coolify stopped the resource for restarting too often, else 0.",
)
RESOURCE_LAST_RESTART = _gauge(
    "coolify_resource_last_restart_timestamp_seconds", OF_RESOURCE, "Time of the last restart that Coolify counted."
)
RESOURCE_MEMORY_LIMIT = _gauge("coolify_resource_memory_limit_bytes", OF_RESOURCE, "Memory limit; 0: none.")
RESOURCE_MEMORY_RESERVATION = _gauge(
    "coolify_resource_memory_reservation_bytes", OF_RESOURCE, "Memory reservation; 0: none."
)
RESOURCE_CPU_LIMIT = _gauge("coolify_resource_cpu_limit_cores", OF_RESOURCE, "CPU limit; 0: none.")
RESOURCE_PUBLIC = _gauge(
    "coolify_resource_public", OF_RESOURCE, "1 if the database's port is published to everybody, else 0."
)
DOMAIN_INFO = _gauge(
    "coolify_domain_info", (*OF_RESOURCE, DOMAIN, SCHEME), "A domain that a resource asks for; always 1."
)
PART_STATE = _gauge(
    "coolify_service_part_state", (*OF_PART, STATE), "1 for the current state of a service part, else 0."
)
PART_HEALTH = _gauge(
    "coolify_service_part_health", (*OF_PART, STATE), "1 for the current health of a service part, else 0."
)
PART_EXCLUDED = _gauge(
    "coolify_service_part_excluded", OF_PART, "1 if the part is excluded from the service's status, else 0."
)
PART_PUBLIC = _gauge(
    "coolify_service_part_public", OF_PART, "1 if a database's port in a service is published to everybody, else 0."
)
PART_LAST_ONLINE = _gauge(
    "coolify_service_part_last_online_timestamp_seconds", OF_PART, "Time Coolify last wrote the part's status."
)

# Deployments.
DEPLOYMENTS_ACTIVE = _gauge(
    "coolify_deployments_active", (ACCOUNT, COOLIFY_SERVER, STATUS), "Queued or running deployments."
)
DEPLOYMENTS_OLDEST = _gauge(
    "coolify_deployments_oldest_created_timestamp_seconds",
    (ACCOUNT, COOLIFY_SERVER, STATUS),
    "Time the oldest queued or running deployment was requested; absent if there is none.",
)
DEPLOYMENT_CREATED = _gauge(
    "coolify_deployment_active_created_timestamp_seconds",
    (*OF_APPLICATION, STATUS),
    "Time the application's oldest queued or running deployment was requested; absent if there is none.",
)
DEPLOYMENT_PROGRESS = _gauge(
    "coolify_deployment_active_progress_timestamp_seconds",
    (*OF_APPLICATION, STATUS),
    "Last update of that deployment: a running one writes log lines; absent if there is none.",
)
DEPLOYMENTS = _counter(
    "coolify_deployments_total",
    (*OF_APPLICATION, KIND, RESULT),
    "Deployments that have ended since the exporter began counting.",
)
DEPLOYMENT_RESULT = _gauge(
    "coolify_deployment_last_result",
    (*OF_APPLICATION, RESULT),
    "1 for the result of the last completed deployment or rollback, else 0.",
)
DEPLOYMENT_FINISHED = _gauge(
    "coolify_deployment_last_finished_timestamp_seconds",
    OF_APPLICATION,
    "End of the last completed deployment or rollback.",
)
DEPLOYMENT_DURATION = _gauge(
    "coolify_deployment_last_duration_seconds",
    OF_APPLICATION,
    "Its duration from request to end, including time in the queue.",
)

DEPLOYMENT_INFO = _gauge(
    "coolify_deployment_last_info",
    (*OF_APPLICATION, "trigger", "commit", "branch"),
    "What was deployed last: webhook, api or manual, commit and branch; one series for an application.",
)
DEPLOYMENT_WAITED = _gauge(
    "coolify_deployment_last_queue_seconds",
    OF_APPLICATION,
    "Its time in the queue, to a poll's accuracy; absent if the exporter did not see it active.",
)
DEPLOYMENT_DURATIONS = Metric.make(
    "histogram",
    "coolify_deployment_duration_seconds",
    (ACCOUNT, KIND, RESULT),
    "Durations of deployments that have ended, from request to end.",
)

# Scheduled database backups.
BACKUP_ENABLED = _gauge("coolify_backup_enabled", OF_BACKUP, "1 if the schedule is enabled, else 0.")
BACKUP_INTERVAL = _gauge(
    "coolify_backup_interval_seconds", OF_BACKUP, "Longest interval between two runs of the schedule."
)
BACKUP_RESULT = _gauge(
    "coolify_backup_last_result",
    (*OF_BACKUP, RESULT),
    "1 for the result of the last run, else 0; failed if it failed for any of its databases.",
)
BACKUP_FINISHED = _gauge("coolify_backup_last_finished_timestamp_seconds", OF_BACKUP, "End of the last run.")
BACKUP_SUCCESS = _gauge(
    "coolify_backup_last_success_timestamp_seconds",
    OF_BACKUP,
    "End of the last successful run, of the database for which it is the oldest.",
)
BACKUP_SIZE = _gauge(
    "coolify_backup_last_size_bytes", OF_BACKUP, "Size of the last run's files, of all its databases together."
)
BACKUP_S3 = _gauge("coolify_backup_upload_enabled", OF_BACKUP, "1 if the schedule stores its files in S3, else 0.")
BACKUP_UPLOADED = _gauge(
    "coolify_backup_last_uploaded", OF_BACKUP, "1 if all files of the last successful run were uploaded to S3, else 0."
)
BACKUP_DATABASE_SUCCESS = _gauge(
    "coolify_backup_database_last_success_timestamp_seconds",
    (*OF_BACKUP, OF_DATABASE),
    "End of the last successful run for one database of the schedule.",
)
BACKUP_DATABASE_SIZE = _gauge(
    "coolify_backup_database_last_size_bytes",
    (*OF_BACKUP, OF_DATABASE),
    "Size of the file of the last successful run for one database of the schedule.",
)
BACKUP_DATABASE_MEDIAN = _gauge(
    "coolify_backup_database_median_size_bytes",
    (*OF_BACKUP, OF_DATABASE),
    "Median size of up to 20 files before that one; absent while there are fewer than three.",
)

# Scheduled tasks.
TASK_INFO = _gauge("coolify_task_info", (*OF_TASK, NAME), "A scheduled task of an application or service; always 1.")
TASK_ENABLED = _gauge("coolify_task_enabled", OF_TASK, "1 if the task is enabled, else 0.")
TASK_INTERVAL = _gauge("coolify_task_interval_seconds", OF_TASK, "Longest interval between two runs of the task.")
TASK_RESULT = _gauge("coolify_task_last_result", (*OF_TASK, RESULT), "1 for the result of the last run, else 0.")
TASK_STARTED = _gauge("coolify_task_last_started_timestamp_seconds", OF_TASK, "Start of the last run.")
TASK_DURATION = _gauge("coolify_task_last_duration_seconds", OF_TASK, "Duration of the last run, if it has ended.")
TASK_SUCCESS = _gauge(
    "coolify_task_last_success_timestamp_seconds", OF_TASK, "End of the last successful of the latest 20 runs."
)
TASK_OVERDUE = _gauge(
    "coolify_task_overdue_seconds",
    OF_TASK,
    "Seconds by which the next run was late when runs were last read; absent unless the task should run.",
)

METRICS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))

# prometheus_client's process metrics: exposed by every running exporter, absent from the tests' expositions.
PROCESS: Final = (
    _gauge("process_virtual_memory_bytes", (), "Virtual memory size in bytes."),
    _gauge("process_resident_memory_bytes", (), "Resident memory size in bytes."),
    _gauge("process_start_time_seconds", (), "Start time of the process since unix epoch in seconds."),
    _counter("process_cpu_seconds_total", (), "Total user and system CPU time spent in seconds."),
    _gauge("process_open_fds", (), "Number of open file descriptors."),
    _gauge("process_max_fds", (), "Maximum number of open file descriptors."),
    _gauge("python_info", ("implementation", "major", "minor", "patchlevel", "version"), "Python platform information"),
)
