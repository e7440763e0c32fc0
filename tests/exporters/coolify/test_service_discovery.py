"""HTTP service discovery in Prometheus' format, and Coolify's webhook as a hint."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import json
import time

import pytest
from support.coolify import HandClock, Rig
from support.running import get, send, web

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.config import ConfigError, load
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.exporters.coolify.service_discovery import resources, servers

SECRET = "/hook/0123456789abcdefghijklmn"  # noqa: S105 - it opens nothing


def _groups(document: bytes | None) -> list[tuple[list[str], dict[str, str]]]:
    assert document is not None
    found = json.loads(document)
    assert all(group.keys() == {"targets", "labels"} for group in found)
    assert all(isinstance(value, str) for group in found for value in group["labels"].values())
    return [(group["targets"], group["labels"]) for group in found]


def test_servers_are_targets(rig: Rig) -> None:
    second = rig.fake.add_server("second")
    second.update(ip="fd00::7")
    second["settings"]["is_build_server"] = True
    rig.settle()
    found = _groups(servers(rig.exporter.snapshots.current, {"port": "9100"}))

    assert [targets for targets, _ in found] == [["host.docker.internal:9100"], ["[fd00::7]:9100"]]
    assert found[1][1]["__meta_coolify_role"] == names.BUILD
    assert found[0][1]["__meta_coolify_host"] == "true"
    builds = _groups(servers(rig.exporter.snapshots.current, {"role": "build"}))
    assert [targets for targets, _ in builds] == [["[fd00::7]"]]


def test_resources_are_targets_that_can_be_selected(rig: Rig) -> None:
    rig.fake.applications[0]["fqdn"] = "https://Shop.example.com/admin,http://www.example.com:3000"
    rig.settle()
    everything = _groups(resources(rig.exporter.snapshots.current, {}))
    redis = _groups(resources(rig.exporter.snapshots.current, {"type": "database", "subtype": "redis", "port": "9121"}))

    assert len(everything) == 12
    assert [targets for targets, _ in redis] == [[f"{rig.fake.databases[1]['uuid']}:9121"]]
    web_1 = next(labels for _, labels in everything if labels["__meta_coolify_resource"] == "web-1")
    assert web_1["__meta_coolify_urls"] == ",https://shop.example.com,http://www.example.com,"
    assert rig.value(names.DOMAIN_INFO, domain="shop.example.com", scheme="https", resource="web-1") == 1.0


def test_a_port_that_is_none_is_left_out(rig: Rig) -> None:
    rig.settle()

    assert _groups(servers(rig.exporter.snapshots.current, {"port": "9100/x"}))[0][0] == ["host.docker.internal"]


def test_while_a_list_is_unknown_prometheus_keeps_its_targets(rig: Rig) -> None:
    assert servers(rig.exporter.snapshots.current, {}) is None
    rig.settle()
    rig.wire.broken["/services"] = Failure(names.SERVER_ERROR, "500", "broken on purpose")
    rig.wait(200)
    assert resources(rig.exporter.snapshots.current, {}) is not None
    rig.wait(600)
    assert resources(rig.exporter.snapshots.current, {}) is None
    with web(rig.exporter) as port:
        assert get(port, "/sd/resources")[0] == 503
    rig.wire.broken.clear()
    rig.wait(1000)
    with web(rig.exporter) as port:
        status, headers, body = get(port, "/sd/servers?port=9100")
        assert (status, headers["content-type"]) == (200, "application/json")
        assert _groups(body)[0][0] == ["host.docker.internal:9100"]
        assert len(_groups(get(port, "/sd/resources")[2])) == 12


def _post(path: str, body: bytes = b'{"event":"deployment_failed"}') -> bytes:
    return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body)


def test_a_notification_to_the_secret_path_is_a_hint() -> None:
    hand = HandClock()
    rig = Rig(default(lambda: hand.now), hand).settle()
    with web(rig.exporter, None, hook=SECRET) as port:  # type: ignore[arg-type]
        assert send(port, _post(SECRET)).startswith(b"HTTP/1.1 200")
        assert rig.exporter.watches[0].wake.is_set()
        for other in (_post("/hook/other"), _post(SECRET + "x"), _post("/metrics")):
            assert send(port, other).startswith(b"HTTP/1.1 400")
        assert get(port, SECRET)[0] == 404
        assert send(port, _post(SECRET, b"x" * 100_000)).startswith((b"HTTP/1.1 200", b""))
    asked = len(rig.fake.asked)
    rig.fake.end(rig.fake.deploy(rig.fake.applications[0]))
    rig.wait(2, step=1)

    assert any(target.endswith("/deployments") for target in rig.fake.asked[asked:])


def test_without_a_path_there_is_no_webhook(rig: Rig) -> None:
    rig.settle()
    with web(rig.exporter) as port:
        assert send(port, _post("")).startswith(b"HTTP/1.1 400")
        assert send(port, _post("/")).startswith(b"HTTP/1.1 400")


def test_a_flood_of_hints_stays_within_the_rate_limit() -> None:
    hand = HandClock()
    rig = Rig(default(lambda: hand.now), hand, per_minute=60).settle()
    asked = len(rig.fake.asked)
    for _ in range(600):
        rig.exporter.hint()
        rig.wait(1, step=1)

    assert len(rig.fake.asked) - asked <= 11 * 60
    assert time.monotonic() - rig.exporter.watches[0].hinted_at < 60


@pytest.mark.parametrize("path", ["/short", "no-slash-but-long-enough-for-it", "/with spaces that are long enough"])
def test_a_path_that_can_be_guessed_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="webhook-path must be"):
        load(["--webhook-path", path], {"COOLIFY_TOKEN": TOKEN}, "1.2.3")
    assert load(["--webhook-path", SECRET], {"COOLIFY_TOKEN": TOKEN}, "1.2.3").webhook_path == SECRET
