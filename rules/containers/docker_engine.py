"""The Docker engine: availability, container starts and paused containers."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Measured, Record, Runbook, Sample, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.patterns.threshold import threshold_alert
from boxwatch.rules.patterns.threshold_proofs import last_pending, not_lasted
from boxwatch.rules.patterns.worked import answered
from boxwatch.rules.proofs.fixtures import INTERVAL, Fixtures, flat, series
from boxwatch.topology.model import Topology

ID = "docker_engine"

_MINUTE, _HOUR = 60, 3600
_DOCKER = f'job="{names.JOB_DOCKER}"'
_STARTS = "engine_daemon_container_actions_seconds_count"
_STATES = "engine_daemon_container_states_containers"


def subject(topology: Topology) -> Subject | None:
    """Alerts on the engine; None where its own metrics are not scraped."""
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
            doc="Paused containers: present, but frozen.",
        ),
    )


def _down(topology: Topology) -> Alert:
    name = "DockerEngineDown"
    wait = topology.alerts.wait(name, 3 * _MINUTE)
    pending = last_pending(wait, INTERVAL)
    # It is down from the second sample on.
    after = pending + 2 * INTERVAL
    fixtures = Fixtures(length=after, thresholds=topology.thresholds)

    def engine(up: int, server: str = "main", **labels: str) -> Series:
        return fixtures.scraped("up", flat(up, fixtures.count), server=server, **{"job": names.JOB_DOCKER, **labels})

    def stopped(server: str = "main") -> Series:
        return fixtures.scraped("up", f"1 0x{fixtures.count}", server=server, job=names.JOB_DOCKER)

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
        # Running containers continue for a while, but the engine resolves their names for each other (dockerd serves
        # 127.0.0.11: moby, libnetwork/resolver.go), so users notice at the next connection.
        severity="critical",
        summary="A server's Docker engine is not responding.",
        description="The Docker engine of {{ $labels.server }} is not responding.",
        runbook=Runbook(
            meaning="Without the engine, containers cannot resolve each other's names, stopped containers are not "
            "restarted, health checks stop and Coolify cannot deploy. cAdvisor keeps showing the containers it knows.",
            first_look=(
                "Run `systemctl status docker` and `journalctl -u docker -e` on the server.",
                "Does `docker ps` respond? Then only the metrics are missing: run `curl ADDRESS:9323/metrics` there.",
                "Is its disk full or read-only?",
            ),
            action=(
                "`systemctl restart docker`; without `live-restore` in daemon.json this restarts every container.",
                "It does not start: its log names the line of daemon.json or the disk at fault.",
            ),
            false_alarms="Prometheus can no longer reach the address in `metrics-addr`, for example after a change to "
            "the firewall or the bridge. A Docker upgrade takes less time than this alert waits.",
        ),
        fires=(
            fixtures.fires(
                "fires where the engine is down, not where it responds or nothing is planned",
                (
                    *fixtures.service(replicas=1),
                    *fixtures.service(server="second"),
                    *down,
                    engine(1, "second"),
                    # Scraped at two addresses, one of which responds.
                    engine(0, "second", instance="172.17.0.1:9323"),
                    stopped("third"),
                ),
                after,
                Expected({"server": "main"}, "The Docker engine of main is not responding."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent while the engine responds", (*fixtures.service(), engine(1)), after),
            fixtures.silent(
                "stays silent where all services are parked", (*fixtures.service(replicas=0), *down), after
            ),
            fixtures.silent(
                "stays silent where it is not scraped", (*fixtures.service(), engine(0, job=names.JOB_CADVISOR)), after
            ),
            fixtures.silent(
                "stays silent where its metrics were never switched on",
                (*fixtures.service(), engine(0), engine(1, job=names.JOB_NODE), engine(1, "second")),
                after,
            ),
            *not_lasted(fixtures, (*fixtures.service(), *down), pending),
        ),
        dashboard="host",
        panel="Docker engine",
    )


def _churn(topology: Topology) -> Alert:
    return threshold_alert(
        topology,
        "DockerStartChurn",
        # An hour, because crash loops slow down: Docker doubles its delay before each restart, up to a minute (moby,
        # restartmanager), which allows fewer than 15 starts in 15 minutes but nearly 60 in an hour.
        names.SERVER_CONTAINER_STARTS,
        wait=5 * _MINUTE,
        threshold=40,
        source="a single crash loop causes nearly 60; twenty deployments cause 40",
        severity="warning",
        summary="Docker keeps starting containers.",
        description='The Docker engine of {{ $labels.server }} started {{ $value | printf "%.4g" }} containers within'
        " an hour.",
        text=lambda value: f"The Docker engine of main started {value:.4g} containers within an hour.",
        runbook=Runbook(
            meaning="Something keeps restarting. *ServiceCrashLooping* covers planned services whose containers live "
            "long enough to be scraped; this alert also covers containers that die within seconds and containers "
            "outside the plan. Of a single crash loop it fires after about 40 minutes: Docker starts it ten times in "
            "two minutes, then once a minute.",
            first_look=(
                "`docker ps -a --format '{{.Names}} {{.Status}}' | grep -iE 'restarting|seconds'` on the server.",
                "`docker events --since 10m --filter event=start` lists the containers being started.",
            ),
            action=(
                "Read its log (`docker logs NAME`), then fix it or stop it: `docker update --restart=no NAME`.",
                "Deployments: look for a script that deploys too often, or an endless retry.",
            ),
            false_alarms="An hour with some twenty deployments, each of which starts a helper and the new container. "
            "If that is normal for you, raise the threshold in `alerts.rules`.",
        ),
        panel="Container starts",
    )


def _paused(topology: Topology) -> Alert:
    name = "DockerContainersPaused"
    wait = topology.alerts.wait(name, 30 * _MINUTE)
    pending = last_pending(wait, INTERVAL)
    after = pending + INTERVAL
    fixtures = Fixtures(length=after, thresholds=topology.thresholds)

    def paused(count: int, server: str = "main") -> Series:
        return series(names.SERVER_CONTAINERS_PAUSED, flat(count, fixtures.count), server=server)

    return Alert(
        alert=name,
        expr=f"{names.SERVER_CONTAINERS_PAUSED} > 0",
        wait=wait,
        severity="warning",
        summary="Containers have been left paused.",
        description="Paused containers on {{ $labels.server }}: {{ $value }}.",
        runbook=Runbook(
            meaning="A paused container keeps its memory and its ports but does not respond. cAdvisor counts it as "
            "running, so *ServiceDown* stays silent.",
            first_look=("Run `docker ps --filter status=paused` on the server.",),
            action=("Run `docker unpause NAME`; find the backup or the person that paused it.",),
            false_alarms="A backup that pauses a container for longer than this alert waits.",
        ),
        fires=(
            fixtures.fires(
                "fires where a container is paused, not where all run",
                (paused(1), paused(0, "second")),
                after,
                Expected({"server": "main"}, "Paused containers on main: 1."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent where no container is paused", (paused(0),), after),
            *not_lasted(fixtures, (paused(1),), pending),
        ),
        dashboard="host",
        panel="Docker engine",
    )


def _measured(topology: Topology) -> tuple[Measured, ...]:
    """Four starts a minute from minute 30 on, and containers in several states."""
    fixtures = Fixtures(length=3 * _HOUR, thresholds=topology.thresholds, interval=_MINUTE)

    def starts(every_minute: int, **labels: str) -> Series:
        values = f"1x30 {1 + every_minute}+{every_minute}x{fixtures.count - 31}"
        return fixtures.scraped(_STARTS, values, **{"job": names.JOB_DOCKER, "action": "start", **labels})

    def state(count: int, **labels: str) -> Series:
        return fixtures.scraped(
            _STATES, flat(count, fixtures.count), **{"job": names.JOB_DOCKER, "state": "paused", **labels}
        )

    parts = (
        starts(4),
        starts(2, instance="172.17.0.1:9323"),
        starts(1, server="second"),
        # Docker was restarted within the last hour, which resets its counter.
        fixtures.scraped(
            _STARTS, f"0+4x129 0+4x{fixtures.count - 130}", job=names.JOB_DOCKER, action="start", server="third"
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
            title=f"{record} has the expected value for each server",
            expr=f"round({record})",
            at=2 * _HOUR + 45 * _MINUTE,
            samples=tuple(Sample({"server": server}, value) for server, value in values.items()),
            series=parts,
            interval=fixtures.interval,
        )
        for record, values in (
            # A reset loses the increase between the last sample before it and the first one after it.
            (names.SERVER_CONTAINER_STARTS, {"main": 240, "second": 60, "third": 236}),
            (names.SERVER_CONTAINERS_PAUSED, {"main": 2, "second": 0}),
        )
    )
