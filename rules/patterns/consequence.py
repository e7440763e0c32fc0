"""Waits of alerts on consequences: longer than those of their causes, so that only the cause notifies.

Alertmanager silences a consequence only if its cause fires when it is about to be sent. Both see the same moment late,
and differently so: each scrape, the recording rules and the alerts have phases of their own within an interval.
"""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.topology.model import Topology

# A scrape, a recording rule that reads it, another that reads that, and the alert: an interval each.
_STEPS = 4
_ERRORS = 300


def margin(topology: Topology) -> int:
    """Maximum seconds by which Prometheus may see a cause after its consequence."""
    return _STEPS * topology.scrape_interval


def told_already(other: str, alert: str) -> str:
    """PromQL: of components of which another alert pages already, for one of two alerts about the same outage.

    Whichever of the two fires first is sent and keeps firing. An inhibition could not do that: of two alerts that
    inhibit each other, neither would be sent.

    Args:
        other: the other alert's name. Unless it pages, it keeps nobody from paging.
        alert: the alert's own name, which continues to fire if it was first.
    """
    of = f"unless on ({names.BY_COMPONENT})"
    return (
        f"{of}\n"
        f'(\n  ALERTS{{alertname="{other}",alertstate="firing",severity="critical"}}\n'
        f'  {of}\n  ALERTS{{alertname="{alert}",alertstate="firing"}}\n)'
    )


def after(topology: Topology, cause: int, usual: int) -> int:
    """The `for` of a consequence in seconds: as usual, or longer than that of its cause.

    Args:
        topology: source of the scrape interval.
        cause: the `for` of the cause in seconds.
        usual: the consequence's own.
    """
    return max(usual, cause + margin(topology))


def probe_failed(topology: Topology) -> int:
    """The `for` of *ProbeFailed* in seconds: long enough to see that no container runs, whatever is scraped first."""
    return topology.alerts.wait("ProbeFailed", max(topology.alerts.outage_grace, margin(topology)))


def errors_high(topology: Topology) -> int:
    """The `for` of *ServiceErrorsHigh* in seconds. A URL that fails is the same, and is seen first."""
    return topology.alerts.wait("ServiceErrorsHigh", after(topology, probe_failed(topology), _ERRORS))


def replicas_unhealthy(topology: Topology) -> int:
    """The `for` of *ServiceAllReplicasUnhealthy* in seconds; the same holds of it."""
    return topology.alerts.wait(
        "ServiceAllReplicasUnhealthy", after(topology, probe_failed(topology), topology.alerts.deploy_grace)
    )
