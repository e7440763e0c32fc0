"""Alerts on targets that are up but expose no metrics of their service, where a metric says whether that is up."""

from __future__ import annotations

from boxwatch.rules.model import Alert, Runbook
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, selector, without_metrics
from boxwatch.rules.patterns.backing_services_proofs import unexposed
from boxwatch.topology.model import Topology


def metrics_missing(  # noqa: PLR0913 - all that differs between services
    topology: Topology, alert: str, product: str, *, job: str, up: str, noun: str, exporter: str, dashboard: str
) -> Alert:
    """An alert on targets without the metric that says whether the service is up: no other alert could fire.

    Args:
        topology: overrides of the wait.
        alert: name.
        product: the product's name: `Redis`.
        job: the scrape job.
        up: the metric, `redis_up`; the part before the underscore is the prefix of all its metrics.
        noun: what an instance is called: `database`.
        exporter: the action if the right exporter exposes nothing.
        dashboard: dashboard of the service.
    """
    bench = Bench(topology, job, topology.alerts.wait(alert, 10 * MINUTE))
    prefix = up.partition("_")[0]
    proven = unexposed(
        bench, up, f"The target of {product} db on main answers but exposes no {product} metrics.", reached=up
    )
    return Alert(
        alert=alert,
        expr=without_metrics(job, selector(up, job)),
        wait=bench.wait,
        severity="warning",
        summary=f"The {product} target exposes no {product} metrics.",
        description=f"The target of {product} {WHERE} answers but exposes no {product} metrics.",
        dashboard=dashboard,
        runbook=Runbook(
            meaning=f"Prometheus scrapes the target successfully, but it does not expose `{up}`. No alert on this "
            f"{noun} can fire now.",
            first_look=(f"Run `curl -s TARGET/metrics | grep ^{prefix}_` in Prometheus' network: what responds?",),
            action=("Another program uses the port: correct `metrics` of the service in the topology.", exporter),
            false_alarms="None known.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )
