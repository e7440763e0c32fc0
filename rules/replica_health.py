"""Replica health: down, missing, too many."""

from __future__ import annotations

import math

from boxwatch.rules import deploys, names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.promql import SERVICE, expr
from boxwatch.rules.urgency import by_urgency
from boxwatch.rules.world import World, flat, of_service, series, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

ID = "replica_health"

_MINUTE = 60
# Half of the shortest window that holds four scrapes of a minute.
_SHORTEST_GRACE = 120
_START = "container_start_time_seconds"


def subject(topology: Topology) -> Subject:
    """Alerts on how many replicas run."""
    return Subject(
        id=ID,
        title="Replica health",
        groups=(
            Group(
                name="replica-health",
                rules=(
                    *_down(topology),
                    _missing(topology),
                    _extra(topology),
                ),
            ),
        ),
        reads=("replicas",),
    )


def _for_most_of(condition: str, grace: int, interval: int) -> tuple[str, str]:
    """A condition over twice the grace as a range, and the number of samples at which it has lasted for the grace.

    A crash loop shows its container in one scrape of ten (Docker waits up to a minute before each start, cAdvisor sees
    it for seconds; measured), and every such glimpse would start a plain `for` again: the alert would come and go.
    So the samples are counted, and glimpses do not matter.
    """
    window = f"[{format_duration(2 * grace)}:{format_duration(interval)}]"
    return f"({condition}){window}", str(math.ceil(grace / interval) + 1)


def _runs(world: World, *names_: str, **labels: str) -> tuple[Series, ...]:
    return tuple(world.container(_START, flat(7, world.count), name, **labels) for name in names_)


def _down(topology: Topology) -> tuple[Alert, Alert]:
    grace = max(topology.alerts.outage_grace, _SHORTEST_GRACE)
    # Long enough before that the window is full, and after that it has turned.
    after = 2 * grace + 10 * _MINUTE
    world = World(length=after + 2 * grace + 30 * _MINUTE, thresholds=topology.thresholds)
    stops = steps((7, world.steps_of(after)))
    down, enough = _for_most_of(f"{names.COMPONENT_REPLICAS_RUNNING} == 0", grace, topology.scrape_interval)
    text = "No container of {} is running."
    other = _runs(world, "api-1", "api-2", service="api")
    gone = (
        *world.service(),
        *world.service("api"),
        *other,
        world.container(_START, f"{stops} stale"),
        world.container(_START, f"{stops} stale", "web-2"),
    )
    component = (
        *world.service("coolify", component="app", replicas=1, identified_by="name", pages=False),
        *world.service("coolify", component="database", replicas=1, identified_by="name")[-3:],
        *_runs(world, "coolify", service="coolify", component="app", resource=""),
    )
    silent: tuple[Case, ...] = (
        world.silent("is silent while one replica is left", (*world.service(), *_runs(world, "web-1")), after),
        world.silent("is silent while it has lasted for less than the grace", gone, after + grace - 60),
        world.silent(
            "is silent when cAdvisor is gone",
            (*world.service(), world.container(_START, f"{stops} stale"), *_up(world, 0)),
            after + grace + 10 * _MINUTE,
        ),
        world.silent(
            "is silent for a service that is parked with no replicas", (*world.service(replicas=0), *other), after
        ),
        deploys.rolling(topology),
        deploys.stop_and_start(topology),
    )
    return by_urgency(
        Alert(
            alert="ServiceDown",
            expr=expr(f"""
                count_over_time({down}) >= {enough}
                and on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED} > 0
            """),
            wait=0,
            severity="critical",
            summary="Nothing of a service is running.",
            description=f"No container of {SERVICE} is running.",
            runbook=Runbook(
                meaning="All replicas are gone, or the service never started. cAdvisor works and sees the other "
                "containers of the server, so this is no gap in the monitoring.",
                first_look=(
                    "Coolify, the resource's page: was a deployment stopped or did it fail?",
                    "`docker ps -a` on the server: is the container there, and with which exit code?",
                    "Are other services down as well? Then look at the server and Docker first.",
                ),
                action=(
                    "Start or redeploy the resource in Coolify.",
                    "It exits at once: read its log (`docker logs NAME`), roll back the last deployment.",
                    (
                        "It never ran since it was planned: check `containers` of the service in the topology against "
                        "the resource's name in Coolify; *ContainerOutsidePlan* shows what matches no service."
                    ),
                ),
                false_alarms="A deploy without overlap that takes longer than `alerts.outage_grace`; raise that, or "
                "give the application a health check and no fixed port, so that Coolify deploys it rolling.",
            ),
            fires=(
                world.fires(
                    "fires for the service whose last replica stopped, and not for the others",
                    gone,
                    after + grace + 2 * _MINUTE,
                    Expected(of_service(), text.format("web on main")),
                ),
                world.fires(
                    "fires steadily in a crash loop that shows a container now and then",
                    (
                        *world.service(),
                        *other,
                        world.container(_START, " ".join(["7 stale _x6"] * (world.count // 8))),
                    ),
                    after + grace + 30,
                    Expected(of_service(), text.format("web on main")),
                ),
                world.fires(
                    "fires for a service that never started",
                    (*world.service("api"), *_runs(world, "web-1")),
                    grace + 2 * _MINUTE,
                    Expected(of_service("api"), text.format("api on main")),
                ),
                world.fires(
                    "fires on the server where it is down, and not where it runs",
                    (
                        *world.service(),
                        *world.service(server="second"),
                        *_runs(world, "web-1"),
                        *_runs(world, "api-1", service="api", server="second"),
                    ),
                    grace + 2 * _MINUTE,
                    Expected({"server": "second", "service": "web"}, text.format("web on second")),
                ),
            ),
            silent=silent,
        ),
        warning_fires=(
            world.fires(
                "is a warning for the missing component of a service that wakes nobody",
                component,
                grace + 2 * _MINUTE,
                Expected(of_service("coolify", component="database"), text.format("coolify/database on main")),
            ),
        ),
        warning_silent=silent,
    )


def _missing(topology: Topology) -> Alert:
    grace = max(topology.alerts.deploy_grace, _SHORTEST_GRACE)
    after = 2 * grace + 10 * _MINUTE
    world = World(length=after + 2 * grace + 30 * _MINUTE, thresholds=topology.thresholds)
    stops = f"{steps((7, world.steps_of(after)))} stale"
    missing, enough = _for_most_of(
        f"{names.COMPONENT_REPLICAS_DESIRED} - on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_RUNNING} > 0",
        grace,
        topology.scrape_interval,
    )
    one = (*world.service(), *_runs(world, "web-1"), world.container(_START, stops, "web-2"))
    return Alert(
        alert="ServiceReplicasMissing",
        # The value is how many are missing. With one planned replica a missing one is an outage, which has its alert.
        expr=expr(f"""
            ceil(quantile_over_time(0.5, {missing}))
            and on ({names.BY_COMPONENT}) count_over_time({missing}) >= {enough}
            and on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED} > 1
        """),
        wait=0,
        severity="warning",
        summary="A service runs with fewer replicas than planned.",
        description=f"{{{{ $value }}}} of the planned replicas of {SERVICE} are not running.",
        runbook=Runbook(
            meaning="The service still answers, with less capacity and less to fall back on.",
            first_look=(
                "Coolify: which of the service's resources is stopped or failed to deploy?",
                "`docker ps -a` on the server: its exit code (137 is a kill, often for lack of memory).",
            ),
            action=(
                "Start or redeploy the missing resource.",
                "If fewer replicas are enough, lower `replicas` in the topology.",
            ),
            false_alarms="Deploys that take longer than `alerts.deploy_grace`; raise that.",
        ),
        fires=(
            world.fires(
                "fires for the service with one of two replicas, and not for the complete one",
                (*one, *world.service("api"), *_runs(world, "api-1", "api-2", service="api")),
                after + grace + 2 * _MINUTE,
                Expected(of_service(), "1 of the planned replicas of web on main are not running."),
            ),
        ),
        silent=(
            world.silent("is silent while it has lasted for less than a deploy may take", one, after + grace - 60),
            world.silent(
                "is silent when all run", (*world.service(), *_runs(world, "web-1", "web-2")), grace + 10 * _MINUTE
            ),
            world.silent(
                "is silent when cAdvisor is gone",
                (
                    *world.service(),
                    world.container(_START, stops),
                    world.container(_START, stops, "web-2"),
                    *_up(world, 0),
                ),
                after + grace + 10 * _MINUTE,
            ),
            deploys.rolling(topology),
            deploys.stop_and_start(topology),
        ),
    )


def _extra(topology: Topology) -> Alert:
    world = World(length=50 * _MINUTE, thresholds=topology.thresholds)
    return Alert(
        alert="ServiceReplicasExtra",
        expr=f"{names.COMPONENT_REPLICAS_RUNNING} > on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED}",
        wait=30 * _MINUTE,
        severity="warning",
        summary="A service runs with more replicas than planned.",
        description=f"{{{{ $value }}}} containers of {SERVICE} are running, more than planned.",
        runbook=Runbook(
            meaning="For half an hour more containers have run than the plan has memory for. Usually a deploy left an "
            "old container behind, which may still answer requests with old code.",
            first_look=("`docker ps` on the server: the age of the service's containers.",),
            action=(
                "Remove the container that the last deploy should have removed.",
                "If the replica was added on purpose, raise `replicas` in the topology and check the sum.",
                "Two different services are counted as one: make their `containers` selectors narrower.",
            ),
            false_alarms="None known: a rolling deploy overlaps for minutes. Previews of pull requests do not count.",
        ),
        fires=(
            world.fires(
                "fires when an old container was left behind",
                (*world.service(), *_runs(world, "web-1", "web-2", "web-old")),
                35 * _MINUTE,
                Expected(of_service(), "3 containers of web on main are running, more than planned."),
            ),
        ),
        silent=(
            world.silent(
                "is silent when as many run as planned",
                (*world.service(), *_runs(world, "web-1", "web-2")),
                45 * _MINUTE,
            ),
            world.silent(
                "is silent for twenty minutes of overlap",
                (*world.service(), *_runs(world, "web-1", "web-2"), world.container(_START, "7x40 stale", "web-old")),
                45 * _MINUTE,
            ),
            deploys.rolling(topology),
        ),
    )


def _up(world: World, value: int) -> tuple[Series, ...]:
    return (series("up", flat(value, world.count), job=names.JOB_CADVISOR, instance="cadvisor:8080", server="main"),)
