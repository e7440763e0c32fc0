"""PostgreSQL: connections, transactions, storage and replication."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.dashboards import backing_services, layout
from boxwatch.dashboards.backing_services import NAMED, Engine
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.queries import ON_SERVICES
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.backing_services import scraped
from boxwatch.topology import kinds

_POSTGRES = Engine(kinds.of("postgres"))
_OF_DATABASE = "{{datname}} of {{service}}"
_REAL = 'datname!~"template.*|"'
_CONNECTIONS = f"max by ({names.BY_SERVICE}) ({names.SERVICE_POSTGRES_CONNECTIONS}{{{ON_SERVICES}}})"


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where no PostgreSQL is scraped."""
    topology = built.topology
    if not scraped(topology, "postgres"):
        return None
    lines = built.thresholds
    return _POSTGRES.page(
        topology,
        "Does PostgreSQL answer, does it have connections left, what are transactions waiting for, and what fills its "
        "disk?",
        layout.place(
            layout.line(
                4,
                (_POSTGRES.alerts(), 4),
                (_share(lines), 5),
                (_forgotten(lines), 5),
                (_POSTGRES.up("pg_up"), 10),
            ),
            layout.heading("Connections"),
            layout.even(8, _connections(lines), _by_state()),
            layout.heading("Transactions"),
            layout.even(8, _longest(lines), _transactions(), _deadlocks()),
            layout.even(8, _locks(), _cache(), _temporary()),
            layout.heading("Storage"),
            layout.even(8, _size(), _wal(), _archived()),
            layout.even(8, _slots(lines), _lag(lines), _age(lines)),
        ),
    )


def _share(lines: Mapping[str, float]) -> Stat:
    high, exhausted = lines["PostgresConnectionsHigh"], lines["PostgresConnectionsExhausted"]
    return Stat(
        title="Connections in use",
        description="Share of the connections open to clients, on the fullest. Healthy: green.",
        unit="percentunit",
        scale=backing_services.shares(high, exhausted, "PostgresConnectionsHigh", "PostgresConnectionsExhausted"),
        queries=(Query(f"max({_CONNECTIONS})"),),
    )


def _forgotten(lines: Mapping[str, float]) -> Stat:
    return Stat(
        title="Idle in transaction",
        description="Age of the oldest transaction left open and idle. Healthy: none, or seconds.",
        unit="s",
        scale=backing_services.near(lines["PostgresIdleInTransaction"], "PostgresIdleInTransaction"),
        queries=(Query(f"max({_POSTGRES.at('pg_stat_activity_max_tx_duration', _IDLE)})"),),
    )


_IDLE = 'state=~"idle in transaction.*"'


def _connections(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Connections",
        description="Share of the connections open to clients. Healthy: below the line, during deploys too.",
        unit="percentunit",
        scale=backing_services.says("PostgresConnectionsHigh"),
        queries=(Query(_CONNECTIONS, NAMED),),
        soft_max=1,
    )
    return backing_services.with_alert(graph, lines["PostgresConnectionsHigh"])


def _by_state() -> Graph:
    return Graph(
        title="Connections by state",
        description="Connections by activity. Healthy: mostly idle, a few active, next to none idle in transaction.",
        unit="none",
        scale=backing_services.uncoloured("The panel next to it judges the total"),
        queries=(Query(_POSTGRES.by("sum", "pg_stat_activity_count", "state"), "{{state}}, {{service}}"),),
        stacked=True,
        fill=20,
        table=True,
    )


def _longest(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Longest transaction by state",
        description="Age of the oldest transaction. Healthy: seconds; a long active one is a report, a migration or a "
        "backup.",
        unit="s",
        scale=backing_services.says("PostgresIdleInTransaction"),
        queries=(Query(_POSTGRES.by("max", "pg_stat_activity_max_tx_duration", "state"), "{{state}}, {{service}}"),),
    )
    return backing_services.with_alert(graph, lines["PostgresIdleInTransaction"])


def _transactions() -> Graph:
    rates = (
        Query(_POSTGRES.by("sum", f"pg_stat_database_xact_{end}", matchers=_REAL, per_second=True), legend)
        for end, legend in (("commit", "committed, {{service}}"), ("rollback", "rolled back, {{service}}"))
    )
    return Graph(
        title="Transactions",
        description="Transactions a second. Healthy: a familiar level, with far fewer rollbacks.",
        unit="cps",
        scale=backing_services.uncoloured("PostgresRollbacksHigh compares the two"),
        queries=tuple(rates),
    )


def _deadlocks() -> Graph:
    return Graph(
        title="Deadlocks",
        description="Transactions that PostgreSQL aborted because they waited for each other. Healthy: flat at 0.",
        unit="none",
        scale=backing_services.uncoloured("PostgresDeadlocks counts them over ten minutes"),
        queries=(
            Query(
                f"sum by ({names.BY_SERVICE}, datname) "
                f"(increase({_POSTGRES.at('pg_stat_database_deadlocks', _REAL)}[$__rate_interval]))",
                _OF_DATABASE,
            ),
        ),
        steps=True,
        soft_max=1,
    )


def _locks() -> Graph:
    return Graph(
        title="Locks",
        description="Locks held, by mode. Healthy: many shared, few exclusive.",
        unit="none",
        scale=backing_services.uncoloured("No number of locks is bad in itself"),
        queries=(Query(f"{_POSTGRES.by('sum', 'pg_locks_count', 'mode')} > 0", "{{mode}}, {{service}}"),),
        no_value="none held",
    )


def _cache() -> Graph:
    hit, read = (
        _POSTGRES.by("sum", f"pg_stat_database_blks_{end}", "datname", matchers=_REAL, per_second=True)
        for end in ("hit", "read")
    )
    return Graph(
        title="Cache hit ratio",
        description="Pages found in PostgreSQL's memory. Healthy: above 99% for interactive work; a report may lower "
        "it.",
        unit="percentunit",
        scale=backing_services.uncoloured(
            "It is missing for an idle database and low for a cold one, so nothing alerts on it"
        ),
        queries=(Query(f"{hit} / ({hit} + {read} > 0)", _OF_DATABASE),),
        soft_max=1,
    )


def _temporary() -> Graph:
    return Graph(
        title="Temporary files",
        description="Written by sorts and joins that exceeded work_mem. Healthy: next to nothing.",
        unit="Bps",
        scale=backing_services.uncoloured("No amount is bad in itself"),
        queries=(
            Query(
                _POSTGRES.by("sum", "pg_stat_database_temp_bytes", "datname", matchers=_REAL, per_second=True),
                _OF_DATABASE,
            ),
        ),
    )


def _size() -> Graph:
    return Graph(
        title="Database size",
        description="On disk. Healthy: an expected slope.",
        unit="bytes",
        scale=backing_services.uncoloured("The server's disk has its own alerts"),
        queries=(Query(_POSTGRES.by("max", "pg_database_size_bytes", "datname", matchers=_REAL), _OF_DATABASE),),
    )


def _wal() -> Graph:
    return Graph(
        title="WAL size",
        description="Write-ahead log kept on disk. Healthy: a sawtooth around max_wal_size.",
        unit="bytes",
        scale=backing_services.uncoloured(
            "PostgresSlotRetainsWal judges the WAL kept by a slot (needs postgres_exporter 0.17)"
        ),
        queries=(Query(_POSTGRES.by("max", "pg_wal_size_bytes"), NAMED),),
    )


def _archived() -> Graph:
    rates = (
        Query(_POSTGRES.by("max", f"pg_stat_archiver_{end}_count", per_second=True), legend)
        for end, legend in (("archived", "archived, {{service}}"), ("failed", "failed, {{service}}"))
    )
    return Graph(
        title="WAL archiving",
        description="WAL files a second. Healthy: no failures; no line without an archive.",
        unit="cps",
        scale=backing_services.uncoloured("PostgresArchiveFailing fires on any lasting failure"),
        queries=tuple(rates),
    )


def _slots(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="WAL retained by slots",
        description="WAL not yet read by replicas and other consumers. Healthy: near 0, or no line without slots.",
        unit="bytes",
        scale=backing_services.says("PostgresSlotRetainsWal"),
        queries=(
            Query(
                _POSTGRES.by("max", "pg_replication_slots_pg_wal_lsn_diff", "slot_name"), "{{slot_name}}, {{service}}"
            ),
        ),
    )
    return backing_services.with_alert(graph, lines["PostgresSlotRetainsWal"])


def _lag(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Replication lag",
        description="How far a replica is behind; 0 on a primary. Healthy: below a second.",
        unit="s",
        scale=backing_services.says("PostgresReplicationLag"),
        queries=(Query(_POSTGRES.by("max", "pg_replication_lag_seconds"), NAMED),),
    )
    return backing_services.with_alert(graph, lines["PostgresReplicationLag"])


def _age(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Age of the oldest transaction id",
        description="Transactions since vacuum froze the oldest row. Healthy: a sawtooth up to 200 million.",
        unit="short",
        scale=backing_services.says("PostgresWraparoundNear"),
        queries=(
            Query(_POSTGRES.by("max", "pg_database_wraparound_age_datfrozenxid_seconds", "datname"), _OF_DATABASE),
        ),
    )
    return backing_services.with_alert(graph, lines["PostgresWraparoundNear"])
