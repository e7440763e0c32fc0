"""Every subject, in the order of triage: what is recorded, then outages, then saturation, then the plan."""

from __future__ import annotations

from collections.abc import Callable

from boxwatch.rules import (
    container_health,
    container_visibility,
    coolify_system,
    deploys,
    docker_engine,
    exposure,
    grafana,
    host,
    host_clock,
    host_disk,
    host_load,
    host_memory,
    host_state,
    memory,
    memory_budget,
    memory_limit,
    memory_plan,
    memory_trend,
    monitoring,
    ordinary,
    outside_plan,
    overlay,
    plan,
    probes,
    replica_health,
    replica_stability,
    replicas,
    requests,
    scraping,
    service_requests,
    slo,
    slo_burn,
    traefik,
    traefik_routes,
    watchdog,
)
from boxwatch.rules.model import Subject
from boxwatch.rules.promtool import everything_file, test_files
from boxwatch.rules.rule_file import rule_file
from boxwatch.rules.runbook import Page, book, pages
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.load import Loaded
from boxwatch.topology.model import Topology

SUBJECTS: tuple[Callable[[Topology], Subject | None], ...] = (
    plan.subject,
    replicas.subject,
    memory.subject,
    host.subject,
    requests.subject,
    slo.subject,
    replica_health.subject,
    docker_engine.subject,
    container_visibility.subject,
    replica_stability.subject,
    container_health.subject,
    host_memory.subject,
    host_disk.subject,
    host_load.subject,
    host_state.subject,
    host_clock.subject,
    traefik.subject,
    service_requests.subject,
    slo_burn.subject,
    memory_limit.subject,
    memory_budget.subject,
    memory_trend.subject,
    memory_plan.subject,
    outside_plan.subject,
    traefik_routes.subject,
    *(make for system in SYSTEMS if not system.kind.about_others for make in system.subjects),
    probes.subject,
    exposure.subject,
    *coolify_system.SYSTEM.subjects,
    scraping.subject,
    monitoring.subject,
    grafana.subject,
    watchdog.subject,
)


def subjects(topology: Topology) -> tuple[Subject, ...]:
    """The subjects of a topology, as it wants them; those of systems that it does not have are left out.

    Raises:
        TopologyError: `alerts.rules` names what there is not, or changes what an alert does not take.
    """
    overlay.refuse(overlay.mistakes(topology, SUBJECTS), None, topology.name)
    return tuple(subject for make in SUBJECTS if (subject := overlay.apply(topology, make)) is not None)


def check(loaded: Loaded) -> None:
    """Hold `alerts.rules` of a file against the alerts that there are.

    Raises:
        TopologyError: every mistake, with its place.
    """
    overlay.refuse(overlay.mistakes(loaded.topology, SUBJECTS), loaded.places, loaded.source)


def runbooks(topology: Topology) -> dict[str, Page]:
    """Alert name → what is told of it, in the order of triage.

    Raises:
        TopologyError: as `subjects`.
    """
    return book(topology, subjects(topology), overlay.patient(topology, SUBJECTS))


def files(topology: Topology) -> dict[str, bytes]:
    """Path → content: rule files, their promtool tests and the runbooks."""
    made = subjects(topology)
    by_id = {subject.id: subject for subject in made}
    return {
        **{f"prometheus/rules/{subject.id}.yaml": rule_file(topology, subject) for subject in made},
        **{
            f"prometheus/tests/{name}": content
            for subject in made
            for name, content in test_files(topology, subject, tuple(by_id[name] for name in subject.reads)).items()
        },
        **_ordinary(topology, made),
        "prometheus/tests/everything-30s.yaml": everything_file(topology, made, deploys.ordinary_days(topology)),
        **{
            f"runbooks/{name}": content
            for name, content in pages(topology, made, overlay.patient(topology, SUBJECTS)).items()
        },
    }


def _ordinary(topology: Topology, made: tuple[Subject, ...]) -> dict[str, bytes]:
    concerned = ordinary.concerned(made)
    if not concerned:
        return {}
    return {"prometheus/tests/ordinary-1m.yaml": everything_file(topology, concerned, ordinary.days(topology, made))}
