"""Proofs of the recorded replica series."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.proofs.fixtures import World, flat, sample, steps
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
    world = World(length=20 * _MINUTE, thresholds=topology.thresholds)
    return (
        *_running(world),
        *_blind(world),
        *_health(world),
        *restarts_proofs.restarts(World(length=40 * _MINUTE, thresholds=topology.thresholds)),
        *restarts_proofs.created(World(length=40 * _MINUTE, thresholds=topology.thresholds)),
        restarts_proofs.replacements(World(length=80 * _MINUTE, thresholds=topology.thresholds)),
        *_cpu(world),
    )


def _box(world: World) -> tuple[Series, ...]:
    """Web with one of two replicas and no side, api that never started, coolify without its database, and shop."""

    def runs(name: str, **labels: str) -> Series:
        return world.container(_START, flat(7, world.count), name, **labels)

    def planned(service: str, component: str, server: str = "main") -> Series:
        labels = {"server": server, "service": service, "component": component}
        return world.constant(names.COMPONENT_REPLICAS_DESIRED, 2, **labels, identified_by="label")

    return (
        *world.service(),
        planned("web", "side"),
        *world.service("api"),
        *world.service("coolify", component="app", replicas=1, identified_by="name"),
        *world.service("coolify", component="database", replicas=1, identified_by="name")[-3:],
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


def _running(world: World) -> tuple[Measured, ...]:
    name = names.COMPONENT_REPLICAS_RUNNING
    service = names.SERVICE_REPLICAS_RUNNING
    return (
        shows(
            world,
            "running replicas are counted, and a service that never started has 0",
            name,
            _box(world),
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
            world,
            "a service has as many replicas as its scarcest component",
            service,
            _box(world),
            sample(service, 0, **of_part("web")),
            sample(service, 0, **of_part("api")),
            sample(service, 0, **of_part("coolify")),
            sample(service, 2, **of_part("shop")),
        ),
        shows(
            world,
            "each container has its own start time",
            names.CONTAINER_START_TIME,
            (
                world.container(_START, flat(7, world.count)),
                world.container(_START, flat(5, world.count), instance="again:8080"),
                world.container(_START, flat(6, world.count), "web-side", component="side"),
            ),
            sample(names.CONTAINER_START_TIME, 7, **of_part("web"), resource="web-1", name="web-1"),
            sample(names.CONTAINER_START_TIME, 6, **of_part("web", "side"), resource="web-side", name="web-side"),
        ),
    )


def _blind(world: World) -> tuple[Measured, ...]:
    name, visible = names.COMPONENT_REPLICAS_RUNNING, names.SERVER_CONTAINERS_VISIBLE
    plan = world.server(memory=32 * GIB, reserved=0, budget=GIB)
    gone = steps((7, 10))
    return (
        shows(
            world,
            "replica counts are absent once cAdvisor is down",
            name,
            (*world.service(), *world.service("api"), world.container(_START, f"{gone} stale")),
        ),
        shows(
            world,
            "services recognised by a compose label are counted where cAdvisor exports one",
            name,
            (
                *world.service("stats", identified_by="compose"),
                world.container(_START, flat(7, world.count), "u1", service="", resource="grafana"),
                *world.service("stats", server="second", identified_by="compose"),
                world.container(_START, flat(7, world.count), "u1", service="", server="second", resource=""),
                # Per component; metrics of another job and raw cgroups do not count.
                *world.service("stats", component="db", identified_by="compose"),
                *world.service("stats", server="third", identified_by="compose"),
                world.container(_START, flat(7, world.count), "u1", service="", server="third", job="other"),
                *world.service("stats", server="fourth", identified_by="compose"),
                world.container(_START, flat(7, world.count), "", service="", server="fourth", resource="grafana"),
            ),
            sample(name, 0, **of_part("stats")),
            sample(name, 0, **of_part("stats", "db")),
        ),
        shows(
            world,
            "replica counts of services recognised by a label are absent while no container has a label",
            name,
            (
                *world.service(),
                *world.service("traefik", replicas=1, identified_by="name"),
                world.container(_START, flat(7, world.count), "x", service="", resource=""),
                # With the compose label alone, the resource is named after the container.
                world.container(_START, flat(7, world.count), "y", service=""),
                # A raw cgroup with a label does not count.
                world.container(_START, flat(7, world.count), "", service="", resource="x"),
                # Nor does another server, nor another job.
                *world.service(server="second"),
                *world.service("traefik", server="second", replicas=1, identified_by="name"),
                *world.service("traefik", server="third", replicas=1, identified_by="name"),
                *world.service("traefik", server="fourth", replicas=1, identified_by="name"),
                world.container(_START, flat(7, world.count), "x", service="", server="third", job="other"),
                world.container(_START, flat(7, world.count), "", service="", server="fourth", resource="x"),
                world.container(_START, flat(7, world.count), "x", service="", server="fifth"),
            ),
            sample(name, 0, **of_part("traefik")),
        ),
        _labels(world),
        shows(
            world,
            "a service recognised by its compose label does not prove that Coolify's label is exported",
            name,
            (
                *world.service("api"),
                *world.service("stats", identified_by="compose"),
                world.container(_START, flat(7, world.count), "u1", service="stats", resource="stats"),
            ),
            sample(name, 1, **of_part("stats")),
        ),
        shows(
            world,
            "a server whose containers are named is visible",
            visible,
            (
                *plan,
                world.container(_START, flat(0, world.count)),
                world.container(_START, flat(0, world.count), "web-2"),
                *world.server("second", memory=32 * GIB, reserved=0, budget=GIB),
                world.container(_START, flat(7, world.count), server="second", job="other"),
                *world.server("third", memory=32 * GIB, reserved=0, budget=GIB),
                world.container(_START, flat(7, world.count), server="third"),
            ),
            sample(visible, 1, server="main"),
            sample(visible, 0, server="second"),
            sample(visible, 1, server="third"),
        ),
        shows(
            world,
            "a server whose containers have no names is not visible",
            visible,
            (*plan, world.container(_START, flat(7, world.count), "")),
            sample(visible, 0, server="main"),
        ),
    )


def _labels(world: World) -> Measured:
    """Evidence that Coolify's label is exported: there, api, which never started, is 0; elsewhere it is absent."""
    name = names.COMPONENT_REPLICAS_RUNNING

    def runs(server: str, called: str, **labels: str) -> Series:
        return world.container(_START, flat(7, world.count), called, server=server, **labels)

    servers = ("label", "crossed", "cgroup", "bare", "planned", "elsewhere", "named")
    return shows(
        world,
        "services recognised by a label are 0 where any container, planned or not, has one",
        name,
        (
            *(one for server in servers for one in world.service("api", server=server)),
            runs("label", "shop-u1", service="", resource="shop"),
            # Two containers, each named after the other's resource.
            runs("crossed", "a", service="", resource="b"),
            runs("crossed", "b", service="", resource="a"),
            runs("cgroup", "", resource="web"),
            runs("bare", "web-1", resource=""),
            runs("planned", "web-1", resource="web"),
            # Recognised by name on another server, by a label here.
            runs("elsewhere", "u1", service="stats", resource="stats"),
            *world.service("stats", server="other", identified_by="name"),
            *world.service("stats", server="named", replicas=1, identified_by="name"),
            runs("named", "u1", service="stats", resource="stats"),
        ),
        *(sample(name, 0, server=server, service="api") for server in ("label", "crossed", "planned", "elsewhere")),
        *(sample(name, 1, server=server, service="web") for server in ("bare", "planned")),
        *(sample(name, 1, server=server, service="stats") for server in ("elsewhere", "named")),
    )


def _health(world: World) -> tuple[Measured, ...]:
    name = names.COMPONENT_REPLICAS_HEALTHY
    return (
        shows(
            world,
            "containers that pass their health check or have none are healthy",
            name,
            (
                world.container(_HEALTH, flat(1, world.count)),
                world.container(_HEALTH, flat(-1, world.count), "web-2"),
                world.container(_HEALTH, flat(0, world.count), "web-3"),
                world.container(_HEALTH, flat(0, world.count), "api-1", service="api"),
                *(
                    world.container(_HEALTH, flat(number, world.count), f"part-{number}", component=f"part{number}")
                    for number in (0, 1)
                ),
                *(
                    world.container(_HEALTH, flat(number, world.count), f"adminer-{number}", service="", **more)
                    for number, more in ((0, {}), (1, {"component": "x"}))
                ),
            ),
            sample(name, 0, **of_part("web", "part0")),
            sample(name, 1, **of_part("web", "part1")),
            sample(name, 2, **of_part("web")),
            sample(name, 0, **of_part("api")),
        ),
    )


def _cpu(world: World) -> tuple[Measured, ...]:
    name = names.CONTAINER_CPU
    of = {"server": "main", "service": "web", "resource": "web-1", "name": "web-1"}
    side = {"server": "main", "service": "web", "component": "side", "resource": "web-side", "name": "web-side"}
    return (
        shows(
            world,
            "CPU is summed over the cores, which cgroup v1 reports separately",
            f"round({name}, 0.01)",
            (
                world.container(_CPU, f"0+15x{world.count}", cpu="cpu00"),
                world.container(_CPU, f"0+30x{world.count}", cpu="cpu01"),
                world.container(_CPU, f"0+30x{world.count}", "web-side", component="side"),
            ),
            Sample(labels=of, value=1.5),
            Sample(labels=side, value=1),
        ),
        shows(
            world,
            "CPU is averaged over five minutes",
            f"({name} > bool 0.4) * ({name} < bool 0.6)",
            (world.container(_CPU, f"0x25 30+30x{world.count - 26}"),),
            Sample(labels=of, value=1),
        ),
    )
