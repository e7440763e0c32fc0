"""What holds for all services unless one differs: thresholds, patience, objectives, and where the stack is."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt

from boxwatch.topology import alert_fields
from boxwatch.topology.values import (
    Frozen,
    Grace,
    Horizon,
    HostPort,
    HttpUrl,
    Latency,
    Model,
    Objective,
    Ratio,
    Threshold,
    Wait,
)

# Traefik's own, when `--metrics.prometheus.buckets` is not given (measured on 3.7.15).
TRAEFIK_BUCKETS: Final = (0.1, 0.3, 1.2, 5.0)


class Objectives(Model):
    """What users were promised, over 30 days. The burn-rate alerts speak when the error budget goes too fast."""

    availability: Objective = 0.995
    """Share of requests that must not fail with a 5xx."""
    latency: Objective = 0.95
    """Share of requests that must be answered within `latency_within`."""
    latency_within: Latency = 1.2
    """How long an answer may take, such as 300ms or 1.2s. One of `latency_buckets`: between two of them Traefik's
    histogram knows nothing."""


class ObjectiveOverrides(Model):
    """What a service promises of its own; None leaves the topology's objective in force."""

    availability: Objective | None = None
    latency: Objective | None = None
    latency_within: Latency | None = None


class Thresholds(Model):
    """When the alerts of a service speak. Given at the top for all services, and in a service to differ from that."""

    memory_near_budget: Ratio = 0.9
    """Share of its budget at which a container is near it. Raise it for a service that is sized tightly on purpose."""
    memory_near_limit: Ratio = 0.95
    """Share of its limit, without page cache, at which the OOM killer is close. This one pages."""
    memory_exhausted_within: Horizon = 86400
    """Warn when the trend of the last six hours reaches the budget within this time."""
    restarts: Annotated[StrictInt, Field(ge=1, le=1000)] = 3
    """Restarts of one container within 15 minutes that make it a crash loop. This one pages."""
    replacements: Annotated[StrictInt, Field(ge=1, le=1000)] = 6
    """Times an hour that every replica may be replaced by a new container. Raise it if you deploy more often."""


class ThresholdOverrides(Model):
    """What a service states of its own; None leaves the topology's threshold in force."""

    memory_near_budget: Ratio | None = None
    memory_near_limit: Ratio | None = None
    memory_exhausted_within: Horizon | None = None
    restarts: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    replacements: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None


class Tuning(Model):
    """How one alert differs from what boxwatch makes it. What is left out stays as it is."""

    enabled: StrictBool = True
    """False takes the alert away."""
    threshold: Threshold | None = None
    """The number that it compares with: a number, a share such as 85%, or a time such as 14d."""
    wait: Annotated[Wait | None, Field(alias="for")] = None
    """How long its condition must hold."""
    severity: Literal["critical", "warning", "info"] | None = None
    """critical wakes someone, warning makes a ticket, info is shown on dashboards."""
    labels: Annotated[dict[str, str], BeforeValidator(alert_fields.labels), AfterValidator(Frozen)] = Field(
        default_factory=Frozen
    )
    """More labels for it, such as a team, that Alertmanager can route by."""

    def over(self, other: Tuning) -> Tuning:
        """This tuning where it says something, and the other where it does not."""
        said = {key: getattr(self, key) for key in self.model_fields_set if key in Tuning.model_fields}
        merged = {**other.labels, **self.labels}
        return Tuning.model_construct(
            **{**{key: getattr(other, key) for key in Tuning.model_fields}, **said, "labels": merged}
        )


class AlertTuning(Tuning):
    """How one alert differs, for all services and for some."""

    services: Annotated[dict[str, Tuning], AfterValidator(Frozen)] = Field(default_factory=Frozen)
    """How it differs for single services, each under its name."""


class Alerts(Model):
    """How patient the alerts are, and how single ones differ from what boxwatch makes them."""

    deploy_grace: Grace = 300
    """The longest time for which a deploy may leave replicas missing or unhealthy. Raise it for slow starts."""
    outage_grace: Grace = 120
    """How long nothing of a service may run before someone is woken. Longer than your deploys without overlap."""
    rules: Annotated[dict[str, AlertTuning], AfterValidator(Frozen)] = Field(default_factory=Frozen)
    """What differs for single alerts, each under its name: `PostgresConnectionsHigh: {threshold: 90%}`."""

    def wait(self, alert: str, default: int) -> int:
        """Seconds for which an alert waits (`for`), by its name."""
        tuning = self.rules.get(alert)
        return default if tuning is None or tuning.wait is None else tuning.wait

    def threshold(self, alert: str, default: float) -> float:
        """The number that an alert compares with, by its name; to the ten digits that a rule writes."""
        tuning = self.rules.get(alert)
        return default if tuning is None or tuning.threshold is None else float(f"{tuning.threshold:.10g}")

    def tuned(self, alert: str, tuning: Tuning) -> Alerts:
        """The same, with another tuning of one alert."""
        changed = AlertTuning.model_construct(
            **{key: getattr(tuning, key) for key in Tuning.model_fields}, services=Frozen()
        )
        return self.model_copy(update={"rules": Frozen({**self.rules, alert: changed})})


class Urls(Model):
    """Where people reach the pieces; alerts link to them."""

    grafana: HttpUrl | None = None
    """Grafana's root URL. Alerts then link to the dashboard of the service."""
    runbooks: HttpUrl | None = None
    """Where you publish the generated runbooks folder. Alerts then link to their page."""


class Stack(Model):
    """Where the pieces of the monitoring stack answer, each as host:port, as Prometheus reaches them."""

    prometheus: HostPort = "localhost:9090"
    """Prometheus itself."""
    alertmanager: HostPort = "alertmanager:9093"
    """Alertmanager."""
    grafana: HostPort = "grafana:3000"
    """Grafana."""
    blackbox: HostPort = "blackbox-exporter:9115"
    """The blackbox exporter, which probes public URLs and ports."""
