"""What the alert on drifted memory limits fires on, and what it is silent on."""

from __future__ import annotations

from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import World, flat, of_container
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE = 60
_LIMIT = "container_spec_memory_limit_bytes"


def drifted(topology: Topology, wait: int, tolerance: int) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Limits around the planned one; so many bytes off are allowed, and so many seconds."""
    world = World(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = world.late(wait) + _MINUTE

    def limited(*limits: int) -> tuple[Series, ...]:
        return (
            *world.service(),
            *(
                world.container(_LIMIT, flat(size, world.count), f"web-{number}")
                for number, size in enumerate(limits, start=1)
            ),
        )

    fires = (
        world.fires(
            "fires for a limit above and for one below the plan, and not for the right one",
            limited(2 * GIB, GIB, GIB // 2),
            late,
            Expected(
                of_container(),
                "Container web-1 of web on main has a memory limit of 2GiB, and the plan says another.",
            ),
            Expected(
                of_container("web-3"),
                "Container web-3 of web on main has a memory limit of 512MiB, and the plan says another.",
            ),
        ),
        world.fires(
            "fires just above what rounding explains",
            limited(GIB - tolerance - 65536),
            late,
            Expected(
                of_container(),
                "Container web-1 of web on main has a memory limit of 1023MiB, and the plan says another.",
            ),
        ),
    )
    silent = (
        world.silent("is silent at the most that rounding explains", limited(GIB + tolerance), late),
        world.silent("is silent for a limit that was rounded to pages", limited(GIB - 65536, GIB), late),
        world.silent("is silent for a missing limit, which has an alert of its own", limited(0), late),
    )
    return fires, silent
