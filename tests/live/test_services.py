"""Why a planned service has no container: each reason is named, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from support import live_box as box
from support.live_box import answers, host, relabelled, without

from boxwatch.discovery.model import Container, Labels
from boxwatch.live.doctor import questions as q
from boxwatch.live.doctor.catalogue import diagnose
from boxwatch.live.doctor.line import Line
from boxwatch.live.doctor.seen import Sample, Seen
from boxwatch.stack.containers import WHITELISTED_LABELS


def _lines(*changes: box.Apply) -> Mapping[str, Line]:
    seen: Seen = box.healthy()
    for change in changes:
        seen = change(seen)
    return {entry.line.key: entry.line for entry in diagnose(box.examined(seen)).entries}


def _said(key: str, *changes: box.Apply) -> str:
    line = _lines(*changes)[key]
    assert line.state == "problem"
    return f"{line.what} → {line.remedy}"


_NO_WEB = without(q.CONTAINERS, service="web")
_NO_WORKER = without(q.CONTAINERS, service="worker")


def _sample(server: str = "main", **labels: str) -> Sample:
    return Sample({"server": server, "service": "", "component": "", "image": "x", **labels}, 1)


def _there(*more: Sample) -> box.Apply:
    return answers(q.CONTAINERS, lambda one: one, *more)


@pytest.mark.parametrize("found", ["web_prod", "web-app", "Web", "my-web", "web.1"])
def test_a_resource_that_is_spelt_otherwise_is_shown(found: str) -> None:
    """Case, a suffix or a prefix: the container is named, with the line for the topology."""
    said = _said("service:main:web", _NO_WEB, _there(_sample(resource=found, name="abc-101530123456")))

    assert f"abc-101530123456 has the resource name `{found}`, which `web(-[0-9]+)?` does not match" in said
    assert "in `containers` of web" in said


@pytest.mark.parametrize("found", ["webhook", "blog", "cobweb", "1"])
def test_a_resource_that_is_another_is_not_taken_for_it(found: str) -> None:
    """A name that only contains the letters is no suggestion."""
    said = _said("service:main:web", _NO_WEB, _there(_sample(resource=found, name="abc")))

    assert "no container resembles it → deploy it, or correct `containers` of web" in said


def test_a_container_with_the_right_name_is_a_matter_of_relabelling() -> None:
    """It matches the topology, so Prometheus runs with another relabelling."""
    said = _said("service:main:web", _NO_WEB, _there(_sample(resource="web-1", name="abc")))

    assert "abc would be one, but the running relabelling does not give it to web" in said


@pytest.mark.parametrize(
    "sample",
    [_sample("second", resource="web-1", name="abc"), _sample("second", service="web", resource="", name="abc")],
)
def test_a_container_on_another_server_is_shown(sample: Sample) -> None:
    """By its selectors or its label."""
    assert "abc runs on second → set `server: second`" in _said("service:main:web", _NO_WEB, _there(sample))


def test_a_stopped_container_is_shown_where_docker_describes_it() -> None:
    """With its exit code and where to look."""
    stopped = Container(name="web-1-abc", state="exited", exit_code=137, labels=Labels(resource="web-1"))
    said = _said("service:main:web", _NO_WEB, host(stopped))

    assert "web-1-abc is exited with code 137 → read `docker logs web-1-abc`" in said


def test_a_container_of_another_project_is_shown_where_docker_describes_it() -> None:
    """Prometheus does not keep these labels; Docker does."""
    other = Container(name="w", labels=Labels(resource="worker", project="blog", environment="production"))
    said = _said(
        "service:second:worker",
        _NO_WORKER,
        host(other, server="second"),
        _there(_sample("second", resource="other", name="y")),
    )

    assert "w has its name, but is of project blog, environment production" in said
    assert "correct `project` and `environment` of worker" in said


def test_docker_shows_what_cadvisor_does_not_label() -> None:
    """A container that Docker describes with another name is suggested, too."""
    other = Container(name="w", labels=Labels(resource="web_prod"))

    assert "w has the resource name `web_prod`" in _said("service:main:web", _NO_WEB, host(other))


def test_a_parked_service_has_no_containers_or_a_warning() -> None:
    """Replicas of 0 are as planned; containers of it are not."""
    parked = box.topology().model_copy(
        update={
            "services": tuple(
                one.model_copy(update={"replicas": 0}) if one.name == "web" else one for one in box.topology().services
            )
        }
    )
    examined = box.examined_of(parked, box.healthy())
    gone = box.examined_of(parked, _NO_WEB(box.healthy()))

    states = [
        next(entry.line for entry in diagnose(one).entries if entry.line.key == "service:main:web")
        for one in (examined, gone)
    ]
    assert [line.state for line in states] == ["warning", "ok"]
    assert states[0].what == "is parked, but has 2 containers"


def test_during_a_deployment_a_replica_counts_once() -> None:
    """The old and the new container of one resource are one of two replicas."""
    gone = without(q.CONTAINERS, service="web", resource="web-2")
    new = _sample(service="web", resource="web-1", name="web1k0s8w4ck0s8w4ck0-111111111111")

    assert "has 1 of 2 containers" in _said("service:main:web", gone, _there(new))


def test_without_labels_in_docker_cadvisor_cannot_export_any() -> None:
    """Then its flags are not to blame, and services are judged one by one."""
    bare = relabelled(q.CONTAINERS, {"server": "second"}, resource="", service="")
    lines = _lines(bare, host(Container(name="worker"), server="second"))

    assert "cadvisor-labels:second" not in lines
    assert lines["service:second:worker"].state == "problem"


_NODE = Container(name="node", image="prom/node-exporter:v1.12.1")


@pytest.mark.parametrize(
    ("container", "key", "state", "says"),
    [
        (_NODE, "node-network:main", "problem", "container's network"),
        (
            Container(name="node", image="prom/node-exporter:v1.12.1", host_network=True),
            "node-rootfs:main", "warning", "does not share the server's processes",
        ),
        (
            Container(name="c", image="ghcr.io/google/cadvisor:0.60.5", flags=(("docker_only", "true"),)),
            "cadvisor-store:main", "warning", "exports every label",
        ),
        (
            Container(
                name="c", image="ghcr.io/google/cadvisor:0.60.5",
                flags=(("store_container_labels", "false"), ("whitelisted_container_labels", "coolify.resourceName")),
            ),
            "cadvisor-whitelist:main", "problem", "com.docker.compose.service",
        ),
        (
            Container(name="c", image="ghcr.io/google/cadvisor:0.60.5", flags=(("housekeeping_interval", "5m"),)),
            "cadvisor-interval:main", "warning", "measures every 5m and is scraped every 30s",
        ),
        (
            Container(name="c", image="ghcr.io/google/cadvisor:0.60.5", flags=(("docker_only", "false"),)),
            "cadvisor-cgroups:main", "warning", "cgroups that are no containers",
        ),
    ],
)  # fmt: skip
def test_flags_that_docker_shows_are_judged(container: Container, key: str, state: str, says: str) -> None:
    """Even before a measurement shows their effect."""
    line = _lines(host(container), without(q.HOUSEKEEPING), without(q.DROPPED))[key]

    assert (line.state, says in line.what) == (state, True), line
    assert line.remedy


def test_the_flags_of_the_stack_are_right() -> None:
    """What the built compose file starts has nothing to say against it."""
    flags = (
        ("allow_dynamic_housekeeping", "false"), ("docker_only", "true"), ("housekeeping_interval", "30s"),
        ("store_container_labels", "false"),
        ("whitelisted_container_labels", ",".join(WHITELISTED_LABELS)),
    )  # fmt: skip
    there = (
        Container(name="c", image="ghcr.io/google/cadvisor:0.60.5", flags=flags),
        Container(name="n", image="prom/node-exporter:v1", host_network=True, host_pids=True),
    )

    lines = _lines(host(*there), without(q.HOUSEKEEPING), without(q.DROPPED))

    assert [line for line in lines.values() if line.state != "ok"] == []


def test_measuring_each_second_is_a_warning_about_cpu() -> None:
    """The default of cAdvisor, seen by its flags."""
    labels = ",".join(WHITELISTED_LABELS)
    flags = (("docker_only", "true"), ("store_container_labels", "false"), ("whitelisted_container_labels", labels))
    line = _lines(host(Container(name="c", image="cadvisor", flags=flags)))["cadvisor-interval:main"]

    assert (line.state, "costs CPU" in line.what) == ("warning", True)
