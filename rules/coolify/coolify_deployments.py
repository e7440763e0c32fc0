"""Deployments: failed, stuck, waiting.

Coolify's own notice of a failed deployment is sometimes missing (coollabsio/coolify #6911, #5911), and there is none
for one that Coolify's restart interrupted, or that does not end.
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
from boxwatch.rules.proofs.fixtures import World, flat, steps
from boxwatch.rules.template_functions import duration
from boxwatch.topology.model import Topology

ID = "coolify_deployments"

_MINUTE = 60


def subject(topology: Topology) -> Subject | None:
    """Alerts on deployments; None where nobody asks Coolify."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Deployments",
        groups=(Group(name="coolify-deployments", rules=(_failed(topology), _stuck(topology), _queued(topology))),),
    )


def _failed(topology: Topology) -> Alert:
    wait = topology.alerts.wait("DeploymentFailed", 2 * _MINUTE)
    world = World(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = world.late(wait)

    def result(values: str, name: str = "failed", **labels: str) -> Series:
        return of_resource(world, coolify.DEPLOYMENT_RESULT, values, result=name, **labels)

    failed, well = flat(1, world.count), flat(0, world.count)
    return Alert(
        alert="DeploymentFailed",
        # Of the last deployment or rollback that ended; restarts and previews of pull requests are left out by the
        # exporter. Not the counter: this stays until a later deployment succeeds, and resolves then.
        expr=f'max by ({BY_RESOURCE}) ({coolify.DEPLOYMENT_RESULT}{{{JOB},result="failed"}}) == 1',
        wait=wait,
        severity="warning",
        summary="The last deployment of an application failed, so what runs is older than what was asked for.",
        description=f"The last deployment of {RESOURCE} on {{{{ $labels.server }}}} failed.",
        runbook=Runbook(
            meaning="The build, the health check of the new container, or the deployment itself failed. As a rule the "
            "old containers go on answering; *ServiceDown* says when they do not.",
            first_look=(
                "Coolify, the application's page, *Deployments*: the last lines of the log.",
                "Dashboard *Deployments*: did others fail at the same time? Then look at the server and its disk.",
            ),
            action=(
                "Correct what the log says, and deploy again.",
                "`No space left on device`: prune images (`docker image prune -a`), see *Host* for the disk.",
                "Coolify was restarted meanwhile: it marks what ran as failed. Deploy again.",
            ),
            false_alarms="An application whose broken deployment nobody means to repair: roll back, which counts as "
            "well.",
        ),
        dashboard="deployments",
        panel="Last deployment",
        fires=(
            world.fires(
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
            world.fires(
                "fires for an application outside the plan",
                (result(failed),),
                late,
                Expected(about_resource(), "The last deployment of store/live/shop on main failed."),
            ),
        ),
        silent=(
            world.silent(
                "stays silent once a later deployment has succeeded",
                (result(steps((1, 10), (0, world.count))), result(steps((0, 10), (1, world.count)), "finished")),
                late + 10 * world.interval,
            ),
            world.silent(
                "stays silent for one that somebody cancelled", (result(well), result(failed, "cancelled")), late
            ),
        ),
    )


def _stuck(topology: Topology) -> Alert:
    wait = topology.alerts.wait("DeploymentStuck", 5 * _MINUTE)
    threshold = topology.alerts.threshold("DeploymentStuck", 1800)
    world = World(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = world.late(wait)

    def moved(age: float, status: str = "in_progress", **labels: str) -> Series:
        """Last moved so long before the case is looked at, and not since."""
        return of_resource(
            world, coolify.DEPLOYMENT_PROGRESS, flat(int(late - age), world.count), status=status, **labels
        )

    # Old from the beginning.
    old = int(threshold) + late + 60
    stuck, read = moved(old, service="web"), source(world, "deployments")
    says = f"A deployment of store/live/shop on main has not moved for {duration(old)}."
    return Alert(
        alert="DeploymentStuck",
        # A running deployment writes its log, which moves this moment. Coolify ends one after an hour by itself.
        expr=expr(f"""
            time() - max by ({BY_RESOURCE}) (
              {coolify.DEPLOYMENT_PROGRESS}{{{JOB},status="in_progress"}}
            ) > {threshold:.10g}
            and {reads("deployments")}
        """),
        wait=wait,
        severity="warning",
        summary="A deployment runs and does not move.",
        description=f"A deployment of {RESOURCE} on {{{{ $labels.server }}}} has not moved for"
        " {{ $value | humanizeDuration }}.",
        runbook=Runbook(
            meaning="The deployment has written no line of its log for a while. Others of the same server wait behind "
            "it, once as many run as the server builds at a time.",
            first_look=(
                "Coolify, the application's page, *Deployments*: what is the last line?",
                "`docker ps --filter ancestor=ghcr.io/coollabsio/coolify-helper` on the server: does the build run?",
                "Dashboard *Host*: is the server out of memory, or busy with swapping?",
            ),
            action=(
                "Cancel it in Coolify and deploy again.",
                "It cannot be cancelled: restart the container `coolify`; what ran is marked as failed.",
                "A build step that is silent for long by nature: let it print something, or raise this threshold.",
            ),
            false_alarms="Builds with a step that prints nothing for half an hour.",
        ),
        threshold=threshold,
        threshold_source="half of the 3600 s after which Coolify 4.3 kills a deployment (dynamic_timeout)",
        dashboard="deployments",
        panel="Deployments that run or wait",
        fires=(
            world.fires(
                "fires for the deployment that does not move, and not for the one that does",
                (
                    stuck,
                    # Read earlier by another exporter.
                    moved(old + 60, service="web", instance="coolify-exporter:2"),
                    *(
                        moved(0, **{"service": "web", label: "other"})
                        for label in ("account", "project", "environment", "resource", "uuid", "service", "server")
                    ),
                    *well_read(world, "deployments"),
                ),
                late,
                Expected(about_resource(service="web"), says),
            ),
        ),
        silent=(
            world.silent(
                "stays silent at the threshold",
                (of_resource(world, coolify.DEPLOYMENT_PROGRESS, always(world, threshold), status="in_progress"), read),
                late,
            ),
            world.silent(
                "stays silent while deployments cannot be read, which has its own alert",
                (stuck, *unread(world, "deployments")),
                late,
            ),
            world.silent("stays silent for one that waits its turn", (moved(old, "queued"), read), late),
            world.never(
                "stays silent for a long build that goes on",
                (
                    of_resource(
                        world, coolify.DEPLOYMENT_PROGRESS, f"0+{world.interval}x{world.count}", status="in_progress"
                    ),
                    read,
                ),
            ),
        ),
    )


def _queued(topology: Topology) -> Alert:
    wait = topology.alerts.wait("DeploymentQueueOld", 5 * _MINUTE)
    threshold = topology.alerts.threshold("DeploymentQueueOld", 900)
    world = World(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = world.late(wait)

    def asked(age: float, status: str = "queued", **labels: str) -> Series:
        """The oldest was asked for so long before the case is looked at."""
        values = flat(int(late - age), world.count)
        more = {"coolify_server": "box", "status": status, **labels}
        return of_account(world, coolify.DEPLOYMENTS_OLDEST, values, **more)

    old = int(threshold) + late + 60
    read = source(world, "deployments")
    return Alert(
        alert="DeploymentQueueOld",
        expr=expr(f"""
            time() - min by ({BY_BOX}) ({coolify.DEPLOYMENTS_OLDEST}{{{JOB},status="queued"}}) > {threshold:.10g}
            and {reads("deployments")}
        """),
        wait=wait,
        severity="warning",
        summary="Deployments wait and do not begin.",
        description="The oldest deployment that waits for server {{ $labels.coolify_server }} of Coolify on"
        " {{ $labels.server }} was asked for {{ $value | humanizeDuration }} ago.",
        runbook=Runbook(
            meaning="Nothing that was pushed arrives. Either more is deployed than the server builds at a time (two by "
            "default), or something before it is stuck, or Coolify's queue does not run.",
            first_look=(
                "Dashboard *Deployments*, panel *Deployments that run or wait*: what runs, and since when?",
                "Coolify, *Settings → Horizon* or `docker logs coolify`: do the workers run?",
            ),
            action=(
                "Something is stuck: see *DeploymentStuck*.",
                "Nothing runs at all: restart the container `coolify`.",
                "Too much at once: raise *concurrent builds* of the server, if it has the RAM, or deploy less often.",
            ),
            false_alarms="Many long builds one after the other, on purpose: raise the threshold.",
        ),
        threshold=threshold,
        threshold_source="a queue older than 15 minutes has outlived the builds of most applications before it",
        dashboard="deployments",
        panel="Deployments that run or wait",
        fires=(
            world.fires(
                "fires for the server whose queue is old, not for the others",
                (
                    asked(old),
                    asked(0, instance="coolify-exporter:2"),
                    *(asked(0, **{label: "other"}) for label in ("account", "coolify_server", "server")),
                    asked(old + 900, "in_progress", coolify_server="second"),
                    *well_read(world, "deployments"),
                ),
                late,
                Expected(
                    about_box(),
                    "The oldest deployment that waits for server box of Coolify on main was asked for"
                    f" {duration(old)} ago.",
                ),
            ),
        ),
        silent=(
            world.silent(
                "stays silent at the threshold",
                (
                    of_account(
                        world,
                        coolify.DEPLOYMENTS_OLDEST,
                        always(world, threshold),
                        coolify_server="box",
                        status="queued",
                    ),
                    asked(old, job="other"),
                    read,
                ),
                late,
            ),
            world.silent(
                "stays silent while deployments cannot be read, which has its own alert",
                (asked(old), *unread(world, "deployments")),
                late,
            ),
            world.silent("stays silent for one that runs", (asked(old, "in_progress"), read), late),
        ),
    )
