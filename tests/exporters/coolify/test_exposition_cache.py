"""The exposition cache: negotiated, compressed, rendered once for all scrapers, without secrets."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import gzip
import os
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from boxwatch.exporters.coolify import exposition_cache as page
from boxwatch.exporters.coolify.exposition_cache import (
    OPENMETRICS,
    TEXT,
    ExpositionCache,
    Unpacked,
    negotiate,
    render,
    wants_gzip,
)
from boxwatch.exporters.coolify.snapshot_store import SnapshotStore

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT),
        ("text/plain; version=0.0.4", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OPENMETRICS),
        ("application/openmetrics-text; version=2.0.0", TEXT),
        ("application/openmetrics-text;q=0.1, text/plain;q=0.9", TEXT),
        ("application/openmetrics-text;q=0, */*", TEXT),
        (
            "application/vnd.google.protobuf;proto=x,application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1",
            OPENMETRICS,
        ),
        (PROMETHEUS_3, OPENMETRICS),
        ("application/openmetrics-text;q=nonsense, text/plain", TEXT),
    ],
)
def test_format_by_accept_header(accept: str, expected: str) -> None:
    assert negotiate(accept) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", False), ("gzip", True), ("deflate, gzip;q=0.5", True), ("gzip;q=0", False), ("*", True), ("br", False)],
)
def test_compression_by_accept_encoding_header(header: str, *, expected: bool) -> None:
    assert wants_gzip(header) is expected


@given(st.text())
def test_any_header_is_survived(text: str) -> None:
    assert negotiate(text) in (TEXT, OPENMETRICS)
    assert wants_gzip(text) in (True, False)


def test_a_page_is_unpacked_to_what_was_packed() -> None:
    registry = CollectorRegistry()
    for number in range(2000):
        Gauge(f"metric_{number}", "One of many.", registry=registry).set(number)
    page = render(registry)[TEXT]

    assert page.plain() == gzip.decompress(page.gzipped) == generate_latest(registry)
    assert page.size == len(page.plain())


def test_secrets_are_taken_out_of_any_label() -> None:
    registry = CollectorRegistry()
    Gauge("metric", "Help.", ["name"], registry=registry).labels("x 1|secretsecret y").set(1)

    page = render(registry, ["1|secretsecret"])[OPENMETRICS].plain()

    assert b'name="x [token] y"' in page


class _Counting(Collector):
    def __init__(self) -> None:
        self.made = 0

    def collect(self) -> Iterable[GaugeMetricFamily]:
        self.made += 1
        yield GaugeMetricFamily("made", "Times that the page was made.", value=self.made)


def test_scrapes_do_not_make_the_page() -> None:
    registry, counting = CollectorRegistry(), _Counting()
    registry.register(counting)
    cache = ExpositionCache(registry, SnapshotStore(), list)
    made = counting.made
    for _ in range(100):
        assert cache.get(TEXT).content_type == TEXT
        assert cache.unpacked(TEXT) is cache.unpacked(TEXT)
        assert cache.get(OPENMETRICS).content_type == OPENMETRICS
    assert counting.made == made

    cache.refresh()
    assert counting.made == made + 1


def test_an_unpacked_page_is_whole_and_outlives_the_next_one() -> None:
    registry = CollectorRegistry()
    registry.register(_Counting())
    cache = ExpositionCache(registry, SnapshotStore(), list)
    held = cache.unpacked(TEXT)
    assert isinstance(held, Unpacked)
    expected = cache.get(TEXT).plain()
    cache.refresh()

    assert held.read(0, len(held)) == expected
    assert held.read(len(held) - 3, 100) == expected[-3:]
    again = cache.unpacked(TEXT)
    assert isinstance(again, Unpacked)
    assert again.read(0, 1 << 16) == cache.get(TEXT).plain() != expected


def test_a_page_is_unpacked_beforehand_only_while_somebody_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[str] = []
    memory = page.memory_file

    def counting() -> int:
        unpacked.append("once")
        return memory()

    monkeypatch.setattr(page, "memory_file", counting)
    registry = CollectorRegistry()
    registry.register(_Counting())
    cache = ExpositionCache(registry, SnapshotStore(), list)
    cache.refresh()
    assert unpacked == []
    cache.unpacked(TEXT)
    cache.refresh()
    cache.unpacked(TEXT)
    assert len(unpacked) == 2
    cache.refresh()
    cache.refresh()
    assert len(unpacked) == 3


@pytest.mark.parametrize("kernel", [True, False], ids=["in memory", "on the disk"])
def test_unpacked_pages_are_given_back(kernel: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: FBT001
    if not kernel:
        monkeypatch.delattr(os, "memfd_create", raising=False)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cache = ExpositionCache(CollectorRegistry(), SnapshotStore(), list)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        cache.unpacked(TEXT)
        cache.unpacked(OPENMETRICS)
        cache.refresh()

    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_made_anew_when_the_state_changes() -> None:
    registry, counting, snapshots = CollectorRegistry(), _Counting(), SnapshotStore()
    registry.register(counting)
    cache = ExpositionCache(registry, snapshots, list)
    stop = threading.Event()
    thread = threading.Thread(target=cache.run, args=(stop,))
    thread.start()
    snapshots.changed.set()
    until = time.monotonic() + 5
    while counting.made < 3 and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    snapshots.changed.set()
    thread.join(5)

    assert counting.made >= 3
    assert not thread.is_alive()


def test_without_descriptors_a_page_comes_from_memory_and_rendering_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    registry.register(_Counting())
    cache = ExpositionCache(registry, SnapshotStore(), list)

    def none_left() -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(page, "memory_file", none_left)
    expected = cache.get(TEXT).plain()
    assert cache.unpacked(TEXT) == expected
    assert cache.unpacked(TEXT) is cache.unpacked(TEXT)
    cache.refresh()

    assert cache.unpacked(TEXT) == cache.get(TEXT).plain() != expected


def test_the_rendering_thread_survives_anything(caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    counting = _Counting()
    registry.register(counting)
    snapshots = SnapshotStore()
    cache = ExpositionCache(registry, snapshots, list)
    stop = threading.Event()
    errors: list[Exception] = [OSError(24, "Too many open files"), MemoryError(), RuntimeError("secret"), KeyError("x")]
    collect = counting.collect

    def failing() -> Iterable[GaugeMetricFamily]:
        if errors:
            raise errors.pop()
        stop.set()
        return collect()

    counting.collect = failing  # type: ignore[method-assign]

    class Soon(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            del timeout
            return True

    snapshots.changed = Soon()  # type: ignore[misc]
    stop.wait = Soon().wait  # type: ignore[method-assign]
    before = cache.get(TEXT)
    cache.run(stop)

    assert snapshots.own.failed == 4
    assert cache.get(TEXT) is not before
    assert caplog.text.count("cannot be rendered") == 4
    assert "secret" not in caplog.text
