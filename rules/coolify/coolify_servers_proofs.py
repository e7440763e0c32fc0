"""Proofs of the alerts on Coolify's servers: decoys, and a Sentinel that reports or does not."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import about_box, always, of_box, unread, well_read
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import World, flat
from boxwatch.rules.template_functions import duration
from boxwatch.topology.model import Topology

_MINUTE = 60
DIFFERENT = ("job", "server", "account", "coolify_server")


def near(world: World, metric: str, value: float, **labels: str) -> tuple[Series, ...]:
    """The same of other servers, each of which differs in one label from `box`."""
    return tuple(of_box(world, metric, flat(value, world.count), **{**labels, label: "other"}) for label in DIFFERENT)


def sentinel(topology: Topology, wait: int, threshold: float) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Cases in which Sentinel has not reported for longer than the threshold, and cases close to them."""
    world = World(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = world.late(wait)

    # Three of it are shorter than the threshold.
    usual = min(60, threshold / 4)

    def reports(pushed: str, enabled: float = 1, interval: float = usual, /, **labels: str) -> tuple[Series, ...]:
        return (
            of_box(world, coolify.SERVER_SENTINEL_PUSH, pushed, **labels),
            of_box(world, coolify.SERVER_SENTINEL_INTERVAL, flat(interval, world.count), **labels),
            of_box(world, coolify.SERVER_SENTINEL_ENABLED, flat(enabled, world.count), **labels),
        )

    old = int(threshold) + late + 60
    stuck = flat(late - old, world.count)
    # An interval of which three are longer than the threshold.
    slow = int(threshold) // 3 + 60
    reached = of_box(world, coolify.SERVER_REACHABLE, flat(1, world.count))
    read = well_read(world, "server_details")
    fires = (
        world.fires(
            "fires for the server whose Sentinel is silent, not for the others",
            (
                *reports(stuck),
                of_box(world, coolify.SERVER_SENTINEL_PUSH, flat(late - old - 900, world.count), instance="c:2"),
                of_box(world, coolify.SERVER_SENTINEL_INTERVAL, flat(usual / 2, world.count), instance="c:2"),
                *(one for label in DIFFERENT[1:] for one in reports(always(world, 0), 0, **{label: "other"})),
                *near(world, coolify.SERVER_REACHABLE, 0),
                reached,
                *read,
            ),
            late,
            Expected(about_box(), f"Sentinel on server box (Coolify on main) last reported {duration(old)} ago."),
        ),
        world.fires(
            "fires when three intervals have passed",
            (
                *reports(flat(late - 3 * slow - late - 60, world.count), 1, slow),
                of_box(world, coolify.SERVER_SENTINEL_INTERVAL, flat(slow / 2, world.count), instance="c:2"),
                reached,
                *read,
            ),
            late,
            Expected(
                about_box(),
                f"Sentinel on server box (Coolify on main) last reported {duration(3 * slow + late + 60)} ago.",
            ),
        ),
    )
    silent = (
        world.silent("stays silent at the threshold", (*reports(always(world, threshold)), *read), late),
        world.silent(
            "stays silent at three intervals that are longer than that",
            (
                *reports(always(world, 3 * slow), 1, slow),
                of_box(world, coolify.SERVER_SENTINEL_INTERVAL, flat(30, world.count), instance="c:2"),
                reached,
                *read,
            ),
            late,
        ),
        world.silent(
            "stays silent where Sentinel is switched off, and on elsewhere",
            (*reports(stuck, 0), *near(world, coolify.SERVER_SENTINEL_ENABLED, 1), *read),
            late,
        ),
        world.silent(
            "stays silent while the server is not reached, which has its own alert",
            (*reports(stuck), of_box(world, coolify.SERVER_REACHABLE, flat(0, world.count)), *read),
            late,
        ),
        world.silent(
            "stays silent while servers cannot be read, which has its own alert",
            (*reports(stuck), *unread(world, "server_details")),
            late,
        ),
    )
    return fires, silent
