"""Arbitrary JSON from any endpoint: the exporter keeps running, its exposition stays valid and shows the reason."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import rotation
from support.coolify import HandClock, Rig, parse

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.exposition_cache import OPENMETRICS, render
from boxwatch.exporters.coolify.fake.box import default

ENDPOINTS = {
    "version": "/v1/version",
    "projects": "/v1/projects",
    "servers": "/v1/servers",
    "server_details": "/v1/servers/localhost",
    "statuses": "/resources",
    "applications": "/v1/applications",
    "services": "/v1/services",
    "databases": "/v1/databases",
    "deployments": "/v1/deployments",
    "history": "/v1/deployments/applications",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
SLOW = settings(rotation.examples(20), suppress_health_check=[HealthCheck.too_slow])


def _rig() -> Rig:
    hand = HandClock()
    return Rig(default(lambda: hand.now), hand)


def _check(rig: Rig) -> None:
    """Assert a valid exposition with values of the closed lists and no internal error."""
    page = render(rig.registry)[OPENMETRICS].plain().decode("utf-8")
    seen = set()
    for family in parse(page):
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            assert series not in seen, f"{series} is there twice"
            seen.add(series)
    assert rig.value(names.INTERNAL_ERRORS) == 0.0
    for metric, label, allowed in (
        (names.RESOURCE_STATE, "state", names.STATES),
        (names.RESOURCE_HEALTH, "state", names.HEALTHS),
        (names.RESOURCE_INFO, "type", names.TYPES),
        (names.SOURCE_FAILURE_REASON, "reason", names.REASONS),
        (names.DEPLOYMENTS_ACTIVE, "status", names.ACTIVE),
        (names.BACKUP_RESULT, "result", names.BACKUP_RESULTS),
    ):
        assert {labels[label] for labels, _ in rig.values(metric)} <= set(allowed)


@SLOW
@given(endpoint=st.sampled_from(sorted(ENDPOINTS)), body=JSON)
def test_any_json_in_any_endpoint(endpoint: str, body: object) -> None:
    rig = _rig()
    rig.wire.bodies[ENDPOINTS[endpoint]] = json.dumps(body).encode("utf-8", "surrogatepass")
    rig.settle()
    rig.wait(130)

    _check(rig)


@SLOW
@given(endpoint=st.sampled_from(sorted(ENDPOINTS)), body=st.binary(max_size=300))
def test_any_bytes_in_any_endpoint(endpoint: str, body: bytes) -> None:
    rig = _rig()
    rig.wire.bodies[ENDPOINTS[endpoint]] = body
    rig.settle()

    _check(rig)


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += _places(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            found += _places(item, (*path, place))
    return found


def _replace(value: Any, path: tuple[Any, ...], new: object) -> Any:  # noqa: ANN401 - JSON
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = _replace(value[path[0]], path[1:], new)
    return changed


@SLOW
@given(
    endpoint=st.sampled_from(sorted(ENDPOINTS)), seed=st.integers(0, 10**6), new=st.lists(JSON, min_size=1, max_size=6)
)
def test_real_payloads_with_anything_in_any_place(endpoint: str, seed: int, new: list[object]) -> None:
    """Changes that keep most of the structure reach deeper than random JSON."""
    rig = _rig()
    rig.fake.deploy(rig.fake.applications[0])
    rig.settle()
    target = next(asked for asked in reversed(rig.fake.asked) if ENDPOINTS[endpoint] in asked)
    body = rig.fake.get(target, {"Authorization": f"Bearer {rig.fake.token}"}).body
    document = json.loads(body) if body[:1] in b"[{" else body.decode()
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    for value in new:
        document = _replace(document, chance.choice(_places(document)), value)
    rig.wire.bodies[ENDPOINTS[endpoint]] = json.dumps(document).encode("utf-8", "surrogatepass")
    rig.wait(700)

    _check(rig)


@SLOW
@given(endpoint=st.sampled_from(sorted(set(ENDPOINTS) - {"version"})), cut=st.floats(0, 0.999))
def test_a_body_that_is_cut_short_changes_nothing_and_is_told(endpoint: str, cut: float) -> None:
    rig = _rig()
    rig.settle()
    before = {labels["uuid"] for labels, _ in rig.values(names.RESOURCE_INFO)}
    target = next(asked for asked in reversed(rig.fake.asked) if ENDPOINTS[endpoint] in asked)
    body = rig.fake.get(target, {"Authorization": f"Bearer {rig.fake.token}"}).body.rstrip()
    rig.wire.bodies[ENDPOINTS[endpoint]] = body[: int(len(body) * cut)]
    for task in rig.account.schedule.tasks.values():
        task.due = 0
    rig.settle()

    assert rig.value(names.SOURCE_FAILURE_REASON, source=endpoint, reason=names.BAD_PAYLOAD) == 1.0
    assert {labels["uuid"] for labels, _ in rig.values(names.RESOURCE_INFO)} == before
    _check(rig)


@pytest.mark.repeats
@pytest.mark.parametrize("endpoint", sorted(ENDPOINTS))
@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"a":' * 100_000, b"[" + b"1" * 6_000_000, b'["' + b"x" * 6_000_000, "[]".encode("utf-32")],
    ids=["deep list", "deep object", "long number", "long string", "utf-32"],
)
def test_hostile_bodies_are_bad_payloads(endpoint: str, body: bytes) -> None:
    rig = _rig()
    rig.wire.bodies[ENDPOINTS[endpoint]] = body
    rig.settle()

    assert rig.value(names.SOURCE_FAILURE_REASON, source=endpoint, reason=names.BAD_PAYLOAD) == 1.0
    _check(rig)


def test_the_token_in_every_field_of_every_answer_is_on_no_page() -> None:
    """A token that a proxy echoes anywhere is redacted from the exposition and from error fields."""
    rig = _rig()
    token = rig.fake.token
    for record in (*rig.fake.servers, *rig.fake.applications, *rig.fake.services, *rig.fake.databases):
        record["name"] = f"name {token} {record['name']}"
    rig.fake.projects[0]["name"] = token
    rig.settle()
    rig.exporter.expositions.refresh()
    page = rig.exporter.expositions.get(OPENMETRICS).plain().decode()

    assert "[token]" in page
    assert token not in page
    assert token.split("|")[1] not in page
