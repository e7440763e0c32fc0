"""postgres_exporter of a PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import PAST, Box
from boxwatch.simulation.chance import chance
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import daily
from boxwatch.simulation.pages import process
from boxwatch.topology.model import Service
from boxwatch.topology.units import GIB

EXPORTER: Final = "postgres_exporter"
_MAX: Final = 100
_RESERVED: Final = 3
_COLLECTORS: Final = ("database", "locks", "replication", "replication_slot", "stat_bgwriter", "stat_database", "wal")
# Counters, per second of ordinary load.
_DATABASE: Final = {
    "active_time_seconds_total": 0.4, "blk_read_time": 0.02, "blk_write_time": 0.002, "tup_deleted": 3.0,
    "tup_fetched": 4200.0, "tup_inserted": 25.0, "tup_returned": 9100.0, "tup_updated": 31.0,
}  # fmt: skip
_WRITER: Final = {
    "buffers_backend": 4.0, "buffers_checkpoint": 30.0, "buffers_clean": 2.0, "checkpoint_sync_time": 0.5,
    "checkpoint_write_time": 400.0, "checkpoints_req": 0.0001, "checkpoints_timed": 1 / 300,
}  # fmt: skip
_TABLE: Final = {"autoanalyze_count": 1e-4, "autovacuum_count": 2e-4, "seq_tup_read": 40.0, "vacuum_count": 0.0}
_IDLE: Final = {"application_name": "", "backend_type": "client backend", "usename": "app"}


def samples(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    """What it reports at a moment; of a database that does not answer only that."""
    yield from process.samples(box.start - PAST, now)
    down = box.fault("database down", now, service.name) is not None or not box.up(now, service, server)
    yield Sample("pg_up", 0.0 if down else 1.0)
    yield Sample("pg_exporter_last_scrape_error", 1.0 if down else 0.0)
    if not down:
        yield from _database(box, service, server, now)


def _database(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    since = box.since(now, service, server)
    for collector in _COLLECTORS:
        yield Sample("pg_scrape_collector_success", 1.0, {"collector": collector})
    yield Sample("pg_settings_max_connections", float(_MAX))
    yield Sample("pg_settings_superuser_reserved_connections", float(_RESERVED))
    load = daily(1.0, chance(box.seed, service.name), 0.8)
    usual = int(14 + 10 * load.rate(now))
    active = max(1, int(3 * load.rate(now)))
    idle = _MAX - _RESERVED - active if box.fault("connections", now, service.name) else usual
    for database in ("app", "postgres"):
        app = database == "app"
        for state, count in (("active", active if app else 0), ("idle", idle if app else 1)):
            labels = {**_IDLE, "datname": database, "state": state, "wait_event": "", "wait_event_type": ""}
            yield Sample("pg_stat_activity_count", float(count), labels)
            longest = 0.4 + 2 * chance(database, now // 30) if state == "active" else 0.0
            yield Sample("pg_stat_activity_max_tx_duration", longest if count else 0.0, labels)
        named = {"datid": "16384" if app else "5", "datname": database}
        work = 1.0 if app else 0.004
        yield Sample("pg_stat_database_numbackends", float(idle + active if app else 1), named)
        yield Sample("pg_stat_database_xact_commit", float(int(work * 180 * load.total(since, now))), named)
        yield Sample("pg_stat_database_xact_rollback", float(int(work * 0.6 * load.total(since, now))), named)
        yield Sample("pg_stat_database_deadlocks", 0.0, named)
        for name, rate in _DATABASE.items():
            yield Sample(f"pg_stat_database_{name}", work * rate * load.total(since, now), named)
        yield Sample("pg_stat_database_blks_hit", float(int(work * 21000 * load.total(since, now))), named)
        yield Sample("pg_stat_database_blks_read", float(int(work * 95 * load.total(since, now))), named)
        yield Sample("pg_stat_database_temp_bytes", float(int(work * 2000 * load.total(since, now))), named)
        size = 21 * GIB + 900 * (now - box.start) if app else 8 * 2**20
        yield Sample("pg_database_size_bytes", float(int(size)), {"datname": database})
        yield Sample("pg_database_wraparound_age_datfrozenxid_seconds", 61e6 + now % 86400, {"datname": database})
        yield Sample("pg_locks_count", float(active if app else 0), {"datname": database, "mode": "accesssharelock"})
    for name, rate in _WRITER.items():
        yield Sample(f"pg_stat_bgwriter_{name}_total", float(int(rate * (now - since))))
    for relation, size in (("orders", 9.0e9), ("events", 6.0e9)):
        table = {"datname": "app", "relname": relation, "schemaname": "public"}
        for name, rate in _TABLE.items():
            yield Sample(f"pg_stat_user_tables_{name}", float(int(rate * (now - since))), table)
        yield Sample("pg_stat_user_tables_n_dead_tup", float(int(9000 * (now % 5400) / 5400)), table)
        yield Sample("pg_stat_user_tables_size_bytes", size, table)
        yield Sample("pg_stat_user_tables_table_size_bytes", 0.8 * size, table)
    yield Sample("pg_stat_archiver_archived_count", float(int((now - since) / 300)))
    yield Sample("pg_stat_archiver_failed_count", 0.0)
    yield Sample("pg_replication_lag_seconds", 0.0)
    yield Sample("pg_wal_size_bytes", float(1 * GIB))
