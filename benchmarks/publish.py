"""Publishing to a Grafana that answers after 20 ms: requests, writes and seconds, compared with grafana-client.

    python benchmarks/publish.py [PYTHON]

PYTHON is the interpreter of a separate environment with grafana-client, whose dependencies replace urllib3. Without it
the comparison is left out. Server and client are separate processes; figures are medians of three runs; the Grafana is
the tests' stand-in.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

_RUNS = 3
_LATENCY = 0.02

# The obvious first version: write every dashboard every time; the last writer wins.
_NAIVE = """
import json, sys
from grafana_client import GrafanaApi
boards = json.load(open(sys.argv[2]))
api = GrafanaApi.from_url(sys.argv[1], credential=sys.argv[3])
for board in boards:
    api.dashboard.update_dashboard({"dashboard": {**board, "id": None}, "folderUid": "f", "overwrite": True})
"""


def serve(pipe: Connection, boards: list[dict[str, Any]], apis: tuple[str, ...]) -> None:
    """A stand-in that holds the boards; says its address, then answers each `how many` with requests and writes."""
    from support.grafana import grafana

    from boxwatch.publish.grafana import form, plan

    with grafana() as state:
        state.checks = False
        state.apis = apis
        state.latency = _LATENCY
        state.folders["f"] = "boxwatch"
        for board in boards:
            marked = form.marked(board, "mvp")
            state.put(marked, folder="f", message=plan.message(marked, ""))
        pipe.send(state.url)
        while pipe.recv() == "how many":
            pipe.send((len(state.requests), len(state.writes)))
            state.requests.clear()


def panel(number: int, *, limit: int = 80) -> dict[str, Any]:
    """One of twenty on a dashboard."""
    from support.panels import a_panel

    made = a_panel(f"Panel {number}", number)
    made["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = limit
    return made


def dashboards(count: int, changed: int = 0) -> list[dict[str, Any]]:
    """So many of twenty panels; in the first few a threshold is another."""
    from support.panels import a_dashboard

    return [
        a_dashboard(f"b{index}", *(panel(number, limit=90 if index < changed else 80) for number in range(1, 21)))
        for index in range(count)
    ]


def on_stand_in(
    there: list[dict[str, Any]], work: Callable[[str], None], what: str, apis: tuple[str, ...] = ()
) -> float:
    """Median seconds of some work against a fresh stand-in each time; prints requests and writes of the last."""
    seconds, counted = [], (0, 0)
    for _ in range(_RUNS):
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=serve, args=(theirs, there, apis), daemon=True)
        process.start()
        url = ours.recv()
        begin = time.perf_counter()
        work(url)
        seconds.append(time.perf_counter() - begin)
        ours.send("how many")
        counted = ours.recv()
        ours.send("end")
        process.join()
    median = statistics.median(seconds)
    print(f"{what:<58} {median:7.3f} s {counted[0]:5} requests {counted[1]:4} writes")
    return median


def boxwatch(desired: list[dict[str, Any]], *, write: bool) -> Callable[[str], None]:
    """A diff, or a publish with its backup."""

    def work(url: str) -> None:
        from support.grafana import TOKEN

        from boxwatch.publish.grafana import apply, choose, http, plan

        api = choose.choose(http.Http(http.Access(url, TOKEN)))
        made = plan.plan(api, desired, deployment="mvp", folder="boxwatch")
        if write:
            with tempfile.TemporaryDirectory() as folder:
                apply.apply(api, made, url=url, backups=Path(folder))

    return work


def naive(python: str, desired: list[dict[str, Any]]) -> Callable[[str], None]:
    """The loop; the start of its interpreter is part of it."""

    def work(url: str) -> None:
        from support.grafana import TOKEN

        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(desired, file)
            file.flush()
            subprocess.run([python, "-c", _NAIVE, url, file.name, TOKEN], check=True)

    return work


def main() -> None:
    """Both cases, each beside the loop."""
    python = sys.argv[1] if len(sys.argv) > 1 else None
    for count, changed in ((50, 0), (500, 5)):
        desired = dashboards(count, changed)
        there = dashboards(count)
        for name, apis in (("/apis", ("v1beta1",)), ("/api", ())):
            how = f"{count} dashboards, {changed} changed, {name}"
            ours = on_stand_in(there, boxwatch(desired, write=False), f"boxwatch diff, {how}", apis)
            writing = on_stand_in(there, boxwatch(desired, write=True), f"boxwatch publish, {how}", apis)
        if python:
            loop = on_stand_in(there, naive(python, desired), f"loop over grafana-client, {count}, {changed} changed")
            print(f"  the loop takes {loop / ours:.1f} times a diff, {loop / writing:.1f} times a publish")


if __name__ == "__main__":
    main()
