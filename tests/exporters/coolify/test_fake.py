"""The fake over HTTP, as the demo runs it: it shows activity, and traps on command."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from support.coolify import NOON, HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake import server
from boxwatch.exporters.coolify.fake.box import default, large
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.exporters.coolify.fake.life import Life
from boxwatch.exporters.coolify.fake.server import FakeServer


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with FakeServer(("127.0.0.1", 0), default(lambda: NOON)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def _get(fake: FakeServer, path: str) -> tuple[int, bytes]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{fake.server_port}{path}",
        headers={"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310 - http on loopback
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_traps_are_switched_while_it_runs(fake: FakeServer) -> None:
    assert _get(fake, "/api/v1/version") == (200, b"4.3.11")
    assert _get(fake, "/_fake/on/api_disabled")[0] == 200
    assert _get(fake, "/api/v1/version")[0] == 403
    assert json.loads(_get(fake, "/_fake/off/api_disabled")[1])["traps"] == []
    assert json.loads(_get(fake, "/_fake/stats")[1])["paths"] == {"/api/v1/version": 2}
    assert _get(fake, "/_fake/on/nothing")[0] == 404


def test_unknown_paths_and_strangers_are_refused(fake: FakeServer) -> None:
    assert _get(fake, "/api/v1/nothing")[0] == 404
    assert _get(fake, "/api/v1/servers/unknown")[0] == 404
    assert fake.fake.get("/api/v1/servers", {}).status == 401


def test_life_goes_on_in_the_demo() -> None:
    hand = HandClock()
    instance = default(lambda: hand.now)
    life = Life(instance)
    rig = Rig(instance, hand).settle()
    active = 0.0
    for _ in range(240):
        life.tick()
        rig.wait(30)
        active = max(active, rig.value(names.DEPLOYMENTS_ACTIVE, status="in_progress") or 0)
    totals = {labels["result"]: 0.0 for labels, _ in rig.values(names.DEPLOYMENTS)}
    for labels, value in rig.values(names.DEPLOYMENTS):
        totals[labels["result"]] += value

    assert active >= 1
    assert totals["finished"] > 10
    assert totals["failed"] >= 1


def test_large_instances_are_made_to_measure() -> None:
    hand = HandClock()
    rig = Rig(large(lambda: hand.now, 60, 3, rows=1), hand).settle()

    assert len(rig.values(names.RESOURCE_INFO)) == 60
    assert len(rig.values(names.SERVER_INFO)) == 3
    assert {labels["project"] for labels, _ in rig.values(names.RESOURCE_INFO)} == {"project 000", "project 001"}


def test_the_command_serves_until_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[FakeServer] = []

    def interrupted(self: FakeServer) -> None:
        made.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeServer, "serve_forever", interrupted)

    assert server.main(["--listen", "127.0.0.1:0", "--trap", "object_list", "--version", "4.4"]) == 0
    assert server.main(["--listen", "127.0.0.1:0", "--applications", "4", "--servers", "2"]) == 0
    assert (made[0].fake.traps, made[0].fake.full_version) == ({"object_list"}, "4.4.2")
    assert len(made[1].fake.applications) == 4
    assert "fake Coolify 4.4.2 at http://127.0.0.1:" in capsys.readouterr().err
