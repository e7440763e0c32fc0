"""Containers become services: by kind, as replicas, as components, and what is left out says why."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from support import docker_box as box
from support.docker_box import Record

from boxwatch.discovery import discover, docker, write
from boxwatch.discovery.draft import Draft, DraftTopology
from boxwatch.topology.units import GIB

PREVIEW = box.application("api", preview=7)


def _discovered(containers: Iterable[Record]) -> DraftTopology:
    return discover.discover([docker.read(box.output(list(containers)), "box.json")])


def _services(*containers: Record) -> dict[str, Draft]:
    return {draft.name: draft for draft in _discovered(containers).services if draft.containers}


def _only(*containers: Record) -> Draft:
    (draft,) = _services(*containers).values()
    return draft


def _kinds(topology: DraftTopology) -> dict[str, str]:
    return {draft.name: draft.kind for draft in topology.services}


def test_every_container_of_a_box_is_classified_or_left_out() -> None:
    """25 containers, three one-click stacks, a preview, two environments, an unlabelled and a stopped container."""
    found = _discovered(box.box())

    assert _kinds(found) == {
        "coolify": "coolify",
        "traefik": "traefik",
        "web": "web",
        "web-staging": "web",
        "api": "api",
        "api-staging": "api",
        "worker": "worker",
        "main-db": "postgres",
        "cache": "redis",
        "search": "elasticsearch",
        "plausible": "web",
        "n8n": "web",
        "adminer": "other",
        "main-db-proxy": "other",
        "monitoring": "monitoring",
    }
    assert sum(len(draft.containers) for draft in found.services) + len(found.left_out) == 25
    assert [one.why for one in found.left_out] == [
        "preview of pull request 7 of api",
        "Coolify's helper for builds and backups, which exits by itself",
        "not running: exited with code 137",
    ]


def test_numbered_resources_are_replicas() -> None:
    """Coolify runs one container per resource."""
    draft = _only(box.application("web-1"), box.application("web-2"), box.application("web-3"))

    assert (draft.name, draft.replicas) == ("web", 3)
    assert draft.selectors == ((0, {"resource": "web-[0-9]+", "project": "shop", "environment": "production"}),)
    assert draft.notes[0].startswith("web-1, web-2 and web-3, assumed to be replicas of one service")


def test_the_first_replica_may_have_no_number() -> None:
    """Two resources, api and api-2, are two replicas."""
    draft = _only(box.application("api"), box.application("api-2"))

    assert (draft.name, draft.replicas) == ("api", 2)
    assert draft.selectors[0][1]["resource"] == "api(-[0-9]+)?"


@pytest.mark.parametrize(
    "others",
    [
        (box.application("blog-2024"), box.application("blog-2025")),
        (box.application("web-1"), box.application("web-3")),
        (box.application("web"), box.application("web-1", environment="staging")),
        (box.application("web-1", limit=GIB), box.application("web-2", limit=2 * GIB)),
        (box.database("db-1", "redis", "redis:7"), box.database("db-2", "redis", "redis:7")),
        (box.stack("app-1", "app", "app:1"), box.stack("app-2", "app", "app:1")),
    ],
    ids=["years", "a gap", "two environments", "two limits", "databases", "stacks"],
)
def test_other_resources_with_numbers_are_services_of_their_own(others: tuple[Record, ...]) -> None:
    """What looks like a replica, and is none."""
    assert [draft.replicas for draft in _services(*others).values()] == [1, 1]


def test_two_containers_of_one_resource_are_a_deployment() -> None:
    """The old and the new one: the plan has one replica, and a comment says so."""
    draft = _only(box.application("web", deployed="101530123456"), box.application("web", deployed="101631123456"))

    assert draft.replicas == 1
    assert "It had 2 containers, as during a deployment." in draft.notes


def test_a_stack_of_several_containers_has_components() -> None:
    """They share one coolify.resourceName, so the compose service tells them apart."""
    draft = _only(
        box.stack("plausible", "plausible", "plausible:2", host="stats.example.com"),
        box.stack("plausible", "plausible-db", "postgres:16"),
    )

    assert draft.kind == "web"
    assert [(part.name, draft.selectors[number][1]) for number, part in enumerate(draft.parts)] == [
        (
            name,
            {"resource": "plausible", "compose_service": name, "project": "shop", "environment": "production"},
        )
        for name in ("plausible-db", "plausible")
    ]
    assert any("plausible-db is PostgreSQL" in note for note in draft.notes)


@pytest.mark.parametrize(
    ("images", "kind"),
    [
        (("prom/prometheus:v3", "grafana/grafana:12", "adminer"), "monitoring"),
        (("redis:7", "redis:7"), "redis"),
        (("rabbitmq:4", "helper"), "rabbitmq"),
        (("postgres:16", "redis:7"), "other"),
        (("thing", "other-thing"), "other"),
    ],
)
def test_a_stack_without_a_route_is_of_the_kind_of_its_components(images: tuple[str, ...], kind: str) -> None:
    """If they have one."""
    assert _only(*(box.stack("stack", f"part-{at}", image) for at, image in enumerate(images))).kind == kind


def test_services_of_a_compose_application_are_services_of_their_own() -> None:
    """They share one resource name, and each has its kind and its replicas."""
    found = _services(
        box.compose_application("shop", "web-1", host="shop.example.com"),
        box.compose_application("shop", "web-2", host="shop.example.com"),
        box.compose_application("shop", "db", image="postgres:16"),
    )

    assert {name: (draft.kind, draft.replicas) for name, draft in found.items()} == {
        "shop-web": ("web", 2),
        "shop-db": ("postgres", 1),
    }
    assert found["shop-web"].selectors[0][1]["compose_service"] == "web-[0-9]+"


def test_a_compose_application_of_one_service_bears_its_own_name() -> None:
    """shop, not shop-app."""
    assert list(_services(box.compose_application("shop", "app"))) == ["shop"]


def test_environments_and_projects_tell_resources_apart() -> None:
    """Production keeps the name."""
    found = _services(
        box.application("web"),
        box.application("web", environment="staging"),
        box.application("api", "shop"),
        box.application("api", "blog"),
    )

    assert sorted(found) == ["blog-api", "shop-api", "web", "web-staging"]


def test_resources_that_share_name_project_and_environment_are_told_apart_by_their_uuid() -> None:
    """Two databases called db: the labels are the same, the names are not."""
    found = _services(
        box.database("db", "redis", "redis:7", identity="a" * 24),
        box.database("db", "redis", "redis:7", identity="b" * 24),
    )

    assert {name: draft.selectors[0][1] for name, draft in found.items()} == {
        "db": {"name": "a" * 24},
        "db-2": {"name": "b" * 24},
    }


def test_applications_that_share_their_labels_are_told_apart_by_the_stable_part_of_their_names() -> None:
    """It survives deployments."""
    found = _services(box.application("web", identity="a" * 24), box.application("web", identity="b" * 24))

    assert [draft.selectors[0][1] for draft in found.values()] == [
        {"name": f"{'a' * 24}-[0-9T]+"},
        {"name": f"{'b' * 24}-[0-9T]+"},
    ]


def test_swarm_services_have_their_tasks_as_replicas() -> None:
    """Coolify's labels are on the service there, not on its containers."""
    labels = {"com.docker.swarm.service.name": "shop_web"}
    draft = _only(*(box.container(f"shop_web.{slot}.x7k{slot}", "app", labels) for slot in (1, 2)))

    assert (draft.name, draft.replicas) == ("web", 2)
    assert draft.selectors == ((0, {"name": r"shop_web\.[0-9a-z]+\.[0-9a-z]+"}),)


def test_containers_of_plain_compose_are_selected_by_name() -> None:
    """Two projects may have a service of one name."""
    labels = {"com.docker.compose.project": "tools", "com.docker.compose.service": "app"}
    draft = _only(*(box.container(f"tools-app-{number}", "app", labels) for number in (1, 2)))

    assert (draft.name, draft.replicas) == ("app", 2)
    assert draft.selectors == ((0, {"name": "tools-app-[0-9]+"}),)


def test_a_compose_run_is_no_replica() -> None:
    """A one-off container of a service."""
    labels = {"com.docker.compose.project": "tools", "com.docker.compose.service": "app"}
    found = _services(
        box.container("tools-app-1", "app", labels),
        box.container("tools-app-run-4f1c", "app", {**labels, "com.docker.compose.oneoff": "True"}),
    )

    assert {name: draft.replicas for name, draft in found.items()} == {"app": 1, "tools-app-run-4f1c": 1}


@pytest.mark.parametrize(
    ("container", "kind", "why"),
    [
        (box.container("a", "docker.io/timescale/timescaledb:2.17-pg16"), "postgres", "Image docker.io/timescale"),
        (box.container("a", "ghcr.io/coollabsio/minio:RELEASE"), "minio", "Image ghcr.io/coollabsio/minio"),
        (box.container("a", "oliver006/redis_exporter:v1"), "monitoring", "Image oliver006/redis_exporter"),
        (box.container("a", "registry:5000/team/redis@sha256:abc"), "redis", "Image registry:5000/team/redis"),
        (box.container("a", "somebody/postgres-backup-s3:16"), "other", "Not classified: neither its image somebody"),
        (box.container("a", "sha256:0123"), "other", "Not classified"),
        (box.container("a", ""), "other", "Not classified: neither its image, whose name is unknown, nor its name"),
        (box.container("a", "nginx:1"), "other", "Image nginx:1: boxwatch has no rules for it"),
        (box.database("a", "keydb", "eqalpha/keydb:latest"), "redis", "Image eqalpha/keydb"),
        (box.database("a", "postgresql", "registry/own:1"), "postgres", "Type in Coolify: standalone-postgresql."),
        (box.database("a", "mysql", "mysql:8"), "other", "boxwatch has no rules for standalone-mysql yet"),
        (box.database("a", "new", "new:8"), "other", "boxwatch has no rules for standalone-new yet"),
        (
            box.application("shop-api", host="api.example.com"),
            "api",
            "Its name suggests api, and the proxy routes to it.",
        ),
        (box.application("backend", host="api.example.com"), "api", "Its name suggests api"),
        (box.application("site", host="example.com"), "web", "The proxy routes https://example.com to it."),
        (box.application("site", host="example.com", image="nginx:1"), "web", "The proxy routes https://example.com"),
        (box.application("api"), "other", "Its name suggests api, but the proxy has no route to it."),
        (box.application("mail-queue"), "worker", "Its name suggests worker."),
        (box.application("redis-commander"), "other", "Not classified"),
    ],
)
def test_a_kind_is_decided_by_image_type_route_or_name(container: Record, kind: str, why: str) -> None:
    """In this order; the comment says by which."""
    draft = _only(container)

    assert draft.kind == kind
    assert any(note.startswith(why) for note in draft.notes), draft.notes


@pytest.mark.parametrize(
    ("image", "kind", "name"),
    [("traefik:v3.6", "traefik", "traefik"), ("caddy:2", "other", "proxy"), ("nginx:1", "other", "proxy")],
)
def test_coolifys_proxy_is_exposed_whatever_it_is(image: str, kind: str, name: str) -> None:
    """Its two entry points, and no other port."""
    draft = _only(box.proxy(image=image))

    assert (draft.kind, draft.name, draft.ports, draft.exposed) == (kind, name, (80, 443), True)
    assert ("ports", "Reachable from outside, past the server's firewall: 8080 too.") in [
        (key, text.partition(" If")[0]) for key, text in draft.remarks
    ]


def test_coolifys_own_containers_are_components() -> None:
    """Its agent may be absent."""
    draft = _only(*box.coolify()[:-1])

    assert draft.kind == "coolify"
    assert [(part.name, part.optional) for part in draft.parts] == [
        ("app", False),
        ("database", False),
        ("redis", False),
        ("realtime", False),
        ("sentinel", True),
    ]


def test_coolifys_agent_alone_is_no_coolify() -> None:
    """On a server that Coolify only manages."""
    assert _only(box.coolify()[4]).kind == "other"


@pytest.mark.parametrize("state", ["restarting", "paused"])
def test_a_container_that_should_run_is_in_the_plan(state: str) -> None:
    """A crash loop, a pause."""
    assert _only(box.container("web", "app", state=state)).name == "web"


@pytest.mark.parametrize("state", ["created", "removing"])
def test_a_container_that_never_ran_is_left_out(state: str) -> None:
    """With its state."""
    found = _discovered([box.container("web", "app"), box.container("job", "app", state=state)])

    assert [(one.name, one.why) for one in found.left_out] == [("job", f"not running: {state}")]


def test_the_monitoring_stack_is_planned_where_none_runs() -> None:
    """With an exporter for each service that needs one."""
    monitoring = next(draft for draft in _discovered(box.box()).services if draft.kind == "monitoring")

    assert [part.name for part in monitoring.parts if part.name.endswith("-exporter")] == [
        "node-exporter",
        "blackbox-exporter",
        "coolify-exporter",
        "cache-exporter",
        "main-db-exporter",
        "search-exporter",
    ]


def test_no_monitoring_stack_is_planned_where_one_runs() -> None:
    """A Prometheus is enough."""
    found = _discovered([box.container("prometheus", "prom/prometheus:v3")])

    assert _kinds(found) == {"prometheus": "monitoring"}
    assert (
        "# A Prometheus runs already: prometheus. To use it, see docs/shared.md:\n# stack:\n#   shared: true\n"
    ) in write.text(found)


@pytest.mark.parametrize(
    ("containers", "metrics"),
    [
        ([box.proxy()], "none"),
        ([box.proxy("--metrics.prometheus=true")], ""),
        ([box.stack("s3", "minio", "minio/minio")], "none"),
        ([box.stack("mq", "rabbitmq", "rabbitmq:4", identity="m" * 24)], f"rabbitmq-{'m' * 24}:15692"),
        ([box.application("mq", image="rabbitmq:4")], "none"),
        ([box.database("db", "redis", "redis:7")], ""),
    ],
)
def test_a_scrape_target_that_would_not_answer_is_none(containers: list[Record], metrics: str) -> None:
    """An alert on it would be false; a comment says what to do."""
    draft = _only(*containers)

    assert draft.metrics == metrics
    assert (metrics == "none") == any(key == "metrics" for key, _ in draft.remarks)


def test_a_port_belongs_to_one_service() -> None:
    """Published ones first; of those inside of containers to the first service, and a comment at the others."""
    found = _services(
        box.application("a", exposes=[3000]),
        box.application("b", exposes=[3000]),
        box.application("c", publishes={3000: "127.0.0.1"}),
    )

    assert {name: draft.ports for name, draft in found.items()} == {"a": (), "b": (), "c": (3000,)}
    assert found["a"].remarks[0] == (
        "ports",
        "It also listens on 3000, which c lists: each port is listed once per server.",
    )


def test_the_usual_port_of_a_database_comes_first() -> None:
    """Its exporter connects to it, whatever is published on the server."""
    draft = _only(box.container("db", "postgres:16", publishes={5432: "127.0.0.1@4000"}))

    assert draft.ports == (5432, 4000)


def test_a_port_that_is_published_is_that_of_the_server() -> None:
    """Port 80 of the container is 9001 of the server, and nothing listens on 80 there."""
    assert _only(box.container("site", "nginx:1", publishes={80: "127.0.0.1@9001"}, exposes=[81])).ports == (9001, 81)


@pytest.mark.parametrize(("memory", "prometheus"), [(4 * GIB, 448), (8 * GIB, 896)])
def test_a_small_server_gets_a_small_stack(memory: int, prometheus: int) -> None:
    """Half of 4 GB would be too much for monitoring; in MB."""
    host = docker.read(box.joined([[box.container("app", "app")], box.info(MemTotal=memory)]), "box.json")
    stack = next(draft for draft in discover.discover([host]).services if draft.kind == "monitoring")

    assert stack.parts[0].memory == prometheus * 2**20


@pytest.mark.parametrize(
    ("project", "names"), [("tools", ["tools-app", "tools-db"]), ("u" * 24, ["app", "db"]), ("app", ["app", "app-db"])]
)
def test_services_of_one_compose_project_bear_its_name(project: str, names: list[str]) -> None:
    """Unless it is a uuid of Coolify's, or the same."""
    containers = [
        box.container(
            f"{project}-{service}-1",
            "thing",
            {"com.docker.compose.project": project, "com.docker.compose.service": service},
        )
        for service in ("app", "db")
    ]

    assert sorted(_services(*containers)) == names
