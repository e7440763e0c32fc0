"""What the recorded replica series must come out as."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.world import World, flat, sample, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE, _HOUR = 60, 3600
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
        *_restarts(world),
        _replacements(World(length=80 * _MINUTE, thresholds=topology.thresholds)),
        _cpu(world),
    )


def _shows(world: World, title: str, expr: str, parts: tuple[Series, ...], *samples: Sample) -> Measured:
    return Measured(title=title, expr=expr, at=15 * _MINUTE, samples=samples, series=parts, interval=world.interval)


def _service(service: str, component: str = "") -> dict[str, str]:
    return {"server": "main", "service": service, "component": component}


def _box(world: World) -> tuple[Series, ...]:
    """Web with one of two replicas, an api that never started, coolify without its database."""
    return (
        *world.service(),
        *world.service("api"),
        *world.service("coolify", component="app", replicas=1, identified_by="name"),
        *world.service("coolify", component="database", replicas=1, identified_by="name")[-3:],
        world.container(_START, flat(7, world.count)),
        world.container(_START, flat(8, world.count), "coolify", service="coolify", component="app", resource=""),
    )


def _running(world: World) -> tuple[Measured, ...]:
    name = names.COMPONENT_REPLICAS_RUNNING
    service = names.SERVICE_REPLICAS_RUNNING
    return (
        _shows(
            world,
            "running replicas are counted, and what never started is 0",
            name,
            _box(world),
            sample(name, 1, **_service("web")),
            sample(name, 0, **_service("api")),
            sample(name, 1, **_service("coolify", "app")),
            sample(name, 0, **_service("coolify", "database")),
        ),
        _shows(
            world,
            "a service has as many replicas as its scarcest component",
            service,
            _box(world),
            sample(service, 1, **_service("web")),
            sample(service, 0, **_service("api")),
            sample(service, 0, **_service("coolify")),
        ),
        _shows(
            world,
            "the start time of a container is the container's own",
            names.CONTAINER_START_TIME,
            (world.container(_START, flat(7, world.count)),),
            sample(names.CONTAINER_START_TIME, 7, server="main", service="web", resource="web-1", name="web-1"),
        ),
    )


def _blind(world: World) -> tuple[Measured, ...]:
    name, visible = names.COMPONENT_REPLICAS_RUNNING, names.SERVER_CONTAINERS_VISIBLE
    plan = world.server(memory=32 * GIB, reserved=0, budget=GIB)
    gone = steps((7, 10))
    return (
        _shows(
            world,
            "nothing is said of replicas once cAdvisor is gone",
            name,
            (*world.service(), *world.service("api"), world.container(_START, f"{gone} stale")),
        ),
        _shows(
            world,
            "nothing is said of what labels recognise while no container shows a label",
            name,
            (
                *world.service(),
                *world.service("traefik", replicas=1, identified_by="name"),
                world.container(_START, flat(7, world.count), "x", service="", resource=""),
            ),
            sample(name, 0, **_service("traefik")),
        ),
        _shows(
            world,
            "a server whose containers are named is visible",
            visible,
            (*plan, world.container(_START, flat(7, world.count))),
            sample(visible, 1, server="main"),
        ),
        _shows(
            world,
            "a server whose containers have no names is not visible",
            visible,
            (*plan, world.container(_START, flat(7, world.count), "")),
            sample(visible, 0, server="main"),
        ),
    )


def _health(world: World) -> tuple[Measured, ...]:
    name = names.COMPONENT_REPLICAS_HEALTHY
    return (
        _shows(
            world,
            "healthy are those with a passed health check or with none",
            name,
            (
                world.container(_HEALTH, flat(1, world.count)),
                world.container(_HEALTH, flat(-1, world.count), "web-2"),
                world.container(_HEALTH, flat(0, world.count), "web-3"),
                world.container(_HEALTH, flat(0, world.count), "api-1", service="api"),
            ),
            sample(name, 2, **_service("web")),
            sample(name, 0, **_service("api")),
        ),
    )


def _restarts(world: World) -> tuple[Measured, ...]:
    name = names.COMPONENT_RESTARTS
    # Three restarts, at minutes 3, 6 and 9.
    starts = steps((10, 6), (200, 6), (400, 6), (600, 30))
    cpu = "0+1x5 0+1x5 0+1x5 0+1x30"
    return (
        _shows(
            world,
            "restarts are seen by the start time",
            name,
            (world.container(_START, starts), world.container(_CPU, f"0+1x{world.count}")),
            sample(name, 3, **_service("web")),
        ),
        _shows(
            world,
            "restarts are seen by the CPU counter where the start time is that of the creation",
            name,
            (world.container(_START, flat(10, world.count)), world.container(_CPU, cpu)),
            sample(name, 3, **_service("web")),
        ),
        _shows(
            world,
            "restarts that every core's CPU counter shows are counted once",
            name,
            tuple(world.container(_CPU, cpu, cpu=core) for core in ("cpu00", "cpu01")),
            sample(name, 3, **_service("web")),
        ),
        _shows(
            world,
            "a restart that both show is one restart, and a deploy is none",
            name,
            (
                world.container(_START, starts),
                world.container(_CPU, cpu),
                world.container(_START, steps((None, 10), (300, 30)), "web-2"),
                world.container(_CPU, "_x10 0+1x29", "web-2"),
            ),
            sample(name, 3, **_service("web")),
        ),
    )


def _replacements(world: World) -> Measured:
    name = names.COMPONENT_REPLACEMENTS
    return Measured(
        title="replacements are the containers of the last hour that are gone",
        expr=name,
        at=70 * _MINUTE,
        samples=(sample(name, 2, **_service("web")), sample(name, 0, **_service("api"))),
        series=(
            # Gone for more than an hour, gone within the hour (twice), and running.
            world.container(_START, "1x4 stale", "web-a"),
            world.container(_START, "1x59 stale", "web-b"),
            world.container(_START, "_x40 1x59 stale", "web-c"),
            world.container(_START, f"_x80 1x{world.count - 80}", "web-d"),
            world.container(_START, flat(1, world.count), "api-1", service="api"),
        ),
        interval=world.interval,
    )


def _cpu(world: World) -> Measured:
    name = names.CONTAINER_CPU
    return _shows(
        world,
        "CPU is the sum over the cores that cgroup v1 tells apart",
        f"round({name}, 0.01)",
        (
            world.container(_CPU, f"0+15x{world.count}", cpu="cpu00"),
            world.container(_CPU, f"0+30x{world.count}", cpu="cpu01"),
        ),
        Sample(labels={"server": "main", "service": "web", "resource": "web-1", "name": "web-1"}, value=1.5),
    )
