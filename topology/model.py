"""The topology models: servers, and the services planned on them.

Frozen pydantic models. Constraints across fields are in `boxwatch.topology.validation.constraints`, so that all
problems of a file are reported at once.
"""

from __future__ import annotations

import functools
import itertools
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, model_validator

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
    Frozen,
    Host,
    HostPortOrNone,
    HttpUrl,
    KindName,
    Labels,
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
    ServiceMemory,
    Targets,
)

# Default ports of cAdvisor and node_exporter.
NODE_PORT: Final = 9100
CADVISOR_PORT: Final = 8080


class Exporters(Model):
    """Scrape targets of a server's exporters, as host:port.

    State both if one runs elsewhere. `none`: it does not exist, so nothing is scraped or alerted that needs it.
    """

    node: HostPortOrNone
    """node_exporter: memory, disk and pressure of the server itself. `none`: the server itself is not monitored."""
    cadvisor: HostPortOrNone
    """cAdvisor: every container on the server. `none`: replicas, restarts and RAM of containers are not monitored."""
    docker: HostPortOrNone = None
    """Metrics of the Docker daemon, if `metrics-addr` is set in its daemon.json. Default: not scraped."""


class Server(Model):
    """One server, and the share of it available to the plan."""

    name: Name
    cpus: Annotated[StrictInt, Field(ge=1, le=4096)]
    """Number of vCPUs."""
    memory: Memory
    """RAM as sold: 32g. The kernel reports slightly less; the rules allow for that."""
    disk: Disk
    """Disk as sold: 500GB."""
    reserved: Reserve = 0
    """RAM reserved for the operating system, Docker and builds. Raise it if builds run on this server."""
    stated_total: Memory | None = None
    """Total RAM of the plan according to your own documents. If the sum differs, a warning shows the arithmetic."""
    address: Host | None = None
    """Host name or IP at which Prometheus reaches this server. Omit it for the server that runs Prometheus."""
    exporters: Exporters | None = None
    """Scrape targets of the exporters, if they differ from the usual ports of `address`."""
    containers: Literal["none"] | None = None
    """`none`: no containers run on this server, such as a database server without Docker. Its services are then
    monitored by their own metrics and by probes. Default: the server runs containers."""
    public_address: PublicAddress | None = None
    """Public address of this server. Probes verify that only `exposed` ports answer there. Default: not probed."""

    @property
    def targets(self) -> Exporters:
        """Scrape targets: as stated, else the usual ports of the address, else the stack's own containers."""
        if self.exporters is not None:
            return self.exporters
        return Exporters.model_construct(
            node=self.reach("node-exporter", NODE_PORT),
            cadvisor=None if self.containers == "none" else self.reach("cadvisor", CADVISOR_PORT),
        )

    @property
    def watches_containers(self) -> bool:
        """Whether cAdvisor measures the server's containers."""
        return self.targets.cadvisor is not None

    def reach(self, container: str, port: int) -> str:
        """host:port of a container's port: by the server's address, or by container name on Prometheus' own server."""
        return f"{container}:{port}" if self.address is None else _place(self.address, port)

    def public(self, port: int) -> str:
        """host:port of a port on the server's public address; empty without one."""
        return "" if self.public_address is None else _place(self.public_address, port)


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Selector(Model):
    """Selects the containers of a service. All given keys must match, each as a fully anchored RE2 expression."""

    resource: Pattern | None = None
    """Resource name in Coolify (label coolify.resourceName): `web(-[0-9]+)?` matches web, web-1, web-2."""
    compose_service: Pattern | None = None
    """Service key in a compose file (label com.docker.compose.service)."""
    name: Pattern | None = None
    """Container name, for containers with a fixed one: `coolify-proxy`."""
    project: Pattern | None = None
    """Project in Coolify (label coolify.projectName). Needed if two projects share a resource name."""
    environment: Pattern | None = None
    """Environment in Coolify (label coolify.environmentName): `production`, if staging runs on the same server."""
    component: Name | None = None
    """Component of the service, if one replica consists of several containers."""
    memory: Memory | None = None
    """RAM of this component alone, if the service has several. Needed to monitor the component's own limit; components
    without it share the rest of the service's RAM."""
    optional: StrictBool = False
    """True if the component may be absent."""


@functools.lru_cache(maxsize=4096)
def _selectors_of(service: str) -> tuple[Selector, ...]:
    """The selectors of a service that states none."""
    default = Selector.model_construct(
        resource=f"{service}(-[0-9]+)?", compose_service=None, name=None, project=None, environment=None,
        component=None, memory=None, optional=False,
    )  # fmt: skip
    return (default,)


class Service(Model):
    """One service of the deployment: its replicas, the RAM of each, and how to select their containers."""

    name: Name
    kind: KindName
    """Kind of service. Determines what is monitored besides RAM and replicas, and whether page cache counts as used."""
    server: Annotated[tuple[Name, ...], BeforeValidator(fields.one_or_many)]
    """Server it runs on, or a list of servers that each run `replicas` of it."""
    replicas: Annotated[StrictInt, Field(ge=0, le=1000)] = 1
    """Replicas per server. 0 parks the service: planned, but not expected to run."""
    memory: ServiceMemory
    """RAM of one replica, including all its components. A service without containers may omit it: it then takes no RAM
    of the plan, as a database that the provider runs."""
    assumed: StrictBool = False
    """True if the RAM is an estimate; the plan shows it as assumed."""
    limit: Limit | None = None
    """Memory limit that Docker should enforce on a replica. `none`: no limit. Default: same as `memory`."""
    ports: tuple[Port, ...] = ()
    """Ports it listens on. Two services on one server cannot share a port."""
    exposed: StrictBool = False
    """True if its ports may answer on the server's public address."""
    url: HttpUrl | None = None
    """Public URL to probe, for user-facing services."""
    metrics: Targets | None = None
    """Scrape targets of its metrics, as host:port, one per server. `none`: not scraped. Default: the usual target of
    its kind's exporter."""
    metrics_path: Path | None = None
    """Metrics path. Default: /metrics, or MinIO's metrics v2 for minio (`/minio/metrics/v3` for v3)."""
    metrics_token_file: Path | None = None
    """File in Prometheus' container with the bearer token for the target, such as MinIO's. Never the token itself."""
    routers: tuple[Pattern, ...] = ()
    """Its names in Traefik's metrics (label service, without @docker), as regular expressions. Default: matched by
    its uuid in Coolify, as reported by the Coolify exporter."""
    user_facing: StrictBool | None = None
    """Whether users wait for its responses, so that objectives apply to it. Default: true for web, admin and api."""
    objectives: ObjectiveOverrides = ObjectiveOverrides()
    """Objectives of this service that differ from the global ones."""
    pages: StrictBool | None = None
    """Whether its outage pages. Default: true, except for coolify and monitoring, whose outages are warnings."""
    page_cache: Literal["counted", "reclaimable"] | None = None
    """Whether page cache counts against the budget. Default: depends on the kind."""
    containers: Annotated[tuple[Selector, ...] | None, BeforeValidator(fields.containers)] = ()
    """Selectors of its containers; any one may match. `none`: it runs in no container, as a managed or native database;
    it is monitored by its own metrics and by probes. Default: Coolify resources NAME, NAME-1, NAME-2, …"""
    thresholds: ThresholdOverrides = ThresholdOverrides()
    """Thresholds of this service that differ from the global ones."""
    labels: Labels = Field(default_factory=Frozen)
    """Labels of the alerts about this service, such as a team, for routes: `{team: shop}`."""

    @model_validator(mode="before")
    @classmethod
    def _takes_no_memory(cls, body: object) -> object:
        """Without containers, the RAM may be nobody's concern here."""
        if isinstance(body, dict) and body.get("containers") == "none" and "memory" not in body:
            return {**body, "memory": fields.NO_MEMORY}
        return body

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The effective selectors: as stated, else by the service's name in Coolify; none without containers."""
        if self.containers is None:
            return ()
        return self.containers or _selectors_of(self.name)

    @property
    def components(self) -> tuple[Selector, ...]:
        """One selector per distinct component, in order. A plain service is one unnamed component."""
        first: dict[str | None, Selector] = {}
        for selector in self.selectors:
            first.setdefault(selector.component, selector)
        return tuple(first.values())

    @property
    def page_cache_reclaimable(self) -> bool:
        """Whether page cache is excluded when usage is compared with the budget."""
        if self.page_cache is not None:
            return self.page_cache == "reclaimable"
        return kinds.of(self.kind).page_cache

    @property
    def wakes(self) -> bool:
        """Whether its outage is critical and pages, or is a warning."""
        return kinds.of(self.kind).wakes if self.pages is None else self.pages

    @property
    def faces_users(self) -> bool:
        """Whether objectives apply to its requests."""
        return kinds.of(self.kind).user_facing if self.user_facing is None else self.user_facing


class Topology(Model):
    """The whole input: what runs where, with how much RAM and how many replicas."""

    version: Literal[1] = 1
    """Format version of this file."""
    name: Name
    """Name of the deployment, used for the Grafana folder and in file headers."""
    scrape_interval: ScrapeInterval = 30
    """Scrape and evaluation interval of Prometheus, 10s to 60s. 30s fits a 2 GB monitoring stack; a shorter interval
    costs proportionally more RAM, and beyond 60s the rules' five-minute windows hold too few samples."""
    servers: Annotated[tuple[Server, ...], BeforeValidator(fields.named)]
    """The servers, by name. Add one when the first fills up."""
    services: Annotated[tuple[Service, ...], BeforeValidator(fields.named)]
    """The services that run on them, by name."""
    thresholds: Thresholds = Thresholds()
    """Thresholds for the alerts of all services."""
    objectives: Objectives = Objectives()
    """Service level objectives of all user-facing services."""
    latency_buckets: Buckets = TRAEFIK_BUCKETS
    """Bucket bounds of Traefik's histogram in seconds, as in its `--metrics.prometheus.buckets`. Default: Traefik's."""
    labels: Labels = Field(default_factory=Frozen)
    """Labels of all alerts of this deployment, unless a service or `alerts.rules` sets the same label."""
    alerts: Alerts = Alerts()
    """Grace periods of alerts, and tuning of single alerts."""
    notifications: Notifications | None = None
    """Receivers and routes of alerts. Default: no notifications; alerts are only displayed."""
    stack: Stack = Stack()
    """Addresses of the monitoring stack's components."""
    urls: Urls = Urls()
    """Public URLs for links in alerts."""

    def services_on(self, server: str) -> tuple[Service, ...]:
        """The services planned on one server, in the order of the file."""
        return tuple(service for service in self.services if server in service.server)

    def containers_on(self, server: str) -> tuple[Service, ...]:
        """The services whose containers cAdvisor measures on one server, in the order of the file."""
        seen = any(one.name == server and one.watches_containers for one in self.servers)
        return tuple(one for one in self.services_on(server) if one.containers is not None) if seen else ()

    def runs_in_containers(self, service: Service) -> bool:
        """Whether a service runs in containers on any server, measured or not."""
        return service.containers is not None and any(
            server.containers is None for server in self.servers if server.name in service.server
        )

    def has_containers(self, service: Service) -> bool:
        """Whether cAdvisor measures the containers of a service on any server."""
        return service.containers is not None and any(
            server.watches_containers for server in self.servers if server.name in service.server
        )

    @property
    def watches_containers(self) -> bool:
        """Whether cAdvisor measures the containers of any server."""
        return any(server.watches_containers for server in self.servers)

    def thresholds_of(self, service: Service) -> Thresholds:
        """The effective thresholds of one service."""
        return self.thresholds.model_copy(update=service.thresholds.model_dump(exclude_none=True))

    def objectives_of(self, service: Service) -> Objectives:
        """The effective objectives of one service."""
        return self.objectives.model_copy(update=service.objectives.model_dump(exclude_none=True))

    def services_of(self, kind: str) -> tuple[Service, ...]:
        """The services of one kind, in the order of the file.

        Raises:
            KeyError: the kind does not exist.
        """
        name = kinds.of(kind).name
        return tuple(service for service in self.services if service.kind == name)

    def metrics_of(self, service: Service) -> tuple[tuple[str, str], ...]:
        """(server, host:port) of each scrape target of one service; empty if it is not scraped."""
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
        # If two services of a kind would share a target, it belongs to the first.
        taken = {
            by_name[name].reach(host.format(other.name), int(port))
            for other in itertools.takewhile(lambda other: other.name != service.name, self.services_of(service.kind))
            for name in other.server
            if other.metrics is None and name in by_name
        }
        return tuple((name, place) for name, place in places.items() if place not in taken)

    @property
    def shows_dashboards(self) -> bool:
        """Whether there is a Grafana, scraped or not."""
        return self.stack.grafana is not None or self.urls.grafana is not None

    def in_shared_stack(self) -> Topology:
        """The same deployment on a Prometheus, Alertmanager and Grafana that serve others too."""
        return self.model_copy(update={"stack": self.stack.model_copy(update={"shared": True})})

    @property
    def home(self) -> Server:
        """The server that runs Prometheus: the one without an address, or the first if all have one."""
        return next((server for server in self.servers if server.address is None), self.servers[0])
