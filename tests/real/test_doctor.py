"""`boxwatch doctor` on a half-up stack: real programs, each with a fault that operators make.

Prometheus, Alertmanager, node_exporter, Redis and its exporter are the distribution's, so errors are worded as the real
programs word them.
"""

from __future__ import annotations

import functools
import json
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support import databases
from support.programs import free_port, get, running, serving, wait_for

from boxwatch.assemble import assemble
from boxwatch.cli import main
from boxwatch.publish import directory
from boxwatch.topology.load import parse

Program = Callable[[str], str]

_TOPOLOGY = """\
name: half-up
scrape_interval: 10s
servers:
  main: {{cpus: 2, memory: 16g, disk: 100GB, reserved: 2g,
         exporters: {{node: "127.0.0.1:{node}", cadvisor: "127.0.0.1:{cadvisor}",
                      docker: "no-such-host.invalid:9323"}}}}
services:
  web: {{kind: web, server: main, memory: 1g, metrics: none}}
  cache: {{kind: redis, server: main, memory: 1g, metrics: "127.0.0.1:{redis}"}}
  db: {{kind: postgres, server: main, memory: 1g, metrics: "127.0.0.1:{node}"}}
  search: {{kind: elasticsearch, server: main, memory: 1g, metrics: "127.0.0.1:1"}}
  files: {{kind: minio, server: main, memory: 1g, metrics: "127.0.0.1:{cadvisor}"}}
stack: {{prometheus: "127.0.0.1:{prometheus}", alertmanager: "127.0.0.1:{alertmanager}",
         grafana: "127.0.0.1:{cadvisor}", blackbox: "127.0.0.1:{blackbox}"}}
notifications:
  receivers:
    office: {{webhook: {{url: "http://127.0.0.1:1/"}}}}
  critical: office
  warning: office
  watchdog: office
"""
# As cAdvisor exports it where no label is on its list.
_CADVISOR = (
    'cadvisor_version_info{cadvisorVersion="v0.49.1"} 1\n'
    'container_start_time_seconds{id="/docker/1",image="web",name="web-1"} 1.7e9\n'
    'container_memory_working_set_bytes{id="/docker/1",image="web",name="web-1"} 1\n'
)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[Sequence[Mapping[str, Any]]]:
    """What the doctor says."""
    tmp = tmp_path_factory.mktemp("doctor")
    ports = {name: free_port() for name in ("node", "redis", "server", "prometheus", "alertmanager", "blackbox")}
    with ExitStack() as stack:
        ports["cadvisor"] = stack.enter_context(serving({"/metrics": _CADVISOR}))
        text = _TOPOLOGY.format(**ports)
        (tmp / "topology.yaml").write_text(text, encoding="utf-8")
        built = assemble(parse(text, "topology.yaml").topology)
        directory.apply(directory.plan(built, tmp / "built"))
        for command in _commands(tmp, ports, program):
            log = tmp / f"{Path(command[0]).name}.log"
            stack.enter_context(running(command, log, env=databases.LIBRARIES))
        url = f"http://127.0.0.1:{ports['prometheus']}"
        wait_for(functools.partial(_is_scraped, url), "scrapes of all targets", 90)
        arguments = ["doctor", str(tmp / "topology.yaml"), "--prometheus", url, "--json"]
        arguments += ["--alertmanager", f"http://127.0.0.1:{ports['alertmanager']}"]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 3, result.output
        yield json.loads(result.stdout)["lines"]


def _commands(tmp: Path, ports: Mapping[str, int], program: Program) -> Iterator[list[str]]:
    listen = {name: f"--web.listen-address=127.0.0.1:{port}" for name, port in ports.items()}
    yield [program("redis-server"), "--port", str(ports["server"]), "--requirepass", "a-password", "--save", ""]
    yield [program("prometheus-node-exporter"), listen["node"]]
    yield [program("prometheus-redis-exporter"), f"--redis.addr=127.0.0.1:{ports['server']}", listen["redis"]]
    # Another configuration than the built one.
    (tmp / "alertmanager.yml").write_text("route: {receiver: x}\nreceivers: [{name: x}]\n", encoding="utf-8")
    options = [f"--config.file={tmp}/alertmanager.yml", f"--storage.path={tmp}/am", "--cluster.listen-address="]
    yield [program("prometheus-alertmanager"), *options, listen["alertmanager"]]
    options = [f"--config.file={tmp}/built/prometheus/prometheus.yml", f"--storage.tsdb.path={tmp}/data"]
    yield [program("prometheus"), *options, listen["prometheus"]]


def _is_scraped(url: str) -> bool:
    """Whether each target was tried, every rule evaluated, and the exporters' metrics are there."""
    targets, rules = get(f"{url}/api/v1/targets"), get(f"{url}/api/v1/rules")
    if not targets or not rules:
        return False
    tried = all(one["health"] != "unknown" for one in targets["data"]["activeTargets"])
    evaluated = all(rule["health"] != "unknown" for group in rules["data"]["groups"] for rule in group["rules"])
    # Redis may have started after the first scrape.
    query = urllib.parse.quote('redis_exporter_last_scrape_error{err=~"NOAUTH.*"}')
    asked = get(f"{url}/api/v1/query?query={query}")
    return tried and evaluated and bool(asked["data"]["result"])


@pytest.mark.parametrize(
    ("place", "says", "action"),
    [
        ("targets: docker on main", "was never up: unknown host", "daemon.json"),
        ("targets: elasticsearch of search on main", "was never up: connection refused", "elasticsearch_exporter"),
        ("targets: minio of files on main", "was never up: no such page", "mc admin prometheus generate"),
        ("targets: postgres of db on main", "serves metrics of node_exporter, not of postgres_exporter", "port"),
        ("targets: grafana on main", "serves no metrics of grafana", "address"),
        ("targets: blackbox on main", "connection refused", "blackbox"),
        ("versions: cadvisor on main", "cadvisor 0.49.1 is older than 0.55.1", "update"),
        ("cadvisor: cAdvisor on main", "exports no label of any container", "--whitelisted_container_labels="),
        ("exporters: cache on main", "is not reached by its exporter: NOAUTH", "REDIS_PASSWORD"),
        ("notifications: Alertmanager", "another configuration than the built one: route", "publish"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_remedy(
    lines: Sequence[Mapping[str, Any]], place: str, says: str, action: str
) -> None:
    """As the real programs show it."""
    found = [one for one in _at(lines, place) if says in one["what"]]

    assert [one["state"] for one in found] == ["problem"], list(_at(lines, place))
    assert action in found[0]["action"]


def _at(lines: Sequence[Mapping[str, Any]], place: str) -> list[Mapping[str, Any]]:
    return [one for one in lines if f"{one['check']}: {one['where']}" == place]


def test_what_works_is_not_reported(lines: Sequence[Mapping[str, Any]]) -> None:
    """Rules are as built although Prometheus formats their queries, and node_exporter sees this host."""
    fine = (
        "prometheus: Prometheus",
        "configuration: configuration",
        "targets: node on main",
        "targets: redis of cache on main",
        "rules: rules",
    )

    assert {one["state"] for place in fine for one in _at(lines, place)} == {"ok"}


def test_consequences_wait_below_their_cause(lines: Sequence[Mapping[str, Any]]) -> None:
    """Services cannot be matched without labels, and are not reported one by one."""
    (cause,) = (one for one in _at(lines, "cadvisor: cAdvisor on main") if "exports no label" in one["what"])

    assert "web on main" in [one["where"] for one in cause["consequences"]]
    assert _at(lines, "services: web on main") == []
