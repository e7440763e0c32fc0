"""Redis as a monitored system."""

from __future__ import annotations

from boxwatch.rules.model import Series
from boxwatch.rules.patterns.backing_services import selector
from boxwatch.rules.patterns.system import SERVICE, Cause, System
from boxwatch.rules.proofs.fixtures import flat, steps
from boxwatch.rules.proofs.healthy_hours import DEPLOYED, UNSCRAPED, Hours, exporter_restarts
from boxwatch.rules.redis import redis, redis_memory, redis_storage
from boxwatch.topology import kinds
from boxwatch.topology.units import GIB, MIB

_NAME = "redis"
_JOB = kinds.of(_NAME).job


def healthy_day(hours: Hours) -> tuple[Series, ...]:
    """A full cache that is redeployed without its keys."""
    fixtures, service = hours.fixtures, "cache"
    gap, known = exporter_restarts(hours, _JOB, service)
    down = hours.brief(1, "RedisDown")

    def of(metric: str, values: str, **labels: str) -> Series:
        return fixtures.scraped(metric, values, job=_JOB, service=service, **labels)

    clients = 10_000 * hours.most("RedisClientsHigh", 0.02)
    # The cache is full and evicts most of its keys within the hour.
    keys, evicted = 200_000, 200_000 * hours.most("RedisCacheThrashing", 0.7) / DEPLOYED
    return (
        *known,
        *fixtures.service(service, replicas=1, memory=GIB),
        of(
            "redis_up",
            steps((1, DEPLOYED), (0, down), (1, UNSCRAPED - DEPLOYED - down), (None, gap), (1, fixtures.count)),
        ),
        of("redis_connected_clients", hours.wave(20, clients, down, gap)),
        of("redis_config_maxclients", hours.level(10_000, down, gap)),
        of("redis_memory_used_bytes", hours.wave(500 * MIB, 700 * MIB, down, gap)),
        of("redis_memory_max_bytes", hours.level(GIB * hours.most("RedisMaxmemoryAbovePlan", 0.7), down, gap)),
        of("redis_instance_info", hours.level(1, down, gap), maxmemory_policy="allkeys-lru"),
        # Deployed without its keys, which return as they are requested.
        of("redis_db_keys", _refilled(hours, keys, down, gap), db="db0"),
        of("redis_evicted_keys_total", _evicted(hours, evicted, down)),
        of("redis_rejected_connections_total", hours.level(0, down, gap)),
        of("redis_errors_total", hours.counter(2, down, gap), err="WRONGTYPE"),
        # A snapshot that fails for lack of memory, and the next one, which succeeds.
        of("redis_rdb_last_bgsave_status", hours.but(1, 0, hours.brief(5, "RedisSavesFailing"), UNSCRAPED - 10)),
        of("redis_aof_enabled", flat(0, fixtures.count)),
        of("redis_aof_last_write_status", flat(0, fixtures.count)),
    )


def _refilled(hours: Hours, keys: float, down: int, gap: int) -> str:
    """Full, then refilling from empty within two hours."""
    later, each = UNSCRAPED - DEPLOYED - down, keys / 120
    last = hours.fixtures.count - UNSCRAPED - gap
    again = f"{each:.10g}+{each:.10g}x{later - 1}"
    missing = [f" _x{count}" if count else "" for count in (down, gap)]
    return f"{keys}x{DEPLOYED - 1}{missing[0]} {again}{missing[1]} {each * (later + gap):.10g}+{each:.10g}x{last}"


def _evicted(hours: Hours, each: float, down: int) -> str:
    """A steady rate while the cache is full, none while it refills."""
    missing = f" _x{down}" if down else ""
    return f"90000+{each:.10g}x{DEPLOYED - 1}{missing} 0x{hours.fixtures.count - DEPLOYED - down}"


SYSTEM = System(
    name=_NAME,
    subjects=(redis.subject, redis_memory.subject, redis_storage.subject),
    healthy_day=healthy_day,
    switch_on="start redis_exporter there, with `REDIS_ADDR=redis://NAME:6379` (docs/exporters/databases.md)",
    reached=selector("redis_up", _JOB),
    connect="set its `REDIS_ADDR=redis://NAME:6379`, and `REDIS_PASSWORD` where Redis has a password",
    worse=(Cause(("RedisWritesRefused",), ("RedisMemoryNearMax",), SERVICE),),
)
