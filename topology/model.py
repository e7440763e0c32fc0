"""What is watched: servers, and the services that are planned to run on them.

Frozen pydantic models. Rules that need more than one value at a time are in `boxwatch.topology.validation.constraints`,
so that every mistake of a file is reported in one go.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt

from boxwatch.topology import fields, kinds
from boxwatch.topology.notifications import Notifications
from boxwatch.topology.settings import (
    TRAEFIK_BUCKETS,
    Alerts,
    ObjectiveOverrides,
    Objectives,
    Stack,
    ThresholdOverrides,
    Thresholds,
    Urls,
)
from boxwatch.topology.values import (
    Buckets,
    Disk,
    Host,
    HostPort,
    HttpUrl,
    KindName,
    Limit,
    Memory,
    Model,
    Name,
    Path,
    Pattern,
    Port,
    PublicAddress,
    Reserve,
    ScrapeInterval,
    Targets,
)

# Where cAdvisor and node_exporter answer unless the topology says otherwise.
NODE_PORT: Final = 9100
CADVISOR_PORT: Final = 8080


class Exporters(Model):
    """Where Prometheus reaches what a server exposes, each as host:port. Change one when you run it elsewhere."""

    node: HostPort
    """node_exporter: memory, disk and pressure of the server itself."""
    cadvisor: HostPort
    """cAdvisor: every container of the server."""
    docker: HostPort | None = None
    """The Docker engine's own metrics, where `metrics-addr` is set in its daemon.json. Left out: not scraped."""


class Server(Model):
    """One machine, and how much of it the plan may use."""

    name: Name
    cpus: Annotated[StrictInt, Field(ge=1, le=4096)]
    """vCPUs. Change it when the machine changes."""
    memory: Memory
    """RAM as sold: 32g. The kernel reports a little less; the rules allow for that."""
    disk: Disk
    """Disk as sold: 500GB."""
    reserved: Reserve = 0
    """RAM kept for the operating system, Docker and builds. Raise it when builds run on this server."""
    stated_total: Memory | None = None
    """What your own documents say the plan adds up to. A different sum is a warning that shows the arithmetic."""
    address: Host | None = None
    """Host name or IP by which Prometheus reaches this server. Leave it out for the server that Prometheus runs on."""
    exporters: Exporters | None = None
    """Where the exporters answer, if not on the usual ports of `address`."""
    public_address: PublicAddress | None = None
    """Address at which the world reaches this server. The probes then see that nothing answers there but what is
    `exposed`. Left out: not probed."""

    @property
    def targets(self) -> Exporters:
        """Where to scrape: as stated, else the usual ports of the address, else the stack's own containers."""
        if self.exporters is not None:
            return self.exporters
        return Exporters(node=self.reach("node-exporter", NODE_PORT), cadvisor=self.reach("cadvisor", CADVISOR_PORT))

    def reach(self, container: str, port: int) -> str:
        """host:port of something on this server: by its address, or by the container's name beside Prometheus."""
        return f"{container}:{port}" if self.address is None else _place(self.address, port)

    def public(self, port: int) -> str:
        """host:port at which the world would reach something on this server; empty without a public address."""
        return "" if self.public_address is None else _place(self.public_address, port)


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Selector(Model):
    """How to recognise the containers of a service. All keys that are given must match, each as a whole-value RE2."""

    resource: Pattern | None = None
    """The resource's name in Coolify (label coolify.resourceName): `web(-[0-9]+)?` matches web, web-1, web-2."""
    compose_service: Pattern | None = None
    """The service's key in a compose file (label com.docker.compose.service)."""
    name: Pattern | None = None
    """The container's name, for containers with a fixed one: `coolify-proxy`."""
    project: Pattern | None = None
    """The project in Coolify (label coolify.projectName). Needed where two projects use one resource name."""
    environment: Pattern | None = None
    """The environment in Coolify (label coolify.environmentName): `production`, where staging runs beside it."""
    component: Name | None = None
    """Which part of the service this is, when one replica is made of several containers."""
    memory: Memory | None = None
    """RAM of this component alone, when the service has several. Needed to watch the component's own limit; a
    component without it shares what the others leave of the service's RAM."""
    optional: StrictBool = False
    """True when the component may be absent without anything being wrong."""


class Service(Model):
    """One system of the deployment: how many replicas, with how much RAM each, and how to recognise them."""

    name: Name
    kind: KindName
    """What it is; decides what is watched beside RAM and replicas, and whether page cache counts as use."""
    server: Annotated[tuple[Name, ...], BeforeValidator(fields.one_or_many)]
    """The server it runs on, or a list of servers that each run `replicas` of it."""
    replicas: Annotated[StrictInt, Field(ge=0, le=1000)] = 1
    """Replicas on each server. 0 parks the service: planned, but not expected to run."""
    memory: Memory
    """RAM of one replica, all its components together."""
    assumed: StrictBool = False
    """True when nobody stated the RAM and it is our guess; the plan shows it as assumed."""
    limit: Limit | None = None
    """Memory limit that Docker should enforce on a replica. Left out: the same as `memory`. `none`: no limit is set."""
    ports: tuple[Port, ...] = ()
    """Ports it listens on. Two services of one server cannot share one."""
    exposed: StrictBool = False
    """True when its ports may answer on the server's public address."""
    url: HttpUrl | None = None
    """Public URL that the probes ask, for services that users reach."""
    metrics: Targets | None = None
    """Where its metrics are scraped, as host:port; one for each of its servers. `none`: not scraped. Left out: where
    the exporter of its kind usually answers."""
    metrics_path: Path | None = None
    """Path of the page there. Left out: /metrics, and MinIO's metrics v2 for minio (`/minio/metrics/v3` for v3)."""
    metrics_token_file: Path | None = None
    """File in Prometheus' container with the token that the page asks for, such as MinIO's. Never the token itself."""
    routers: tuple[Pattern, ...] = ()
    """Its names in Traefik's metrics (label service, without @docker), as regular expressions. Left out: found by its
    uuid in Coolify, which the Coolify exporter knows."""
    user_facing: StrictBool | None = None
    """Whether users wait for its answers, so that the objectives hold for it. Left out: yes for web, admin and api."""
    objectives: ObjectiveOverrides = ObjectiveOverrides()
    """Objectives that differ for this service."""
    pages: StrictBool | None = None
    """Whether its outage wakes someone. Left out: yes, except for coolify and monitoring, which make tickets."""
    page_cache: Literal["counted", "reclaimable"] | None = None
    """Whether page cache counts against the budget. Left out: decided by the kind."""
    containers: tuple[Selector, ...] = ()
    """How its containers are recognised; any of the list. Left out: Coolify resources NAME, NAME-1, NAME-2, …"""
    thresholds: ThresholdOverrides = ThresholdOverrides()
    """Thresholds that differ for this service."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The selectors in force: as stated, else by the service's own name in Coolify."""
        default = Selector.model_construct(
            resource=f"{self.name}(-[0-9]+)?", compose_service=None, name=None, project=None, environment=None,
            component=None, memory=None, optional=False,
        )  # fmt: skip
        return self.containers or (default,)

    @property
    def components(self) -> tuple[Selector, ...]:
        """One selector for each different component, in order. A plain service is one component without a name."""
        first: dict[str | None, Selector] = {}
        for selector in self.selectors:
            first.setdefault(selector.component, selector)
        return tuple(first.values())

    @property
    def page_cache_reclaimable(self) -> bool:
        """Whether page cache is left out when use is held against the budget."""
        if self.page_cache is not None:
            return self.page_cache == "reclaimable"
        return kinds.of(self.kind).page_cache

    @property
    def wakes(self) -> bool:
        """Whether an outage of it is critical, so that someone is woken, or a warning."""
        return kinds.of(self.kind).wakes if self.pages is None else self.pages

    @property
    def faces_users(self) -> bool:
        """Whether objectives hold for its requests."""
        return kinds.of(self.kind).user_facing if self.user_facing is None else self.user_facing


class Topology(Model):
    """The whole input: what runs where, with how much RAM and how many replicas."""

    version: Literal[1] = 1
    """Version of this file's format."""
    name: Name
    """Name of the deployment: Grafana folder, file headers."""
    scrape_interval: ScrapeInterval = 30
    """How often Prometheus scrapes and evaluates, 10s to 60s. 30s fits 2 GB of monitoring; shorter costs RAM in
    proportion, and beyond 60s the rules' windows of five minutes hold too few samples."""
    servers: Annotated[tuple[Server, ...], BeforeValidator(fields.named)]
    """The machines, each under its name. Add one when the first fills up."""
    services: Annotated[tuple[Service, ...], BeforeValidator(fields.named)]
    """What runs on them, each under its name."""
    thresholds: Thresholds = Thresholds()
    """When the alerts of all services speak."""
    alerts: Alerts = Alerts()
    """How patient the alerts are."""
    objectives: Objectives = Objectives()
    """What the users of all user-facing services were promised."""
    latency_buckets: Buckets = TRAEFIK_BUCKETS
    """Bounds of Traefik's histogram, in seconds, as its `--metrics.prometheus.buckets` says. Left out: its default."""
    stack: Stack = Stack()
    """Where the monitoring stack answers."""
    urls: Urls = Urls()
    """Where people reach the pieces, so that alerts can link to them."""
    notifications: Notifications | None = None
    """Who is told of alerts. Left out: nobody is, and the alerts are only shown."""

    def services_on(self, server: str) -> tuple[Service, ...]:
        """The services that are planned on one server, in the order of the file."""
        return tuple(service for service in self.services if server in service.server)

    def thresholds_of(self, service: Service) -> Thresholds:
        """The thresholds in force for one service."""
        return self.thresholds.model_copy(update=service.thresholds.model_dump(exclude_none=True))

    def objectives_of(self, service: Service) -> Objectives:
        """The objectives in force for one service."""
        return self.objectives.model_copy(update=service.objectives.model_dump(exclude_none=True))

    def services_of(self, kind: str) -> tuple[Service, ...]:
        """The services of one kind, in the order of the file.

        Raises:
            KeyError: there is no such kind.
        """
        name = kinds.of(kind).name
        return tuple(service for service in self.services if service.kind == name)

    def metrics_of(self, service: Service) -> tuple[tuple[str, str], ...]:
        """(server, host:port) of everything that is scraped for one service; none when nothing is."""
        if service.metrics is not None:
            return tuple(zip(service.server, service.metrics, strict=False))
        kind = kinds.of(service.kind)
        if not kind.scraped:
            return ()
        host, _, port = kind.target.rpartition(":")
        by_name = {server.name: server for server in self.servers}
        places = {
            name: by_name[name].reach(host.format(service.name), int(port))
            for name in service.server
            if name in by_name
        }
        # Where two of a kind would be scraped at one place, it is taken for the first one's.
        taken = {
            by_name[name].reach(host.format(other.name), int(port))
            for other in itertools.takewhile(lambda other: other.name != service.name, self.services_of(service.kind))
            for name in other.server
            if other.metrics is None and name in by_name
        }
        return tuple((name, place) for name, place in places.items() if place not in taken)

    @property
    def home(self) -> Server:
        """The server that Prometheus runs on: the one without an address; the first, if all have one."""
        return next((server for server in self.servers if server.address is None), self.servers[0])
