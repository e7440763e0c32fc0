"""A server is asked with few requests at once, and its errors are told apart."""

from __future__ import annotations

import math
import threading

import pytest
from support.fake_prometheus import NOW, FakePrometheus

from boxwatch.errors import PublishError
from boxwatch.live.samples import Sample, shown
from boxwatch.live.source import Direct, Prometheus, QueryError, moment, printable, seconds
from boxwatch.publish.http import Client, Credentials

_TARGET = {
    "labels": {"job": "app", "instance": "a:1"},
    "health": "down",
    "lastError": "refused",
    "scrapeUrl": "http://a:1/metrics",
    "scrapeInterval": "30s",
}
_RULE = {
    "type": "alerting",
    "name": "Down",
    "query": "up == 0",
    "duration": 60,
    "keepFiringFor": 30,
    "labels": {"severity": "page"},
    "health": "ok",
    "lastEvaluation": "2026-11-28T10:00:00.123456789Z",
    "alerts": [{"labels": {"job": "app"}, "state": "pending", "activeAt": "2026-11-28T10:00:00Z"}],
}


def test_an_instant_query_has_samples() -> None:
    """A vector, or a scalar as one sample without labels."""
    fake = FakePrometheus(answers={"up": [({"job": "a"}, 1)]})

    assert fake.source().query("up", NOW) == (Sample({"job": "a"}, 1),)
    assert fake.source().query("time()", None) == (Sample({}, NOW),)
    assert fake.source().now() == NOW


class _Fixed:
    """A server with one answer."""

    url = "http://x"

    def __init__(self, data: object, status: int = 200) -> None:
        self._data, self._status = data, status

    def send(self, path: str, form: str | None) -> tuple[int, object]:
        del path, form
        return self._status, self._data


def test_a_native_histogram_and_a_range_vector_have_no_single_value() -> None:
    """They count as data."""
    histogram = {"metric": {"a": "b"}, "histogram": [1, {}]}
    vector = {"status": "success", "data": {"resultType": "vector", "result": [histogram]}}
    matrix = {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "2"]]}]}}
    text = {"status": "success", "data": {"resultType": "string", "result": [1, "x"]}}

    assert math.isnan(Prometheus(_Fixed(vector)).query("x", 1)[0].value)
    assert math.isnan(Prometheus(_Fixed(matrix)).query("x[5m]", 1)[0].value)
    assert Prometheus(_Fixed(text)).query('"x"', 1) == ()


def test_a_range_query_has_series() -> None:
    """Each with its points."""
    found = FakePrometheus(answers={"up": [({"job": "a"}, 1)]}).source().query_range("up", NOW, NOW, 1)

    assert found[0].points == ((NOW, 1.0),)


def test_a_rejected_query_is_told_from_a_broken_server() -> None:
    """Prometheus' own words for a query; the URL to check for something that is no Prometheus."""
    with pytest.raises(QueryError, match="many-to-many"):
        FakePrometheus(refused={"x": "many-to-many"}).source().query("x", NOW)
    with pytest.raises(PublishError, match="does not respond like Prometheus"):
        FakePrometheus(status=502).source().query("x", NOW)
    with pytest.raises(PublishError, match="permission denied"):
        FakePrometheus(status=403).source().query("x", NOW)
    with pytest.raises(PublishError, match="responded 500: no reason given"):
        Prometheus(_Fixed({}, 500)).query("x", NOW)


def test_targets_and_rules_are_read() -> None:
    """With labels, health, and what is pending."""
    rules = {"name": "g", "file": "f", "interval": 15, "lastEvaluation": _RULE["lastEvaluation"], "rules": [_RULE]}
    source = FakePrometheus(targets=[_TARGET], groups=[rules]).source()

    (target,), (group,) = source.targets() or (), source.groups() or ()

    assert (target.name, target.health, target.error, target.interval) == ("app (a:1)", "down", "refused", 30)
    assert (group.interval, round(group.evaluated % 60, 3)) == (15, 0.123)
    assert (group.rules[0].kind, group.rules[0].wait, group.rules[0].keep) == ("alert", 60, 30)
    assert group.rules[0].active[0].state == "pending"
    assert source.scrape_interval() == 30


def test_a_server_may_show_neither_targets_nor_rules() -> None:
    """As vmalert, or a store without rules."""
    source = FakePrometheus().source()

    assert (source.targets(), source.groups()) == (None, None)
    assert Prometheus(_Fixed({"status": "success", "data": {}})).scrape_interval() == 0


def test_a_rule_that_was_never_evaluated_has_unknown_health() -> None:
    """Whatever the server calls it."""
    rule = _RULE | {"type": "recording", "lastEvaluation": "0001-01-01T00:00:00Z"}
    groups = [{"name": "g", "rules": [rule]}]

    found = (FakePrometheus(groups=groups).source().groups() or ())[0]

    assert (found.rules[0].health, found.rules[0].kind, found.evaluated) == ("unknown", "record", 0)


def test_no_more_requests_run_at_once_than_allowed() -> None:
    """The limit on the server's load."""
    lock, running, most = threading.Lock(), [0], [0]
    barrier = threading.Event()

    class _Counted(_Fixed):
        def send(self, path: str, form: str | None) -> tuple[int, object]:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            barrier.wait(0.005)
            with lock:
                running[0] -= 1
            return super().send(path, form)

    source = Prometheus(_Counted({"status": "success", "data": {"resultType": "vector", "result": []}}), 3)

    found = list(source.each(lambda number: source.query(f"x{number}", 1), range(30)))

    assert len(found) == 30
    assert most[0] == 3


@pytest.mark.parametrize(
    ("text", "length"), [("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("1.5h", 5400), ("", 0), ("x", 0), ("5q3s", 0)]
)
def test_durations_are_read(text: str, length: float) -> None:
    """As Prometheus and Grafana write them; 0 for anything else."""
    assert seconds(text) == length


def test_moments_are_read() -> None:
    """With nanoseconds, a zone, or none."""
    assert moment("1970-01-01T00:01:00.5Z") == 60.5
    assert moment("1970-01-01T01:00:00+01:00") == 0
    assert moment("yesterday") == 0


def test_labels_are_shown_without_the_name() -> None:
    """Long sets are cut."""
    assert shown({"__name__": "x", "b": "2", "a": "1"}) == '{a="1", b="2"}'
    assert shown({str(number): "" for number in range(9)}, most=1) == '{0="", … 8 more}'


def test_an_unreachable_server_is_said() -> None:
    """Without a traceback."""
    with pytest.raises(PublishError, match=r"http://127\.0\.0\.1:9"):
        Prometheus(Direct(Client("http://127.0.0.1:9"), 1)).query("up", 1)


def test_a_token_that_the_server_quotes_is_not_printed() -> None:
    """Nor is what a terminal would obey."""
    client = Client("http://127.0.0.1:9", Credentials("Bearer s3cret-token", ("s3cret-token",)))
    found = printable({"status": "error", "error": "boom Bearer s3cret-token \x1b[31m"}, client)

    assert isinstance(found, dict)
    assert "s3cret" not in found["error"]
    assert "\x1b" not in found["error"]
    assert printable([1], client) == [1]
