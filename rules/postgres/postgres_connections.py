"""PostgreSQL connections: the share in use of those available to clients."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Measured, Record, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.fragments import number
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.proofs.fixtures import Fixtures, flat, sample
from boxwatch.rules.template_functions import percentage
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "postgres_connections"
DASHBOARD = "postgres"

_JOB = kinds.of("postgres").job
_COUNT, _MAX, _RESERVED = (
    "pg_stat_activity_count",
    "pg_settings_max_connections",
    "pg_settings_superuser_reserved_connections",
)
# A power of two, so that shares of it are exact.
_FREE = 1024


def subject(topology: Topology) -> Subject | None:
    """Alerts on connections; None where no PostgreSQL is scraped."""
    if not scraped(topology, "postgres"):
        return None
    return Subject(
        id=ID,
        title="PostgreSQL's connections",
        groups=(
            Group(name="postgres-connections-recorded", rules=(_connections(),)),
            Group(name="postgres-connections", rules=(*_exhausted(topology), _high(topology))),
        ),
        measured=(_measured(topology),),
    )


def _connections() -> Record:
    # Both sides are aggregated because their labels differ by version: 0.12 added usename and application_name, 0.17
    # backend_type, 0.20 dropped `server`. Autovacuum and parallel workers are no client connections.
    used = by_service("sum", selector(_COUNT, _JOB, 'backend_type!~"autovacuum.*|parallel worker"'))
    most, reserved = (by_service("max", selector(metric, _JOB)) for metric in (_MAX, _RESERVED))
    return Record(
        record=names.SERVICE_POSTGRES_CONNECTIONS,
        expr=f"{used}\n/ on ({names.BY_SERVICE}) ({most} - on ({names.BY_SERVICE}) {reserved})",
        doc="Client connections as a share of those not reserved for superusers.",
    )


def _used(bench: Bench, connections: float, service: str = "db") -> tuple[Series, ...]:
    """A server with 1,027 connections, 3 of them reserved, as 0.17 exposes it, with background workers as decoys."""
    return (
        bench.flat(_MAX, _FREE + 3, service),
        bench.flat(_RESERVED, 3, service),
        bench.flat(_COUNT, connections / 2, service, state="active", backend_type="client backend"),
        bench.flat(_COUNT, connections / 2, service, state="idle", backend_type="client backend"),
        bench.flat(_COUNT, 500, service, state="active", backend_type="autovacuum worker"),
        bench.flat(_COUNT, 600, service, state="active", backend_type="parallel worker"),
    )


def _measured(topology: Topology) -> Measured:
    fixtures = Fixtures(length=MINUTE, thresholds=topology.thresholds)
    bench = Bench(topology, _JOB, wait=0)
    # A second exporter of the same server: its settings count once.
    twice = tuple(
        fixtures.scraped(metric, flat(value, 2), job=_JOB, service="db", instance="second:9187")
        for metric, value in ((_MAX, _FREE), (_RESERVED, 1))
    )
    return Measured(
        title="connections are recorded per service as a share of those available to clients",
        expr=names.SERVICE_POSTGRES_CONNECTIONS,
        at=MINUTE,
        samples=(
            sample(names.SERVICE_POSTGRES_CONNECTIONS, 0.5, server="main", service="db"),
            sample(names.SERVICE_POSTGRES_CONNECTIONS, 0.25, server="main", service="other"),
        ),
        series=(*_used(bench, _FREE / 2), *twice, *_used(bench, _FREE / 4, "other")),
        interval=fixtures.interval,
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

    text = f"PostgreSQL db on main uses {percentage(high)} of the connections available to clients."
    return by_paging(
        Alert(
            alert=name,
            expr=f"{names.SERVICE_POSTGRES_CONNECTIONS} > {number(threshold)}",
            wait=bench.wait,
            severity="critical",
            summary="PostgreSQL is about to refuse connections.",
            description=f"PostgreSQL {WHERE} uses {{{{ $value | humanizePercentage }}}} of the connections "
            "available to clients.",
            dashboard=DASHBOARD,
            panel="Connections",
            threshold=threshold,
            threshold_source="leaves five of the default hundred, fewer than one application's pool",
            runbook=_connections_book(
                "Soon new ones are refused with `too many clients already`, and users get errors."
            ),
            fires=(bench.fires("fires for the server that is running out, not for the other", used(high), text),),
            silent=(bench.silent("stays silent at the share", used(threshold)),),
        ),
        warning_fires=(bench.fires("is a warning for a service that does not page", used(high, wakes=False), text),),
        warning_silent=(
            bench.silent("stays silent at the share for a service that does not page", used(threshold, wakes=False)),
        ),
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
        description=f"PostgreSQL {WHERE} uses {{{{ $value | humanizePercentage }}}} of the connections "
        "available to clients.",
        dashboard=DASHBOARD,
        panel="Connections",
        threshold=threshold,
        threshold_source="a fifth stays free for a deployment, which runs an application's old and new pool side "
        "by side",
        runbook=_connections_book(
            "A deployment, which runs two pools for a minute, or one more replica can exhaust them."
        ),
        fires=(
            bench.fires(
                "fires for the server with few left, not for the other",
                used(threshold * 1.125),
                f"PostgreSQL db on main uses {percentage(threshold * 1.125)} of the connections available to clients.",
            ),
        ),
        silent=(bench.silent("stays silent at the share", used(threshold)),),
    )


def _connections_book(meaning: str) -> Runbook:
    return Runbook(
        meaning=f"Most of the connections that PostgreSQL does not reserve for superusers are open. {meaning}",
        first_look=(
            "Dashboard *PostgreSQL*, panel *Connections by state*: are they active, idle, or idle in a transaction?",
            (
                "`docker exec NAME psql -U postgres -c 'SELECT usename, application_name, client_addr, state, count(*) "
                "FROM pg_stat_activity GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC'` shows who holds them."
            ),
        ),
        action=(
            "Mostly idle, from one application: shrink its pool; the pools of all its replicas must fit together.",
            "Idle in a transaction: see *PostgresIdleInTransaction*; ending them frees their connections at once.",
            "All active: the database cannot keep up with the load. See *PostgresLongQuery*.",
            "Raise `max_connections` last: each connection costs planned memory. Prefer a connection pooler.",
        ),
        false_alarms="None known: autovacuum and parallel workers are not counted (before postgres_exporter 0.17 they "
        "cannot be told apart and are).",
    )
