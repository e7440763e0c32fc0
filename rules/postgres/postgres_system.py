"""PostgreSQL as a monitored system."""

from __future__ import annotations

from boxwatch.rules.model import Series
from boxwatch.rules.patterns.backing_services import selector
from boxwatch.rules.patterns.system import SERVICE, Cause, System
from boxwatch.rules.postgres import postgres, postgres_activity, postgres_connections, postgres_storage
from boxwatch.rules.proofs.fixtures import steps
from boxwatch.rules.proofs.healthy_hours import DEPLOYED, UNSCRAPED, Hours, exporter_restarts
from boxwatch.topology import kinds
from boxwatch.topology.units import GIB

_NAME = "postgres"
_JOB = kinds.of(_NAME).job


def healthy_day(hours: Hours) -> tuple[Series, ...]:
    """A restarted exporter, a vacuum, and a nightly dump that keeps its snapshot open."""
    fixtures, service = hours.fixtures, "db"
    gap, known = exporter_restarts(hours, _JOB, service)
    down = hours.brief(1, "PostgresDown")
    unread, then = hours.brief(1, "PostgresMetricsIncomplete"), UNSCRAPED - 8

    def of(metric: str, values: str, **labels: str) -> Series:
        return fixtures.scraped(metric, values, job=_JOB, service=service, **labels)

    def longest(seconds: float, state: str, backend: str = "client backend", application: str = "web") -> Series:
        labels = {"datname": "shop", "state": state, "backend_type": backend, "application_name": application}
        return of("pg_stat_activity_max_tx_duration", hours.wave(0, seconds, down, gap), **labels)

    busy = 97 * min(hours.most("PostgresConnectionsHigh", 0.6), hours.most("PostgresConnectionsExhausted", 0.6))
    rollbacks = hours.most("PostgresRollbacksHigh", 0.05)
    deadlock = 1 if hours.most("PostgresDeadlocks", 1) == 1 else 0
    # A failure stays visible for ten minutes.
    archive = 1 if hours.tolerance("PostgresArchiveFailing") > 12 * 60 else 0
    return (
        *known,
        of(
            "pg_up", steps((1, DEPLOYED), (0, down), (1, UNSCRAPED - DEPLOYED - down), (None, gap), (1, fixtures.count))
        ),
        of("pg_exporter_last_scrape_error", hours.but(0, 1, unread, then)),
        of("pg_scrape_collector_success", hours.but(1, 0, unread, then), collector="stat_database"),
        of("pg_settings_max_connections", hours.level(100, down, gap)),
        of("pg_settings_superuser_reserved_connections", hours.level(3, down, gap)),
        of("pg_stat_activity_count", hours.wave(5, busy, down, gap), backend_type="client backend", state="idle"),
        of("pg_stat_activity_count", hours.level(90, down, gap), backend_type="autovacuum worker", state="active"),
        longest(hours.most("PostgresLongQuery", 900), "active"),
        longest(hours.most("PostgresIdleInTransaction", 20), "idle in transaction"),
        # Vacuum of a large table, and the nightly dump, which keeps its snapshot open.
        longest(20_000, "active", "autovacuum worker", ""),
        longest(9_000, "idle in transaction", application="pg_dump"),
        of("pg_stat_database_xact_commit", hours.counter(6000, down, gap), datname="shop"),
        of("pg_stat_database_xact_rollback", hours.counter(6000 * rollbacks, down, gap), datname="shop"),
        of("pg_stat_database_deadlocks", f"0x{DEPLOYED - 8} {deadlock}x6 _x{down} 0x{fixtures.count}", datname="shop"),
        # Until vacuum freezes the oldest rows.
        of(
            "pg_database_wraparound_age_datfrozenxid_seconds",
            hours.wave(hours.most("PostgresWraparoundNear", 5e7), hours.most("PostgresWraparoundNear", 2e8), down, gap),
            datname="shop",
        ),
        of(
            "pg_replication_slots_pg_wal_lsn_diff",
            hours.wave(0, hours.most("PostgresSlotRetainsWal", GIB), down, gap),
            slot_name="standby",
        ),
        of("pg_replication_lag_seconds", hours.wave(0, hours.most("PostgresReplicationLag", 9), down, gap)),
        of("pg_stat_archiver_failed_count", f"0x{UNSCRAPED + gap + 2} {archive}x{fixtures.count}"),
    )


SYSTEM = System(
    name=_NAME,
    subjects=(postgres.subject, postgres_connections.subject, postgres_activity.subject, postgres_storage.subject),
    healthy_day=healthy_day,
    switch_on="start postgres_exporter there, with `DATA_SOURCE_NAME` and a role that has pg_monitor "
    "(docs/exporters/databases.md)",
    reached=selector("pg_up", _JOB),
    connect="set its `DATA_SOURCE_NAME`, and in PostgreSQL run `CREATE ROLE boxwatch LOGIN; "
    "GRANT pg_monitor TO boxwatch`, then `\\password boxwatch` in psql",
    worse=(
        Cause(("PostgresConnectionsExhausted",), ("PostgresConnectionsHigh",), SERVICE),
        Cause(("PostgresSessionsHidden",), ("PostgresMetricsIncomplete",), SERVICE),
    ),
)
