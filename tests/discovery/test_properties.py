"""Properties of any server: its topology loads, accounts for every container, fits, has no drift and no secret."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from support import docker_box as box
from support import rotation
from support.boxes import outputs
from support.relabelled import relabelled

from boxwatch import assemble
from boxwatch.checks import catalogue
from boxwatch.checks.alertmanager import amtool
from boxwatch.checks.rules import promtool
from boxwatch.discovery import discover, docker, drift, table, write
from boxwatch.discovery.draft import DraftTopology
from boxwatch.discovery.model import Container, Host
from boxwatch.errors import BoxwatchError, InputError
from boxwatch.topology.load import Loaded, parse
from boxwatch.topology.plan import plan


def _discovered(text: str) -> tuple[Host, DraftTopology, str, Loaded]:
    host = docker.read(text, "box.json")
    found = discover.discover([host])
    written = write.text(found)
    return host, found, written, parse(written, "topology.yaml")


def _labels(one: Container) -> dict[str, str]:
    """The container as cAdvisor exports it; labels that the reader refused to take stay with the test."""
    labels = {
        "container_label_coolify_resourceName": one.labels.resource,
        "container_label_coolify_projectName": one.labels.project,
        "container_label_coolify_environmentName": one.labels.environment,
        "container_label_coolify_pullRequestId": str(one.labels.pull_request),
        "container_label_com_docker_compose_service": one.labels.compose_service,
    }
    return {"__name__": "container_start_time_seconds", "name": one.name, "image": one.image, **labels}


@rotation.examples(60)
@given(outputs())
def test_every_container_is_in_one_service_or_left_out_with_a_reason(text: str) -> None:
    """Scraping gives each container the service that the topology means, and no other."""
    host, found, written, loaded = _discovered(text)
    server = loaded.topology.servers[0].name
    meant = {one.name: draft.name for draft in found.services for one in draft.containers}
    left = {one.name: one.why for one in found.left_out}

    assert sorted([*meant, *left]) == sorted(one.name for one in host.containers)
    for one in host.containers:
        if one.name in left:
            assert f"#   {one.name}: {left[one.name]}." in written.splitlines()
        else:
            assert (relabelled(loaded.topology, server, _labels(one)) or {}).get("service") == meant[one.name]


@rotation.examples(60)
@given(outputs())
def test_the_plan_fits_and_has_no_drift(text: str) -> None:
    """What was just discovered differs in nothing; a plan that does not fit would not load."""
    host, _found, _written, loaded = _discovered(text)
    topology = loaded.topology

    assert plan(topology).servers[0].headroom >= 0
    assert drift.compare(topology, drift.pairs(topology, [host])).differences == ()


@rotation.examples(40)
@given(outputs())
def test_no_secret_reaches_a_topology_or_a_report(text: str) -> None:
    """Secrets stand in the environment, labels, command lines, health checks, mounts and routes of every container."""
    host, found, written, loaded = _discovered(text)
    report = drift.compare(loaded.topology, drift.pairs(loaded.topology, [host]))
    console = Console(record=True, width=200, file=io.StringIO())
    table.show_found(found, console)
    table.show_drift(report, console)
    shown = [written, console.export_text(), json.dumps(table.found_json(found)), json.dumps(report.to_json())]

    assert [secret for secret in box.SECRETS for one in (*shown, repr(host)) if secret in one] == []


@rotation.examples(8)
@given(text=outputs())
def test_its_build_has_no_findings(text: str) -> None:
    """`boxwatch check` accepts what is generated for any discovered topology; promtool checks one in test_command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(promtool, "path", lambda: None)
        patch.setattr(amtool, "path", lambda: None)
        *_, loaded = _discovered(text)
        report = catalogue.run(assemble.assemble(loaded.topology), loaded.topology.scrape_interval)

    assert list(map(str, report.findings)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            (
                "Config", "State", "HostConfig", "NetworkSettings", "Ports", "Labels", "Name", "Memory", "Image",
                "ExposedPorts", "80/tcp", "HostPort", "HostIp", "Args", "MemUsage", "MemTotal", "Blocks", "BlockSize",
                "coolify.resourceName", "traefik.http.routers.x.rule",
            )
        )
        | st.text(max_size=5),
        inner,
        max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


@rotation.examples(300)
@given(st.lists(JSON, max_size=3))
def test_any_json_is_read_or_refused(documents: list[object]) -> None:
    """Nothing else happens: no traceback, no other error."""
    _read_or_refused(box.joined(documents))


@rotation.examples(200)
@given(st.data())
def test_containers_with_any_field_replaced_are_read_or_refused(data: st.DataObject) -> None:
    """A field of another type than Docker's is as good as absent."""
    containers = [box.application("web", host="shop.example.com"), box.database("db", "redis", "redis:7")]
    one = data.draw(st.sampled_from(containers))
    keys = [(key, inner) for key, value in one.items() for inner in (value if isinstance(value, dict) else [None])]
    key, inner = data.draw(st.sampled_from(keys))
    if inner is None:
        one[key] = data.draw(JSON)
    else:
        one[key][inner] = data.draw(JSON)
    _read_or_refused(box.joined([containers]))


def _read_or_refused(text: str) -> None:
    try:
        written = write.text(discover.discover([docker.read(text, "box.json")]))
    except InputError as error:
        message = str(error)
    except BoxwatchError as error:
        message = str(error)
        assert "of RAM" in message
    else:
        message = "box.json"
        parse(written, "topology.yaml")
    assert "box.json" in message or "of RAM" in message
