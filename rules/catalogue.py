"""Every subject, in the order of triage: recorded series, outages, saturation, the plan."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from boxwatch.rules import available, healthy_day, never_worked, tuning, worked
from boxwatch.rules.built import Built
from boxwatch.rules.containers import container_health, container_visibility, docker_engine
from boxwatch.rules.coolify import coolify_system
from boxwatch.rules.host import host, host_clock, host_disk, host_load, host_memory, host_state
from boxwatch.rules.memory import memory, memory_budget, memory_limit, memory_trend
from boxwatch.rules.model import Subject
from boxwatch.rules.monitoring import grafana, monitoring, scraping, watchdog
from boxwatch.rules.plan import memory_plan, outside_plan, plan
from boxwatch.rules.probes import exposure, probes
from boxwatch.rules.proofs import deploys, promtool
from boxwatch.rules.replicas import replica_health, replica_stability, replicas
from boxwatch.rules.requests import requests, service_requests
from boxwatch.rules.rule_file import rule_file
from boxwatch.rules.runbook import Page, book, pages
from boxwatch.rules.slo import slo, slo_burn
from boxwatch.rules.systems import SYSTEMS
from boxwatch.rules.traefik import traefik, traefik_routes
from boxwatch.topology.load import Loaded
from boxwatch.topology.model import Topology

Make = Callable[[Topology], Subject | None]

SUBJECTS: tuple[Make, ...] = (
    plan.subject,
    replicas.subject,
    memory.subject,
    host.subject,
    requests.subject,
    slo.subject,
    worked.subject,
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
    never_worked.subject,
    scraping.subject,
    monitoring.subject,
    grafana.subject,
    watchdog.subject,
)


def build(topology: Topology) -> Built:
    """The rules of a topology. Each subject is made once; those of absent systems are left out.

    Raises:
        TopologyError: `alerts.rules` names an unknown alert, or changes something that the alert does not support.
    """
    tuning.refuse(tuning.issues(topology, SUBJECTS), None, topology.name)
    made = [(make, subject) for make in SUBJECTS if (subject := make(topology)) is not None]
    tuned = tuple(one for make, subject in made if (one := tuning.apply(topology, make, subject)) is not None)
    thresholds = {
        alert.alert: alert.threshold for _, subject in made for alert in subject.alerts if alert.threshold is not None
    }
    left = available.available(topology, tuned)
    return Built(
        topology,
        left,
        MappingProxyType(thresholds),
        scraped=available.jobs(topology),
        recorded=available.recorded(left),
        incomplete=not available.is_complete(topology),
    )


def subjects(topology: Topology) -> tuple[Subject, ...]:
    """The subjects of a topology, with its overrides applied.

    Raises:
        TopologyError: as for `build`.
    """
    return build(topology).subjects


def check(loaded: Loaded) -> None:
    """Validate `alerts.rules` of a file against the existing alerts.

    Raises:
        TopologyError: every issue, with its place.
    """
    tuning.refuse(tuning.issues(loaded.topology, SUBJECTS), loaded.places, loaded.source)


def files(built: Built) -> dict[str, bytes]:
    """Path → content: rule files, their promtool tests and the runbooks."""
    return {**rule_files(built), **test_files(built), **runbook_files(built)}


def rule_files(built: Built) -> dict[str, bytes]:
    """Path → content of the rule files, one per subject."""
    return {f"prometheus/rules/{subject.id}.yaml": rule_file(built.topology, subject) for subject in built.subjects}


def test_files(built: Built) -> dict[str, bytes]:
    """Path → content of the proofs of all rules, as promtool tests next to the rule files."""
    topology, made = built.topology, built.subjects
    by_id = {subject.id: subject for subject in made}
    found = {
        name: content
        for subject in made
        for name, content in promtool.test_files(
            topology, subject, tuple(by_id[name] for name in subject.reads)
        ).items()
    }
    if concerned := healthy_day.concerned(made):
        found["ordinary-1m.yaml"] = promtool.everything_file(topology, concerned, healthy_day.days(topology, made))
    found["everything-30s.yaml"] = promtool.everything_file(topology, made, deploys.healthy_days(topology))
    return {f"prometheus/tests/{name}": content for name, content in found.items()}


def runbook_files(built: Built) -> dict[str, bytes]:
    """Path → content of the runbook pages, one per alert name, and of their index."""
    return {f"runbooks/{name}": content for name, content in pages(built.topology, built.subjects).items()}


def runbooks(built: Built) -> dict[str, Page]:
    """Alert name → runbook page, in the order of triage."""
    return book(built.topology, built.subjects)
