"""Fields of any type: an invalid one is None and counted, never fatal."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.exporters.coolify.fields import MAX_TEXT, Fields, clean

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
READERS = ("text", "uuid", "integer", "count", "flag", "time", "size", "cores")


def _read(reader: str, value: object) -> tuple[object, list[str]]:
    complaints: list[str] = []
    return getattr(Fields({"key": value}, complaints.append), reader)("key"), complaints


@given(reader=st.sampled_from(READERS), value=JSON)
def test_any_value_is_read_or_complained_about_once(reader: str, value: object) -> None:
    result, complaints = _read(reader, value)

    assert complaints in ([], ["key"])
    assert result is None or not complaints
    assert not isinstance(result, float) or math.isfinite(result)
    if isinstance(result, str):
        assert len(result) <= MAX_TEXT
        assert result.encode("utf-8").decode("utf-8").isprintable()


@given(value=JSON)
def test_any_value_can_be_a_child_or_children(value: object) -> None:
    complaints: list[str] = []
    fields = Fields({"key": value}, complaints.append)

    assert isinstance(fields.child("key").record, dict)
    assert all(isinstance(child.record, dict) for child in fields.children("key"))
    assert set(complaints) <= {"key"}


@pytest.mark.parametrize("reader", [reader for reader in READERS if reader != "uuid"])
def test_null_and_missing_are_quietly_none(reader: str) -> None:
    assert _read(reader, None) == (None, [])
    assert getattr(Fields({}, pytest.fail), reader)("key") is None


def test_a_record_without_uuid_is_complained_about() -> None:
    assert _read("uuid", None) == (None, ["key"])
    assert _read("uuid", "../../admin") == (None, ["key"])
    assert _read("uuid", "w0kk-24") == ("w0kk-24", [])


@pytest.mark.parametrize(
    ("reader", "value", "expected"),
    [
        ("integer", 0, 0),
        ("integer", "0", 0),
        ("integer", "12", 12),
        ("integer", -3, -3),
        ("count", 7, 7),
        ("flag", True, True),
        ("flag", 0, False),
        ("flag", "1", True),
        ("time", "2026-08-22T10:11:12.000000Z", 1787393472.0),
        ("time", "2026-08-22 10:11:12", 1787393472.0),
        ("time", "2026-08-22T12:11:12+02:00", 1787393472.0),
        ("time", "", None),
        ("size", "0", 0),
        ("size", "512m", 512 << 20),
        ("size", "2G", 2 << 30),
        ("size", "", None),
        ("size", 1024, 1024),
        ("size", "1.5g", 3 << 29),
        ("size", "512mb", 512 << 20),
        ("size", "512 MiB", 512 << 20),
        ("size", ".5g", 1 << 29),
        ("size", "64kb", 64 << 10),
        ("size", "1T", 1 << 40),
        ("size", " 512m ", 512 << 20),
        ("cores", "0.5", 0.5),
        ("cores", ".5", 0.5),
        ("cores", " 2. ", 2.0),
        ("cores", 2, 2.0),
        ("cores", "", None),
    ],
)
def test_values_as_coolify_sends_them(reader: str, value: object, expected: object) -> None:
    assert _read(reader, value) == (expected, [])


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("text", 5),
        ("integer", True),
        ("integer", 10**30),
        ("integer", "twelve"),
        ("count", -1),
        ("flag", 2),
        ("flag", []),
        ("time", 1787393472),
        ("time", "yesterday"),
        ("time", "1970-01-01 00:00:00"),
        ("time", "9999-12-31 23:59:59"),
        ("size", "half"),
        ("size", -1),
        ("size", "1,5g"),
        ("size", "."),
        ("size", "99999999p"),
        ("cores", "."),
        ("cores", "9999999"),
        ("cores", float("nan")),
        ("cores", True),
        ("cores", "1e3"),
    ],
)
def test_values_that_are_refused(reader: str, value: object) -> None:
    assert _read(reader, value) == (None, ["key"])


def test_labels_are_bounded_and_printable() -> None:
    assert clean("a\nb\x00c\ud800" + "x" * 500) == "a b c?" + "x" * (MAX_TEXT - 6)


def test_an_empty_object_comes_from_php_as_an_empty_list() -> None:
    assert Fields({"settings": []}, pytest.fail).child("settings").record == {}


def test_lists_with_gaps_come_from_php_as_objects() -> None:
    fields = Fields({"parts": {"1": {"name": "b"}, "0": {"name": "a"}}}, pytest.fail)

    assert [child.text("name") for child in fields.children("parts")] == ["b", "a"]
