"""An ordinary morning of the databases: deployed again, restarted exporter, vacuum, a backup that takes its time."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Series
from boxwatch.rules.quiet_hours import DEPLOYED, UNSCRAPED, Hours
from boxwatch.rules.world import flat, steps
from boxwatch.topology.units import GIB, MIB


def databases(hours: Hours) -> tuple[Series, ...]:
    """One of each kind, all of which page."""
    return (*_postgres(hours), *_redis(hours), *_elasticsearch(hours), *_minio(hours))


def _up(hours: Hours, job: str, service: str) -> tuple[int, tuple[Series, ...]]:
    """(scrapes that fail because the exporter is restarted, what is known of any target)."""
    gap, world = hours.brief(2, "TargetDown"), hours.world
    of = {"job": job, "service": service}
    return gap, (
        world.constant(names.SERVICE_PAGES, 1, server="main", service=service),
        world.scraped("up", hours.but(1, 0, gap, UNSCRAPED), **of),
        world.scraped("scrape_duration_seconds", hours.level(hours.most("ScrapeSlow", 0.3), 0, gap), **of),
    )


def _postgres(hours: Hours) -> tuple[Series, ...]:
    world, service = hours.world, "db"
    gap, known = _up(hours, names.JOB_POSTGRES, service)
    down = hours.brief(1, "PostgresDown")
    unread, then = hours.brief(1, "PostgresMetricsIncomplete"), UNSCRAPED - 8

    def of(metric: str, values: str, **labels: str) -> Series:
        return world.scraped(metric, values, job=names.JOB_POSTGRES, service=service, **labels)

    def longest(seconds: float, state: str, backend: str = "client backend", application: str = "web") -> Series:
        labels = {"datname": "shop", "state": state, "backend_type": backend, "application_name": application}
        return of("pg_stat_activity_max_tx_duration", hours.wave(0, seconds, down, gap), **labels)

    busy = 97 * min(hours.most("PostgresConnectionsHigh", 0.6), hours.most("PostgresConnectionsExhausted", 0.6))
    rollbacks = hours.most("PostgresRollbacksHigh", 0.05)
    deadlock = 1 if hours.most("PostgresDeadlocks", 1) == 1 else 0
    # It shows for ten minutes.
    archive = 1 if hours.patience("PostgresArchiveFailing") > 12 * 60 else 0
    return (
        *known,
        of("pg_up", steps((1, DEPLOYED), (0, down), (1, UNSCRAPED - DEPLOYED - down), (None, gap), (1, world.count))),
        of("pg_exporter_last_scrape_error", hours.but(0, 1, unread, then)),
        of("pg_scrape_collector_success", hours.but(1, 0, unread, then), collector="stat_database"),
        of("pg_settings_max_connections", hours.level(100, down, gap)),
        of("pg_settings_superuser_reserved_connections", hours.level(3, down, gap)),
        of("pg_stat_activity_count", hours.wave(5, busy, down, gap), backend_type="client backend", state="idle"),
        of("pg_stat_activity_count", hours.level(90, down, gap), backend_type="autovacuum worker", state="active"),
        longest(hours.most("PostgresLongQuery", 900), "active"),
        longest(hours.most("PostgresIdleInTransaction", 20), "idle in transaction"),
        # Vacuum of a large table, and the nightly dump, whose snapshot is open all the time.
        longest(20_000, "active", "autovacuum worker", ""),
        longest(9_000, "idle in transaction", application="pg_dump"),
        of("pg_stat_database_xact_commit", hours.counter(6000, down, gap), datname="shop"),
        of("pg_stat_database_xact_rollback", hours.counter(6000 * rollbacks, down, gap), datname="shop"),
        of("pg_stat_database_deadlocks", f"0x{DEPLOYED - 8} {deadlock}x6 _x{down} 0x{world.count}", datname="shop"),
        # Until vacuum froze the oldest rows.
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
        of("pg_stat_archiver_failed_count", f"0x{UNSCRAPED + gap + 2} {archive}x{world.count}"),
    )


def _redis(hours: Hours) -> tuple[Series, ...]:
    world, service = hours.world, "cache"
    gap, known = _up(hours, names.JOB_REDIS, service)
    down = hours.brief(1, "RedisDown")

    def of(metric: str, values: str, **labels: str) -> Series:
        return world.scraped(metric, values, job=names.JOB_REDIS, service=service, **labels)

    clients = 10_000 * hours.most("RedisClientsHigh", 0.02)
    # It is as large as it may be, and evicted what was not asked for: most of its keys in this hour.
    keys, evicted = 200_000, 200_000 * hours.most("RedisCacheThrashing", 0.7) / DEPLOYED
    return (
        *known,
        *world.service(service, replicas=1, memory=GIB),
        of(
            "redis_up", steps((1, DEPLOYED), (0, down), (1, UNSCRAPED - DEPLOYED - down), (None, gap), (1, world.count))
        ),
        of("redis_connected_clients", hours.wave(20, clients, down, gap)),
        of("redis_config_maxclients", hours.level(10_000, down, gap)),
        of("redis_memory_used_bytes", hours.wave(500 * MIB, 700 * MIB, down, gap)),
        of("redis_memory_max_bytes", hours.level(GIB * hours.most("RedisMaxmemoryAbovePlan", 0.7), down, gap)),
        of("redis_instance_info", hours.level(1, down, gap), maxmemory_policy="allkeys-lru"),
        # Deployed without its keys, which come back as they are asked for.
        of("redis_db_keys", _refilled(hours, keys, down, gap), db="db0"),
        of("redis_evicted_keys_total", _evicted(hours, evicted, down)),
        of("redis_rejected_connections_total", hours.level(0, down, gap)),
        of("redis_errors_total", hours.counter(2, down, gap), err="WRONGTYPE"),
        # A snapshot that failed for want of memory, and the next one that did not.
        of("redis_rdb_last_bgsave_status", hours.but(1, 0, hours.brief(5, "RedisSavesFailing"), UNSCRAPED - 10)),
        of("redis_aof_enabled", flat(0, world.count)),
        of("redis_aof_last_write_status", flat(0, world.count)),
    )


def _refilled(hours: Hours, keys: float, down: int, gap: int) -> str:
    """Full, and filling up again from nothing in two hours."""
    later, each = UNSCRAPED - DEPLOYED - down, keys / 120
    last = hours.world.count - UNSCRAPED - gap
    again = f"{each:.10g}+{each:.10g}x{later - 1}"
    missing = [f" _x{count}" if count else "" for count in (down, gap)]
    return f"{keys}x{DEPLOYED - 1}{missing[0]} {again}{missing[1]} {each * (later + gap):.10g}+{each:.10g}x{last}"


def _evicted(hours: Hours, each: float, down: int) -> str:
    """Steadily while it is full, and not at all while it fills."""
    missing = f" _x{down}" if down else ""
    return f"90000+{each:.10g}x{DEPLOYED - 1}{missing} 0x{hours.world.count - DEPLOYED - down}"


def _elasticsearch(hours: Hours) -> tuple[Series, ...]:
    world, service = hours.world, "search"
    gap, known = _up(hours, names.JOB_ELASTICSEARCH, service)
    down = hours.brief(1, "ElasticsearchDown", "ElasticsearchRed")
    # Two nodes: while the one that was deployed reads its shards again, replicas are missing.
    yellow = hours.brief(12, "ElasticsearchReplicasUnassigned")

    def of(metric: str, values: str, **labels: str) -> Series:
        return world.scraped(metric, values, job=names.JOB_ELASTICSEARCH, service=service, **labels)

    node = {"name": "node-1"}
    disk = {**node, "mount": "/usr/share/elasticsearch/data"}
    free = max(hours.least("ElasticsearchDiskLow", 0.4), hours.least("ElasticsearchDiskFlood", 0.4))
    heap = hours.most("ElasticsearchHeapHigh", 0.75)
    health = "elasticsearch_cluster_health_status"
    return (
        *known,
        of("elasticsearch_scrape_success", hours.but(1, 0, down), collector="cluster-info"),
        of(health, hours.but(0, 1, down), color="red"),
        of(health, hours.but(0, 1, yellow, DEPLOYED + down), color="yellow"),
        of(health, hours.but(1, 0, down + yellow), color="green"),
        of("elasticsearch_cluster_health_number_of_nodes", hours.but(2, 1, down)),
        of("elasticsearch_cluster_health_number_of_data_nodes", hours.but(2, 1, down)),
        of("elasticsearch_filesystem_data_size_bytes", hours.level(100 * GIB, down, gap), **disk),
        # Less while segments are merged.
        of("elasticsearch_filesystem_data_available_bytes", hours.level(100 * GIB * free, down, gap), **disk),
        of(
            "elasticsearch_jvm_memory_used_bytes",
            hours.wave(0.3 * heap * GIB, heap * GIB, down, gap),
            area="heap",
            **node,
        ),
        of("elasticsearch_jvm_memory_max_bytes", hours.level(GIB, down, gap), area="heap", **node),
        # Both began anew, from the numbers of another life.
        of("elasticsearch_breakers_tripped", f"3x{DEPLOYED - 1} 0x{world.count - DEPLOYED}", breaker="parent", **node),
        of(
            "elasticsearch_thread_pool_rejected_count",
            f"12x{DEPLOYED - 1} 0x{world.count - DEPLOYED}",
            type="write",
            **node,
        ),
    )


def _minio(hours: Hours) -> tuple[Series, ...]:
    world, service = hours.world, "files"
    down = hours.brief(1, "MinioDown", "MinioQuorumLost", "TargetDown")

    def of(metric: str, values: str, **labels: str) -> Series:
        return world.scraped(metric, values, job=names.JOB_MINIO, service=service, **labels)

    failed = 3000 * hours.most("MinioErrorsHigh", 0.01)
    free = hours.least("MinioCapacityLow", 0.5)
    return (
        world.constant(names.SERVICE_PAGES, 1, server="main", service=service),
        # It shows its metrics itself.
        of("up", hours.but(1, 0, down)),
        of("scrape_duration_seconds", hours.level(hours.most("ScrapeSlow", 1.5), 0, 0)),
        of("minio_cluster_health_status", hours.but(1, None, down)),
        of("minio_cluster_drive_offline_total", hours.but(0, 1, hours.brief(2, "MinioDrivesOffline"), DEPLOYED + down)),
        of("minio_cluster_capacity_usable_total_bytes", hours.level(GIB, down, 0)),
        of("minio_cluster_capacity_usable_free_bytes", hours.wave(free * GIB, (1 + free) / 2 * GIB, down, 0)),
        of("minio_s3_requests_total", hours.counter(3000, down, 0), api="getobject"),
        of("minio_s3_requests_5xx_errors_total", hours.counter(failed, down, 0), api="getobject"),
    )
