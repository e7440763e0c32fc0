"""Redis: does it answer, does it fit into its memory, and is it of use?"""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.dashboards import backing_services, layout
from boxwatch.dashboards.backing_services import NAMED, Engine
from boxwatch.dashboards.panels import colours, field_config, scale
from boxwatch.dashboards.panels.field_config import State
from boxwatch.dashboards.panels.panel import Graph, Query, Stat
from boxwatch.dashboards.panels.timelines import States
from boxwatch.dashboards.queries import ON_SERVICES
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
        "Does Redis answer, does it fit into its memory, and is it of use?",
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
            layout.even(8, _slow(), _network()),
            layout.heading("Storage"),
            layout.even(8, _saves(), _unsaved(), _replication()),
        ),
    )


def _share(lines: Mapping[str, float]) -> Stat:
    return Stat(
        title="Share of maxmemory",
        description="Memory in use, on the fullest. Good is green, or full for a cache that may evict.",
        unit="percentunit",
        scale=backing_services.near(lines["RedisMemoryNearMax"], "RedisMemoryNearMax"),
        queries=(Query(f"max({_USED} / ({_MAX} > 0))"),),
        no_value="no maxmemory",
    )


def _refused() -> Stat:
    refused = f"increase({_REDIS.at('redis_errors_total', _REFUSALS)}[10m])"
    return Stat(
        title="Writes refused",
        description="In ten minutes, because memory is full or data cannot be saved. Good is 0.",
        unit="none",
        scale=scale.none_is_good(),
        queries=(Query(f"round(sum({refused})) or 0 * count({_REDIS.at('redis_up')})"),),
    )


_REFUSALS = 'err=~"OOM|MISCONF"'


def _memory() -> Graph:
    replica = (
        f"max by ({names.BY_SERVICE}) ({names.SERVICE_MEMORY_BUDGET}{{{ON_SERVICES}}} "
        f"/ on ({names.BY_SERVICE}) {names.SERVICE_REPLICAS_DESIRED}{{{ON_SERVICES}}})"
    )
    return Graph(
        title="Memory",
        description="What Redis uses and what it has from the system. Good is below maxmemory, and maxmemory below the plan.",
        unit="bytes",
        scale=scale.lines("The solid line is maxmemory, the dashed line the memory of a replica in the topology."),
        queries=(
            Query(_USED, "used by {{service}}"),
            Query(_REDIS.by("max", "redis_memory_used_rss_bytes"), "resident, {{service}}"),
            Query(f"{_MAX} > 0", "maxmemory of {{service}}"),
            Query(replica, "plan of {{service}}"),
        ),
        overrides=(field_config.limit_line("C"), field_config.plan_line("D")),
    )


def _keys() -> Graph:
    return Graph(
        title="Keys",
        description="Keys by database, and those of them that expire. Good is a level, and for a cache that all expire.",
        unit="short",
        scale=backing_services.uncoloured("What is many depends on what is kept"),
        queries=(
            Query(f"{_REDIS.by('max', 'redis_db_keys', 'db')} > 0", "{{db}} of {{service}}"),
            Query(f"{_REDIS.by('max', 'redis_db_keys_expiring', 'db')} > 0", "{{db}} of {{service}}, expiring"),
        ),
        no_value="no keys",
    )


def _evicted() -> Graph:
    return Graph(
        title="Evicted and expired keys",
        description="Thrown out for lack of memory, and gone because their time was over. Good is far more expired.",
        unit="cps",
        scale=backing_services.uncoloured("RedisCacheThrashing judges what is evicted in an hour"),
        queries=(
            Query(_REDIS.by("sum", "redis_evicted_keys_total", per_second=True), "evicted, {{service}}"),
            Query(_REDIS.by("sum", "redis_expired_keys_total", per_second=True), "expired, {{service}}"),
        ),
    )


def _hits() -> Graph:
    hits, misses = (_REDIS.by("sum", f"redis_keyspace_{end}_total", per_second=True) for end in ("hits", "misses"))
    return Graph(
        title="Hit ratio",
        description="Reads that found their key. Good is above 90% for a cache; for queues it says nothing.",
        unit="percentunit",
        scale=backing_services.uncoloured("What is good depends on the use"),
        queries=(Query(f"{hits} / ({hits} + {misses} > 0)", NAMED),),
        soft_max=1,
    )


def _fragmentation() -> Graph:
    return Graph(
        title="Fragmentation",
        description="Memory from the system against memory in use. Good is 1 to 1.5; below 1 Redis is swapped out.",
        unit="none",
        scale=backing_services.uncoloured("With little data it is high and no trouble"),
        queries=(Query(_REDIS.by("max", "redis_mem_fragmentation_ratio"), NAMED),),
    )


def _clients() -> Graph:
    return Graph(
        title="Clients",
        description="Connected, waiting in a blocking command, and turned away a second. Good is nobody turned away.",
        unit="short",
        scale=backing_services.uncoloured("RedisClientsHigh judges them against maxclients"),
        queries=(
            Query(_REDIS.by("max", "redis_connected_clients"), "connected, {{service}}"),
            Query(_REDIS.by("max", "redis_blocked_clients"), "blocked, {{service}}"),
            Query(_REDIS.by("sum", "redis_rejected_connections_total", per_second=True), "turned away, {{service}}"),
        ),
    )


def _commands() -> Graph:
    commands = _REDIS.by("sum", "redis_commands_total", "cmd", per_second=True)
    return Graph(
        title="Commands",
        description="Commands a second, the ten most frequent. Good is what your applications do; keys and flushall are not.",
        unit="cps",
        scale=backing_services.uncoloured("No rate is bad by itself"),
        queries=(Query(f"topk(10, {commands})", "{{cmd}}, {{service}}"),),
    )


def _errors() -> Graph:
    return Graph(
        title="Errors by kind",
        description="Errors that clients got, a second. Good is none; OOM and MISCONF are writes that were refused.",
        unit="cps",
        scale=backing_services.uncoloured("RedisWritesRefused speaks of OOM and MISCONF"),
        queries=(Query(_REDIS.by("sum", "redis_errors_total", "err", per_second=True), "{{err}}, {{service}}"),),
        soft_max=1,
        no_value="no error yet",
    )


def _slow() -> Graph:
    spent, count = (
        _REDIS.by("sum", f"redis_commands_{end}", "cmd", per_second=True) for end in ("duration_seconds_total", "total")
    )
    return Graph(
        title="Time of a command",
        description="The ten slowest kinds, on average. Good is below a millisecond: Redis does one after the other.",
        unit="s",
        scale=backing_services.uncoloured("What is slow depends on the command"),
        queries=(Query(f"topk(10, {spent} / ({count} > 0))", "{{cmd}}, {{service}}"),),
        table=True,
    )


def _network() -> Graph:
    return Graph(
        title="Traffic",
        description="Bytes a second to and from clients. Good is a level that you know.",
        unit="Bps",
        scale=backing_services.uncoloured("No amount is bad by itself"),
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
        description="Whether the last snapshot, write and rewrite of the file succeeded. Good is one colour.",
        unit="none",
        scale=backing_services.uncoloured("Red is a failure, of which RedisSavesFailing speaks; else"),
        queries=tuple(saves),
        mappings=tuple(field_config.states(State(0, "failed", colours.BAD), State(1, "saved", colours.GOOD))),
    )


def _unsaved() -> Graph:
    return Graph(
        title="Changes since the last snapshot",
        description="What a restart would lose without an append-only file. Good is a saw-tooth.",
        unit="short",
        scale=backing_services.uncoloured("What may be lost is for you to say"),
        queries=(Query(_REDIS.by("max", "redis_rdb_changes_since_last_save"), NAMED),),
    )


def _replication() -> Graph:
    return Graph(
        title="Replication",
        description="Replicas of a primary, and whether a replica has its primary (1). Good is no change.",
        unit="none",
        scale=backing_services.uncoloured("RedisReplicaLinkDown speaks of a lost primary"),
        queries=(
            Query(_REDIS.by("max", "redis_connected_slaves"), "replicas of {{service}}"),
            Query(_REDIS.by("min", "redis_master_link_up"), "link of {{service}}"),
        ),
        steps=True,
        soft_max=1,
    )
