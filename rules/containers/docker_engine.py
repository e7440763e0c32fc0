"""The Docker engine: whether it runs, and how often it starts containers."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Measured, Record, Runbook, Sample, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.patterns.threshold import beyond
from boxwatch.rules.patterns.threshold_proofs import last_pending, not_lasted
from boxwatch.rules.patterns.worked import answered
from boxwatch.rules.proofs.fixtures import INTERVAL, World, flat, series
from boxwatch.topology.model import Topology

ID = "docker_engine"

_MINUTE, _HOUR = 60, 3600
_DOCKER = f'job="{names.JOB_DOCKER}"'
_STARTS = "engine_daemon_container_actions_seconds_count"
_STATES = "engine_daemon_container_states_containers"


def subject(topology: Topology) -> Subject | None:
    """Alerts on the engine, where its own metrics are scraped."""
    if not any(server.targets.docker for server in topology.servers):
        return None
    return Subject(
        id=ID,
        title="Docker engine",
        groups=(
            Group(name="docker-engine-measured", rules=_records()),
            Group(name="docker-engine", rules=(_down(topology), _churn(topology), _paused(topology))),
        ),
        measured=_measured(topology),
        reads=("never_worked",),
    )


def _records() -> tuple[Record, ...]:
    return (
        Record(
            record=names.SERVER_CONTAINER_STARTS,
            expr=f'max by ({names.BY_SERVER}) (increase({_STARTS}{{{_DOCKER},action="start"}}[1h]))',
            doc="Containers that the engine started in the last hour, restarts and builds included.",
        ),
        Record(
            record=names.SERVER_CONTAINERS_PAUSED,
            expr=f'max by ({names.BY_SERVER}) ({_STATES}{{{_DOCKER},state="paused"}})',
            doc="Containers that are paused: there, and frozen.",
        ),
    )


def _down(topology: Topology) -> Alert:
    name = "DockerEngineDown"
    wait = topology.alerts.wait(name, 3 * _MINUTE)
    pending = last_pending(wait, INTERVAL)
    # It is down from the second sample on.
    after = pending + 2 * INTERVAL
    world = World(length=after, thresholds=topology.thresholds)

    def engine(up: int, server: str = "main", **labels: str) -> Series:
        return world.scraped("up", flat(up, world.count), server=server, **{"job": names.JOB_DOCKER, **labels})

    def stopped(server: str = "main") -> Series:
        return world.scraped("up", f"1 0x{world.count}", server=server, job=names.JOB_DOCKER)

    down = (stopped(), engine(1, job=names.JOB_NODE))
    return Alert(
        alert=name,
        expr=expr(f"""
            max by ({names.BY_SERVER}) (up{{{_DOCKER}}}) == 0
            and on ({names.BY_SERVER}) {answered(names.JOB_DOCKER)}
            and on ({names.BY_SERVER})
            count by ({names.BY_SERVER}) ({names.SERVICE_REPLICAS_DESIRED} > 0)
        """),
        wait=wait,
        # Containers that run go on for a while, but they find each other by the names that the engine answers
        # (127.0.0.11 is served by dockerd: moby, libnetwork/resolver.go), so users notice with the next connection.
        severity="critical",
        summary="The Docker engine of a server does not answer.",
        description="The Docker engine of {{ $labels.server }} does not answer.",
        runbook=Runbook(
            meaning="Without the engine containers do not find each other by name, those that end are not started "
            "again, health checks stop and Coolify can deploy nothing. cAdvisor goes on showing what it has seen.",
            first_look=(
                "`systemctl status docker` and `journalctl -u docker -e` on the server.",
                "`docker ps` answers? Then only the metrics do not: `curl ADDRESS:9323/metrics` from the server.",
                "Is its disk full or read-only?",
            ),
            action=(
                "`systemctl restart docker`; without `live-restore` in daemon.json this starts every container anew.",
                "It does not start: its log names the line of daemon.json or the disk that it fails at.",
            ),
            false_alarms="The address in `metrics-addr` cannot be reached from Prometheus any more, as after a change "
            "of the firewall or of the bridge. An upgrade of Docker takes less than this waits.",
        ),
        fires=(
            world.fires(
                "fires where it is down, and not where it answers or nothing is planned",
                (
                    *world.service(replicas=1),
                    *world.service(server="second"),
                    *down,
                    engine(1, "second"),
                    # Scraped under two addresses, of which one answers.
                    engine(0, "second", instance="172.17.0.1:9323"),
                    stopped("third"),
                ),
                after,
                Expected({"server": "main"}, "The Docker engine of main does not answer."),
            ),
        ),
        silent=(
            world.silent("is silent while it answers", (*world.service(), engine(1)), after),
            world.silent("is silent where all services are parked", (*world.service(replicas=0), *down), after),
            world.silent(
                "is silent where it is not scraped", (*world.service(), engine(0, job=names.JOB_CADVISOR)), after
            ),
            world.silent(
                "stays silent where its metrics were never switched on",
                (*world.service(), engine(0), engine(1, job=names.JOB_NODE), engine(1, "second")),
                after,
            ),
            *not_lasted(world, (*world.service(), *down), pending),
        ),
        dashboard="host",
        panel="Docker engine",
    )


def _churn(topology: Topology) -> Alert:
    return beyond(
        topology,
        "DockerStartChurn",
        # An hour, because a crash loop is slow in the end: Docker doubles its wait before each start up to a minute
        # (moby, restartmanager), which makes less than 15 starts a quarter of an hour and nearly 60 an hour.
        names.SERVER_CONTAINER_STARTS,
        wait=5 * _MINUTE,
        threshold=40,
        source="one crash loop alone makes nearly 60; twenty deployments make 40",
        severity="warning",
        summary="Docker starts containers all the time.",
        description='The Docker engine of {{ $labels.server }} started {{ $value | printf "%.4g" }} containers within'
        " an hour.",
        text=lambda value: f"The Docker engine of main started {value:.4g} containers within an hour.",
        runbook=Runbook(
            meaning="Something is started again and again. *ServiceCrashLooping* tells of planned services whose "
            "containers live long enough to be seen; this also tells of those that die within a second, and of "
            "containers outside the plan.",
            first_look=(
                "`docker ps -a --format '{{.Names}} {{.Status}}' | grep -iE 'restarting|seconds'` on the server.",
                "`docker events --since 10m --filter event=start` names what is started.",
            ),
            action=(
                "Read its log (`docker logs NAME`), fix or stop it: `docker update --restart=no NAME`.",
                "Deployments: a script that deploys too often, or a retry that does not stop.",
            ),
            false_alarms="An hour with some twenty deployments: each starts a helper and the new container. Raise the "
            "threshold in `alerts.rules` if yours are like that.",
        ),
        panel="Container starts",
    )


def _paused(topology: Topology) -> Alert:
    name = "DockerContainersPaused"
    wait = topology.alerts.wait(name, 30 * _MINUTE)
    pending = last_pending(wait, INTERVAL)
    after = pending + INTERVAL
    world = World(length=after, thresholds=topology.thresholds)

    def paused(count: int, server: str = "main") -> Series:
        return series(names.SERVER_CONTAINERS_PAUSED, flat(count, world.count), server=server)

    return Alert(
        alert=name,
        expr=f"{names.SERVER_CONTAINERS_PAUSED} > 0",
        wait=wait,
        severity="warning",
        summary="Containers are paused, and nobody goes on with them.",
        description="{{ $value }} containers on {{ $labels.server }} are paused.",
        runbook=Runbook(
            meaning="A paused container is there, with its memory and its ports, and answers nothing: cAdvisor counts "
            "it as running, so *ServiceDown* is silent.",
            first_look=("`docker ps --filter status=paused` on the server.",),
            action=("`docker unpause NAME`; find the backup or the person that paused it.",),
            false_alarms="A backup that pauses a container for longer than this waits.",
        ),
        fires=(
            world.fires(
                "fires where containers are paused, and not where they run",
                (paused(1), paused(0, "second")),
                after,
                Expected({"server": "main"}, "1 containers on main are paused."),
            ),
        ),
        silent=(
            world.silent("is silent where none is paused", (paused(0),), after),
            *not_lasted(world, (paused(1),), pending),
        ),
        dashboard="host",
        panel="Docker engine",
    )


def _measured(topology: Topology) -> tuple[Measured, ...]:
    """Four starts a minute since half an hour after the start, and containers in several states."""
    world = World(length=3 * _HOUR, thresholds=topology.thresholds, interval=_MINUTE)

    def starts(every_minute: int, **labels: str) -> Series:
        values = f"1x30 {1 + every_minute}+{every_minute}x{world.count - 31}"
        return world.scraped(_STARTS, values, **{"job": names.JOB_DOCKER, "action": "start", **labels})

    def state(count: int, **labels: str) -> Series:
        return world.scraped(
            _STATES, flat(count, world.count), **{"job": names.JOB_DOCKER, "state": "paused", **labels}
        )

    parts = (
        starts(4),
        starts(2, instance="172.17.0.1:9323"),
        starts(1, server="second"),
        # Docker was restarted in the last hour, and counts from the start.
        world.scraped(
            _STARTS, f"0+4x129 0+4x{world.count - 130}", job=names.JOB_DOCKER, action="start", server="third"
        ),
        starts(50, action="create"),
        starts(50, job="other"),
        state(2),
        state(1, instance="172.17.0.1:9323"),
        state(0, server="second"),
        state(9, state="running"),
        state(9, job="other"),
    )
    return tuple(
        Measured(
            title=f"{record} comes out as it should",
            expr=f"round({record})",
            at=2 * _HOUR + 45 * _MINUTE,
            samples=tuple(Sample({"server": server}, value) for server, value in values.items()),
            series=parts,
            interval=world.interval,
        )
        for record, values in (
            # From the end to the start of a counter no time passes that could be counted.
            (names.SERVER_CONTAINER_STARTS, {"main": 240, "second": 60, "third": 236}),
            (names.SERVER_CONTAINERS_PAUSED, {"main": 2, "second": 0}),
        )
    )
