"""Deploys as cAdvisor shows them, and other healthy days, during which no alert may fire.

Coolify's rolling deploy starts the new container, waits for its health check (5 s, then up to ten times 5 s), stops the
old one with 30 s of grace and removes it, one resource after the other (Coolify 4.3, ApplicationDeploymentJob). With a
fixed port or name, it stops the old container first. Each new container is a new series.
"""

from __future__ import annotations

import math

from boxwatch.rules.model import Case, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE = 60
# How long a restart of cAdvisor may hide all containers before ContainerMetricsMissing fires.
UNSEEN = 4 * _MINUTE
# The deploy begins here, seconds.
_BEGIN = 10 * _MINUTE
_LONGEST_GAP = 20 * _MINUTE
_START = "container_start_time_seconds"


def rolling(topology: Topology) -> Case:
    """Both replicas of web replaced one after the other, each overlapping its successor for up to 90 s."""
    return _fixtures(topology).never("stays silent through a rolling deploy", _rolling(topology))


def stop_and_start(topology: Topology) -> Case:
    """Both replicas stopped before their successors start: a real gap, shorter than the outage grace."""
    title = "stays silent through a deploy that stops the old containers first"
    return _fixtures(topology).never(title, _stop_and_start(topology))


def healthy_days(topology: Topology) -> tuple[Case, ...]:
    """Cases on a complete server, in which no alert at all may fire."""
    fixtures = _fixtures(topology)
    server = _server(topology)
    blind = min(5 * _MINUTE, topology.alerts.wait("ContainerMetricsMissing", UNSEEN) - fixtures.interval)
    return (
        fixtures.never("through a rolling deploy", (*_rolling(topology), *server)),
        fixtures.never("through a deploy that stops the old containers first", (*_stop_and_start(topology), *server)),
        fixtures.never(
            "while a build runs next to the services",
            (
                *_two_of_web(fixtures),
                *_container(fixtures, "x7k2", "coolify-helper", since=_BEGIN, until=_BEGIN + 600, service=""),
                *server,
            ),
        ),
        *(
            (fixtures.never("while cAdvisor restarts and sees nothing for minutes", (*_gap(fixtures, blind), *server)),)
            if blind >= 0
            else ()
        ),
    )


def _fixtures(topology: Topology) -> Fixtures:
    return Fixtures(length=45 * _MINUTE, thresholds=topology.thresholds)


def _two_of_web(fixtures: Fixtures) -> tuple[Series, ...]:
    return (
        *fixtures.service(),
        *_container(fixtures, "web-1-old", "web-1"),
        *_container(fixtures, "web-2-old", "web-2"),
    )


def _rolling(topology: Topology) -> tuple[Series, ...]:
    fixtures = _fixtures(topology)
    first, second = _BEGIN, _BEGIN + 3 * _MINUTE
    # A deploy longer than the topology's grace periods would fire alerts, and rightly so.
    starting = min(60, _tolerated(topology, ("ContainerUnhealthy", "ServiceAllReplicasUnhealthy"), fixtures.interval))
    overlap = min(90, _tolerated(topology, ("ServiceReplicasExtra", "ServiceMemoryOverBudget"), fixtures.interval))
    return (
        *fixtures.service(),
        *_container(fixtures, "web-1-old", "web-1", until=first + overlap),
        *_container(fixtures, "web-2-old", "web-2", until=second + overlap),
        *_container(fixtures, "web-1-new", "web-1", since=first, unready_for=starting),
        *_container(fixtures, "web-2-new", "web-2", since=second, unready_for=starting),
    )


def _tolerated(topology: Topology, alerts: tuple[str, ...], interval: int) -> int:
    """Seconds, in whole samples, before the first of these alerts fires; each waits for the deploy grace by default."""
    shortest = min(topology.alerts.wait(alert, topology.alerts.deploy_grace) for alert in alerts)
    return shortest // interval * interval


def _stop_and_start(topology: Topology) -> tuple[Series, ...]:
    fixtures = _fixtures(topology)
    alerts = topology.alerts
    waits = alerts.wait("ServiceDown", alerts.outage_grace), alerts.wait("ServiceReplicasMissing", alerts.deploy_grace)
    gap = min(*waits, _LONGEST_GAP) - fixtures.interval
    back = _BEGIN + max(gap, 0) // fixtures.interval * fixtures.interval
    return (
        *fixtures.service(),
        *_container(fixtures, "web-1-old", "web-1", until=_BEGIN),
        *_container(fixtures, "web-2-old", "web-2", until=_BEGIN),
        *_container(fixtures, "web-1-new", "web-1", since=back),
        *_container(fixtures, "web-2-new", "web-2", since=back),
        # The database keeps running, so that cAdvisor demonstrably works.
        *fixtures.service("postgres", replicas=1),
        *_container(fixtures, "pg", "postgres", service="postgres"),
    )


def _gap(fixtures: Fixtures, seconds: int) -> tuple[Series, ...]:
    """Two replicas whose series are absent for `seconds`; one of them reappears a scrape later."""
    lead, gone = fixtures.steps_of(_BEGIN), fixtures.steps_of(seconds)
    rest = fixtures.count - lead - gone - 1
    gapped = tuple(
        fixtures.container(metric, f"{value}x{lead - 1} stale {steps((None, gone + late))} {value}x{rest}", name)
        for late, name in enumerate(("web-1", "web-2"))
        for metric, value in ((_START, 7), ("container_memory_working_set_bytes", GIB // 2))
    )
    return (*fixtures.service(), *gapped)


def _server(topology: Topology) -> tuple[Series, ...]:
    """A server of 32 GiB with a plan of 26; 8 in use, or less where the topology's thresholds require it."""
    fixtures = _fixtures(topology)
    few = max(topology.alerts.threshold(alert, 0) for alert in ("HostMemoryLow", "HostMemoryCritical"))
    return (
        *fixtures.server(memory=32 * GIB, reserved=8 * GIB, budget=18 * GIB),
        fixtures.node("node_memory_MemTotal_bytes", flat(31 * GIB, fixtures.count)),
        fixtures.node("node_memory_MemAvailable_bytes", flat(max(23, math.ceil(31 * few)) * GIB, fixtures.count)),
        fixtures.node("node_vmstat_oom_kill", flat(0, fixtures.count)),
    )


def _container(  # noqa: PLR0913 - the dates of a container's life
    fixtures: Fixtures,
    name: str,
    resource: str,
    *,
    since: int = 0,
    until: int | None = None,
    unready_for: int = 0,
    service: str = "web",
) -> tuple[Series, ...]:
    """The series of one container's life, as Prometheus stores them."""
    begin = fixtures.steps_of(since)
    count = (fixtures.count if until is None else fixtures.steps_of(until)) - begin
    end = " stale" if until is not None else ""
    unready = fixtures.steps_of(unready_for)
    labels = {"resource": resource, "service": service}
    # As much memory as possible below all thresholds.
    memory = GIB * 0.9 * min(fixtures.thresholds.memory_near_budget, fixtures.thresholds.memory_near_limit)

    def life(values: str) -> str:
        return f"{steps((None, begin))} {values}{end}".strip()

    return (
        fixtures.container(_START, life(steps((since, count))), name, **labels),
        fixtures.container("container_health_state", life(steps((0, unready), (1, count - unready))), name, **labels),
        fixtures.container("container_memory_working_set_bytes", life(steps((memory, count))), name, **labels),
        fixtures.container("container_memory_total_active_file_bytes", life(steps((0, count))), name, **labels),
        fixtures.container("container_spec_memory_limit_bytes", life(steps((GIB, count))), name, **labels),
        fixtures.container("container_cpu_usage_seconds_total", life(f"0+3x{count - 1}"), name, **labels),
        fixtures.container("container_oom_events_total", life(steps((0, count))), name, **labels),
    )
