"""Reasons that rest on the catalogue, on targets and on rules, each from a table of answers."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_prometheus import NOW, FakePrometheus

from boxwatch.live.absence import CAUSES, Absence, Reason, World
from boxwatch.live.samples import LiveGroup, LiveRule, Target
from boxwatch.promql.parse import parse

_ONE = [({"job": "app"}, 1.0)]


def _target(job: str, health: str = "up", url: str = "http://h:1/metrics", **labels: str) -> Target:
    return Target({"job": job, "instance": "h:1", **labels}, health, "" if health == "up" else "refused", url, 30)


def _rule(name: str, expr: str, **more: Any) -> LiveGroup:  # noqa: ANN401 - fields of any type
    return LiveGroup("g", "f", 30, NOW, (LiveRule("record", name, expr, **more),))


def _reason(query: str, fake: FakePrometheus | None = None, **world: Any) -> Reason:  # noqa: ANN401 - fields of any type
    given: dict[str, Any] = {"targets": (), "groups": (), **world}
    found = Absence(World((fake or FakePrometheus()).source(), NOW, **given)).check(parse(query))
    assert found is not None
    assert found.cause in CAUSES
    return found


def test_optional_metrics_of_a_running_exporter_are_fine() -> None:
    """It was recorded only where there was something to measure."""
    reason = _reason("node_md_state", targets=(_target("node"),))

    assert reason.fine
    assert "raid-sensors" in reason.message


def test_a_metric_that_a_running_exporter_should_expose_is_a_fault() -> None:
    """With the versions of which it was recorded."""
    reason = _reason("node_load1", targets=(_target("node"), _target("node", "down", instance="other:1")))

    assert (reason.cause, reason.fine) == ("metric-unknown", False)
    assert "is up and does not expose node_load1" in reason.message


def test_a_metric_of_another_page_is_a_missing_target() -> None:
    """The exporter is scraped, its other page is not."""
    target = _target("rabbitmq", url="http://h:15692/metrics")

    reason = _reason("rabbitmq_detailed_queue_messages_ready", targets=(target,))

    assert (reason.cause, reason.fine) == ("target-missing", False)
    assert "is on another page of rabbitmq" in reason.message


def test_a_metric_of_an_exporter_that_nobody_scrapes_is_a_missing_target() -> None:
    """With the job to add."""
    reason = _reason("redis_connected_clients", targets=(_target("node"),))

    assert reason.cause == "target-missing"
    assert "redis" in reason.hint


def test_a_metric_whose_target_is_down_is_said() -> None:
    """By the job that the query names, or the exporter that exposes it."""
    down = (_target("redis", "down"),)

    assert _reason("redis_connected_clients", targets=down).cause == "target-down"
    assert _reason('my_metric{job="redis"}', targets=down).cause == "target-down"


@pytest.mark.parametrize(
    ("targets", "cause", "said"),
    [
        ((_target("app"),), "metric-gone", "no longer exposed by app (h:1), which is up, last seen 10m ago"),
        ((_target("app", "down"),), "target-down", "which is down: refused"),
        ((_target("other"),), "target-missing", "is no longer a target"),
        (None, "metric-gone", "has no series now"),
    ],
)
def test_a_metric_that_ended_is_traced_to_its_target(targets: Any, cause: str, said: str) -> None:  # noqa: ANN401 - parameters
    """It existed within the last day."""
    fake = FakePrometheus(
        answers={
            "last_over_time(orders[1d])": [({"job": "app", "instance": "h:1"}, 1)],
            "max(max_over_time(timestamp(orders)[1d:1m]))": [({}, NOW - 600)],
        }
    )

    reason = _reason("orders", fake, targets=targets)

    assert reason.cause == cause
    assert said in reason.message


def test_a_recorded_series_is_traced_into_its_rule() -> None:
    """Through rules that read each other, up to a limit."""
    assert _reason("a:b:c", groups=(_rule("a:b:c", "nothing"),)).message.startswith("a:b:c records nothing: no series")
    assert _reason("a:b:c", groups=(_rule("a:b:c", "x", health="err", error="boom"),)).cause == "rule-failing"
    assert _reason("a:b:c", groups=(_rule("a:b:c", "x", health="unknown"),)).cause == "rule-young"
    assert _reason("a:b:c", groups=(_rule("a:b:c", "x >"),)).cause == "unexplained"
    loop = _reason("a:b:c", groups=(_rule("a:b:c", "a:b:c + a:b:c offset 1m"),))
    assert loop.message == "a:b:c records nothing: the rule that records a:b:c gives nothing"
    fresh = FakePrometheus(answers={"up": _ONE})
    assert _reason("a:b:c", fresh, groups=(_rule("a:b:c", "up"),)).cause == "rule-young"


def test_a_series_that_nobody_records_is_said() -> None:
    """Its file is not loaded, or no file has it, or the server shows no rules."""
    assert "is not loaded" in _reason("planned", records={"planned": "up"}).message
    assert "no loaded rule has it" in _reason("a:b:c").message
    assert _reason("a:b:c", groups=None).message == "nothing records a:b:c here"


def test_two_wrong_labels_are_told_apart() -> None:
    """The first that is wrong alone; or all of them together."""
    there = {"count(x)": _ONE, "group by (a) (x)": [({"a": "3"}, 1.0)]}
    assert 'no series of x has a="1"' in _reason('x{a="1",b="2"}', FakePrometheus(answers=there)).message
    together = there | {'count(x{a="1"})': _ONE, 'count(x{b="2"})': _ONE, 'count(x{c="3"})': _ONE}
    apart = _reason('x{a="1",b="2",c="3"}', FakePrometheus(answers=together))
    assert (apart.cause, "has all of" in apart.message) == ("labels-apart", True)


def test_labels_that_are_not_together_may_have_a_cause() -> None:
    """A target that is down, a service that is stopped, an outcome that never happened."""
    there = {"count(x)": _ONE, 'count(x{service="web"})': _ONE, 'count(x{code="500"})': _ONE}
    query = 'x{service="web",code="500"}'

    outcome = _reason(
        query, FakePrometheus(answers=there | {'group by (code) (x{service="web"})': [({"code": "200"}, 1)]})
    )
    stopped = _reason(query, FakePrometheus(answers=there | {'service:replicas:running{service="web"}': [({}, 0.0)]}))
    down = _reason(query, FakePrometheus(answers=there), targets=(_target("app", "down", service="web"),))

    assert (outcome.fine, stopped.cause, down.cause) == (True, "service-stopped", "target-down")


def test_a_mistyped_outcome_is_a_fault() -> None:
    """It is close to one that exists."""
    fake = FakePrometheus(answers={"count(x)": _ONE, "group by (result) (x)": [({"result": "success"}, 1)]})

    reason = _reason('x{result="sucess"}', fake)

    assert (reason.cause, reason.hint) == ("label-value", "did you mean `success`?")


@pytest.mark.parametrize(
    ("query", "answers", "cause"),
    [
        ("max_over_time(x[1h:1m])", {"x": _ONE}, "window-young"),
        ("histogram_quantile(0.9, x)", {"x": _ONE}, "label-missing"),
        ("sort(x)", {"x": _ONE}, "unexplained"),
        ("rate(x[5m])", {"count_over_time(x[5m])": [({}, 1.0)]}, "window-young"),
        ("rate(x[5m])", {"count_over_time(x[5m])": [({}, 9.0)]}, "unexplained"),
        ("x", {"count(x)": _ONE}, "unexplained"),
        ('x{a="1" or b="2"}', {}, "label-value"),
        ('{a="1"}', {}, "label-value"),
        ('{__name__="x.y"}', {}, "metric-unknown"),
        ("x > 5", {"x": [({}, float("nan"))], "x > bool  5": _ONE}, "nothing-to-report"),
        ("x == 5", {"x": _ONE, "x == bool  5": _ONE}, "nothing-to-report"),
        ("x or y", {}, "metric-unknown"),
        ("2", {}, "unexplained"),
    ],
)
def test_the_empty_part_is_found(query: str, answers: dict[str, Any], cause: str) -> None:
    """Whatever stands around it."""
    assert _reason(query, FakePrometheus(answers=answers)).cause == cause


def test_too_many_partners_without_conditions_are_partners() -> None:
    """A condition leaves one of several: the labels do match."""
    fake = FakePrometheus(answers={"a": _ONE, "b > 5": _ONE}, refused={"a and (b > bool  5)": "many-to-many"})
    assert _reason("a and b > 5", fake).fine


def test_a_rejected_query_is_rejected_for_everybody() -> None:
    """Asked once, and its error is kept."""
    fake = FakePrometheus(refused={"x": "boom"})
    world = World(fake.source(), NOW, (), ())

    for _ in range(2):
        with pytest.raises(Exception, match="boom"):
            world.query("x")

    assert fake.asked == ["/api/v1/query x"]


def test_a_metric_with_a_close_name_is_suggested() -> None:
    """Of those that exist."""
    fake = FakePrometheus(values={("__name__", ""): ["app_requests_total"]})

    assert _reason("app_request_total", fake).hint == "did you mean `app_requests_total`?"
    assert _reason('{__name__=~"x.*"}', fake).cause == "metric-unknown"
