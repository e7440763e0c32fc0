"""A running stack as a value: what the servers of a healthy deployment answer, and faults that change it.

`Fault`s name the line by which the doctor must report them. They can be combined: a fault that another one hides must
stand below it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from boxwatch.dashboards import catalogue as dashboards
from boxwatch.discovery.model import Container, Host
from boxwatch.live.doctor import questions as q
from boxwatch.live.doctor.examined import Examined, Expected
from boxwatch.live.doctor.seen import Alertmanager, DataSource, Grafana, Prometheus, Sample, Seen, Target
from boxwatch.rules import catalogue as rules
from boxwatch.rules import deployment, names
from boxwatch.rules.built import Built
from boxwatch.stack import alertmanager, receivers
from boxwatch.stack import prometheus as scraping
from boxwatch.topology import kinds
from boxwatch.topology.load import parse
from boxwatch.topology.model import Topology

Apply = Callable[[Seen], Seen]

TEXT = """\
name: box
scrape_interval: 30s
servers:
  main: {cpus: 4, memory: 16g, disk: 100GB, reserved: 2g,
         exporters: {node: "node-exporter:9100", cadvisor: "cadvisor:8080", docker: "172.17.0.1:9323"}}
  second: {cpus: 2, memory: 8g, disk: 50GB, reserved: 1g, address: 10.0.0.2}
services:
  coolify: {kind: coolify, server: main, memory: 1g,
            containers: [{name: coolify, component: app}, {name: coolify-db, component: database}]}
  traefik: {kind: traefik, server: main, memory: 256m, exposed: true, ports: [443], containers: [{name: coolify-proxy}]}
  web: {kind: web, server: main, memory: 1g, replicas: 2, url: "https://www.example.com"}
  worker: {kind: worker, server: second, memory: 1g,
           containers: [{resource: worker, project: shop, environment: production}]}
  db: {kind: postgres, server: main, memory: 2g}
  cache: {kind: redis, server: main, memory: 1g}
  search: {kind: elasticsearch, server: main, memory: 2g}
  files: {kind: minio, server: main, memory: 1g}
notifications:
  receivers:
    office: {webhook: {url: "http://office.example.com/"}}
    heartbeat: {webhook: {url: "http://heartbeat.example.com/"}}
  critical: office
  warning: office
  watchdog: heartbeat
"""
_GIB = 2**30


@functools.cache
def topology(*, shared: bool = False) -> Topology:
    """Two servers, with a service of nearly every kind."""
    found = parse(TEXT, "topology.yaml").topology
    return found.in_shared_stack() if shared else found


@functools.cache
def built(*, shared: bool = False) -> Built:
    """Its rules."""
    return rules.build(topology(shared=shared))


@functools.cache
def files(*, shared: bool = False) -> Mapping[str, bytes]:
    """Its artefacts that the doctor reads."""
    made = built(shared=shared)
    return {**rules.rule_files(made), **scraping.files(made.topology), **alertmanager.files(made)}


@functools.cache
def boards() -> Mapping[str, dict[str, Any]]:
    """Its dashboards by uid."""
    found = (json.loads(text) for text in dashboards.files(built()).values())
    return {board["uid"]: board for board in found}


def examined(seen: Seen, *, shared: bool = False) -> Examined:
    """The deployment beside what was seen."""
    return replace(_unseen(shared=shared), seen=seen)


def examined_of(topology: Topology, seen: Seen) -> Examined:
    """Another deployment beside what was seen."""
    made = rules.build(topology)
    found = {**rules.rule_files(made), **scraping.files(topology), **alertmanager.files(made)}
    return Examined.of(made, found, seen)


@functools.cache
def _unseen(*, shared: bool) -> Examined:
    return Examined.of(built(shared=shared), files(shared=shared), Seen(prometheus=Prometheus()))


def expected(*, shared: bool = False) -> tuple[Expected, ...]:
    """The targets of its configuration."""
    return _unseen(shared=shared).expected


@functools.cache
def healthy(*, shared: bool = False) -> Seen:
    """What is seen while nothing is wrong."""
    made = topology(shared=shared)
    config = yaml.safe_load(files(shared=shared)["alertmanager/alertmanager.yml"])
    heartbeat = deployment.group(made, receivers.heartbeat("heartbeat"))
    return Seen(
        prometheus=Prometheus(
            url="http://prometheus:9090",
            version="3.15.0",
            config=yaml.safe_load(files(shared=shared)["prometheus/prometheus.yml"]),
            flags={"storage.tsdb.retention.time": "90d", "config.file": "/etc/prometheus/prometheus.yml"},
            runtime={"storageRetention": "90d or 20GiB"},
            targets=tuple(_target(one, deployment.labels(made)) for one in expected(shared=shared)),
            groups=tuple(_groups(shared=shared)),
            alertmanagers=("http://alertmanager:9093/api/v2/alerts",),
            samples=dict.fromkeys(q.questions(built()), ()) | dict(_samples(made)),
        ),
        alertmanager=Alertmanager(
            url="http://alertmanager:9093", version="0.34.1", config=config, heartbeats=(heartbeat,)
        ),
        grafana=Grafana(url="http://grafana:3000", version="13.2.3", sources=(DataSource(name="Prometheus"),)),
    )


def _target(one: Expected, more: Mapping[str, str]) -> Target:
    labels = {"job": one.job, "server": one.server, "instance": one.address, **more}
    labels |= {"service": one.service} if one.service else {}
    return Target(one.pool, labels, one.address, f"http://{one.address}/metrics")


def _groups(*, shared: bool) -> Iterator[dict[str, Any]]:
    """As /api/v1/rules shows them."""
    for path, text in files(shared=shared).items():
        for group in yaml.safe_load(text)["groups"] if path.startswith("prometheus/rules/") else ():
            yield {
                "name": group["name"],
                "file": f"/etc/{path}",
                "rules": [
                    {
                        "type": "alerting" if "alert" in rule else "recording",
                        "name": rule.get("alert") or rule["record"],
                        "query": rule["expr"],
                        "duration": _seconds(rule.get("for", "0s")),
                        "labels": rule.get("labels", {}),
                        "annotations": rule.get("annotations", {}),
                        "health": "ok",
                    }
                    for rule in group["rules"]
                ],
            }


def _seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number = ""
    total = 0.0
    for letter in text:
        if letter in units:
            total, number = total + float(number) * units[letter], ""
        else:
            number += letter
    return total


def _containers(made: Topology) -> Iterator[Sample]:
    for service in made.services:
        for server in service.server:
            for part in service.components:
                for number in range(1, service.replicas + 1):
                    name = part.name or f"{service.name}{number}k0s8w4ck0s8w4ck0-101530123456"
                    resource = "" if part.name else f"{service.name}-{number}" if service.replicas > 1 else service.name
                    labels = {"server": server, "service": service.name, "name": name, "image": "x"}
                    yield Sample(labels | {"resource": resource, "component": part.component or ""}, 1)


def _samples(made: Topology) -> Iterator[tuple[str, tuple[Sample, ...]]]:
    servers = [server.name for server in made.servers]
    there = expected(shared=made.stack.shared)

    def each(value: float = 1, **labels: str) -> tuple[Sample, ...]:
        return tuple(Sample({"server": server, **labels}, value) for server in servers)

    yield q.CONTAINERS, tuple(_containers(made))
    yield q.CONTAINER_METRICS, tuple(one for name in q.ESSENTIAL for one in each(__name__=name))
    yield q.DROPPED, each(90)
    yield q.HOUSEKEEPING, each(1)
    yield q.EXPORTERS, tuple(_signatures(there))
    yield q.VERSIONS, tuple(_versions())
    yield q.WORKED, tuple(Sample({"job": one.job, "server": one.server, "service": one.service}, 1) for one in there)
    yield q.DEVICES, (*each(device="lo"), *each(device="eth0"))
    yield q.HOST_NAMES, tuple(Sample({"server": name, "nodename": f"{name}.example.com"}, 1) for name in servers)
    yield q.MOUNTS, (*each(mountpoint="/"), *each(mountpoint="/boot"))
    yield q.CLOCKS, each(0.1)
    yield (
        q.REACHED,
        tuple(
            Sample({"job": kinds.of(one.kind).job, "server": "main", "service": one.name}, 1)
            for one in made.services
            if one.kind in ("postgres", "redis", "elasticsearch")
        ),
    )
    levels = ("service", "entrypoint")
    yield q.TRAEFIK, tuple(Sample({"server": "main", "__name__": f"traefik_{one}_requests_total"}, 5) for one in levels)
    yield q.BUCKETS, tuple(Sample({"server": "main", "le": le}, 1) for le in ("0.1", "0.3", "1.2", "5.0", "+Inf"))
    yield q.APPENDED, (Sample({}, 400),)
    yield q.BYTES_PER_SAMPLE, (Sample({}, 1.4),)
    yield q.BLOCKS, (Sample({}, _GIB),)
    yield q.FREE, each(60 * _GIB)
    yield q.RELOADED, (Sample({"__name__": "prometheus_config_last_reload_successful"}, 1),)
    yield q.WATCHDOG, (Sample({"alertname": "Watchdog", "alertstate": "firing"}, 1),)


def _versions() -> Iterator[Sample]:
    for name, job, service, version in (
        ("node_exporter", "node", "", "1.12.1"),
        ("postgres_exporter", "postgres", "db", "0.20.1"),
        ("redis_exporter", "redis", "cache", "v1.88.0"),
    ):
        labels = {"__name__": f"{name}_build_info", "job": job, "server": "main", "service": service}
        yield Sample({**labels, "version": version}, 1)
    labels = {"__name__": "cadvisor_version_info", "job": "cadvisor", "server": "main"}
    yield Sample({**labels, "cadvisorVersion": "v0.60.5"}, 1)


def _signatures(there: tuple[Expected, ...]) -> Iterator[Sample]:
    metric = {exporter: name for name, exporter in reversed(list(q.SIGNATURES.items()))}
    by_job = {
        names.JOB_CADVISOR: "cadvisor", names.JOB_NODE: "node_exporter", names.JOB_DOCKER: "docker-engine",
        names.JOB_BLACKBOX: "blackbox_exporter", names.JOB_PROBE: "blackbox_probe",
    } | {kind.job: kind.exporter for kind in kinds.KINDS if kind.scraped}  # fmt: skip
    for one in there:
        labels = {"job": one.job, "server": one.server, "service": one.service}
        yield Sample({"__name__": metric[by_job.get(one.job, one.job)], **labels}, 1)


@dataclass(frozen=True)
class Fault:
    """Something that is wrong.

    Attributes:
        name: what it is.
        key: the line that reports it.
        apply: makes what is seen then.
        says: words of that line.
        state: its state.
        part: what it replaces as a whole, so that no other fault of the same part can be there too.
        mutes: lines that nothing is known of then.
    """

    name: str
    key: str
    apply: Apply
    says: str
    state: str = "problem"
    part: str = ""
    mutes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Its name, as pytest and hypothesis print it."""
        return self.name


def prometheus(**changes: Any) -> Apply:  # noqa: ANN401 - fields of any type
    """Change fields of what Prometheus says."""
    return lambda seen: replace(seen, prometheus=replace(seen.prometheus, **changes))


def answers(question: str, change: Callable[[Sample], Sample | None], *more: Sample) -> Apply:
    """Change the samples of an answer; None removes one."""

    def apply(seen: Seen) -> Seen:
        kept = tuple(new for one in seen.prometheus.answer(question) if (new := change(one)) is not None)
        samples = {**seen.prometheus.samples, question: (*kept, *more)}
        return replace(seen, prometheus=replace(seen.prometheus, samples=samples))

    return apply


def without(question: str, **labels: str) -> Apply:
    """Remove the samples with these labels from an answer."""
    return answers(question, lambda one: None if labels.items() <= one.labels.items() else one)


def relabelled(question: str, where: Mapping[str, str], **labels: str) -> Apply:
    """Set labels of the samples that have those given."""

    def change(one: Sample) -> Sample:
        return Sample({**one.labels, **labels}, one.value) if where.items() <= one.labels.items() else one

    return answers(question, change)


def valued(question: str, value: float, **labels: str) -> Apply:
    """Set the value of the samples with these labels."""
    return answers(question, lambda one: Sample(one.labels, value) if labels.items() <= one.labels.items() else one)


def target(job: str, server: str = "main", **changes: Any) -> Apply:  # noqa: ANN401 - as above
    """Change the targets of a job on a server."""

    def apply(seen: Seen) -> Seen:
        found = tuple(
            replace(one, **changes) if (one.labels["job"], one.labels["server"]) == (job, server) else one
            for one in seen.prometheus.targets
        )
        return replace(seen, prometheus=replace(seen.prometheus, targets=found))

    return apply


def host(*containers: Container, server: str = "main") -> Apply:
    """What Docker says of a server."""
    return lambda seen: replace(seen, hosts={**seen.hosts, server: Host(name=server, containers=containers)})
