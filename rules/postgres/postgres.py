"""PostgreSQL availability: the server answers, and its exporter reads all metrics."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import unanswered
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.patterns.metrics_missing import metrics_missing
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.patterns.worked import outage, outage_wait, reached
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "postgres"
DASHBOARD = "postgres"

_JOB = kinds.of("postgres").job
_UP = selector("pg_up", _JOB)
_ERROR = "pg_exporter_last_scrape_error"
_COLLECTOR = "pg_scrape_collector_success"
# All sessions, which every role may count, and those whose state the exporter's role may see.
_SESSIONS, _SEEN = "pg_stat_database_numbackends", "pg_stat_activity_count"
# The exporter's own connections, of which some open between the two queries (5 and 3 on 0.19.1, recorded).
_OWN = 2


def subject(topology: Topology) -> Subject | None:
    """Alerts on PostgreSQL's availability; None where none is scraped."""
    if not scraped(topology, "postgres"):
        return None
    return Subject(
        id=ID,
        title="PostgreSQL",
        groups=(
            Group(name=ID, rules=(*_down(topology), _missing(topology), _incomplete(topology), _hidden(topology))),
        ),
        reads=("replicas", "never_worked"),
    )


def _down(topology: Topology) -> tuple[Alert, Alert]:
    wait = topology.alerts.wait("PostgresDown", outage_wait(topology))
    bench = Bench(topology, _JOB, wait)

    proven = unanswered(bench, "pg_up", "PostgreSQL db on main does not accept its exporter's connections.")
    return by_paging(
        Alert(
            alert="PostgresDown",
            expr=f"{by_service('min', _UP)} == 0\n{outage(reached(_JOB))}",
            wait=wait,
            severity="critical",
            summary="PostgreSQL does not answer.",
            description=f"PostgreSQL {WHERE} does not accept its exporter's connections.",
            dashboard=DASHBOARD,
            panel="Up",
            runbook=Runbook(
                meaning="The exporter runs and cannot query the database: it is stopped, in a restart loop, in "
                "recovery, or out of connections. Applications that need it return errors.",
                first_look=(
                    (
                        "`docker logs --tail 50 NAME` on the server; in Coolify, the database's page shows whether it "
                        "runs."
                    ),
                    "`docker exec NAME pg_isready` on the server: does it accept connections?",
                    "Dashboard *PostgreSQL*, panel *Connections*: did they run out just before?",
                    "`df -h` on the server: PostgreSQL stops when it cannot write its WAL.",
                ),
                action=(
                    "Start it in Coolify. If it stops again, the last lines of its log say why.",
                    (
                        "`too many clients already`: restart the application that holds the connections; see "
                        "*PostgresConnectionsHigh*."
                    ),
                    "Disk full: free space outside `pg_wal`, never inside it, then start PostgreSQL.",
                    "Out of memory: see *ContainerOomKilled*.",
                ),
                false_alarms="The exporter's own password or role was changed: applications work, and the exporter "
                "logs `password authentication failed`. Correct its `DATA_SOURCE_NAME`. The reverse also happens: the "
                "exporter can keep an old connection while new ones fail (postgres_exporter issue 1120); "
                "*PostgresConnectionsExhausted* covers that.",
            ),
            fires=proven.fires,
            silent=proven.silent,
        ),
        warning_fires=proven.warning_fires,
        warning_silent=proven.warning_silent,
    )


def _missing(topology: Topology) -> Alert:
    return metrics_missing(
        topology,
        "PostgresMetricsMissing",
        "PostgreSQL",
        job=_JOB,
        up="pg_up",
        noun="database",
        exporter="It is postgres_exporter: read its log, and set `DATA_SOURCE_NAME`.",
        dashboard=DASHBOARD,
    )


def _incomplete(topology: Topology) -> Alert:
    name = "PostgresMetricsIncomplete"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE))
    # process_idle finds no row on an idle database and reports a failure (0.19.1, measured).
    failing = by_service("min", selector(_COLLECTOR, _JOB, 'collector!="process_idle"'), "collector")

    def exposed(*, error: int = 0, locks: int = 1, up: int = 1) -> tuple[Series, ...]:
        of_other = (bench.flat(_ERROR, 0, "other"), bench.flat(_COLLECTOR, 1, "other", collector="locks"))
        return (
            bench.flat("pg_up", up),
            bench.foreign("pg_up", 1),
            bench.flat("pg_up", 1, "other"),
            bench.flat(_ERROR, error),
            bench.flat(_ERROR, error, instance="second:9187"),
            bench.flat(_ERROR, 0, instance="third:9187"),
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
        summary="PostgreSQL's metrics are incomplete.",
        description=f"The exporter of PostgreSQL {WHERE} cannot read all metrics"
        "{{ with $labels.collector }}: collector {{ . }} fails{{ end }}.",
        dashboard=DASHBOARD,
        runbook=Runbook(
            meaning="The database is up, but some of the exporter's queries fail. Alerts that need their metrics stay "
            "silent, panels stay empty.",
            first_look=("Read the exporter's log: it names the query and PostgreSQL's error.",),
            action=(
                "`permission denied`: `GRANT pg_monitor TO` the exporter's role.",
                (
                    "Collector stat_statements: `CREATE EXTENSION pg_stat_statements` in the database that the "
                    "exporter connects to, or disable the collector."
                ),
                "The exporter is older than the server: upgrade the exporter.",
            ),
            false_alarms="None known; the collector process_idle, which fails on an idle database, is excluded.",
        ),
        fires=(
            bench.fires(
                "fires and names the failing collector",
                exposed(locks=0),
                "The exporter of PostgreSQL db on main cannot read all metrics: collector locks fails.",
                collector="locks",
            ),
            bench.fires(
                "fires when the last scrape had an error",
                exposed(error=1),
                "The exporter of PostgreSQL db on main cannot read all metrics.",
            ),
        ),
        silent=(
            bench.silent("stays silent while everything is read", exposed()),
            bench.silent("stays silent while PostgreSQL is down, which has an alert", exposed(error=1, locks=0, up=0)),
        ),
    )


def _hidden(topology: Topology) -> Alert:
    name = "PostgresSessionsHidden"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE))
    sessions, seen = (by_service("sum", selector(metric, _JOB)) for metric in (_SESSIONS, _SEEN))

    def exposed(app: int, state: int, service: str = "db", **labels: str) -> tuple[Series, ...]:
        """Sessions of an application, and of those the ones with a state; the exporter's own are two."""
        return (
            bench.flat(_SESSIONS, app, service, datname="app", datid="5", **labels),
            bench.flat(_SESSIONS, 2, service, datname="postgres", datid="1", **labels),
            bench.flat(_SEEN, state, service, datname="app", state="active", **labels),
            bench.flat(_SEEN, 2, service, datname="postgres", state="active", **labels),
        )

    others = (*exposed(20, 20, "other"), *exposed(2, 2, server="second"))
    return Alert(
        alert=name,
        expr=expr(f"""
            {sessions} - on ({names.BY_SERVICE}) {seen}
            > on ({names.BY_SERVICE}) clamp_min(0.5 * {sessions}, {_OWN})
        """),
        wait=bench.wait,
        severity="warning",
        summary="PostgreSQL hides the sessions of others from its exporter.",
        description=f"The exporter of PostgreSQL {WHERE} cannot see {{{{ $value }}}} sessions of other roles: run "
        "`GRANT pg_monitor TO ROLE` with the role in its `DATA_SOURCE_NAME`.",
        dashboard=DASHBOARD,
        panel="Connections",
        runbook=Runbook(
            meaning="The exporter's role is not a member of `pg_monitor`. PostgreSQL then shows it only its own "
            "sessions, without an error: connections are counted too low, and long queries and open transactions of "
            "applications do not show at all. *PostgresConnectionsHigh*, *PostgresLongQuery* and "
            "*PostgresIdleInTransaction* cannot fire (measured on PostgreSQL 15).",
            first_look=(
                "The role: the user in `DATA_SOURCE_NAME` of the exporter.",
                "`docker exec NAME psql -U postgres -c '\\du'`: is it a member of `pg_monitor`?",
            ),
            action=("`docker exec NAME psql -U postgres -c 'GRANT pg_monitor TO ROLE'`; nothing has to restart.",),
            false_alarms="Extensions whose background workers are more than half of all sessions (TimescaleDB on a "
            "database that is hardly used).",
        ),
        fires=(
            bench.fires(
                "fires for the database whose sessions are hidden, not for the others",
                (*exposed(20, 0), *others),
                "The exporter of PostgreSQL db on main cannot see 20 sessions of other roles: run "
                "`GRANT pg_monitor TO ROLE` with the role in its `DATA_SOURCE_NAME`.",
            ),
            bench.fires(
                "fires for three of five",
                (*exposed(3, 0), *others),
                "The exporter of PostgreSQL db on main cannot see 3 sessions of other roles: run "
                "`GRANT pg_monitor TO ROLE` with the role in its `DATA_SOURCE_NAME`.",
            ),
        ),
        silent=(
            bench.silent("stays silent while half of the sessions show, as beside background workers", exposed(20, 9)),
            bench.silent(
                "stays silent while only connections of the exporter itself are missing",
                (*exposed(0, 0)[:3], bench.flat(_SEEN, 0, datname="postgres", state="active")),
            ),
        ),
    )
