"""Traps of Coolify's API in refused and unexpected answers. One test per trap, with its name."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

from urllib.parse import urlsplit

from support.coolify import Rig

from boxwatch.exporters.coolify import names

# Why not.


def _down(rig: Rig, trap: str) -> tuple[float | None, str | None]:
    rig.fake.traps.add(trap)
    rig.settle()
    return rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")


def test_api_disabled(rig: Rig) -> None:
    assert _down(rig, "api_disabled") == (0.0, names.API_DISABLED)


def test_address_not_allowed(rig: Rig) -> None:
    assert _down(rig, "address_not_allowed") == (0.0, names.FORBIDDEN)


def test_ability_missing(rig: Rig) -> None:
    assert _down(rig, "ability_missing") == (0.0, names.FORBIDDEN)


def test_role_too_low(rig: Rig) -> None:
    assert _down(rig, "role_too_low") == (0.0, names.FORBIDDEN)


def test_team_gone(rig: Rig) -> None:
    assert _down(rig, "team_gone") == (0.0, names.UNAUTHORISED)


def test_team_gone_400(rig: Rig) -> None:
    assert _down(rig, "team_gone_400") == (0.0, names.UNAUTHORISED)


def test_maintenance(rig: Rig) -> None:
    assert _down(rig, "maintenance") == (0.0, names.SERVER_ERROR)


def test_login_page(rig: Rig) -> None:
    assert _down(rig, "login_page") == (0.0, names.BAD_PAYLOAD)


def test_redirect(rig: Rig) -> None:
    assert _down(rig, "redirect") == (0.0, names.REDIRECTED)
    assert {urlsplit(target).path[:8] for target in rig.fake.asked} == {"/api/v1/"}


def test_token_expired(rig: Rig) -> None:
    rig.settle()
    expired = rig.hand.now
    rig.fake.traps.add("token_expired")
    rig.wait(120)

    assert (rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")) == (0.0, names.UNAUTHORISED)
    # What was known is shown for a while, then it says nothing any more.
    assert rig.values(names.RESOURCE_STATE)
    rig.wait(400)
    assert not rig.values(names.RESOURCE_STATE)
    assert (rig.value(names.LAST_SUCCESS) or 0) <= expired + 60

    # A refused token is tried seldom, and everything is back soon after a new one is accepted.
    asked = len(rig.fake.asked)
    rig.wait(600)
    assert len(rig.fake.asked) - asked <= 6
    rig.fake.traps.clear()
    rig.wait(180)
    assert rig.value(names.UP) == 1.0
    assert len(rig.values(names.RESOURCE_INFO)) == 12


def test_health_proves_nothing(rig: Rig) -> None:
    rig.settle()

    assert rig.fake.get("/api/v1/health", {}).body == b"OK"
    assert not any("health" in target for target in rig.fake.asked[:-1])


def test_policy_denied(rig: Rig) -> None:
    rig.fake.traps.add("policy_denied")
    rig.settle()

    assert rig.value(names.UP) == 1.0
    assert rig.value(names.SOURCE_SUCCESS, source="databases") == 0.0
    assert rig.value(names.SOURCE_FAILURE_REASON, source="databases", reason=names.FORBIDDEN) == 1.0
    # The states still tell of the databases, without the project that only their list knows.
    assert {labels["project"] for labels, _ in rig.values(names.RESOURCE_INFO, type="database")} == {""}
    assert {labels["project"] for labels, _ in rig.values(names.RESOURCE_INFO, type="service")} == {"Shop"}


def test_html_error(rig: Rig) -> None:
    rig.fake.traps.add("html_error")
    rig.settle()

    assert rig.value(names.SOURCE_FAILURE_REASON, source="services", reason=names.SERVER_ERROR) == 1.0
    assert rig.value(names.REQUESTS, endpoint="/services", code="500") == 1.0
    assert len(rig.values(names.RESOURCE_INFO, type="application")) == 7


def test_post_only(rig: Rig) -> None:
    rig.fake.traps.add("post_only")
    rig.settle()

    assert rig.value(names.SOURCE_FAILURE_REASON, source="services", reason=names.REJECTED) == 1.0


def test_rate_limited(rig: Rig) -> None:
    rig.settle()
    rig.hand.now += 65
    rig.fake.traps.add("rate_limited")
    rig.wait(5)
    asked = len(rig.fake.asked)

    assert (rig.value(names.UP), rig.present(names.DOWN_REASON, "reason")) == (0.0, names.RATE_LIMITED)
    assert rig.value(names.RATE_LIMIT_REMAINING) == 0.0
    rig.wait(50)
    assert len(rig.fake.asked) == asked, "Retry-After has to be waited for"
    rig.wait(30)
    assert len(rig.fake.asked) > asked

    slow = rig.value(names.BUDGET) or 0
    rig.fake.traps.clear()
    rig.wait(300)
    assert rig.value(names.UP) == 1.0
    assert (rig.value(names.BUDGET) or 0) > slow, "the rate recovers"


def test_rate_limited_answers_html_to_those_who_do_not_ask_for_json(rig: Rig) -> None:
    rig.fake.traps.add("rate_limited")

    assert rig.fake.get("/api/v1/version", {}).headers["Content-Type"] == "text/html"
    assert rig.fake.get("/api/v1/version", {"Accept": "application/json"}).headers["Content-Type"] == "application/json"
