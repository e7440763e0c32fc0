"""Reasons of failures: from the status and Coolify's fixed messages, never from `success`."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.coolify import NOON

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure, code_label, http_date, judge, retry_after


def _judge(status: int, message: str = "") -> Failure:
    return judge(status, {}, json.dumps({"success": True, "message": message}).encode(), NOON)


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [
        (401, "Unauthenticated.", names.UNAUTHORISED),
        (401, "Invalid token.", names.UNAUTHORISED),
        (400, "Invalid token.", names.UNAUTHORISED),
        (400, "Something else.", names.REJECTED),
        (403, "API is disabled.", names.API_DISABLED),
        (403, "You are not allowed to access the API.", names.FORBIDDEN),
        (403, "Missing required permissions: read", names.FORBIDDEN),
        (403, "anything", names.FORBIDDEN),
        (404, "Not found.", names.REJECTED),
        (405, "This endpoint has changed to a POST request.", names.REJECTED),
        (422, "The skip must be at least 0.", names.REJECTED),
        (429, "Too Many Attempts.", names.RATE_LIMITED),
        (301, "", names.REDIRECTED),
        (302, "", names.REDIRECTED),
        (500, "Server Error", names.SERVER_ERROR),
        (502, "", names.SERVER_ERROR),
        (503, "", names.SERVER_ERROR),
        (204, "", names.REJECTED),
        (999, "", names.REJECTED),
    ],
)
def test_reason_of_an_answer(status: int, message: str, reason: str) -> None:
    assert _judge(status, message).reason == reason


@given(status=st.integers(0, 999).filter(lambda status: status != 200), body=st.binary(max_size=60))
def test_any_answer_has_a_reason_and_a_bounded_code(status: int, body: bytes) -> None:
    failure = judge(status, {}, body, NOON)

    assert failure.reason in names.REASONS
    assert failure.code == code_label(status)
    assert len({code_label(number) for number in range(1000)}) < 40


def test_a_forbidden_answer_says_what_to_do() -> None:
    assert "Allowed IPs" in str(_judge(403, "You are not allowed to access the API."))
    assert "`write` and `deploy` do not include" in str(_judge(403, "Missing required permissions: read"))
    assert "role" in str(_judge(403, "This API token has permissions (write) that exceed your current role."))


def test_no_body_gets_into_a_message() -> None:
    assert "echo-1|abc" not in "".join(str(_judge(status, "echo-1|abc")) for status in range(201, 600))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("Sat, 22 Aug 2026 12:00:45 GMT", 45.0),
        ("Sat, 22 Aug 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 40, 999999999.0),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOON) == seconds


@given(st.text(max_size=60))
def test_any_date_is_read_or_none(text: str) -> None:
    assert http_date(text) is None or isinstance(http_date(text), float)


def test_a_date_without_zone_is_utc() -> None:
    assert http_date("22 Aug 2026 12:00:00 -0000") == NOON


def test_a_thing_that_is_gone_is_not_a_path_that_is_missing() -> None:
    assert _judge(404, "Application not found").gone
    assert _judge(404, "Server not found.").gone
    assert not _judge(404, "Not found.").gone
    assert not judge(404, {}, b"<html>", NOON).gone


def test_account_wide_failures() -> None:
    wide = {reason for reason in names.REASONS if Failure(reason, "x", "").account_wide}

    assert wide == {names.UNAUTHORISED, names.API_DISABLED, names.NO_TOKEN}
    assert Failure(names.UNREACHABLE, "refused", "").account_wide
    assert not Failure(names.UNREACHABLE, "timeout", "").account_wide, "one slow endpoint says nothing of the others"
