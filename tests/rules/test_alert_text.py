"""Annotations of alerts: texts and links."""

from __future__ import annotations

from support.artefacts import complete_alerts
from support.topologies import a_topology

from boxwatch.rules.alert_text import annotations_of
from boxwatch.rules.model import Expected

_DOWN = next(alert for alert in complete_alerts() if alert.alert == "ServiceDown")
_PLAN = next(alert for alert in complete_alerts() if alert.alert == "ServerMemoryPlanExceeded")
_URLS = {"grafana": "https://grafana.example.com", "runbooks": "https://git.example.com/runbooks"}


def test_without_urls_the_runbook_is_named_and_nothing_is_linked() -> None:
    """Without addresses, an alert has no links, only the path of its runbook."""
    keys = {"summary", "description", "resource", "command", "runbook"}
    assert annotations_of(a_topology(), _DOWN).templates.keys() == keys
    assert annotations_of(a_topology(), _DOWN).templates["runbook"] == "runbooks/ServiceDown.md"


def test_with_urls_an_alert_links_to_its_runbook_and_its_dashboard() -> None:
    """The dashboard link opens the panel, with the alert's server and service selected."""
    topology = a_topology(urls=_URLS)

    down, plan = annotations_of(topology, _DOWN).templates, annotations_of(topology, _PLAN).templates
    assert down["runbook_url"] == "https://git.example.com/runbooks/ServiceDown.md"
    assert down["dashboard_url"] == (
        "https://grafana.example.com/d/boxwatch-test-service"
        "?var-server={{ $labels.server }}&var-service={{ $labels.service }}&viewPanel=4613"
    )
    assert plan["dashboard_url"] == (
        "https://grafana.example.com/d/boxwatch-test-capacity?var-server={{ $labels.server }}&viewPanel=9628"
    )


def test_a_proof_expects_links_with_the_labels_filled_in() -> None:
    """Labels in links are filled in as Prometheus does."""
    expected = Expected({"server": "main", "service": "web"}, "No container of web on main is running.")

    found = annotations_of(a_topology(urls=_URLS), _DOWN).of(expected)
    assert found["description"] == expected.description
    assert found["dashboard_url"].endswith("?var-server=main&var-service=web&viewPanel=4613")
