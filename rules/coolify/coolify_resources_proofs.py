"""The cases of the alerts on resources: what makes a state meaningless, and a day in which something stops."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.coolify.coolify_proofs import about_resource, decoys, of_resource
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, steps
from boxwatch.topology.model import Topology

_DAY = 86400


def about(fixtures: Fixtures, **values: float) -> tuple[Series, ...]:
    """Whether its server is reached and whether it is left out on purpose; reached and judged unless said otherwise."""
    return (
        of_resource(fixtures, coolify.RESOURCE_SERVER_REACHABLE, flat(values.get("reachable", 1), fixtures.count)),
        of_resource(fixtures, coolify.RESOURCE_EXCLUDED, flat(values.get("excluded", 0), fixtures.count)),
    )


def meaningless(fixtures: Fixtures, wrong: tuple[Series, ...], late: int) -> tuple[Case, ...]:
    """Cases in which a state is wrong and says nothing."""
    return (
        fixtures.silent(
            "stays silent while Coolify does not reach the server", (*wrong, *about(fixtures, reachable=0)), late
        ),
        fixtures.silent(
            "stays silent for a resource that is left out on purpose", (*wrong, *about(fixtures, excluded=1)), late
        ),
    )


def others(fixtures: Fixtures) -> tuple[Series, ...]:
    """Other resources of which a state would say nothing."""
    return (
        *decoys(fixtures, coolify.RESOURCE_SERVER_REACHABLE, 0),
        *decoys(fixtures, coolify.RESOURCE_EXCLUDED, 1),
    )


def stopped(topology: Topology, wait: int, window: int) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Cases in which something that ran has stopped, and cases close to them.

    Args:
        topology: whose thresholds.
        wait: seconds for which it must have been stopped.
        window: seconds within which it must have run.
    """
    fixtures = Fixtures(length=2 * window + _DAY, thresholds=topology.thresholds, interval=120)
    began = 4 * fixtures.interval
    late = began + fixtures.late(wait)

    def life(since: int, state: str = "exited", **labels: str) -> tuple[Series, ...]:
        """Runs from `began`, and is in another state from `since` on."""
        first, then = since // fixtures.interval, fixtures.count
        return (
            of_resource(fixtures, coolify.RESOURCE_STATE, steps((1, first), (0, then)), state="running", **labels),
            of_resource(fixtures, coolify.RESOURCE_STATE, steps((0, first), (1, then)), state=state, **labels),
        )

    never_ran = of_resource(fixtures, coolify.RESOURCE_STATE, flat(1, fixtures.count), state="exited")
    fires = (
        fixtures.fires(
            "fires for the resource outside the plan that stopped, not for a planned one",
            (
                *life(began),
                of_resource(fixtures, coolify.RESOURCE_STATE, flat(0, fixtures.count), state="exited", instance="c:2"),
                *life(began, instance="c:3"),
                *life(began, service="web", resource="web"),
                *about(fixtures),
                *others(fixtures),
                fixtures.constant(names.UUID_RUNNING, 1, uuid="other"),
            ),
            late,
            Expected(
                about_resource(),
                "store/live/shop (Coolify on main) ran within the last day and has stopped.",
            ),
        ),
        fixtures.fires(
            "fires until a day has passed",
            (*life(began), *about(fixtures)),
            began + window - 2 * fixtures.interval,
            Expected(
                about_resource(),
                "store/live/shop (Coolify on main) ran within the last day and has stopped.",
            ),
        ),
    )
    silent = (
        fixtures.silent(
            "stays silent for a resource whose containers run, of which Coolify's state is outdated",
            (*life(began), *about(fixtures), fixtures.constant(names.UUID_RUNNING, 1, uuid="shop-uuid")),
            late,
        ),
        fixtures.silent(
            "stays silent before it has been stopped for that long",
            (*life(began), *about(fixtures)),
            began + wait - fixtures.interval,
        ),
        fixtures.silent(
            "stays silent when it was stopped long ago",
            (*life(began), *about(fixtures)),
            began + window + 2 * fixtures.interval,
        ),
        fixtures.silent(
            "stays silent when it never ran, and others did",
            (
                never_ran,
                *decoys(fixtures, coolify.RESOURCE_STATE, 1, state="running"),
                of_resource(fixtures, coolify.RESOURCE_STATE, flat(0, fixtures.count), state="running"),
                of_resource(fixtures, coolify.RESOURCE_STATE, flat(1, fixtures.count), state="unknown"),
                *about(fixtures),
            ),
            late,
        ),
        fixtures.silent(
            "stays silent for a resource that is degraded, which has its own alert",
            (*life(began, "degraded"), *about(fixtures)),
            late,
        ),
        *meaningless(fixtures, life(began), late),
    )
    return fires, silent
