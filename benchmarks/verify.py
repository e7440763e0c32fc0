"""Duration of `boxwatch verify` on all panels of the default deployment, with a real local Prometheus: `make bench`.

    python benchmarks/verify.py [--runs 5]

The world is that of rules_evaluation.py: every planned container, and every metric of the catalogue once. Measures
whole processes, with their imports. Exit code 1 if 300 panel queries take 3 s or more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from rules_evaluation import page_of_containers, page_of_the_rest
from support.programs import free_port, get, running, serving, wait_for

from boxwatch.assemble import assemble
from boxwatch.publish import directory
from boxwatch.rules import names
from boxwatch.topology import default
from boxwatch.topology.model import Server

_MOST = 3.0
_QUERIES = 300


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="How long the verification of every panel takes.")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    plan = default.load().topology
    port = free_port()
    with tempfile.TemporaryDirectory() as name, serving({"/metrics": page_of_containers(plan)}) as cadvisor:
        folder = Path(name)
        with serving({"/metrics": page_of_the_rest(3000)}) as node:
            exporters = {"node": f"127.0.0.1:{node}", "cadvisor": f"127.0.0.1:{cadvisor}"}
            server = Server.model_validate(plan.servers[0].model_dump() | {"exporters": exporters})
            topology = plan.model_copy(update={"servers": (server,), "scrape_interval": 5})
            directory.apply(directory.plan(assemble(topology), folder / "built"))
            command = [
                "prometheus",
                f"--config.file={folder}/built/prometheus/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ]
            url = f"http://127.0.0.1:{port}"
            with running(command, folder / "prometheus.log"):
                wait_for(lambda: _has(url, names.SERVICE_REPLICAS_RUNNING), "recorded series")
                time.sleep(15)
                return _measured(url, folder / "built" / "grafana" / "dashboards", given.runs)


def _has(url: str, name: str) -> bool:
    answer = get(f"{url}/api/v1/query?query={name}")
    return bool(answer and answer["data"]["result"])


def _measured(url: str, dashboards: Path, runs: int) -> int:
    command = [str(Path(sys.executable).parent / "boxwatch"), "verify", "--prometheus", url, str(dashboards), "--json"]
    took = []
    outcomes: list[str] = []
    for _ in range(runs):
        begin = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took.append(time.perf_counter() - begin)
        outcomes = [each["outcome"] for each in json.loads(done.stdout)["items"] if each["section"] == "panels"]
    median = statistics.median(took)
    scaled = median * _QUERIES / len(outcomes)
    print(f"panel queries {len(outcomes):>20}  ({outcomes.count('data')} with data, {outcomes.count('broken')} broken)")
    print(f"boxwatch verify {median:>18.2f} s  (of {', '.join(f'{each:.2f}' for each in took)})")
    print(f"for 300 queries {scaled:>18.2f} s  (below {_MOST:g} is good enough)")
    return int(scaled >= _MOST)


if __name__ == "__main__":
    sys.exit(main())
