"""What is not told because its cause is: Alertmanager's inhibition rules.

A critical alert is silenced by critical ones only. A warning may be in a quiet time, or tuned away, and then nobody
would be told of either. Every rule names the labels in which cause and consequence agree, and only alerts of the
deployment, so that none silences more than was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from boxwatch.rules import names
from boxwatch.rules.model import Subject
from boxwatch.rules.patterns.system import CONTAINER, SERVER, SERVICE, Cause
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True)
class Inhibition:
    """One of Alertmanager's inhibition rules.

    Attributes:
        sources: the alerts that silence, by name.
        severity: of the sources.
        matchers: what else is true of the sources.
        targets: the alerts that are silenced, by name.
        severities: of the targets.
        but: what else is true of the targets.
        equal: labels in which both agree.
    """

    sources: tuple[str, ...]
    severity: str
    matchers: tuple[str, ...]
    targets: tuple[str, ...]
    severities: tuple[str, ...]
    but: tuple[str, ...]
    equal: tuple[str, ...]

    def config(self) -> dict[str, object]:
        """As an entry of `inhibit_rules`."""
        return {
            "source_matchers": [_named(self.sources), f'severity="{self.severity}"', *self.matchers],
            "target_matchers": [_named(self.targets), f'severity=~"{"|".join(self.severities)}"', *self.but],
            "equal": list(self.equal),
        }


# What an alert of a severity silences.
_SILENCED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"critical": ("critical", "warning", "info"), "warning": ("warning", "info")}
)
_SEEN_BY_CADVISOR: Final = (
    "replica_health", "replica_stability", "container_health", "memory_limit", "memory_budget", "memory_trend",
    "outside_plan", "ServerMemoryPlanExceeded", "ServerMemoryOverheadExceeded",
)  # fmt: skip
_REQUESTS: Final = ("service_requests", "slo_burn")
_MACHINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        names.JOB_NODE: ("host_memory", "host_disk", "host_load", "host_state", "host_clock"),
        names.JOB_DOCKER: ("docker_engine",),
    }
)
_STACK: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {names.JOB_GRAFANA: ("grafana",), names.JOB_BLACKBOX: ("probes", "exposure")}
)
# What a service tells of itself, and what one tells of others.
_ENGINES = tuple(system for system in SYSTEMS if not system.kind.about_others)
_WATCHERS = tuple(system for system in SYSTEMS if system.kind.about_others)
# The worse one says it all.
_WORSE: Final = (
    Cause(("HostMemoryCritical",), ("HostMemoryLow",), SERVER),
    Cause(("HostMemoryThrashing",), ("HostMemoryStalled", "HostSwapThrashing"), SERVER),
    Cause(("HostDiskCritical",), ("HostDiskLow", "HostDiskFilling"), (names.SERVER, names.DEVICE)),
    Cause(("HostInodesCritical",), ("HostInodesLow",), (names.SERVER, names.DEVICE)),
    Cause(("HostConntrackFull",), ("HostConntrackNearLimit",), SERVER),
    *(cause for system in _ENGINES for cause in system.worse),
    Cause(("CertificateExpiring",), ("CertificateNotRenewed",), (*SERVICE, "instance")),
    Cause(("AvailabilityBudgetBurnsFast",), ("AvailabilityBudgetBurnsSlowly",), SERVICE),
    Cause(("LatencyBudgetBurnsFast",), ("LatencyBudgetBurnsSlowly", "ServiceLatencyHigh"), SERVICE),
    Cause(("ServiceErrorsHigh",), ("AvailabilityBudgetBurnsFast", "AvailabilityBudgetBurnsSlowly"), SERVICE),
    # A URL that fails is what users see of these, and it is seen first (boxwatch.rules.patterns.consequence).
    Cause(
        ("ProbeFailed",), ("ServiceAllReplicasUnhealthy", "ServiceErrorsHigh", "AvailabilityBudgetBurnsFast"), SERVICE
    ),
    Cause(("ServiceAllReplicasUnhealthy", "ServiceCrashLooping"), ("ContainerUnhealthy",), SERVICE),
    Cause(("ContainerMemoryNearLimit",), ("ContainerMemoryNearBudget", "ContainerMemoryOverBudget"), CONTAINER),
    Cause(("ContainerMemoryOverBudget",), ("ContainerMemoryNearBudget",), CONTAINER),
    *(cause for system in _WATCHERS for cause in system.worse),
)


def causes(topology: Topology) -> tuple[Cause, ...]:
    """What explains what, whether or not the deployment has the alerts."""
    proxies = "|".join(service.name for service in topology.services_of("traefik"))
    engines = tuple(subject for system in _ENGINES for subject in system.kind.rules)
    return (
        *_WORSE,
        Cause(
            ("ServiceDown",),
            (*_REQUESTS, *engines, "replica_stability", "ServiceReplicasMissing", "ProbeFailed", "ProbeSlow",
             "PortUnanswered", "TraefikMetricsAbsent", "TargetDown", "TargetNeverUp", "ServiceNeverReached",
             "ScrapeSlow"),
            SERVICE,
        ),
        # Without the proxy no service of its server answers anybody.
        *(
            [Cause(("ServiceDown",), (*_REQUESTS, "ProbeFailed", "ProbeSlow"), SERVER, (f'service=~"{proxies}"',))]
            if proxies
            else []
        ),
        *(Cause(system.kind.down, system.kind.rules, SERVICE) for system in _ENGINES if system.kind.down),
        # Who cannot see reports what is not so.
        Cause(("ContainerMetricsMissing", "ContainerLabelsMissing"), _SEEN_BY_CADVISOR, SERVER),
        # Of a server that Prometheus does not run on: then it is the server, most likely.
        *(
            [
                Cause(
                    ("TargetDown",), ("TargetDown", "ScrapeSlow"), SERVER,
                    (f'job="{names.JOB_NODE}"', f'server!="{topology.home.name}"'), (f'job!="{names.JOB_NODE}"',),
                )
            ]
            if len(topology.servers) > 1
            else []
        ),
        *(_unseen(job, system.kind.rules, SERVICE) for system in _ENGINES for job in system.kind.jobs),
        *(_unseen(job, subjects, SERVER) for job, subjects in _MACHINES.items()),
        *(
            _unseen(job, (*system.kind.rules, *system.silences), SERVER)
            for system in _WATCHERS
            for job in system.kind.jobs
        ),
        *(_unseen(job, subjects, SERVER) for job, subjects in _STACK.items()),
        Cause(("ProberDown",), ("probes", "exposure"), SERVER),
        *(cause for system in SYSTEMS for cause in system.blinds),
    )  # fmt: skip


def _unseen(job: str, subjects: tuple[str, ...], equal: tuple[str, ...]) -> Cause:
    """What cannot be told while the target of a job does not answer."""
    return Cause(("TargetDown", "TargetNeverUp"), subjects, equal, (f'job="{job}"',))


def inhibitions(topology: Topology, subjects: Iterable[Subject]) -> tuple[Inhibition, ...]:
    """What is silenced by what in a deployment with these alerts."""
    severities: dict[str, set[str]] = {}
    labels: dict[str, set[str]] = {}
    by_subject: dict[str, list[str]] = {}
    for subject in subjects:
        by_subject[subject.id] = [alert.alert for alert in subject.alerts]
        for alert in subject.alerts:
            severities.setdefault(alert.alert, set()).add(alert.severity)
            told_apart = labels.setdefault(alert.alert, set())
            told_apart.update(*(expected.labels for case in alert.fires for expected in case.expects))
    return (
        *_own(severities, labels),
        *(one for cause in causes(topology) for one in _of_cause(cause, severities, by_subject)),
    )


def _own(severities: Mapping[str, set[str]], labels: Mapping[str, set[str]]) -> Iterator[Inhibition]:
    """A critical alert silences the warning of the same name, where every label that tells them apart agrees."""
    alerts = tuple(name for name, known in severities.items() if "critical" in known and known & {"warning", "info"})
    if alerts:
        equal = ("alertname", *sorted(set().union(*(labels[name] for name in alerts))))
        yield Inhibition(alerts, "critical", (), alerts, ("warning", "info"), (), equal)


def _of_cause(
    cause: Cause, severities: Mapping[str, set[str]], by_subject: Mapping[str, list[str]]
) -> Iterator[Inhibition]:
    expanded = [name for each in cause.consequences for name in by_subject.get(each, [each])]
    targets = [
        name for name in dict.fromkeys(expanded) if name in severities and (cause.but or name not in cause.alerts)
    ]
    for severity, silenced in _SILENCED.items():
        sources = tuple(name for name in cause.alerts if severity in severities.get(name, ()))
        reached = tuple(name for name in targets if severities[name] & set(silenced))
        if sources and reached:
            yield Inhibition(sources, severity, cause.matchers, reached, silenced, cause.but, cause.equal)


def _named(alerts: tuple[str, ...]) -> str:
    return f'alertname="{alerts[0]}"' if len(alerts) == 1 else f'alertname=~"{"|".join(alerts)}"'
