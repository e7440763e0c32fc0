"""A real Prometheus runs the generated files with a real node_exporter and recorded cAdvisor and Docker metrics."""

from __future__ import annotations

import functools
import json
import os
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import boards
from support.programs import free_port, get, running, serving, wait_for

from boxwatch.assemble import assemble
from boxwatch.dashboards import catalogue
from boxwatch.grafana import expressions, tree
from boxwatch.publish import directory
from boxwatch.rules import catalogue as rules
from boxwatch.rules import names
from boxwatch.topology import default
from boxwatch.topology.model import Server, Topology
from boxwatch.topology.units import GIB

Program = Callable[[str], str]
Query = Callable[[str], dict[tuple[str, ...], float]]

_STARTED = 1_700_000_000


def _container(
    name: str, memory: int, *, active_file: int = 0, limit: int = GIB, health: int = 1, **labels: str
) -> str:
    """Samples of one container as in cAdvisor: statistics with their own timestamp, the rest without."""
    of = {"id": f"/docker/{name}", "image": "app:1", "name": name} | {
        f"container_label_{key}": value for key, value in labels.items()
    }
    text = ",".join(f'{key}="{value}"' for key, value in of.items())
    stamp = 1_395_066_363_000  # long ago, as the page of a cAdvisor that hangs; honor_timestamps is off
    return (
        f"container_start_time_seconds{{{text}}} {_STARTED}\n"
        f"container_spec_memory_limit_bytes{{{text}}} {limit}\n"
        f"container_health_state{{{text}}} {health} {stamp}\n"
        f"container_memory_working_set_bytes{{{text}}} {memory} {stamp}\n"
        f"container_memory_total_active_file_bytes{{{text}}} {active_file} {stamp}\n"
        f"container_oom_events_total{{{text}}} 0 {stamp}\n"
        f'container_cpu_usage_seconds_total{{cpu="total",{text}}} 100 {stamp}\n'
    )


_PAGE = "".join(
    (
        'container_start_time_seconds{id="/",image="",name=""} 1\n',
        'container_memory_working_set_bytes{id="/",image="",name=""} 30000000000 1395066363000\n',
        "machine_memory_bytes 33000000000\n",
        _container("k1-101530", GIB // 2, coolify_resourceName="web-1", coolify_pullRequestId="0"),
        _container("k2-101531", GIB // 4, coolify_resourceName="web-2", coolify_pullRequestId="0", health=0),
        _container("k1-pr-7", GIB // 4, coolify_resourceName="web-1", coolify_pullRequestId="7"),
        _container("db", 3 * GIB, active_file=2 * GIB, limit=4 * GIB, coolify_resourceName="postgres"),
        _container("coolify-proxy", GIB // 8, limit=0),
    )
)  # fmt: skip


# As Docker 20.10.24 serves it: each action is there from the start, with one observation.
_ENGINE = (
    'engine_daemon_container_states_containers{state="paused"} 0\n'
    'engine_daemon_container_states_containers{state="running"} 5\n'
    'engine_daemon_container_actions_seconds_count{action="start"} 1\n'
)

# The last links of the longest chains: scraped, recorded by container or component, recorded by service or server.
_CHAIN = 2
_LAST_LINKS = (names.SERVICE_REPLICAS_RUNNING, names.SERVICE_MEMORY_BUDGET_RATIO, names.SERVER_MEMORY_UNPLANNED)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[str]:
    """URL of a Prometheus that runs the default deployment's files, with exporters on loopback."""
    tmp = tmp_path_factory.mktemp("prometheus")
    port, node = free_port(), free_port()
    exporter = [program("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{node}"]
    with (
        serving({"/metrics": _PAGE}) as cadvisor,
        serving({"/metrics": _ENGINE}) as docker,
        running(exporter, tmp / "node.log"),
    ):
        directory.apply(directory.plan(assemble(_topology(node, cadvisor, docker)), tmp / "built"))
        command = [
            program("prometheus"),
            f"--config.file={tmp}/built/prometheus/prometheus.yml",
            f"--storage.tsdb.path={tmp}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with running(command, tmp / "prometheus.log"):
            url = f"http://127.0.0.1:{port}"
            try:
                for name in _LAST_LINKS:
                    wait_for(functools.partial(_rows, f"{url}/api/v1/query?query={name}"), name)
                # Each group reads what another recorded before it, so the chain is right after as many evaluations.
                for _ in range(_CHAIN):
                    seen = max(_evaluations(url), default="")
                    wait_for(functools.partial(_all_after, url, seen), "evaluation of every group")
            except TimeoutError:
                pytest.fail((tmp / "prometheus.log").read_text(encoding="utf-8")[-4000:])
            yield url


def _topology(node: int, cadvisor: int, docker: int = 1) -> Topology:
    plan = default.load().topology
    server = plan.servers[0].model_dump() | {
        "exporters": {"node": f"127.0.0.1:{node}", "cadvisor": f"127.0.0.1:{cadvisor}", "docker": f"127.0.0.1:{docker}"}
    }
    return plan.model_copy(update={"servers": (Server.model_validate(server),), "scrape_interval": 5})


def _groups(url: str) -> list[dict[str, Any]]:
    answer = get(f"{url}/api/v1/rules")
    return list(answer["data"]["groups"]) if answer else []


def _rows(ask: str) -> list[object]:
    answer = get(ask)
    return list(answer["data"]["result"]) if answer else []


def _evaluations(url: str) -> list[str]:
    """Time of each group's last evaluation, in a notation that sorts by time."""
    return [str(group["lastEvaluation"]) for group in _groups(url)]


def _all_after(url: str, moment: str) -> bool:
    evaluations = _evaluations(url)
    return bool(evaluations) and min(evaluations) > moment


@pytest.fixture
def query(prometheus: str) -> Query:
    """Run a query; maps label values, in order of their names, to the sample's value."""

    def ask(expr: str) -> dict[tuple[str, ...], float]:
        answer = get(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
        assert answer["status"] == "success", answer
        return {
            tuple(value for key, value in sorted(row["metric"].items()) if key != "__name__"): float(row["value"][1])
            for row in answer["data"]["result"]
        }

    return ask


def test_every_group_is_loaded_and_no_rule_fails(prometheus: str) -> None:
    """Prometheus reports every group as loaded and every rule as healthy."""
    groups = _groups(prometheus)

    files = {Path(group["file"]).name for group in groups}
    made = {path for path in assemble(default.load().topology) if path.startswith("prometheus/rules/")}
    assert files == {Path(path).name for path in made}
    assert [
        rule for group in groups for rule in group["rules"] if rule["health"] != "ok" or rule.get("lastError")
    ] == []


def test_the_servers_memory_is_what_the_kernel_says(query: Query) -> None:
    """Total memory equals MemTotal byte for byte; used memory is equal within momentary changes."""
    meminfo = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines())
    total, available = (int(meminfo[key].split()[0]) * 1024 for key in ("MemTotal", "MemAvailable"))

    assert query(names.SERVER_MEMORY_TOTAL) == {("main",): total}
    assert query(names.SERVER_MEMORY_USED)["main",] == pytest.approx(total - available, abs=2 * GIB)


def test_replicas_are_counted_by_service(query: Query) -> None:
    """Previews do not count, a service that never started counts 0, and an unhealthy replica counts as running."""
    running_now = query(names.SERVICE_REPLICAS_RUNNING)

    assert running_now["main", "web"] == 2
    assert running_now["main", "postgres"] == 1
    assert running_now["main", "traefik"] == 1
    assert running_now["main", "api"] == 0
    assert running_now["main", "coolify"] == 0
    assert query(names.COMPONENT_REPLICAS_HEALTHY)["main", "web"] == 1


def test_memory_is_held_against_the_budget(query: Query) -> None:
    """Page cache counts towards the budget of a web service, but not of a database."""
    used = query(names.SERVICE_MEMORY_USED)

    assert used["main", "web"] == 0.75 * GIB
    assert used["main", "postgres"] == GIB
    assert query(names.SERVICE_MEMORY_BUDGET_RATIO)["main", "postgres"] == 0.25
    assert query(names.SERVER_MEMORY_UNPLANNED) == {("main",): GIB / 4}


def test_the_plan_is_recorded(query: Query) -> None:
    """The plan allots 26 of 32 GB."""
    assert query(names.SERVER_MEMORY_PLANNED) == {("main",): 26 * GIB}
    assert query(names.SERVICE_REPLICAS_DESIRED)["main", "api"] == 2


def test_both_exporters_are_scraped(query: Query) -> None:
    """Both exporters are scraped, and no sample of the raw root cgroup is stored."""
    up = query('up{job=~"node|cadvisor"}')

    assert len(up) == 2
    assert set(up.values()) == {1.0}
    assert query('count(container_start_time_seconds{name=""})') == {}


def test_every_query_of_every_dashboard_evaluates(prometheus: str) -> None:
    """Every query evaluates as range and instant query; those on recorded series return data."""
    chosen = {"server": "main", "service": "web"}
    empty = []
    for board in boards.ours().values():
        for variable in tree.variables(board):
            if variable.get("name") in chosen:
                variable |= {"type": "custom", "query": chosen[str(variable["name"])]}
        for where, promql in expressions.expressions(board):
            query = urllib.parse.quote(promql)
            span = f"start={time.time() - 60}&end={time.time()}&step=10"
            for ask in (f"query?query={query}", f"query_range?query={query}&{span}"):
                answer = get(f"{prometheus}/api/v1/{ask}")
                assert answer, f"{where}: {promql}"
                assert answer["status"] == "success", f"{where}: {answer}"
            empty += [where] if not answer["data"]["result"] else []
    assert 'panel "Memory of each replica" query A' not in empty
    assert 'panel "Services, worst first" query A' not in empty


def test_a_disk_is_as_full_as_the_kernel_says(query: Query) -> None:
    """Each device has one value, whatever is mounted from it and however often."""
    seen = query(names.DEVICE_DISK_FREE)
    mounts = [line.split()[:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    kept = {device: mount for device, mount, kind in reversed(mounts) if kind in {"ext4", "xfs"} and mount == "/"}

    for device, mount in kept.items():
        told = os.statvfs(mount)
        assert seen[device, "main"] == pytest.approx(told.f_bavail / told.f_blocks, abs=0.02)


def test_what_a_server_does_is_told_in_sane_numbers(query: Query) -> None:
    """Ratios are between 0 and 1, and the host's clock has no offset from itself."""
    for name in (names.SERVER_MEMORY_AVAILABLE, names.SERVER_CPU_USED, names.SERVER_CPU_WAITING):
        shares = query(name)
        assert all(-0.05 <= share <= 1.05 for share in shares.values()), (name, shares)
    assert 0 < query(names.SERVER_MEMORY_AVAILABLE)["main",] < 1
    assert query("max by (server) (abs(node_time_seconds - timestamp(node_time_seconds)))")["main",] < 10
    assert query(names.SERVER_CONTAINERS_PAUSED) == {("main",): 0}


def test_every_query_of_every_dashboard_is_answered(query: Query) -> None:
    """Every query succeeds, and those that always apply to a server return data."""
    answered: dict[tuple[str, str], int] = {}
    for file, content in catalogue.files(rules.build(_topology(1, 1))).items():
        dashboard = json.loads(content)
        for panel in tree.plots(dashboard):
            for ref_id, written in expressions.of_panel(panel):
                chosen = written.replace("$server", ".+").replace("$service", "web")
                found = query(expressions.expand(chosen, dashboard))
                if ref_id == "A":
                    answered[file, str(panel["title"])] = len(found)

    silent = {
        title for (file, title), count in answered.items() if file in {"host.json", "capacity.json"} and not count
    }
    assert silent <= _MAY_BE_EMPTY, silent


# What this machine may not have, and what has no trend after a minute.
_MAY_BE_EMPTY = {
    "95% of the week",
    "Tracked connections",
    "Container starts",
    "Free disk space",
    "Disk traffic",
    "Disks busy",
    "Missing disks",
    "Read-only disks",
    "Disks, one row per device",
    "Free inodes",
    "Least disk left",
    "Full in",
    "Temperature",
    "Disk latency",
    "Disk operations",
    "Swap in use",
    "CPU by service",
    "Memory pressure",
    "CPU and disk pressure",
    "Next disk full in",
    "Time until a disk is full",
}
