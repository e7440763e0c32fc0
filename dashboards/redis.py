"""Redis: memory, clients, persistence and replication."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.dashboards import backing_services, layout, queries
from boxwatch.dashboards.backing_services import NAMED, Engine
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.timelines import States
from boxwatch.grafana.tree import Node
from boxwatch.rules import names
from boxwatch.rules.built import Built
from boxwatch.rules.patterns.backing_services import scraped
from boxwatch.topology import kinds

_REDIS = Engine(kinds.of("redis"))
_USED, _MAX = _REDIS.by("max", "redis_memory_used_bytes"), _REDIS.by("max", "redis_memory_max_bytes")


def build(built: Built) -> Node | None:
    """The dashboard as JSON; None where no Redis is scraped."""
    topology = built.topology
    if not scraped(topology, "redis"):
        return None
    lines = built.thresholds
    return _REDIS.page(
        topology,
        "Does Redis answer, does it fit into its memory, and is it useful?",
        layout.place(
            layout.line(
                4,
                (_REDIS.alerts(), 4),
                (_share(lines), 5),
                (_refused(), 5),
                (_REDIS.up("redis_up"), 10),
            ),
            layout.heading("Memory"),
            layout.line(9, (_memory(), 12), (_keys(), 12)),
            layout.even(8, _evicted(), _hits(), _fragmentation()),
            layout.heading("Clients"),
            layout.even(8, _clients(), _commands(), _errors()),
            layout.even(8, _slow(), _network(), _connections()),
            layout.heading("Storage"),
            layout.even(8, _saves(), _unsaved(), _replication()),
            layout.detail("Process", layout.even(8, _cpu(), _slow_log(), _uptime())),
        ),
    )


def _share(lines: Mapping[str, float]) -> Stat:
    return Stat(
        title="Share of maxmemory",
        description="Memory in use, on the fullest. Healthy: green, or full for a cache that may evict.",
        unit="percentunit",
        scale=backing_services.near(lines["RedisMemoryNearMax"], "RedisMemoryNearMax"),
        queries=(Query(f"max({_USED} / ({_MAX} > 0))"),),
        no_value="no maxmemory",
    )


def _refused() -> Stat:
    refused = f"increase({_REDIS.at('redis_errors_total', _REFUSALS)}[10m])"
    return Stat(
        title="Rejected writes",
        description="Within ten minutes, because memory was full or data could not be saved. Healthy: 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"round(sum({refused})) or 0 * count({_REDIS.at('redis_up')})"),),
    )


_REFUSALS = 'err=~"OOM|MISCONF"'


def _memory() -> Graph:
    replica = (
        f"max by ({names.BY_SERVICE}) ({names.SERVICE_MEMORY_BUDGET}{{{_REDIS.chosen}}} "
        f"/ on ({names.BY_SERVICE}) {names.SERVICE_REPLICAS_DESIRED}{{{_REDIS.chosen}}})"
    )
    return Graph(
        title="Memory",
        description="Memory used by Redis and taken from the system. Healthy: below maxmemory, with maxmemory below "
        "the plan.",
        unit="bytes",
        scale=scale.lines("The solid line is maxmemory, the dashed line a replica's memory in the topology."),
        queries=(
            Query(_USED, "used by {{service}}"),
            Query(_REDIS.by("max", "redis_memory_used_rss_bytes"), "resident, {{service}}"),
            Query(f"{_MAX} > 0", "maxmemory of {{service}}"),
            Query(queries.beside(replica, _USED), "plan of {{service}}"),
        ),
        overrides=(field_config.limit_line("C"), field_config.plan_line("D")),
    )


def _keys() -> Graph:
    return Graph(
        title="Keys",
        description="Keys by database, and how many of them expire. Healthy: a stable level; in a cache all keys "
        "expire.",
        unit="short",
        scale=backing_services.uncoloured("How many are too many depends on the data"),
        queries=(
            Query(queries.largest(_REDIS.by("max", "redis_db_keys", "db"), 4), "{{db}} of {{service}}"),
            Query(
                queries.largest(_REDIS.by("max", "redis_db_keys_expiring", "db"), 4), "{{db}} of {{service}}, expiring"
            ),
        ),
    )


def _evicted() -> Graph:
    return Graph(
        title="Evicted and expired keys",
        description="Keys removed for lack of memory, and keys past their time to live. Healthy: far more expired "
        "than evicted.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("RedisCacheThrashing judges the evictions of an hour"),
        queries=(
            Query(_REDIS.by("sum", "redis_evicted_keys_total", per_second=True), "evicted, {{service}}"),
            Query(_REDIS.by("sum", "redis_expired_keys_total", per_second=True), "expired, {{service}}"),
        ),
    )


def _hits() -> Graph:
    hits, misses = (_REDIS.by("sum", f"redis_keyspace_{end}_total", per_second=True) for end in ("hits", "misses"))
    return Graph(
        title="Hit ratio",
        description="Reads that found their key. Healthy: above 90% for a cache; meaningless for queues.",
        unit="percentunit",
        scale=backing_services.uncoloured("What is normal depends on the use"),
        queries=(Query(f"{hits} / ({hits} + {misses} > 0)", NAMED),),
        soft_max=1,
    )


def _fragmentation() -> Graph:
    return Graph(
        title="Fragmentation",
        description="Memory taken from the system against memory in use. Healthy: 1 to 1.5; below 1 Redis is swapped "
        "out.",
        unit="none",
        scale=backing_services.uncoloured("It is high but harmless with little data"),
        queries=(Query(_REDIS.by("max", "redis_mem_fragmentation_ratio"), NAMED),),
    )


def _clients() -> Graph:
    return Graph(
        title="Clients",
        description="Connected clients, and clients in a blocking command. Healthy: far below maxclients.",
        unit="short",
        scale=backing_services.uncoloured("RedisClientsHigh compares them with maxclients"),
        queries=(
            Query(_REDIS.by("max", "redis_connected_clients"), "connected, {{service}}"),
            Query(_REDIS.by("max", "redis_blocked_clients"), "blocked, {{service}}"),
        ),
    )


def _connections() -> Graph:
    return Graph(
        title="Connections",
        description="Connections opened, and rejected because there were too many. Healthy: none rejected, and few "
        "opened: clients keep theirs.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("RedisConnectionsRejected fires on any rejected"),
        queries=(
            Query(_REDIS.by("sum", "redis_connections_received_total", per_second=True), "opened, {{service}}"),
            Query(_REDIS.by("sum", "redis_rejected_connections_total", per_second=True), "rejected, {{service}}"),
        ),
        soft_max=1,
    )


def _cpu() -> Graph:
    return Graph(
        title="CPU",
        description="CPU time in each second; the main thread, which runs all commands, has one CPU at most. Healthy: "
        "far below 100%.",
        unit="percentunit",
        scale=backing_services.uncoloured("What is normal depends on the load"),
        queries=(
            Query(_REDIS.by("sum", "redis_cpu_user_seconds_total", per_second=True), "user, {{service}}"),
            Query(_REDIS.by("sum", "redis_cpu_sys_seconds_total", per_second=True), "system, {{service}}"),
        ),
    )


def _slow_log() -> Graph:
    return Graph(
        title="Slow log",
        description="Entries in the slow log: commands slower than slowlog-log-slower-than. Healthy: no new ones.",
        unit="none",
        scale=backing_services.uncoloured("The threshold is in Redis' own configuration"),
        queries=(Query(_REDIS.by("max", "redis_slowlog_length"), NAMED),),
        steps=True,
        soft_max=1,
    )


def _uptime() -> Graph:
    return Graph(
        title="Uptime",
        description="Time since Redis started. Healthy: rising since the last deployment.",
        unit="dtdurations",
        scale=backing_services.uncoloured("No age is bad in itself"),
        queries=(Query(_REDIS.by("min", "redis_uptime_in_seconds"), NAMED),),
    )


def _commands() -> Graph:
    commands = _REDIS.by("sum", "redis_commands_total", "cmd", per_second=True)
    return Graph(
        title="Commands",
        description="The eight most frequent commands. Healthy: those your applications send; never keys or flushall.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("No rate is bad in itself"),
        queries=(Query(queries.largest(commands), "{{cmd}}, {{service}}"),),
    )


def _errors() -> Graph:
    return Graph(
        title="Errors by kind",
        description="Errors returned to clients, a second. Healthy: none; OOM and MISCONF are rejected writes.",
        unit="suffix:/s",
        scale=backing_services.uncoloured("RedisWritesRefused fires on OOM and MISCONF"),
        queries=(Query(_REDIS.by("sum", "redis_errors_total", "err", per_second=True), "{{err}}, {{service}}"),),
        soft_max=1,
        no_value="no errors yet",
    )


def _slow() -> Graph:
    spent, count = (
        _REDIS.by("sum", f"redis_commands_{end}", "cmd", per_second=True) for end in ("duration_seconds_total", "total")
    )
    return Graph(
        title="Command time",
        description="The eight slowest commands, on average. Healthy: below a millisecond, because Redis runs one at a "
        "time.",
        unit="s",
        scale=backing_services.uncoloured("What counts as slow depends on the command"),
        queries=(Query(queries.largest(f"{spent} / ({count} > 0)"), "{{cmd}}, {{service}}"),),
    )


def _network() -> Graph:
    return Graph(
        title="Traffic",
        description="Bytes a second to and from clients. Healthy: a familiar level.",
        unit="Bps",
        scale=backing_services.uncoloured("No amount is bad in itself"),
        queries=(
            Query(_REDIS.by("sum", "redis_net_input_bytes_total", per_second=True), "received, {{service}}"),
            Query(_REDIS.by("sum", "redis_net_output_bytes_total", per_second=True), "sent, {{service}}"),
        ),
    )


def _saves() -> States:
    saves = (
        Query(_REDIS.by("min", metric), f"{what}, {{{{service}}}}")
        for metric, what in (
            ("redis_rdb_last_bgsave_status", "snapshot"),
            ("redis_aof_last_write_status", "append"),
            ("redis_aof_last_bgrewrite_status", "rewrite"),
        )
    )
    return States(
        title="Last saves",
        description="Whether the last snapshot, append and rewrite succeeded. Healthy: one colour throughout.",
        unit="none",
        scale=backing_services.uncoloured("Red is a failure, on which RedisSavesFailing fires; otherwise"),
        queries=tuple(saves),
        mappings=tuple(field_config.states(State(0, "failed", colours.BAD), State(1, "saved", colours.GOOD))),
    )


def _unsaved() -> Graph:
    return Graph(
        title="Changes since the last snapshot",
        description="Changes that a restart would lose without an append-only file. Healthy: a sawtooth.",
        unit="short",
        scale=backing_services.uncoloured("How much may be lost is your decision"),
        queries=(Query(_REDIS.by("max", "redis_rdb_changes_since_last_save"), NAMED),),
    )


def _replication() -> Graph:
    return Graph(
        title="Replication",
        description="Replicas of a primary, and whether a replica is linked to its primary (1). Healthy: no change.",
        unit="none",
        scale=backing_services.uncoloured("RedisReplicaLinkDown fires on a lost primary"),
        queries=(
            Query(_REDIS.by("max", "redis_connected_slaves"), "replicas of {{service}}"),
            Query(_REDIS.by("min", "redis_master_link_up"), "link of {{service}}"),
        ),
        steps=True,
        soft_max=1,
    )
