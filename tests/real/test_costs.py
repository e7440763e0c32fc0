"""The predicted series are those of a real Prometheus that scrapes real and recorded pages.

Prometheus and node_exporter are the distribution's. Other pages are recorded from real exporters. There is none of
cAdvisor, MinIO and Grafana: they are made from the catalogue, so the others are compared by themselves, too.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import third_party
from support.coolify import HandClock, Rig
from support.programs import free_port, get, running, serving, wait_for

from boxwatch.assemble import assemble
from boxwatch.exporters.coolify.fake import box
from boxwatch.publish import directory
from boxwatch.rules import catalogue
from boxwatch.stack import costs
from boxwatch.stack.predictions import dimensions, exposures
from boxwatch.stack.predictions.exposures import Exposure
from boxwatch.topology import default
from boxwatch.topology.model import Server, Service, Topology

pytestmark = pytest.mark.third_party
Program = Callable[[str], str]

_RECORDED = {
    "alertmanager": "alertmanager-0.33.1.prom",
    "blackbox": "blackbox_exporter-0.28.0-self.prom",
    "docker": "docker-engine-20.10.24.prom",
    "postgres": "postgres_exporter-0.19.1-pg15.prom",
    "redis": "redis_exporter-1.86.0-redis7.0.15-primary.prom",
    "elasticsearch": "elasticsearch_exporter-1.10.0-defaults-REPLAYED-es7-fixtures.prom",
    "traefik": "traefik-3.7.15-file-provider.prom",
}
_MADE = {"cadvisor": exposures.CADVISOR, "grafana": exposures.GRAFANA, "minio": exposures.MINIO}
_WITHIN = 0.15


def _page(exposure: Exposure, topology: Topology) -> str:
    """A page with as many series as an exporter is expected to expose."""
    of = dimensions.of(topology, topology.home.name, jobs=14, groups=70)
    lines = []
    for metric in exposure.metrics():
        sizes = exposure.sizes(metric, of)
        for values in itertools.product(*(range(max(1, round(size))) for size in sizes.values())):
            labels = ",".join(f'{label}="{value}"' for label, value in zip(sizes, values, strict=True))
            lines.append(f"{metric.name}{{{labels}}} 1")
    return "\n".join(lines) + "\n"


def _recorded(job: str) -> str:
    text = (third_party.folder("scrapes") / _RECORDED[job]).read_text(encoding="utf-8")
    # As the stack's exporter is started.
    left_out = "redis_commands_latencies_usec_bucket"
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(left_out))


def _coolify(topology: Topology) -> str:
    """The page of our Coolify exporter, with a Coolify that has as many resources as planned."""
    hand = HandClock()
    fake = box.default(lambda: hand.now)
    environment = fake.add_project("More", "production")
    of = dimensions.of(topology, topology.home.name, jobs=14, groups=70)
    for number in range(of.applications - len(fake.applications)):
        app = fake.add_application(f"more {number}", environment)
        fake.deploy(app, "finished", ago=86400, took=150)
    for number in range(of.managed - len(fake.databases)):
        fake.add_database(f"more {number}", "redis", environment)
    return Rig(fake, hand).settle().page()


def _larger(topology: Topology) -> Topology:
    """More of everything: three databases of each kind, and twenty replicas."""
    more = [
        one.model_copy(update={"name": f"{one.name}-{number}"})
        for one in topology.services
        if one.kind in ("postgres", "redis", "elasticsearch")
        for number in (2, 3)
    ]
    services = [
        one.model_copy(update={"replicas": 20}) if one.name in ("api", "worker") else one for one in topology.services
    ]
    return topology.model_copy(update={"services": (*services, *more)})


@contextlib.contextmanager
def _prometheus(topology: Topology, tmp: Path, program: Program) -> Iterator[tuple[str, Topology]]:
    """URL of a Prometheus that runs a deployment's files, and the deployment with its targets on loopback."""
    node, own = free_port(), free_port()
    exporter = [program("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{node}"]
    with contextlib.ExitStack() as stack:
        pages = {job: _recorded(job) for job in _RECORDED} | {job: _page(one, topology) for job, one in _MADE.items()}
        pages["coolify"] = _coolify(topology)
        paths = {"minio": "/minio/v2/metrics/cluster"}
        at = {
            job: f"127.0.0.1:{stack.enter_context(serving({paths.get(job, '/metrics'): text}))}"
            for job, text in pages.items()
        }
        stack.enter_context(running(exporter, tmp / "node.log"))
        made = _on_loopback(topology, at, node, own)
        directory.apply(directory.plan(assemble(made), tmp / "built"))
        command = [
            program("prometheus"),
            f"--config.file={tmp}/built/prometheus/prometheus.yml",
            f"--storage.tsdb.path={tmp}/data",
            f"--web.listen-address=127.0.0.1:{own}",
        ]
        stack.enter_context(running(command, tmp / "prometheus.log"))
        yield f"http://127.0.0.1:{own}", made


def _on_loopback(topology: Topology, at: dict[str, str], node: int, own: int) -> Topology:
    # The CPUs of this server, because its node_exporter is real.
    server = topology.servers[0].model_dump() | {
        "cpus": os.cpu_count() or 1,
        "exporters": {"node": f"127.0.0.1:{node}", "cadvisor": at["cadvisor"], "docker": at["docker"]},
    }
    stack = {
        "prometheus": f"127.0.0.1:{own}", "alertmanager": at["alertmanager"], "grafana": at["grafana"],
        "blackbox": at["blackbox"],
    }  # fmt: skip
    services = tuple(
        Service.model_validate(one.model_dump(exclude_unset=True) | {"metrics": at[one.kind]})
        if one.kind in at
        else one
        for one in topology.services
    )
    changed = {
        "servers": (Server.model_validate(server),), "services": services, "scrape_interval": 10,
        "stack": topology.stack.model_copy(update=stack),
    }  # fmt: skip
    return topology.model_copy(update=changed)


def _value(url: str, query: str) -> float:
    answer = get(f"{url}/api/v1/query?query={query}")
    found = answer["data"]["result"] if answer else []
    return float(found[0]["value"][1]) if found else 0.0


def _is_settled(url: str, targets: int) -> bool:
    """Whether all targets were scraped and every rule evaluated three times, as the longest chain of records needs."""
    up = _value(url, "sum(up)")
    return up == targets and _value(url, "min(prometheus_rule_group_iterations_total)") >= 4


@pytest.mark.parametrize("change", [lambda one: one, _larger], ids=["default", "larger"])
def test_series_are_as_predicted(
    change: Callable[[Topology], Topology],
    tmp_path: Path,
    program: Program,
) -> None:
    """Within 15 % of what Prometheus keeps in memory, in all and without the pages made from the catalogue."""
    with _prometheus(change(default.load().topology), tmp_path, program) as (url, topology):
        predicted = costs.predict(catalogue.build(topology))
        targets = sum(job.targets for job in predicted.jobs)
        wait_for(functools.partial(_is_settled, url, targets), "scrapes and evaluations", 180)
        series = _value(url, "prometheus_tsdb_head_series")
        samples = {
            job.name: _value(url, f'sum(scrape_samples_post_metric_relabeling{{job="{job.name}"}})')
            for job in predicted.jobs
            if job.targets
        }
    by_job = {job.name: (job.series - 5 * job.targets, samples.get(job.name)) for job in predicted.jobs}
    real = [job for job in predicted.jobs if job.targets and job.name not in _MADE]

    assert predicted.series == pytest.approx(series, rel=_WITHIN), by_job
    assert sum(job.series - 5 * job.targets for job in real) == pytest.approx(
        sum(samples[job.name] for job in real), rel=_WITHIN
    ), by_job
