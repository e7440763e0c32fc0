"""Proofs of PostgresRollbacksHigh: a database's two counters, with decoys from other databases and templates."""

from __future__ import annotations

from boxwatch.rules.model import Case, Series
from boxwatch.rules.patterns.backing_services import ABOVE, MINUTE, Bench
from boxwatch.rules.template_functions import percentage

COMMITS, ROLLBACKS = "pg_stat_database_xact_commit", "pg_stat_database_xact_rollback"


def rollbacks(bench: Bench, threshold: float, floor: float) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Cases above the threshold, and cases just short of firing.

    Args:
        bench: maker of series and cases.
        threshold: rollbacks per commit.
        floor: rollbacks per second at or below which the alert stays silent.
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
        counted = " ".join(f"{each * sample**2!r}" for sample in range(bench.fixtures.count))
        return bench.series(metric, counted, datname="app", datid="1")

    fires = (
        bench.fires(
            "fires for the database with many rollbacks, for no other",
            rolled_back(threshold * ABOVE),
            f"In database app of db on main transactions are rolled back {percentage(threshold * ABOVE)} as often "
            "as they are committed.",
            datname="app",
        ),
    )
    silent = (
        bench.silent("stays silent just below the share", rolled_back(threshold * 0.96875)),
        bench.silent("stays silent for few rollbacks", rolled_back(2 * threshold, each=480 * floor), 10 * MINUTE),
        bench.silent("stays silent for few steady rollbacks", steady),
        bench.silent(
            "stays silent while both rates grow in step",
            (more_and_more(ROLLBACKS, 8), more_and_more(COMMITS, 8 / (threshold * 0.9))),
            20 * MINUTE,
        ),
    )
    return fires, silent
