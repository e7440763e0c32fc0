"""Replica health: services that are down, short of replicas, or run too many."""

from __future__ import annotations

import math

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Subject
from boxwatch.rules.patterns import consequence
from boxwatch.rules.patterns.fragments import SERVICE, counted, expr, one_or_many, planned
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.proofs import deploys
from boxwatch.rules.proofs.fixtures import Fixtures, of_service
from boxwatch.rules.replicas import replica_health_proofs
from boxwatch.topology import fields
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

ID = "replica_health"

_MINUTE = 60
# Half of the shortest window that holds four scrapes at an interval of a minute.
SHORTEST_GRACE = 120
# Each evaluation reads a window of twice the grace; the topology accepts no longer grace either.
LONGEST_GRACE = fields.LONGEST_GRACE
_INSTEAD = "it counts four scrapes or more, so that a restarted cAdvisor is no outage: write 2m or longer, at most 2h"
_START = "container_start_time_seconds"
_PLANNED = planned(names.COMPONENT_REPLICAS_DESIRED, names.BY_COMPONENT)


def subject(topology: Topology) -> Subject:
    """Alerts on the number of running replicas."""
    return Subject(
        id=ID,
        title="Replica health",
        groups=(
            Group(
                name="replica-health",
                rules=(
                    *_down(topology),
                    _missing(topology),
                    _extra(topology),
                ),
            ),
        ),
        reads=("replicas",),
    )


def _within_reason(grace: int) -> int:
    return min(max(grace, SHORTEST_GRACE), LONGEST_GRACE)


def _for_most_of(condition: str, grace: int, interval: int) -> tuple[str, str]:
    """A condition as a range over twice the grace, and the number of samples that add up to the grace.

    In a crash loop, one scrape in ten shows the container (Docker delays each restart by up to a minute, and cAdvisor
    sees the container for seconds; measured). Each glimpse would restart a plain `for`, so that the alert would flap.
    Counting samples ignores such glimpses.
    """
    interval = replica_health_proofs.counted_every(grace, interval)
    window = f"[{format_duration(2 * grace)}:{format_duration(interval)}]"
    return f"({condition}){window}", str(math.ceil(grace / interval) + 1)


def _down(topology: Topology) -> tuple[Alert, Alert]:
    grace = _within_reason(topology.alerts.wait("ServiceDown", topology.alerts.outage_grace))
    down, enough = _for_most_of(f"{names.COMPONENT_REPLICAS_RUNNING} == 0", grace, topology.scrape_interval)
    page_fires, page_silent = replica_health_proofs.down(topology, grace, pages=True)
    ticket_fires, ticket_silent = replica_health_proofs.down(topology, grace, pages=False)
    return by_paging(
        Alert(
            alert="ServiceDown",
            expr=expr(f"""
                count_over_time({down}) >= {enough}
                and on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED} > 0
            """)
            + f"\n{consequence.told_already('ServiceCrashLooping', 'ServiceDown')}",
            wait=0,
            severity="critical",
            summary="A service or one of its components has no running container.",
            description=f"No container of {SERVICE} is running; planned: {_PLANNED}.",
            dashboard="service",
            panel="Replicas running",
            runbook=Runbook(
                meaning="All replicas are gone, or the service never started. cAdvisor works and sees other "
                "containers of the server, so this is not a gap in monitoring.",
                first_look=(
                    "Coolify, the resource's page: was a deployment stopped, or did it fail?",
                    "`docker ps -a` on the server: does the container exist, and what is its exit code?",
                    "Are other services down as well? Then check the server and Docker first.",
                ),
                action=(
                    "Start or redeploy the resource in Coolify.",
                    "It exits at once: read its log (`docker logs NAME`), and roll back the last deployment.",
                    (
                        "It has never run since it was planned: compare `containers` of the service in the topology "
                        "with the resource's name in Coolify; *ContainerOutsidePlan* lists what matches no service."
                    ),
                ),
                false_alarms="A deploy without overlap that takes longer than `alerts.outage_grace`: raise it, or give "
                "the application a health check and no fixed port, so that Coolify does rolling deploys.",
            ),
            fires=page_fires,
            silent=page_silent,
            counts=grace,
            instead=_INSTEAD,
        ),
        warning_fires=ticket_fires,
        warning_silent=ticket_silent,
    )


def _missing(topology: Topology) -> Alert:
    grace = _within_reason(topology.alerts.wait("ServiceReplicasMissing", topology.alerts.deploy_grace))
    missing, enough = _for_most_of(
        f"{names.COMPONENT_REPLICAS_DESIRED} - on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_RUNNING} > 0",
        grace,
        topology.scrape_interval,
    )
    fires, silent = replica_health_proofs.missing(topology, grace)
    return Alert(
        alert="ServiceReplicasMissing",
        # The value is the number missing. With a single planned replica, a missing one is an outage: ServiceDown.
        expr=expr(f"""
            ceil(quantile_over_time(0.5, {missing}))
            and on ({names.BY_COMPONENT}) count_over_time({missing}) >= {enough}
            and on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED} > 1
        """),
        wait=0,
        severity="warning",
        summary="A service runs with fewer replicas than planned.",
        description=f"{{{{ $value }}}} of the {_PLANNED} planned replicas of {SERVICE}"
        f" {one_or_many('is', 'are')} not running.",
        dashboard="service",
        panel="Replicas running",
        runbook=Runbook(
            meaning="The service still responds, but with less capacity and less redundancy.",
            first_look=(
                "Coolify: which of the service's resources stopped or failed to deploy?",
                "`docker ps -a` on the server: its exit code (137 means killed, often for lack of memory).",
            ),
            action=(
                "Start or redeploy the missing resource.",
                "If fewer replicas are enough, lower `replicas` in the topology.",
            ),
            false_alarms="Deploys that take longer than `alerts.deploy_grace`: raise it.",
        ),
        fires=fires,
        silent=silent,
        counts=grace,
        instead=_INSTEAD,
    )


def _extra(topology: Topology) -> Alert:
    name = "ServiceReplicasExtra"
    wait = topology.alerts.wait(name, 30 * _MINUTE)
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds, interval=_MINUTE)
    late = fixtures.late(wait) + _MINUTE
    # Twenty minutes of overlap, or as long as the alert tolerates.
    overlap = min(20, fixtures.early(wait) // _MINUTE + 1)
    return Alert(
        alert=name,
        expr=f"{names.COMPONENT_REPLICAS_RUNNING} > on ({names.BY_COMPONENT}) {names.COMPONENT_REPLICAS_DESIRED}",
        wait=wait,
        severity="warning",
        summary="A service runs with more replicas than planned.",
        description=f"{counted('container', 'containers')} of {SERVICE} {one_or_many('is', 'are')} running;"
        f" planned: {_PLANNED}.",
        dashboard="service",
        panel="Replicas running",
        runbook=Runbook(
            meaning="More containers are running than the plan has memory for. Usually a deploy left an old container "
            "behind, which may still serve requests with old code.",
            first_look=("`docker ps` on the server: how old are the service's containers?",),
            action=(
                "Remove the container that the last deploy should have removed.",
                "If the replica was added on purpose, raise `replicas` in the topology and check the total.",
                "Two different services are counted as one: make their `containers` selectors narrower.",
            ),
            false_alarms="None known: a rolling deploy overlaps for minutes. Previews of pull requests do not count.",
        ),
        fires=(
            fixtures.fires(
                "fires when a deploy left an old container behind",
                (*fixtures.service(), *replica_health_proofs.runs(fixtures, "web-1", "web-2", "web-old")),
                late,
                Expected(of_service(), "3 containers of web on main are running; planned: 2."),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent when the planned number runs",
                (*fixtures.service(), *replica_health_proofs.runs(fixtures, "web-1", "web-2")),
                late,
            ),
            *(
                (
                    fixtures.never(
                        "stays silent during minutes of overlap",
                        (
                            *fixtures.service(),
                            *replica_health_proofs.runs(fixtures, "web-1", "web-2"),
                            fixtures.container(_START, f"7x{overlap - 1} stale", "web-old"),
                        ),
                    ),
                )
                if wait
                else ()
            ),
            deploys.rolling(topology),
        ),
    )
