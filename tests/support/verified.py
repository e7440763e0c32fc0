"""A small world that a real Prometheus scrapes every second: mostly healthy, with one of each fault."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from boxwatch.live.source import FORMS, Direct, Prometheus
from boxwatch.publish.http import Client
from support.programs import free_port, get, running, serving, wait_for

APP = """\
# TYPE app_requests_total counter
app_requests_total{code="200",method="get",service="web"} 10
app_requests_total{code="200",method="post",service="api"} 5
app_queue_length{service="web",queue="mail"} 3
app_queue_length{service="api",queue="jobs"} 0
app_limit{service="web"} 10
app_limit{service="api",pool="main"} 20
app_seconds_bucket{le="1"} 1
app_seconds_bucket{le="+Inf"} 2
app_up 1
service:replicas:running{service="stopped"} 0
service:replicas:running{service="web"} 2
"""
STORE = "store_connections 4\nstore_limit 100\n"
RULES = """\
groups:
  - name: records
    rules:
      - record: service:requests:rate5s
        expr: sum by (service) (rate(app_requests_total[5s]))
      - record: service:empty:sum
        expr: sum by (service) (app_queue_length{service="nobody"})
      - record: service:failing:ratio
        expr: app_queue_length / on (job) app_limit
  - name: alerts
    rules:
      - alert: QueueFull
        expr: app_queue_length > 100
      - alert: Watchdog
        expr: vector(1)
      - alert: QueueNearLimit
        expr: app_queue_length / on (job, service) app_limit > 0.9
        labels: {severity: warning}
      - alert: Answering
        expr: app_up == 1
        for: 1h
      - alert: QueueWithoutLimit
        expr: app_queue_length > 0 unless on (job, service) app_limit
      - alert: QueueOfPool
        expr: app_queue_length > 0 and on (service, pool) app_limit{service="api"}
      - alert: RequestsMissing
        expr: service:requests:rate5s{service="web"} > 1000 or absent(app_up)
      - alert: SizeMissing
        expr: app_queue_size > 1
  - name: later
    interval: 1h
    rules:
      - record: service:later:sum
        expr: sum by (service) (app_queue_length)
"""
_CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{folder}/rules.yaml]
scrape_configs:
  - job_name: app
    static_configs: [{{targets: ["127.0.0.1:{app}"]}}]
  - job_name: slow
    scrape_interval: 4s
    scrape_timeout: 1s
    static_configs: [{{targets: ["127.0.0.1:{app}"]}}]
  - job_name: store
    static_configs: [{{targets: ["127.0.0.1:{store}"]}}]
  - job_name: redis
    static_configs: [{{targets: ["127.0.0.1:{closed}"]}}]
"""


@dataclass(frozen=True)
class Running:
    """The world.

    Attributes:
        url: of Prometheus.
        source: the same, for queries.
    """

    url: str
    source: Prometheus


def connect(url: str, concurrency: int = 4) -> Prometheus:
    """A server to ask."""
    return Prometheus(Direct(Client(url, headers=FORMS), 10), concurrency)


@contextlib.contextmanager
def world(folder: Path, program: Callable[[str], str]) -> Iterator[Running]:
    """Start it, let its records appear, and stop the target `store`."""
    port, closed = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    with serving({"/metrics": APP}) as app:
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
        command = [
            program("prometheus"),
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with contextlib.ExitStack() as stack:
            with serving({"/metrics": STORE}) as store:
                text = _CONFIG.format(folder=folder, app=app, store=store, closed=closed)
                (folder / "prometheus.yml").write_text(text, encoding="utf-8")
                stack.enter_context(running(command, folder / "prometheus.log"))
                wait_for(lambda: _has(url, "store_limit"), "a scrape of the store")
            source = connect(url)
            wait_for(lambda: _has(url, "service:requests:rate5s"), "a recorded series")
            wait_for(lambda: _has(url, 'app_up{job="slow"}'), "a scrape of the slow target")
            wait_for(lambda: _has(url, 'up{job="store"} == 0'), "the store's end")
            wait_for(lambda: not _has(url, "last_over_time(store_limit[4s])"), "the end of the store's series")
            yield Running(url, source)


def _has(url: str, expr: str) -> bool:
    answer = get(f"{url}/api/v1/query?query={quote(expr)}")
    return bool(answer and answer["data"]["result"])
