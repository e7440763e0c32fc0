"""Docker's output is read field by field; whatever else is in it stays there, and what is no such output is refused."""

from __future__ import annotations

import json
import re

import pytest
from support import docker_box as box

from boxwatch.discovery import docker
from boxwatch.discovery.model import Container, Published
from boxwatch.errors import InputError
from boxwatch.topology.units import GIB, MIB


def _only(record: box.Record) -> Container:
    (container,) = docker.read(box.joined([[record]]), "box.json").containers
    return container


def test_the_documented_command_describes_the_server() -> None:
    """RAM, CPUs, disk, memory in use, and every container."""
    host = docker.read(box.output(box.box()), "box.json")

    assert (host.name, host.cpus, host.memory, host.disk) == ("main", 8, 33534234624, 491520000000)
    assert len(host.containers) == 25
    assert {one.used for one in host.containers if one.name == "adminer"} == {21 * MIB}


def test_documents_come_in_any_order() -> None:
    """What measures a container may be read before the container."""
    documents = [[box.container("web", "app")], box.info(), *box.stats([box.container("web", "app")]), box.DISK]

    assert (
        docker.read(box.joined(reversed(documents)), "a").containers
        == docker.read(box.joined(documents), "a").containers
    )


def test_a_container_that_is_described_twice_is_one() -> None:
    """As when the command runs `docker inspect` for names and ids."""
    assert len(docker.read(box.joined([[box.container("web", "app")]] * 2), "box.json").containers) == 1


def test_nothing_but_the_listed_fields_is_kept() -> None:
    """No secret, wherever Docker has one."""
    held = repr(docker.read(box.output(box.box()), "box.json"))

    assert [secret for secret in box.SECRETS if secret in held] == []


def test_labels_say_whose_the_container_is() -> None:
    """Coolify's, those of Compose and those of Swarm."""
    labels = _only(box.application("web", "shop", "staging", preview=7)).labels

    assert (labels.resource, labels.project, labels.environment, labels.type) == (
        "web",
        "shop",
        "staging",
        "application",
    )
    assert (labels.pull_request, labels.managed) == (7, True)


def test_limits_ports_and_addresses_are_read() -> None:
    """Ports of the container and of the server are told apart, and the loopback from everybody's addresses."""
    one = _only(
        box.application(
            "web",
            host="shop.example.com",
            limit=GIB,
            exposes=[3000],
            publishes={8080: "127.0.0.1", 9000: "0.0.0.0"},  # noqa: S104
        )
    )

    assert one.limit == GIB
    assert one.listens == (3000, 8080, 9000)
    assert one.published == (Published(8080, public=False, inner=8080), Published(9000, public=True, inner=9000))
    assert one.urls == ("https://shop.example.com",)


@pytest.mark.parametrize(
    ("rules", "urls"),
    [
        ({"traefik.http.routers.a.rule": "Host(`a.example.com`)"}, ("http://a.example.com",)),
        ({"traefik.http.routers.a.rule": "Host(`a.example.com`, `b.example.com`)"}, ("http://a.example.com",)),
        ({"traefik.http.routers.a.rule": "HostRegexp(`.*`)"}, ()),
        ({"traefik.http.routers.a.rule": "PathPrefix(`/`)", "traefik.http.routers.a.tls": "true"}, ()),
        ({"traefik.http.routers.a.rule": "Host(`not a host`)"}, ()),
        ({"traefik.http.services.a.rule": "Host(`a.example.com`)"}, ()),
        (
            {
                "traefik.http.routers.a.rule": "Host(`a.example.com`) && Query(`token=secret`)",
                "traefik.http.routers.a.tls.certresolver": "letsencrypt",
            },
            ("https://a.example.com",),
        ),
    ],
)
def test_of_a_route_only_the_host_is_read(rules: dict[str, str], urls: tuple[str, ...]) -> None:
    """Paths and queries may be secret."""
    assert _only(box.container("web", "app", rules)).urls == urls


@pytest.mark.parametrize(
    ("flags", "on"),
    [
        (["--metrics.prometheus=true"], True),
        (["--metrics.prometheus"], True),
        (["--metrics.prometheus.entrypoint=metrics"], True),
        (["--metrics.prometheus=false"], False),
        (["--metrics.statsd=true"], False),
        ([], False),
    ],
)
def test_whether_traefik_has_metrics_is_read_from_its_flags(flags: list[str], *, on: bool) -> None:
    """Only the answer, not the command line."""
    assert _only(box.proxy(*flags)).metrics_on is on


@pytest.mark.parametrize(
    ("used", "size"),
    [
        ("12.5MiB / 31.2GiB", 13107200),
        ("1GiB / 2GiB", GIB),
        ("900kB / 1GB", 921600),
        ("512B / 0B", 512),
        ("0B / 0B", None),
        ("-- / --", None),
        ("many", None),
    ],
)
def test_memory_in_use_is_read_as_docker_prints_it(used: str, size: int | None) -> None:
    """Nothing is known of a container that stopped meanwhile."""
    documents = [[box.container("web", "app")], {"Name": "web", "MemUsage": used}]

    assert [one.used for one in docker.read(box.joined(documents), "a").containers] == [size]


@pytest.mark.parametrize(
    ("state", "read"),
    [
        ({"Status": "exited", "ExitCode": 137}, ("exited", 137)),
        ({"Status": "running", "ExitCode": 0}, ("running", None)),
        ({"Running": True}, ("running", None)),
        ({"Running": False}, ("exited", None)),
        ({"Status": "<b>"}, ("exited", None)),
    ],
)
def test_states_are_dockers(state: box.Record, read: tuple[str, int | None]) -> None:
    """Whatever its version writes."""
    one = _only({**box.container("web", "app"), "State": state})

    assert (one.state, one.exit_code) == read


def test_a_limit_in_the_words_of_cgroup_v1_is_none() -> None:
    """The largest whole number of pages."""
    assert _only(box.container("web", "app", limit=9223372036854771712)).limit == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_may_come_from_powershell(encoding: str) -> None:
    """Which writes UTF-16 where its output is redirected."""
    assert docker.decode("[]".encode(encoding), "box.json") == "[]"


def test_a_separate_docker_info_completes_the_server() -> None:
    """For those who have the two in files of their own."""
    host = docker.read(box.joined([[box.container("web", "app")]]), "box.json")
    with_info = docker.with_info(host, json.dumps(box.info()))

    assert (with_info.name, with_info.cpus, with_info.memory) == ("main", 8, 33534234624)
    assert with_info.containers == host.containers


_INSPECT = "pass the output of `docker inspect $(docker ps -aq)` on the server"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello hunter2", f"box.json:1: is not JSON, or is cut off: {_INSPECT}"),
        ('[{"Name": "/web",\n "Config": {"Env": ["A=hunter2"', f"box.json:1: is not JSON, or is cut off: {_INSPECT}"),
        ("[]\n\n{", f"box.json:3: is not JSON, or is cut off: {_INSPECT}"),
        ("[" * 100_000, f"box.json:1: is not JSON, or is cut off: {_INSPECT}"),
        ("[1]", f"box.json: document 1: is no description of a container: {_INSPECT}"),
        ('"hunter2"', f"box.json: document 1: is no description of a container: {_INSPECT}"),
        (
            '[] {"Names": "web", "Image": "app", "State": "running"}',
            f"box.json: document 2: is the output of `docker ps`, which lacks limits and ports: {_INSPECT}",
        ),
        (
            '[{"Name": "data", "Driver": "local", "Mountpoint": "/hunter2"}]',
            f"box.json: document 1: describes no container but something else in Docker: {_INSPECT}",
        ),
        (
            '[{"Config": {}, "State": {}}]',
            f"box.json: document 1: has no Name that Docker would give a container: {_INSPECT}",
        ),
    ],
)
def test_what_is_no_output_of_docker_is_refused(text: str, message: str) -> None:
    """With the place and the command, and without quoting a word of it."""
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        docker.read(text, "box.json")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x80hunter2"])
def test_a_file_that_is_no_text_is_refused(content: bytes) -> None:
    """A picture, an archive."""
    with pytest.raises(InputError, match=f"^{re.escape(f'box.json: is not text: {_INSPECT}')}$"):
        docker.decode(content, "box.json")


@pytest.mark.parametrize("text", ["[]", json.dumps([box.container("web", "app")]), '{"ServerVersion": "28"}'])
def test_what_is_no_docker_info_is_refused(text: str) -> None:
    """An empty one too: the daemon could not be reached."""
    host = docker.read(box.joined([[box.container("web", "app")]]), "box.json")
    with pytest.raises(InputError, match=r"^--docker-info: is not the output of `docker info"):
        docker.with_info(host, text)


def test_of_a_command_line_only_flags_of_cadvisor_are_read() -> None:
    """They say what it sees; any other word may be a secret."""
    record = box.container("cadvisor", "ghcr.io/google/cadvisor:0.60.5")
    record["Args"] = [
        "--docker_only", "-housekeeping_interval=30s", "--storage_driver_password=hunter2", "hunter3",
        "--disable_metrics=$(hunter4)", {"no": "text"},
    ]  # fmt: skip
    record["HostConfig"] |= {"NetworkMode": "host", "PidMode": "host"}
    found = _only(record)

    assert found.flags == (("docker_only", "true"), ("housekeeping_interval", "30s"))
    assert (found.host_network, found.host_pids) == (True, True)
    assert "hunter" not in repr(found)
