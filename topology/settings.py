"""Settings for all services, with overrides: thresholds, grace periods, objectives, and addresses of the stack."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt

from boxwatch.topology.values import (
    Frozen,
    Grace,
    Horizon,
    HostPort,
    HttpUrl,
    Labels,
    Latency,
    Model,
    Objective,
    Ratio,
    Threshold,
    Wait,
)

# Traefik's default without `--metrics.prometheus.buckets` (measured on 3.7.15).
TRAEFIK_BUCKETS: Final = (0.1, 0.3, 1.2, 5.0)


class Objectives(Model):
    """Service level objectives over 30 days. Burn-rate alerts fire when the error budget is consumed too fast."""

    availability: Objective = 0.995
    """Share of requests that must not fail with a 5xx."""
    latency: Objective = 0.95
    """Share of requests that must be answered within `latency_within`."""
    latency_within: Latency = 1.2
    """Maximum response time, such as 300ms or 1.2s. Must be one of `latency_buckets`: Traefik's histogram has no
    resolution between two of them."""


class ObjectiveOverrides(Model):
    """Objectives of one service; None keeps the topology's objective."""

    availability: Objective | None = None
    latency: Objective | None = None
    latency_within: Latency | None = None


class Thresholds(Model):
    """Alert thresholds. Set at the top for all services, and in a service to override them."""

    memory_near_budget: Ratio = 0.9
    """Share of the budget at which a container's memory is high. Raise it for services sized tightly on purpose."""
    memory_near_limit: Ratio = 0.95
    """Share of the limit, without page cache, at which the OOM killer is close. Pages."""
    memory_exhausted_within: Horizon = 86400
    """Warn if the trend of the last six hours reaches the budget within this time."""
    restarts: Annotated[StrictInt, Field(ge=1, le=1000)] = 3
    """Restarts of one container within 15 minutes that count as a crash loop. Pages."""
    replacements: Annotated[StrictInt, Field(ge=1, le=1000)] = 6
    """How many times per hour every replica may be replaced by a new container. Raise it if you deploy more often."""


class ThresholdOverrides(Model):
    """Thresholds of one service; None keeps the topology's threshold."""

    memory_near_budget: Ratio | None = None
    memory_near_limit: Ratio | None = None
    memory_exhausted_within: Horizon | None = None
    restarts: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    replacements: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None


class Tuning(Model):
    """Tuning of one alert. Omitted keys keep boxwatch's defaults."""

    enabled: StrictBool = True
    """False removes the alert."""
    threshold: Threshold | None = None
    """Threshold of the alert: a number, a share such as 85%, or a duration such as 14d."""
    wait: Annotated[Wait | None, Field(alias="for")] = None
    """How long its condition must hold before it fires."""
    severity: Literal["critical", "warning", "info"] | None = None
    """critical pages, warning creates a ticket, info is shown on dashboards only."""
    labels: Labels = Field(default_factory=Frozen)
    """Additional labels, such as a team, for routing in Alertmanager."""

    def over(self, other: Tuning) -> Tuning:
        """This tuning, with the other's values where this one has none."""
        said = {key: getattr(self, key) for key in self.model_fields_set if key in Tuning.model_fields}
        merged = {**other.labels, **self.labels}
        return Tuning.model_construct(
            **{**{key: getattr(other, key) for key in Tuning.model_fields}, **said, "labels": merged}
        )


class AlertTuning(Tuning):
    """Tuning of one alert, for all services and for single ones."""

    services: Annotated[dict[str, Tuning], AfterValidator(Frozen)] = Field(default_factory=Frozen)
    """Tuning for single services, by name."""


class Alerts(Model):
    """Grace periods of alerts, and tuning of single alerts."""

    deploy_grace: Grace = 300
    """How long a deploy may leave replicas missing or unhealthy. Raise it for services that start slowly."""
    outage_grace: Grace = 120
    """How long a service may have no running replica before it pages. Must exceed deploys without overlap."""
    rules: Annotated[dict[str, AlertTuning], AfterValidator(Frozen)] = Field(default_factory=Frozen)
    """Tuning of single alerts, by name: `PostgresConnectionsHigh: {threshold: 90%}`."""

    def wait(self, alert: str, default: int) -> int:
        """Seconds of an alert's `for` duration, by the alert's name."""
        tuning = self.rules.get(alert)
        return default if tuning is None or tuning.wait is None else tuning.wait

    def threshold(self, alert: str, default: float) -> float:
        """An alert's threshold, by the alert's name, rounded to the ten digits written in rules."""
        tuning = self.rules.get(alert)
        return default if tuning is None or tuning.threshold is None else float(f"{tuning.threshold:.10g}")

    def tuned(self, alert: str, tuning: Tuning) -> Alerts:
        """A copy with another tuning of one alert."""
        changed = AlertTuning.model_construct(
            **{key: getattr(tuning, key) for key in Tuning.model_fields}, services=Frozen()
        )
        return self.model_copy(update={"rules": Frozen({**self.rules, alert: changed})})


class Urls(Model):
    """Public URLs that alerts link to."""

    grafana: HttpUrl | None = None
    """Root URL of Grafana. Alerts then link to the service's dashboard."""
    runbooks: HttpUrl | None = None
    """URL at which you publish the generated runbooks folder. Alerts then link to their runbook."""


class Stack(Model):
    """Addresses of the monitoring stack's components, as host:port, as Prometheus reaches them."""

    prometheus: HostPort = "localhost:9090"
    """Prometheus itself."""
    alertmanager: HostPort = "alertmanager:9093"
    """Alertmanager."""
    grafana: HostPort = "grafana:3000"
    """Grafana."""
    blackbox: HostPort = "blackbox-exporter:9115"
    """Blackbox exporter, which probes public URLs and ports."""
    shared: StrictBool = False
    """Whether Prometheus, Alertmanager and Grafana serve others too. If true, all series, rules, alerts and routes
    carry the label `deployment`, and `boxwatch build` also writes fragments to merge into their configurations."""
    discovery: Literal["static", "http"] = "static"
    """Where Prometheus learns which servers there are. With `http`, it also asks the Coolify exporter every minute:
    node_exporter on port 9100 of a server added in Coolify is scraped without a build. Its label `server` is its name
    in Coolify; servers of the topology stay as they are here."""
