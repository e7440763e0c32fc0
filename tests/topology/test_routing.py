"""Rules that decide which receivers an alert reaches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from support import deployments, rotation

from boxwatch.errors import TopologyError
from boxwatch.rules.model import ALWAYS_FIRING
from boxwatch.topology import notify_fields, routing
from boxwatch.topology.load import parse
from boxwatch.topology.notifications import Notifications

_HOOK = {"webhook": {"url": "https://hook.example.com"}}


def _text(**notifications: Any) -> str:  # noqa: ANN401 - whatever a file may say
    told = {"receivers": {"night": _HOOK, "office": _HOOK}, "critical": "night", "warning": ["night", "office"]}
    services = {name: {"kind": "web", "server": "main", "memory": "1g"} for name in ("web", "shop")}
    return json.dumps(
        {
            "name": "t",
            "servers": {"main": {"cpus": 8, "memory": "32g", "disk": "500GB"}},
            "services": services,
            "notifications": told | notifications,
        }
    )


def _said(**notifications: Any) -> Notifications:  # noqa: ANN401 - whatever a file may say
    told = parse(_text(**notifications), "t").topology.notifications
    assert told is not None
    return told


def _refusals(**notifications: Any) -> list[str]:  # noqa: ANN401 - whatever a file may say
    with pytest.raises(TopologyError) as caught:
        parse(_text(**notifications), "t")
    return [problem.message for problem in caught.value.problems]


def test_the_heartbeat_is_the_alert_that_always_fires() -> None:
    """The loader knows its name without importing the rules."""
    assert frozenset({notify_fields.HEARTBEAT}) == ALWAYS_FIRING


def test_a_service_may_differ_by_severity() -> None:
    """A severity that it leaves out keeps the general receivers."""
    said = _said(services={"web": {"critical": ["office"]}, "shop": "office"})
    assert [(rule.conditions, rule.to) for rule in routing.rules(said, "critical")] == [
        ((("service", ("web",)),), ("office",)),
        ((("service", ("shop",)),), ("office",)),
    ]
    assert [rule.conditions for rule in routing.rules(said, "warning")] == [(("service", ("shop",)),)]


def test_infos_reach_nobody_unless_somebody_is_named_for_them() -> None:
    """A route or a service names them expressly; with a general receiver of infos, every route applies to them."""
    routes = [{"services": "web", "to": "office"}]
    assert routing.rules(_said(routes=routes, services={"shop": "office"}), "info") == ()
    expressly = _said(routes=[routes[0] | {"severities": ["info"]}], services={"shop": {"info": "office"}})
    assert len(routing.rules(expressly, "info")) == 2
    assert len(routing.rules(_said(info="night", routes=routes, services={"shop": "office"}), "info")) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"services": "web"}, {"services": "web", "labels": {"team": "ops"}}),
        ({"services": ["web", "shop"]}, {"services": "shop"}),
        ({"labels": {"team": ["a", "b"]}}, {"labels": {"team": "b", "tier": "1"}}),
        ({"services": "web"}, {"services": "web", "severities": ["critical"]}),
    ],
)
def test_a_route_that_no_alert_can_reach_is_refused(first: dict[str, Any], second: dict[str, Any]) -> None:
    """The message names the place of the route that takes its alerts."""
    said = _refusals(routes=[first | {"to": "night"}, second | {"to": "office"}])
    assert said == ["is never reached: the rule in line 1 takes all its alerts"]
    parse(_text(routes=[second | {"to": "office"}, first | {"to": "night"}]), "t")


def test_a_service_whose_alerts_a_route_takes_is_refused() -> None:
    """Unless the route leaves it a severity."""
    assert len(_refusals(routes=[{"services": "web", "to": "night"}], services={"web": "office"})) == 1
    some = [{"services": "web", "severities": ["warning"], "to": "night"}]
    assert len(routing.rules(_said(routes=some, services={"web": "office"}), "critical")) == 1


@rotation.examples(40)
@given(text=deployments.notified())
def test_no_rule_covers_a_later_one(text: str) -> None:
    """So every rule of an accepted file decides about some alerts."""
    loaded = deployments.accepted(text)
    said = loaded.topology.notifications if loaded else None
    written = (
        {rule.path for severity in routing.SEVERITIES for rule in routing.rules(said, severity)} if said else set()
    )
    for index in range(len(said.routes) if said else 0):
        assert ("routes", index) in written
