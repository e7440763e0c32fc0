"""Replica stability: unhealthy, crash loops, and containers that are replaced too often."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns import consequence
from boxwatch.rules.patterns.fragments import CONTAINER, PLANNED, SERVICE, expr, per_container
from boxwatch.rules.patterns.paging import by_urgency
from boxwatch.rules.proofs import deploys
from boxwatch.rules.proofs.fixtures import World, flat, of_container, of_service, steps
from boxwatch.rules.replicas import restarts_proofs
from boxwatch.topology.model import Topology

ID = "replica_stability"

_MINUTE = 60
_START = "container_start_time_seconds"
_HEALTH = "container_health_state"


def subject(topology: Topology) -> Subject:
    """Alerts on containers that run and do not stay well."""
    return Subject(
        id=ID,
        title="Replica stability",
        groups=(
            Group(
                name="replica-stability",
                rules=(
                    *_all_unhealthy(topology),
                    *_crash_looping(topology),
                    _unhealthy(topology),
                    _replaced_often(topology),
                ),
            ),
        ),
        reads=("replicas",),
    )


def _states(world: World, *states: int, **labels: str) -> tuple[Series, ...]:
    return tuple(
        world.container(_HEALTH, flat(state, world.count), f"web-{number}", **labels)
        for number, state in enumerate(states, start=1)
    )


def _all_unhealthy(topology: Topology) -> tuple[Alert, Alert]:
    name = "ServiceAllReplicasUnhealthy"
    grace = consequence.replicas_unhealthy(topology)
    world = World(length=grace + 30 * _MINUTE, thresholds=topology.thresholds)
    text = "All running containers of web on main fail their health check."
    silent = (
        world.silent("is silent while one is healthy", (*world.service(), *_states(world, 0, 1)), grace + 600),
        world.silent(
            "is silent where one has no health check", (*world.service(), *_states(world, 0, -1)), grace + 600
        ),
        *world.not_yet("is silent while all may be starting", (*world.service(), *_states(world, 0, 0)), grace),
        deploys.rolling(topology),
        deploys.stop_and_start(topology),
    )
    return by_urgency(
        Alert(
            alert=name,
            expr=f"{names.COMPONENT_REPLICAS_HEALTHY} == 0",
            wait=grace,
            severity="critical",
            summary="All containers of a service fail their health check.",
            description=f"All running containers of {SERVICE} fail their health check.",
            dashboard="service",
            panel="Replicas running",
            runbook=Runbook(
                meaning="The containers run, and none passes its health check. Traefik takes unhealthy containers out "
                "of its routes, so users get 404 or 503.",
                first_look=(
                    "`docker inspect --format '{{json .State.Health}}' NAME` shows the last results of the check.",
                    "Is what they all need (database, cache) down?",
                ),
                action=(
                    "Repair what they depend on, or roll back the last deployment.",
                    "The check itself is wrong (path, port, a tool that the image lacks): correct it in Coolify.",
                ),
                false_alarms="Services that take longer than `alerts.deploy_grace` to start.",
            ),
            fires=(
                world.fires(
                    "fires when no container passes",
                    (*world.service(), *_states(world, 0, 0)),
                    grace + 2 * _MINUTE,
                    Expected(of_service(), text),
                ),
            ),
            silent=silent,
        ),
        warning_fires=(
            world.fires(
                "is a warning for a service that wakes nobody",
                (*world.service(pages=False), *_states(world, 0, 0)),
                grace + 2 * _MINUTE,
                Expected(of_service(), text),
            ),
        ),
        warning_silent=silent,
    )


def _unhealthy(topology: Topology) -> Alert:
    name = "ContainerUnhealthy"
    grace = topology.alerts.wait(name, topology.alerts.deploy_grace)
    world = World(length=grace + 30 * _MINUTE, thresholds=topology.thresholds)
    return Alert(
        alert=name,
        expr=f"{per_container(f'{_HEALTH}{{{PLANNED}}}')} == 0",
        wait=grace,
        severity="warning",
        summary="A container fails its health check.",
        description=f"Container {CONTAINER} fails its health check, or has not finished starting.",
        dashboard="service",
        panel="Replicas now",
        runbook=Runbook(
            meaning="The container runs and its health check does not pass. Traefik sends it no requests; the other "
            "replicas carry its share. Coolify does not report this.",
            first_look=("`docker inspect --format '{{json .State.Health}}' NAME` shows the last results.",),
            action=(
                "Restart the replica; if it comes back unhealthy, read its log.",
                "All replicas at once: see *ServiceAllReplicasUnhealthy*.",
            ),
            false_alarms="Services that take longer than `alerts.deploy_grace` to start. cAdvisor before 0.55 does "
            "not update the state.",
        ),
        fires=(
            world.fires(
                "fires for the unhealthy container, and not for the healthy one or the one without a check",
                (
                    *world.service(),
                    *_states(world, 0, 1, -1),
                    world.container(_HEALTH, flat(0, world.count), "web-side", component="side"),
                ),
                grace + 2 * _MINUTE,
                Expected(
                    of_container(),
                    "Container web-1 of web on main fails its health check, or has not finished starting.",
                ),
                Expected(
                    of_container("web-side", component="side"),
                    "Container web-side of web/side on main fails its health check, or has not finished starting.",
                ),
            ),
        ),
        silent=(
            *world.not_yet("is silent while it may be starting", (*world.service(), *_states(world, 0)), grace),
            world.silent("is silent without a health check", (*world.service(), *_states(world, -1)), grace + 600),
            world.silent(
                "is silent when one of two scrapes still shows what was",
                (
                    *world.service(),
                    *_states(world, 0, -1),
                    *_states(world, 1, 1, instance="again:8080"),
                ),
                grace + 600,
            ),
            world.silent(
                "is silent for a container outside the plan, and for what is no container",
                (
                    *world.service(),
                    world.container(_HEALTH, flat(0, world.count), "adminer", service=""),
                    world.container(_HEALTH, flat(0, world.count), "", resource="cgroup"),
                ),
                grace + 600,
            ),
            deploys.rolling(topology),
            deploys.stop_and_start(topology),
        ),
    )


def _crash_looping(topology: Topology) -> tuple[Alert, Alert]:
    most = topology.thresholds.restarts
    # One restart every thirty seconds, all of them within a quarter of an hour where the threshold allows it.
    world = World(length=30 * _MINUTE, thresholds=topology.thresholds, interval=min(30, max(1, 800 // most)))
    at = 14 * _MINUTE // world.interval * world.interval
    before = at // world.interval - most

    def restarts(count: int, *, pages: bool = True) -> tuple[Series, ...]:
        starts = steps((0, before), *((number, 1) for number in range(1, count)))
        return (
            *world.service(pages=pages),
            world.container(_START, f"{starts} {count}x{world.count}"),
            world.container(_START, f"{starts} {count}x{world.count}", "web-side", component="side"),
        )

    expected = tuple(
        Expected(labels, f"A container of {name} on main was restarted {most} times in the last 15 minutes.")
        for name, labels in (("web", of_service()), ("web/side", of_service(component="side")))
    )
    silent = (
        world.silent("is silent for one restart less", restarts(most - 1), at),
        world.silent(
            "is silent when a reboot restarts every replica once",
            (
                *world.service(replicas=most + 1),
                *(
                    world.container(_START, f"{steps((0, before), (1, 1))} 1x{world.count}", f"web-{number}")
                    for number in range(most + 1 if most > 1 else 0)
                ),
            ),
            at,
        ),
        deploys.rolling(topology),
        deploys.stop_and_start(topology),
    )
    return by_urgency(
        Alert(
            alert="ServiceCrashLooping",
            expr=f"{names.COMPONENT_RESTARTS}\n"
            f"  >= on ({names.BY_SERVICE}) group_left () {names.SERVICE_RESTARTS_THRESHOLD}",
            wait=0,
            severity="critical",
            summary="A container of a service is restarted again and again.",
            description=f"A container of {SERVICE} was restarted {{{{ $value }}}} times in the last 15 minutes.",
            dashboard="service",
            panel="Restarts in 15 minutes",
            runbook=Runbook(
                meaning="A container ends and Docker starts it again. Between two ends it may look healthy, so the "
                "count of replicas stays right while requests fail.",
                first_look=(
                    "`docker logs --tail 100 NAME`: the last lines before the end.",
                    "`docker inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' NAME`; 137 is a kill.",
                ),
                action=(
                    "It began with a deployment: roll back.",
                    "It was killed for lack of memory: see *ContainerOomKilled*.",
                    "What it depends on is down: repair that first.",
                ),
                false_alarms="Several restarts by hand within minutes; before cAdvisor 0.57, redeploys under a name "
                "that stays. Not seen: cAdvisor has no restart count, so a process that lives for less than the scrape "
                "interval shows in few scrapes or none. *ServiceDown* may come instead.",
            ),
            fires=(world.fires("fires at the number of restarts that makes a loop", restarts(most), at, *expected),),
            silent=silent,
            instead="it counts restarts within 15 minutes and ends when they leave the window: change how many they "
            "are, `thresholds.restarts`",
        ),
        warning_fires=(
            world.fires("is a warning for a service that wakes nobody", restarts(most, pages=False), at, *expected),
        ),
        warning_silent=silent,
    )


def _replaced_often(topology: Topology) -> Alert:
    fires, silent = restarts_proofs.replaced_often(topology)
    return Alert(
        alert="ServiceReplacedOften",
        # Per planned replica, so that a deploy counts once whatever the number of replicas.
        expr=expr(f"""
            {names.COMPONENT_REPLACEMENTS}
              > on ({names.BY_COMPONENT})
            (
              {names.COMPONENT_REPLICAS_DESIRED}
              * on ({names.BY_SERVICE}) group_left () {names.SERVICE_REPLACEMENTS_THRESHOLD}
            )
        """),
        wait=5 * _MINUTE,
        severity="warning",
        summary="The containers of a service are replaced again and again.",
        description=f"{{{{ $value }}}} containers of {SERVICE} were replaced or removed in the last hour.",
        dashboard="service",
        panel="Replacements in an hour",
        runbook=Runbook(
            meaning="Something deploys the service over and over, or removes its containers. Each replacement costs "
            "users a few slow or lost requests, and the server the memory of a build.",
            first_look=(
                "Coolify, the resource's list of deployments: who or what starts them?",
                "Dashboard *Service*, panel *Replacements in an hour*: since when?",
            ),
            action=(
                "A webhook or pipeline in a loop: stop it at its source.",
                "Deploys that fail and are retried: read the log of the last one.",
                "You deploy that often: raise `thresholds.replacements`.",
            ),
            false_alarms="A busy afternoon of deployments.",
        ),
        fires=fires,
        silent=silent,
        instead="it counts what was replaced within an hour, all at once or not: change how many they are, "
        "`thresholds.replacements`",
    )
