"""What the recorded memory series must come out as, on a server with a bit of everything."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.world import World, flat, sample
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE, _HOUR = 60, 3600


def measured(topology: Topology) -> tuple[Measured, ...]:
    """The proofs of the recorded memory series."""
    world = World(length=15 * _MINUTE, thresholds=topology.thresholds)
    parts = _box(world)
    web1, web2 = _labels("web-1", "web"), _labels("web-2", "web")
    pg, build, stray = _labels("pg", "postgres"), _labels("x7k2", "", names.BUILD_RESOURCE), _labels("adminer", "")
    container = {
        names.CONTAINER_MEMORY_WORKING_SET: ((web1, 1.0), (web2, 0.5), (pg, 4), (build, 1), (stray, 0.25)),
        names.CONTAINER_MEMORY_UNRECLAIMABLE: ((web1, 0.75), (web2, 0.5), (pg, 1), (build, 1), (stray, 0.25)),
        # Page cache counts for web and not for postgres.
        names.CONTAINER_MEMORY_USED: ((web1, 1.0), (web2, 0.5), (pg, 1), (build, 1), (stray, 0.25)),
        names.CONTAINER_MEMORY_LIMIT: ((web1, 1.0), (web2, 0)),
    }
    ratio = {
        names.CONTAINER_MEMORY_BUDGET_RATIO: ((web1, 1.0), (web2, 0.5), (pg, 0.25)),
        names.CONTAINER_MEMORY_LIMIT_RATIO: ((web1, 0.75),),
        names.SERVICE_MEMORY_BUDGET_RATIO: ((_service("web"), 0.75), (_service("postgres"), 0.25)),
    }
    total = {
        names.SERVICE_MEMORY_USED: ((_service("web"), 1.5), (_service("postgres"), 1)),
        names.SERVER_MEMORY_TOTAL: (({"server": "main"}, 31),),
        names.SERVER_MEMORY_USED: (({"server": "main"}, 8),),
        names.SERVER_MEMORY_CONTAINERS: (({"server": "main"}, 3.75),),
        names.SERVER_MEMORY_UNPLANNED: (({"server": "main"}, 0.25),),
        # 8 used, of which containers without the build hold 2.5.
        names.SERVER_MEMORY_OVERHEAD: (({"server": "main"}, 5.5),),
    }
    return (
        *(_shows(world, parts, name, rows, GIB) for name, rows in {**container, **total}.items()),
        *(_shows(world, parts, name, rows, 1) for name, rows in ratio.items()),
        *_without_active_file(topology),
        *_over_time(topology),
    )


def _labels(name: str, service: str, resource: str | None = None) -> dict[str, str]:
    return {"server": "main", "service": service, "resource": name if resource is None else resource, "name": name}


def _service(service: str) -> dict[str, str]:
    return {"server": "main", "service": service}


_Rows = tuple[tuple[dict[str, str], float], ...]


def _shows(world: World, parts: tuple[Series, ...], name: str, rows: _Rows, unit: int) -> Measured:
    return Measured(
        title=f"{name} comes out as it should",
        expr=name,
        at=5 * _MINUTE,
        samples=tuple(sample(name, value * unit, **labels) for labels, value in rows),
        series=parts,
        interval=world.interval,
    )


def _box(world: World) -> tuple[Series, ...]:
    """Two replicas of web, a database full of page cache, a build, a container outside the plan, and the server."""
    working_set, active_file = "container_memory_working_set_bytes", "container_memory_total_active_file_bytes"
    containers: tuple[tuple[str, float, float, dict[str, str]], ...] = (
        ("web-1", 1.0, 0.25, {}),
        ("web-2", 0.5, 0, {}),
        ("pg", 4, 3, {"service": "postgres"}),
        ("x7k2", 1, 0, {"service": "", "resource": names.BUILD_RESOURCE}),
        ("adminer", 0.25, 0, {"service": ""}),
    )
    return (
        *world.service(),
        *world.service("postgres", replicas=1, memory=4 * GIB, page_cache_reclaimable=True),
        # A parked service has a budget of 0, and no share of it.
        *world.service("parked", replicas=0),
        *(world.container(working_set, flat(size * GIB, world.count), name, **more)
          for name, size, _, more in containers),
        *(world.container(active_file, flat(size * GIB, world.count), name, **more)
          for name, _, size, more in containers),
        *(world.container("container_start_time_seconds", flat(0, world.count), name, **more)
          for name, _, _, more in containers),
        world.container("container_spec_memory_limit_bytes", flat(GIB, world.count)),
        world.container("container_spec_memory_limit_bytes", flat(0, world.count), "web-2"),
        world.node("node_memory_MemTotal_bytes", flat(31 * GIB, world.count)),
        world.node("node_memory_MemAvailable_bytes", flat(23 * GIB, world.count)),
    )  # fmt: skip


def _without_active_file(topology: Topology) -> tuple[Measured, ...]:
    world = World(length=15 * _MINUTE, thresholds=topology.thresholds)
    only = (
        *world.service("postgres", replicas=1, memory=4 * GIB, page_cache_reclaimable=True),
        world.container("container_memory_working_set_bytes", flat(GIB, world.count), "pg", service="postgres"),
    )
    name = names.CONTAINER_MEMORY_USED
    return (
        Measured(
            title="memory in use is the working set where cAdvisor is too old to tell page cache",
            expr=name,
            at=5 * _MINUTE,
            samples=(sample(name, GIB, **_labels("pg", "postgres")),),
            series=only,
            interval=world.interval,
        ),
    )


def _over_time(topology: Topology) -> tuple[Measured, ...]:
    world = World(length=30 * _MINUTE, thresholds=topology.thresholds)
    long = World(length=8 * _HOUR, thresholds=topology.thresholds, interval=600)
    growing = f"{GIB // 2}+{600 * 1000}x{long.count}"
    seven_hours = GIB // 2 + 7 * _HOUR * 1000
    return (
        Measured(
            title="OOM kills are counted over ten minutes",
            # Rounded, because increase() extrapolates to the edges of its window.
            expr=f"round({names.CONTAINER_OOM_EVENTS})",
            at=12 * _MINUTE,
            samples=(
                Sample(labels=_labels("web-1", "web"), value=2),
                Sample(labels=_labels("web-2", "web"), value=0),
            ),
            series=(
                world.container("container_oom_events_total", f"0x15 2x{world.count - 16}"),
                world.container("container_oom_events_total", flat(0, world.count), "web-2"),
            ),
            interval=world.interval,
        ),
        Measured(
            title="the time until the budget is reached is what the trend leaves, and none where memory shrinks",
            expr=f"round({names.CONTAINER_MEMORY_EXHAUSTION})",
            at=7 * _HOUR,
            samples=(Sample(labels=_labels("web-1", "web"), value=round((GIB - seven_hours) / 1000)),),
            series=(
                *long.service(),
                long.container("container_memory_working_set_bytes", growing),
                long.container("container_memory_working_set_bytes", f"{GIB // 2}-1000x{long.count}", "web-2"),
            ),
            interval=long.interval,
        ),
    )
