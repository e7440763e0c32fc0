"""The built compose file, brought up by a Docker engine: parts are healthy, limited, and find their targets.

The programs are those of Debian sid, in images with the compose file's names. Grafana, cAdvisor and the Coolify
exporter's base image are in no package, so three of the ten parts are left out. (cAdvisor 0.60.5, built from source,
was tried with these rights: it names containers, measures their memory, and counts their OOM kills.)
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from support import databases, stacks
from support.coolify_parser import DIRECTORY, Resource
from support.engine import Engine, engine, of_host, of_sid
from support.programs import compose_program, wait_for

from boxwatch.assemble import assemble
from boxwatch.publish import directory
from boxwatch.stack import compose, enabling, images
from boxwatch.topology import default
from boxwatch.topology.model import Topology
from boxwatch.topology.units import parse_memory

PARTS: Final = (
    "prometheus", "alertmanager", "node-exporter", "blackbox-exporter", "postgres-exporter", "redis-exporter",
    "elasticsearch-exporter",
)  # fmt: skip
_PASSWORD: Final = "of-a-test"  # noqa: S105 - of a Redis that lives for a test
# A container of Coolify's is called by its UUID.
_REDIS: Final = "redis-uuid"


@dataclass(frozen=True)
class Stack:
    """The stack of the default topology, running.

    Attributes:
        engine: the engine that runs it.
        folder: the build.
    """

    engine: Engine
    folder: Path

    def compose(self, *arguments: str) -> str:
        """Standard output of docker compose in the build."""
        done = subprocess.run(
            [compose_program(), *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False, env=self.engine.environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def container(self, part: str) -> str:
        """Id of a part's container."""
        return self.compose("ps", "--all", "--quiet", part).strip()

    def inside(self, part: str, *command: str) -> str:
        """Standard output of a command in a part's container."""
        return self.engine.docker("exec", self.container(part), *command)

    def ask(self, path: str) -> Any:  # noqa: ANN401 - a JSON document
        """An answer of Prometheus' API."""
        return json.loads(self.inside("prometheus", "wget", "-qO-", f"http://localhost:9090/api/v1/{path}"))["data"]

    def value(self, query: str) -> str | None:
        """The value of a query with one result; None if there is none."""
        found = json.loads(
            self.inside("prometheus", "promtool", "query", "instant", "-o", "json", "http://localhost:9090", query)
        )
        return str(found[0]["value"][1]) if found else None


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The default topology's build, up."""
    compose_program()
    folder = tmp_path_factory.mktemp("generated")
    with engine() as docker:
        for image, layer, entrypoint in _images():
            docker.image(image, layer, entrypoint)
        docker.docker("network", "create", "coolify")
        _start_redis(docker, folder)
        _build(default.load().topology, folder)
        required = stacks.variables((folder / compose.PATH).read_text(encoding="utf-8"))
        # The other databases are not there: their host answers, and their ports do not.
        values = {name: _REDIS if name.endswith("_HOST") else _PASSWORD for name in required}
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")
        found = Stack(docker, folder)
        found.compose("up", "--detach", "--wait", "--no-deps", *PARTS)
        yield found


def _build(topology: Topology, folder: Path) -> None:
    directory.apply(directory.plan(assemble(topology), folder))
    # As a checkout has them; pytest's folders are its user's alone.
    folder.chmod(0o755)


def _images() -> Iterator[tuple[str, bytes, str]]:
    """Name, layer and entry point of each image."""
    templates = {
        f"share/prometheus/alertmanager/{name}.tmpl": f"/usr/share/prometheus/alertmanager/{name}.tmpl"
        for name in ("default", "email")
    }
    for image, program, inside, folders, more in (
        (images.PROMETHEUS, "prometheus", "/bin/prometheus", ("/prometheus",), {"bin/promtool": "/bin/promtool"}),
        (images.ALERTMANAGER, "prometheus-alertmanager", "/bin/alertmanager", ("/alertmanager",), templates),
        (images.NODE_EXPORTER, "prometheus-node-exporter", "/bin/node_exporter", (), {}),
        (images.BLACKBOX_EXPORTER, "prometheus-blackbox-exporter", "/bin/blackbox_exporter", (), {}),
        (images.POSTGRES_EXPORTER, "prometheus-postgres-exporter", "/bin/postgres_exporter", (), {}),
        (images.REDIS_EXPORTER, "prometheus-redis-exporter", "/bin/redis_exporter", (), {}),
        (images.ELASTICSEARCH_EXPORTER, "prometheus-elasticsearch-exporter", "/bin/elasticsearch_exporter", (), {}),
    ):
        yield image.reference, of_sid(program, inside, folders=folders, more=more), inside


def _start_redis(docker: Engine, folder: Path) -> None:
    """A Redis on Coolify's network, with the user of the stack's page and another password for everybody else."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("redis-server is missing: run `make tools`")
    docker.image("redis:7", of_host(program, "/bin/redis-server", databases.LIBRARIES), "/bin/redis-server")
    conf = folder / "redis.conf"
    lines = ("bind 0.0.0.0", 'save ""', "requirepass another", enabling.redis_user(_PASSWORD))
    conf.write_text("\n".join(lines) + "\n", encoding="utf-8")
    docker.docker(
        "run", "--detach", "--name", _REDIS, "--network", "coolify", "--volume", f"{conf}:/etc/redis.conf:ro",
        "redis:7", "/etc/redis.conf",
    )  # fmt: skip


def test_every_part_is_healthy(stack: Stack) -> None:
    """`docker compose up --wait` waited for their health checks, and none restarted on its way."""
    for part in PARTS:
        state = stack.engine.inspect(stack.container(part))
        assert state["State"]["Health"]["Status"] == "healthy", part
        assert state["RestartCount"] == 0, part


def test_docker_enforces_the_plan(stack: Stack) -> None:
    """Limits are those of the topology's components; together with those left out, they are the plan."""
    service = default.load().topology.services_of("monitoring")[0]
    planned = {one.component: one.memory for one in service.components}
    enforced = {part: stack.engine.inspect(stack.container(part))["HostConfig"]["Memory"] for part in PARTS}

    assert enforced == {part: planned[part] for part in PARTS}
    left_out = ("grafana", "cadvisor", "coolify-exporter")
    assert sum(enforced.values()) + sum(planned[part] or 0 for part in left_out) == service.memory


def test_docker_grants_no_more_rights_than_needed(stack: Stack) -> None:
    """No port, no capability, no writable root, no root user."""
    for part in PARTS:
        container = stack.engine.inspect(stack.container(part))
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], part
        assert host["CapDrop"] == ["ALL"], part
        assert not host["CapAdd"], part
        assert not host["Privileged"], part
        assert not host["PortBindings"], part
        assert container["Config"]["User"].partition(":")[0] != "0", part


def test_prometheus_scrapes_what_runs(stack: Stack) -> None:
    """By name, on three networks, and the host's node_exporter through the bridge."""
    jobs = ("prometheus", "alertmanager", "blackbox", "node", "redis", "postgres", "elasticsearch")

    def down() -> dict[str, str]:
        targets = stack.ask("targets?state=active")["activeTargets"]
        errors = {one["labels"]["job"]: one["lastError"] or one["health"] for one in targets if one["health"] != "up"}
        return {job: error for job, error in errors.items() if job in jobs}

    with contextlib.suppress(TimeoutError):
        wait_for(lambda: not down(), "healthy targets", 90)
    assert down() == {}


def test_the_page_s_redis_user_may_read_statistics(stack: Stack) -> None:
    """With nothing but the rights of that line: Redis is up, and the exporter is refused nothing that it asks."""
    wait_for(lambda: stack.value("redis_up") == "1", "Redis in Prometheus", 120)

    assert stack.value("redis_memory_max_bytes") is not None
    assert stack.value("redis_connected_clients") is not None
    assert stack.value("redis_exporter_last_scrape_error") == "0"


def test_node_exporter_sees_the_host_and_writes_nothing(stack: Stack) -> None:
    """Its metrics are those of the host's network, and its root directory is read only."""
    page = stack.inside("prometheus", "wget", "-qO-", "http://node-exporter:9100/metrics")
    with pytest.raises(AssertionError, match="Read-only file system"):
        stack.inside("node-exporter", "touch", "/host/tmp/written")
    assert "node_nf_conntrack_entries_limit" in page
    assert 'mountpoint="/"' in page


def test_rules_are_loaded_and_alertmanager_is_found(stack: Stack) -> None:
    """Every group of the build, and the one Alertmanager."""
    built = [
        group["name"]
        for file in (stack.folder / "prometheus" / "rules").glob("*.yaml")
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    ]

    assert sorted(group["name"] for group in stack.ask("rules")["groups"]) == sorted(built)
    wait_for(lambda: len(stack.ask("alertmanagers")["activeAlertmanagers"]) == 1, "Alertmanager", 60)


def test_parts_stay_within_their_shares(stack: Stack) -> None:
    """Measured by Docker, each uses less than its least share."""
    least = {part.name: part.share.least for part in compose.parts(default.load().topology)}
    lines = stack.engine.docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}").splitlines()
    used = {line.split()[0]: parse_memory(line.split()[1].replace("iB", "")) for line in lines if "KiB" not in line}

    for part in PARTS:
        container = stack.engine.inspect(stack.container(part))["Name"].lstrip("/")
        assert used.get(container, 0) < least[part], part


def test_a_change_of_the_topology_reaches_the_running_stack(stack: Stack) -> None:
    """With the commands of the page: Prometheus reads its files again, and nothing restarts that need not."""
    before = {part: stack.container(part) for part in PARTS}
    changed = default.load().topology.model_copy(update={"latency_buckets": (0.1, 0.3, 1.2, 5.0, 30.0)})
    rules = changed.objectives.model_copy(update={"availability": 0.9})
    _build(changed.model_copy(update={"objectives": rules}), stack.folder)

    stack.compose("up", "--detach", "--wait", "--no-deps", *PARTS)
    stack.compose("kill", "--signal", "SIGHUP", "prometheus", "alertmanager", "blackbox-exporter")

    def read() -> bool:
        return "vector(0.9)" in json.dumps(stack.ask("rules"))

    wait_for(read, "new rules in Prometheus", 60)
    assert {part: stack.container(part) for part in PARTS} == before


def test_what_coolify_deploys_runs(stack: Stack, tmp_path: Path) -> None:
    """The pasted form, with the files that Coolify writes, as a second project on the same engine."""
    resource = Resource().paste(stacks.pasted(assemble(default.load().topology)))
    for kept in resource.stored.values():
        path = tmp_path / kept.source.removeprefix(f"{DIRECTORY}/")
        if kept.content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(kept.content, encoding="utf-8")
    tmp_path.chmod(0o755)
    text = yaml.safe_dump(resource.compose).replace(DIRECTORY, str(tmp_path))
    uuid = DIRECTORY.rpartition("/")[2]
    stack.engine.docker("network", "create", "--attachable", uuid)
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    # The stack that runs has the usual address.
    other = ("BOXWATCH_HOST_SUBNET=192.168.254.240/28", "BOXWATCH_HOST_ADDRESS=192.168.254.241")
    required = dict.fromkeys(stacks.variables(text), "word")
    lines = [*(f"{name}={value}" for name, value in required.items()), *other]
    (tmp_path / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pasted = Stack(stack.engine, tmp_path)

    pasted.compose(
        "--project-name", uuid, "up", "--detach", "--wait", "prometheus", "alertmanager", "blackbox-exporter"
    )

    for part in ("prometheus", "alertmanager", "blackbox-exporter"):
        assert stack.engine.inspect(f"{part}-{uuid}")["State"]["Health"]["Status"] == "healthy"
    page = stack.engine.docker("exec", f"prometheus-{uuid}", "wget", "-qO-", "http://localhost:9090/api/v1/rules")
    assert len(json.loads(page)["data"]["groups"]) == len(stack.ask("rules")["groups"])
