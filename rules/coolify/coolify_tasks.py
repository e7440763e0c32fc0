"""Coolify's scheduler: tasks that fail or no longer run, and Docker clean-ups.

Coolify notifies of a task that fails, never of one that it no longer starts. Both can wait until morning, so these are
tickets.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import (
    BY_ACCOUNT,
    BY_BOX,
    BY_RESOURCE,
    JOB,
    RESOURCE,
    about_account,
    about_box,
    about_resource,
    of_box,
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

ID = "coolify_tasks"

_MINUTE = 60
_HOUR = 3600
_BY_TASK = f"{BY_RESOURCE}, {coolify.TYPE}, {coolify.TASK}"
_DIFFERENT = ("job", "server", "account", "service", "project", "environment", "resource", "uuid", "type", "task")
_LABELS = {"type": "application", "service": "web", "task": "t1"}
_NAMED = f"Task {{{{ $labels.task }}}} of {RESOURCE} (Coolify on {{{{ $labels.server }}}})"
_SAYS = "Task t1 of store/live/shop (Coolify on main)"
_PANEL = "Servers as Coolify sees them"
# Several tasks late at once are the scheduler's fault, fewer may be their own.
_SEVERAL = 3


def subject(topology: Topology) -> Subject | None:
    """Alerts on what Coolify's scheduler starts; None where Coolify is not scraped."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Scheduled tasks of Coolify",
        groups=(
            Group(
                name="coolify-tasks",
                rules=(_failed(topology), _overdue(topology), _scheduler(topology), _cleanup(topology)),
            ),
        ),
    )


def _task(fixtures: Fixtures, metric: str, value: float, /, **labels: str) -> Series:
    return of_resource(fixtures, metric, flat(value, fixtures.count), **{**_LABELS, "uuid": "shop-uuid", **labels})


def _near(fixtures: Fixtures, metric: str, value: float, /, **labels: str) -> tuple[Series, ...]:
    """Decoys: other tasks, each of which differs in one label."""
    return tuple(_task(fixtures, metric, value, **{**labels, label: "other"}) for label in _DIFFERENT)


def _failed(topology: Topology) -> Alert:
    wait = topology.alerts.wait("ScheduledTaskFailed", 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def result(value: float, name: str = "failed", /, **labels: str) -> Series:
        return _task(fixtures, coolify.TASK_RESULT, value, result=name, **labels)

    on = _task(fixtures, coolify.TASK_ENABLED, 1)
    return Alert(
        alert="ScheduledTaskFailed",
        expr=expr(f"""
            max by ({_BY_TASK}) ({coolify.TASK_RESULT}{{{JOB},result="failed"}}) == 1
            and on ({_BY_TASK}) {coolify.TASK_ENABLED}{{{JOB}}} == 1
        """),
        wait=wait,
        severity="warning",
        summary="The last run of a scheduled task failed.",
        description=f"{_NAMED} failed when it ran last.",
        runbook=Runbook(
            meaning="The command exited with an error, timed out, or its container did not run. Whatever the task does "
            "has not been done since its last successful run.",
            first_look=(
                "`coolify_task_info` has the task's name.",
                "Coolify, the resource's page, *Scheduled Tasks*: the output of the last run.",
            ),
            action=(
                "Correct what the output says, and run the task there (*Execute Now*).",
                "`No such container`: the task names a container that the resource no longer has.",
                "It takes longer than its timeout: raise it.",
            ),
            false_alarms="A task that fails on purpose, for example to report something: let it exit with 0.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires for the task whose last run failed, not for the others",
                (
                    result(1),
                    result(0, instance="c:2"),
                    result(1, instance="c:3"),
                    *_near(fixtures, coolify.TASK_RESULT, 0, result="failed"),
                    result(1, "running", task="t2"),
                    _task(fixtures, coolify.TASK_ENABLED, 1, task="t2"),
                    on,
                ),
                late,
                Expected(about_resource(**_LABELS), f"{_SAYS} failed when it ran last."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent after a successful run", (result(0), result(1, "success"), on), late),
            fixtures.silent(
                "stays silent for a disabled task while others are enabled",
                (
                    result(1),
                    _task(fixtures, coolify.TASK_ENABLED, 0),
                    *_near(fixtures, coolify.TASK_ENABLED, 1),
                ),
                late,
            ),
        ),
    )


def _overdue(topology: Topology) -> Alert:
    wait = topology.alerts.wait("ScheduledTaskOverdue", 15 * _MINUTE)
    threshold = topology.alerts.threshold("ScheduledTaskOverdue", _HOUR)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def by(seconds: float, /, **labels: str) -> Series:
        return _task(fixtures, coolify.TASK_OVERDUE, seconds, **labels)

    old = int(threshold) + 60
    read = well_read(fixtures, "task_runs")
    return Alert(
        alert="ScheduledTaskOverdue",
        # Absent for tasks that are disabled, and while their resource does not run or its server is not usable.
        expr=expr(f"""
            min by ({_BY_TASK}) ({coolify.TASK_OVERDUE}{{{JOB}}}) > {threshold:.10g}
            and {reads("task_runs")}
        """),
        wait=wait,
        severity="warning",
        summary="A scheduled task has not been started when its schedule says.",
        description=f"{_NAMED} should have been started {{{{ $value | humanizeDuration }}}} before its runs were read.",
        runbook=Runbook(
            meaning="The resource runs and the task is enabled, but Coolify has not started it. Coolify reports this "
            "nowhere: tasks have stood still for weeks (coolify #7485, #4539, #5147).",
            first_look=(
                "`coolify_task_info` has the task's name, `coolify_task_last_started_timestamp_seconds` its last run.",
                "Are others late too? Then *CoolifySchedulerDead* fires or is about to.",
            ),
            action=(
                "Run the task on the resource's page in Coolify, *Scheduled Tasks*: does a run appear?",
                "Its last run is still *running*: it hangs; restart the resource's container.",
                "Nothing runs: see *CoolifySchedulerDead*.",
            ),
            false_alarms="A run that takes longer than the interval and an hour. Then raise the threshold.",
        ),
        threshold=threshold,
        threshold_source="far more than the minute in which Coolify's scheduler starts what is due",
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires for the task that was not started, not for the others",
                (by(old), by(old + 60, instance="c:2"), *_near(fixtures, coolify.TASK_OVERDUE, 0), *read),
                late,
                Expected(
                    about_resource(**_LABELS),
                    f"{_SAYS} should have been started {duration(old)} before its runs were read.",
                ),
            ),
        ),
        silent=(
            fixtures.silent("stays silent at the threshold", (by(threshold), *read), late),
            fixtures.silent(
                "stays silent while another exporter sees it started", (by(old), by(0, instance="c:2"), *read), late
            ),
            fixtures.silent(
                "stays silent while runs cannot be read, which has its own alert",
                (by(old), *unread(fixtures, "task_runs")),
                late,
            ),
        ),
    )


def _scheduler(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifySchedulerDead", 15 * _MINUTE)
    threshold = topology.alerts.threshold("CoolifySchedulerDead", _HOUR)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    old = int(threshold) + 60

    def task(number: int, seconds: float, /, **labels: str) -> Series:
        return _task(fixtures, coolify.TASK_OVERDUE, seconds, **{"task": f"t{number}", **labels})

    def cleanup(seconds: float, /, **labels: str) -> Series:
        return of_box(fixtures, coolify.CLEANUP_OVERDUE, flat(seconds, fixtures.count), **labels)

    say = "Coolify (account team, exporter on main) has not started {} scheduled jobs that are due."
    return Alert(
        alert="CoolifySchedulerDead",
        expr=expr(f"""
            count by ({BY_ACCOUNT}) (
              min by ({BY_ACCOUNT}, {coolify.UUID}, {coolify.TASK}) ({coolify.TASK_OVERDUE}{{{JOB}}}) > {threshold:.10g}
              or min by ({BY_BOX}) ({coolify.CLEANUP_OVERDUE}{{{JOB}}}) > {threshold:.10g}
            ) >= {_SEVERAL}
        """),
        wait=wait,
        severity="warning",
        summary="Coolify's scheduler no longer starts what is due.",
        description="Coolify (account {{ $labels.account }}, exporter on {{ $labels.server }}) has not started"
        " {{ $value }} scheduled jobs that are due.",
        runbook=Runbook(
            meaning="Several tasks and clean-ups are late at once, so it is not their fault: Coolify's scheduler or "
            "its queue does not run. Backups are not made either, and disks fill.",
            first_look=(
                "`docker ps --filter name=coolify` on Coolify's server: is the container healthy?",
                "`docker exec coolify php artisan horizon:status`: `running`?",
                "`docker logs --tail 50 coolify`: `schedule:work` should log every minute.",
            ),
            action=(
                "Restart the container `coolify`; due jobs start within a minute.",
                "A lock was left behind in Redis after a crash: `docker exec coolify php artisan cache:clear`.",
                "Then check the last backups, and run the missing ones manually.",
            ),
            false_alarms="None known.",
        ),
        threshold=threshold,
        threshold_source="far more than the minute in which Coolify's scheduler starts what is due",
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires once for three tasks that are late",
                (
                    *(task(number, old) for number in range(3)),
                    task(0, old, instance="c:2"),
                    # Of others there are too few.
                    *(task(number, old, **{label: "other"}) for number in range(2) for label in ("account", "server")),
                ),
                late,
                Expected(about_account(), say.format(3)),
            ),
            fixtures.fires(
                "fires once for two tasks and a clean-up",
                (task(0, old), task(1, old), cleanup(old), task(2, 0)),
                late,
                Expected(about_account(), say.format(3)),
            ),
            fixtures.fires(
                "fires once for the clean-ups of three servers",
                tuple(cleanup(old, coolify_server=f"box{number}") for number in range(3)),
                late,
                Expected(about_account(), say.format(3)),
            ),
            fixtures.fires(
                "fires for tasks of three resources",
                tuple(task(0, old, uuid=uuid) for uuid in ("a", "b", "c")),
                late,
                Expected(about_account(), say.format(3)),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent for two late jobs, and more that another exporter or job sees",
                (
                    task(0, old),
                    cleanup(old),
                    task(0, old, instance="c:2"),
                    cleanup(old, instance="c:2"),
                    *(task(number, old, job="other") for number in range(3)),
                    *(cleanup(old, job="other", coolify_server=f"box{number}") for number in range(3)),
                ),
                late,
            ),
            fixtures.silent(
                "stays silent at the threshold",
                (
                    *(task(number, threshold) for number in range(4)),
                    *(cleanup(threshold, coolify_server=f"box{number}") for number in range(4)),
                ),
                late,
            ),
            fixtures.silent(
                "stays silent while another exporter sees them started",
                (
                    *(task(number, old) for number in range(4)),
                    *(task(number, 0, instance="c:2") for number in range(4)),
                    *(cleanup(old, coolify_server=f"box{number}") for number in range(4)),
                    *(cleanup(0, coolify_server=f"box{number}", instance="c:2") for number in range(4)),
                ),
                late,
            ),
        ),
    )


def _cleanup(topology: Topology) -> Alert:
    wait = topology.alerts.wait("DockerCleanupFailed", 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def result(value: float, name: str = "failed", /, **labels: str) -> Series:
        return of_box(fixtures, coolify.CLEANUP_RESULT, flat(value, fixtures.count), result=name, **labels)

    return Alert(
        alert="DockerCleanupFailed",
        expr=f'max by ({BY_BOX}) ({coolify.CLEANUP_RESULT}{{{JOB},result="failed"}}) == 1',
        wait=wait,
        severity="warning",
        summary="The last Docker clean-up of a server failed.",
        description="The last Docker clean-up of server {{ $labels.coolify_server }} (Coolify on {{ $labels.server }})"
        " failed.",
        runbook=Runbook(
            meaning="Images, build cache and stopped containers stay, so the disk fills with every deployment.",
            first_look=(
                "Coolify, *Servers*, the server's page, *Docker Cleanup*: the message of the last run.",
                "`docker system df` on the server.",
            ),
            action=(
                "Run it there (*Trigger Manual Cleanup*).",
                "`docker builder prune` and `docker image prune -a` free the most.",
                "The server was not usable at that moment: the next run clears this.",
            ),
            false_alarms="A server that was restarted while it was cleaned up.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires for the server whose clean-up failed, not for the others",
                (
                    result(1),
                    result(0, instance="c:2"),
                    result(1, instance="c:3"),
                    result(0, coolify_server="other"),
                    result(0, account="other"),
                    result(0, server="other"),
                    result(1, "running", coolify_server="second"),
                ),
                late,
                Expected(about_box(), "The last Docker clean-up of server box (Coolify on main) failed."),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent after a successful one", (result(0), result(1, "success"), result(1, job="other")), late
            ),
        ),
    )
