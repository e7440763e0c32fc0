"""Runbooks send nobody to a dashboard that does not exist."""

from __future__ import annotations

import pytest
from support.topologies import a_server, a_topology

from boxwatch.rules import catalogue
from boxwatch.rules.missing_views import _text

_GONE = frozenset({("host", ""), ("service", ""), ("overview", "RAM by service")})


@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("Dashboard *Host*: is the disk full?", ""),
        ("Dashboard *Service*: do all replicas run? Did one restart?", ""),
        ("Dashboard *Service*: is it alone? Dashboard *Traefik*: who calls it?", "Dashboard *Traefik*: who calls it?"),
        ("The server is overloaded: dashboard *Host*.", "The server is overloaded."),
        ("The server is overloaded (dashboard *Host*), or slow.", "The server is overloaded, or slow."),
        ("`ps aux` on the server, and dashboard *Service*, panel *CPU of each replica*.", "`ps aux` on the server."),
        ("See *TargetDown* and dashboard *Host*.", "See *TargetDown*."),
        (
            "Prune images (`docker image prune`), dashboard *Host* shows the disk.",
            "Prune images (`docker image prune`).",
        ),
        ("Dashboard *Overview*, panel *RAM by service*: what is over its plan?", ""),
        ("Dashboard *Overview*: is memory full? Stop builds.", "Dashboard *Overview*: is memory full? Stop builds."),
    ],
)
def test_steps_lose_what_refers_to_it(step: str, left: str) -> None:
    """Whole sentences that begin with it, and the rest of others."""
    assert _text(step, _GONE) == left


def test_an_alert_shown_nowhere_links_to_the_overview() -> None:
    """Which every deployment with dashboards has."""
    nothing = {"node": "none", "cadvisor": "none"}
    topology = a_topology(servers=(a_server(exporters=nothing),), stack={"prometheus": "none"})
    alerts = {alert.alert: alert for subject in catalogue.subjects(topology) for alert in subject.alerts}

    assert (alerts["Watchdog"].dashboard, alerts["Watchdog"].panel) == ("monitoring", "")
    assert all(alert.runbook.first_look for alert in alerts.values())
    assert "host" not in {alert.dashboard for alert in alerts.values()}
