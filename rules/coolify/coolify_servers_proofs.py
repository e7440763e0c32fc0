"""Proofs of the alerts on Coolify's servers: decoys, and a Sentinel that reports or does not."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import about_box, always, of_box, unread, well_read
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat
from boxwatch.rules.template_functions import duration
from boxwatch.topology.model import Topology

_MINUTE = 60
DIFFERENT = ("job", "server", "account", "coolify_server")


def near(fixtures: Fixtures, metric: str, value: float, **labels: str) -> tuple[Series, ...]:
    """The same of other servers, each of which differs in one label from `box`."""
    return tuple(
        of_box(fixtures, metric, flat(value, fixtures.count), **{**labels, label: "other"}) for label in DIFFERENT
    )


def sentinel(topology: Topology, wait: int, threshold: float) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Cases in which Sentinel has not reported for longer than the threshold, and cases close to them."""
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    # Three of it are shorter than the threshold.
    usual = min(60, threshold / 4)

    def reports(pushed: str, enabled: float = 1, interval: float = usual, /, **labels: str) -> tuple[Series, ...]:
        return (
            of_box(fixtures, coolify.SERVER_SENTINEL_PUSH, pushed, **labels),
            of_box(fixtures, coolify.SERVER_SENTINEL_INTERVAL, flat(interval, fixtures.count), **labels),
            of_box(fixtures, coolify.SERVER_SENTINEL_ENABLED, flat(enabled, fixtures.count), **labels),
        )

    old = int(threshold) + late + 60
    stuck = flat(late - old, fixtures.count)
    # An interval of which three are longer than the threshold.
    slow = int(threshold) // 3 + 60
    reached = of_box(fixtures, coolify.SERVER_REACHABLE, flat(1, fixtures.count))
    read = well_read(fixtures, "server_details")
    fires = (
        fixtures.fires(
            "fires for the server whose Sentinel is silent, not for the others",
            (
                *reports(stuck),
                of_box(fixtures, coolify.SERVER_SENTINEL_PUSH, flat(late - old - 900, fixtures.count), instance="c:2"),
                of_box(fixtures, coolify.SERVER_SENTINEL_INTERVAL, flat(usual / 2, fixtures.count), instance="c:2"),
                *(one for label in DIFFERENT[1:] for one in reports(always(fixtures, 0), 0, **{label: "other"})),
                *near(fixtures, coolify.SERVER_REACHABLE, 0),
                reached,
                *read,
            ),
            late,
            Expected(about_box(), f"Sentinel on server box (Coolify on main) last reported {duration(old)} ago."),
        ),
        fixtures.fires(
            "fires when three intervals have passed",
            (
                *reports(flat(late - 3 * slow - late - 60, fixtures.count), 1, slow),
                of_box(fixtures, coolify.SERVER_SENTINEL_INTERVAL, flat(slow / 2, fixtures.count), instance="c:2"),
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
        fixtures.silent("stays silent at the threshold", (*reports(always(fixtures, threshold)), *read), late),
        fixtures.silent(
            "stays silent at three intervals that are longer than that",
            (
                *reports(always(fixtures, 3 * slow), 1, slow),
                of_box(fixtures, coolify.SERVER_SENTINEL_INTERVAL, flat(30, fixtures.count), instance="c:2"),
                reached,
                *read,
            ),
            late,
        ),
        fixtures.silent(
            "stays silent where Sentinel is switched off, and on elsewhere",
            (*reports(stuck, 0), *near(fixtures, coolify.SERVER_SENTINEL_ENABLED, 1), *read),
            late,
        ),
        fixtures.silent(
            "stays silent while the server is not reached, which has its own alert",
            (*reports(stuck), of_box(fixtures, coolify.SERVER_REACHABLE, flat(0, fixtures.count)), *read),
            late,
        ),
        fixtures.silent(
            "stays silent while servers cannot be read, which has its own alert",
            (*reports(stuck), *unread(fixtures, "server_details")),
            late,
        ),
    )
    return fires, silent
