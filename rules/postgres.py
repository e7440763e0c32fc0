"""PostgreSQL: is it there, does its exporter tell everything, and are there connections left."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.engines import MINUTE, WHERE, Bench, by_service, percentage, selector, silent_exporter
from boxwatch.rules.model import Alert, Group, Measured, Record, Runbook, Series, Subject
from boxwatch.rules.promql import expr, number
from boxwatch.rules.urgency import by_urgency
from boxwatch.rules.world import World, flat, sample
from boxwatch.topology.model import Topology

ID = "postgres"
DASHBOARD = "postgres"

_JOB = names.JOB_POSTGRES
_UP = selector("pg_up", _JOB)
_ERROR = "pg_exporter_last_scrape_error"
_COLLECTOR = "pg_scrape_collector_success"
_COUNT, _MAX, _RESERVED = (
    "pg_stat_activity_count",
    "pg_settings_max_connections",
    "pg_settings_superuser_reserved_connections",
)
# A power of two, so that shares of it are exact.
_FREE = 1024


def subject(topology: Topology) -> Subject | None:
    """Alerts on PostgreSQL's availability; None where no PostgreSQL is scraped."""
    if not any(topology.metrics_of(service) for service in topology.services_of("postgres")):
        return None
    return Subject(
        id=ID,
        title="PostgreSQL",
        groups=(
            Group(name="postgres-recorded", rules=(_connections(),)),
            Group(
                name="postgres",
                rules=(
                    *_down(topology),
                    *_exhausted(topology),
                    _high(topology),
                    _missing(topology),
                    _incomplete(topology),
                ),
            ),
        ),
        measured=(_measured(topology),),
    )


def _connections() -> Record:
    # Both sides are aggregated because their labels differ by version: 0.12 added usename and application_name, 0.17
    # backend_type, 0.20 took `server` away. Autovacuum and parallel workers are no connections of clients.
    used = by_service("sum", selector(_COUNT, _JOB, 'backend_type!~"autovacuum.*|parallel worker"'))
    most, reserved = (by_service("max", selector(metric, _JOB)) for metric in (_MAX, _RESERVED))
    return Record(
        record=names.SERVICE_POSTGRES_CONNECTIONS,
        expr=f"{used}\n/ on ({names.BY_SERVICE}) ({most} - on ({names.BY_SERVICE}) {reserved})",
        doc="Connections of clients, as a share of those that are not reserved for superusers.",
    )


def _used(bench: Bench, connections: float, service: str = "db") -> tuple[Series, ...]:
    """A server with 1,027 connections, 3 of them reserved, as 0.17 tells it; workers and other states beside."""
    return (
        bench.flat(_MAX, _FREE + 3, service),
        bench.flat(_RESERVED, 3, service),
        bench.flat(_COUNT, connections / 2, service, state="active", backend_type="client backend"),
        bench.flat(_COUNT, connections / 2, service, state="idle", backend_type="client backend"),
        bench.flat(_COUNT, 500, service, state="active", backend_type="autovacuum worker"),
        bench.flat(_COUNT, 600, service, state="active", backend_type="parallel worker"),
    )


def _measured(topology: Topology) -> Measured:
    world = World(length=MINUTE, thresholds=topology.thresholds)
    bench = Bench(topology, _JOB, wait=0)
    # A second exporter that tells of the same server: its settings are counted once.
    twice = tuple(
        world.scraped(metric, flat(value, 2), job=_JOB, service="db", instance="second:9187")
        for metric, value in ((_MAX, _FREE), (_RESERVED, 1))
    )
    return Measured(
        title="connections are a share of those that clients may open, per service",
        expr=names.SERVICE_POSTGRES_CONNECTIONS,
        at=MINUTE,
        samples=(
            sample(names.SERVICE_POSTGRES_CONNECTIONS, 0.5, server="main", service="db"),
            sample(names.SERVICE_POSTGRES_CONNECTIONS, 0.25, server="main", service="other"),
        ),
        series=(*_used(bench, _FREE / 2), *twice, *_used(bench, _FREE / 4, "other")),
        interval=world.interval,
    )


def _down(topology: Topology) -> tuple[Alert, Alert]:
    wait = topology.alerts.wait("PostgresDown", topology.alerts.outage_grace)
    bench = Bench(topology, _JOB, wait)

    def told(value: int, *, wakes: bool = True) -> tuple[Series, ...]:
        return (
            bench.flat("pg_up", value),
            bench.flat("pg_up", 1, instance="second:9187"),
            bench.flat("pg_up", 1, "other"),
            *(bench.flat("up", 1, service) for service in ("db", "other")),
            *(bench.pages(service, wakes=wakes) for service in ("db", "other")),
        )

    text = "PostgreSQL db on main does not let its exporter in."
    silent = (
        bench.silent("is silent while it answers", told(1)),
        bench.silent("is silent when the exporter is gone", (bench.flat("up", 0), *told(1)[2:])),
        bench.silent(
            "is silent after a restart that was shorter than the grace",
            (bench.series("pg_up", f"1x4 {'0 ' * (wait // 30)}1x{bench.world.count}"), *told(1)[1:]),
        ),
    )
    return by_urgency(
        Alert(
            alert="PostgresDown",
            expr=f"{by_service('min', _UP)} == 0",
            wait=wait,
            severity="critical",
            summary="PostgreSQL does not answer.",
            description=f"PostgreSQL {WHERE} does not let its exporter in.",
            dashboard=DASHBOARD,
            panel="Up",
            runbook=Runbook(
                meaning="The exporter runs and cannot ask the database: it is stopped, restarting without end, in "
                "recovery, or out of connections. Applications that need it answer with errors.",
                first_look=(
                    "Coolify, the database's page: is it running? `docker logs --tail 50 NAME` on the server.",
                    "Dashboard *PostgreSQL*, panel *Connections*: were they used up just before?",
                    "`docker exec NAME pg_isready` on the server: does it take connections?",
                    "`df -h` on the server: PostgreSQL stops when it cannot write its WAL.",
                ),
                action=(
                    "Start it in Coolify. If it starts and stops again, the last lines of its log say why.",
                    "`too many clients already`: restart the application that holds them; see "
                    "*PostgresConnectionsHigh*.",
                    "The disk is full: free space outside of `pg_wal`, never in it, and start PostgreSQL again.",
                    "Killed for lack of memory: see *ContainerOomKilled*.",
                ),
                false_alarms="The exporter's own password or role was changed: applications work and its log says "
                "`password authentication failed`. Correct `DATA_SOURCE_NAME` of the exporter. The reverse is known "
                "too: it can keep an old connection while new ones fail (postgres_exporter issue 1120), so "
                "*PostgresConnectionsExhausted* speaks of that.",
            ),
            fires=(bench.fires("fires for the one that does not answer, and not for the other", told(0), text),),
            silent=silent,
        ),
        warning_fires=(bench.fires("is a warning for a service that wakes nobody", told(0, wakes=False), text),),
        warning_silent=silent,
    )


def _exhausted(topology: Topology) -> tuple[Alert, Alert]:
    name = "PostgresConnectionsExhausted"
    threshold = topology.alerts.threshold(name, 0.95)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, MINUTE))
    high = min(threshold * 1.25, (threshold + 1) / 2) if threshold < 1 else threshold * 1.25

    def used(share: float, *, wakes: bool = True) -> tuple[Series, ...]:
        return (
            *_used(bench, share * _FREE),
            *_used(bench, threshold * _FREE / 2, "other"),
            bench.pages(wakes=wakes),
            bench.pages("other", wakes=wakes),
        )

    text = f"PostgreSQL db on main uses {percentage(high)} of the connections that its clients may open."
    silent = (bench.silent("is silent at the share", used(threshold)),)
    return by_urgency(
        Alert(
            alert=name,
            expr=f"{names.SERVICE_POSTGRES_CONNECTIONS} > {number(threshold)}",
            wait=bench.wait,
            severity="critical",
            summary="PostgreSQL is about to refuse connections.",
            description=f"PostgreSQL {WHERE} uses {{{{ $value | humanizePercentage }}}} of the connections that its "
            "clients may open.",
            dashboard=DASHBOARD,
            panel="Connections",
            threshold=threshold,
            threshold_source="five of the default's hundred are left, less than one application's pool",
            runbook=_connections_book(
                "The next ones are refused with `too many clients already`, and users get errors."
            ),
            fires=(bench.fires("fires for the one that runs out, and not for the other", used(high), text),),
            silent=silent,
        ),
        warning_fires=(bench.fires("is a warning for a service that wakes nobody", used(high, wakes=False), text),),
        warning_silent=silent,
    )


def _high(topology: Topology) -> Alert:
    name = "PostgresConnectionsHigh"
    threshold = topology.alerts.threshold(name, 0.8)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 10 * MINUTE))

    def used(share: float) -> tuple[Series, ...]:
        return (*_used(bench, share * _FREE), *_used(bench, threshold * _FREE / 2, "other"))

    return Alert(
        alert=name,
        expr=f"{names.SERVICE_POSTGRES_CONNECTIONS} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="PostgreSQL has few connections left.",
        description=f"PostgreSQL {WHERE} uses {{{{ $value | humanizePercentage }}}} of the connections that its "
        "clients may open.",
        dashboard=DASHBOARD,
        panel="Connections",
        threshold=threshold,
        threshold_source="a deploy runs an application's old and new pool side by side: a fifth has to be free for it",
        runbook=_connections_book("A deploy, which has two pools for a minute, or one more replica can use them up."),
        fires=(
            bench.fires(
                "fires for the one with few left, and not for the other",
                used(threshold * 1.125),
                f"PostgreSQL db on main uses {percentage(threshold * 1.125)} of the connections that its clients may "
                "open.",
            ),
        ),
        silent=(bench.silent("is silent at the share", used(threshold)),),
    )


def _connections_book(meaning: str) -> Runbook:
    return Runbook(
        meaning=f"Nearly all connections that PostgreSQL allows to others than superusers are open. {meaning}",
        first_look=(
            "Dashboard *PostgreSQL*, panel *Connections by state*: are they active, idle, or idle in a transaction?",
            "`docker exec NAME psql -U postgres -c 'SELECT usename, application_name, client_addr, state, count(*) "
            "FROM pg_stat_activity GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC'` names who holds them.",
        ),
        action=(
            "Idle ones of one application: make its pool smaller; pools of all replicas together must fit.",
            "Idle in a transaction: see *PostgresIdleInTransaction*; ending them frees them at once.",
            "All active: the database is slower than the load. See *PostgresLongQuery*.",
            "Raise `max_connections` last: each connection costs memory of the plan. Better put a pooler before it.",
        ),
        false_alarms="None known: autovacuum's and parallel workers are not counted (before postgres_exporter 0.17 "
        "they cannot be told apart and are).",
    )


def _missing(topology: Topology) -> Alert:
    name = "PostgresMetricsMissing"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 10 * MINUTE))
    other = (bench.flat("up", 1, "other"), bench.flat("pg_up", 1, "other"))
    return Alert(
        alert=name,
        expr=silent_exporter(_JOB, _UP),
        wait=bench.wait,
        severity="warning",
        summary="What is scraped for PostgreSQL tells nothing of it.",
        description=f"The target of PostgreSQL {WHERE} answers, and tells nothing of PostgreSQL.",
        dashboard=DASHBOARD,
        runbook=Runbook(
            meaning="Prometheus reaches the target, and there is no `pg_up` on its page. None of the alerts on this "
            "database can fire now.",
            first_look=("`curl -s TARGET/metrics | grep ^pg_` from Prometheus' network: what answers there?",),
            action=(
                "Another program has the port: correct `metrics` of the service in the topology.",
                "It is postgres_exporter: read its log; it needs `DATA_SOURCE_NAME`.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            bench.fires(
                "fires for the target that tells nothing, and not for the other",
                (bench.flat("up", 1), bench.flat("up", 0, instance="second:9187"), *other),
                "The target of PostgreSQL db on main answers, and tells nothing of PostgreSQL.",
            ),
        ),
        silent=(
            bench.silent("is silent when the target does not answer", (bench.flat("up", 0), *other)),
            bench.silent("is silent while PostgreSQL is down", (bench.flat("up", 1), bench.flat("pg_up", 0), *other)),
        ),
    )


def _incomplete(topology: Topology) -> Alert:
    name = "PostgresMetricsIncomplete"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE))
    # process_idle finds no row on an idle database and calls that a failure (0.19.1, measured).
    failing = by_service("min", selector(_COLLECTOR, _JOB, 'collector!="process_idle"'), "collector")

    def told(*, error: int = 0, locks: int = 1, up: int = 1) -> tuple[Series, ...]:
        of_other = (bench.flat(_ERROR, 0, "other"), bench.flat(_COLLECTOR, 1, "other", collector="locks"))
        return (
            bench.flat("pg_up", up),
            bench.flat("pg_up", 1, "other"),
            bench.flat(_ERROR, error),
            bench.flat(_ERROR, 0, instance="second:9187"),
            bench.flat(_COLLECTOR, locks, collector="locks"),
            bench.flat(_COLLECTOR, 1, collector="locks", instance="second:9187"),
            bench.flat(_COLLECTOR, 1, collector="wal"),
            bench.flat(_COLLECTOR, 0, collector="process_idle"),
            *of_other,
        )

    return Alert(
        alert=name,
        expr=expr(f"""
            (
              {failing} == 0
              or {by_service("max", selector(_ERROR, _JOB))} == 1
            )
            and on ({names.BY_SERVICE}) {_UP} == 1
        """),
        wait=bench.wait,
        severity="warning",
        summary="PostgreSQL's exporter cannot read everything.",
        description=f"The exporter of PostgreSQL {WHERE} reads it only in part"
        "{{ with $labels.collector }}: collector {{ . }} fails{{ end }}.",
        dashboard=DASHBOARD,
        runbook=Runbook(
            meaning="The database is there, and some of what is asked of it fails. Alerts and panels that need it "
            "stay silent or empty.",
            first_look=("The exporter's log names the query and PostgreSQL's answer.",),
            action=(
                "`permission denied`: `GRANT pg_monitor TO` the exporter's role.",
                "Collector stat_statements: `CREATE EXTENSION pg_stat_statements` in the database that the exporter "
                "connects to, or leave the collector off.",
                "The exporter is older than the server: run a newer one.",
            ),
            false_alarms="None known; collector process_idle, which fails on an idle database, is left out.",
        ),
        fires=(
            bench.fires(
                "fires with the collector that fails",
                told(locks=0),
                "The exporter of PostgreSQL db on main reads it only in part: collector locks fails.",
                collector="locks",
            ),
            bench.fires(
                "fires when the last scrape had an error",
                told(error=1),
                "The exporter of PostgreSQL db on main reads it only in part.",
            ),
        ),
        silent=(
            bench.silent("is silent while everything is read", told()),
            bench.silent("is silent while PostgreSQL is down, which has an alert", told(error=1, locks=0, up=0)),
        ),
    )
