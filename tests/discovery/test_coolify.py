"""Coolify's API alone makes a topology, whatever its version and traps, and completes what Docker says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support import docker_box as box
from support.coolify import HandClock, Wire

from boxwatch.discovery import coolify, discover, docker, write
from boxwatch.discovery.draft import DraftTopology
from boxwatch.discovery.model import Container, Host
from boxwatch.errors import BoxwatchError, InputError
from boxwatch.exporters.coolify.client import Api, Counts
from boxwatch.exporters.coolify.fake.box import default, large
from boxwatch.exporters.coolify.fake.coolify import TOKEN, VERSIONS, FakeCoolify
from boxwatch.exporters.coolify.fake.traps import SECRETS, TRAPS
from boxwatch.exporters.coolify.rate_limiter import RateLimiter
from boxwatch.exporters.coolify.secret import FixedToken
from boxwatch.topology.load import parse
from boxwatch.topology.units import GIB

URL = "https://coolify.example.com"
# Answers of a Coolify that says nothing about its resources.
REFUSALS = {
    "address_not_allowed": "the address of this request is not in Allowed IPs",
    "ability_missing": "the token lacks the `read` ability",
    "api_disabled": "Coolify's API is disabled in its settings",
    "html_error": "answered 500",
    "login_page": "the response is not JSON|the response is not a Coolify version",
    "maintenance": "answered 503",
    "policy_denied": "permission denied",
    "post_only": "rejected the request with status 405",
    "rate_limited": "rate limit is exhausted",
    "redirect": "redirects are never followed",
    "role_too_low": "more abilities than its user's role allows",
    "team_gone": "authentication failed",
    "team_gone_400": "authentication failed",
    "token_expired": "authentication failed",
}


def _read(fake: FakeCoolify, hand: HandClock, token: str = TOKEN) -> tuple[Host, ...]:
    def sleep(seconds: float) -> None:
        hand.now += seconds

    clock = hand.clock()
    api = Api(Wire(fake), FixedToken(token), RateLimiter(120, clock), clock, Counts())
    return coolify.read(api, URL, sleep)


@pytest.fixture
def hand() -> HandClock:
    """A clock that only the test advances."""
    return HandClock()


def _default(hand: HandClock, version: str = "4.3") -> FakeCoolify:
    return default(lambda: hand.now, version)


def _discovered(fake: FakeCoolify, hand: HandClock) -> DraftTopology:
    found = discover.discover(_read(fake, hand))
    parse(write.text(found), "topology.yaml")
    return found


def _kinds(found: DraftTopology) -> dict[str, tuple[str, int]]:
    return {draft.name: (draft.kind, draft.replicas) for draft in found.services}


EXPECTED = {
    "coolify": ("coolify", 1),
    "traefik": ("traefik", 1),
    "web": ("web", 2),
    "admin": ("admin", 1),
    "api": ("api", 2),
    "worker": ("worker", 2),
    "elasticsearch": ("elasticsearch", 1),
    "minio": ("minio", 1),
    "postgres": ("postgres", 1),
    "redis": ("redis", 1),
    "monitoring": ("other", 1),
    "monitoring-2": ("monitoring", 1),
}


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_the_api_alone_makes_a_topology(version: str, hand: HandClock) -> None:
    """Of every version that the exporter reads."""
    found = _discovered(_default(hand, version), hand)

    assert _kinds(found) == EXPECTED
    (server,) = found.servers
    assert (server.cpus, server.memory) == (8, 32 * GIB)
    assert server.notes["disk"].startswith("TO FILL IN")


@pytest.mark.parametrize("trap", sorted(TRAPS.keys() - REFUSALS.keys()))
def test_no_trap_of_the_api_changes_the_topology(trap: str, hand: HandClock) -> None:
    """Statuses, shapes, key order, ids of 0, missing parts: the same services, or a reason for each that is missing."""
    fake = _default(hand)
    fake.traps.add(trap)
    found = _discovered(fake, hand)
    reasons = {one.name for one in found.left_out}

    missing = EXPECTED.keys() - _kinds(found).keys() - {"monitoring-2"}
    assert missing <= {name.rpartition("-")[0] or name for name in reasons} | reasons
    assert {
        name: kind for name, kind in _kinds(found).items() if name in EXPECTED and name != "monitoring"
    }.items() <= ({**EXPECTED, "monitoring": ("monitoring", 1)}.items())


@pytest.mark.parametrize(("trap", "message"), REFUSALS.items())
def test_a_refusal_says_what_to_do(trap: str, message: str, hand: HandClock) -> None:
    """With the address, and never a partial topology."""
    fake = _default(hand)
    fake.traps.add(trap)
    with pytest.raises(BoxwatchError, match=f"^{URL}: .*(?:{message})"):
        _read(fake, hand)


def test_a_wrong_token_is_refused_without_a_word_of_it(hand: HandClock) -> None:
    """Before anything else is asked."""
    fake = _default(hand)
    with pytest.raises(BoxwatchError, match="authentication failed") as error:
        _read(fake, hand, "9|hunter2hunter2hunter2")
    assert "hunter2" not in str(error.value)
    assert fake.asked == ["/api/v1/version"]


def test_only_get_requests_within_the_rate_limit_are_sent(hand: HandClock) -> None:
    """A hundred projects cost a request each; the reader waits where it has to."""
    fake = large(lambda: hand.now, 1000, 3, rows=1)
    hosts = _read(fake, hand)

    assert sum(len(host.containers) for host in hosts) >= 1000
    assert len(fake.asked) <= 40


def test_the_secrets_of_a_token_with_too_many_abilities_are_not_read(hand: HandClock) -> None:
    """Such a token receives passwords, compose files and logs."""
    fake = _default(hand)
    fake.traps.add("sensitive_token")
    fake.applications[0]["fqdn"] = "https://user:hunter2@shop.example.com:3000/secret-path?token=hunter2"
    found = discover.discover(_read(fake, hand))
    written = write.text(found)

    assert [secret for secret in (*SECRETS, "hunter2", "secret-path") if secret in written + repr(found)] == []
    assert "# url: https://shop.example.com\n" in written


def _one(hand: HandClock, change: Callable[[FakeCoolify, int], object]) -> DraftTopology:
    fake = FakeCoolify(lambda: hand.now)
    environment = fake.add_project("Shop & Co", "production")
    fake.add_server("localhost")
    change(fake, environment)
    return discover.discover(_read(fake, hand))


def _of(found: DraftTopology, name: str) -> tuple[str, str]:
    draft = next(draft for draft in found.services if draft.name == name)
    return draft.kind, " ".join((*draft.notes, *(text for _, text in draft.remarks)))


def test_a_compose_application_is_a_service_of_unknown_containers(hand: HandClock) -> None:
    """The API does not list them."""
    kind, notes = _of(_one(hand, lambda fake, at: fake.add_application("shop", at, build_pack="dockercompose")), "shop")

    assert kind == "other"
    assert "pass --from-docker as well" in notes


def test_a_public_database_has_a_proxy(hand: HandClock) -> None:
    """And its port on the server."""
    found = _one(hand, lambda fake, at: fake.add_database("db", "redis", at, is_public=True, public_port=6380))

    draft = next(draft for draft in found.services if draft.name == "db-proxy")
    assert draft.ports == (6380,)
    assert "Reachable from outside" in _of(found, "db-proxy")[1]


def test_ports_of_an_application_are_read(hand: HandClock) -> None:
    """Those it listens on, and those of the server; not what cannot be a port."""
    mapped = "8080:3000,127.0.0.1:9090:3001,99999:1,5353:53/udp"
    found = _one(
        hand,
        lambda fake, at: fake.add_application("web", at, ports_exposes="3000,3001, x", ports_mappings=mapped),
    )

    assert next(draft for draft in found.services if draft.name == "web").ports == (5353, 8080, 3000, 3001)


def test_names_are_those_of_the_containers_labels(hand: HandClock) -> None:
    """Slugs, as Coolify writes them."""
    found = _one(hand, lambda fake, at: fake.add_application("Shop API", at))

    assert next(draft for draft in found.services if draft.name == "shop-api").selectors == (
        (0, {"resource": "shop-api", "project": "shop-co", "environment": "production"}),
    )


def test_a_stack_has_the_parts_that_the_api_lists(hand: HandClock) -> None:
    """And none without a name."""
    parts = [{"name": "app", "image": "app:1", "fqdn": "https://a.example.com", "status": "running"}, {"name": ""}]
    databases = [{"name": "app-db", "image": "postgres:16", "status": "running:healthy"}]
    found = _one(hand, lambda fake, at: fake.add_service("app", at, applications=parts, databases=databases))

    draft = next(draft for draft in found.services if draft.name == "app")
    assert (draft.kind, sorted(part.name for part in draft.parts)) == ("web", ["app", "app-db"])


def test_a_stack_that_is_starting_is_left_out_with_a_reason(hand: HandClock) -> None:
    """Coolify lists no parts of it."""
    found = _one(
        hand,
        lambda fake, at: (fake.add_service("app", at, applications=[], databases=[]), fake.add_application("web", at)),
    )

    assert [(one.name, one.why) for one in found.left_out] == [
        ("app", "Coolify lists no containers of it, as while it is starting")
    ]


def test_what_is_stopped_is_left_out_unless_everything_seems_to_be(hand: HandClock) -> None:
    """When SSH to a server fails, Coolify records everything on it as exited."""

    def add(fake: FakeCoolify, environment: int) -> None:
        fake.add_application("one", environment, status="exited:unhealthy")
        fake.add_application("two", environment)

    assert [one.why for one in _one(hand, add).left_out] == ["not running: exited"]

    def stop(fake: FakeCoolify, environment: int) -> None:
        for name in ("one", "two"):
            fake.add_application(name, environment, status="exited:unhealthy")

    assert _one(hand, stop).left_out == ()


def test_a_swarm_needs_docker_inspect(hand: HandClock) -> None:
    """Its containers have none of Coolify's labels."""

    def add(fake: FakeCoolify, environment: int) -> None:
        fake.add_application("web", environment)
        fake.servers[0]["settings"]["is_swarm_manager"] = True

    assert [one.name for one in _one(hand, add).left_out] == ["web"]


def test_a_build_server_is_said_to_be_one(hand: HandClock) -> None:
    """It has no resources."""

    def add(fake: FakeCoolify, environment: int) -> None:
        fake.add_application("web", environment)
        fake.add_server("builder")["settings"]["is_build_server"] = True

    assert ("builder", "is a build server: its containers are Coolify's build helpers") in [
        (one.name, one.why) for one in _one(hand, add).left_out
    ]


def test_a_resource_of_no_server_is_left_out_with_a_reason(hand: HandClock) -> None:
    """A database whose server was deleted."""

    def add(fake: FakeCoolify, environment: int) -> None:
        fake.add_application("web", environment)
        fake.add_database("db", "redis", environment)["_server"] = "gone"

    assert [(one.name, one.why) for one in _one(hand, add).left_out] == [("db", "Coolify names no server for it")]


def test_several_servers_have_addresses_but_for_coolifys_own(hand: HandClock) -> None:
    """What runs on both in the same way is one service."""
    fake = FakeCoolify(lambda: hand.now)
    environment = fake.add_project("Shop", "production")
    fake.add_server("main")
    second = fake.add_server("second")
    fake.add_application("web", environment)
    fake.add_application("api", environment, second)
    found = discover.discover(_read(fake, hand))
    parse(write.text(found), "topology.yaml")

    assert [(server.name, server.address) for server in found.servers] == [("main", ""), ("second", "10.0.0.2")]
    assert {draft.name: draft.servers for draft in found.services if draft.name in ("traefik", "api", "web")} == {
        "traefik": ("main", "second"),
        "api": ("second",),
        "web": ("main",),
    }


def _docker(*containers: box.Record) -> Host:
    return docker.read(box.joined([list(containers), box.info()]), "box.json")


def _host(*containers: Container, address: str = "", name: str = "localhost") -> Host:
    return Host(name=name, address=address, containers=containers, cpus=4, memory=8 * GIB, sources=(URL,))


def test_docker_is_right_about_containers_and_coolify_about_names() -> None:
    """Size, limits and ports from Docker; types, addresses and titles from Coolify."""
    labelled = docker.read(box.joined([[box.application("web", limit=GIB)]]), "x").containers[0]
    known = replace(labelled, title="My web", urls=("https://shop.example.com",), limit=5 * GIB, used=None)
    (merged,) = coolify.merge(_docker(box.application("web", limit=GIB)), [_host(known)])

    (one,) = merged.containers
    assert (one.limit, one.title, one.urls) == (GIB, "My web", ("https://shop.example.com",))
    assert (merged.name, merged.cpus, merged.sources) == ("main", 8, ("box.json", URL))


def test_a_resource_without_a_container_is_left_out_with_its_state() -> None:
    """Coolify knows what is stopped and removed."""
    gone = Container(name=f"{'g' * 24}-000000000000", state="exited", title="Legacy")
    lost = Container(name=f"{'h' * 24}-000000000000", title="Lost")
    (merged,) = coolify.merge(_docker(box.coolify()[0]), [_host(Container(name="coolify"), gone, lost)])

    assert [(one.name, one.why) for one in merged.unseen] == [
        ("Legacy", "exited according to Coolify, and has no container on the server"),
        ("Lost", "running according to Coolify, and has no container on the server"),
    ]


def test_raw_compose_applications_get_their_names_from_coolify() -> None:
    """Their containers have no label that names the resource."""
    identity = "r" * 24
    labels = {"com.docker.compose.project": identity, "com.docker.compose.service": "app", "coolify.managed": "true"}
    known = Container(name=f"{identity}-000000000000", title="Raw Shop", incomplete=True)
    merged = coolify.merge(_docker(box.container(f"{identity}-app-1", "app", labels)), [_host(known)])

    assert [draft.name for draft in discover.discover(merged).services if draft.containers] == ["raw-shop"]


def test_dockers_server_is_the_one_whose_resources_it_runs() -> None:
    """The others come from Coolify alone."""
    web = docker.read(box.joined([[box.application("web")]]), "x").containers[0]
    hosts = [_host(Container(name="coolify")), _host(web, address="10.0.0.2", name="second")]
    merged = coolify.merge(_docker(box.application("web")), hosts)

    assert [(host.address, host.cpus) for host in merged] == [("", 4), ("10.0.0.2", 8)]


def test_dockers_server_is_coolifys_own_if_coolify_runs_there() -> None:
    """Before any resource does."""
    hosts = [_host(Container(name="x"), address="10.0.0.2"), _host(Container(name="coolify"))]
    merged = coolify.merge(_docker(box.coolify()[0]), hosts)

    assert [host.cpus for host in merged] == [4, 8]


def test_a_server_that_coolify_does_not_know_is_one_more() -> None:
    """Its containers are not those of another."""
    hosts = [_host(Container(name="x")), _host(Container(name="y"), address="10.0.0.2")]

    assert len(coolify.merge(_docker(box.container("adminer", "adminer")), hosts)) == 3
    assert len(coolify.merge(_docker(box.container("adminer", "adminer")), [])) == 1


@pytest.mark.parametrize("url", ["coolify.example.com", "ftp://x", "https://user:hunter2@x", "https://x:port"])
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    """Without quoting the password in it."""
    with pytest.raises(InputError, match=r"^--from-coolify: ") as error:
        coolify.connect(url, tmp_path / "token")
    assert "hunter2" not in str(error.value)


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    """Before any request."""
    (tmp_path / "ca.pem").write_text("none", encoding="utf-8")
    with pytest.raises(InputError, match=r"contains no certificates$"):
        coolify.connect(URL, tmp_path / "token", tmp_path / "ca.pem")


def test_a_missing_token_file_is_said_to_be_missing(tmp_path: Path) -> None:
    """By the first request, which is not sent."""
    with pytest.raises(BoxwatchError, match=r"cannot read .*token: No such file"):
        coolify.read(coolify.connect(URL, tmp_path / "token"), URL)


def test_a_server_without_a_uuid_is_left_to_coolify(hand: HandClock) -> None:
    """No request can be made about it."""
    fake = _default(hand)
    wire = Wire(fake, bodies={"/servers": json.dumps([{"name": "x"}]).encode()})
    clock = hand.clock()
    api = Api(wire, FixedToken(TOKEN), RateLimiter(120, clock), clock, Counts())
    with pytest.raises(BoxwatchError, match="no record of the response can be parsed"):
        coolify.read(api, URL)


def test_a_team_without_servers_is_an_error(hand: HandClock) -> None:
    """There is nothing to write."""
    with pytest.raises(BoxwatchError, match=f"^{URL}: the token's team has no server$"):
        _read(FakeCoolify(lambda: hand.now), hand)


def test_what_is_no_address_is_none(hand: HandClock) -> None:
    """Coolify lets people write what they like."""
    found = _one(
        hand, lambda fake, at: fake.add_application("web", at, fqdn="http://[x, ftp://a.example.com,,https://b c")
    )

    assert next(draft for draft in found.services if draft.name == "web").url == ""


def test_a_proxy_that_is_not_running_is_not_planned(hand: HandClock) -> None:
    """Nor an agent that is switched off."""

    def stop(fake: FakeCoolify, environment: int) -> None:
        fake.add_application("web", environment)
        fake.servers[0]["proxy"] = {"type": "NONE", "status": "exited"}
        fake.servers[0]["settings"]["is_sentinel_enabled"] = False

    found = _one(hand, stop)
    assert "traefik" not in [draft.name for draft in found.services]
    assert "sentinel" not in [part.name for draft in found.services for part in draft.parts]
