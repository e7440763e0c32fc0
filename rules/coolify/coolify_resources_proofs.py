"""The cases of the alerts on resources: what makes a state meaningless, and a day in which something stops."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import about_resource, beside, of_resource
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import World, flat, steps
from boxwatch.topology.model import Topology

_DAY = 86400


def about(world: World, **values: float) -> tuple[Series, ...]:
    """Whether its server is reached and whether it is left out on purpose; reached and judged unless said otherwise."""
    return (
        of_resource(world, coolify.RESOURCE_SERVER_REACHABLE, flat(values.get("reachable", 1), world.count)),
        of_resource(world, coolify.RESOURCE_EXCLUDED, flat(values.get("excluded", 0), world.count)),
    )


def meaningless(world: World, wrong: tuple[Series, ...], late: int) -> tuple[Case, ...]:
    """Cases in which a state is wrong and says nothing."""
    return (
        world.silent(
            "stays silent while Coolify does not reach the server", (*wrong, *about(world, reachable=0)), late
        ),
        world.silent(
            "stays silent for a resource that is left out on purpose", (*wrong, *about(world, excluded=1)), late
        ),
    )


def others(world: World) -> tuple[Series, ...]:
    """Other resources of which a state would say nothing."""
    return (
        *beside(world, coolify.RESOURCE_SERVER_REACHABLE, 0),
        *beside(world, coolify.RESOURCE_EXCLUDED, 1),
    )


def stopped(topology: Topology, wait: int, window: int) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Cases in which something that ran has stopped, and cases close to them.

    Args:
        topology: whose thresholds.
        wait: seconds for which it must have been stopped.
        window: seconds within which it must have run.
    """
    world = World(length=2 * window + _DAY, thresholds=topology.thresholds, interval=120)
    began = 4 * world.interval
    late = began + world.late(wait)

    def life(since: int, state: str = "exited", **labels: str) -> tuple[Series, ...]:
        """Runs from `began`, and is in another state from `since` on."""
        first, then = since // world.interval, world.count
        return (
            of_resource(world, coolify.RESOURCE_STATE, steps((1, first), (0, then)), state="running", **labels),
            of_resource(world, coolify.RESOURCE_STATE, steps((0, first), (1, then)), state=state, **labels),
        )

    never_ran = of_resource(world, coolify.RESOURCE_STATE, flat(1, world.count), state="exited")
    fires = (
        world.fires(
            "fires for the resource outside the plan that stopped, and not for a planned one",
            (
                *life(began),
                of_resource(world, coolify.RESOURCE_STATE, flat(0, world.count), state="exited", instance="c:2"),
                *life(began, instance="c:3"),
                *life(began, service="web", resource="web"),
                *about(world),
                *others(world),
            ),
            late,
            Expected(
                about_resource(),
                "store/live/shop (Coolify on main) ran within the last day and has stopped.",
            ),
        ),
        world.fires(
            "fires until a day has passed",
            (*life(began), *about(world)),
            began + window - 2 * world.interval,
            Expected(
                about_resource(),
                "store/live/shop (Coolify on main) ran within the last day and has stopped.",
            ),
        ),
    )
    silent = (
        world.silent(
            "stays silent before it has been stopped for that long",
            (*life(began), *about(world)),
            began + wait - world.interval,
        ),
        world.silent(
            "stays silent when it was stopped long ago",
            (*life(began), *about(world)),
            began + window + 2 * world.interval,
        ),
        world.silent(
            "stays silent when it never ran, and others did",
            (
                never_ran,
                *beside(world, coolify.RESOURCE_STATE, 1, state="running"),
                of_resource(world, coolify.RESOURCE_STATE, flat(0, world.count), state="running"),
                of_resource(world, coolify.RESOURCE_STATE, flat(1, world.count), state="unknown"),
                *about(world),
            ),
            late,
        ),
        world.silent(
            "stays silent for a resource that is degraded, which has its own alert",
            (*life(began, "degraded"), *about(world)),
            late,
        ),
        *meaningless(world, life(began), late),
    )
    return fires, silent
