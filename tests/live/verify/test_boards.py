"""What a dashboard asks when it is opened, and what is wrong before any query runs."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_prometheus import NOW, FakePrometheus

from boxwatch.grafana.board import Board, DataSource, Panel, Query, Variable
from boxwatch.live.samples import LiveGroup, LiveRule, Target
from boxwatch.live.selections import Range
from boxwatch.live.verify import reading, report
from boxwatch.live.verify.boards import tasks, time_range
from boxwatch.live.verify.items import Item, Subject, Task, Verdict
from boxwatch.live.verify.servers import Servers
from boxwatch.live.verify.verify import verify


def _panel(expr: str, **more: Any) -> Panel:  # noqa: ANN401 - fields of any type
    query = Query("A", expr, DataSource(), instant=False, interval=more.pop("least", ""))
    fields = {"repeats": (), "interval": "", "points": 1000, "since": "", **more}
    return Panel('panel "P"', (query,), **fields)


def _items(
    *panels: Panel, variables: tuple[Variable, ...] = (), fake: FakePrometheus | None = None
) -> list[Item | Task]:
    board = Board("t", "now-1h", "now", variables, panels)
    servers = Servers((fake or FakePrometheus()).source(), None, {})
    return list(tasks("f", board, servers, {}))


def _exprs(found: list[Item | Task]) -> list[str]:
    return [each.item.expr for each in found if isinstance(each, Task)]


def test_intervals_follow_the_panel_and_the_query() -> None:
    """A minimum step, a maximum number of points, a time range of its own."""
    text = "rate(x[$__rate_interval]) + y[$__interval] + z[$__range]"

    assert _exprs(_items(_panel(text))) == ["rate(x[120s]) + y[30s] + z[3600s]"]
    assert _exprs(_items(_panel(text, least="1m"))) == ["rate(x[240s]) + y[60s] + z[3600s]"]
    assert _exprs(_items(_panel(text, interval=">2m"))) == ["rate(x[480s]) + y[120s] + z[3600s]"]
    assert _exprs(_items(_panel(text, points=12))) == ["rate(x[330s]) + y[300s] + z[3600s]"]
    assert _exprs(_items(_panel("z[$__range]", since="2h"))) == ["z[7200s]"]


def test_ad_hoc_filters_apply_to_every_query() -> None:
    """Those with `=`."""
    adhoc = Variable("f", "adhoc", filters=(("env", "=", "live"), ("x", "!=", "y")))

    assert _exprs(_items(_panel("sum(up)"), variables=(adhoc,))) == ['sum(up{env="live"})']


@pytest.mark.parametrize(
    ("query", "cause", "said"),
    [
        ("label_values(up, job)", "metric-unknown", "no series was named up"),
        ("label_values(there, job)", "variable-empty", 'has the label `job`; one is {a="b"}'),
        ("query_result(there)", "variable-empty", "passes the regular expression"),
        ("label_values(job)", "variable-empty", "no series has the label `job`"),
        ("nothing", "variable-empty", "gives no values"),
        ("label_values(up{, job)", "query-rejected", "unexpected end of input"),
        ("query_result(boom)", "query-rejected", "parse error"),
    ],
)
def test_a_variable_without_values_breaks_its_panels(query: str, cause: str, said: str) -> None:
    """With the reason why it has none."""
    variable = Variable("v", "query", query, regex="/never/" if "result(there" in query else "")
    fake = FakePrometheus(answers={"there": [({"a": "b"}, 1)]}, refused={"boom": "parse error"})

    item, task = _items(_panel('x{a="$v"}'), variables=(variable,), fake=fake)

    assert isinstance(item, Item)
    assert item.reason is not None
    assert (item.outcome, item.reason.cause) == ("broken", cause)
    assert said in item.reason.message
    assert isinstance(task, Task)
    assert task.item.reason is not None
    assert task.item.reason.cause == "variable-empty"


@pytest.mark.parametrize(
    ("since", "until", "span"),
    [
        ("now-1h", "now", (3600, 0)),
        ("now-2d/d", "now-1d/d", (172800, 86400)),
        ("now-1M", "now", (30 * 86400, 0)),
        ("2026-01-01", "2026-01-02", (21600, 0)),
        ("now", "now-1h", (21600, 0)),
    ],
)
def test_a_time_range_is_read(since: str, until: str, span: tuple[float, float]) -> None:
    """Relative to now; a fixed one is the last six hours."""
    assert time_range(since, until, NOW) == Range(NOW - span[0], NOW - span[1])


def test_targets_and_loaded_rules_are_judged() -> None:
    """A target that is down or not scraped yet, a job without target, a rule that fails or is not loaded."""
    targets: list[dict[str, Any]] = [
        {"labels": {"job": "a", "instance": health}, "health": health, "lastError": "refused"}
        for health in ("up", "down", "unknown")
    ]
    rule = {
        "type": "recording",
        "name": "a:b:c",
        "query": "up",
        "health": "ok",
        "lastEvaluation": "2026-11-28T10:00:00Z",
    }
    rules = [rule, rule | {"health": "err", "lastError": "boom"}, rule | {"lastEvaluation": "0001-01-01T00:00:00Z"}]
    fake = FakePrometheus(targets=targets, groups=[{"name": "g", "rules": rules}], answers={"up": [({}, 1)]})
    file = (
        b"groups:\n- {name: g, rules: [{record: 'a:b:c', expr: up}, {alert: A, expr: up}, {record: r, expr: 'up >'}]}\n"
    )
    read = reading.of_files({"r.yaml": file})
    subject = Subject({}, read.rules, frozenset({"a", "z"}), loaded=True)

    verdict = verify(subject, Servers(fake.source(), None, {}), {})

    assert [(each.where, each.outcome) for each in verdict.items] == [
        ("target a (up)", "data"),
        ("target a (down)", "broken"),
        ("target a (unknown)", "warning"),
        ("job z", "broken"),
        ("group g: record a:b:c", "data"),
        ("group g: record a:b:c", "broken"),
        ("group g: record a:b:c", "warning"),
        ("record a:b:c", "data"),
        ("alert A", "broken"),
        ("record r", "broken"),
    ]
    assert "7 skipped" not in report.summary(verdict)
    assert report.summary(Verdict(())) == "0 verified: "


def test_data_that_ended_within_the_range_is_a_warning() -> None:
    """And data that a constant hides."""
    fake = FakePrometheus(
        answers={
            "last_over_time(gone[1d])": [({"job": "a"}, 1)],
            "gone": [],
            "hidden or vector(0)": [({}, 0)],
        }
    )
    fake_range = fake.source()
    original = fake_range.query_range
    fake_range.query_range = lambda *asked: original("hidden or vector(0)", *asked[1:])  # type: ignore[method-assign]
    board = Board("t", "now-1h", "now", (), (_panel("gone"), _panel("hidden or vector(0)")))

    verdict = verify(Subject({"f": board}), Servers(fake_range, None, {}), {})

    assert [each.outcome for each in verdict.items] == ["warning", "warning"]
    reasons = [each.reason.cause for each in verdict.items if each.reason]
    assert reasons == ["metric-gone", "hidden-by-default"]


def test_files_are_read_with_lines_on_request() -> None:
    """Schema v2 has none, and an Alertmanager configuration is left out."""
    classic = b'{\n"title": "t",\n"panels": [\n{"title": "P"}]}'
    newer = b'{"title": "t", "elements": {}, "layout": {}}'
    files = {"a.json": classic, "b.json": newer, "am.yaml": b"route: {receiver: x}\nreceivers: [{name: x}]\n"}

    found = reading.of_files(files, lines=True)

    assert found.rules == ()
    assert found.lines["a.json"]['panel "P"'] == 4
    assert found.lines["b.json"] == {}
    with pytest.raises(Exception, match="but not a dashboard"):
        reading.of_files({"x.json": b"{}"})


def test_rules_of_a_live_group_are_values() -> None:
    """A group equals itself read again."""
    assert LiveGroup("g", "f", 1, 0, (LiveRule("alert", "A", "up"),)) == LiveGroup(
        "g", "f", 1, 0, (LiveRule("alert", "A", "up"),)
    )
    assert Target({"job": "a"}, "up").name == "a ()"
