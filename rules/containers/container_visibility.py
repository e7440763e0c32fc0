"""Container visibility: while cAdvisor cannot see containers, silent alerts mean nothing."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Measured, Record, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr, labels_missing, named_containers
from boxwatch.rules.proofs.fixtures import World, flat, sample, series, steps
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "container_visibility"

_MINUTE = 60
_START = "container_start_time_seconds"
_BLIND = "cAdvisor on {} is not scraped or names no container, so RAM and replicas there are not monitored."
_UNLABELLED = (
    "None of the {} containers on {} has the label coolify.resourceName, so services recognised by it are not"
    " monitored."
)


def subject(topology: Topology) -> Subject:
    """Alerts on a cAdvisor that exposes no containers, or no labels."""
    return Subject(
        id=ID,
        title="Container visibility",
        groups=(
            Group(name="container-labels", rules=(_unlabelled(),)),
            Group(name="container-visibility", rules=(_metrics_missing(topology), _labels_missing(topology))),
        ),
        measured=(_measured(topology),),
    )


def _unlabelled() -> Record:
    return Record(
        record=names.SERVER_LABELS_MISSING,
        expr=labels_missing(),
        doc="Containers of a server whose services are recognised by Coolify's label, if none of them has it.",
    )


def _measured(topology: Topology) -> Measured:
    world = World(length=20 * _MINUTE, thresholds=topology.thresholds)
    return Measured(
        title="labels are missing where no container has a resource",
        expr=names.SERVER_LABELS_MISSING,
        at=10 * _MINUTE,
        samples=(
            sample(names.SERVER_LABELS_MISSING, 2, server="main"),
            sample(names.SERVER_LABELS_MISSING, 1, server="fourth"),
            sample(names.SERVER_LABELS_MISSING, 1, server="bare"),
            sample(names.SERVER_LABELS_MISSING, 1, server="cgroups"),
            sample(names.SERVER_LABELS_MISSING, 1, server="named"),
        ),
        series=(
            *world.service(),
            *_runs(world, "u1", "u2", service=""),
            *world.service(server="second"),
            *_runs(world, "u1", service="", server="second", resource="shop"),
            *world.service(server="third"),
            *_runs(world, "u1", server="third", resource="web"),
            # Recognised by the compose label, which does not prove that Coolify's is exported.
            *world.service(server="fourth"),
            *world.service("stats", server="fourth", identified_by="compose"),
            *_runs(world, "u1", service="stats", server="fourth", resource="stats"),
            # Nothing here is recognised by a label, so none is missing.
            *world.service("stats", server="fifth", identified_by="name"),
            *_runs(world, "u1", service="stats", server="fifth", resource=""),
            # A single desired replica is enough; a parked service is not.
            *world.service(server="bare", replicas=1),
            *_runs(world, "u1", service="", server="bare", resource=""),
            *world.service(server="parked", replicas=0),
            *_runs(world, "u1", service="", server="parked", resource=""),
            # Labels of a raw cgroup or of another job do not count.
            *world.service(server="cgroups"),
            *_runs(world, "u1", server="cgroups", service="traefik", resource=""),
            *_runs(world, "", server="cgroups", service="", resource="shop"),
            *_runs(world, "", server="cgroups", resource="web"),
            *_runs(world, "web-1", server="cgroups", job="other"),
            # Each is named after the other's resource.
            *world.service(server="crossed"),
            *_runs(world, "a", server="crossed", service="", resource="b"),
            *_runs(world, "b", server="crossed", service="", resource="a"),
            # A service recognised by name proves no label; another service does, and so does its namesake on another
            # server.
            *world.service(server="named"),
            *world.service("traefik", server="named", identified_by="name"),
            *_runs(world, "u1", server="named", service="traefik", resource="x"),
            *world.service(server="beside"),
            *world.service("traefik", server="beside", identified_by="name"),
            *_runs(world, "u1", server="beside", resource="web"),
            *world.service(server="elsewhere"),
            *_runs(world, "u1", server="elsewhere", service="stats", resource="stats"),
        ),
        interval=world.interval,
    )


def _runs(world: World, *names_: str, **labels: str) -> tuple[Series, ...]:
    return tuple(world.container(_START, flat(7, world.count), name, **labels) for name in names_)


def _metrics_missing(topology: Topology) -> Alert:
    name = "ContainerMetricsMissing"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    world = World(length=wait + 20 * _MINUTE, thresholds=topology.thresholds)
    late = world.late(wait) + _MINUTE
    plan = world.server(memory=32 * GIB, reserved=4 * GIB, budget=22 * GIB)
    both = (*plan, *world.server("second", memory=32 * GIB, reserved=4 * GIB, budget=22 * GIB))
    sees = _runs(world, "web-1")
    return Alert(
        alert=name,
        # Compared with the plan, not with `up`, which is absent for a server that was never configured or was removed
        # by mistake.
        expr=expr(f"""
            {names.SERVER_MEMORY_PLAN} > 0
            unless on ({names.BY_SERVER}) {named_containers()}
        """),
        wait=wait,
        severity="critical",
        summary="A server has no container metrics, so outages there go unnoticed.",
        description=_BLIND.format("{{ $labels.server }}"),
        dashboard="overview",
        panel="Services, worst first",
        runbook=Runbook(
            meaning="Prometheus has received no container metrics from a planned server for ten minutes. Alerts on RAM "
            "and replicas of that server stay silent, whatever happens there.",
            first_look=(
                "Prometheus, page *Targets*, job cadvisor: which error does it show?",
                "`docker ps` on the server: is cAdvisor running? Does the server respond at all?",
                (
                    "The target is up: run `curl HOST:8080/metrics | grep container_start_time_seconds`. Names are "
                    "empty if cAdvisor cannot reach Docker, for example before 0.54 with Docker 29's containerd image "
                    "store."
                ),
            ),
            action=(
                "Start or restart cAdvisor: after failing to reach Docker once, it does not retry.",
                "Mount /var/run and /var/lib/docker into it read-only; use version 0.57 or later.",
                "The server is gone for good: remove it from the topology.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            world.fires(
                "fires for the server without container metrics, and not for the other",
                # Container metrics of another job do not count.
                (*both, *sees, series(_START, flat(7, world.count), job="other", server="second", name="web-1")),
                late,
                Expected(
                    {"server": "second"},
                    _BLIND.format("second"),
                ),
            ),
            world.fires(
                "fires when cAdvisor answers but names nothing",
                (
                    *plan,
                    series("up", flat(1, world.count), job=names.JOB_CADVISOR, instance="cadvisor:8080", server="main"),
                    world.container(_START, flat(7, world.count), "", service=""),
                ),
                late,
                Expected(
                    {"server": "main"},
                    _BLIND.format("main"),
                ),
            ),
        ),
        silent=(
            world.silent("stays silent while containers are named", (*plan, *sees), late),
            world.silent(
                "stays silent while cAdvisor restarts",
                (*plan, world.container(_START, steps((7, 10), (None, 10), (7, world.count - 19)))),
                20 * _MINUTE,
            ),
        ),
    )


def _labels_missing(topology: Topology) -> Alert:
    name = "ContainerLabelsMissing"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    world = World(length=wait + 20 * _MINUTE, thresholds=topology.thresholds)
    late = world.late(wait) + _MINUTE
    bare = _runs(world, "coolify-proxy", service="traefik", resource="")
    return Alert(
        alert=name,
        expr=f"{names.SERVER_LABELS_MISSING} > 0",
        wait=wait,
        severity="critical",
        summary="No container has Coolify's label, so services recognised by it are not monitored.",
        description=_UNLABELLED.format("{{ $value }}", "{{ $labels.server }}"),
        dashboard="overview",
        panel="Services, worst first",
        runbook=Runbook(
            meaning="cAdvisor runs without the flag that exports the labels by which the topology recognises "
            "containers. boxwatch then reports nothing about those services rather than calling all of them down.",
            first_look=("Check cAdvisor's command line in its compose file or systemd unit.",),
            action=(
                (
                    "Start cAdvisor with `--store_container_labels=false --whitelisted_container_labels="
                    "coolify.resourceName,coolify.projectName,coolify.environmentName,coolify.pullRequestId,"
                    "com.docker.compose.service`."
                ),
            ),
            false_alarms="A server whose planned services are recognised by a label, but where neither Coolify nor "
            "compose has started anything yet: it looks the same.",
        ),
        fires=(
            *(
                world.fires(
                    f"fires when containers have names and {'only compose labels' if half else 'no labels'}",
                    # Labels of another job or of a raw cgroup do not count.
                    (
                        *world.service(replicas=1),
                        *bare,
                        *_runs(world, "web-1", job="other"),
                        *_runs(world, "", resource="web-1"),
                        *(_runs(world, "u7-1", service="") if half else ()),
                        *(world.service("stats", identified_by="compose") if half else ()),
                        *(_runs(world, "grafana-u7", service="stats", resource="grafana") if half else ()),
                    ),
                    late,
                    Expected(
                        {"server": "main"},
                        _UNLABELLED.format(3 if half else 1, "main"),
                    ),
                )
                for half in (False, True)
            ),
        ),
        silent=(
            world.silent(
                "stays silent when a planned container has the label",
                (*world.service(), *bare, *_runs(world, "web-1")),
                late,
            ),
            world.silent(
                "stays silent when any container has the label",
                (*world.service(), *bare, *_runs(world, "shop-u1", service="", resource="shop")),
                late,
            ),
            world.silent(
                "stays silent while every service recognised by a label is parked",
                (*world.service(replicas=0), *bare),
                late,
            ),
            world.silent(
                "stays silent where every service is recognised by name",
                (*world.service("traefik", replicas=1, identified_by="name"), *bare),
                late,
            ),
        ),
    )
