"""Proofs of the alert on drifted memory limits."""

from __future__ import annotations

from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_container
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE = 60
_LIMIT = "container_spec_memory_limit_bytes"


def drifted(topology: Topology, wait: int, tolerance: int) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Limits around the planned one.

    Args:
        topology: the topology whose thresholds apply.
        wait: seconds before the alert fires.
        tolerance: bytes by which a limit may differ from the plan.
    """
    fixtures = Fixtures(length=wait + 10 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE

    def limited(*limits: int) -> tuple[Series, ...]:
        return (
            *fixtures.service(),
            *(
                fixtures.container(_LIMIT, flat(size, fixtures.count), f"web-{number}")
                for number, size in enumerate(limits, start=1)
            ),
        )

    fires = (
        fixtures.fires(
            "fires for limits above and below the plan, not for the planned one",
            limited(2 * GIB, GIB, GIB // 2),
            late,
            Expected(
                of_container(),
                "Container web-1 of web on main has a memory limit of 2GiB; planned: 1GiB.",
            ),
            Expected(
                of_container("web-3"),
                "Container web-3 of web on main has a memory limit of 512MiB; planned: 1GiB.",
            ),
        ),
        fixtures.fires(
            "fires for a difference just larger than rounding",
            limited(GIB - tolerance - 65536),
            late,
            Expected(
                of_container(),
                "Container web-1 of web on main has a memory limit of 1023MiB; planned: 1GiB.",
            ),
        ),
    )
    silent = (
        fixtures.silent(
            "stays silent for the largest difference that rounding explains", limited(GIB + tolerance), late
        ),
        fixtures.silent("stays silent for a limit rounded to whole pages", limited(GIB - 65536, GIB), late),
        fixtures.silent("stays silent for a missing limit, which has its own alert", limited(0), late),
    )
    return fires, silent
