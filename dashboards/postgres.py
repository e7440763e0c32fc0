"""PostgreSQL: connections, transactions, storage and replication."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.dashboards import backing_services, layout, queries
from boxwatch.dashboards.backing_services import NAMED, Engine
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.backing_services import scraped
from boxwatch.topology import kinds

_POSTGRES = Engine(kinds.of("postgres"))
_OF_DATABASE = "{{datname}} of {{service}}"
_REAL = 'datname!~"template.*|"'
_CONNECTIONS = f"max by ({names.BY_SERVICE}) ({names.SERVICE_POSTGRES_CONNECTIONS}{{{_POSTGRES.chosen}}})"


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
            layout.even(8, _longest(lines), _transactions(), _query_time()),
            layout.even(8, _locks(), _deadlocks(), _cache()),
            layout.heading("Storage"),
            layout.even(8, _size(), _wal(), _archived()),
            layout.even(8, _slots(lines), _lag(lines), _age(lines)),
            layout.detail("Rows and files", layout.even(8, _read_rows(), _written_rows(), _temporary())),
            layout.detail("Buffers and checkpoints", layout.even(8, _buffers(), _checkpoints(), _checkpoint_time())),
            layout.detail(
                "Tables and vacuum",
                layout.even(8, _dead_rows(), _vacuums(), _scans()),
                layout.even(8, _table_sizes(), _reading(), _waits()),
            ),
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
# As PostgreSQL names them, in the order of their colours.
_STATES = (
    "active",
    "idle",
    "idle in transaction",
    "idle in transaction (aborted)",
    "fastpath function call",
    "disabled",
)
_MODES = (
    "accesssharelock",
    "rowsharelock",
    "rowexclusivelock",
    "shareupdateexclusivelock",
    "sharelock",
    "sharerowexclusivelock",
    "exclusivelock",
    "accessexclusivelock",
)


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
        words=_STATES,
        stacked=True,
        fill=20,
    )


def _longest(lines: Mapping[str, float]) -> Graph:
    graph = Graph(
        title="Longest transaction by state",
        description="Age of the oldest transaction. Healthy: seconds; a long active one is a report, a migration or a "
        "backup.",
        unit="s",
        scale=backing_services.says("PostgresIdleInTransaction"),
        queries=(Query(_POSTGRES.by("max", "pg_stat_activity_max_tx_duration", "state"), "{{state}}, {{service}}"),),
        words=_STATES,
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
        unit="suffix:/s",
        scale=backing_services.uncoloured("PostgresRollbacksHigh compares the two"),
        queries=tuple(rates),
    )


def _query_time() -> Graph:
    return Graph(
        title="Query time",
        description="Time that statements took, in each second: 100% is one connection busy all the time. Healthy: a "
        "familiar level; no line before PostgreSQL 14.",
        unit="percentunit",
        scale=backing_services.uncoloured("What counts as much depends on the queries"),
        queries=(
            Query(
                _POSTGRES.by(
                    "sum", "pg_stat_database_active_time_seconds_total", "datname", matchers=_REAL, per_second=True
                ),
                _OF_DATABASE,
            ),
        ),
    )


def _deadlocks() -> Graph:
    return Graph(
        title="Deadlocks",
        description="Transactions that PostgreSQL aborted because they waited for each other. Healthy: flat at 0.",
        unit="none",
        scale=backing_services.uncoloured("PostgresDeadlocks counts them over ten minutes"),
        queries=(
            Query(
                f"round(sum by ({names.BY_SERVICE}, datname) "
                f"(increase({_POSTGRES.at('pg_stat_database_deadlocks', _REAL)}[$__rate_interval])))",
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
        queries=(Query(_POSTGRES.largest("sum", "pg_locks_count", "mode"), "{{mode}}, {{service}}"),),
        words=_MODES,
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
        unit="suffix:/s",
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


def _of_databases(metric: str, word: str) -> Query:
    return Query(
        _POSTGRES.by("sum", f"pg_stat_database_{metric}", matchers=_REAL, per_second=True), f"{word}, {{{{service}}}}"
    )


def _read_rows() -> Graph:
    return Graph(
        title="Rows read",
        description="Rows that scans went through, and rows that queries used. Healthy: close together; far more "
        "scanned than used means a missing index.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("What is normal depends on the queries"),
        queries=(_of_databases("tup_returned", "scanned"), _of_databases("tup_fetched", "used")),
    )


def _written_rows() -> Graph:
    return Graph(
        title="Rows written",
        description="Rows inserted, updated and deleted. Healthy: a familiar level.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("No rate is bad in itself"),
        queries=tuple(_of_databases(f"tup_{word}", word) for word in ("inserted", "updated", "deleted")),
    )


def _background(metric: str, word: str) -> Query:
    return Query(_POSTGRES.by("sum", f"pg_stat_bgwriter_{metric}_total", per_second=True), f"{word}, {{{{service}}}}")


def _buffers() -> Graph:
    return Graph(
        title="Buffers written",
        description="Pages written by checkpoints, by the background writer and by the clients' processes. Healthy: "
        "few by the last, which make queries wait; no line from PostgreSQL 17.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("What is normal depends on shared_buffers"),
        queries=(
            _background("buffers_checkpoint", "checkpoint"),
            _background("buffers_clean", "background"),
            _background("buffers_backend", "client"),
        ),
    )


def _checkpoints() -> Graph:
    rate = "round(sum by ({0}) (increase({1}[1h])))"
    return Graph(
        title="Checkpoints in an hour",
        description="Checkpoints by cause. Healthy: nearly all by time; many by size mean that max_wal_size is small.",
        unit="none",
        scale=backing_services.uncoloured("What is normal depends on checkpoint_timeout"),
        queries=tuple(
            Query(
                rate.format(names.BY_SERVICE, _POSTGRES.at(f"pg_stat_bgwriter_checkpoints_{metric}_total")),
                f"by {word}, {{{{service}}}}",
            )
            for metric, word in (("timed", "time"), ("req", "size"))
        ),
        steps=True,
    )


def _checkpoint_time() -> Graph:
    return Graph(
        title="Checkpoint time",
        description="Share of time in which checkpoints wrote and synchronised files. Healthy: mostly writing; "
        "synchronising makes queries wait.",
        unit="percentunit",
        scale=backing_services.uncoloured("Checkpoints spread their writes on purpose"),
        queries=tuple(
            # In milliseconds.
            Query(
                f"{_POSTGRES.by('sum', f'pg_stat_bgwriter_checkpoint_{what}_time_total', per_second=True)} / 1000",
                f"{what}, {{{{service}}}}",
            )
            for what in ("write", "sync")
        ),
        soft_max=0.1,
    )


_TABLE = ("datname", "relname")
_OF_TABLE = "{{relname}} in {{datname}} of {{service}}"
_NEEDS = "needs the exporter's collector stat_user_tables"


def _dead_rows() -> Graph:
    return Graph(
        title="Dead rows",
        description=f"Rows that vacuum has not yet removed, of the tables with most; {_NEEDS}. Healthy: a sawtooth.",
        unit="short",
        scale=backing_services.uncoloured("What is normal depends on the table's size"),
        queries=(Query(_POSTGRES.largest("max", "pg_stat_user_tables_n_dead_tup", *_TABLE), _OF_TABLE),),
        no_value="not collected",
    )


def _vacuums() -> Graph:
    runs = (("autovacuum", "automatic"), ("vacuum", "manual"), ("autoanalyze", "analyse"))
    return Graph(
        title="Vacuums in an hour",
        description="Vacuum and analyse runs on all tables. Healthy: regular automatic ones.",
        unit="none",
        scale=backing_services.uncoloured("What is normal depends on the writes"),
        queries=tuple(
            Query(
                f"round(sum by ({names.BY_SERVICE}) (increase({counter}[1h])))",
                f"{word}, {{{{service}}}}",
            )
            for run, word in runs
            for counter in (_POSTGRES.at(f"pg_stat_user_tables_{run}_count"),)
        ),
        steps=True,
        no_value="not collected",
    )


def _scans() -> Graph:
    return Graph(
        title="Sequential scans",
        description=f"Rows read by scans of whole tables, where they are most; {_NEEDS}. Healthy: small tables only.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("Small tables are scanned on purpose"),
        queries=(
            Query(_POSTGRES.largest("max", "pg_stat_user_tables_seq_tup_read", *_TABLE, per_second=True), _OF_TABLE),
        ),
        no_value="not collected",
    )


def _table_sizes() -> Graph:
    # Renamed in 0.19.
    sizes = " or ".join(
        _POSTGRES.by("max", f"pg_stat_user_tables_{name}_bytes", *_TABLE) for name in ("table_size", "size")
    )
    return Graph(
        title="Table sizes",
        description=f"The largest tables; {_NEEDS}. Healthy: an expected slope.",
        unit="bytes",
        scale=backing_services.uncoloured("No size is bad in itself"),
        queries=(Query(queries.largest(f"({sizes})"), _OF_TABLE),),
        no_value="not collected",
    )


def _reading() -> Graph:
    return Graph(
        title="Time spent on disk",
        description="Time that statements waited for reads and writes, in each second. Healthy: far below the query "
        "time; 0 without track_io_timing.",
        unit="percentunit",
        scale=backing_services.uncoloured("What is normal depends on the disk"),
        queries=tuple(
            # In milliseconds.
            Query(f"{_of_databases(f'blk_{way}_time', way).expr} / 1000", f"{way}, {{{{service}}}}")
            for way in ("read", "write")
        ),
        soft_max=0.1,
    )


def _waits() -> Graph:
    return Graph(
        title="Waiting connections",
        description="Active connections by the kind of event that they wait for. Healthy: few, and few for locks.",
        unit="none",
        scale=backing_services.uncoloured("PostgresLongQuery judges how long they last"),
        queries=(
            Query(
                _POSTGRES.largest("sum", "pg_stat_activity_count", "wait_event_type", matchers='state="active"'),
                "{{wait_event_type}}, {{service}}",
            ),
        ),
        no_value="none active",
    )
