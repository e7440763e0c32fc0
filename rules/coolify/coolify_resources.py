"""Coolify's resources outside the plan, and restart limits that only Coolify knows.

Containers of planned services are monitored through cAdvisor, every half minute and with pages (replica_health,
replica_stability); Coolify sees the same five minutes later. So the state alerts here cover only resources outside the
plan, which no other alert covers: their `service` is empty. They are tickets.
"""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.coolify.coolify_proofs import (
    BY_ACCOUNT,
    BY_RESOURCE,
    BY_UNPLANNED,
    JOB,
    RESOURCE,
    about_account,
    about_resource,
    decoys,
    of_resource,
    unless_meaningless,
    watched,
)
from boxwatch.rules.coolify.coolify_resources_proofs import about, meaningless, others, stopped
from boxwatch.rules.model import Alert, Case, Expected, Group, Measured, Record, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import CONTAINERS, expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat, sample, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

ID = "coolify_resources"

_MINUTE = 60
_DAY = 86400
_PANEL = "States of resources"
_NAMED = "(?:.+-)?([a-z0-9]{24})(?:-[0-9]+)?"


def subject(topology: Topology) -> Subject | None:
    """Alerts on resources; None where Coolify is not scraped."""
    if not watched(topology):
        return None
    return Subject(
        id=ID,
        title="Resources of Coolify",
        groups=(
            Group(name="coolify-resources-running", rules=(_running(),)),
            Group(
                name="coolify-resources",
                rules=(
                    _outdated(topology),
                    _stopped(topology),
                    _degraded(topology),
                    _unhealthy(topology),
                    _given_up(topology),
                ),
            ),
        ),
        measured=(_measured(topology),),
    )


def _running() -> Record:
    # Names end in the uuid, or in the uuid and the time of the deployment; those of previews in `-pr-` and a number.
    started = f"container_start_time_seconds{{{CONTAINERS}}}"
    return Record(
        record=names.UUID_RUNNING,
        expr=(
            f"group by ({coolify.UUID}) (\n"
            f'  label_replace({started}, "{coolify.UUID}", "$1", "{names.NAME}", "{_NAMED}")\n'
            f")"
        ),
        doc="Always 1; a Coolify resource of which cAdvisor sees a running container, by its uuid.",
    )


def _measured(topology: Topology) -> Measured:
    fixtures = Fixtures(length=10 * _MINUTE, thresholds=topology.thresholds)
    found = {name: _uuid(number) for number, name in enumerate(("app", "compose", "service", "database"))}
    named = (
        f"{found['app']}-015339982710",
        f"web-{found['compose']}-015339982710",
        f"plausible-db-{found['service']}",
        found["database"],
        # A preview, a container of no resource, and one that is not called as Coolify does.
        f"{_uuid(8)}-pr-12",
        "coolify-proxy",
        f"{_uuid(9)}0",
    )
    return Measured(
        title="resources are running whose uuid is in the name of a container",
        expr=f'{names.UUID_RUNNING}{{{coolify.UUID}!=""}}',
        at=5 * _MINUTE,
        samples=tuple(sample(names.UUID_RUNNING, 1, uuid=uuid) for uuid in found.values()),
        series=(
            *(
                fixtures.container("container_start_time_seconds", flat(7, fixtures.count), name, service="")
                for name in (*named, f"web-{found['app']}")
            ),
            fixtures.container("container_start_time_seconds", flat(7, fixtures.count), _uuid(7), job="other"),
        ),
        interval=fixtures.interval,
    )


def _uuid(number: int) -> str:
    """A uuid as Coolify makes them: 24 letters and digits."""
    return f"k8s4c0k0g4wskc8ggo0g4s{number:02}"


def _outdated(topology: Topology) -> Alert:
    name = "CoolifyStatesOutdated"
    wait = topology.alerts.wait(name, 20 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    first, second = _uuid(1), _uuid(2)

    def state(uuid: str, name: str = "exited", value: float = 1, **labels: str) -> Series:
        values = flat(value, fixtures.count)
        return of_resource(fixtures, coolify.RESOURCE_STATE, values, state=name, uuid=uuid, **labels)

    def runs(*uuids: str) -> tuple[Series, ...]:
        return tuple(fixtures.constant(names.UUID_RUNNING, 1, uuid=uuid) for uuid in uuids)

    def reached(uuid: str, value: float, **labels: str) -> Series:
        metric = coolify.RESOURCE_SERVER_REACHABLE
        return of_resource(fixtures, metric, flat(value, fixtures.count), uuid=uuid, **labels)

    exited = (state(first), state(second, service="web", resource="web"))
    return Alert(
        alert=name,
        expr=expr(f"""
            count by ({BY_ACCOUNT}) (
              max by ({BY_ACCOUNT}, {coolify.UUID}) ({coolify.RESOURCE_STATE}{{{JOB},state="exited"}}) == 1
              and on ({coolify.UUID}) {names.UUID_RUNNING}
              unless on ({BY_ACCOUNT}, {coolify.UUID}) {coolify.RESOURCE_SERVER_REACHABLE}{{{JOB}}} == 0
            ) > 0
        """),
        wait=wait,
        severity="warning",
        summary="Coolify calls resources exited whose containers run, so its states are outdated.",
        description="Coolify (account {{ $labels.account }}, exporter on {{ $labels.server }}) calls {{ $value }} of"
        " its resources exited whose containers run.",
        runbook=Runbook(
            meaning="Coolify's job that reads the states of containers does not run, or does not reach the server. "
            "Users notice nothing; Coolify shows wrong states and may notify of resources that run. boxwatch leaves "
            "these resources out of *CoolifyResourceStopped*.",
            first_look=(
                (
                    "`docker ps` on the server: do the resources' containers run? Their names contain the uuid in "
                    "Coolify's address bar."
                ),
                "`docker exec coolify php artisan horizon:status` on Coolify's server: `running`?",
                "Coolify, *Servers*, the server: is it reachable, and does Sentinel report?",
            ),
            action=(
                "`docker restart coolify` starts its scheduler and its queues again; resources keep running.",
                "Sentinel is out of step: restart it on the server's page.",
            ),
            false_alarms="A container that was started with `docker start` after its resource was stopped in Coolify.",
        ),
        dashboard="deployments",
        panel=_PANEL,
        fires=(
            fixtures.fires(
                "fires once for all resources that run and are called exited",
                (
                    *exited,
                    state(first, value=0, instance="c:2"),
                    state(first, instance="c:3"),
                    # It runs, and Coolify knows; it does not run; another account's.
                    state(_uuid(3), "running"),
                    state(_uuid(3), value=0),
                    state(_uuid(4)),
                    *runs(first, second, _uuid(3)),
                    # Of these Coolify says that it does not reach their server.
                    *(reached(first, 0, **{label: "other"}) for label in ("server", "account", "job")),
                    reached(_uuid(4), 0),
                ),
                late,
                Expected(
                    about_account(),
                    "Coolify (account team, exporter on main) calls 2 of its resources exited whose containers run.",
                ),
            ),
            fixtures.fires(
                "fires for a single one",
                (*exited, *runs(first)),
                late,
                Expected(
                    about_account(),
                    "Coolify (account team, exporter on main) calls 1 of its resources exited whose containers run.",
                ),
            ),
        ),
        silent=(
            fixtures.silent("stays silent for resources that do not run", (*exited, *runs(_uuid(5))), late),
            fixtures.silent(
                "stays silent for resources that run, as Coolify says",
                (state(first, "running"), state(first, value=0), *runs(first)),
                late,
            ),
            fixtures.silent(
                "stays silent while Coolify does not reach the server, which has its own alert",
                (*exited, *runs(first, second), reached(first, 0), reached(second, 0, service="web", resource="web")),
                late,
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
        + f"\nunless on ({coolify.UUID}) {names.UUID_RUNNING}\n"
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
