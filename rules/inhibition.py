"""Alertmanager's inhibition rules: alerts that are not sent while their cause is firing.

Only critical alerts inhibit critical ones. A warning may be muted or switched off, and then nobody would be notified of
either. Every rule lists the labels that must be equal on cause and consequence, and only alerts of the deployment, so
that none inhibits more than intended.
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
        sources: the inhibiting alerts, by name.
        severity: severity of the sources.
        matchers: further matchers of the sources.
        targets: the inhibited alerts, by name.
        severities: severities of the targets.
        but: further matchers of the targets.
        equal: labels that must be equal on both.
    """

    sources: tuple[str, ...]
    severity: str
    matchers: tuple[str, ...]
    targets: tuple[str, ...]
    severities: tuple[str, ...]
    but: tuple[str, ...]
    equal: tuple[str, ...]

    def config(self, ours: Mapping[str, str] = MappingProxyType({})) -> dict[str, object]:
        """The rule as an entry of `inhibit_rules`.

        Args:
            ours: labels that all alerts of the deployment carry.
        """
        both = [f'{label}="{value}"' for label, value in ours.items()]
        return {
            "source_matchers": [*both, _named(self.sources), f'severity="{self.severity}"', *self.matchers],
            "target_matchers": [*both, _named(self.targets), f'severity=~"{"|".join(self.severities)}"', *self.but],
            "equal": list(self.equal),
        }


# Severities that an alert of a severity inhibits.
_SILENCED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"critical": ("critical", "warning", "info"), "warning": ("warning", "info")}
)
_SEEN_BY_CADVISOR: Final = (
    "replica_health", "replica_stability", "container_health", "memory_limit", "memory_budget", "memory_trend",
    "outside_plan", "ServerMemoryPlanExceeded", "ServerMemoryOverheadExceeded",
)  # fmt: skip
_REQUESTS: Final = ("service_requests", "slo_burn")
_PER_SERVER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        names.JOB_NODE: ("host_memory", "host_disk", "host_load", "host_state", "host_clock"),
        names.JOB_DOCKER: ("docker_engine",),
    }
)
_STACK: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {names.JOB_GRAFANA: ("grafana",), names.JOB_BLACKBOX: ("probes", "exposure")}
)
# Systems that report on themselves, and systems that report on others.
_BACKING_SERVICES = tuple(system for system in SYSTEMS if not system.kind.about_others)
_OBSERVERS = tuple(system for system in SYSTEMS if system.kind.about_others)
# Of two alerts on the same problem, the worse one is enough.
_WORSE: Final = (
    Cause(("HostMemoryCritical",), ("HostMemoryLow",), SERVER),
    Cause(("HostMemoryThrashing",), ("HostMemoryStalled", "HostSwapThrashing"), SERVER),
    Cause(("HostDiskCritical",), ("HostDiskLow", "HostDiskFilling"), (names.SERVER, names.DEVICE)),
    Cause(("HostInodesCritical",), ("HostInodesLow",), (names.SERVER, names.DEVICE)),
    Cause(("HostConntrackFull",), ("HostConntrackNearLimit",), SERVER),
    *(cause for system in _BACKING_SERVICES for cause in system.worse),
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
    *(cause for system in _OBSERVERS for cause in system.worse),
)


def causes(topology: Topology) -> tuple[Cause, ...]:
    """All causes with their consequences, whether or not the deployment has these alerts."""
    proxies = "|".join(service.name for service in topology.services_of("traefik"))
    backing = tuple(subject for system in _BACKING_SERVICES for subject in system.kind.rules)
    return (
        *_WORSE,
        Cause(
            ("ServiceDown",),
            (*_REQUESTS, *backing, "replica_stability", "ServiceReplicasMissing", "ProbeFailed", "ProbeNeverSucceeded",
             "ProbeSlow", "PortUnanswered", "TraefikMetricsAbsent", "TargetDown", "TargetNeverUp",
             "ServiceNeverReached", "ScrapeSlow"),
            SERVICE,
        ),
        # Of a service whose crash loop pages first, ServiceDown is silent.
        Cause(
            ("ServiceCrashLooping",),
            (*_REQUESTS, "ServiceReplicasMissing", "TraefikMetricsAbsent", "TargetDown", "ScrapeSlow", "ProbeSlow"),
            SERVICE,
        ),
        # Without the proxy, no service on its server can be reached.
        *(
            [
                Cause(
                    ("ServiceDown",), (*_REQUESTS, "ProbeFailed", "ProbeNeverSucceeded", "ProbeSlow"), SERVER,
                    (f'service=~"{proxies}"',),
                )
            ]
            if proxies
            else []
        ),
        *(Cause(system.kind.down, system.kind.rules, SERVICE) for system in _BACKING_SERVICES if system.kind.down),
        # A blind cAdvisor makes others report falsely.
        Cause(("ContainerMetricsMissing", "ContainerLabelsMissing"), _SEEN_BY_CADVISOR, SERVER),
        # On a server other than Prometheus' own: most likely the whole server is down.
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
        *(_unseen(job, system.kind.rules, SERVICE) for system in _BACKING_SERVICES for job in system.kind.jobs),
        *(_unseen(job, subjects, SERVER) for job, subjects in _PER_SERVER.items()),
        *(
            _unseen(job, (*system.kind.rules, *system.silences), SERVER)
            for system in _OBSERVERS
            for job in system.kind.jobs
        ),
        *(_unseen(job, subjects, SERVER) for job, subjects in _STACK.items()),
        Cause(("ProberDown",), ("probes", "exposure"), SERVER),
        *(cause for system in SYSTEMS for cause in system.blinds),
    )  # fmt: skip


def _unseen(job: str, subjects: tuple[str, ...], equal: tuple[str, ...]) -> Cause:
    """The consequences of a job's target being down: nothing is known of these subjects."""
    return Cause(("TargetDown", "TargetNeverUp"), subjects, equal, (f'job="{job}"',))


def inhibitions(topology: Topology, subjects: Iterable[Subject]) -> tuple[Inhibition, ...]:
    """The inhibition rules of a deployment with these alerts."""
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
    """A critical alert inhibits the warning of the same name if all identifying labels are equal."""
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
