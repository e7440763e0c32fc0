"""The scenarios, made for a topology: each with what happens and exactly what must be notified."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from boxwatch.errors import InputError
from boxwatch.simulation.faults import Fault, Kind
from boxwatch.simulation.scenario import Expected, Scenario
from boxwatch.simulation.slots import Slot, slots
from boxwatch.topology.model import Topology

MINUTE: Final = 60.0
# Before anything goes wrong: every rate has its window, every target has been scraped.
CALM: Final = 3 * MINUTE
CRITICAL, WARNING, INFO = "critical", "warning", "info"


class _Stage:
    """The parts of a topology that scenarios need.

    Raises:
        InputError: it lacks one.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.slots = slots(topology)

    @property
    def server(self) -> str:
        return self.topology.home.name

    def application(self, *, replicas: int = 1) -> tuple[Slot, ...]:
        """The places of an application that users wait for, with at least so many replicas."""
        for service in self.topology.services:
            own = tuple(slot for slot in self.slots if slot.service is service and slot.application)
            if service.faces_users and service.wakes and len(own) >= replicas:
                return own
        raise InputError(f"this scenario needs a user-facing application with {replicas} or more replicas in the plan")

    def single(self) -> Slot:
        """An application with one replica."""
        for slot in self.slots:
            if slot.application and slot.service.replicas == 1 and slot.service.faces_users:
                return slot
        raise InputError("this scenario needs a user-facing application with one replica in the plan")

    def backing(self, kind: str) -> Slot:
        """A backing service of a kind."""
        for slot in self.slots:
            if slot.service.kind == kind:
                return slot
        raise InputError(f"this scenario needs a service of kind {kind} in the plan")


Make = Callable[[_Stage], Scenario]


def _service(alert: str, slot: Slot, severity: str = CRITICAL) -> Expected:
    return Expected(alert, slot.service.name, severity)


def _calm(stage: _Stage) -> Scenario:
    applications = {slot.resource: slot for slot in stage.slots if slot.application}
    faults = tuple(
        Fault("deploy", CALM + 90 * number, CALM + 90 * number, resource)
        for number, resource in enumerate(list(applications) * 2)
    )
    return Scenario("calm", "Every application is deployed twice, nothing is wrong, and nobody is notified.", faults,
                    ends=CALM + 90 * len(faults) + 20 * MINUTE)  # fmt: skip


def _replica_lost(stage: _Stage) -> Scenario:
    slot = stage.application(replicas=2)[-1]
    lost = Fault("stopped", CALM, CALM + 9 * MINUTE, slot.resource)
    return Scenario(
        "replica-lost", f"One of {slot.service.replicas} replicas of {slot.service.name} stops.", (lost,),
        (_service("ServiceReplicasMissing", slot, WARNING),), CALM + 30 * MINUTE,
        ((lost.begins, f"{slot.resource} stops"), (lost.ends, f"{slot.resource} is started again")),
    )  # fmt: skip


def _service_down(stage: _Stage) -> Scenario:
    slot = stage.single()
    lost = Fault("stopped", CALM, CALM + 5 * MINUTE, slot.resource)
    return Scenario(
        "service-down", f"The only replica of {slot.service.name} stops.", (lost,),
        (_service("ServiceDown", slot),), CALM + 25 * MINUTE,
        ((lost.begins, f"{slot.resource} stops"), (lost.ends, f"{slot.resource} is started again")),
    )  # fmt: skip


def _leak(stage: _Stage) -> Scenario:
    slot = stage.single()
    leak = Fault("leaking", CALM, CALM + 125 * MINUTE, slot.resource, 120 * MINUTE)
    return Scenario(
        "leak-to-oom", f"{slot.service.name} leaks memory until the kernel kills it at its limit.", (leak,),
        (
            _service("ContainerMemoryExhaustionPredicted", slot, WARNING),
            _service("ContainerMemoryNearBudget", slot, WARNING),
            _service("ContainerMemoryNearLimit", slot),
            _service("ContainerOomKilled", slot),
        ), CALM + 170 * MINUTE,
        ((leak.begins, f"{slot.resource} begins to leak"),
         (leak.begins + leak.amount, f"the kernel kills {slot.resource}"),
         (leak.ends, f"a repaired {slot.resource} is started")),
    )  # fmt: skip


def _crash_loop(stage: _Stage) -> Scenario:
    slot = stage.application(replicas=2)[-1]
    crash = Fault("crashing", CALM, CALM + 6 * MINUTE, slot.resource)
    return Scenario(
        "crash-loop", f"{slot.resource} ends eight seconds after each start.", (crash,),
        (_service("ServiceCrashLooping", slot),), CALM + 45 * MINUTE,
        ((crash.begins, f"{slot.resource} crashes again and again"), (crash.ends, "a repaired version runs")),
    )  # fmt: skip


def _rolling(stage: _Stage) -> Scenario:
    found = stage.application(replicas=2)
    faults = tuple(Fault("deploy", CALM + 120 * number, CALM + 120 * number, slot.resource)
                   for number, slot in enumerate(found))  # fmt: skip
    return Scenario(
        "rolling-deploy", f"{found[0].service.name} is deployed, one replica after another.", faults, (),
        CALM + 14 * MINUTE, tuple((fault.begins, f"{fault.subject} is deployed") for fault in faults),
    )  # fmt: skip


def _without_overlap(stage: _Stage) -> Scenario:
    slot = stage.single()
    deploy = Fault("deploy", CALM, CALM, slot.resource, -45.0)
    return Scenario(
        "deploy-without-overlap", f"The old {slot.service.name} ends 45 seconds before the new one starts.", (deploy,),
        (), CALM + 14 * MINUTE, ((deploy.begins, f"{slot.resource} is deployed"),),
    )  # fmt: skip


def _failed(stage: _Stage) -> Scenario:
    slot = stage.single()
    deploy = Fault("failed deploy", CALM, CALM + 8 * MINUTE, slot.resource)
    return Scenario(
        "failed-deploy", f"A deployment of {slot.service.name} fails; the next one succeeds.", (deploy,),
        (_service("DeploymentFailed", slot, WARNING),), CALM + 30 * MINUTE,
        ((deploy.begins, f"a deployment of {slot.resource} fails"), (deploy.ends, f"{slot.resource} is deployed")),
    )  # fmt: skip


def _stuck(stage: _Stage) -> Scenario:
    slot = stage.single()
    deploy = Fault("stuck deploy", CALM, CALM + 42 * MINUTE, slot.resource)
    return Scenario(
        "stuck-deploy", f"A deployment of {slot.service.name} makes no progress for half an hour.", (deploy,),
        (_service("DeploymentStuck", slot, WARNING),), CALM + 60 * MINUTE,
        ((deploy.begins, f"a deployment of {slot.resource} hangs"), (deploy.ends, "it is cancelled")),
    )  # fmt: skip


def _on_server(  # noqa: PLR0913 - what makes one fault a scenario
    name: str, line: str, kind: Kind, alert: Expected, *, length: float, after: float = 25 * MINUTE,
    amount: float = 0.0, more: Iterable[Expected] = (), subject: str = "",
) -> Scenario:  # fmt: skip
    fault = Fault(kind, CALM, CALM + length, subject, amount)
    return Scenario(
        name, line, (fault,), (alert, *more), CALM + length + after,
        ((fault.begins, line.rstrip(".")), (fault.ends, "repaired")),
    )  # fmt: skip


def _disk_filling(stage: _Stage) -> Scenario:
    return _on_server(
        "disk-filling", "The disk fills up within ten minutes.", "disk filling",
        Expected("HostDiskCritical", stage.server, CRITICAL), length=17 * MINUTE, amount=0.955,
        more=[_service("ElasticsearchDiskFlood", slot) for slot in stage.slots if slot.service.kind == "elasticsearch"],
    )  # fmt: skip


def _disk_gone(stage: _Stage) -> Scenario:
    return _on_server(
        "disk-gone", "The second disk fails: its filesystem answers with errors.", "disk gone",
        Expected("HostDiskGone", stage.server, CRITICAL), length=9 * MINUTE,
    )  # fmt: skip


def _backing(  # noqa: PLR0913, PLR0917 - likewise
    name: str, line: str, kind: Kind, of: str, alert: str, severity: str, length: float, after: float = 20 * MINUTE
) -> Make:  # fmt: skip
    def make(stage: _Stage) -> Scenario:
        slot = stage.backing(of)
        return _on_server(name, line.format(slot.service.name), kind, _service(alert, slot, severity),
                          length=length, after=after, subject=slot.service.name)  # fmt: skip

    return make


def _certificate(stage: _Stage) -> Scenario:
    fault = Fault("certificate", CALM, CALM + 68 * MINUTE)
    probed = [service for service in stage.topology.services if service.url]
    hosts = {slot.service.name for slot in stage.slots if slot.service.faces_users}
    return Scenario(
        "certificate-expiring", "Certificates were not renewed and expire within three days.", (fault,),
        (*(Expected("CertificateExpiring", one.name, CRITICAL) for one in probed),
         *((Expected("TraefikCertificateExpiring", stage.server, WARNING),) if hosts else ())),
        CALM + 150 * MINUTE,
        ((fault.begins, "certificates expire within days"), (fault.ends, "they are renewed")),
    )  # fmt: skip


def _traffic(stage: _Stage) -> Scenario:
    slot = stage.application(replicas=2)[0]
    fault = Fault("traffic", CALM, CALM + 10 * MINUTE, slot.service.name, 8.0)
    return Scenario(
        "traffic-spike", f"{slot.service.name} gets eight times its requests, and answers them.", (fault,), (),
        CALM + 20 * MINUTE, ((fault.begins, "eight times the requests"), (fault.ends, "as before")),
    )  # fmt: skip


def _failing(stage: _Stage) -> Scenario:
    slot = stage.application(replicas=2)[0]
    fault = Fault("failing", CALM, CALM + 14 * MINUTE, slot.service.name, 0.08)
    return Scenario(
        "service-failing", f"8 % of {slot.service.name}'s requests end with an error.", (fault,),
        (_service("ServiceErrorsHigh", slot),), CALM + 90 * MINUTE,
        ((fault.begins, f"8 % of {slot.service.name}'s requests fail"), (fault.ends, "repaired")),
    )  # fmt: skip


def _blind(stage: _Stage) -> Scenario:
    return _on_server("exporter-blind", "cAdvisor answers without a single container.", "blind",
                      Expected("ContainerMetricsMissing", stage.server, CRITICAL), length=14 * MINUTE)  # fmt: skip


def _labels_lost(stage: _Stage) -> Scenario:
    return _on_server("labels-lost", "cAdvisor was started without the flags for Docker's labels.", "labels lost",
                      Expected("ContainerLabelsMissing", stage.server, CRITICAL), length=14 * MINUTE)  # fmt: skip


def _unreachable(stage: _Stage) -> Scenario:
    return _on_server("server-unreachable", "Coolify cannot reach the server by SSH, and records all as exited.",
                      "unreachable", Expected("CoolifyServerUnreachable", stage.server, WARNING),
                      length=25 * MINUTE)  # fmt: skip


def _exposed(stage: _Stage) -> Scenario:
    slot = stage.backing("postgres")
    port = str(slot.service.ports[0] if slot.service.ports else 5432)
    return _on_server("port-exposed", f"Port {port} of {slot.service.name} answers on the public address.", "exposed",
                      _service("PortExposed", slot), length=9 * MINUTE, subject=port)  # fmt: skip


def _starving(stage: _Stage) -> Scenario:
    return _on_server("build-starving", "A build takes all cores and most of the RAM.", "starving",
                      Expected("HostCpuSaturated", stage.server, WARNING), length=22 * MINUTE,
                      more=[Expected("HostMemoryLow", stage.server, WARNING),
                            Expected("ServerMemoryPlanExceeded", stage.server, WARNING)])  # fmt: skip


_MAKE: Final[dict[str, Make]] = {
    "calm": _calm,
    "replica-lost": _replica_lost,
    "service-down": _service_down,
    "leak-to-oom": _leak,
    "crash-loop": _crash_loop,
    "rolling-deploy": _rolling,
    "deploy-without-overlap": _without_overlap,
    "failed-deploy": _failed,
    "stuck-deploy": _stuck,
    "disk-filling": _disk_filling,
    "disk-gone": _disk_gone,
    "postgres-down": _backing("postgres-down", "{} does not answer.", "database down", "postgres", "PostgresDown",
                              CRITICAL, 6 * MINUTE),
    "postgres-connections": _backing("postgres-connections", "{} has as many sessions as it allows.", "connections",
                                     "postgres", "PostgresConnectionsExhausted", CRITICAL, 6 * MINUTE),
    "redis-full": _backing("redis-full", "{} is at its maximum and refuses writes.", "redis full", "redis",
                           "RedisWritesRefused", CRITICAL, 6 * MINUTE, 30 * MINUTE),
    "elasticsearch-red": _backing("elasticsearch-red", "Primary shards of {} are missing.", "elasticsearch red",
                                  "elasticsearch", "ElasticsearchRed", CRITICAL, 6 * MINUTE),
    "minio-drive-offline": _backing("minio-drive-offline", "{} has lost a drive.", "drive offline", "minio",
                                    "MinioDrivesOffline", WARNING, 9 * MINUTE),
    "certificate-expiring": _certificate,
    "traffic-spike": _traffic,
    "service-failing": _failing,
    "exporter-blind": _blind,
    "labels-lost": _labels_lost,
    "server-unreachable": _unreachable,
    "port-exposed": _exposed,
    "build-starving": _starving,
}  # fmt: skip
NAMES: Final = tuple(_MAKE)
ORDINARY: Final = Scenario("", "An ordinary day.", ends=0.0)


def scenario(name: str, topology: Topology) -> Scenario:
    """A scenario for a topology.

    Raises:
        InputError: it does not exist, or the topology lacks what it is about.
    """
    if name not in _MAKE:
        raise InputError(f"there is no scenario {name!r}: choose one of {', '.join(NAMES)}")
    return _MAKE[name](_Stage(topology))
