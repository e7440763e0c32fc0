"""What runs and nobody planned."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import World, flat
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

ID = "outside_plan"

_MINUTE = 60


def subject(topology: Topology) -> Subject:
    """The alert on containers outside the plan."""
    return Subject(
        id=ID,
        title="Outside the plan",
        groups=(Group(name="outside-plan", rules=(_outside_plan(topology),)),),
        reads=("memory", "container_visibility"),
    )


def _container(world: World, gib: float, name: str = "web-1", **labels: str) -> tuple[Series, ...]:
    return (world.container("container_memory_working_set_bytes", flat(gib * GIB, world.count), name, **labels),)


def _outside_plan(topology: Topology) -> Alert:
    name = "ContainerOutsidePlan"
    wait = topology.alerts.wait(name, 60 * _MINUTE)
    world = World(length=wait + 20 * _MINUTE, thresholds=topology.thresholds, interval=5 * _MINUTE)
    late = world.late(wait)
    used = names.CONTAINER_MEMORY_USED
    return Alert(
        alert=name,
        # By resource where Coolify or compose gives one: it stays the same through deploys, a container's name does
        # not, and the hour would start again with each deploy.
        # Without their labels all containers look unplanned. When the labels come back the hour begins then.
        expr=expr(f"""
            (
              sum by ({names.BY_SERVER}, {names.RESOURCE}) (
                {used}{{service="",resource!="",resource!="{names.BUILD_RESOURCE}"}}
              )
              or
              sum by ({names.BY_SERVER}, {names.NAME}) ({used}{{service="",resource=""}})
            ) > 0
        """)
        + f"\nunless on ({names.BY_SERVER}) {names.SERVER_LABELS_MISSING}",
        wait=wait,
        severity="info",
        summary="A container runs that is not in the plan.",
        description="Container {{ or $labels.resource $labels.name }} on {{ $labels.server }} is not in the plan"
        " and uses {{ $value | humanize1024 }}B of memory.",
        dashboard="capacity",
        panel="Containers outside the plan",
        runbook=Runbook(
            meaning="Something runs that no line of the topology accounts for: a forgotten experiment, a preview of a "
            "pull request, a new service that nobody planned, or a planned one whose selector does not match.",
            first_look=("`docker ps` on the server; Coolify's list of resources.",),
            action=(
                "Remove what is not needed.",
                "Add what is needed to the topology, with its RAM.",
                "It belongs to a planned service: correct the `containers` selector of that service.",
            ),
            false_alarms="Previews of pull requests that are kept for long, and proxies for public database ports.",
        ),
        fires=(
            world.fires(
                "fires for a forgotten container and for an unplanned Coolify resource, by resource",
                (
                    *_container(world, 1),
                    *_container(world, 0.5, "adminer", service="", resource=""),
                    *_container(world, 0.25, "abc-1", service="", resource="shop"),
                    *_container(world, 0.25, "abc-2", service="", resource="shop"),
                ),
                late,
                Expected(
                    {"server": "main", "name": "adminer"},
                    "Container adminer on main is not in the plan and uses 512MiB of memory.",
                ),
                Expected(
                    {"server": "main", "resource": "shop"},
                    "Container shop on main is not in the plan and uses 512MiB of memory.",
                ),
            ),
        ),
        silent=(
            world.silent(
                "is silent for planned containers, with a resource and without",
                (*_container(world, 1), *_container(world, 1, "coolify", service="coolify", resource="")),
                late,
            ),
            world.silent(
                "is silent for a container that holds no memory yet",
                _container(world, 0, "job", service="", resource=""),
                late,
            ),
            world.silent(
                "is silent for Coolify's build containers",
                _container(world, 1, "x7k2", service="", resource=names.BUILD_RESOURCE),
                late,
            ),
            world.silent(
                "is silent while the labels are missing by which planned containers are recognised",
                (
                    *world.service(),
                    world.container(
                        "container_start_time_seconds", flat(7, world.count), "u1", service="", resource=""
                    ),
                    *_container(world, 1, "u1", service="", resource=""),
                ),
                late,
            ),
            *world.not_yet(
                "is silent for a one-off job that ends in time",
                _container(world, 1, "backup", service="", resource=""),
                wait,
            ),
        ),
    )
