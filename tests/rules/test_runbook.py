"""Runbooks: every alert has a page, and the page contains everything that the alert carries."""

from __future__ import annotations

import re

import pytest
import yaml
from support.artefacts import complete_alerts, complete_artefacts
from support.topologies import a_topology, complete

from boxwatch.rules import catalogue
from boxwatch.rules.model import Alert
from boxwatch.rules.runbook import Page
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import Alerts, Urls


@pytest.mark.parametrize("alert", complete_alerts(), ids=lambda alert: f"{alert.alert}-{alert.severity}")
def test_a_page_says_what_it_means_and_what_to_do(alert: Alert) -> None:
    """A page has all its sections in order, with the alert's summary, query, actions and false alarms."""
    page = complete_artefacts()[f"runbooks/{alert.alert}.md"].decode()

    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert headings == [
        "What it means",
        "First look",
        "What to do",
        "False alarms",
        "Other alerts",
        "The rule",
        "To change it",
        "Proven",
    ]
    assert all(text in page for text in (alert.summary, alert.expr, *alert.runbook.action, alert.runbook.false_alarms))


def test_the_index_lists_every_alert_once() -> None:
    """The index lists alerts in the order of triage."""
    index = complete_artefacts()["runbooks/README.md"].decode()

    listed = re.findall(r"^\| \[(\w+)\]\(\1\.md\)", index, re.MULTILINE)
    assert listed == list(dict.fromkeys(alert.alert for alert in complete_alerts()))


def test_alerts_named_in_runbooks_exist() -> None:
    """References such as `see *ContainerOomKilled*` lead to a page."""
    files = catalogue.files(catalogue.build(a_topology()))
    pages = {path.removeprefix("runbooks/").removesuffix(".md") for path in files if path.startswith("runbooks/")}
    named = {
        name
        for path, content in files.items()
        if path.startswith("runbooks/")
        for name in re.findall(r"\*([A-Z][a-z]+(?:[A-Z][a-z]+)+)\*", content.decode())
    }

    assert named
    assert named - pages == set()


def _snippet(page: Page) -> dict[str, object]:
    """The lines that a page offers for `alerts.rules`."""
    found = re.search(r"```yaml\n(.+?)```", page.sections["To change it"], re.DOTALL)
    assert found is not None
    rules = yaml.safe_load(found[1])["alerts"]["rules"]
    assert list(rules) == [page.name]
    snippet: dict[str, object] = rules[page.name]
    return snippet


def _tuned(topology: Topology, rules: dict[str, dict[str, object]]) -> Topology:
    return topology.model_copy(update={"alerts": Alerts.model_validate({"rules": rules})})


def test_a_page_offers_the_values_in_force() -> None:
    """Pasted into the topology unchanged, the lines of a page change no rule."""
    book = catalogue.runbooks(catalogue.build(complete()))
    rules = {name: _snippet(page) for name, page in book.items()}

    same, plain = (
        catalogue.files(catalogue.build(_tuned(complete(), rules))),
        catalogue.files(catalogue.build(complete())),
    )
    written = [path for path in plain if path.startswith("prometheus/rules/")]
    assert {path: same[path] for path in written} == {path: plain[path] for path in written}


def test_a_page_offers_only_what_can_be_changed() -> None:
    """A page offers a threshold, `for` and a severity only where the alert supports an override."""
    book = catalogue.runbooks(catalogue.build(complete()))

    assert _snippet(book["PostgresConnectionsHigh"]).keys() == {
        "enabled",
        "threshold",
        "for",
        "severity",
        "labels",
        "services",
    }
    assert _snippet(book["ServiceDown"]).keys() == {"enabled", "for", "labels", "services"}
    assert _snippet(book["ServiceCrashLooping"]).keys() == {"enabled", "labels", "services"}
    assert _snippet(book["Watchdog"]).keys() == {"enabled", "labels"}


def test_a_page_leads_to_the_panel() -> None:
    """A page names the panel, and links to it if Grafana's address is known."""
    there = complete().model_copy(update={"urls": Urls(grafana="https://grafana.example.com")})
    said = "Dashboard *PostgreSQL*, panel *Connections*: "

    plain = catalogue.runbooks(catalogue.build(complete()))["PostgresConnectionsHigh"].sections["First look"]
    linked = catalogue.runbooks(catalogue.build(there))["PostgresConnectionsHigh"].sections["First look"]
    assert plain.startswith(f"{said}`/d/boxwatch-postgres?viewPanel=4100` in Grafana.\n\n1. ")
    assert linked.startswith(f"{said}<https://grafana.example.com/d/boxwatch-postgres?viewPanel=4100>\n\n1. ")


def test_a_page_says_where_the_threshold_comes_from() -> None:
    """A page says so if the topology changes the threshold, and still gives the source of the default."""
    rules: dict[str, dict[str, object]] = {"PostgresConnectionsHigh": {"threshold": "90%"}}

    own = catalogue.runbooks(catalogue.build(complete()))["PostgresConnectionsHigh"].sections["The rule"]
    changed = catalogue.runbooks(catalogue.build(_tuned(complete(), rules)))["PostgresConnectionsHigh"].sections[
        "The rule"
    ]
    assert "The threshold is 0.8: " in own
    assert "The threshold is 0.9, set in the topology. Source of the default: " in changed


def test_a_page_says_to_which_services_each_severity_applies() -> None:
    """A page lists non-paging services, and the services with overrides in the topology."""
    rules: dict[str, dict[str, object]] = {"ContainerMemoryLimitMissing": {"services": {"web": {"severity": "info"}}}}
    book = catalogue.runbooks(catalogue.build(_tuned(complete(), rules)))

    assert book["ServiceDown"].severities == (
        "critical: pages someone",
        "warning: opens a ticket for working hours (services with `pages: false`)",
    )
    assert (
        book["ContainerOomKilled"]
        .severities[1]
        .endswith("(services with `pages: false`, and containers outside the plan)")
    )
    assert book["ContainerMemoryLimitMissing"].severities == (
        "warning: opens a ticket for working hours (all but web)",
        "info: shown on dashboards only (only web)",
    )


def test_a_page_lists_inhibiting_and_inhibited_alerts() -> None:
    """A page lists inhibitions: a service that is down explains its burn rate, a proxy that is down everybody's."""
    book = catalogue.runbooks(catalogue.build(complete()))

    slow = book["AvailabilityBudgetBurnsSlowly"].sections["Other alerts"]
    assert "- critical or warning: *ServiceDown*, with the same `server` and `service`\n" in slow
    assert (
        '- critical or warning: *ServiceDown*, with the same `server`, where the other has `service=~"traefik"`\n'
        in slow
    )
    unseen = '- warning: *TargetDown*, *TargetNeverUp*, with the same `server`, where the other has `job="traefik"`'
    assert unseen in slow
    disk = book["HostDiskCritical"].sections["Other alerts"]
    assert "\n- critical: *HostDiskLow*, *HostDiskFilling*, with the same `server` and `device`" in disk
    down = book["ServiceDown"].sections["Other alerts"]
    assert "\n- critical: its own warning, with every other label the same\n" in down
    assert book["Watchdog"].sections["Other alerts"] == "It neither inhibits other alerts nor is inhibited by any."


def test_pages_and_alertmanager_agree() -> None:
    """Every pair of alerts in the inhibition rules is on both pages, and no page has any other."""
    document = yaml.safe_load(complete_artefacts()["alertmanager/alertmanager.yml"])
    names = re.compile(r'^alertname=~?"(.+)"$')
    silencing: set[tuple[str, str]] = set()
    for rule in document["inhibit_rules"]:
        source, target = (names.findall(rule[side][0])[0].split("|") for side in ("source_matchers", "target_matchers"))
        silencing |= {(one, other) for one in source for other in target if "alertname" not in rule["equal"]}

    by, of = set(), set()
    for alert in {alert.alert for alert in complete_alerts()}:
        page = complete_artefacts()[f"runbooks/{alert}.md"].decode()
        section = page.partition("## Other alerts\n")[2].partition("\n## ")[0]
        first, _, second = section.partition("While it fires")
        by |= {(other, alert) for other in re.findall(r"\*(\w+)\*", first)}
        of |= {(alert, other) for other in re.findall(r"\*(\w+)\*", second)}
    assert len(silencing) > 100
    assert by == silencing
    assert of == silencing
