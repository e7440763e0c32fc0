"""The cases of PostgresRollbacksHigh: two counters of a database, beside those of others, of templates and of none."""

from __future__ import annotations

from boxwatch.rules.model import Case, Series
from boxwatch.rules.patterns.backing_services import ABOVE, MINUTE, Bench
from boxwatch.rules.template_functions import percentage

COMMITS, ROLLBACKS = "pg_stat_database_xact_commit", "pg_stat_database_xact_rollback"


def rollbacks(bench: Bench, threshold: float, floor: float) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Cases in which a larger share than the threshold is rolled back, and cases close to them.

    Args:
        bench: where.
        threshold: rollbacks for each commit.
        floor: rollbacks a second below which the share says nothing.
    """
    steady = tuple(
        bench.rising(metric, 15 * floor / share, datname="app", datid="1")
        for metric, share in ((ROLLBACKS, 1), (COMMITS, 2 * threshold))
    )

    def rolled_back(share: float, *, each: float = 1024) -> tuple[Series, ...]:
        return (
            *(bench.bursts(ROLLBACKS, each / 2, datname="app", datid=datid) for datid in ("1", "2")),
            *(bench.bursts(COMMITS, each / share / 2, datname="app", datid=datid) for datid in ("1", "2")),
            bench.rising(ROLLBACKS, each, datname="second", datid="3"),
            bench.rising(COMMITS, 2 * each / threshold, datname="second", datid="3"),
            *(bench.rising(metric, 10 * each, datname="template1", datid="4") for metric in (ROLLBACKS, COMMITS)),
            *(bench.rising(metric, 10 * each, datid="0") for metric in (ROLLBACKS, COMMITS)),
            bench.rising(ROLLBACKS, each, "other", datname="app", datid="1"),
            bench.rising(COMMITS, 2 * each / threshold, "other", datname="app", datid="1"),
        )

    def more_and_more(metric: str, each: float) -> Series:
        counted = " ".join(f"{each * sample**2!r}" for sample in range(bench.world.count))
        return bench.series(metric, counted, datname="app", datid="1")

    fires = (
        bench.fires(
            "fires for the database whose work is lost, for no other",
            rolled_back(threshold * ABOVE),
            f"In database app of db on main transactions are rolled back {percentage(threshold * ABOVE)} as often "
            "as they are committed.",
            datname="app",
        ),
    )
    silent = (
        bench.silent("stays silent just below the share", rolled_back(threshold * 0.96875)),
        bench.silent(
            "stays silent when little is rolled back", rolled_back(2 * threshold, each=480 * floor), 10 * MINUTE
        ),
        bench.silent("stays silent when a steady few are rolled back", steady),
        bench.silent(
            "stays silent when both grow, in the same time",
            (more_and_more(ROLLBACKS, 8), more_and_more(COMMITS, 8 / (threshold * 0.9))),
            20 * MINUTE,
        ),
    )
    return fires, silent
