"""Servers of every kind: a proxy and a Sentinel only where Coolify runs one."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

from itertools import product

import pytest
from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.fake.box import default

ROLES = {
    names.STANDALONE: {},
    names.BUILD: {"is_build_server": True},
    names.SWARM_MANAGER: {"is_swarm_manager": True},
    names.SWARM_WORKER: {"is_swarm_worker": True},
}


@pytest.mark.parametrize(("role", "proxy"), list(product(ROLES, ("TRAEFIK", "CADDY", "NONE", None))))
def test_a_proxy_has_a_state_only_where_coolify_runs_one(role: str, proxy: str | None) -> None:
    hand = HandClock()
    rig = Rig(default(lambda: hand.now), hand)
    server = rig.fake.servers[0]
    server["settings"].update(ROLES[role])
    server["proxy"].update(type=proxy, status="exited")  # as every server is created
    rig.settle()
    runs = proxy not in ("NONE", None) and role in (names.STANDALONE, names.SWARM_MANAGER)

    assert rig.present(names.SERVER_PROXY_STATE, "state") == ("exited" if runs else None)
    assert rig.present(names.SERVER_INFO, "role") == role


@pytest.mark.parametrize(
    ("status", "state"),
    [("error", "degraded"), ("stopping", "stopping"), ("starting", "starting"), ("running", "running")],
)
def test_states_of_a_proxy(rig: Rig, status: str, state: str) -> None:
    rig.fake.servers[0]["proxy"]["status"] = status
    rig.settle()

    assert rig.present(names.SERVER_PROXY_STATE, "state") == state
    assert rig.values(names.UNPARSED) == []


@pytest.mark.parametrize(("role", "sentinel", "metrics"), list(product(ROLES, (True, False), (True, False))))
def test_sentinel_should_report_only_where_coolify_starts_it(
    rig: Rig, role: str, *, sentinel: bool, metrics: bool
) -> None:
    rig.fake.servers[0]["settings"].update(is_sentinel_enabled=sentinel, is_metrics_enabled=metrics, **ROLES[role])
    rig.settle()

    assert rig.value(names.SERVER_SENTINEL_ENABLED) == float((sentinel or metrics) and role == names.STANDALONE)


def test_a_server_without_the_switches_says_nothing_of_sentinel(rig: Rig) -> None:
    for switch in ("is_sentinel_enabled", "is_metrics_enabled"):
        del rig.fake.servers[0]["settings"][switch]
    rig.settle()

    assert rig.values(names.SERVER_SENTINEL_ENABLED) == []


@pytest.mark.parametrize(
    ("settings", "reachable"),
    [
        ({}, 1.0),
        ({"is_reachable": False}, 0.0),
        ({"is_usable": False}, 0.0),
        ({"force_disabled": True}, 0.0),
    ],
)
def test_a_state_means_something_while_the_server_is_functional(
    rig: Rig, settings: dict[str, bool], reachable: float
) -> None:
    rig.fake.servers[0]["settings"].update(settings)
    rig.settle()

    assert {value for _, value in rig.values(names.RESOURCE_SERVER_REACHABLE)} == {reachable}


def test_an_application_on_two_servers_needs_both(rig: Rig) -> None:
    other = rig.fake.add_server("second")
    rig.fake.applications[0]["additional_servers"] = [other]
    other["settings"]["is_reachable"] = False
    rig.settle()

    assert rig.value(names.RESOURCE_SERVER_REACHABLE, resource="web-1") == 0.0
    assert rig.value(names.RESOURCE_SERVER_REACHABLE, resource="web-2") == 1.0


def test_staleness_is_measured_by_a_clock_that_cannot_be_set(rig: Rig) -> None:
    rig.settle()
    rig.wire.broken["/servers"] = Failure(names.SERVER_ERROR, "500", "broken on purpose")
    rig.wait(150)
    rig.hand.ahead = 86400.0
    rig.wait(5)
    assert rig.value(names.SERVER_REACHABLE) == 1.0
    rig.hand.ahead = -86400.0
    rig.wait(500)

    assert rig.values(names.SERVER_REACHABLE) == []


def test_a_name_of_any_length_has_the_slug_that_coolify_gives_it(rig: Rig) -> None:
    rig.fake.applications[0]["name"] = "Long " * 50
    rig.settle()

    assert rig.value(names.RESOURCE_INFO, resource="-".join(["long"] * 50)) == 1.0
