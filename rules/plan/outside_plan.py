"""Containers outside the plan."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat
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


def _container(fixtures: Fixtures, gib: float, name: str = "web-1", **labels: str) -> tuple[Series, ...]:
    return (fixtures.container("container_memory_working_set_bytes", flat(gib * GIB, fixtures.count), name, **labels),)


def _outside_plan(topology: Topology) -> Alert:
    name = "ContainerOutsidePlan"
    wait = topology.alerts.wait(name, 60 * _MINUTE)
    fixtures = Fixtures(length=wait + 20 * _MINUTE, thresholds=topology.thresholds, interval=5 * _MINUTE)
    late = fixtures.late(wait)
    used = names.CONTAINER_MEMORY_USED
    return Alert(
        alert=name,
        # By resource where Coolify or compose provides one: it survives deploys, while a container's name does not, so
        # that the hour would start over with each deploy.
        # Without labels every container looks unplanned. The hour begins when the labels are back.
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
        summary="A container outside the plan is running.",
        description="Container {{ or $labels.resource $labels.name }} on {{ $labels.server }} is not in the plan"
        " and uses {{ $value | humanize1024 }}B of memory.",
        dashboard="capacity",
        panel="Containers outside the plan",
        runbook=Runbook(
            meaning="No line of the topology accounts for this container: a forgotten experiment, a pull request's "
            "preview, an unplanned new service, or a planned one whose selector does not match.",
            first_look=("`docker ps` on the server, and Coolify's list of resources: what is it?",),
            action=(
                "It is not needed: remove it.",
                "It is needed: add it to the topology, with its RAM.",
                "It belongs to a planned service: correct that service's `containers` selector.",
            ),
            false_alarms="Long-lived previews of pull requests, and proxies for public database ports.",
        ),
        fires=(
            fixtures.fires(
                "fires for a forgotten container and, once per resource, for an unplanned Coolify resource",
                (
                    *_container(fixtures, 1),
                    *_container(fixtures, 0.5, "adminer", service="", resource=""),
                    *_container(fixtures, 0.25, "abc-1", service="", resource="shop"),
                    *_container(fixtures, 0.25, "abc-2", service="", resource="shop"),
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
            fixtures.silent(
                "stays silent for planned containers, with or without a resource",
                (*_container(fixtures, 1), *_container(fixtures, 1, "coolify", service="coolify", resource="")),
                late,
            ),
            fixtures.silent(
                "stays silent for a container that uses no memory yet",
                _container(fixtures, 0, "job", service="", resource=""),
                late,
            ),
            fixtures.silent(
                "stays silent for Coolify's build containers",
                _container(fixtures, 1, "x7k2", service="", resource=names.BUILD_RESOURCE),
                late,
            ),
            fixtures.silent(
                "stays silent while the labels that identify planned containers are missing",
                (
                    *fixtures.service(),
                    fixtures.container(
                        "container_start_time_seconds", flat(7, fixtures.count), "u1", service="", resource=""
                    ),
                    *_container(fixtures, 1, "u1", service="", resource=""),
                ),
                late,
            ),
            *fixtures.not_yet(
                "stays silent for a one-off job that ends before the wait is over",
                _container(fixtures, 1, "backup", service="", resource=""),
                wait,
            ),
        ),
    )
