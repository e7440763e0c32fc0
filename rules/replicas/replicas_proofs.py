"""Proofs of the recorded replica series."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, sample, steps
from boxwatch.rules.replicas import restarts_proofs
from boxwatch.rules.replicas.restarts_proofs import of_part, shows
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE = 60
_START = "container_start_time_seconds"
_HEALTH = "container_health_state"
_CPU = "container_cpu_usage_seconds_total"


def measured(topology: Topology) -> tuple[Measured, ...]:
    """The proofs of the recorded replica series."""
    fixtures = Fixtures(length=20 * _MINUTE, thresholds=topology.thresholds)
    return (
        *_running(fixtures),
        *_blind(fixtures),
        *_health(fixtures),
        *restarts_proofs.restarts(Fixtures(length=40 * _MINUTE, thresholds=topology.thresholds)),
        *restarts_proofs.created(Fixtures(length=40 * _MINUTE, thresholds=topology.thresholds)),
        restarts_proofs.replacements(Fixtures(length=80 * _MINUTE, thresholds=topology.thresholds)),
        *_cpu(fixtures),
    )


def _box(fixtures: Fixtures) -> tuple[Series, ...]:
    """Web with one of two replicas and no side, api that never started, coolify without its database, and shop."""

    def runs(name: str, **labels: str) -> Series:
        return fixtures.container(_START, flat(7, fixtures.count), name, **labels)

    def planned(service: str, component: str, server: str = "main") -> Series:
        labels = {"server": server, "service": service, "component": component}
        return fixtures.constant(names.COMPONENT_REPLICAS_DESIRED, 2, **labels, identified_by="label")

    return (
        *fixtures.service(),
        planned("web", "side"),
        *fixtures.service("api"),
        *fixtures.service("coolify", component="app", replicas=1, identified_by="name"),
        *fixtures.service("coolify", component="database", replicas=1, identified_by="name")[-3:],
        runs("web-1"),
        runs("coolify", service="coolify", component="app", resource=""),
        # Two containers of each component that shop requires and one of an optional component, which is required only
        # of another service and on another server.
        *(planned("shop", component) for component in ("app", "database")),
        *(
            runs(f"{part}-{number}", service="shop", component=part)
            for part in ("app", "database")
            for number in (1, 2)
        ),
        runs("cron-1", service="shop", component="cron"),
        planned("web", "cron"),
        planned("shop", "cron", server="second"),
    )


def _running(fixtures: Fixtures) -> tuple[Measured, ...]:
    name = names.COMPONENT_REPLICAS_RUNNING
    service = names.SERVICE_REPLICAS_RUNNING
    return (
        shows(
            fixtures,
            "running replicas are counted, and a service that never started has 0",
            name,
            _box(fixtures),
            sample(name, 1, **of_part("web")),
            sample(name, 0, **of_part("web", "side")),
            sample(name, 0, **of_part("web", "cron")),
            sample(name, 0, **of_part("api")),
            sample(name, 1, **of_part("coolify", "app")),
            sample(name, 0, **of_part("coolify", "database")),
            sample(name, 2, **of_part("shop", "app")),
            sample(name, 2, **of_part("shop", "database")),
            sample(name, 1, **of_part("shop", "cron")),
        ),
        shows(
            fixtures,
            "a service has as many replicas as its scarcest component",
            service,
            _box(fixtures),
            sample(service, 0, **of_part("web")),
            sample(service, 0, **of_part("api")),
            sample(service, 0, **of_part("coolify")),
            sample(service, 2, **of_part("shop")),
        ),
        shows(
            fixtures,
            "each container has its own start time",
            names.CONTAINER_START_TIME,
            (
                fixtures.container(_START, flat(7, fixtures.count)),
                fixtures.container(_START, flat(5, fixtures.count), instance="again:8080"),
                fixtures.container(_START, flat(6, fixtures.count), "web-side", component="side"),
            ),
            sample(names.CONTAINER_START_TIME, 7, **of_part("web"), resource="web-1", name="web-1"),
            sample(names.CONTAINER_START_TIME, 6, **of_part("web", "side"), resource="web-side", name="web-side"),
        ),
    )


def _blind(fixtures: Fixtures) -> tuple[Measured, ...]:
    name, visible = names.COMPONENT_REPLICAS_RUNNING, names.SERVER_CONTAINERS_VISIBLE
    plan = fixtures.server(memory=32 * GIB, reserved=0, budget=GIB)
    gone = steps((7, 10))
    return (
        shows(
            fixtures,
            "replica counts are absent once cAdvisor is down",
            name,
            (*fixtures.service(), *fixtures.service("api"), fixtures.container(_START, f"{gone} stale")),
        ),
        shows(
            fixtures,
            "services recognised by a compose label are counted where cAdvisor exports one",
            name,
            (
                *fixtures.service("stats", identified_by="compose"),
                fixtures.container(_START, flat(7, fixtures.count), "u1", service="", resource="grafana"),
                *fixtures.service("stats", server="second", identified_by="compose"),
                fixtures.container(_START, flat(7, fixtures.count), "u1", service="", server="second", resource=""),
                # Per component; metrics of another job and raw cgroups do not count.
                *fixtures.service("stats", component="db", identified_by="compose"),
                *fixtures.service("stats", server="third", identified_by="compose"),
                fixtures.container(_START, flat(7, fixtures.count), "u1", service="", server="third", job="other"),
                *fixtures.service("stats", server="fourth", identified_by="compose"),
                fixtures.container(
                    _START, flat(7, fixtures.count), "", service="", server="fourth", resource="grafana"
                ),
            ),
            sample(name, 0, **of_part("stats")),
            sample(name, 0, **of_part("stats", "db")),
        ),
        shows(
            fixtures,
            "replica counts of services recognised by a label are absent while no container has a label",
            name,
            (
                *fixtures.service(),
                *fixtures.service("traefik", replicas=1, identified_by="name"),
                fixtures.container(_START, flat(7, fixtures.count), "x", service="", resource=""),
                # With the compose label alone, the resource is named after the container.
                fixtures.container(_START, flat(7, fixtures.count), "y", service=""),
                # A raw cgroup with a label does not count.
                fixtures.container(_START, flat(7, fixtures.count), "", service="", resource="x"),
                # Nor does another server, nor another job.
                *fixtures.service(server="second"),
                *fixtures.service("traefik", server="second", replicas=1, identified_by="name"),
                *fixtures.service("traefik", server="third", replicas=1, identified_by="name"),
                *fixtures.service("traefik", server="fourth", replicas=1, identified_by="name"),
                fixtures.container(_START, flat(7, fixtures.count), "x", service="", server="third", job="other"),
                fixtures.container(_START, flat(7, fixtures.count), "", service="", server="fourth", resource="x"),
                fixtures.container(_START, flat(7, fixtures.count), "x", service="", server="fifth"),
            ),
            sample(name, 0, **of_part("traefik")),
        ),
        _labels(fixtures),
        shows(
            fixtures,
            "a service recognised by its compose label does not prove that Coolify's label is exported",
            name,
            (
                *fixtures.service("api"),
                *fixtures.service("stats", identified_by="compose"),
                fixtures.container(_START, flat(7, fixtures.count), "u1", service="stats", resource="stats"),
            ),
            sample(name, 1, **of_part("stats")),
        ),
        shows(
            fixtures,
            "a server whose containers are named is visible",
            visible,
            (
                *plan,
                fixtures.container(_START, flat(0, fixtures.count)),
                fixtures.container(_START, flat(0, fixtures.count), "web-2"),
                *fixtures.server("second", memory=32 * GIB, reserved=0, budget=GIB),
                fixtures.container(_START, flat(7, fixtures.count), server="second", job="other"),
                *fixtures.server("third", memory=32 * GIB, reserved=0, budget=GIB),
                fixtures.container(_START, flat(7, fixtures.count), server="third"),
            ),
            sample(visible, 1, server="main"),
            sample(visible, 0, server="second"),
            sample(visible, 1, server="third"),
        ),
        shows(
            fixtures,
            "a server whose containers have no names is not visible",
            visible,
            (*plan, fixtures.container(_START, flat(7, fixtures.count), "")),
            sample(visible, 0, server="main"),
        ),
    )


def _labels(fixtures: Fixtures) -> Measured:
    """Evidence that Coolify's label is exported: there, api, which never started, is 0; elsewhere it is absent."""
    name = names.COMPONENT_REPLICAS_RUNNING

    def runs(server: str, called: str, **labels: str) -> Series:
        return fixtures.container(_START, flat(7, fixtures.count), called, server=server, **labels)

    servers = ("label", "crossed", "cgroup", "bare", "planned", "elsewhere", "named")
    return shows(
        fixtures,
        "services recognised by a label are 0 where any container, planned or not, has one",
        name,
        (
            *(one for server in servers for one in fixtures.service("api", server=server)),
            runs("label", "shop-u1", service="", resource="shop"),
            # Two containers, each named after the other's resource.
            runs("crossed", "a", service="", resource="b"),
            runs("crossed", "b", service="", resource="a"),
            runs("cgroup", "", resource="web"),
            runs("bare", "web-1", resource=""),
            runs("planned", "web-1", resource="web"),
            # Recognised by name on another server, by a label here.
            runs("elsewhere", "u1", service="stats", resource="stats"),
            *fixtures.service("stats", server="other", identified_by="name"),
            *fixtures.service("stats", server="named", replicas=1, identified_by="name"),
            runs("named", "u1", service="stats", resource="stats"),
        ),
        *(sample(name, 0, server=server, service="api") for server in ("label", "crossed", "planned", "elsewhere")),
        *(sample(name, 1, server=server, service="web") for server in ("bare", "planned")),
        *(sample(name, 1, server=server, service="stats") for server in ("elsewhere", "named")),
    )


def _health(fixtures: Fixtures) -> tuple[Measured, ...]:
    name = names.COMPONENT_REPLICAS_HEALTHY
    return (
        shows(
            fixtures,
            "containers that pass their health check or have none are healthy",
            name,
            (
                fixtures.container(_HEALTH, flat(1, fixtures.count)),
                fixtures.container(_HEALTH, flat(-1, fixtures.count), "web-2"),
                fixtures.container(_HEALTH, flat(0, fixtures.count), "web-3"),
                fixtures.container(_HEALTH, flat(0, fixtures.count), "api-1", service="api"),
                *(
                    fixtures.container(
                        _HEALTH, flat(number, fixtures.count), f"part-{number}", component=f"part{number}"
                    )
                    for number in (0, 1)
                ),
                *(
                    fixtures.container(_HEALTH, flat(number, fixtures.count), f"adminer-{number}", service="", **more)
                    for number, more in ((0, {}), (1, {"component": "x"}))
                ),
            ),
            sample(name, 0, **of_part("web", "part0")),
            sample(name, 1, **of_part("web", "part1")),
            sample(name, 2, **of_part("web")),
            sample(name, 0, **of_part("api")),
        ),
    )


def _cpu(fixtures: Fixtures) -> tuple[Measured, ...]:
    name = names.CONTAINER_CPU
    of = {"server": "main", "service": "web", "resource": "web-1", "name": "web-1"}
    side = {"server": "main", "service": "web", "component": "side", "resource": "web-side", "name": "web-side"}
    return (
        shows(
            fixtures,
            "CPU is summed over the cores, which cgroup v1 reports separately",
            f"round({name}, 0.01)",
            (
                fixtures.container(_CPU, f"0+15x{fixtures.count}", cpu="cpu00"),
                fixtures.container(_CPU, f"0+30x{fixtures.count}", cpu="cpu01"),
                fixtures.container(_CPU, f"0+30x{fixtures.count}", "web-side", component="side"),
            ),
            Sample(labels=of, value=1.5),
            Sample(labels=side, value=1),
        ),
        shows(
            fixtures,
            "CPU is averaged over five minutes",
            f"({name} > bool 0.4) * ({name} < bool 0.6)",
            (fixtures.container(_CPU, f"0x25 30+30x{fixtures.count - 26}"),),
            Sample(labels=of, value=1),
        ),
    )
