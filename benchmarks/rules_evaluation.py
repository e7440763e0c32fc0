"""Duration of one cycle of rule evaluation in a real Prometheus with 10,000 series: `make bench`.

    python benchmarks/rules_evaluation.py [--series 10000] [--cycles 3]

The default deployment's own files run in Prometheus against two generated targets: cAdvisor, with every planned
container and every metric of the catalogue, and one with the metrics of all other exporters, up to the requested number
of series. The duration of a cycle is the sum of `prometheus_rule_group_last_duration_seconds` over all groups, measured
by Prometheus itself. The database is only minutes old, so windows of hours contain only that much data. Exit code 1 if
the median is 100 ms or more.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.programs import free_port, get, running, serving, wait_for

from boxwatch.assemble import assemble
from boxwatch.exporters.catalogue import metrics
from boxwatch.publish import directory
from boxwatch.rules import names
from boxwatch.topology import default
from boxwatch.topology.model import Server, Topology
from boxwatch.topology.validation import samples

_MOST = 0.1
_INTERVAL = 10


def page_of_containers(topology: Topology) -> str:
    """Cadvisor's page: each planned container with every metric that the catalogue knows, two values of each label."""
    lines = []
    for number, labels in enumerate(_containers(topology)):
        lines.append(f'container_start_time_seconds{{{labels},id="/docker/{number}"}} 1700000000')
        for metric in _metrics("cadvisor"):
            if not metric.name.startswith("container_") or metric.name == "container_start_time_seconds":
                continue
            free = sorted(metric.labels - {"id", "image", "name"} - {one for one in metric.labels if "label" in one})
            for value in ("a", "b") if free else ("",):
                more = "".join(f',{label}="{value}"' for label in free)
                lines.append(f'{metric.name}{{{labels},id="/docker/{number}"{more}}} {1000 * number}')
    return "".join(f"{line}\n" for line in lines)


def page_of_the_rest(count: int) -> str:
    """So many series of the other exporters: every metric of the catalogue, over and over with another label."""
    others = [metric.name for metric in _metrics("") if metric.exporter not in ("cadvisor", "scrape")]
    lines = [f"{name} 1" for name in dict.fromkeys(others)][:count]
    more = (f'{name}{{series="{turn}"}} {turn}' for turn in itertools.count(1) for name in dict.fromkeys(others))
    lines += itertools.islice(more, max(0, count - len(lines)))
    return "".join(f"{line}\n" for line in lines)


def _metrics(exporter: str) -> Iterator[metrics.Metric]:
    for found in metrics.load().values():
        yield from (metric for metric in found if exporter in ("", metric.exporter))


def _containers(topology: Topology) -> Iterator[str]:
    """The labels by which cAdvisor shows each planned container."""
    for service in topology.services:
        for replica, selector in itertools.product(range(1, service.replicas + 1), service.selectors):
            number = f"{service.name}-{replica}-{selector.component or 'c'}"
            of = {"image": "app:1", "name": number}
            if selector.name:
                of["name"] = _match(selector.name, replica)
            if selector.resource:
                of["container_label_coolify_resourceName"] = _match(selector.resource, replica)
            if selector.compose_service:
                of["container_label_com_docker_compose_service"] = _match(selector.compose_service, replica)
            yield ",".join(f'{key}="{value}"' for key, value in of.items())


def _match(pattern: str, replica: int) -> str:
    found = samples.samples(pattern)
    return found[replica % len(found)] if found else pattern


def measure(series: int, cycles: int) -> tuple[float, ...]:
    """Seconds of each of so many cycles."""
    plan = default.load().topology
    containers = page_of_containers(plan)
    rest = page_of_the_rest(series - containers.count("\n"))
    port = free_port()
    with tempfile.TemporaryDirectory() as name, serving({"/metrics": containers}) as cadvisor:
        folder = Path(name)
        with serving({"/metrics": rest}) as node:
            exporters = {"node": f"127.0.0.1:{node}", "cadvisor": f"127.0.0.1:{cadvisor}"}
            server = Server.model_validate(plan.servers[0].model_dump() | {"exporters": exporters})
            topology = plan.model_copy(update={"servers": (server,), "scrape_interval": _INTERVAL})
            directory.apply(directory.plan(assemble(topology), folder / "built"))
            command = [
                "prometheus",
                f"--config.file={folder}/built/prometheus/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ]
            with running(command, folder / "prometheus.log"):
                return tuple(_cycles(f"http://127.0.0.1:{port}", series, cycles))


def _cycles(url: str, series: int, count: int) -> Iterator[float]:
    wait_for(lambda: _head(url) >= series, f"{series} series")
    print(f"series in the head {_head(url):>14,.0f}")
    groups = wait_for(lambda: all(one["evaluationTime"] for one in _groups(url)) and _groups(url), "rule groups")
    time.sleep(2 * _INTERVAL)
    print(f"rule groups, rules {len(groups):>14} {sum(len(group['rules']) for group in groups):>6}")
    seen = get(f"{url}/api/v1/query?query=count({names.CONTAINER_MEMORY_USED})")
    print(f"containers that are judged {int(seen['data']['result'][0]['value'][1]):>8}")
    for _ in range(count):
        # A whole interval and a scrape later every group was evaluated anew.
        time.sleep(_INTERVAL + 1)
        yield sum(float(group["evaluationTime"]) for group in _groups(url))


def _head(url: str) -> float:
    answer = get(f"{url}/api/v1/status/tsdb")
    return float(answer["data"]["headStats"]["numSeries"]) if answer else 0


def _groups(url: str) -> list[dict[str, Any]]:
    answer = get(f"{url}/api/v1/rules")
    return list(answer["data"]["groups"]) if answer else []


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="What a cycle of rule evaluation costs.")
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--cycles", type=int, default=3)
    given = parser.parse_args()
    found = measure(given.series, given.cycles)
    median = statistics.median(found)
    print(f"a cycle of all groups {1000 * median:>11.1f} ms  (of {', '.join(f'{1000 * one:.1f}' for one in found)})")
    print(f"share of 100 ms {median / _MOST:>17.2f}  (below 1 is good enough)")
    return int(median >= _MOST)


if __name__ == "__main__":
    sys.exit(main())
