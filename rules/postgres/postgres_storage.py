"""PostgreSQL storage: replication lag, WAL growth, failed archiving, transaction ids."""

from __future__ import annotations

from boxwatch.rules.model import Alert, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, by_service, scraped, selector
from boxwatch.rules.patterns.fragments import number
from boxwatch.rules.template_functions import duration, short, size
from boxwatch.topology import kinds
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "postgres_storage"
DASHBOARD = "postgres"

_JOB = kinds.of("postgres").job
_LAG = "pg_replication_lag_seconds"
_KEPT = "pg_replication_slots_pg_wal_lsn_diff"
_FAILED = "pg_stat_archiver_failed_count"
_XIDS = "pg_database_wraparound_age_datfrozenxid_seconds"


def subject(topology: Topology) -> Subject | None:
    """Alerts on replication, WAL and transaction ids; None where no PostgreSQL is scraped."""
    if not scraped(topology, "postgres"):
        return None
    rules = (_wraparound(topology), _slot(topology), _archive(topology), _lag(topology))
    return Subject(id=ID, title="PostgreSQL's storage", groups=(Group(name="postgres-storage", rules=rules),))


def _level(bench: Bench, metric: str, value: float, threshold: float, **labels: str) -> tuple[Series, ...]:
    """A gauge of `db` at this value; the decoys, another label value and another service, at half the threshold."""
    other = dict.fromkeys(labels, "second")
    return (
        bench.flat(metric, value, **labels),
        bench.flat(metric, value / 2, instance="second:9187", **labels),
        *([bench.flat(metric, threshold / 2, **other)] if labels else []),
        bench.flat(metric, threshold / 2, "other", **labels),
    )


def _lag(topology: Topology) -> Alert:
    name = "PostgresReplicationLag"
    threshold = topology.alerts.threshold(name, MINUTE)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 5 * MINUTE))
    seconds = int(threshold * 1.125) + 1
    return Alert(
        alert=name,
        # It is 0 on a primary. Exporters before 0.17 lack the metric.
        expr=f"{by_service('max', selector(_LAG, _JOB))} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="A PostgreSQL replica lags behind.",
        description=f"The replica {WHERE} is {{{{ $value | humanizeDuration }}}} behind its primary.",
        dashboard=DASHBOARD,
        panel="Replication lag",
        threshold=threshold,
        threshold_source="changes that a failover would lose; a healthy replica on the same continent is within a "
        "second",
        runbook=Runbook(
            meaning="The replica replays changes late. Reads from it are stale, and a failover now would lose the "
            "changes that it lacks.",
            first_look=(
                "`SELECT state, sent_lsn, replay_lsn FROM pg_stat_replication` on the primary: is it connected?",
                "The replica's log and its server's dashboard: a slow disk, or a long query on the replica?",
            ),
            action=(
                "End the query on the replica that conflicts with replay.",
                "Disconnected, and its WAL is gone from the primary: rebuild the replica.",
            ),
            false_alarms="Right after a bulk load on the primary; the replica catches up.",
        ),
        fires=(
            bench.fires(
                "fires for the lagging replica, not for the other",
                _level(bench, _LAG, seconds, threshold),
                f"The replica db on main is {duration(seconds)} behind its primary.",
            ),
        ),
        silent=(bench.silent("stays silent at the threshold", _level(bench, _LAG, threshold, threshold)),),
    )


def _slot(topology: Topology) -> Alert:
    name = "PostgresSlotRetainsWal"
    threshold = topology.alerts.threshold(name, 5 * GIB)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 10 * MINUTE))
    kept = threshold * 1.125
    return Alert(
        alert=name,
        expr=f"{by_service('max', selector(_KEPT, _JOB), 'slot_name')} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="A PostgreSQL replication slot retains much WAL.",
        description=f"Slot {{{{ $labels.slot_name }}}} of PostgreSQL {WHERE} retains {{{{ $value | humanize1024 }}}}B "
        "of WAL.",
        dashboard=DASHBOARD,
        panel="WAL retained by slots",
        threshold=threshold,
        threshold_source="1 % of the default deployment's disk, and five times `max_wal_size`",
        runbook=Runbook(
            meaning="PostgreSQL keeps WAL until the slot's consumer has read it, and that consumer is slow or gone. "
            "When the disk is full, PostgreSQL stops.",
            first_look=("`SELECT slot_name, active, restart_lsn FROM pg_replication_slots`: is it active?",),
            action=(
                "The consumer is still needed: start it.",
                "It is gone for good: `SELECT pg_drop_replication_slot('NAME')` frees the WAL at the next checkpoint.",
                "Limit the WAL that a slot may retain: `max_slot_wal_keep_size`.",
            ),
            false_alarms="A replica that is being rebuilt; it catches up.",
        ),
        fires=(
            bench.fires(
                "fires for the slot without a consumer, for no other",
                _level(bench, _KEPT, kept, threshold, slot_name="etl"),
                f"Slot etl of PostgreSQL db on main retains {size(kept)} of WAL.",
                slot_name="etl",
            ),
        ),
        silent=(
            bench.silent("stays silent at the threshold", _level(bench, _KEPT, threshold, threshold, slot_name="etl")),
        ),
    )


def _archive(topology: Topology) -> Alert:
    name = "PostgresArchiveFailing"
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 15 * MINUTE), window=MINUTE // 2)
    ok = (bench.flat(_FAILED, 15, "other"), bench.flat(_FAILED, 15, instance="second:9187"))
    return Alert(
        alert=name,
        expr=f"{by_service('max', f'increase({selector(_FAILED, _JOB)}[10m])')} > 0",
        wait=bench.wait,
        severity="warning",
        summary="PostgreSQL cannot archive its WAL.",
        description=f"PostgreSQL {WHERE} fails to archive its WAL.",
        dashboard=DASHBOARD,
        panel="WAL archiving",
        runbook=Runbook(
            meaning="`archive_command` keeps failing. Restores from the archive end at the last archived file, and the "
            "WAL waiting for it fills the disk.",
            first_look=(
                "`SELECT * FROM pg_stat_archiver`: since when, and which file?",
                "PostgreSQL's log shows the output of `archive_command`.",
            ),
            action=("Restore what the command needs: space or credentials at the destination. PostgreSQL retries.",),
            false_alarms="None known.",
        ),
        fires=(
            bench.fires(
                "fires for the server whose archiving fails every few minutes, not for the other",
                # Less than one failure at a time, because any rise is enough; after a restart.
                (bench.bursts(_FAILED, 0.5, before="15 15.5"), *ok),
                "PostgreSQL db on main fails to archive its WAL.",
            ),
        ),
        silent=(
            bench.silent("stays silent for failures of long ago", (bench.flat(_FAILED, 15), *ok)),
            bench.silent(
                "stays silent once it works again",
                (bench.series(_FAILED, f"0+1x4 4x{bench.fixtures.count}"), *ok),
                after=bench.later(14 * MINUTE),
            ),
            bench.silent(
                "stays silent when a restart resets the counter",
                (bench.series(_FAILED, f"15x3 0x{bench.fixtures.count}"),),
            ),
        ),
    )


def _wraparound(topology: Topology) -> Alert:
    name = "PostgresWraparoundNear"
    threshold = topology.alerts.threshold(name, 1e9)
    bench = Bench(topology, _JOB, topology.alerts.wait(name, 60 * MINUTE))
    age = threshold * 1.125
    return Alert(
        alert=name,
        # The metric counts transactions, despite its name (measured on 0.19.1).
        expr=f"{by_service('max', selector(_XIDS, _JOB), 'datname')} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="PostgreSQL is running out of transaction ids.",
        description="Vacuum is {{ $value | humanize }} transactions behind in database {{ $labels.datname }} of "
        f"{WHERE}.",
        dashboard=DASHBOARD,
        panel="Age of the oldest transaction id",
        threshold=threshold,
        threshold_source="five times autovacuum_freeze_max_age, and half of all ids (2^31)",
        runbook=Runbook(
            meaning="Autovacuum should have frozen old rows long ago and cannot. PostgreSQL refuses writes when three "
            "million of two billion ids are left.",
            first_look=(
                (
                    "Look for a transaction open for days, an unused slot, a prepared transaction: "
                    "*PostgresIdleInTransaction*, *PostgresSlotRetainsWal*, `SELECT * FROM pg_prepared_xacts`."
                ),
            ),
            action=(
                "End the holder of the oldest id, then `VACUUM (FREEZE, VERBOSE)` in that database.",
                "Give autovacuum more room: `autovacuum_vacuum_cost_limit`, `maintenance_work_mem`.",
            ),
            false_alarms="None known. The alert needs postgres_exporter's `--collector.database_wraparound`, which "
            "is off by default; without it the alert cannot fire.",
        ),
        fires=(
            bench.fires(
                "fires for the database that vacuum has neglected, for no other",
                _level(bench, _XIDS, age, threshold, datname="app"),
                f"Vacuum is {short(age)} transactions behind in database app of db on main.",
                datname="app",
            ),
        ),
        silent=(
            bench.silent("stays silent at the threshold", _level(bench, _XIDS, threshold, threshold, datname="app")),
        ),
    )
