"""Redis persistence: snapshots, append-only file, replica."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.fragments import expr
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "redis_storage"
DASHBOARD = "redis"

_JOB = kinds.of("redis").job
_SNAPSHOT, _APPEND, _REWRITE, _APPENDS = (
    "redis_rdb_last_bgsave_status",
    "redis_aof_last_write_status",
    "redis_aof_last_bgrewrite_status",
    "redis_aof_enabled",
)
_LINK = "redis_master_link_up"


def subject(topology: Topology) -> Subject | None:
    """Alerts on Redis' persistence; None where no Redis is scraped."""
    if not scraped(topology, "redis"):
        return None
    rules = (_saves(topology), _link(topology))
    return Subject(id=ID, title="Redis' storage", groups=(Group(name="redis-storage", rules=rules),))


def _saves(topology: Topology) -> Alert:
    name = "RedisSavesFailing"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE))

    def saves(bad: str = "", *, appends: int = 1) -> tuple[Series, ...]:
        return (
            *(bench.flat(metric, int(metric != bad)) for metric in (_SNAPSHOT, _APPEND, _REWRITE)),
            *(bench.flat(metric, 1, instance="second:9121") for metric in (_SNAPSHOT, _APPEND, _REWRITE)),
            *(bench.flat(metric, 1, "other") for metric in (_SNAPSHOT, _APPEND, _REWRITE, _APPENDS)),
            bench.flat(_APPENDS, appends),
            bench.foreign(_APPENDS, 1),
        )

    snapshot, append, rewrite = (
        f"{by_service('min', selector(metric, _JOB))} == 0" for metric in (_SNAPSHOT, _APPEND, _REWRITE)
    )
    text = "Redis db on main cannot save its data."
    return Alert(
        alert=name,
        expr=expr(f"""
            {snapshot}
            or (
              {append}
              or {rewrite}
            )
            and on ({names.BY_SERVICE}) {selector(_APPENDS, _JOB)} == 1
        """),
        wait=bench.wait,
        severity="warning",
        summary="Redis cannot save its data to disk.",
        description=f"Redis {WHERE} cannot save its data.",
        dashboard=DASHBOARD,
        panel="Last saves",
        runbook=Runbook(
            meaning="The last snapshot, or the last write or rewrite of the append-only file, failed. A restart now "
            "loses the writes since; by default Redis refuses writes after a failed snapshot (*RedisWritesRefused*).",
            first_look=(
                (
                    "`docker logs NAME`: `No space left on device`, or `Can't save in background: fork: Cannot "
                    "allocate memory`?"
                ),
                "`df -h` on the server.",
            ),
            action=(
                "Disk full: free space, then run `redis-cli bgsave`.",
                (
                    "The fork gets no memory: set `sysctl vm.overcommit_memory=1` on the server, and leave a quarter "
                    "of the container's limit free (`maxmemory`)."
                ),
            ),
            false_alarms='A pure cache: switch saving off with `save ""` and `appendonly no`.',
        ),
        fires=(
            bench.fires("fires for the server whose snapshot failed, not for the other", saves(_SNAPSHOT), text),
            bench.fires("fires when the append-only file cannot be written", saves(_APPEND), text),
            bench.fires("fires when the append-only file cannot be rewritten", saves(_REWRITE), text),
        ),
        silent=(
            bench.silent("stays silent while all saves succeed", saves()),
            bench.silent("stays silent for a failed write of a disabled append-only file", saves(_APPEND, appends=0)),
            bench.silent(
                "stays silent for a failed rewrite of a disabled append-only file", saves(_REWRITE, appends=0)
            ),
            bench.silent("stays silent without any append-only file", saves()[:9]),
        ),
    )


def _link(topology: Topology) -> Alert:
    name = "RedisReplicaLinkDown"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE))

    def replica(link: int) -> tuple[Series, ...]:
        of_primary = {"master_host": "redis", "master_port": "6379"}
        return (
            bench.flat(_LINK, link, **of_primary),
            bench.flat(_LINK, 1, instance="second:9121", **of_primary),
            bench.flat(_LINK, 1, "other", **of_primary),
        )

    return Alert(
        alert=name,
        # Only replicas expose the metric.
        expr=f"{by_service('min', selector(_LINK, _JOB))} == 0",
        wait=bench.wait,
        severity="warning",
        summary="A Redis replica has lost its primary.",
        description=f"The replica {WHERE} has lost its primary.",
        dashboard=DASHBOARD,
        panel="Replication",
        runbook=Runbook(
            meaning="The replica receives no changes: its reads grow stale, and it is no use for a failover.",
            first_look=("Run `redis-cli info replication` on the replica: `master_link_status`, and since when?",),
            action=(
                "The primary is down: see *RedisDown*.",
                (
                    "The primary is up: check the replica's `masterauth`, the network between them, and "
                    "`client-output-buffer-limit replica` if the link keeps dropping during synchronisation."
                ),
            ),
            false_alarms="A large first synchronisation that takes longer than the alert's `for`.",
        ),
        fires=(
            bench.fires(
                "fires for the replica without a primary, not for the other",
                replica(0),
                "The replica db on main has lost its primary.",
            ),
        ),
        silent=(bench.silent("stays silent while it is connected", replica(1)),),
    )
