"""Streaming JSON: same records as a complete parse, in bounded memory, within limits."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.records import MAX_RECORD, document, line, nested, records

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def _cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def _reason(body: bytes, wrapper: str = "") -> str | None:
    try:
        list(records(_cut(body, 7), wrapper))
    except Failure as failure:
        return failure.reason
    return None


@given(items=st.lists(JSON, max_size=5), size=st.integers(1, 40), indent=st.sampled_from([None, 2]))
def test_a_list_is_read_as_json_reads_it(items: list[object], size: int, indent: int | None) -> None:
    body = json.dumps(items, indent=indent, ensure_ascii=size % 2 == 0).encode()

    assert list(records(_cut(body, size))) == items


@given(items=st.lists(JSON, max_size=5), size=st.integers(1, 40), before=JSON)
def test_a_wrapped_list_is_found_wherever_it_stands(items: list[object], size: int, before: object) -> None:
    body = json.dumps({"count": before, "deployments": items, "after": before}).encode()

    assert list(records(_cut(body, size), "deployments")) == items


@given(items=st.lists(JSON, min_size=1, max_size=5), size=st.integers(1, 40))
def test_a_list_with_gaps_is_read_in_the_order_of_the_body(items: list[object], size: int) -> None:
    body = json.dumps({str(9 - place): item for place, item in enumerate(items)}).encode()

    assert list(records(_cut(body, size))) == items


@given(body=st.binary(max_size=200), wrapper=st.sampled_from(["", "deployments"]))
def test_any_bytes_are_read_or_a_bad_payload(body: bytes, wrapper: str) -> None:
    assert _reason(body, wrapper) in (None, names.BAD_PAYLOAD)


@given(items=st.lists(JSON, min_size=1, max_size=4), keep=st.integers(0, 10**6))
def test_a_body_that_is_cut_short_is_a_bad_payload(items: list[object], keep: int) -> None:
    body = json.dumps(items).encode()

    assert _reason(body[: keep % len(body)]) == names.BAD_PAYLOAD


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'"text"',
        b"12",
        b"{}",
        b'{"message": "Unauthenticated."}',
        b"<!doctype html>",
        b"[1 2]",
        b"[1, 2",
        b"[1] [2]",
        b"{1: 2}",
        b'{"0" 1}',
        '["\u00e9"]'.encode("latin-1"),
        '["x"]'.encode("utf-16"),
        b"[" * 100_000,
        b'[{"a":' * 50_000,
        b"[1" + b"0" * 10_000 + b"]",
    ],
    ids=lambda body: repr(body[:16]),
)
def test_what_is_no_list_is_a_bad_payload(body: bytes) -> None:
    assert _reason(body) == names.BAD_PAYLOAD


def test_a_byte_order_mark_does_no_harm() -> None:
    assert list(records([b"\xef\xbb\xbf[1]"])) == [1]


def test_a_history_without_its_list_is_a_bad_payload() -> None:
    assert _reason(b'{"count": 3}', "deployments") == names.BAD_PAYLOAD
    assert _reason(b'{"deployments": null}', "deployments") == names.BAD_PAYLOAD


def test_a_record_that_never_ends_is_given_up() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b'["'
        while True:
            taken += 1 << 16
            yield b"x" * (1 << 16)

    with pytest.raises(Failure, match="longer than"):
        list(records(endless()))
    assert taken < 4 * MAX_RECORD


def test_a_hundred_megabytes_of_records_are_read_in_little_memory() -> None:
    record = json.dumps({"uuid": "a", "text": "x" * 16_000}).encode()
    number = (100 << 20) // len(record)

    def body() -> Iterator[bytes]:
        yield b"[" + record
        for _ in range(number):
            yield b"," + record
        yield b"]"

    tracemalloc.start()
    try:
        count = sum(1 for _ in records(body()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == number + 1
    assert peak < 1 << 20


def test_documents_are_objects_and_nothing_else() -> None:
    assert document([b' {"a"', b": 1} "]) == {"a": 1}
    for body in (b"[]", b"", b'{"a": 1} x', b'{"a"'):
        with pytest.raises(Failure):
            document([body])


def test_a_line_is_bounded() -> None:
    assert line([b" 4.3", b".11\n"]) == "4.3.11"
    with pytest.raises(Failure):
        line(b"x" * (1 << 20) for _ in range(10))


@pytest.mark.parametrize(
    "record",
    [
        b"{" + b",".join(b'"k%d":1' % number for number in range(250_000)) + b"}",
        b'{"a":[' + b",".join([b"[]"] * 100_000) + b"]}",
        b'{"a":[' + b",".join([b'{"b":{}}'] * 60_000) + b"]}",
    ],
    ids=["keys", "lists", "objects"],
)
def test_a_record_is_bounded_in_values_and_not_only_in_bytes(record: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Failure, match="more than 20000 values"):
            list(records(_pieces(b"[" + record + b"]")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 16 << 20


def test_a_log_of_megabytes_is_one_value() -> None:
    log = json.dumps([{"output": "a, b [c] {d}"} for _ in range(80_000)])
    body = json.dumps([{"id": 1, "logs": log}]).encode()

    assert len(body) > 2 << 20
    assert [record["id"] for record in records(_pieces(body)) if isinstance(record, dict)] == [1]


def test_a_list_within_a_record_is_read_item_by_item() -> None:
    body = json.dumps(
        [{"uuid": "a", "runs": [1, 2, None], "more": {"x": []}}, {"uuid": "b", "runs": None}, {}]
    ).encode()
    read = nested(_pieces(body), "runs", lambda item: item if isinstance(item, int) else None)

    assert list(read) == [({"uuid": "a", "more": {"x": []}}, [1, 2]), ({"uuid": "b", "runs": None}, []), ({}, [])]


@pytest.mark.parametrize("body", [b"[{", b'[{"runs":[1', b"[] x", b"{}", b"[{}, 5]"])
def test_what_is_no_list_of_objects_is_refused(body: bytes) -> None:
    with pytest.raises(Failure):
        list(nested(_pieces(body), "runs", lambda item: item))


def test_an_object_of_too_many_members_is_refused_while_it_is_read() -> None:
    body = b"[{" + b",".join(b'"k%d":1' % number for number in range(30_000)) + b"}]"
    with pytest.raises(Failure, match="more than 20000 values"):
        list(nested(_pieces(body), "runs", lambda item: item))


def _pieces(body: bytes) -> list[bytes]:
    return [body[start : start + (1 << 16)] for start in range(0, len(body), 1 << 16)]
