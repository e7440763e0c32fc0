"""Any server that Coolify may have: hypothesis strategies for the output of `docker inspect`.

They combine what may be combined: applications with numbers at their ends, previews, two environments, two projects,
resources that share a name, compose applications, one-click stacks, databases with and without a public port,
containers of nobody, swarm services, plain compose projects, odd names, no limits, rolling deployments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

from boxwatch.topology.units import GIB, MIB
from support import docker_box as box
from support.docker_box import Record

_Value = TypeVar("_Value")
Draw = Callable[[st.SearchStrategy[_Value]], _Value]

# Few, so that resources share them; with numbers, so that some are replicas; odd ones last.
NAMES = (
    "web", "web-1", "web-2", "web-3", "web1", "api", "api-2", "worker", "worker-1", "redis-commander", "blog-2024",
    "blog-2025", "admin", "backend", "a", "0", "9lives", "monitoring", "prometheus", "coolify", "x" * 63, "db", "db-1",
)  # fmt: skip
PROJECTS = ("shop", "blog", "1st")
ENVIRONMENTS = ("production", "staging")
IMAGES = (
    "", "postgres:16", "redis:7", "nginx:stable-alpine", "traefik:v3", "prom/prometheus:v3.1.0", "grafana/grafana:12",
    "clickhouse/clickhouse-server:24", "rabbitmq:4-management", "quay.io/minio/minio:latest", "mysql@sha256:abc",
    "registry.example.com:5000/team/app", "sha256:0123", "docker.elastic.co/elasticsearch/elasticsearch:8.15.0",
    "opensearchproject/opensearch:2", "n8nio/n8n", "prom/node-exporter",
)  # fmt: skip
ENGINES = ("postgresql", "redis", "mysql", "mongodb", "dragonfly", "clickhouse", "something-new")
PORTS = (80, 3000, 3001, 5432, 6379, 8080, 9090, 65535)
# On the server; after an @ the port there, if it is another.
ADDRESSES = ("0.0.0.0", "127.0.0.1", "::", "", "127.0.0.1@7001", "::@80")  # noqa: S104 - as Docker publishes
# Docker's minimum, ordinary ones, more than any server here has, and cgroup v1's word for none.
LIMITS = (0, 0, 6 * MIB, 512 * MIB, GIB, 1500000000, 4 * GIB, 600 * GIB, 9223372036854771712)
STATES = ("running", "running", "running", "running", "restarting", "paused", "exited", "created", "dead")
# Values of labels that no slug has, but that anybody may write.
ODD_LABELS = (
    "web", "Shop API", "größe", "a;b", "a.b*c", "(", "[x]", "\\", " lead", "", "x" * 600, "new\nline", "\U0001f4e6",
    "tab\t", '"', "'", "{{ $labels.x }}", "#", "- a: b", "$1", "\ud800",
)  # fmt: skip


def _common(draw: Draw[Any]) -> dict[str, Any]:
    return {
        "state": draw(st.sampled_from(STATES)),
        "limit": draw(st.sampled_from(LIMITS)),
        "exposes": draw(st.lists(st.sampled_from(PORTS), max_size=2, unique=True)),
        "publishes": draw(st.dictionaries(st.sampled_from(PORTS), st.sampled_from(ADDRESSES), max_size=1)),
    }


def _of_coolify(draw: Draw[Any]) -> list[Record]:
    """A resource, with as many containers as it has."""
    name, project = draw(st.sampled_from(NAMES)), draw(st.sampled_from(PROJECTS))
    place = (project, draw(st.sampled_from(ENVIRONMENTS)))
    # Mostly one uuid for a name in its environment, sometimes another: two resources that share their name.
    identity = box.uuid(f"{draw(st.sampled_from(('', '', '', 'twin')))}{name}{''.join(place)}")
    host = draw(st.sampled_from(("", f"{name}.example.com")))
    match draw(st.sampled_from(("application", "rolling", "preview", "compose", "stack", "database", "public"))):
        case "application":
            form = draw(st.sampled_from(("101530123456", "20261120T090000", "")))
            return [box.application(name, *place, host=host, identity=identity, deployed=form, **_common(draw))]
        case "rolling":
            times = ("101530123456", "101631123456")
            same = {**_common(draw), "state": "running"}
            return [box.application(name, *place, host=host, identity=identity, deployed=at, **same) for at in times]
        case "preview":
            return [box.application(name, *place, host=host, identity=identity, preview=draw(st.integers(1, 3)))]
        case "compose":
            services = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
            image = st.sampled_from(IMAGES)
            return [
                box.compose_application(name, one, *place, host=host, image=draw(image), **_common(draw))
                for one in services
            ]
        case "stack":
            services = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
            return [
                box.stack(
                    name, one, draw(st.sampled_from(IMAGES)), *place, host=host, identity=identity, **_common(draw)
                )
                for one in services
            ]
        case kind:
            engine = draw(st.sampled_from(ENGINES))
            more = _common(draw)
            found = [box.database(name, engine, f"{engine}:1", *place, identity=identity, **more)]
            if kind == "public":
                found.append(box.container(f"{identity}-proxy", "nginx:stable-alpine", publishes={5432: "0.0.0.0"}))  # noqa: S104
            return found


def _of_others(draw: Draw[Any]) -> list[Record]:
    """Containers that Coolify did not start, or of which its labels do not tell."""
    make: Callable[[Draw[Any], str, str], list[Record]] = draw(
        st.sampled_from((_plain, _oddly_named, _plain_compose, _one_off, _swarm, _raw, _helper, _oddly_labelled))
    )
    return make(draw, draw(st.sampled_from(NAMES)), draw(st.sampled_from(IMAGES)))


def _plain(draw: Draw[Any], name: str, image: str) -> list[Record]:
    return [box.container(name, image, **_common(draw))]


def _oddly_named(draw: Draw[Any], _name: str, image: str) -> list[Record]:
    odd = draw(st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,60}", fullmatch=True))
    return [box.container(odd, image, **_common(draw))]


def _plain_compose(draw: Draw[Any], name: str, image: str) -> list[Record]:
    labels = {"com.docker.compose.project": "tools", "com.docker.compose.service": name}
    glue = draw(st.sampled_from("-_"))
    return [
        box.container(f"tools{glue}{name}{glue}{number}", image, labels, **_common(draw))
        for number in range(1, draw(st.integers(1, 3)) + 1)
    ]


def _one_off(draw: Draw[Any], name: str, image: str) -> list[Record]:
    labels = {
        "com.docker.compose.project": "tools",
        "com.docker.compose.service": name,
        "com.docker.compose.oneoff": "True",
    }
    return [box.container(f"tools-{name}-run-4f1c", image, labels, **_common(draw))]


def _swarm(draw: Draw[Any], name: str, image: str) -> list[Record]:
    labels = {"com.docker.swarm.service.name": f"tools_{name}"}
    return [
        box.container(f"tools_{name}.{slot}.x7k{slot}q2", image, labels, **_common(draw))
        for slot in range(1, draw(st.integers(1, 3)) + 1)
    ]


def _raw(draw: Draw[Any], name: str, image: str) -> list[Record]:
    """A compose application that Coolify starts as it is: with few labels."""
    identity = box.uuid(f"raw{name}")
    labels = {
        "coolify.managed": "true",
        "coolify.type": "application",
        "com.docker.compose.project": identity,
        "com.docker.compose.service": name,
    }
    return [box.container(f"{identity}-{name}-1", image, labels, **_common(draw))]


def _helper(_draw: Draw[Any], _name: str, _image: str) -> list[Record]:
    return [box.helper()]


def _oddly_labelled(draw: Draw[Any], name: str, image: str) -> list[Record]:
    odd = st.sampled_from(ODD_LABELS)
    labels = {
        "coolify.resourceName": draw(odd),
        "coolify.projectName": draw(odd),
        "coolify.environmentName": draw(odd),
        "coolify.type": draw(odd | st.sampled_from(("application", "service", "database"))),
        "coolify.pullRequestId": draw(st.sampled_from(("0", "", "x", "7"))),
        "com.docker.compose.project": draw(odd),
        "com.docker.compose.service": draw(odd),
    }
    return [box.container(f"odd-{name}", image, labels, **_common(draw))]


@st.composite
def boxes(draw: Draw[Any]) -> list[Record]:
    """The containers of one server; Docker gives each name once."""
    found = box.coolify() if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 12))):
        found += _of_coolify(draw) if draw(st.integers(0, 3)) else _of_others(draw)
    unique = {one["Name"]: one for one in found}
    return list(unique.values())


@st.composite
def outputs(draw: Draw[Any]) -> str:
    """The output of the documented command, or of a part of it, in any order."""
    containers = draw(boxes())
    documents: list[object] = [containers]
    if draw(st.booleans()):
        documents.append(box.info(MemTotal=draw(st.integers(GIB, 256 * GIB)), NCPU=draw(st.integers(1, 64))))
    if draw(st.booleans()):
        documents += box.stats(containers)
    if draw(st.booleans()):
        documents.append(box.DISK)
    return box.joined(draw(st.permutations(documents)) if len(documents) < 6 else documents)
