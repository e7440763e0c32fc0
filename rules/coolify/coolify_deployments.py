"""Coolify's deployments: failed, stuck, queued for too long.

Coolify's own notification of a failed deployment is sometimes missing (coollabsio/coolify #6911, #5911), and it sends
none for a deployment that its restart interrupted, or that never ends.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import (
    BY_BOX,
    BY_RESOURCE,
    JOB,
    RESOURCE,
    about_box,
    about_resource,
    always,
    of_account,
    of_resource,
    reads,
    source,
    unread,
    watched,
    well_read,
)
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat, steps
from boxwatch.rules.template_functions import duration
from boxwatch.topology.model import Topology

ID = "coolify_deployments"

_MINUTE = 60


def subject(topology: Topology) -> Subject | None:
    """Alerts on deployments; None where Coolify is not scraped."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Deployments",
        groups=(Group(name="coolify-deployments", rules=(_failed(topology), _stuck(topology), _queued(topology))),),
    )


def _failed(topology: Topology) -> Alert:
    wait = topology.alerts.wait("DeploymentFailed", 2 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def result(values: str, name: str = "failed", **labels: str) -> Series:
        return of_resource(fixtures, coolify.DEPLOYMENT_RESULT, values, result=name, **labels)

    failed, well = flat(1, fixtures.count), flat(0, fixtures.count)
    return Alert(
        alert="DeploymentFailed",
        # The last finished deployment or rollback; the exporter excludes restarts and previews of pull requests. Not
        # the counter: this fires until a later deployment succeeds.
        expr=f'max by ({BY_RESOURCE}) ({coolify.DEPLOYMENT_RESULT}{{{JOB},result="failed"}}) == 1',
        wait=wait,
        severity="warning",
        summary="The last deployment of an application failed.",
        description=f"The last deployment of {RESOURCE} on {{{{ $labels.server }}}} failed.",
        runbook=Runbook(
            meaning="The build, the health check of the new container, or the deployment itself failed. Usually the "
            "old containers keep serving; *ServiceDown* fires when they do not.",
            first_look=(
                "Coolify, the application's page, *Deployments*: the last lines of the log.",
                "Dashboard *Deployments*: did others fail at the same time? Then look at the server and its disk.",
            ),
            action=(
                "Correct what the log says, and deploy again.",
                "`No space left on device`: prune images (`docker image prune -a`), dashboard *Host* shows the disk.",
                "Coolify restarted during it and marked it as failed: deploy again.",
            ),
            false_alarms="A broken deployment that nobody means to repair: roll back, which counts as a success.",
        ),
        dashboard="deployments",
        panel="Last deployment",
        fires=(
            fixtures.fires(
                "fires for the application whose last deployment failed, with its service, not for the others",
                (
                    result(failed, service="web"),
                    result(well, service="web", instance="coolify-exporter:2"),
                    result(failed, service="web", instance="coolify-exporter:3"),
                    *(
                        result(well, **{"service": "web", label: "other"})
                        for label in ("account", "project", "environment", "resource", "uuid", "service", "server")
                    ),
                    result(failed, "finished", resource="blog"),
                    result(failed, "cancelled", resource="wiki"),
                ),
                late,
                Expected(about_resource(service="web"), "The last deployment of store/live/shop on main failed."),
            ),
            fixtures.fires(
                "fires for an application outside the plan",
                (result(failed),),
                late,
                Expected(about_resource(), "The last deployment of store/live/shop on main failed."),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent once a later deployment has succeeded",
                (result(steps((1, 10), (0, fixtures.count))), result(steps((0, 10), (1, fixtures.count)), "finished")),
                late + 10 * fixtures.interval,
            ),
            fixtures.silent(
                "stays silent for a cancelled deployment", (result(well), result(failed, "cancelled")), late
            ),
        ),
    )


def _stuck(topology: Topology) -> Alert:
    wait = topology.alerts.wait("DeploymentStuck", 5 * _MINUTE)
    threshold = topology.alerts.threshold("DeploymentStuck", 1800)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def moved(age: float, status: str = "in_progress", **labels: str) -> Series:
        """A deployment whose last progress was `age` seconds before the evaluation."""
        return of_resource(
            fixtures, coolify.DEPLOYMENT_PROGRESS, flat(int(late - age), fixtures.count), status=status, **labels
        )

    # Old from the beginning.
    old = int(threshold) + late + 60
    stuck, read = moved(old, service="web"), source(fixtures, "deployments")
    says = f"A deployment of store/live/shop on main has made no progress for {duration(old)}."
    return Alert(
        alert="DeploymentStuck",
        # A running deployment writes its log, which advances this time. Coolify itself ends one after an hour.
        expr=expr(f"""
            time() - max by ({BY_RESOURCE}) (
              {coolify.DEPLOYMENT_PROGRESS}{{{JOB},status="in_progress"}}
            ) > {threshold:.10g}
            and {reads("deployments")}
        """),
        wait=wait,
        severity="warning",
        summary="A deployment is stuck.",
        description=f"A deployment of {RESOURCE} on {{{{ $labels.server }}}} has made no progress for"
        " {{ $value | humanizeDuration }}.",
        runbook=Runbook(
            meaning="The deployment has logged nothing for a while. Others for the same server queue behind it once "
            "the limit of concurrent builds is reached.",
            first_look=(
                "Coolify, the application's page, *Deployments*: what is the last line?",
                "`docker ps --filter ancestor=ghcr.io/coollabsio/coolify-helper` on the server: does the build run?",
                "Dashboard *Host*: is the server out of memory, or swapping?",
            ),
            action=(
                "Cancel it in Coolify and deploy again.",
                "It cannot be cancelled: restart the container `coolify`, which marks it as failed.",
                "A build step that logs nothing for long: let it print progress, or raise the threshold.",
            ),
            false_alarms="Builds with a step that prints nothing for half an hour.",
        ),
        threshold=threshold,
        threshold_source="half of the 3600 s after which Coolify 4.3 kills a deployment (dynamic_timeout)",
        dashboard="deployments",
        panel="Running and queued deployments",
        fires=(
            fixtures.fires(
                "fires for the stuck deployment, not for one that makes progress",
                (
                    stuck,
                    # Read earlier by another exporter.
                    moved(old + 60, service="web", instance="coolify-exporter:2"),
                    *(
                        moved(0, **{"service": "web", label: "other"})
                        for label in ("account", "project", "environment", "resource", "uuid", "service", "server")
                    ),
                    *well_read(fixtures, "deployments"),
                ),
                late,
                Expected(about_resource(service="web"), says),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent at the threshold",
                (
                    of_resource(
                        fixtures, coolify.DEPLOYMENT_PROGRESS, always(fixtures, threshold), status="in_progress"
                    ),
                    read,
                ),
                late,
            ),
            fixtures.silent(
                "stays silent while deployments cannot be read, which has its own alert",
                (stuck, *unread(fixtures, "deployments")),
                late,
            ),
            fixtures.silent("stays silent for a queued deployment", (moved(old, "queued"), read), late),
            fixtures.never(
                "stays silent for a long build that makes progress",
                (
                    of_resource(
                        fixtures,
                        coolify.DEPLOYMENT_PROGRESS,
                        f"0+{fixtures.interval}x{fixtures.count}",
                        status="in_progress",
                    ),
                    read,
                ),
            ),
        ),
    )


def _queued(topology: Topology) -> Alert:
    wait = topology.alerts.wait("DeploymentQueueOld", 5 * _MINUTE)
    threshold = topology.alerts.threshold("DeploymentQueueOld", 900)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def asked(age: float, status: str = "queued", **labels: str) -> Series:
        """A queue whose oldest deployment was requested `age` seconds before the evaluation."""
        values = flat(int(late - age), fixtures.count)
        more = {"coolify_server": "box", "status": status, **labels}
        return of_account(fixtures, coolify.DEPLOYMENTS_OLDEST, values, **more)

    old = int(threshold) + late + 60
    read = source(fixtures, "deployments")
    return Alert(
        alert="DeploymentQueueOld",
        expr=expr(f"""
            time() - min by ({BY_BOX}) ({coolify.DEPLOYMENTS_OLDEST}{{{JOB},status="queued"}}) > {threshold:.10g}
            and {reads("deployments")}
        """),
        wait=wait,
        severity="warning",
        summary="Deployments wait in the queue and do not start.",
        description="The oldest deployment queued for server {{ $labels.coolify_server }} of Coolify on"
        " {{ $labels.server }} was requested {{ $value | humanizeDuration }} ago.",
        runbook=Runbook(
            meaning="Pushed changes are not deployed: too many deployments at once (the server builds two at a time by "
            "default), one ahead of it is stuck, or Coolify's queue does not run.",
            first_look=(
                "Dashboard *Deployments*, panel *Running and queued deployments*: what runs, and since when?",
                "Coolify, *Settings → Horizon* or `docker logs coolify`: do the workers run?",
            ),
            action=(
                "One is stuck: see *DeploymentStuck*.",
                "Nothing runs at all: restart the container `coolify`.",
                "Too much at once: raise *concurrent builds* of the server, if it has the RAM, or deploy less often.",
            ),
            false_alarms="Many long builds in a row, on purpose: raise the threshold.",
        ),
        threshold=threshold,
        threshold_source="most applications' builds ahead of it finish within 15 minutes",
        dashboard="deployments",
        panel="Running and queued deployments",
        fires=(
            fixtures.fires(
                "fires for the server whose queue is old, not for the others",
                (
                    asked(old),
                    asked(0, instance="coolify-exporter:2"),
                    *(asked(0, **{label: "other"}) for label in ("account", "coolify_server", "server")),
                    asked(old + 900, "in_progress", coolify_server="second"),
                    *well_read(fixtures, "deployments"),
                ),
                late,
                Expected(
                    about_box(),
                    "The oldest deployment queued for server box of Coolify on main was requested"
                    f" {duration(old)} ago.",
                ),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent at the threshold",
                (
                    of_account(
                        fixtures,
                        coolify.DEPLOYMENTS_OLDEST,
                        always(fixtures, threshold),
                        coolify_server="box",
                        status="queued",
                    ),
                    asked(old, job="other"),
                    read,
                ),
                late,
            ),
            fixtures.silent(
                "stays silent while deployments cannot be read, which has its own alert",
                (asked(old), *unread(fixtures, "deployments")),
                late,
            ),
            fixtures.silent("stays silent for a running deployment", (asked(old, "in_progress"), read), late),
        ),
    )
