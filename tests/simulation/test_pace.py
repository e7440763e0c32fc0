"""Compressed time changes how long things take, and no value that a query has."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.rotation import sampled
from support.simulated import built

from boxwatch.promql.parse import parse
from boxwatch.promql.render import render
from boxwatch.simulation.pace import Pace

_TEN = Pace(10, 0, 0)
_TESTS = {path.removeprefix("prometheus/tests/"): path for path in built() if path.startswith("prometheus/tests/")}


@functools.cache
def _rules() -> dict[str, dict[str, Any]]:
    return {path: yaml.safe_load(text) for path, text in built().items() if path.startswith("prometheus/rules/")}


def test_a_written_query_is_the_query() -> None:
    """Written and read again, every built rule has the same tree: no duration, matcher or grouping is lost."""
    for path, document in _rules().items():
        for group in document["groups"]:
            for rule in group["rules"]:
                once = render(parse(rule["expr"]))
                assert render(parse(once)) == once, path
                assert parse(once).prettify() == parse(rule["expr"]).prettify(), path


@pytest.mark.parametrize(
    ("query", "compressed"),
    [
        ("up", "up"),
        ('x{a=~"b\\\\d|c"} offset 1h', 'x{a=~"b\\\\d|c"} offset 6m'),
        ("rate(x[5m])", "(rate(x[30s]) / 10)"),
        ("increase(x[15s])", "increase(x[1500ms])"),
        ("-deriv(x[1d]) > 0", "-(deriv(x[144m]) / 10) > 0"),
        ("predict_linear(x[1h], 4 * 3600) < 0", "predict_linear(x[6m], (4 * 3600) / 10) < 0"),
        ("time() - x", "(time() * 10 - 0.000) - x"),
        ("time() - ALERTS_FOR_STATE", "(time() * 10 - 0.000) - (ALERTS_FOR_STATE * 10 - 0.000)"),
        ("timestamp(x)", "(timestamp(x) * 10 - 0.000)"),
        ("minute() == 0", "minute(vector(time() * 10 - 0.000)) == 0"),
        ("hour(x)", "hour(x)"),
        ("count_over_time((x == 0)[4m:30s] offset -5m)", "count_over_time((x == 0)[24s:3s] offset -30s)"),
        ("a * on (b) group_left (c) x @ end()", "a * on (b) group_left (c) x @ end()"),
        ('topk by (a) (3, x) or count_values("v", y)', 'topk by (a) (3, x) or count_values("v", y)'),
        ("x > bool 1e-3", "x > bool 0.001"),
    ],
)
def test_durations_rates_and_clocks_are_converted(query: str, compressed: str) -> None:
    """Whatever is measured in time, and nothing else."""
    assert _TEN.query(query) == compressed


@pytest.mark.parametrize("query", ["x @ 1234", "x +", '{a="b" or c="d"}'])
def test_what_cannot_be_compressed_is_refused(query: str) -> None:
    """Rather than answered wrongly."""
    with pytest.raises(ValueError, match=r".+"):
        _TEN.query(query)


def test_real_time_changes_nothing() -> None:
    """At speed 1 by the wall's clock, files are as built."""
    pace = Pace(1, 100, 100)

    assert pace.real
    assert pace.query("rate(x[5m])") == "rate(x[5m])"
    assert pace.duration("5m") == "5m"
    assert not Pace(1, 100, 200).real


def test_the_clocks_are_each_others_inverse() -> None:
    """A moment of the box is one of the wall, and back."""
    pace = Pace(30, 1_000_000, 5_000_000)

    assert pace.box(1_000_002) == 5_000_060
    assert pace.wall(pace.box(1_000_123.5)) == pytest.approx(1_000_123.5)
    assert pace.wait(90) == 3


def test_alertmanagers_waits_are_compressed() -> None:
    """Group wait, intervals and the time to resolve, at any depth; nothing else."""
    route = {"group_wait": "30s", "receiver": "5m", "routes": [{"group_interval": "5m", "repeat_interval": "4h"}]}

    assert _TEN.alertmanager({"route": route, "global": {"resolve_timeout": "5m"}}) == {
        "route": {
            "group_wait": "3s", "receiver": "5m",
            "routes": [{"group_interval": "30s", "repeat_interval": "24m"}],
        },
        "global": {"resolve_timeout": "30s"},
    }  # fmt: skip


@functools.cache
def _rule_texts() -> dict[str, str]:
    """Name → a rule file ten times as fast."""
    return {
        path.rpartition("/")[2]: yaml.safe_dump(_TEN.rules(document), sort_keys=False, allow_unicode=True)
        for path, document in _rules().items()
    }


def _compressed(document: dict[str, Any]) -> dict[str, Any]:
    """A file of promtool tests, ten times as fast."""
    found = {**document, "evaluation_interval": _TEN.duration(document["evaluation_interval"])}
    found["tests"] = [
        {
            **test,
            "interval": _TEN.duration(test["interval"]),
            "alert_rule_test": [
                {**one, "eval_time": _TEN.duration(one["eval_time"])} for one in test.get("alert_rule_test", ())
            ],
            "promql_expr_test": [
                {**one, "eval_time": _TEN.duration(one["eval_time"]), "expr": _TEN.query(one["expr"])}
                for one in test.get("promql_expr_test", ())
            ],
        }
        for test in document["tests"]
    ]
    return found


@pytest.mark.parametrize("path", sampled(_TESTS, 2, "compressed proofs"))
def test_every_proof_holds_in_compressed_time(tmp_path: Path, program: Callable[[str], str], path: str) -> None:
    """The proofs of the rules, with rules, series and moments ten times as fast: the same alerts, to the word."""
    (tmp_path / "rules").mkdir()
    for name, text in _rule_texts().items():
        (tmp_path / "rules" / name).write_text(text, encoding="utf-8")
    test = tmp_path / "test.yaml"
    document = _compressed(yaml.safe_load(built()[path]))
    document["rule_files"] = [f"rules/{one.rpartition('/')[2]}" for one in document["rule_files"]]
    test.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(test)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
