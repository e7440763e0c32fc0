"""Coolify's resources outside the plan, and restart limits that only Coolify knows.

Containers of planned services are monitored through cAdvisor, every half minute and with pages (replica_health,
replica_stability); Coolify sees the same five minutes later. So the state alerts here cover only resources outside the
plan, which no other alert covers: their `service` is empty. They are tickets.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules.coolify.coolify_proofs import (
    BY_RESOURCE,
    BY_UNPLANNED,
    JOB,
    RESOURCE,
    about_resource,
    decoys,
    of_resource,
    unless_meaningless,
    watched,
)
from boxwatch.rules.coolify.coolify_resources_proofs import about, meaningless, others, stopped
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

ID = "coolify_resources"

_MINUTE = 60
_DAY = 86400
_PANEL = "States of resources"


def subject(topology: Topology) -> Subject | None:
    """Alerts on resources; None where Coolify is not scraped."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Resources of Coolify",
        groups=(
            Group(
                name="coolify-resources",
                rules=(_stopped(topology), _degraded(topology), _unhealthy(topology), _given_up(topology)),
            ),
        ),
    )


def _stopped(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifyResourceStopped", 20 * _MINUTE)
    window = _DAY + wait
    fires, silent = stopped(topology, wait, window)
    return Alert(
        alert="CoolifyResourceStopped",
        # A resource stopped longer ago was stopped on purpose, or has had its ticket; Coolify cannot tell them apart.
        expr=expr(f"""
            max by ({BY_UNPLANNED}) ({coolify.RESOURCE_STATE}{{{JOB},state="exited",service=""}}) == 1
            and on ({BY_UNPLANNED}) max_over_time(
              {coolify.RESOURCE_STATE}{{{JOB},state="running"}}[{format_duration(window)}]
            ) == 1
        """)
        + "\n"
        + unless_meaningless(),
        wait=wait,
        severity="warning",
        summary="An unplanned Coolify resource has stopped.",
        description=f"{RESOURCE} (Coolify on {{{{ $labels.server }}}}) ran within the last day and has stopped.",
        runbook=Runbook(
            meaning="All containers of the resource are gone, and only Coolify knows that they should run: the "
            "topology has no service for it. The alert resolves by itself a day later.",
            first_look=("Coolify, the resource's page: was it stopped manually? *Logs* shows why it ended.",),
            action=(
                "Start it again, or remove it if it is not needed.",
                "If it matters, add it to the topology: then its containers are monitored and its outage can page.",
            ),
            false_alarms="Somebody stopped it on purpose. A planned service that the topology recognises by its "
            "containers' name or compose key is monitored twice: add the `resource` to its selector.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=fires,
        silent=silent,
    )


def _degraded(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifyResourceDegraded", 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def state(name: str, values: str | None = None, **labels: str) -> Series:
        return of_resource(fixtures, coolify.RESOURCE_STATE, values or flat(1, fixtures.count), state=name, **labels)

    def fires(name: str) -> Case:
        return fixtures.fires(
            f"fires for a resource outside the plan that is {name}, not for a planned one",
            (
                state(name),
                state(name, flat(0, fixtures.count), instance="c:2"),
                state(name, instance="c:3"),
                state(name, service="web", resource="web"),
                *about(fixtures),
                *others(fixtures),
            ),
            late,
            Expected(about_resource(state=name), f"store/live/shop (Coolify on main) is {name}."),
        )

    return Alert(
        alert="CoolifyResourceDegraded",
        expr=expr(f"""
            max by ({BY_UNPLANNED}, {coolify.STATE}) (
              {coolify.RESOURCE_STATE}{{{JOB},state=~"degraded|restarting",service=""}}
            ) == 1
        """)
        + "\n"
        + unless_meaningless(),
        wait=wait,
        severity="warning",
        summary="An unplanned Coolify resource is degraded or restarting.",
        description=f"{RESOURCE} (Coolify on {{{{ $labels.server }}}}) is {{{{ $labels.state }}}}.",
        runbook=Runbook(
            meaning="Some containers of the resource run and others do not, or one keeps restarting.",
            first_look=(
                "`coolify_service_part_state == 1` in Prometheus names the part.",
                "Coolify, the resource's page, *Logs*.",
            ),
            action=(
                "Correct what the log says, and redeploy.",
                "A part that is meant to run once: set `exclude_from_hc: true` in the compose file.",
            ),
            false_alarms="One-shot containers that are not excluded from health checks.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=(fires("degraded"), fires("restarting")),
        silent=(
            fixtures.silent("stays silent for one that starts", (state("starting"), *about(fixtures)), late),
            *meaningless(fixtures, (state("degraded"),), late),
        ),
    )


def _unhealthy(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifyResourceUnhealthy", 15 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def health(name: str, values: str | None = None, **labels: str) -> Series:
        return of_resource(fixtures, coolify.RESOURCE_HEALTH, values or flat(1, fixtures.count), state=name, **labels)

    def runs(value: float = 1, **labels: str) -> Series:
        return of_resource(fixtures, coolify.RESOURCE_STATE, flat(value, fixtures.count), state="running", **labels)

    return Alert(
        alert="CoolifyResourceUnhealthy",
        # Coolify calls stopped resources "unhealthy" too (Application::status appends it).
        expr=expr(f"""
            max by ({BY_UNPLANNED}) ({coolify.RESOURCE_HEALTH}{{{JOB},state="unhealthy",service=""}}) == 1
            and on ({BY_UNPLANNED}) {coolify.RESOURCE_STATE}{{{JOB},state="running"}} == 1
        """)
        + "\n"
        + unless_meaningless(),
        wait=wait,
        severity="warning",
        summary="An unplanned Coolify resource fails its health check.",
        description=f"{RESOURCE} (Coolify on {{{{ $labels.server }}}}) runs and fails its health check.",
        runbook=Runbook(
            meaning="The container runs, and its health check fails. Traefik skips unhealthy containers, so its "
            "users get 404. Coolify itself does not notify (coollabsio/coolify #9493).",
            first_look=(
                "`docker inspect --format '{{json .State.Health}}' NAME` on the server shows the last checks.",
            ),
            action=(
                "Correct the application, or its health check, and redeploy.",
                "If it matters, add it to the topology: then its containers are monitored and it can page.",
            ),
            false_alarms="None known: the `for` covers the five minutes after a deployment in which Coolify may "
            "report this.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires for the resource outside the plan that is unhealthy, not for a planned one",
                (
                    health("unhealthy"),
                    health("unhealthy", flat(0, fixtures.count), instance="c:2"),
                    health("unhealthy", instance="c:3"),
                    health("unhealthy", service="web", resource="web"),
                    runs(),
                    runs(service="web", resource="web"),
                    *about(fixtures),
                    *others(fixtures),
                ),
                late,
                Expected(about_resource(), "store/live/shop (Coolify on main) runs and fails its health check."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent without a health check", (health("unknown"), runs(), *about(fixtures)), late),
            fixtures.silent(
                "stays silent for one that has stopped, while others run",
                (
                    health("unhealthy"),
                    runs(0),
                    of_resource(fixtures, coolify.RESOURCE_STATE, flat(1, fixtures.count), state="exited"),
                    *decoys(fixtures, coolify.RESOURCE_STATE, 1, state="running"),
                    *about(fixtures),
                ),
                late,
            ),
            fixtures.never(
                "stays silent for the minutes after a deployment in which Coolify's state is outdated",
                (
                    of_resource(
                        fixtures,
                        coolify.RESOURCE_HEALTH,
                        steps((0, 20), (1, min(10, max(fixtures.steps_of(wait) - 1, 0))), (0, fixtures.count)),
                        state="unhealthy",
                    ),
                    runs(),
                    *about(fixtures),
                ),
            ),
            *meaningless(fixtures, (health("unhealthy"), runs()), late),
        ),
    )


def _given_up(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CoolifyRestartLimitReached", 2 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def reached(value: float, **labels: str) -> Series:
        return of_resource(fixtures, coolify.RESOURCE_RESTART_LIMIT_REACHED, flat(value, fixtures.count), **labels)

    return Alert(
        alert="CoolifyRestartLimitReached",
        # Planned services too: their outage pages, and this alert explains why they stay down.
        expr=f"max by ({BY_RESOURCE}) ({coolify.RESOURCE_RESTART_LIMIT_REACHED}{{{JOB}}}) == 1",
        wait=wait,
        severity="warning",
        summary="Coolify has stopped an application for restarting too often, and will not start it again.",
        description=f"Coolify on {{{{ $labels.server }}}} stopped {RESOURCE} for restarting too often.",
        runbook=Runbook(
            meaning="The application reached its restart limit. Coolify stopped it and removed its container; it stays "
            "down until somebody deploys it.",
            first_look=(
                "Coolify, the application's page, *Deployments*: what was deployed before it began?",
                "Dashboard *Service*: did it run out of memory?",
            ),
            action=(
                "Roll back, or correct the cause and deploy.",
                "To let it restart indefinitely, set the limit to 0 (the default since Coolify 4.3.21).",
            ),
            false_alarms="None known.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires for the application that was stopped, with its service, not for the others",
                (
                    reached(1, service="web"),
                    reached(0, service="web", instance="c:2"),
                    reached(1, service="web", instance="c:3"),
                    *decoys(fixtures, coolify.RESOURCE_RESTART_LIMIT_REACHED, 0, service="web"),
                ),
                late,
                Expected(
                    about_resource(service="web"), "Coolify on main stopped store/live/shop for restarting too often."
                ),
            ),
        ),
        silent=(fixtures.silent("stays silent below the limit", (reached(0),), late),),
    )
