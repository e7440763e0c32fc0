"""Redis availability: the server answers, accepts connections and writes, and its metrics are exposed."""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules.model import Alert, Case, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, risen, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import exceeds, rises, unanswered
from boxwatch.rules.patterns.fragments import number
from boxwatch.rules.patterns.metrics_missing import metrics_missing
from boxwatch.rules.patterns.paging import by_paging, non_paging
from boxwatch.rules.patterns.worked import outage, outage_wait, reached
from boxwatch.rules.proofs.fixtures import INTERVAL
from boxwatch.rules.template_functions import percentage
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

ID = "redis"
DASHBOARD = "redis"

_JOB = kinds.of("redis").job
_UP = selector("redis_up", _JOB)
_CLIENTS, _MOST = "redis_connected_clients", "redis_config_maxclients"
_SECOND = "second:9121"
_ERRORS = "redis_errors_total"
# Error prefixes of refused writes.
_REFUSALS = 'err=~"OOM|MISCONF"'
# A power of two near Redis' default, so that shares of it are exact.
_ALLOWED = 8192


def subject(topology: Topology) -> Subject | None:
    """Alerts on Redis' availability; None where no Redis is scraped."""
    if not scraped(topology, "redis"):
        return None
    rules = (
        *_down(topology),
        *_writes(topology),
        *_connections(topology),
        _clients(topology),
        _missing(topology),
    )
    return Subject(id=ID, title="Redis", groups=(Group(name=ID, rules=rules),), reads=("replicas", "worked"))


def _down(topology: Topology) -> tuple[Alert, Alert]:
    name = "RedisDown"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, outage_wait(topology)))
    proven = unanswered(bench, "redis_up", "Redis db on main does not accept its exporter's connections.")
    return by_paging(
        Alert(
            alert=name,
            expr=f"{by_service('min', _UP)} == 0\n{outage(reached(_JOB))}",
            wait=bench.wait,
            severity="critical",
            summary="Redis does not answer.",
            description=f"Redis {WHERE} does not accept its exporter's connections.",
            dashboard=DASHBOARD,
            panel="Up",
            runbook=Runbook(
                meaning="The exporter runs and cannot query Redis: it is stopped, in a restart loop, or loading its "
                "data. Applications have lost its sessions, queues and caches.",
                first_look=(
                    (
                        "`docker logs --tail 50 NAME` on the server; in Coolify, the database's page shows whether it "
                        "runs."
                    ),
                    "`docker exec NAME redis-cli ping`: `PONG`, `LOADING`, `NOAUTH`, or nothing?",
                ),
                action=(
                    "Start it in Coolify; the last lines of its log say why it stopped.",
                    "`LOADING`: wait; it is reading its data from disk, and the log shows the progress.",
                    "Out of memory: see *ContainerOomKilled* and *RedisMaxmemoryMissing*.",
                ),
                false_alarms="The password was changed and the exporter still uses the old one (`NOAUTH`, "
                "`WRONGPASS`): applications work. Give the exporter the new one.",
            ),
            fires=proven.fires,
            silent=proven.silent,
        ),
        warning_fires=proven.warning_fires,
        warning_silent=proven.warning_silent,
    )


def _writes(topology: Topology) -> tuple[Alert, Alert]:
    name = "RedisWritesRefused"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 2 * MINUTE), window=MINUTE // 2)
    wrong = bench.rising(_ERRORS, 9, "other", err="WRONGTYPE")
    full, unsaved = (
        rises(bench, _ERRORS, "Redis db on main refuses writes.", decoys=(wrong,), err=err)
        for err in ("OOM", "MISCONF")
    )
    born, old = _born(bench), _old(bench)
    return by_paging(
        Alert(
            alert=name,
            expr=f"{by_service('sum', risen(selector(_ERRORS, _JOB, _REFUSALS), _UP, bench.window_of_one))} > 0",
            wait=bench.wait,
            severity="critical",
            summary="Redis refuses writes.",
            description=f"Redis {WHERE} refuses writes.",
            dashboard=DASHBOARD,
            panel="Errors by kind",
            runbook=Runbook(
                meaning="Applications get errors when they write: `OOM`, because `maxmemory` is reached and the policy "
                "forbids eviction, or `MISCONF`, because the last snapshot failed.",
                first_look=(
                    "Dashboard *Redis*, panel *Errors by kind*: which of the two?",
                    "`redis-cli info memory` and `info persistence`: `used_memory`, `rdb_last_bgsave_status`.",
                ),
                action=(
                    ("`OOM` in a cache: `CONFIG SET maxmemory-policy allkeys-lru`, and the same in its configuration."),
                    (
                        "`OOM` with queues or sessions: find the growing keys (`redis-cli --bigkeys`), or give it more "
                        "memory in Coolify, in the topology and as `maxmemory`."
                    ),
                    "`MISCONF`: see *RedisSavesFailing*; usually the disk is full or the fork ran out of memory.",
                ),
                false_alarms="None known.",
            ),
            fires=(
                *full.fires,
                *born,
                replace(unsaved.fires[0], title="fires for writes refused because a snapshot failed"),
            ),
            silent=(*full.silent, *old),
        ),
        warning_fires=(
            *full.warning_fires,
            *non_paging(born),
            replace(
                unsaved.warning_fires[0],
                title="is a warning for writes refused because a snapshot failed, for a service that does not page",
            ),
        ),
        warning_silent=(*full.warning_silent, *non_paging(old)),
    )


def _elsewhere(bench: Bench) -> tuple[Series, ...]:
    """Redis was reached all the time on another server, for another service and by another exporter; and a probe."""
    others = ({"server": "second"}, {"service": "other"}, {"instance": _SECOND})
    return (
        *(bench.flat("redis_up", 1, **{"service": "db", **other}) for other in others),
        bench.foreign("redis_up", 1, instance=f"{_JOB}-exporter:1"),
    )


def _born(bench: Bench) -> tuple[Case, ...]:
    """The first refusals of their kind, all within one scrape."""
    count, late = bench.fixtures.count, bench.heard // INTERVAL
    then, lately = bench.heard + bench.lately, f"fires {format_duration(bench.lately)} after"
    up, text = bench.flat("redis_up", 1), "Redis db on main refuses writes."

    def fires(title: str, after: int, values: dict[str, str]) -> Case:
        refused = (bench.series(_ERRORS, f"{course}x{count}", err=err) for err, course in values.items())
        return bench.fires(title, (up, *_elsewhere(bench), *refused, bench.pages()), text, after=bench.later(after))

    # All of the life before is out of the window then, and most of it is in the one ahead.
    again = 2 * bench.heard + 2 * MINUTE
    return (
        fires(f"{lately} one was refused and never before", then, {"OOM": f"_x{late} 1"}),
        fires(
            f"{lately} many of both kinds were refused at once and never before",
            then,
            {"MISCONF": f"_x{late} 145", "OOM": f"_x{late} 9"},
        ),
        fires(
            f"{lately} failed saves refused many at once and never before",
            then,
            {"MISCONF": f"_x{late} 145"},
        ),
        *(
            [
                fires(
                    "fires for refusals after a restart that forgot those before",
                    again,
                    {"OOM": f"145x{late - 1} stale _x{late // 2 + 1} 3"},
                )
            ]
            if bench.due <= bench.heard // 2 + MINUTE
            else []
        ),
    )


def _old(bench: Bench) -> tuple[Case, ...]:
    """What shows for the first time and is old, what is long over, and what is no refusal."""
    count, late = bench.fixtures.count, bench.heard // INTERVAL
    then = bench.heard + bench.lately
    old = bench.series(_ERRORS, f"_x{late} 145x{count}", err="OOM")
    up, pages = bench.flat("redis_up", 1), bench.pages()
    unknown = tuple(
        bench.silent(
            f"stays silent for old refusals when {title}",
            (*known, *_elsewhere(bench), old, pages),
            bench.later(then),
        )
        for title, known in (
            ("the target is new", (bench.series("redis_up", f"_x{late} 1x{count}"),)),
            ("Redis was not reached before", (bench.series("redis_up", f"0x{late - 1} 1x{count}"),)),
            ("nothing is known of Redis", ()),
        )
    )
    others = tuple(
        bench.silent(title, (up, bench.series(_ERRORS, f"{values}x{count}", err=err), pages), bench.later(after))
        for title, values, err, after in (
            (
                "stays silent when the first refusals were too long ago",
                f"_x{late} 145",
                "OOM",
                2 * bench.heard + 4 * MINUTE,
            ),
            ("stays silent for failed saves of long ago", "145", "MISCONF", then),
            (
                "stays silent for old refusals that a restart forgets",
                f"145x{late} stale _",
                "OOM",
                bench.heard + 4 * MINUTE,
            ),
            ("stays silent for a kind that begins with none", f"_x{late} 0", "OOM", then),
            ("stays silent for a first error of another kind", f"_x{late} 9", "ERR", then),
        )
    )
    return (*unknown, *others)


def _connections(topology: Topology) -> tuple[Alert, Alert]:
    name = "RedisConnectionsRejected"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 0), window=MINUTE // 2)
    metric, window = "redis_rejected_connections_total", bench.window_of_one
    proven = rises(bench, metric, "Redis db on main is rejecting connections.")
    return by_paging(
        Alert(
            alert=name,
            expr=f"{by_service('sum', f'increase({selector(metric, _JOB)}[{window}])')} > 0",
            wait=bench.wait,
            severity="critical",
            summary="Redis is rejecting connections.",
            description=f"Redis {WHERE} is rejecting connections.",
            dashboard=DASHBOARD,
            panel="Connections",
            runbook=Runbook(
                meaning="`maxclients` was reached within the last minutes, and new connections got an error.",
                first_look=("`redis-cli client list`: how many has each address, and how long are they idle?",),
                action=(
                    "Restart the application that leaks connections; give it a pool.",
                    "Close idle ones: `CONFIG SET timeout 300`.",
                    "All are needed: raise `maxclients`, and the container's open-file limit with it.",
                ),
                false_alarms="None known.",
            ),
            fires=proven.fires,
            silent=proven.silent,
        ),
        warning_fires=proven.warning_fires,
        warning_silent=proven.warning_silent,
    )


def _clients(topology: Topology) -> Alert:
    name = "RedisClientsHigh"
    threshold = topology.alerts.threshold(name, 0.8)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE))

    def use(share: float, service: str) -> tuple[Series, ...]:
        return (
            bench.flat(_CLIENTS, share * _ALLOWED, service),
            bench.flat(_CLIENTS, 1, service, instance=_SECOND),
            bench.flat(_MOST, _ALLOWED, service),
            bench.flat(_MOST, _ALLOWED / 2, service, instance=_SECOND),
        )

    proven = exceeds(
        bench,
        use,
        threshold,
        lambda share: f"Redis db on main uses {percentage(share)} of its client connections (maxclients).",
    )
    clients, most = (by_service("max", selector(metric, _JOB)) for metric in (_CLIENTS, _MOST))
    return Alert(
        alert=name,
        expr=f"{clients}\n/ {most} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="Redis has few client connections left.",
        description=f"Redis {WHERE} uses {{{{ $value | humanizePercentage }}}} of its client connections (maxclients).",
        dashboard=DASHBOARD,
        panel="Clients",
        threshold=threshold,
        threshold_source="leaves a fifth for a deployment, when old and new containers are connected at once",
        runbook=Runbook(
            meaning="At `maxclients` Redis rejects every new connection.",
            first_look=("`redis-cli client list`: how many has each address, and how long are they idle?",),
            action=("A client leaks connections: restart it, and give it a pool. Otherwise raise `maxclients`.",),
            false_alarms="None known.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )


def _missing(topology: Topology) -> Alert:
    return metrics_missing(
        topology,
        "RedisMetricsMissing",
        "Redis",
        job=_JOB,
        up="redis_up",
        noun="Redis",
        exporter="It is redis_exporter without an address: set `REDIS_ADDR`.",
        dashboard=DASHBOARD,
    )
