"""Replica stability: failing health checks, crash loops, and containers replaced too often."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns import consequence
from boxwatch.rules.patterns.fragments import CONTAINER, PLANNED, SERVICE, expr, one_or_many, per_container
from boxwatch.rules.patterns.paging import NON_PAGING, by_paging
from boxwatch.rules.proofs import deploys
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_container, of_service, steps
from boxwatch.rules.replicas import restarts_proofs
from boxwatch.topology.model import Topology

ID = "replica_stability"

_MINUTE = 60
_START = "container_start_time_seconds"
_HEALTH = "container_health_state"


def subject(topology: Topology) -> Subject:
    """Alerts on containers that run but do not stay healthy."""
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


def _states(fixtures: Fixtures, *states: int, **labels: str) -> tuple[Series, ...]:
    return tuple(
        fixtures.container(_HEALTH, flat(state, fixtures.count), f"web-{number}", **labels)
        for number, state in enumerate(states, start=1)
    )


def _all_unhealthy(topology: Topology) -> tuple[Alert, Alert]:
    name = "ServiceAllReplicasUnhealthy"
    grace = consequence.replicas_unhealthy(topology)
    fixtures = Fixtures(length=grace + 30 * _MINUTE, thresholds=topology.thresholds)
    text = "All running containers of web on main fail their health check."
    silent = (
        fixtures.silent(
            "stays silent while one is healthy", (*fixtures.service(), *_states(fixtures, 0, 1)), grace + 600
        ),
        fixtures.silent(
            "stays silent where one has no health check", (*fixtures.service(), *_states(fixtures, 0, -1)), grace + 600
        ),
        *fixtures.not_yet(
            "stays silent while all may be starting", (*fixtures.service(), *_states(fixtures, 0, 0)), grace
        ),
        deploys.rolling(topology),
        deploys.stop_and_start(topology),
    )
    return by_paging(
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
                meaning="The containers run, but none passes its health check. Traefik removes unhealthy containers "
                "from its routes, so users get 404 or 503.",
                first_look=(
                    "`docker inspect --format '{{json .State.Health}}' NAME` shows the last results of the check.",
                    "Is a shared dependency (database, cache) down?",
                ),
                action=(
                    "Repair the dependency, or roll back the last deployment.",
                    "The check itself is wrong (path, port, a tool that the image lacks): correct it in Coolify.",
                ),
                false_alarms="Services that take longer than `alerts.deploy_grace` to start.",
            ),
            fires=(
                fixtures.fires(
                    "fires when no container passes its health check",
                    (*fixtures.service(), *_states(fixtures, 0, 0)),
                    grace + 2 * _MINUTE,
                    Expected(of_service(), text),
                ),
            ),
            silent=silent,
        ),
        warning_fires=(
            fixtures.fires(
                "is a warning for a service that does not page",
                (*fixtures.service(pages=False), *_states(fixtures, 0, 0)),
                grace + 2 * _MINUTE,
                Expected(of_service(), text),
            ),
        ),
        warning_silent=silent,
    )


def _unhealthy(topology: Topology) -> Alert:
    name = "ContainerUnhealthy"
    grace = topology.alerts.wait(name, topology.alerts.deploy_grace)
    fixtures = Fixtures(length=grace + 30 * _MINUTE, thresholds=topology.thresholds)
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
            meaning="The container runs, but its health check does not pass. Traefik sends it no requests; the other "
            "replicas carry its load. Coolify does not report this.",
            first_look=("`docker inspect --format '{{json .State.Health}}' NAME` shows the last results.",),
            action=(
                "Restart the replica; if it comes back unhealthy, read its log.",
                "All replicas at once: see *ServiceAllReplicasUnhealthy*.",
            ),
            false_alarms="Services that take longer than `alerts.deploy_grace` to start. Before 0.55, cAdvisor does "
            "not update the state.",
        ),
        fires=(
            fixtures.fires(
                "fires for the unhealthy containers, not for a healthy one or one without a check",
                (
                    *fixtures.service(),
                    *_states(fixtures, 0, 1, -1),
                    fixtures.container(_HEALTH, flat(0, fixtures.count), "web-side", component="side"),
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
            *fixtures.not_yet(
                "stays silent while it may be starting", (*fixtures.service(), *_states(fixtures, 0)), grace
            ),
            fixtures.silent(
                "stays silent without a health check", (*fixtures.service(), *_states(fixtures, -1)), grace + 600
            ),
            fixtures.silent(
                "stays silent when only one of two scrapes shows the failure",
                (
                    *fixtures.service(),
                    *_states(fixtures, 0, -1),
                    *_states(fixtures, 1, 1, instance="again:8080"),
                ),
                grace + 600,
            ),
            fixtures.silent(
                "stays silent for a container outside the plan and for a raw cgroup",
                (
                    *fixtures.service(),
                    fixtures.container(_HEALTH, flat(0, fixtures.count), "adminer", service=""),
                    fixtures.container(_HEALTH, flat(0, fixtures.count), "", resource="cgroup"),
                ),
                grace + 600,
            ),
            deploys.rolling(topology),
            deploys.stop_and_start(topology),
        ),
    )


def _crash_looping(topology: Topology) -> tuple[Alert, Alert]:
    most = topology.thresholds.restarts
    # One restart every 30 seconds, or faster where the threshold would not fit into 15 minutes.
    fixtures = Fixtures(length=30 * _MINUTE, thresholds=topology.thresholds, interval=min(30, max(1, 800 // most)))
    at = 14 * _MINUTE // fixtures.interval * fixtures.interval
    before = at // fixtures.interval - most

    def restarts(count: int, *, pages: bool = True) -> tuple[Series, ...]:
        starts = steps((0, before), *((number, 1) for number in range(1, count)))
        return (
            *fixtures.service(pages=pages),
            fixtures.container(_START, f"{starts} {count}x{fixtures.count}"),
            fixtures.container(_START, f"{starts} {count}x{fixtures.count}", "web-side", component="side"),
        )

    expected = tuple(
        Expected(
            labels,
            f"A container of {name} on main was restarted {'once' if most == 1 else f'{most} times'}"
            " in the last 15 minutes.",
        )
        for name, labels in (("web", of_service()), ("web/side", of_service(component="side")))
    )

    def fires(*, pages: bool) -> tuple[Case, ...]:
        looping, who = restarts(most, pages=pages), "" if pages else NON_PAGING
        return (
            fixtures.fires(f"fires at the threshold{who}", looping, at, *expected),
            fixtures.fires(
                f"fires beside a ServiceDown that is pending, a ticket, or of something else{who}",
                (*looping, *restarts_proofs.other_outages(fixtures, "ServiceDown")),
                at,
                *expected,
            ),
            fixtures.fires(
                f"keeps firing when ServiceDown comes later{who}",
                (
                    *looping,
                    *(
                        restarts_proofs.pages(fixtures, name, component=part)
                        for part in ("", "side")
                        for name in ("ServiceDown", "ServiceCrashLooping")
                    ),
                ),
                at,
                *expected,
            ),
        )

    def silent(*, pages: bool) -> tuple[Case, ...]:
        who = "" if pages else NON_PAGING
        return (
            fixtures.silent(f"stays silent one restart below the threshold{who}", restarts(most - 1, pages=pages), at),
            fixtures.silent(
                f"stays silent where ServiceDown pages already{who}",
                (
                    *restarts(most, pages=pages),
                    *(
                        one
                        for part in ("", "side")
                        for one in restarts_proofs.already(
                            fixtures, "ServiceDown", "ServiceCrashLooping", component=part
                        )
                    ),
                ),
                at,
            ),
            fixtures.silent(
                f"stays silent when a reboot restarts every replica once{who}",
                (
                    *fixtures.service(replicas=most + 1, pages=pages),
                    *(
                        fixtures.container(_START, f"{steps((0, before), (1, 1))} 1x{fixtures.count}", f"web-{number}")
                        for number in range(most + 1 if most > 1 else 0)
                    ),
                ),
                at,
            ),
            deploys.rolling(topology),
            deploys.stop_and_start(topology),
        )

    return by_paging(
        Alert(
            alert="ServiceCrashLooping",
            expr=f"{names.COMPONENT_RESTARTS}\n"
            f"  >= on ({names.BY_SERVICE}) group_left () {names.SERVICE_RESTARTS_THRESHOLD}\n"
            # A loop that leaves nothing running pages once, as whichever of the two is seen first.
            f"{consequence.told_already('ServiceDown', 'ServiceCrashLooping')}",
            wait=0,
            severity="critical",
            summary="A container of a service keeps restarting.",
            description=f"A container of {SERVICE} was restarted {one_or_many('once', '{{ $value }} times')}"
            " in the last 15 minutes.",
            dashboard="service",
            panel="Restarts in 15 minutes",
            runbook=Runbook(
                meaning="A container exits and Docker restarts it. Between crashes it may look healthy, so the number "
                "of replicas looks right while requests fail.",
                first_look=(
                    "`docker logs --tail 100 NAME`: the last lines before it exits.",
                    "`docker inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' NAME`; 137 means killed.",
                ),
                action=(
                    "It began with a deployment: roll back.",
                    "It was killed for lack of memory: see *ContainerOomKilled*.",
                    "A dependency is down: repair that first.",
                ),
                false_alarms="Several manual restarts within minutes; before cAdvisor 0.57, redeploys under a name "
                "that stays. A blind spot: cAdvisor has no restart counter, so a process that lives for less than the "
                "scrape interval shows in few scrapes or none. *ServiceDown* or *ServiceReplicasMissing* fires "
                "instead, and for containers outside the plan only what the Docker engine counts, where it is scraped.",
            ),
            fires=fires(pages=True),
            silent=silent(pages=True),
            instead="it counts restarts within 15 minutes and resolves when they leave the window: change the number, "
            "`thresholds.restarts`",
        ),
        warning_fires=fires(pages=False),
        warning_silent=silent(pages=False),
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
        summary="The containers of a service keep being replaced.",
        description=f"{{{{ $value }}}} containers of {SERVICE} were replaced or removed in the last hour.",
        dashboard="service",
        panel="Replacements in an hour",
        runbook=Runbook(
            meaning="Something keeps deploying the service or removing its containers. Each replacement costs users a "
            "few slow or lost requests, and the server the memory of a build.",
            first_look=(
                "Coolify, the resource's list of deployments: who or what starts them?",
                "Dashboard *Service*, panel *Replacements in an hour*: since when?",
            ),
            action=(
                "A webhook or pipeline in a loop: stop it at its source.",
                "Failing deploys that are retried: read the log of the last one.",
                "You do deploy that often: raise `thresholds.replacements`.",
            ),
            false_alarms="A busy afternoon of deployments.",
        ),
        fires=fires,
        silent=silent,
        instead="it counts replacements within an hour: change the number, `thresholds.replacements`",
    )
