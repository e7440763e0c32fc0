"""What PostgreSQL keeps and copies: replicas behind, WAL that piles up, archives that fail, transaction ids."""

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
    """A gauge of `db` with this value; of another label value there, and of another service, half the threshold."""
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
        # On a primary it is 0. Exporters before 0.17 have no such metric.
        expr=f"{by_service('max', selector(_LAG, _JOB))} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="A replica of PostgreSQL is behind.",
        description=f"The replica {WHERE} is {{{{ $value | humanizeDuration }}}} behind its primary.",
        dashboard=DASHBOARD,
        panel="Replication lag",
        threshold=threshold,
        threshold_source="what a failover would lose; a healthy replica on the same continent is within a second",
        runbook=Runbook(
            meaning="The replica replays changes later than they are made. Reads from it are old, and a failover now "
            "would lose what it has not got.",
            first_look=(
                "`SELECT state, sent_lsn, replay_lsn FROM pg_stat_replication` on the primary: is it connected?",
                "The replica's log, and its server's dashboard: is it the disk, or a long query on the replica?",
            ),
            action=(
                "End the query on the replica with which replay is in conflict.",
                "It is not connected and its WAL is gone from the primary: make the replica anew.",
            ),
            false_alarms="Right after a large load on the primary; it passes by itself.",
        ),
        fires=(
            bench.fires(
                "fires for the replica that is behind, not for the other",
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
        summary="A replication slot of PostgreSQL makes WAL pile up.",
        description=f"Slot {{{{ $labels.slot_name }}}} of PostgreSQL {WHERE} keeps {{{{ $value | humanize1024 }}}}B of "
        "WAL.",
        dashboard=DASHBOARD,
        panel="WAL kept by slots",
        threshold=threshold,
        threshold_source="1 % of the default deployment's disk, and five times `max_wal_size`",
        runbook=Runbook(
            meaning="PostgreSQL keeps its WAL until whoever owns the slot has read it, and that reader is slow or "
            "gone. When the disk is full PostgreSQL stops.",
            first_look=("`SELECT slot_name, active, restart_lsn FROM pg_replication_slots`: is anybody reading?",),
            action=(
                "The reader is to come back: start it.",
                "It is gone for good: `SELECT pg_drop_replication_slot('NAME')` frees the WAL at the next checkpoint.",
                "Limit what a slot may keep: `max_slot_wal_keep_size`.",
            ),
            false_alarms="A replica that is being made anew; it catches up.",
        ),
        fires=(
            bench.fires(
                "fires for the slot that nobody reads, for no other",
                _level(bench, _KEPT, kept, threshold, slot_name="etl"),
                f"Slot etl of PostgreSQL db on main keeps {size(kept)} of WAL.",
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
        panel="WAL archived and failed",
        runbook=Runbook(
            meaning="`archive_command` fails again and again. A backup made of the archive ends here, and the WAL that "
            "waits for it fills the disk.",
            first_look=(
                "`SELECT * FROM pg_stat_archiver`: since when, and which file?",
                "PostgreSQL's log has what `archive_command` said.",
            ),
            action=("Mend what the command needs: space or credentials at the destination. It is tried again alone.",),
            false_alarms="None known.",
        ),
        fires=(
            bench.fires(
                "fires for the one whose archive fails every few minutes, not for the other",
                # Less than one failure at a time: more than none is enough. There was a restart, too.
                (bench.bursts(_FAILED, 0.5, before="15 15.5"), *ok),
                "PostgreSQL db on main fails to archive its WAL.",
            ),
        ),
        silent=(
            bench.silent("stays silent for what failed long ago", (bench.flat(_FAILED, 15), *ok)),
            bench.silent(
                "stays silent once it works again",
                (bench.series(_FAILED, f"0+1x4 4x{bench.world.count}"), *ok),
                after=bench.later(14 * MINUTE),
            ),
            bench.silent(
                "stays silent when a restart sets the counter back",
                (bench.series(_FAILED, f"15x3 0x{bench.world.count}"),),
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
        # The unit of the metric is transactions, whatever its name says (measured on 0.19.1).
        expr=f"{by_service('max', selector(_XIDS, _JOB), 'datname')} > {number(threshold)}",
        wait=bench.wait,
        severity="warning",
        summary="PostgreSQL runs out of transaction ids.",
        description="Vacuum is {{ $value | humanize }} transactions behind in database {{ $labels.datname }} of "
        f"{WHERE}.",
        dashboard=DASHBOARD,
        panel="Age of the oldest transaction id",
        threshold=threshold,
        threshold_source="five times autovacuum_freeze_max_age, and half of what there is: 2^31",
        runbook=Runbook(
            meaning="Autovacuum should have frozen old rows long ago and cannot. PostgreSQL refuses to write when "
            "three million ids are left of two billion.",
            first_look=(
                (
                    "Is a transaction open for days, is there an unused slot, or a prepared transaction? "
                    "*PostgresIdleInTransaction*, *PostgresSlotRetainsWal*, `SELECT * FROM pg_prepared_xacts`."
                ),
            ),
            action=(
                "End whatever holds the oldest id, then `VACUUM (FREEZE, VERBOSE)` in that database.",
                "Give autovacuum more room: `autovacuum_vacuum_cost_limit`, `maintenance_work_mem`.",
            ),
            false_alarms="None known. It needs postgres_exporter's `--collector.database_wraparound`, which is off by "
            "default; without it the alert cannot fire.",
        ),
        fires=(
            bench.fires(
                "fires for the database that vacuum does not reach, for no other",
                _level(bench, _XIDS, age, threshold, datname="app"),
                f"Vacuum is {short(age)} transactions behind in database app of db on main.",
                datname="app",
            ),
        ),
        silent=(
            bench.silent("stays silent at the threshold", _level(bench, _XIDS, threshold, threshold, datname="app")),
        ),
    )
