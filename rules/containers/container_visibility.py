"""Whether containers can be seen at all: without that, silence says nothing."""

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


def subject(topology: Topology) -> Subject:
    """Alerts on a cAdvisor that cannot tell."""
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
        doc="Containers of a server on which services are recognised by Coolify's label and none shows it.",
    )


def _measured(topology: Topology) -> Measured:
    world = World(length=20 * _MINUTE, thresholds=topology.thresholds)
    return Measured(
        title="labels are missing where no container shows its resource",
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
            # Recognised by the compose label, which says nothing of Coolify's.
            *world.service(server="fourth"),
            *world.service("stats", server="fourth", identified_by="compose"),
            *_runs(world, "u1", service="stats", server="fourth", resource="stats"),
            # Nothing here is recognised by a label, so none is missed.
            *world.service("stats", server="fifth", identified_by="name"),
            *_runs(world, "u1", service="stats", server="fifth", resource=""),
            # A single replica is enough to be missed, and a parked one is not.
            *world.service(server="bare", replicas=1),
            *_runs(world, "u1", service="", server="bare", resource=""),
            *world.service(server="parked", replicas=0),
            *_runs(world, "u1", service="", server="parked", resource=""),
            # Neither a raw cgroup nor another job shows a label, nor does a container without one.
            *world.service(server="cgroups"),
            *_runs(world, "u1", server="cgroups", service="traefik", resource=""),
            *_runs(world, "", server="cgroups", service="", resource="shop"),
            *_runs(world, "", server="cgroups", resource="web"),
            *_runs(world, "web-1", server="cgroups", job="other"),
            # Called like each other's resource.
            *world.service(server="crossed"),
            *_runs(world, "a", server="crossed", service="", resource="b"),
            *_runs(world, "b", server="crossed", service="", resource="a"),
            # What is recognised by its name shows no label; another does, and so does its namesake on another server.
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
        # Against the plan and not against `up`, which is not there for a server that was never configured or was
        # taken out by mistake.
        expr=expr(f"""
            {names.SERVER_MEMORY_PLAN} > 0
            unless on ({names.BY_SERVER}) {named_containers()}
        """),
        wait=wait,
        severity="critical",
        summary="Nothing is known of a server's containers, so no outage there would be reported.",
        description="cAdvisor on {{ $labels.server }} is not scraped or names no container: RAM and replicas there are"
        " not watched.",
        dashboard="overview",
        panel="Services, worst first",
        runbook=Runbook(
            meaning="Prometheus has had no container metrics of a planned server for ten minutes. Alerts on RAM and "
            "replicas of that server stay silent, whatever happens there.",
            first_look=(
                "Prometheus, page *Targets*, job cadvisor: what is the error?",
                "`docker ps` on the server: does cAdvisor run? Does the server answer at all?",
                (
                    "The target is up: `curl HOST:8080/metrics | grep container_start_time_seconds`. Names are empty "
                    "when cAdvisor cannot talk to Docker, for one before 0.54 with Docker 29's containerd image store."
                ),
            ),
            action=(
                "Start cAdvisor, or restart it: once it could not talk to Docker, it does not try again.",
                "Give it /var/run and /var/lib/docker read-only; use version 0.57 or newer.",
                "The server is gone for good: take it out of the topology.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            world.fires(
                "fires for the server without container metrics, and not for the other",
                # What another job says of its containers is not cAdvisor's view.
                (*both, *sees, series(_START, flat(7, world.count), job="other", server="second", name="web-1")),
                late,
                Expected(
                    {"server": "second"},
                    "cAdvisor on second is not scraped or names no container: RAM and replicas there are not watched.",
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
                    "cAdvisor on main is not scraped or names no container: RAM and replicas there are not watched.",
                ),
            ),
        ),
        silent=(
            world.silent("is silent while containers are named", (*plan, *sees), late),
            world.silent(
                "is silent while cAdvisor restarts",
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
        summary="No container shows Coolify's label, so services recognised by it are not watched.",
        description="None of the {{ $value }} containers on {{ $labels.server }} shows the label coolify.resourceName:"
        " services recognised by it are not watched.",
        dashboard="overview",
        panel="Services, worst first",
        runbook=Runbook(
            meaning="cAdvisor runs without the flag that exports the labels by which the topology recognises "
            "containers. boxwatch then says nothing of those services rather than calling all of them down.",
            first_look=("cAdvisor's command line in its compose file or unit.",),
            action=(
                (
                    "Start cAdvisor with `--store_container_labels=false --whitelisted_container_labels="
                    "coolify.resourceName,coolify.projectName,coolify.environmentName,coolify.pullRequestId,"
                    "com.docker.compose.service`."
                ),
            ),
            false_alarms="A server on which nothing was started by Coolify or compose, with services that are to be "
            "recognised by a label: there is nothing to tell the two apart.",
        ),
        fires=(
            *(
                world.fires(
                    f"fires when names are there and {'only compose labels' if half else 'no labels'}",
                    # What another job shows, or a raw cgroup has, is no label of a container that cAdvisor names.
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
                        f"None of the {3 if half else 1} containers on main shows the label coolify.resourceName:"
                        " services recognised by it are not watched.",
                    ),
                )
                for half in (False, True)
            ),
        ),
        silent=(
            world.silent(
                "is silent when a container of the plan shows a label",
                (*world.service(), *bare, *_runs(world, "web-1")),
                late,
            ),
            world.silent(
                "is silent when any container shows a label",
                (*world.service(), *bare, *_runs(world, "shop-u1", service="", resource="shop")),
                late,
            ),
            world.silent(
                "is silent while every service that a label recognises is parked",
                (*world.service(replicas=0), *bare),
                late,
            ),
            world.silent(
                "is silent where names alone recognise the services",
                (*world.service("traefik", replicas=1, identified_by="name"), *bare),
                late,
            ),
        ),
    )
