"""Rules about requests, for deployments of any size and with any part missing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.artefacts import complete_artefacts
from support.boards import without
from support.topologies import a_server, a_service, a_topology, complete

from boxwatch.dashboards import catalogue as dashboards
from boxwatch.rules import catalogue
from boxwatch.topology.model import Topology

OURS = {"requests", "slo", "slo_burn", "service_requests", "traefik", "traefik_routes"}


def _made(topology: Topology) -> set[str]:
    return {subject.id for subject in catalogue.subjects(topology)} & OURS


def _servers(count: int) -> Topology:
    """Servers that each run a Traefik and a service behind it."""
    names = [f"server-{number}" for number in range(1, count + 1)]
    servers = tuple(a_server(name, **({"address": f"10.0.0.{n}"} if n else {})) for n, name in enumerate(names))
    services = (a_service("traefik", kind="traefik", server=names), a_service(server=names))
    return a_topology(servers=servers, services=services)


def test_without_a_scraped_traefik_there_are_no_rules_on_requests() -> None:
    """The rules would read metrics that nothing exposes."""
    unseen = a_topology(services=(a_service("traefik", kind="traefik", metrics="none"), a_service()))

    assert _made(complete()) == OURS
    assert _made(without(complete(), "traefik")) == set()
    assert _made(unseen) == set()
    assert not {"traefik.json", "slo.json"} & set(dashboards.files(catalogue.build(unseen)))


def test_without_objectives_there_are_no_error_budgets() -> None:
    """Workers are not user-facing, so they have no objectives."""
    topology = without(complete(), "web", "admin", "api")

    assert _made(topology) == OURS - {"slo", "slo_burn"}
    assert "slo.json" not in dashboards.files(catalogue.build(topology))


def test_deployments_are_read_only_if_coolify_is_scraped() -> None:
    """Otherwise the alert could never fire."""
    text = "coolify_deployment_last_finished_timestamp_seconds"

    assert text in complete_artefacts()["prometheus/rules/traefik.yaml"].decode()
    assert (
        text
        not in catalogue.rule_files(catalogue.build(without(complete(), "coolify")))[
            "prometheus/rules/traefik.yaml"
        ].decode()
    )


@pytest.mark.repeats
@pytest.mark.parametrize("count", [1, 3, 20])
def test_rules_on_requests_are_the_same_for_any_number_of_servers(
    count: int, program: Callable[[str], str], tmp_path: Path
) -> None:
    """With more servers only the plan grows, and promtool accepts every rule file."""
    one, many = catalogue.files(catalogue.build(_servers(1))), catalogue.files(catalogue.build(_servers(count)))
    rules = {path: text for path, text in many.items() if path.startswith("prometheus/rules/")}

    assert {path for path in rules if rules[path] != one[path]} <= {"prometheus/rules/plan.yaml"}
    for path, text in rules.items():
        (tmp_path / Path(path).name).write_bytes(text)
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(
        [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_leads_to_an_existing_panel() -> None:
    """The panel that an alert names is on its dashboard."""
    topology = complete()
    panels = {
        name.removesuffix(".json"): {panel["title"] for panel in json.loads(text)["panels"]}
        for name, text in dashboards.files(catalogue.build(topology)).items()
    }
    alerts = [alert for subject in catalogue.subjects(topology) if subject.id in OURS for alert in subject.alerts]

    assert [alert.alert for alert in alerts if alert.panel not in panels[alert.dashboard]] == []
