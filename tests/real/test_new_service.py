"""A service is added to the topology and published to a real Prometheus: nobody is paged for it.

Its rules need a relabelling. Published without it, ServiceDown fires for a service that runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from support.programs import free_port, get, running, serving, wait_for

from boxwatch.publish import rule_set
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_directory as publishing
from boxwatch.publish.prometheus.prometheus_rules import Target
from boxwatch.publish.prometheus.release import CONFIG, Release
from boxwatch.publish.reload import HttpReload
from boxwatch.rules import catalogue as rules
from boxwatch.rules import names
from boxwatch.rules.replicas import replica_health
from boxwatch.stack import prometheus as scraping
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology

Program = Callable[[str], str]

_ONE: Final = """\
name: shopping
servers:
  main:
    cpus: 4
    memory: 16g
    disk: 100GB
    reserved: 2g
    exporters: {{node: "127.0.0.1:{port}", cadvisor: "127.0.0.1:{port}"}}
services:
  web: {{kind: web, server: main, memory: 1g}}
"""
_TWO: Final = _ONE + "  shop: {{kind: web, server: main, memory: 1g}}\n"
_PAGE = "".join(
    f'{metric}{{image="app:1",name="{name}-1",container_label_coolify_resourceName="{name}"}} {value}\n'
    for name in ("web", "shop")
    for metric, value in (
        ("container_start_time_seconds", 1_700_000_000),
        ("container_memory_working_set_bytes", 100_000_000),
        ("container_spec_memory_limit_bytes", 1 << 30),
    )
)
# Seconds that an outage lasts before it pages: 120 at least in a real deployment.
_GRACE = 5


class _Box:
    """A Prometheus that scrapes two running services once a second."""

    def __init__(self, url: str, directory: Path, cadvisor: int) -> None:
        client = Client(url)
        self.url = url
        self.target = Target(directory, client, HttpReload(client), 20)
        self._cadvisor = cadvisor

    def release(self, config: str, of_rules: str) -> Release:
        """The configuration of one topology with the rules of another, or of the same."""
        made = rules.build(_topology(of_rules, self._cadvisor))
        content = rule_set.merge(rules.rule_files(made)).content
        return Release.of(scraping.files(_topology(config, self._cadvisor))[f"prometheus/{CONFIG}"], content)

    def publish(self, release: Release) -> None:
        publishing.apply(self.target, publishing.plan(self.target, release))

    def running(self) -> dict[str, float]:
        """Service → running replicas, as recorded."""
        answer = get(f"{self.url}/api/v1/query?query={names.SERVICE_REPLICAS_RUNNING}")
        rows = answer["data"]["result"] if answer else []
        return {row["metric"]["service"]: float(row["value"][1]) for row in rows}

    def pages(self) -> set[tuple[str, str]]:
        """(alert, service) of every firing critical alert about a service."""
        answer = get(f"{self.url}/api/v1/alerts")
        return {
            (one["labels"]["alertname"], one["labels"]["service"])
            for one in (answer["data"]["alerts"] if answer else [])
            if one["state"] == "firing" and one["labels"].get("service") in {"web", "shop"}
        }


def _topology(text: str, cadvisor: int) -> Topology:
    made = parse(text.format(port=cadvisor), "topology.yaml").topology
    alerts = made.alerts.model_copy(update={"outage_grace": _GRACE})
    return made.model_copy(update={"scrape_interval": 1, "alerts": alerts})


@pytest.fixture
def box(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Box]:
    """A Prometheus with the first topology's release, in which one service runs as planned and the other unplanned."""
    directory, port, log = tmp_path / "prometheus", free_port(), tmp_path / "prometheus.log"
    directory.mkdir()
    monkeypatch.setattr(replica_health, "SHORTEST_GRACE", _GRACE)
    with serving({"/metrics": _PAGE}) as cadvisor:
        (directory / CONFIG).write_bytes(scraping.files(_topology(_ONE, cadvisor))[f"prometheus/{CONFIG}"])
        command = [
            program("prometheus"),
            f"--config.file={directory / CONFIG}",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",
        ]
        with running(command, log):
            wait_for(lambda: "Server is ready" in log.read_text(encoding="utf-8"), "Prometheus", 30)
            made = _Box(f"http://127.0.0.1:{port}", directory, cadvisor)
            made.publish(made.release(_ONE, _ONE))
            wait_for(lambda: made.running() == {"web": 1.0}, "replicas of web", 30)
            yield made


def test_a_service_added_and_published_pages_nobody(box: _Box) -> None:
    """It counts as running from its first scrape on, and no alert fires for longer than an outage would need."""
    box.publish(box.release(_TWO, _TWO))

    wait_for(lambda: box.running() == {"web": 1.0, "shop": 1.0}, "replicas of shop", 10)
    end = time.monotonic() + 2 * _GRACE
    while time.monotonic() < end:
        assert box.pages() == set()
        time.sleep(0.5)


def test_its_rules_without_its_relabelling_would_page(box: _Box) -> None:
    """Which is why both are one release; once it is published, the alert resolves."""
    box.publish(box.release(_ONE, _TWO))
    wait_for(lambda: ("ServiceDown", "shop") in box.pages(), "false alarm", 4 * _GRACE)

    box.publish(box.release(_TWO, _TWO))

    wait_for(lambda: box.pages() == set(), "end of the false alarm", 4 * _GRACE)
