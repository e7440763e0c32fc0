"""Structured logs: one line per event, whatever it contains, without secrets."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.exporters.coolify.logs import Line, facts, hide, set_up


def _record(message: str, **values: object) -> logging.LogRecord:
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, message, None, None)
    record.created = 1787400000.25
    record.__dict__.update(facts(**values))
    return record


def test_logfmt() -> None:
    line = Line("logfmt", list).format(_record("poll failed", account="main", detail='say "no"', empty="", port=80))

    assert line == (
        'ts=2026-08-22T12:00:00.250Z level=warning msg="poll failed" account=main detail="say \\"no\\"" port=80'
    )


def test_json() -> None:
    line = Line("json", list).format(_record("poll failed", account="main", port=80))

    assert json.loads(line) == {
        "ts": "2026-08-22T12:00:00.250Z",
        "level": "warning",
        "msg": "poll failed",
        "account": "main",
        "port": 80,
    }


@given(text=st.text(), form=st.sampled_from(["logfmt", "json"]))
def test_any_text_stays_on_one_line(text: str, form: str) -> None:
    line = Line(form, list).format(_record("x", detail=f"x{text}"))

    assert line.isascii()
    assert line.isprintable()


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_secrets_are_taken_out(form: str) -> None:
    line = Line(form, lambda: ["1|secretsecret", "secretsecret"]).format(_record("1|secretsecret", a="x secretsecret"))

    assert "secretsecret" not in line
    assert hide("a b", []) == "a b"


def test_the_log_goes_to_standard_error_once(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("boxwatch.exporters.coolify")
    before = logger.handlers[:], logger.level, logger.propagate
    try:
        for _ in range(2):
            set_up("info", "logfmt", list)
        logging.getLogger("boxwatch.exporters.coolify.account").info("hello", extra=facts(account="main"))
        logging.getLogger("boxwatch.exporters.coolify.account").debug("silent")
    finally:
        logger.handlers[:], logger.propagate = before[0], before[2]
        logger.setLevel(before[1])
    lines = capsys.readouterr().err.splitlines()

    assert [line.split(" ", 1)[1] for line in lines] == ["level=info msg=hello account=main"]
