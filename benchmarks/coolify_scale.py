"""Scale benchmark of the Coolify exporter: a thousand applications, fifty scrapers, compared with a naive collector.

    python benchmarks/coolify_scale.py              # memory, latency and requests

Figures depend on the host; ratios are more meaningful. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the tests' clock

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client import Metric as Family
from prometheus_client.registry import Collector
from support.coolify import HandClock
from support.programs import free_port

from boxwatch.exporters.coolify.account import Account
from boxwatch.exporters.coolify.client import Api, Counts
from boxwatch.exporters.coolify.exporter import Exporter, Watch
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.secret import FixedToken
from boxwatch.exporters.coolify.transport import HttpTransport

GZIP = {"Accept-Encoding": "gzip", "Accept": "application/openmetrics-text; version=1.0.0"}


@contextlib.contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process for a while."""
    running = subprocess.Popen([sys.executable, *command], env=os.environ | environment, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """One request."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=300)) as connection:
        connection.request("GET", path, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read()


def wait_for(port: int, path: str, pattern: str, seconds: float) -> float:
    """Wait until a page matches; the seconds that it took."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        with contextlib.suppress(OSError):
            if re.search(pattern, get(port, path)[1].decode()):
                break
        time.sleep(0.5)
    return time.monotonic() - started


def memory(pid: int) -> tuple[float, float]:
    """Resident memory now and at its highest, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = {name: int(value) / 1024 for name, value in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status)}
    return found["VmRSS"], found["VmHWM"]


def scrapers(port: int, number: int, seconds: float, every: float, headers: dict[str, str]) -> list[float]:
    """Latencies of many scrapers at once, each on its own connection; `every` 0 is as fast as they can.

    Threads that read into one buffer: asyncio's streams copy every byte three times and stop reading in between, which
    for 7 MB cost more than the exporter (13.6 ms alone, where curl took 4.9 ms).
    """
    times: list[float] = []
    until = time.monotonic() + seconds
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET /metrics HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode()

    def one() -> None:
        buffer = memoryview(bytearray(1 << 20))
        with socket.create_connection(("127.0.0.1", port)) as connection:
            time.sleep(random.random() * every)  # noqa: S311 - phases
            while time.monotonic() < until:
                started = time.perf_counter()
                connection.sendall(request)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(4096)
                head, _, rest = head.partition(b"\r\n\r\n")
                match = re.search(rb"Content-Length: (\d+)", head)
                left = int(match[1]) - len(rest) if match else 0
                while left > 0:
                    left -= connection.recv_into(buffer)
                times.append(time.perf_counter() - started)
                time.sleep(max(0.0, every - times[-1]))

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def prefer(pid: int) -> None:
    """Let a process and this one run before everything else on the machine; needs root."""
    for thread in (*map(int, os.listdir(f"/proc/{pid}/task")), 0):  # noqa: PTH208 - numbers, no paths
        os.sched_setscheduler(thread, os.SCHED_RR, os.sched_param(1))


def show(name: str, times: Sequence[float]) -> None:
    """Percentiles in milliseconds."""
    cuts = statistics.quantiles(times, n=1000)
    points = ((500, "p50"), (950, "p95"), (990, "p99"), (999, "p99.9"))
    line = "  ".join(f"{label} {cuts[point - 1] * 1000:7.1f} ms" for point, label in points)
    print(f"  {name:42} {len(times):6} scrapes  {line}")


def scale(applications: int, servers: int, minutes: float, *, priority: bool) -> None:
    """Memory, latency and requests for many applications."""
    fake_port, port = free_port(), free_port()
    fake = ["-m", "boxwatch.exporters.coolify.fake", "--listen", f"127.0.0.1:{fake_port}", "--limit", "1000000"]
    exporter = ["-m", "boxwatch.exporters.coolify", "--url", f"http://127.0.0.1:{fake_port}", "--log-level", "error"]
    print(f"{applications} applications on {servers} servers, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with process(*fake, "--applications", str(applications), "--servers", str(servers), "--tasks"):
        wait_for(fake_port, "/_fake/stats", "requests", 60)
        with process(
            *exporter, "--listen", f"127.0.0.1:{port}", "--requests-per-minute", "6000", COOLIFY_TOKEN=TOKEN
        ) as running:
            full = r"(?s)coolify_history_oldest_read_timestamp_seconds\S+ [1-9].*coolify_deployments_total"
            took = wait_for(port, "/metrics", full, 600)
            time.sleep(120)  # tasks follow after a minute
            print(f"with everything read (budget lifted, {took:.0f} s):")
            text, packed = get(port, "/metrics")[1], get(port, "/metrics", GZIP)[1]
            print(f"  page {len(text) / 1e6:.1f} MB, {len(packed) / 1e6:.2f} MB as gzip, {text.count(b'} '):,} series")
            print("  resident memory before scrapes {:.0f} MB, at most {:.0f} MB".format(*memory(running.pid)))
            if priority:
                prefer(running.pid)
            for name, every, headers in (
                ("50 scrapers, each every second, gzip", 1.0, GZIP),
                ("50 scrapers as fast as they can, gzip", 0.0, GZIP),
                ("50 scrapers, each every 15 s, plain text", 15.0, {}),
            ):
                show(name, scrapers(port, 50, max(10, 6 * every), every, headers))
            print("  resident memory after scrapes {:.0f} MB, at most {:.0f} MB".format(*memory(running.pid)))
            ours = scrapers(port, 1, 5, 0.5, GZIP)
        budget(fake_port, exporter, minutes)
        naive(fake_port, statistics.median(ours))


def budget(fake_port: int, exporter: list[str], minutes: float) -> None:
    """Requests with the default budget, minute by minute."""
    port = free_port()
    with process(*exporter, "--listen", f"127.0.0.1:{port}", COOLIFY_TOKEN=TOKEN) as running:
        counts = []
        before = stats(fake_port)
        for _ in range(int(minutes)):
            time.sleep(60)
            now = stats(fake_port)
            counts.append(now - before)
            before = now
        print(f"with the default budget of 60: {counts} requests in each minute; Coolify grants 200")
        print("  resident memory {:.0f} MB, at most {:.0f} MB".format(*memory(running.pid)))


def stats(fake_port: int) -> int:
    """Requests that the fake has had."""
    return int(json.loads(get(fake_port, "/_fake/stats")[1])["requests"])


def naive(fake_port: int, ours: float) -> None:
    """The collector that asks Coolify at scrape time: the same client and page, without schedule and memory."""
    port = free_port()
    before = stats(fake_port)
    with process(__file__, "--naive", f"http://127.0.0.1:{fake_port}", str(port)) as running:
        wait_for(port, "/", ".", 30)
        before = stats(fake_port)
        times = []
        for _ in range(2):
            started = time.perf_counter()
            get(port, "/metrics", GZIP)
            times.append(time.perf_counter() - started)
        requests = (stats(fake_port) - before) / 2
        took = statistics.median(times)
        print("the naive collector that asks at scrape time:")
        print(f"  {requests:.0f} requests and {took:.1f} s for one scrape; {memory(running.pid)[1]:.0f} MB at most")
        often = requests * 2
        print(f"  scraped every 30 s: {often:.0f} requests a minute, {often / 200:.1f} times Coolify's limit")
        print(f"  ratios: scrape {took / ours:,.0f} to 1, requests a minute {often / 60:.0f} to 1")


class Naive(Collector):
    """Reads everything for every scrape, and holds nothing."""

    def __init__(self, url: str) -> None:
        """Ask nothing yet."""
        self._url = url

    def collect(self) -> Iterator[Family]:
        """All of Coolify, once more."""
        clock = HandClock(time.time()).clock()  # it stands still, so everything is due once
        api = Api(HttpTransport(self._url), FixedToken(TOKEN), RateLimiter(1e9, clock), clock, Counts())
        account = Account("naive", api, clock)
        while account.turn() == 0:
            pass
        exporter = Exporter([Watch(account, self._url, 60)], CollectorRegistry(), "0")
        exporter.publish(account, self._url)
        yield from exporter.registry.collect()

    def describe(self) -> list[Family]:
        """Nothing: registering must not ask Coolify."""
        return []


def serve_naive(url: str, port: int) -> None:
    """The naive collector behind prometheus_client's own server."""
    registry = CollectorRegistry()
    registry.register(Naive(url))
    start_http_server(port, "127.0.0.1", registry=registry)
    signal.pause()


def main() -> None:
    """The whole, or the naive collector that it starts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=1000)
    parser.add_argument("--servers", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=3, help="with the default budget")
    parser.add_argument("--priority", action="store_true", help="measure scrapes ahead of what else runs here (root)")
    parser.add_argument("--naive", nargs=2, metavar=("URL", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.naive:
        serve_naive(options.naive[0], int(options.naive[1]))
    else:
        scale(options.applications, options.servers, options.minutes, priority=options.priority)


if __name__ == "__main__":
    main()
