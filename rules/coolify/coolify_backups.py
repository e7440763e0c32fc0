"""Scheduled backups of Coolify's databases: failed or too old.

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
from boxwatch.rules.template_functions import duration
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
        groups=(Group(name="coolify-backups", rules=(_failed(topology), _old(topology))),),
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

    old = allowed + 60
    read = well_read(fixtures, "databases")
    others = tuple({label: "other"} for label in _DIFFERENT)
    return Alert(
        alert="BackupTooOld",
        expr=expr(f"""
            time() - max by ({_BY_BACKUP}) ({coolify.BACKUP_SUCCESS}{{{JOB}}})
              > {factor:.10g} * max by ({_BY_BACKUP}) ({coolify.BACKUP_INTERVAL}{{{JOB}}})
            and on ({_BY_BACKUP}) {coolify.BACKUP_ENABLED}{{{JOB}}} == 1
            and {reads("databases")}
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
                "stays silent while databases cannot be read, which has its own alert",
                (done(old), *schedule(), *unread(fixtures, "databases")),
                late,
            ),
        ),
    )
