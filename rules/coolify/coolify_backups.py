"""Scheduled backups of Coolify's databases: failed, too old, far smaller than usual, or not stored in S3.

Only Coolify knows them. A missing backup can wait until morning, so these are tickets.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import (
    BY_RESOURCE,
    JOB,
    RESOURCE,
    about_resource,
    always,
    of_resource,
    reads,
    unread,
    watched,
    well_read,
)
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat
from boxwatch.rules.template_functions import duration, size
from boxwatch.topology.model import Topology

ID = "coolify_backups"

_MINUTE = 60
_BY_BACKUP = f"{BY_RESOURCE}, {coolify.BACKUP}"
_DIFFERENT = ("job", "server", "account", "service", "project", "environment", "resource", "uuid", "backup")
_LABELS = {"resource": "db", "service": "postgres", "backup": "nightly"}
_NAME = f"backup {{{{ $labels.backup }}}} of {RESOURCE} (Coolify on {{{{ $labels.server }}}})"
_NAMED = "backup nightly of store/live/db (Coolify on main)"


def subject(topology: Topology) -> Subject | None:
    """Alerts on backups; None where Coolify is not scraped."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Backups by Coolify",
        groups=(
            Group(
                name="coolify-backups",
                rules=(_failed(topology), _old(topology), _small(topology), _not_uploaded(topology)),
            ),
        ),
    )


def _backup(fixtures: Fixtures, metric: str, values: str, **labels: str) -> Series:
    return of_resource(fixtures, metric, values, **{**_LABELS, "uuid": "db-uuid", **labels})


def _near(fixtures: Fixtures, metric: str, value: float, **labels: str) -> tuple[Series, ...]:
    """Decoys: other schedules, each of which differs in one label."""
    return tuple(
        _backup(fixtures, metric, flat(value, fixtures.count), **{**labels, label: "other"}) for label in _DIFFERENT
    )


def _failed(topology: Topology) -> Alert:
    wait = topology.alerts.wait("BackupFailed", 2 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def result(value: float = 1, name: str = "failed", **labels: str) -> Series:
        return _backup(fixtures, coolify.BACKUP_RESULT, flat(value, fixtures.count), **{"result": name, **labels})

    def enabled(value: float = 1, **labels: str) -> Series:
        return _backup(fixtures, coolify.BACKUP_ENABLED, flat(value, fixtures.count), **labels)

    return Alert(
        alert="BackupFailed",
        expr=expr(f"""
            max by ({_BY_BACKUP}) ({coolify.BACKUP_RESULT}{{{JOB},result="failed"}}) == 1
            and on ({_BY_BACKUP}) {coolify.BACKUP_ENABLED}{{{JOB}}} == 1
        """),
        wait=wait,
        severity="warning",
        summary="The last backup of a database failed.",
        description=f"The last run of {_NAME} failed.",
        runbook=Runbook(
            meaning="The last period has no backup. The database itself is not affected.",
            first_look=("Coolify, the database's page, *Backups*: the message of the last run.",),
            action=(
                "No space left: prune images and old backups, or send them to S3.",
                "The password or the name of the database was changed outside Coolify: correct it there.",
                "Run the backup manually (*Backup now*), and check that it succeeds.",
            ),
            false_alarms="None known.",
        ),
        dashboard="deployments",
        panel="Backups",
        fires=(
            fixtures.fires(
                "fires for the schedule whose last run failed, not for the others",
                (
                    result(),
                    result(0, instance="c:2"),
                    result(1, instance="c:3"),
                    *_near(fixtures, coolify.BACKUP_RESULT, 0, result="failed"),
                    result(1, "success", backup="weekly"),
                    result(1, "unknown", backup="weekly"),
                    enabled(),
                    enabled(backup="weekly"),
                ),
                late,
                Expected(about_resource(**_LABELS), f"The last run of {_NAMED} failed."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent after a successful run", (result(0), result(1, "success"), enabled()), late),
            fixtures.silent(
                "stays silent for a disabled schedule while others are enabled",
                (result(), enabled(0), *_near(fixtures, coolify.BACKUP_ENABLED, 1)),
                late,
            ),
        ),
    )


def _old(topology: Topology) -> Alert:
    wait = topology.alerts.wait("BackupTooOld", 15 * _MINUTE)
    factor = topology.alerts.threshold("BackupTooOld", 1.5)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    # Long enough for the alert's wait to be short beside it, whatever the factor.
    interval = 100 * (late + 60)
    allowed = int(factor * interval)

    def done(age: float, **labels: str) -> Series:
        return _backup(fixtures, coolify.BACKUP_SUCCESS, always(fixtures, age), **labels)

    def schedule(seconds: float = interval, enabled: float = 1, /, **labels: str) -> tuple[Series, ...]:
        return (
            _backup(fixtures, coolify.BACKUP_INTERVAL, flat(seconds, fixtures.count), **labels),
            _backup(fixtures, coolify.BACKUP_ENABLED, flat(enabled, fixtures.count), **labels),
        )

    def state(name: str, value: float = 1, /, **labels: str) -> Series:
        return _backup(fixtures, coolify.RESOURCE_STATE, flat(value, fixtures.count), state=name, backup="", **labels)

    old = allowed + 60
    read = well_read(fixtures, "databases")
    others = tuple({label: "other"} for label in _DIFFERENT)
    return Alert(
        alert="BackupTooOld",
        # Coolify makes no backups of a database that is stopped (4.3.11, DatabaseBackupJob).
        expr=expr(f"""
            time() - max by ({_BY_BACKUP}) ({coolify.BACKUP_SUCCESS}{{{JOB}}})
              > {factor:.10g} * max by ({_BY_BACKUP}) ({coolify.BACKUP_INTERVAL}{{{JOB}}})
            and on ({_BY_BACKUP}) {coolify.BACKUP_ENABLED}{{{JOB}}} == 1
            and {reads("databases")}
            unless on ({BY_RESOURCE}) {coolify.RESOURCE_STATE}{{{JOB},state="exited"}} == 1
        """),
        wait=wait,
        severity="warning",
        summary="The last successful backup of a database is older than its schedule allows.",
        description=f"The last successful run of {_NAME} ended {{{{ $value | humanizeDuration }}}} ago.",
        runbook=Runbook(
            meaning="The schedule should have produced a newer backup. Either its runs fail (*BackupFailed* fires "
            "too), or Coolify does not start them, which nothing else reports.",
            first_look=("Coolify, the database's page, *Backups*: when was the last run, and how did it end?",),
            action=(
                "No run at all: does the container `coolify` run its scheduler? Restart it.",
                "Run the backup manually (*Backup now*), and check that it succeeds.",
                "The schedule was just changed: the alert resolves after the next run.",
            ),
            false_alarms="A backup that takes longer than half of its interval.",
        ),
        threshold=factor,
        threshold_source="intervals: half of one is left for a long or late run",
        dashboard="deployments",
        panel="Backups",
        fires=(
            fixtures.fires(
                "fires for the schedule without a new backup, not for the others",
                (
                    done(old),
                    done(10 * old, instance="c:2"),
                    *schedule(),
                    *schedule(interval / 2, instance="c:2"),
                    *(one for other in others for one in (done(0, **other), *schedule(9 * interval, **other))),
                    *(state("exited", 1, **{label: "other"}) for label in _DIFFERENT[:-1]),
                    state("running"),
                    state("exited", 0),
                    *read,
                ),
                late,
                Expected(about_resource(**_LABELS), f"The last successful run of {_NAMED} ended {duration(old)} ago."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent at one and a half intervals", (done(allowed), *schedule(), *read), late),
            fixtures.silent(
                "stays silent until the longer of two exposed intervals has passed",
                (done(old), *schedule(), *schedule(2 * interval, instance="c:2"), *read),
                late,
            ),
            fixtures.silent(
                "stays silent for a disabled schedule while others are enabled",
                (done(old), *schedule(interval, 0), *_near(fixtures, coolify.BACKUP_ENABLED, 1), *read),
                late,
            ),
            fixtures.silent(
                "stays silent for a stopped database, of which Coolify makes no backups",
                (done(old), *schedule(), state("exited"), *read),
                late,
            ),
            fixtures.silent(
                "stays silent while databases cannot be read, which has its own alert",
                (done(old), *schedule(), *unread(fixtures, "databases")),
                late,
            ),
        ),
    )


def _small(topology: Topology) -> Alert:
    wait = topology.alerts.wait("BackupTooSmall", 15 * _MINUTE)
    factor = topology.alerts.threshold("BackupTooSmall", 0.5)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    usual = 1000 << 20
    least = round(factor * usual)

    def sized(metric: str, size: float, **labels: str) -> Series:
        return _backup(fixtures, metric, flat(size, fixtures.count), **{coolify.OF_DATABASE: "shop", **labels})

    def saved(size: float, median: float = usual, /, **labels: str) -> tuple[Series, ...]:
        return (
            sized(coolify.BACKUP_DATABASE_SIZE, size, **labels),
            sized(coolify.BACKUP_DATABASE_MEDIAN, median, **labels),
        )

    def enabled(value: float = 1, **labels: str) -> Series:
        return _backup(fixtures, coolify.BACKUP_ENABLED, flat(value, fixtures.count), **labels)

    small, by = least - (1 << 20), f"{_BY_BACKUP}, {coolify.OF_DATABASE}"
    about = about_resource(**_LABELS, database="shop")
    others = tuple({label: "other"} for label in (*_DIFFERENT, coolify.OF_DATABASE))
    return Alert(
        alert="BackupTooSmall",
        # A dump that was cut short, or found nothing, is a success to Coolify (coolify #7779, #9035).
        expr=expr(f"""
            (
              max by ({by}) ({coolify.BACKUP_DATABASE_SIZE}{{{JOB}}})
                < {factor:.10g} * min by ({by}) ({coolify.BACKUP_DATABASE_MEDIAN}{{{JOB}}})
              or max by ({by}) ({coolify.BACKUP_DATABASE_SIZE}{{{JOB}}}) == 0
            )
            and on ({_BY_BACKUP}) {coolify.BACKUP_ENABLED}{{{JOB}}} == 1
        """),
        wait=wait,
        severity="warning",
        summary="A backup is empty, or far smaller than the ones before.",
        description=f"The last file of {_NAME}, database {{{{ $labels.database }}}}, has"
        " {{ $value | humanize1024 }}B, far less than the ones before.",
        runbook=Runbook(
            meaning="Coolify calls the backup a success, but it cannot contain what the ones before did: the dump "
            "was cut short, or the database lost its data. A restore would lose it too.",
            first_look=(
                "Coolify, the database's page, *Backups*: the sizes and messages of the last runs.",
                "Does the database still hold its data? Look before the good backups expire.",
            ),
            action=(
                "Keep the last good file: download it, or raise the schedule's retention.",
                "Run the backup manually (*Backup now*), and test a restore.",
                "Data was deleted on purpose: the alert resolves as the median follows, after about ten runs.",
            ),
            false_alarms="A database that was emptied or whose tables were cleaned up on purpose.",
        ),
        threshold=factor,
        threshold_source="of the median of up to 20 files before; sizes of dumps grow slowly and rarely halve",
        dashboard="deployments",
        panel="Backups",
        fires=(
            fixtures.fires(
                "fires for the database whose file is small, not for the others",
                (
                    *saved(small),
                    *saved(small - 10, usual + 10, instance="c:2"),
                    *(one for other in others for one in saved(usual, usual, **other)),
                    enabled(),
                    *_near(fixtures, coolify.BACKUP_ENABLED, 1),
                ),
                late,
                Expected(about, _small_says(small)),
            ),
            fixtures.fires(
                "fires for an empty file, with nothing to compare it with",
                (sized(coolify.BACKUP_DATABASE_SIZE, 0), enabled()),
                late,
                Expected(about, _small_says(0)),
            ),
        ),
        silent=(
            fixtures.silent("stays silent at half of the median", (*saved(least), enabled()), late),
            fixtures.silent(
                "stays silent for a small file with nothing to compare it with",
                (sized(coolify.BACKUP_DATABASE_SIZE, 1), enabled()),
                late,
            ),
            fixtures.silent(
                "stays silent while another exporter sees the new file",
                (*saved(small), *saved(usual, instance="c:2"), enabled()),
                late,
            ),
            fixtures.silent(
                "stays silent while another exporter has a smaller median",
                (*saved(small), sized(coolify.BACKUP_DATABASE_MEDIAN, small, instance="c:2"), enabled()),
                late,
            ),
            fixtures.silent(
                "stays silent while another exporter sees a file that is not empty",
                (
                    sized(coolify.BACKUP_DATABASE_SIZE, 0),
                    sized(coolify.BACKUP_DATABASE_SIZE, usual, instance="c:2"),
                    enabled(),
                ),
                late,
            ),
            fixtures.silent(
                "stays silent for a disabled schedule while others are enabled",
                (*saved(small), enabled(0), *_near(fixtures, coolify.BACKUP_ENABLED, 1)),
                late,
            ),
        ),
    )


def _small_says(last: float) -> str:
    return f"The last file of {_NAMED}, database shop, has {size(last)}, far less than the ones before."


def _not_uploaded(topology: Topology) -> Alert:
    wait = topology.alerts.wait("BackupNotUploaded", 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def flag(metric: str, value: float, **labels: str) -> Series:
        return _backup(fixtures, metric, flat(value, fixtures.count), **labels)

    wanted, on = flag(coolify.BACKUP_S3, 1), flag(coolify.BACKUP_ENABLED, 1)
    return Alert(
        alert="BackupNotUploaded",
        expr=expr(f"""
            max by ({_BY_BACKUP}) ({coolify.BACKUP_UPLOADED}{{{JOB}}}) == 0
            and on ({_BY_BACKUP}) {coolify.BACKUP_S3}{{{JOB}}} == 1
            and on ({_BY_BACKUP}) {coolify.BACKUP_ENABLED}{{{JOB}}} == 1
        """),
        wait=wait,
        severity="warning",
        summary="A backup that should be in S3 was not stored there.",
        description=f"The last successful run of {_NAME} should have been stored in S3 and was not.",
        runbook=Runbook(
            meaning="The file is only on the server whose loss it is meant for, or, if local backups are disabled, "
            "nowhere. Coolify calls such a run a success (coolify #7779, #9035).",
            first_look=(
                "Coolify, the database's page, *Backups*: the message of the last run.",
                "Coolify, *S3 Storages*, the storage's page, *Validate Connection*.",
            ),
            action=(
                "Correct the storage's endpoint, key or bucket; keys expire and quotas fill.",
                "Run the backup manually (*Backup now*), and check that the file is in the bucket.",
                "S3 is no longer meant: switch *Save to S3* off in the schedule.",
            ),
            false_alarms="None known.",
        ),
        dashboard="deployments",
        panel="Backups",
        fires=(
            fixtures.fires(
                "fires for the schedule whose file is not in S3, not for the others",
                (
                    flag(coolify.BACKUP_UPLOADED, 0),
                    flag(coolify.BACKUP_UPLOADED, 0, instance="c:2"),
                    *_near(fixtures, coolify.BACKUP_UPLOADED, 1),
                    *_near(fixtures, coolify.BACKUP_S3, 1),
                    *_near(fixtures, coolify.BACKUP_ENABLED, 1),
                    wanted,
                    on,
                ),
                late,
                Expected(
                    about_resource(**_LABELS),
                    f"The last successful run of {_NAMED} should have been stored in S3 and was not.",
                ),
            ),
        ),
        silent=(
            fixtures.silent("stays silent for an uploaded file", (flag(coolify.BACKUP_UPLOADED, 1), wanted, on), late),
            fixtures.silent(
                "stays silent while another exporter sees the file uploaded",
                (flag(coolify.BACKUP_UPLOADED, 0), flag(coolify.BACKUP_UPLOADED, 1, instance="c:2"), wanted, on),
                late,
            ),
            fixtures.silent(
                "stays silent where S3 is not asked for, while others ask for it",
                (
                    flag(coolify.BACKUP_UPLOADED, 0),
                    flag(coolify.BACKUP_S3, 0),
                    *_near(fixtures, coolify.BACKUP_S3, 1),
                    on,
                ),
                late,
            ),
            fixtures.silent(
                "stays silent for a disabled schedule while others are enabled",
                (
                    flag(coolify.BACKUP_UPLOADED, 0),
                    wanted,
                    flag(coolify.BACKUP_ENABLED, 0),
                    *_near(fixtures, coolify.BACKUP_ENABLED, 1),
                ),
                late,
            ),
        ),
    )
