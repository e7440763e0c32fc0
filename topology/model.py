"""What is watched: servers, and the services that are planned to run on them.

Frozen pydantic models. Sizes are bytes, durations seconds, shares ratios; what people write (`1g`, `5m`, `90%`) is
converted here. Rules that need more than one value at a time are in `boxwatch.topology.constraints`, so that every
mistake of a file is reported in one go.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)

from boxwatch.topology import fields, forms

Kind = Literal[
    "web",
    "admin",
    "api",
    "worker",
    "postgres",
    "redis",
    "elasticsearch",
    "minio",
    "coolify",
    "traefik",
    "monitoring",
    "other",
]
KINDS: tuple[str, ...] = get_args(Kind)

# These map files or keep their working set in the page cache: their working set sits near any limit without danger
# (grafana/mimir#2466), so only memory that the kernel cannot take back is held against their budget.
PAGE_CACHE_KINDS: frozenset[str] = frozenset({"postgres", "elasticsearch", "minio", "monitoring"})

# No user notices at once when these are gone: what is deployed goes on without them. They make tickets, not calls.
QUIET_KINDS: frozenset[str] = frozenset({"coolify", "monitoring"})

# A Prometheus label value could be anything; a name is also a file name, a Grafana variable and a word in PromQL.
Name = Annotated[
    str,
    StringConstraints(strict=True),
    BeforeValidator(fields.name),
    WithJsonSchema(forms.NAME),
]
Memory = Annotated[int, BeforeValidator(fields.memory), WithJsonSchema(forms.MEMORY)]
Reserve = Annotated[int, BeforeValidator(fields.reserve), WithJsonSchema(forms.MEMORY)]
Limit = Annotated[int | Literal["none"], BeforeValidator(fields.limit), WithJsonSchema(forms.LIMIT)]
Disk = Annotated[int, BeforeValidator(fields.disk), WithJsonSchema(forms.DISK)]
Seconds = Annotated[int, BeforeValidator(fields.duration), WithJsonSchema(forms.DURATION)]
ScrapeInterval = Annotated[int, BeforeValidator(fields.scrape_interval), WithJsonSchema(forms.DURATION)]
Ratio = Annotated[float, BeforeValidator(fields.ratio), WithJsonSchema(forms.RATIO)]
HttpUrl = Annotated[str, BeforeValidator(fields.http_url), WithJsonSchema(forms.URL)]
HostPort = Annotated[str, BeforeValidator(fields.host_port), WithJsonSchema(forms.HOST_PORT)]
Host = Annotated[str, BeforeValidator(fields.host), WithJsonSchema(forms.HOST)]
Pattern = Annotated[str, BeforeValidator(fields.pattern), WithJsonSchema(forms.PATTERN)]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]

# Where cAdvisor and node_exporter answer unless the topology says otherwise.
NODE_PORT: Final = 9100
CADVISOR_PORT: Final = 8080


class _Model(BaseModel):
    """Unknown keys are mistakes, and nothing changes after loading."""

    # The strings below attributes are their descriptions. boxwatch.topology.schema reads them from the source when
    # they are wanted; pydantic's use_attribute_docstrings would do it at every import.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exporters(_Model):
    """Where Prometheus reaches what a server exposes, each as host:port. Change one when you run it elsewhere."""

    node: HostPort
    """node_exporter: memory, disk and pressure of the server itself."""
    cadvisor: HostPort
    """cAdvisor: every container of the server."""


class Server(_Model):
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

    @property
    def targets(self) -> Exporters:
        """Where to scrape: as stated, else the usual ports of the address, else the stack's own containers."""
        if self.exporters is not None:
            return self.exporters
        if self.address is not None:
            host = f"[{self.address}]" if ":" in self.address else self.address
            return Exporters(node=f"{host}:{NODE_PORT}", cadvisor=f"{host}:{CADVISOR_PORT}")
        return Exporters(node=f"node-exporter:{NODE_PORT}", cadvisor=f"cadvisor:{CADVISOR_PORT}")


class Selector(_Model):
    """How to recognise the containers of a service. All keys that are given must match, each as a whole-value RE2."""

    resource: Pattern | None = None
    """The resource's name in Coolify (label coolify.resourceName): `web(-[0-9]+)?` matches web, web-1, web-2."""
    compose_service: Pattern | None = None
    """The service's key in a compose file (label com.docker.compose.service)."""
    name: Pattern | None = None
    """The container's name, for containers with a fixed one: `coolify-proxy`."""
    component: Name | None = None
    """Which part of the service this is, when one replica is made of several containers."""
    memory: Memory | None = None
    """RAM of this component alone, when the service has several. Needed to watch the component's own limit; a
    component without it shares what the others leave of the service's RAM."""
    optional: StrictBool = False
    """True when the component may be absent without anything being wrong."""


class Thresholds(_Model):
    """When the alerts of a service speak. Given at the top for all services, and in a service to differ from that."""

    memory_near_budget: Ratio = 0.9
    """Share of its budget at which a container is near it. Raise it for a service that is sized tightly on purpose."""
    memory_near_limit: Ratio = 0.95
    """Share of its limit, without page cache, at which the OOM killer is close. This one pages."""
    memory_exhausted_within: Seconds = 86400
    """Warn when the trend of the last six hours reaches the budget within this time."""
    restarts: Annotated[StrictInt, Field(ge=1, le=1000)] = 3
    """Restarts of one container within 15 minutes that make it a crash loop. This one pages."""
    replacements: Annotated[StrictInt, Field(ge=1, le=1000)] = 6
    """Times an hour that every replica may be replaced by a new container. Raise it if you deploy more often."""


class ThresholdOverrides(_Model):
    """What a service states of its own; None leaves the topology's threshold in force."""

    memory_near_budget: Ratio | None = None
    memory_near_limit: Ratio | None = None
    memory_exhausted_within: Seconds | None = None
    restarts: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    replacements: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None


class Service(_Model):
    """One system of the deployment: how many replicas, with how much RAM each, and how to recognise them."""

    name: Name
    kind: Kind
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
            resource=f"{self.name}(-[0-9]+)?", compose_service=None, name=None, component=None, memory=None,
            optional=False,
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
        return self.kind in PAGE_CACHE_KINDS

    @property
    def wakes(self) -> bool:
        """Whether an outage of it is critical, so that someone is woken, or a warning."""
        return self.kind not in QUIET_KINDS if self.pages is None else self.pages


class Alerts(_Model):
    """Patience of the alerts whose right length depends on how you deploy."""

    deploy_grace: Seconds = 300
    """The longest time for which a deploy may leave replicas missing or unhealthy. Raise it for slow starts."""
    outage_grace: Seconds = 120
    """How long nothing of a service may run before someone is woken. Longer than your deploys without overlap."""


class Urls(_Model):
    """Where people reach the pieces; alerts link to them."""

    grafana: HttpUrl | None = None
    """Grafana's root URL. Alerts then link to the dashboard of the service."""
    runbooks: HttpUrl | None = None
    """Where you publish the generated runbooks folder. Alerts then link to their page."""


class Topology(_Model):
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
    urls: Urls = Urls()
    """Where people reach the pieces, so that alerts can link to them."""

    def services_on(self, server: str) -> tuple[Service, ...]:
        """The services that are planned on one server, in the order of the file."""
        return tuple(service for service in self.services if server in service.server)

    def thresholds_of(self, service: Service) -> Thresholds:
        """The thresholds in force for one service."""
        return self.thresholds.model_copy(update=service.thresholds.model_dump(exclude_none=True))
