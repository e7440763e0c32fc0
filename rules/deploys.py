"""Deploys as cAdvisor shows them: what no alert may mistake for a fault.

Coolify's rolling deploy starts the new container, waits for its health check (5 s and up to ten times 5 s), stops the
old one with 30 s of grace and removes it, one resource after the other (Coolify 4.3, ApplicationDeploymentJob); with a
fixed port or name it stops the old one first. Each new container is a new series.
"""

from __future__ import annotations

from boxwatch.rules.model import Case, Series
from boxwatch.rules.world import World, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_START = "container_start_time_seconds"
_MINUTE = 60
# When the deploy begins.
_BEGIN = 10 * _MINUTE


def rolling(topology: Topology) -> Case:
    """Both replicas of web replaced one after the other, each overlapping its successor for 90 s, all near budget."""
    world = World(length=45 * _MINUTE, thresholds=topology.thresholds)
    first, second = _BEGIN, _BEGIN + 3 * _MINUTE
    return world.never(
        "is silent through a rolling deploy",
        (
            *world.service(),
            *_container(world, "web-1-old", "web-1", until=first + 90),
            *_container(world, "web-2-old", "web-2", until=second + 90),
            *_container(world, "web-1-new", "web-1", since=first, unready_for=60),
            *_container(world, "web-2-new", "web-2", since=second, unready_for=60),
        ),
    )


def stop_and_start(topology: Topology) -> Case:
    """Both replicas stopped before their successors are started: a real gap, shorter than the grace for outages."""
    world = World(length=45 * _MINUTE, thresholds=topology.thresholds)
    gap = min(topology.alerts.outage_grace, topology.alerts.deploy_grace) - world.interval
    back = _BEGIN + max(gap, 0) // world.interval * world.interval
    return world.never(
        "is silent through a deploy that stops the old containers first",
        (
            *world.service(),
            # Another service keeps running, so that cAdvisor is seen to work.
            *_container(world, "api-1", "api-1", service="api"),
            *_container(world, "web-1-old", "web-1", until=_BEGIN),
            *_container(world, "web-2-old", "web-2", until=_BEGIN),
            *_container(world, "web-1-new", "web-1", since=back),
            *_container(world, "web-2-new", "web-2", since=back),
        ),
    )


def _container(  # noqa: PLR0913 - a life has these dates
    world: World,
    name: str,
    resource: str,
    *,
    since: int = 0,
    until: int | None = None,
    unready_for: int = 0,
    service: str = "web",
) -> tuple[Series, ...]:
    """The series of one container's life, as Prometheus stores them."""
    begin = world.steps_of(since)
    count = (world.count if until is None else world.steps_of(until)) - begin
    end = " stale" if until is not None else ""
    unready = world.steps_of(unready_for)
    labels = {"resource": resource, "service": service}

    def life(values: str) -> str:
        return f"_x{begin} {values}{end}" if begin else f"{values}{end}"

    return (
        world.container(_START, life(steps((since, count))), name, **labels),
        world.container("container_health_state", life(steps((0, unready), (1, count - unready))), name, **labels),
        world.container("container_memory_working_set_bytes", life(steps((GIB * 0.8, count))), name, **labels),
        world.container("container_memory_total_active_file_bytes", life(steps((0, count))), name, **labels),
        world.container("container_spec_memory_limit_bytes", life(steps((GIB, count))), name, **labels),
        world.container("container_cpu_user_seconds_total", life(f"0+3x{count - 1}"), name, **labels),
        world.container("container_oom_events_total", life(steps((0, count))), name, **labels),
    )
