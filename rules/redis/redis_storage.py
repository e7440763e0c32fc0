"""What Redis keeps beside its memory: snapshots, the append-only file, and its replica."""

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
    """Alerts on what outlives a restart of Redis; None where no Redis is scraped."""
    if not scraped(topology, "redis"):
        return None
    rules = (_saves(topology), _link(topology))
    return Subject(id=ID, title="Redis' storage", groups=(Group(name="redis-storage", rules=rules),))


def _saves(topology: Topology) -> Alert:
    name = "RedisSavesFailing"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE))

    def told(bad: str = "", *, appends: int = 1) -> tuple[Series, ...]:
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
        summary="Redis cannot save its data to the disk.",
        description=f"Redis {WHERE} cannot save its data.",
        dashboard=DASHBOARD,
        panel="Last saves",
        runbook=Runbook(
            meaning="The last snapshot, or the last write or rewrite of the append-only file, failed. What was written "
            "since is lost with the next restart; by default Redis refuses writes after a failed snapshot "
            "(*RedisWritesRefused*).",
            first_look=(
                (
                    "`docker logs NAME`: `No space left on device`, or `Can't save in background: fork: Cannot "
                    "allocate memory`?"
                ),
                "`df -h` on the server.",
            ),
            action=(
                "The disk is full: free space, then `redis-cli bgsave`.",
                (
                    "The fork gets no memory: `sysctl vm.overcommit_memory=1` on the server, and leave Redis a "
                    "quarter of its limit (`maxmemory`)."
                ),
            ),
            false_alarms='A pure cache that saves nothing should say so: `save ""` and `appendonly no`.',
        ),
        fires=(
            bench.fires("fires for the one whose snapshot failed, not for the other", told(_SNAPSHOT), text),
            bench.fires("fires when the append-only file cannot be written", told(_APPEND), text),
            bench.fires("fires when the append-only file cannot be rewritten", told(_REWRITE), text),
        ),
        silent=(
            bench.silent("stays silent while everything is saved", told()),
            bench.silent("stays silent for a failed write of a file that is switched off", told(_APPEND, appends=0)),
            bench.silent("stays silent for a failed rewrite of a file that is switched off", told(_REWRITE, appends=0)),
            bench.silent("stays silent without any append-only file", told()[:9]),
        ),
    )


def _link(topology: Topology) -> Alert:
    name = "RedisReplicaLinkDown"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE))

    def told(link: int) -> tuple[Series, ...]:
        of_primary = {"master_host": "redis", "master_port": "6379"}
        return (
            bench.flat(_LINK, link, **of_primary),
            bench.flat(_LINK, 1, instance="second:9121", **of_primary),
            bench.flat(_LINK, 1, "other", **of_primary),
        )

    return Alert(
        alert=name,
        # Only a replica has the metric.
        expr=f"{by_service('min', selector(_LINK, _JOB))} == 0",
        wait=bench.wait,
        severity="warning",
        summary="A replica of Redis has lost its primary.",
        description=f"The replica {WHERE} has lost its primary.",
        dashboard=DASHBOARD,
        panel="Replication",
        runbook=Runbook(
            meaning="The replica gets no changes: reads from it grow old, and it is no use for a failover.",
            first_look=("`redis-cli info replication` on the replica: `master_link_status`, and since when.",),
            action=(
                "The primary is down: see *RedisDown*.",
                (
                    "It is up: `masterauth` of the replica, the network between them, and `client-output-buffer-limit "
                    "replica` if it loses the link again and again while it synchronises."
                ),
            ),
            false_alarms="None known: a first synchronisation takes less than the wait, unless it is large.",
        ),
        fires=(
            bench.fires(
                "fires for the replica without a primary, not for the other",
                told(0),
                "The replica db on main has lost its primary.",
            ),
        ),
        silent=(bench.silent("stays silent while it is connected", told(1)),),
    )
