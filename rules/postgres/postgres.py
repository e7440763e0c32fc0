"""PostgreSQL: is it there, and does its exporter tell everything."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.backing_services_proofs import unanswered
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.patterns.metrics_missing import metrics_missing
from boxwatch.rules.patterns.paging import by_urgency
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology

ID = "postgres"
DASHBOARD = "postgres"

_JOB = kinds.of("postgres").job
_UP = selector("pg_up", _JOB)
_ERROR = "pg_exporter_last_scrape_error"
_COLLECTOR = "pg_scrape_collector_success"


def subject(topology: Topology) -> Subject | None:
    """Alerts on whether PostgreSQL answers; None where none is scraped."""
    if not scraped(topology, "postgres"):
        return None
    return Subject(
        id=ID,
        title="PostgreSQL",
        groups=(Group(name=ID, rules=(*_down(topology), _missing(topology), _incomplete(topology))),),
    )


def _down(topology: Topology) -> tuple[Alert, Alert]:
    wait = topology.alerts.wait("PostgresDown", topology.alerts.outage_grace)
    bench = Bench(topology, _JOB, wait)

    proven = unanswered(bench, "pg_up", "PostgreSQL db on main does not let its exporter in.")
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
                    (
                        "`too many clients already`: restart the application that holds them; see "
                        "*PostgresConnectionsHigh*."
                    ),
                    "The disk is full: free space outside of `pg_wal`, never in it, and start PostgreSQL again.",
                    "Killed for lack of memory: see *ContainerOomKilled*.",
                ),
                false_alarms="The exporter's own password or role was changed: applications work and its log says "
                "`password authentication failed`. Correct `DATA_SOURCE_NAME` of the exporter. The reverse is known "
                "too: it can keep an old connection while new ones fail (postgres_exporter issue 1120), so "
                "*PostgresConnectionsExhausted* speaks of that.",
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
        exporter="It is postgres_exporter: read its log; it needs `DATA_SOURCE_NAME`.",
        dashboard=DASHBOARD,
    )


def _incomplete(topology: Topology) -> Alert:
    name = "PostgresMetricsIncomplete"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE))
    # process_idle finds no row on an idle database and calls that a failure (0.19.1, measured).
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
                (
                    "Collector stat_statements: `CREATE EXTENSION pg_stat_statements` in the database that the "
                    "exporter connects to, or leave the collector off."
                ),
                "The exporter is older than the server: run a newer one.",
            ),
            false_alarms="None known; collector process_idle, which fails on an idle database, is left out.",
        ),
        fires=(
            bench.fires(
                "fires with the collector that fails",
                exposed(locks=0),
                "The exporter of PostgreSQL db on main reads it only in part: collector locks fails.",
                collector="locks",
            ),
            bench.fires(
                "fires when the last scrape had an error",
                exposed(error=1),
                "The exporter of PostgreSQL db on main reads it only in part.",
            ),
        ),
        silent=(
            bench.silent("stays silent while everything is read", exposed()),
            bench.silent("stays silent while PostgreSQL is down, which has an alert", exposed(error=1, locks=0, up=0)),
        ),
    )
