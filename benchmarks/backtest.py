"""Duration and memory of `boxwatch backtest` of every alert over 14 days of 30 s data: `make bench`.

    python benchmarks/backtest.py [--days 14] [--series 400]

A real Prometheus first evaluates the default deployment's rules on the world of rules_evaluation.py. The series that
the alerts read, scraped and recorded, with the labels that they have there, are then written for the whole time by
promtool, with values that move, and backtested. Exit code 1 if that takes 60 s or more.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from rules_evaluation import page_of_containers, page_of_the_rest
from support.programs import free_port, get, running, serving, wait_for

from boxwatch.assemble import assemble
from boxwatch.checks.rules import rule_file
from boxwatch.promql import nodes
from boxwatch.promql.parse import parse
from boxwatch.promql.walk import every
from boxwatch.publish import directory
from boxwatch.rules import names
from boxwatch.topology import default
from boxwatch.topology.model import Server

_MOST = 60.0
_STEP = 30
_DAY = 86_400
# Values beyond it are no measurements that move.
_LARGEST = 1e12


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="How long a backtest of every alert takes.")
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--series", type=int, default=400)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        series = _world(folder, given.series)
        end = int(time.time()) // _STEP * _STEP
        samples = _write(folder, series, end - int(given.days * _DAY), end)
        print(f"series, samples {len(series):>24,} {samples:>12,}")
        return _measured(folder, given.days)


def _world(folder: Path, most: int) -> list[tuple[str, float]]:
    """The series that the alerts read, as exposed, with their values."""
    plan = default.load().topology
    port = free_port()
    with (
        serving({"/metrics": page_of_containers(plan)}) as cadvisor,
        serving({"/metrics": page_of_the_rest(3000)}) as node,
    ):
        exporters = {"node": f"127.0.0.1:{node}", "cadvisor": f"127.0.0.1:{cadvisor}"}
        server = Server.model_validate(plan.servers[0].model_dump() | {"exporters": exporters})
        topology = plan.model_copy(update={"servers": (server,), "scrape_interval": 5})
        files = assemble(topology)
        directory.apply(directory.plan(files, folder / "built"))
        command = [
            "prometheus",
            f"--config.file={folder}/built/prometheus/prometheus.yml",
            f"--storage.tsdb.path={folder}/first",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with running(command, folder / "first.log"):
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: _result(url, names.SERVICE_REPLICAS_RUNNING), "recorded series")
            time.sleep(20)
            read = {
                node.name or ""
                for path, content in files.items()
                if path.startswith("prometheus/rules/")
                for rule in rule_file.read(path, content).alerts
                for node in every(parse(rule.expr))
                if isinstance(node, nodes.VectorSelector)
            }
            found = [(name, each) for name in sorted(read | {"up"}) for each in _result(url, name)]
    # The same share of each metric's series, and one at least.
    share = max(1, math.ceil(len(found) / most))
    kept = [one for number, one in enumerate(found) if number % share == 0 or one[0] != found[number - 1][0]]
    return [(_exposed(each["metric"]), float(each["value"][1])) for _, each in kept]


def _result(url: str, query: str) -> list[dict[str, Any]]:
    answer = get(f"{url}/api/v1/query?query={quote(query)}")
    return list(answer["data"]["result"]) if answer else []


def _exposed(labels: dict[str, str]) -> str:
    own = ",".join(f"{key}={json.dumps(value)}" for key, value in labels.items() if key != "__name__")
    return f"{labels['__name__']}{{{own}}}"


def _write(folder: Path, series: list[tuple[str, float]], start: int, end: int) -> int:
    """Write all samples as blocks; values move by a tenth over a day."""
    moves = [1 + 0.1 * math.sin(math.tau * number * _STEP / _DAY) for number in range(_DAY // _STEP)]
    times = range(start, end + 1, _STEP)

    def lines() -> Iterator[str]:
        for number, (name, value) in enumerate(series):
            constant = not math.isfinite(value) or value == 0 or abs(value) > _LARGEST
            for place, at in enumerate(times):
                moved = value if constant else value * moves[(place + 97 * number) % len(moves)]
                yield f"{name} {moved:.6g} {at}\n"
        yield "# EOF\n"

    text = folder / "data.txt"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(lines())
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=48h", str(text)]
    subprocess.run([*command, str(folder / "data")], check=True, capture_output=True)
    text.unlink()
    return len(series) * len(times)


def _measured(folder: Path, days: float) -> int:
    port = free_port()
    (folder / "empty.yml").write_text("global: {evaluation_interval: 30s}\n", encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={folder}/empty.yml",
        f"--storage.tsdb.path={folder}/data",
        "--storage.tsdb.retention.time=1y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, folder / "second.log") as server:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _result(url, "vector(1)"), "the server")
        program = str(Path(sys.executable).parent / "boxwatch")
        arguments = [program, "backtest", "--prometheus", url, "--days", f"{days:g}", "--json"]
        begin = time.perf_counter()
        with (folder / "out.json").open("w", encoding="utf-8") as out:
            process = subprocess.Popen(arguments, stdout=out, stderr=subprocess.DEVNULL)
            _, _, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - begin
        ticks = Path(f"/proc/{server.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
        used = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        found = json.loads((folder / "out.json").read_text(encoding="utf-8"))["alerts"]
    fired = [each for each in found if each["firings"]]
    print(f"alerts {len(found):>33}  ({len(fired)} fire, {sum(bool(each['problem']) for each in found)} fail)")
    own = usage.ru_utime + usage.ru_stime
    print(f"boxwatch backtest {took:>22.1f} s  (below {_MOST:g} is good enough)")
    print(f"CPU of boxwatch, of Prometheus {own:>9.1f} s {used:>9.1f} s")
    print(f"peak memory {usage.ru_maxrss / 1024:>28.0f} MB")
    return int(took >= _MOST)


if __name__ == "__main__":
    sys.exit(main())
