"""PostgreSQL activity: long transactions, deadlocks, rollbacks."""

from __future__ import annotations

from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.fragments import expr, number
from boxwatch.rules.postgres import postgres_activity_proofs
from boxwatch.rules.template_functions import duration
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "postgres_activity"
DASHBOARD = "postgres"

_JOB = kinds.of("postgres").job
_DURATION = "pg_stat_activity_max_tx_duration"
_DEADLOCKS = "pg_stat_database_deadlocks"
# A backup's transaction is long by nature, and Coolify makes backups with pg_dump. The label exists since 0.12.
_NO_BACKUP = 'application_name!~"pg_dump.*|pg_basebackup"'
_IDLE = 'state=~"idle in transaction.*"'
_ACTIVE = 'state="active",backend_type!~"autovacuum.*|walsender"'
# Excludes templates and the row without a name, which counts objects shared by all databases.
_REAL = 'datname!~"template.*|"'
_OF_DATABASE = f"database {{{{ $labels.datname }}}} of {WHERE}"
# Rollbacks per second below which their share means nothing: an ORM's health check rolls back.
_FLOOR = 1


def subject(topology: Topology) -> Subject | None:
    """Alerts on transactions; None where no PostgreSQL is scraped."""
    if not scraped(topology, "postgres"):
        return None
    rules = (_idle(topology), _long(topology), _deadlocks(topology), _rollbacks(topology))
    return Subject(id=ID, title="PostgreSQL's transactions", groups=(Group(name="postgres-activity", rules=rules),))


def _longest(matchers: str) -> str:
    return by_service("max", selector(_DURATION, _JOB, f"{matchers},{_NO_BACKUP}"), "datname")


def _transactions(bench: Bench, seconds: float, state: str, service: str = "db") -> tuple[Series, ...]:
    """An application's transactions in one state; its other clients stay far below, backups and idle ones far above.

    The second client makes the maximum differ from the minimum and the sum.
    """
    labels = {"datname": "app", "state": state, "backend_type": "client backend", "application_name": "web"}
    far = 10 * seconds
    return (
        bench.flat(_DURATION, seconds, service, **labels),
        bench.flat(_DURATION, seconds / 2, service, **{**labels, "application_name": "worker"}),
        bench.flat(_DURATION, 0, service, **{**labels, "datname": "second"}),
        bench.flat(_DURATION, far, service, **{**labels, "application_name": "pg_dump"}),
        bench.flat(_DURATION, far, service, **{**labels, "application_name": "pg_basebackup"}),
        bench.flat(_DURATION, far, service, **{**labels, "state": "idle"}),
    )


def _idle(topology: Topology) -> Alert:
    name = "PostgresIdleInTransaction"
    threshold = topology.alerts.threshold(name, 5 * MINUTE)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, MINUTE))
    seconds = int(threshold * 1.125) + 1
    state = "idle in transaction"
    below = _transactions(bench, threshold / 2, state, "other")
    return Alert(
        alert=name,
        expr=f"{_longest(_IDLE)} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="A PostgreSQL transaction is open and idle.",
        description=f"In {_OF_DATABASE} a transaction has been idle for {{{{ $value | humanizeDuration }}}}.",
        dashboard=DASHBOARD,
        panel="Longest transaction by state",
        threshold=threshold,
        threshold_source="longer than any user's request takes; a transaction is idle only between two statements",
        runbook=Runbook(
            meaning="An application opened a transaction and neither uses nor ends it. The transaction keeps its locks "
            "and its connection, and vacuum cannot remove rows deleted since it began.",
            first_look=(
                (
                    '`docker exec NAME psql -U postgres -c "SELECT pid, usename, application_name, now() - xact_start '
                    "AS age, query FROM pg_stat_activity WHERE state LIKE 'idle in%' ORDER BY xact_start\"`: `query` "
                    "is the last one it ran."
                ),
            ),
            action=(
                "End it: `SELECT pg_terminate_backend(PID)`.",
                "In the application, look for a slow call or a swallowed error between begin and commit.",
                "Let PostgreSQL end such transactions: `idle_in_transaction_session_timeout = '5min'`.",
            ),
            false_alarms="pg_dump backups are excluded where the exporter labels them (0.12 and later); with 0.11 "
            "raise the threshold above the duration of a backup.",
        ),
        fires=(
            bench.fires(
                "fires for the database with the idle transaction, for no other",
                (*_transactions(bench, seconds, state), *below),
                f"In database app of db on main a transaction has been idle for {duration(seconds)}.",
                datname="app",
            ),
            bench.fires(
                "fires for a transaction that failed and was left open",
                (*_transactions(bench, seconds, "idle in transaction (aborted)"), *below),
                f"In database app of db on main a transaction has been idle for {duration(seconds)}.",
                datname="app",
            ),
        ),
        silent=(
            bench.silent("stays silent at the threshold", (*_transactions(bench, threshold, state), *below)),
            bench.silent("stays silent for one that works", (*_transactions(bench, seconds, "active"), *below)),
        ),
    )


def _long(topology: Topology) -> Alert:
    name = "PostgresLongQuery"
    threshold = topology.alerts.threshold(name, 30 * MINUTE)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, MINUTE))
    seconds = int(threshold * 1.125) + 1
    maintenance = tuple(
        bench.flat(_DURATION, 10 * seconds, datname="app", state="active", backend_type=kind, application_name="")
        for kind in ("autovacuum worker", "walsender")
    )
    below = _transactions(bench, threshold / 2, "active", "other")
    return Alert(
        alert=name,
        expr=f"{_longest(_ACTIVE)} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="A PostgreSQL query has been running for very long.",
        description=f"In {_OF_DATABASE} a transaction has been active for {{{{ $value | humanizeDuration }}}}.",
        dashboard=DASHBOARD,
        panel="Longest transaction by state",
        threshold=threshold,
        threshold_source="far longer than a user waits; reports and migrations this long are rare and announced",
        runbook=Runbook(
            meaning="One transaction has been active all this time. It takes CPU and disk I/O from the others, keeps "
            "vacuum from cleaning up, and may hold locks that users wait for.",
            first_look=(
                (
                    '`docker exec NAME psql -U postgres -c "SELECT pid, usename, application_name, wait_event, now() '
                    "- xact_start AS age, query FROM pg_stat_activity WHERE state = 'active' ORDER BY xact_start\"`"
                ),
                "`SELECT pid, pg_blocking_pids(pid) FROM pg_stat_activity`: which sessions does it block?",
            ),
            action=(
                "A migration or report in progress that blocks nobody: let it finish.",
                "`SELECT pg_cancel_backend(PID)` stops the query, `pg_terminate_backend` its connection too.",
                "It recurs: `EXPLAIN` it, and set `statement_timeout` for the application's role.",
            ),
            false_alarms="Autovacuum, replication and backups are excluded where the exporter labels them (backups "
            "from 0.12, the others from 0.17). A nightly report of your own: raise the threshold.",
        ),
        fires=(
            bench.fires(
                "fires for the database with the long query, for no other",
                (*_transactions(bench, seconds, "active"), *below),
                f"In database app of db on main a transaction has been active for {duration(seconds)}.",
                datname="app",
            ),
        ),
        silent=(
            bench.silent(
                "stays silent at the threshold, however long vacuum, replication and backups run",
                (*_transactions(bench, threshold, "active"), *maintenance, *below),
            ),
            bench.silent(
                "stays silent for an idle one", (*_transactions(bench, seconds, "idle in transaction"), *below)
            ),
        ),
    )


def _deadlocks(topology: Topology) -> Alert:
    name = "PostgresDeadlocks"
    threshold = topology.alerts.threshold(name, 3)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 0), window=10 * MINUTE)
    # Deadlocks per sample; the window has twenty.
    each = threshold / 20

    def deadlocks(factor: float) -> tuple[Series, ...]:
        # The server restarts half-way, which resets the counter.
        rise = f"{each * factor / 2!r}"
        return (
            bench.series(
                _DEADLOCKS, f"{10 * threshold!r}+{rise}x9 0+{rise}x{bench.fixtures.count}", datname="app", datid="1"
            ),
            bench.rising(_DEADLOCKS, each * factor / 2, datname="app", datid="2"),
            bench.rising(_DEADLOCKS, each / 2, datname="second", datid="3"),
            bench.rising(_DEADLOCKS, 10 * each, datname="template1", datid="4"),
            bench.rising(_DEADLOCKS, 10 * each, datid="0"),
            bench.rising(_DEADLOCKS, each / 2, "other", datname="app", datid="1"),
        )

    counted = by_service("sum", f"increase({selector(_DEADLOCKS, _JOB, _REAL)}[10m])", "datname")
    return Alert(
        alert=name,
        expr=f"{counted} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="PostgreSQL transactions end in deadlocks.",
        description=f"In {_OF_DATABASE} several transactions ended in deadlocks within ten minutes.",
        dashboard=DASHBOARD,
        panel="Deadlocks",
        threshold=threshold,
        threshold_source="applications retry the occasional one; several within minutes come from one code path",
        runbook=Runbook(
            meaning="Two transactions each waited for a lock of the other, and PostgreSQL aborted one of them. Its "
            "user saw an error, or a retry.",
            first_look=("Search PostgreSQL's log for `deadlock detected`: it lists both statements.",),
            action=(
                "Lock in the same order everywhere, sorted by key; keep transactions short; retry on SQLSTATE 40P01.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            bench.fires(
                "fires for the database with the deadlocks, for no other",
                deadlocks(1.25),
                "In database app of db on main several transactions ended in deadlocks within ten minutes.",
                datname="app",
            ),
        ),
        silent=(
            bench.silent("stays silent just below the threshold", deadlocks(0.9)),
            bench.silent(
                "stays silent once many deadlocks are over",
                (bench.series(_DEADLOCKS, f"0 0 {10 * threshold:g}x{bench.fixtures.count}", datname="app", datid="1"),),
                after=bench.window,
            ),
        ),
    )


def _rollbacks(topology: Topology) -> Alert:
    name = "PostgresRollbacksHigh"
    threshold = topology.alerts.threshold(name, 0.1)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE), window=MINUTE // 2)
    fires, silent = postgres_activity_proofs.rollbacks(bench, threshold, _FLOOR)
    rollbacks = by_service("sum", f"rate({selector(postgres_activity_proofs.ROLLBACKS, _JOB)}[10m])", "datname")
    commits = by_service("sum", f"rate({selector(postgres_activity_proofs.COMMITS, _JOB, _REAL)}[10m])", "datname")
    return Alert(
        alert=name,
        expr=expr(f"""
            {rollbacks}
              / {commits} > {number(threshold)}
            and {rollbacks} > {_FLOOR}
        """),
        wait=bench.wait,
        severity="warning",
        summary="PostgreSQL rolls back many transactions.",
        description=f"In {_OF_DATABASE} transactions are rolled back {{{{ $value | humanizePercentage }}}} as often as "
        "they are committed.",
        dashboard=DASHBOARD,
        panel="Transactions",
        threshold=threshold,
        threshold_source="a tenth is lost work; the 2 % of awesome-prometheus-alerts fires on an ORM's health checks",
        runbook=Runbook(
            meaning="Much of the applications' work in the database fails or is abandoned: more than one rollback a "
            "second for a quarter of an hour.",
            first_look=("PostgreSQL's log at that time: which `ERROR` recurs?",),
            action=("Roll back the deployment that it began with, or fix the failing statement (`ON CONFLICT`).",),
            false_alarms="Libraries that end each read with `ROLLBACK`: raise the threshold.",
        ),
        fires=fires,
        silent=silent,
    )
