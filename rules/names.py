"""Names used in more than one place: labels, scrape jobs and recorded series. No other module spells them out.

Levels: `container` is a single container, `component` all containers with the same role in a service, `service` all
containers of a service on one server, `server` a whole server. Recorded constants (`plan`, `desired`, `threshold`,
`per_replica`, `bool`) come from the topology; all other operations are measured.
"""

from __future__ import annotations

# Labels. `server` is a target label on every job. `service`, `component` and `resource` are made at scrape time
# (boxwatch.stack.containers): the first two from the topology's selectors; `resource` is the name in Coolify or in the
# compose file, empty for a container without such labels.
DEPLOYMENT = "deployment"  # only in a shared Prometheus
SERVER = "server"
SERVICE = "service"
COMPONENT = "component"
RESOURCE = "resource"
NAME = "name"
DEVICE = "device"  # of disks and arrays, as node_exporter names them
KIND = "kind"
IDENTIFIED_BY = "identified_by"
# On Traefik's series, whose own `service` is the name of a router's service: the planned service if the topology names
# its routers, otherwise the resource's uuid in Coolify.
PLANNED_SERVICE = "planned_service"
UUID = "uuid"
ROUTER = "router"  # a Traefik service as named in its metrics: https-0-UUID@docker
CODE = "code"
LE = "le"
# On probes of single ports.
PORT = "port"
EXPECTED = "expected"  # open or closed

# On test alerts: the receiver that one is meant for (boxwatch.publish.test_alerts).
TEST_RECEIVER = "boxwatch_test_receiver"

# Value of `resource` for Coolify's own build containers, which count as system overhead.
BUILD_RESOURCE = "coolify-helper"

BY_SERVER = SERVER
BY_DEVICE = f"{SERVER}, {DEVICE}"
BY_SERVICE = f"{SERVER}, {SERVICE}"
BY_COMPONENT = f"{SERVER}, {SERVICE}, {COMPONENT}"
BY_TARGET = f"{SERVER}, {SERVICE}, job"
BY_PROBE = f"{BY_SERVICE}, instance"
BY_ROUTER = f"{SERVER}, {ROUTER}"
BY_CONTAINER = f"{SERVER}, {SERVICE}, {COMPONENT}, {RESOURCE}, {NAME}"

# Scrape jobs. A kind's own jobs are named in its record (boxwatch.topology.kinds); those of Traefik and Coolify are
# here too, because several subjects read them.
JOB_CADVISOR = "cadvisor"
JOB_NODE = "node"
JOB_DOCKER = "docker"
JOB_PROMETHEUS = "prometheus"
JOB_ALERTMANAGER = "alertmanager"
JOB_GRAFANA = "grafana"
JOB_BLACKBOX = "blackbox"  # the blackbox exporter itself
JOB_PROBE = "probe"  # public URLs, probed over HTTP
JOB_PROBE_PORTS = "probe-ports"  # ports of public addresses
JOB_TRAEFIK = "traefik"
JOB_COOLIFY = "coolify"
JOB_APP = "app"  # applications' own metrics

# Id of the subject that records the constants below; proofs take them as input instead of loading it.
PLAN_SUBJECT = "plan"

# The topology as recorded constants (rules/plan/plan.py), by (server, service) unless the level says otherwise.
SERVICE_INFO = "service:info:plan"  # 1, with label kind
SERVICE_REPLICAS_DESIRED = "service:replicas:desired"
SERVICE_MEMORY_BUDGET = "service:memory_budget_bytes:sum"  # replicas × memory
SERVICE_PAGES = "service:pages:bool"  # 1 if its outage pages someone
SERVICE_PAGE_CACHE_RECLAIMABLE = "service:page_cache_reclaimable:bool"
SERVICE_NEAR_BUDGET = "service:memory_near_budget:threshold"
SERVICE_NEAR_LIMIT = "service:memory_near_limit:threshold"
SERVICE_EXHAUSTED_WITHIN = "service:memory_exhausted_within_seconds:threshold"
SERVICE_RESTARTS_THRESHOLD = "service:restarts:threshold"
SERVICE_REPLACEMENTS_THRESHOLD = "service:replacements:threshold"
SERVICE_ROUTERS = "service:routers:plan"  # number of names in Traefik given by the topology
SERVICE_AVAILABILITY = "service:availability:objective"  # share of requests without a 5xx, for user-facing services
SERVICE_LATENCY = "service:latency:objective"  # share of requests answered within the next
SERVICE_LATENCY_WITHIN = "service:latency_within_seconds:objective"  # with label le, in both notations
SERVER_LABELS_MISSING = "server:containers:labels_missing"
COMPONENT_REPLICAS_DESIRED = (
    "component:replicas:desired"  # required components; label identified_by="label|compose|name"
)
COMPONENT_MEMORY_BUDGET = "component:memory_budget_bytes:per_replica"  # only if a container has a budget of its own
COMPONENT_MEMORY_LIMIT = "component:memory_limit_bytes:plan"  # only if a limit is expected
SERVER_MEMORY_PLAN = "server:memory_bytes:plan"  # RAM as sold
SERVER_CONTAINERS_PLAN = "server:containers:plan"  # 1 where containers are measured
SERVER_MEMORY_RESERVED = "server:memory_reserved_bytes:plan"
SERVER_MEMORY_BUDGET = "server:memory_budget_bytes:sum"  # all services
SERVER_MEMORY_PLANNED = "server:memory_planned_bytes:sum"  # all services and the reserve

# Memory as measured (rules/memory/memory.py).
CONTAINER_MEMORY_WORKING_SET = "container:memory_working_set_bytes:max"  # as in docker stats
CONTAINER_MEMORY_UNRECLAIMABLE = "container:memory_unreclaimable_bytes:max"  # the OOM killer judges by it
CONTAINER_MEMORY_USED = "container:memory_used_bytes:max"  # counted towards the budget
CONTAINER_MEMORY_BUDGET_RATIO = "container:memory_budget:ratio"
CONTAINER_MEMORY_LIMIT = "container:memory_limit_bytes:max"  # limit in force; 0 means none
CONTAINER_MEMORY_LIMIT_RATIO = "container:memory_limit:ratio"  # unreclaimable share of the limit in force
CONTAINER_MEMORY_EXHAUSTION = "container:memory_exhaustion_seconds:deriv6h"  # time until the budget is reached
CONTAINER_OOM_EVENTS = "container:oom_events:increase10m"
SERVICE_MEMORY_USED = "service:memory_used_bytes:sum"
SERVICE_MEMORY_BUDGET_RATIO = "service:memory_budget:ratio"
SERVER_MEMORY_TOTAL = "server:memory_total_bytes:max"
SERVER_MEMORY_USED = "server:memory_used_bytes:max"  # total - available
SERVER_MEMORY_CONTAINERS = "server:memory_containers_bytes:sum"  # all containers, as counted towards budgets
SERVER_MEMORY_UNPLANNED = "server:memory_unplanned_bytes:sum"  # containers outside the plan
SERVER_MEMORY_OVERHEAD = "server:memory_overhead_bytes:max"  # in use outside containers

# Replicas as measured (rules/replicas/replicas.py).
SERVER_CONTAINERS_VISIBLE = "server:containers_visible:bool"  # 1 while cAdvisor names the server's containers
COMPONENT_REPLICAS_RUNNING = "component:replicas:running"  # 0 if none runs; absent while cAdvisor is blind
COMPONENT_REPLICAS_HEALTHY = "component:replicas:healthy"  # running, and healthy or without a health check
COMPONENT_RESTARTS = "component:restarts:max15m"  # of the most restarted container
COMPONENT_REPLACEMENTS = "component:replacements:count1h"
SERVICE_REPLICAS_RUNNING = "service:replicas:running"  # minimum over its components
CONTAINER_START_TIME = "container:start_time_seconds:max"
CONTAINER_CPU = "container:cpu_usage_seconds:rate5m"

# Containers at their limits (rules/containers/container_health.py), and the Docker engine (docker_engine.py).
CONTAINER_CPU_THROTTLED = "container:cpu_throttled:ratio5m"  # share of its CPU periods in which it was throttled
CONTAINER_MEMORY_STALLED = "container:memory_stalled:ratio5m"  # share of time all its processes waited for memory
SERVER_CONTAINER_STARTS = "server:container_starts:increase1h"
SERVER_CONTAINERS_PAUSED = "server:containers_paused:max"

# Servers as measured (rules/host/host.py). `device` is one disk of a server, however often it is mounted.
SERVER_CPU_USED = "server:cpu_used:ratio5m"
SERVER_CPU_WAITING = "server:cpu_waiting:ratio5m"  # share of time in which some process waited for a CPU
SERVER_MEMORY_AVAILABLE = "server:memory_available:ratio"
SERVER_MEMORY_WAITING = "server:memory_waiting:ratio5m"
SERVER_MEMORY_STALLED = "server:memory_stalled:ratio5m"  # share of time in which no process made progress
SERVER_SWAPPED = "server:swapped_pages:rate5m"  # the lower of the rates in and out
SERVER_IO_WAITING = "server:io_waiting:ratio5m"
SERVER_IO_STALLED = "server:io_stalled:ratio5m"
SERVER_NETWORK_RECEIVED = "server:network_received_bytes:rate5m"
SERVER_NETWORK_SENT = "server:network_sent_bytes:rate5m"
SERVER_CONNTRACK = "server:conntrack:ratio"
DEVICE_DISK_SIZE = "device:disk_size_bytes:max"
DEVICE_DISK_FREE = "device:disk_free:ratio"
DEVICE_DISK_EXHAUSTION = "device:disk_exhaustion_seconds:deriv1d"  # time until full, if the trend continues
DEVICE_INODES_FREE = "device:inodes_free:ratio"
DEVICE_READ_ONLY = "device:read_only:bool"
# Requests as counted by Traefik (rules/requests/requests.py). `server` is the one whose Traefik responded.
UUID_RUNNING = "uuid:containers_running:bool"  # 1; a resource of Coolify with a running container
UUID_SERVICE = "uuid:service:last1d"  # 1; maps a Coolify resource to its planned service
ROUTER_SERVICE = "router:service:last5m"  # 1; maps a Traefik router to its planned service
CODE_REQUESTS = "code:requests:rate5m"  # by (server, service, code)
BUCKET_REQUESTS = "bucket:requests:rate5m"  # by (server, service, le): the histogram of response times
SERVICE_REQUESTS = "service:requests:rate5m"
SERVICE_REQUEST_ERRORS = "service:request_errors:rate5m"  # answered with 5xx; 0 if none
SERVICE_REQUESTS_SLOW = "service:requests_slow:rate5m"  # slower than the objective
SERVER_REQUESTS_UNROUTED = "server:requests_unrouted:rate5m"  # answered with 404 by Traefik itself
SERVICE_REQUESTS_EXPECTED = "service:requests_expected:min1h"  # minimum at this time yesterday, if traffic is steady
ROUTER_REQUESTS_UNPLANNED = "router:requests_unplanned:rate5m"  # by (server, router): of no planned service

# Objectives (rules/slo/slo.py). Names that end in `ratio` or `count` are followed by a window: …:ratio1h.
SERVICE_REQUESTS_HOURLY = "service:requests:hourly"  # requests of the previous hour, in the first minute of each hour
SERVICE_ERRORS_HOURLY = "service:request_errors:hourly"
SERVICE_SLOW_HOURLY = "service:requests_slow:hourly"
SERVICE_ERRORS_RATIO = "service:request_errors:ratio"  # 5m, 30m, 1h, 2h, 6h, 1d, 3d, 30d
SERVICE_SLOW_RATIO = "service:requests_slow:ratio"
SERVICE_ERRORS_COUNT = "service:request_errors:count"  # 1h, 6h, 1d, 3d
SERVICE_SLOW_COUNT = "service:requests_slow:count"
SERVICE_AVAILABILITY_LEFT = "service:availability_budget:left30d"  # 1 is untouched, 0 used up, below 0 overspent
SERVICE_LATENCY_LEFT = "service:latency_budget:left30d"
# What has worked since it is scraped (rules/patterns/worked.py): 1, and absent for what never has.
TARGET_WORKED = "target:worked:bool"  # by (server, service, job): it answered Prometheus
SERVICE_REACHED = "service:reached:bool"  # by (server, service, job): its exporter reached it
PROBE_WORKED = "probe:worked:bool"  # by (server, service, instance): the URL has answered the prober
SERVER_CONTAINERS_SEEN = "server:containers_seen:bool"  # cAdvisor named containers
# Databases, caches and stores as measured (rules/postgres/postgres.py, …), by (server, service).
SERVICE_POSTGRES_CONNECTIONS = "service:postgres_connections:ratio"  # share of the connections available to clients
