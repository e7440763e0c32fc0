"""The names that two places use: labels, scrape jobs and recorded series. No other module spells one.

Levels: `container` is one container, `component` all containers that play the same part in a service, `service` all
of a service on one server, `server` one machine. A recorded constant (`plan`, `desired`, `threshold`, `per_replica`,
`bool`) is what the topology says; the other operations are measured.
"""

from __future__ import annotations

# Labels. `server` is a target label on every job. `service`, `component` and `resource` are made at scrape time
# (boxwatch.stack.containers): the first two from the topology's selectors; `resource` is the name in Coolify, or in the
# compose file, and empty for a container without such labels.
SERVER = "server"
SERVICE = "service"
COMPONENT = "component"
RESOURCE = "resource"
NAME = "name"
KIND = "kind"
IDENTIFIED_BY = "identified_by"
# On Traefik's series, whose own `service` is the name of a router's service: the planned service if the topology names
# its routers, and the resource's uuid in Coolify otherwise.
PLANNED_SERVICE = "planned_service"
UUID = "uuid"
# On probes of single ports.
PORT = "port"
EXPECTED = "expected"  # open or closed

# Value of `resource` for Coolify's own build containers, which count as system overhead.
BUILD_RESOURCE = "coolify-helper"

BY_SERVER = SERVER
BY_SERVICE = f"{SERVER}, {SERVICE}"
BY_COMPONENT = f"{SERVER}, {SERVICE}, {COMPONENT}"
BY_CONTAINER = f"{SERVER}, {SERVICE}, {COMPONENT}, {RESOURCE}, {NAME}"

# Scrape jobs. Those of a kind of service carry its name as target label `service`, but for Traefik's and Coolify's:
# what they tell is about other services.
JOB_CADVISOR = "cadvisor"
JOB_NODE = "node"
JOB_DOCKER = "docker"
JOB_PROMETHEUS = "prometheus"
JOB_ALERTMANAGER = "alertmanager"
JOB_GRAFANA = "grafana"
JOB_BLACKBOX = "blackbox"  # the blackbox exporter itself
JOB_PROBE = "probe"  # public URLs, asked over HTTP
JOB_PROBE_PORTS = "probe-ports"  # ports of public addresses
JOB_POSTGRES = "postgres"
JOB_REDIS = "redis"
JOB_ELASTICSEARCH = "elasticsearch"
JOB_MINIO = "minio"
JOB_TRAEFIK = "traefik"
JOB_COOLIFY = "coolify"
JOB_APP = "app"  # metrics of the services' own making

# What the topology says, as recorded constants (rules/plan.py). By (server, service) unless the level says otherwise.
SERVICE_INFO = "service:info:plan"  # 1, with label kind
SERVICE_REPLICAS_DESIRED = "service:replicas:desired"
SERVICE_MEMORY_BUDGET = "service:memory_budget_bytes:sum"  # replicas × memory
SERVICE_PAGES = "service:pages:bool"  # 1 when its outage wakes someone
SERVICE_PAGE_CACHE_RECLAIMABLE = "service:page_cache_reclaimable:bool"
SERVICE_NEAR_BUDGET = "service:memory_near_budget:threshold"
SERVICE_NEAR_LIMIT = "service:memory_near_limit:threshold"
SERVICE_EXHAUSTED_WITHIN = "service:memory_exhausted_within_seconds:threshold"
SERVICE_RESTARTS_THRESHOLD = "service:restarts:threshold"
SERVICE_REPLACEMENTS_THRESHOLD = "service:replacements:threshold"
COMPONENT_REPLICAS_DESIRED = "component:replicas:desired"  # required components; label identified_by="label|name"
COMPONENT_MEMORY_BUDGET = "component:memory_budget_bytes:per_replica"  # where a container has a budget of its own
COMPONENT_MEMORY_LIMIT = "component:memory_limit_bytes:plan"  # where a limit is expected
SERVER_MEMORY_PLAN = "server:memory_bytes:plan"  # RAM as sold
SERVER_MEMORY_RESERVED = "server:memory_reserved_bytes:plan"
SERVER_MEMORY_BUDGET = "server:memory_budget_bytes:sum"  # all services
SERVER_MEMORY_PLANNED = "server:memory_planned_bytes:sum"  # all services and the reserve

# Memory as measured (rules/memory.py).
CONTAINER_MEMORY_WORKING_SET = "container:memory_working_set_bytes:max"  # what docker stats shows
CONTAINER_MEMORY_UNRECLAIMABLE = "container:memory_unreclaimable_bytes:max"  # what the OOM killer judges
CONTAINER_MEMORY_USED = "container:memory_used_bytes:max"  # what is held against the budget
CONTAINER_MEMORY_BUDGET_RATIO = "container:memory_budget:ratio"
CONTAINER_MEMORY_LIMIT = "container:memory_limit_bytes:max"  # limit in force; 0 is none
CONTAINER_MEMORY_LIMIT_RATIO = "container:memory_limit:ratio"  # unreclaimable against the limit in force
CONTAINER_MEMORY_EXHAUSTION = "container:memory_exhaustion_seconds:deriv6h"  # time until the budget is reached
CONTAINER_OOM_EVENTS = "container:oom_events:increase10m"
SERVICE_MEMORY_USED = "service:memory_used_bytes:sum"
SERVICE_MEMORY_BUDGET_RATIO = "service:memory_budget:ratio"
SERVER_MEMORY_TOTAL = "server:memory_total_bytes:max"
SERVER_MEMORY_USED = "server:memory_used_bytes:max"  # total - available
SERVER_MEMORY_CONTAINERS = "server:memory_containers_bytes:sum"  # all containers, as held against budgets
SERVER_MEMORY_UNPLANNED = "server:memory_unplanned_bytes:sum"  # containers outside the plan
SERVER_MEMORY_OVERHEAD = "server:memory_overhead_bytes:max"  # what is used beside containers

# Replicas as measured (rules/replicas.py).
SERVER_CONTAINERS_VISIBLE = "server:containers_visible:bool"  # 1 while cAdvisor names the server's containers
COMPONENT_REPLICAS_RUNNING = "component:replicas:running"  # 0 when none runs; absent while cAdvisor is blind
COMPONENT_REPLICAS_HEALTHY = "component:replicas:healthy"  # running, and healthy or without health check
COMPONENT_RESTARTS = "component:restarts:max15m"  # of the container with the most
COMPONENT_REPLACEMENTS = "component:replacements:count1h"
SERVICE_REPLICAS_RUNNING = "service:replicas:running"  # the least of its components
CONTAINER_START_TIME = "container:start_time_seconds:max"
CONTAINER_CPU = "container:cpu_usage_seconds:rate5m"

# Databases, caches and stores as measured (rules/postgres.py, …), by (server, service).
SERVICE_POSTGRES_CONNECTIONS = "service:postgres_connections:ratio"  # of those that clients may open
