"""The plan as recorded constants: the topology's numbers, for dashboards and alerts to join on.

A second server or a new budget changes this rule file and no other. `vector(…)` has no labels, so each constant is a
rule of its own whose labels name the server, service and component.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.rules import names
from boxwatch.rules.model import Group, Measured, Record, Sample, Subject
from boxwatch.rules.patterns.fragments import number
from boxwatch.topology.model import Selector, Server, Service, Topology
from boxwatch.topology.settings import Objectives

ID = names.PLAN_SUBJECT


def subject(topology: Topology) -> Subject:
    """All constants of a topology, and the proof that they are recorded as planned."""
    constants = (
        *(constant for server in topology.servers for constant in _server(topology, server)),
        *(
            constant
            for server in topology.servers
            for service in topology.services_on(server.name)
            for constant in _service(topology, server.name, service)
        ),
    )
    planned = {name for name, _, _ in constants}
    records = (
        *(
            Record(record=name, expr=f"vector({number(value)})", labels=labels, doc=DOCS[name])
            for name, labels, value in constants
        ),
        *(
            Record(record=name, expr="vector(0) unless vector(0)", doc=doc)
            for name, doc in _NOTHING.items()
            if name not in planned
        ),
    )
    return Subject(
        id=ID,
        title="The plan",
        groups=(Group(name=ID, rules=records),),
        measured=tuple(
            Measured(
                title=f"{name} is what the topology says",
                expr=name,
                at=60,
                samples=tuple(
                    Sample(labels={"__name__": name, **labels}, value=value)
                    for other, labels, value in constants
                    if other == name
                ),
            )
            for name in (DOCS if len(constants) <= _MEASURED_AT_MOST else ())
            if any(name == other for other, _, _ in constants)
        ),
    )


# Above this many constants, their promtool test would take longer than all proofs together; the same code makes the
# constants of small and large plans.
_MEASURED_AT_MOST = 1000

_Constant = tuple[str, dict[str, str], float]

# What rules and dashboards read of every plan, and some plans say of nothing: no series, but a name.
_NOTHING: dict[str, str] = {
    names.COMPONENT_MEMORY_BUDGET: "Nothing: the plan states no component's RAM.",
    names.COMPONENT_MEMORY_LIMIT: "Nothing: the plan states no memory limit.",
}

DOCS: dict[str, str] = {
    names.SERVER_MEMORY_PLAN: "RAM of the server as sold, bytes.",
    names.SERVER_CONTAINERS_PLAN: "1 for a server whose containers are measured; absent for any other.",
    names.SERVER_MEMORY_RESERVED: "RAM kept for the operating system, Docker and builds, bytes.",
    names.SERVER_MEMORY_BUDGET: "RAM planned for all services of the server, bytes.",
    names.SERVER_MEMORY_PLANNED: "RAM planned for all services and the reserve, bytes.",
    names.SERVICE_INFO: "Always 1; its label `kind` is the kind of service.",
    names.SERVICE_REPLICAS_DESIRED: "Replicas that should run.",
    names.SERVICE_MEMORY_BUDGET: "RAM planned for all replicas together, bytes.",
    names.SERVICE_PAGES: "1 if an outage pages someone, 0 if it opens a ticket.",
    names.SERVICE_PAGE_CACHE_RECLAIMABLE: "1 if page cache does not count towards the budget.",
    names.SERVICE_NEAR_BUDGET: "Share of its budget above which a container is near it.",
    names.SERVICE_NEAR_LIMIT: "Share of its limit above which a container risks an OOM kill.",
    names.SERVICE_EXHAUSTED_WITHIN: "Horizon in seconds: a trend that reaches the budget sooner is reported.",
    names.SERVICE_RESTARTS_THRESHOLD: "Restarts of one container within 15 minutes that count as a crash loop.",
    names.SERVICE_REPLACEMENTS_THRESHOLD: "Replacements per replica and hour that are tolerated.",
    names.SERVICE_ROUTERS: "Number of names in Traefik given by the topology: routers, else compose services.",
    names.SERVICE_AVAILABILITY: "Objective: share of requests that must not fail with a 5xx, if there is one.",
    names.SERVICE_LATENCY: "Objective: share of requests that must be answered in time, if there is one.",
    names.SERVICE_LATENCY_WITHIN: (
        "Objective: response time in seconds; le is the bucket of Traefik's histogram, in both notations."
    ),
    names.COMPONENT_REPLICAS_DESIRED: "Containers of this component that should run.",
    names.COMPONENT_MEMORY_BUDGET: "RAM planned for one container of this component, bytes.",
    names.COMPONENT_MEMORY_LIMIT: "Memory limit that Docker should enforce for one container, bytes.",
}


def _server(topology: Topology, server: Server) -> Iterator[_Constant]:
    labels = {names.SERVER: server.name}
    budget = sum(service.memory * service.replicas for service in topology.services_on(server.name))
    yield names.SERVER_MEMORY_PLAN, labels, server.memory
    if server.watches_containers:
        yield names.SERVER_CONTAINERS_PLAN, labels, 1
    yield names.SERVER_MEMORY_RESERVED, labels, server.reserved
    yield names.SERVER_MEMORY_BUDGET, labels, budget
    yield names.SERVER_MEMORY_PLANNED, labels, budget + server.reserved


def _service(topology: Topology, server: str, service: Service) -> Iterator[_Constant]:
    labels = {names.SERVER: server, names.SERVICE: service.name}
    yield names.SERVICE_INFO, {**labels, names.KIND: service.kind}, 1
    yield names.SERVICE_PAGES, labels, int(service.wakes)
    routers = len(service.routers) or sum(selector.compose_service is not None for selector in service.selectors)
    yield names.SERVICE_ROUTERS, labels, routers
    if service.faces_users:
        yield from _objectives(labels, topology.objectives_of(service))
    if service in topology.containers_on(server):
        yield from _containers(topology, labels, service)


def _containers(topology: Topology, labels: dict[str, str], service: Service) -> Iterator[_Constant]:
    """What is planned of containers. Of a service without any it would only be missed."""
    thresholds = topology.thresholds_of(service)
    yield names.SERVICE_REPLICAS_DESIRED, labels, service.replicas
    yield names.SERVICE_MEMORY_BUDGET, labels, service.memory * service.replicas
    yield names.SERVICE_PAGE_CACHE_RECLAIMABLE, labels, int(service.page_cache_reclaimable)
    yield names.SERVICE_NEAR_BUDGET, labels, thresholds.memory_near_budget
    yield names.SERVICE_NEAR_LIMIT, labels, thresholds.memory_near_limit
    yield names.SERVICE_EXHAUSTED_WITHIN, labels, thresholds.memory_exhausted_within
    yield names.SERVICE_RESTARTS_THRESHOLD, labels, thresholds.restarts
    yield names.SERVICE_REPLACEMENTS_THRESHOLD, labels, thresholds.replacements
    for component in service.components:
        yield from _component(labels, service, component)


def _objectives(labels: dict[str, str], objectives: Objectives) -> Iterator[_Constant]:
    yield names.SERVICE_AVAILABILITY, labels, objectives.availability
    yield names.SERVICE_LATENCY, labels, objectives.latency
    within = objectives.latency_within
    # Prometheus 3 writes le="5.0" for what Traefik, Prometheus 2 and VictoriaMetrics write as le="5".
    for bound in dict.fromkeys((number(within), repr(float(within)))):
        yield names.SERVICE_LATENCY_WITHIN, {**labels, names.LE: bound}, within


def _component(labels: dict[str, str], service: Service, component: Selector) -> Iterator[_Constant]:
    part = {**labels, names.COMPONENT: component.component} if component.component else labels
    if not component.optional:
        selected = [s for s in service.selectors if s.component == component.component]
        by = (
            "label"
            if any(s.resource for s in selected)
            else "compose"
            if any(s.compose_service for s in selected)
            else "name"
        )
        identified = {names.IDENTIFIED_BY: by}
        yield names.COMPONENT_REPLICAS_DESIRED, {**part, **identified}, service.replicas
    # With a single component, one container is one replica; otherwise each component needs its own budget.
    budget = service.memory if len(service.components) == 1 else component.memory
    if budget is None:
        return
    yield names.COMPONENT_MEMORY_BUDGET, part, budget
    if service.limit == "none":
        return
    # A stated limit applies to a replica; for a component of several, its memory is the limit.
    limit = budget if service.limit is None or len(service.components) > 1 else service.limit
    yield names.COMPONENT_MEMORY_LIMIT, part, limit
