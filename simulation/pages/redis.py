"""redis_exporter of a Redis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import PAST, Box
from boxwatch.simulation.chance import chance
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import Change, Flow, daily
from boxwatch.simulation.pages import process
from boxwatch.topology.model import Service

EXPORTER: Final = "redis_exporter"
_COMMANDS: Final = {"get": 320.0, "set": 70.0, "hgetall": 40.0, "expire": 30.0}
_REFUSED: Final = 9.0


def samples(box: Box, service: Service, server: str, now: float) -> Iterator[Sample]:
    """What it reports at a moment; of a Redis that does not answer only that."""
    yield from process.samples(box.start - PAST, now)
    down = box.fault("database down", now, service.name) is not None or not box.up(now, service, server)
    yield Sample("redis_up", 0.0 if down else 1.0)
    if down:
        return
    since = box.since(now, service, server)
    load = daily(1.0, chance(box.seed, service.name), 0.8)
    done = load.total(since, now)
    yield Sample(
        "redis_instance_info", 1.0,
        {"maxmemory_policy": "noeviction", "redis_mode": "standalone", "redis_version": "7.2.4", "role": "master"},
    )  # fmt: skip
    most = 0.85 * service.memory
    full = box.fault("redis full", now, service.name)
    used = 0.44 * most * (1 + 0.02 * load.rate(now)) if full is None else 0.999 * most
    yield Sample("redis_memory_max_bytes", float(int(most)))
    yield Sample("redis_memory_used_bytes", float(int(used)))
    yield Sample("redis_memory_used_rss_bytes", float(int(used * 1.09)))
    yield Sample("redis_mem_fragmentation_ratio", 1.09)
    yield Sample("redis_connected_clients", float(int(18 + 9 * load.rate(now))))
    yield Sample("redis_blocked_clients", 2.0)
    yield Sample("redis_connections_received_total", float(int(0.3 * done)))
    yield Sample("redis_cpu_sys_seconds_total", 0.012 * done)
    yield Sample("redis_cpu_user_seconds_total", 0.021 * done)
    yield Sample("redis_slowlog_length", 3.0)
    yield Sample("redis_uptime_in_seconds", float(int(now - since)))
    yield Sample("redis_config_maxclients", 10000.0)
    yield Sample("redis_connected_slaves", 0.0)
    yield Sample("redis_rejected_connections_total", 0.0)
    for cmd, rate in _COMMANDS.items():
        yield Sample("redis_commands_total", float(int(rate * done)), {"cmd": cmd})
        yield Sample("redis_commands_duration_seconds_total", rate * done * 4e-6, {"cmd": cmd})
    yield from _errors(box, service, since, now)
    yield Sample("redis_db_keys", 410000.0 + int(9000 * load.rate(now)), {"db": "db0"})
    yield Sample("redis_db_keys_expiring", 302000.0 + int(8000 * load.rate(now)), {"db": "db0"})
    yield Sample("redis_evicted_keys_total", 0.0)
    yield Sample("redis_expired_keys_total", float(int(11 * done)))
    yield Sample("redis_keyspace_hits_total", float(int(301 * done)))
    yield Sample("redis_keyspace_misses_total", float(int(21 * done)))
    yield Sample("redis_net_input_bytes_total", float(int(61e3 * done)))
    yield Sample("redis_net_output_bytes_total", float(int(280e3 * done)))
    yield Sample("redis_rdb_changes_since_last_save", float(int(70 * (now % 900))))
    yield Sample("redis_rdb_last_bgsave_status", 1.0)
    yield Sample("redis_aof_enabled", 0.0)
    yield Sample("redis_aof_last_bgrewrite_status", 1.0)
    yield Sample("redis_aof_last_write_status", 1.0)


def _errors(box: Box, service: Service, since: float, now: float) -> Iterator[Sample]:
    """A kind of error has no series before its first."""
    yield Sample("redis_errors_total", float(1 + int(0.002 * (now - since))), {"err": "ERR"})
    refused = tuple(
        Change(fault.begins, fault.ends, extra=_REFUSED)
        for fault in box.faults
        if fault.kind == "redis full" and fault.subject == service.name
    )
    count = int(Flow(0.0, changes=refused).total(since, now))
    if count:
        yield Sample("redis_errors_total", float(count), {"err": "OOM"})
