"""Real faults: databases are stopped, filled and disconnected; the right alert arrives at a webhook and resolves.

Prometheus, Alertmanager, PostgreSQL, Redis and their exporters are the distribution's, on loopback. Configuration and
rules are the generated ones, with a shorter `for` set in the topology's `alerts.rules`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import databases
from support.databases import Engine
from support.programs import free_port, get, running, serving, wait_for
from support.topologies import a_server, a_service, a_topology
from support.webhook import Webhook, webhook

from boxwatch.assemble import assemble
from boxwatch.publish import directory
from boxwatch.rules import names
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import Alerts

Program = Callable[[str], str]

_MAXMEMORY = 4 * 2**20
_MINIO = (
    "minio_cluster_health_status 1\nminio_cluster_capacity_usable_total_bytes 1e12\n"
    "minio_cluster_capacity_usable_free_bytes 5e11\n"
)
_AT_ONCE = ("PostgresDown", "RedisDown", "RedisWritesRefused", "RedisMemoryNearMax", "MinioDown")


@dataclass
class Rig:
    """The running programs.

    Attributes:
        received: notifications sent by Alertmanager.
        postgres: a PostgreSQL, service `db`, whose outage pages someone.
        redis: port of a Redis, service `cache`, whose outage pages no one.
        minio: port on which to serve MinIO's metrics, service `files`.
        prometheus: base URL of Prometheus.
    """

    received: Webhook
    postgres: Engine
    redis: int
    minio: int
    prometheus: str

    def settled(self) -> bool:
        """Whether Prometheus has scraped both databases as up."""
        return self._value("sum(pg_up) + sum(redis_up)") == 2

    def minio_worked(self) -> bool:
        """Whether Prometheus has scraped MinIO once, and its rules remember it."""
        return self._value(f'{names.TARGET_WORKED}{{job="minio"}}') == 1

    def scrapes(self) -> float:
        """Number of scrapes of the Redis exporter."""
        return self._value("sum(redis_exporter_scrapes_total)")

    def _value(self, query: str) -> float:
        answer = get(f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
        rows = answer["data"]["result"] if answer else []
        return float(rows[0]["value"][1]) if rows else 0


def _topology(ports: dict[str, int]) -> Topology:
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    services = (
        a_service("db", kind="postgres", metrics=at["postgres_exporter"]),
        a_service("cache", kind="redis", metrics=at["redis_exporter"], memory="64m", pages=False),
        a_service("files", kind="minio", metrics=at["minio"]),
    )
    alerts = Alerts.model_validate({"rules": {name: {"for": "0s"} for name in _AT_ONCE}})
    plain = a_topology(servers=(a_server(),), services=services, alerts=alerts, stack={"alertmanager": at["am"]})
    # Faster than a file may ask for. Not faster still: a scrape may take as long as the interval, and the exporter of a
    # PostgreSQL that is down answers after a second.
    return plain.model_copy(update={"scrape_interval": 3})


def _alertmanager_file(url: str) -> str:
    """A configuration that sends every alert to one receiver immediately."""
    return json.dumps(
        {
            "route": {
                "receiver": "here", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "here", "webhook_configs": [{"url": url, "send_resolved": True}]}],
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[Rig]:
    """All programs, for the module's tests."""
    tmp = tmp_path_factory.mktemp("faults")
    ports = {
        name: free_port()
        for name in ("postgres", "redis", "minio", "postgres_exporter", "redis_exporter", "am", "prometheus")
    }
    directory.apply(directory.plan(assemble(_topology(ports)), tmp / "built"))
    with contextlib.ExitStack() as stack:
        received = stack.enter_context(webhook())
        (tmp / "alertmanager.yml").write_text(_alertmanager_file(received.url), encoding="utf-8")
        postgres = stack.enter_context(databases.postgres(program, ports["postgres"], tmp / "postgres.log"))
        stack.enter_context(databases.redis(program, ports["redis"], _MAXMEMORY, tmp / "redis.log"))
        for name, command, env in _programs(program, tmp, ports):
            stack.enter_context(running(command, tmp / f"{name}.log", env=env))
        rig = Rig(received, postgres, ports["redis"], ports["minio"], f"http://127.0.0.1:{ports['prometheus']}")
        try:
            wait_for(rig.settled, "scrape of every exporter")
        except TimeoutError:
            pytest.fail("\n".join(log.read_text(errors="replace")[-1500:] for log in sorted(tmp.glob("*.log"))))
        yield rig


def _programs(program: Program, tmp: Path, ports: dict[str, int]) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """(name, command, environment) of the monitoring programs."""
    address = "host=127.0.0.1 port={} user=postgres dbname=postgres sslmode=disable".format(ports["postgres"])
    listen = {name: f"--web.listen-address=127.0.0.1:{port}" for name, port in ports.items()}
    exporter = [program("prometheus-postgres-exporter"), listen["postgres_exporter"]]
    yield "postgres-exporter", exporter, {"DATA_SOURCE_NAME": address}
    exporter = [program("prometheus-redis-exporter"), f"-web.listen-address=127.0.0.1:{ports['redis_exporter']}"]
    yield "redis-exporter", exporter, {"REDIS_ADDR": f"redis://127.0.0.1:{ports['redis']}"}
    options = [f"--config.file={tmp}/alertmanager.yml", f"--storage.path={tmp}/am", "--cluster.listen-address="]
    yield "alertmanager", [program("prometheus-alertmanager"), *options, listen["am"]], {}
    options = [f"--config.file={tmp}/built/prometheus/prometheus.yml", f"--storage.tsdb.path={tmp}/data"]
    yield "prometheus", [program("prometheus"), *options, listen["prometheus"]], {}


def test_a_stopped_postgresql_wakes_someone_until_it_runs_again(rig: Rig) -> None:
    """A stopped PostgreSQL pages although its exporter keeps answering, so that `up` stays 1."""
    before = len(rig.received.alerts)
    rig.postgres.down()

    fired = rig.received.wait("PostgresDown", "firing", before)
    assert fired["labels"] == {
        "alertname": "PostgresDown", "server": "main", "service": "db", "severity": "critical",
    }  # fmt: skip
    assert fired["annotations"]["description"] == "PostgreSQL db on main does not accept its exporter's connections."

    rig.postgres.up()
    rig.received.wait("PostgresDown", "resolved", before, service="db")


def test_a_redis_that_is_full_and_must_not_evict_is_told_of_until_there_is_room(rig: Rig) -> None:
    """A full Redis fires one alert for its memory and one for rejected writes, and pages no one."""
    before = len(rig.received.alerts)
    value = "x" * 60_000
    answers: list[str] = []
    for batch in range(6):
        answers += databases.ask_redis(rig.redis, *(f"SET {batch}-{key} {value}" for key in range(40)))
        # What is refused rises from one scrape to the next, or no rate could see it.
        wait_for(functools.partial(_after, rig, rig.scrapes() + 1), "scrape of Redis")
    assert any(answer.startswith("-OOM") for answer in answers)

    full = rig.received.wait("RedisMemoryNearMax", "firing", before)
    assert (full["labels"]["service"], full["labels"]["severity"]) == ("cache", "warning")
    refused = rig.received.wait("RedisWritesRefused", "firing", before)
    assert refused["labels"] == {
        "alertname": "RedisWritesRefused", "server": "main", "service": "cache", "severity": "warning",
    }  # fmt: skip

    databases.ask_redis(rig.redis, "FLUSHALL")
    rig.received.wait("RedisMemoryNearMax", "resolved", before, service="cache")


def _after(rig: Rig, scrapes: float) -> bool:
    return rig.scrapes() > scrapes


def test_a_scrape_that_breaks_is_told_of_until_it_works(rig: Rig) -> None:
    """MinIO exposes its own metrics, so a failed scrape means that it is down, unless it was never up."""
    assert "MinioDown" not in {one["labels"]["alertname"] for one in rig.received.alerts}
    with serving({"/minio/v2/metrics/cluster": _MINIO}, rig.minio):
        wait_for(rig.minio_worked, "a scrape of MinIO that the rules remember")
    fired = rig.received.wait("MinioDown", "firing")
    assert (fired["labels"]["service"], fired["labels"]["severity"]) == ("files", "critical")

    with serving({"/minio/v2/metrics/cluster": _MINIO}, rig.minio):
        rig.received.wait("MinioDown", "resolved", service="files")


def test_nothing_else_was_said(rig: Rig) -> None:
    """No other alert about these three services or databases arrived; the planned containers do not run here."""
    about_databases = {
        one["labels"]["alertname"]
        for one in rig.received.alerts
        if one["labels"]["alertname"].startswith(("Postgres", "Redis", "Minio"))
    }

    assert about_databases <= set(_AT_ONCE)
