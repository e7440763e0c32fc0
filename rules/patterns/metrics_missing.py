"""Targets that answer Prometheus and tell nothing of their engine, where one metric says whether that is up."""

from __future__ import annotations

from boxwatch.rules.model import Alert, Runbook
from boxwatch.rules.patterns.backing_services import MINUTE, WHERE, Bench, selector, silent_exporter
from boxwatch.rules.patterns.backing_services_proofs import untold
from boxwatch.topology.model import Topology


def metrics_missing(  # noqa: PLR0913 - what one engine differs in from another
    topology: Topology, alert: str, engine: str, *, job: str, up: str, noun: str, exporter: str, dashboard: str
) -> Alert:
    """An alert on targets without the metric that says whether the engine is up, for then no other alert can fire.

    Args:
        topology: whose waits.
        alert: name.
        engine: what people call it: `Redis`.
        job: the scrape job.
        up: the metric, `redis_up`; what is before the underscore begins the names of all.
        noun: what one of them is called.
        exporter: what to do when it is the right exporter that tells nothing.
        dashboard: of the engine.
    """
    bench = Bench(topology, job, topology.alerts.wait(alert, 10 * MINUTE))
    prefix = up.partition("_")[0]
    proven = untold(
        bench, up, f"The target of {engine} db on main answers but exposes no {engine} metrics.", reached=up
    )
    return Alert(
        alert=alert,
        expr=silent_exporter(job, selector(up, job)),
        wait=bench.wait,
        severity="warning",
        summary=f"The {engine} target exposes no {engine} metrics.",
        description=f"The target of {engine} {WHERE} answers but exposes no {engine} metrics.",
        dashboard=dashboard,
        runbook=Runbook(
            meaning=f"Prometheus reaches the target, and there is no `{up}` on its page. None of the alerts on this "
            f"{noun} can fire now.",
            first_look=(f"`curl -s TARGET/metrics | grep ^{prefix}_` from Prometheus' network: what answers there?",),
            action=("Another program has the port: correct `metrics` of the service in the topology.", exporter),
            false_alarms="None known.",
        ),
        fires=proven.fires,
        silent=proven.silent,
    )
