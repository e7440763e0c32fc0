"""Label inference agrees with what Prometheus returns."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.queries import EXPRESSIONS

from boxwatch.promql.labels import may_have, result_labels
from boxwatch.promql.parse import parse

# Series of three metrics: every possible label is on one of them, and no label is on all.
_SERIES = (
    'x{a="1",b="1"}',
    'x{a="2",b="1",c="1"}',
    'y{a="1",d="1"}',
    'y{a="2",d="1",b="1"}',
    'h_bucket{a="1",le="1"}',
    'h_bucket{a="1",le="+Inf"}',
)
_KNOWN = {"x": frozenset("abc"), "y": frozenset("abd"), "h_bucket": frozenset({"a", "le"})}


def _inferred(expr: str) -> frozenset[str] | None:
    return result_labels(parse(expr), _KNOWN.get)


@pytest.mark.parametrize(
    ("expr", "kept"),
    [
        ("unknown", None),
        ("x", "a b c"),
        ('x{c=""}', "a b"),
        ("1", ""),
        ('"s"', ""),
        ("vector(1)", ""),
        ("time()", ""),
        ("hour()", ""),
        ("absent(x)", ""),
        ('absent(x{a="1",b=~"2"})', "a"),
        ('absent(x{a="1",a="2",b="1"})', "b"),
        ('absent((x{a="1"}))', "a"),
        ('absent_over_time(x{a="1"}[5m])', "a"),
        ('absent(sum(x{a="1"}))', ""),
        ("sum(x)", ""),
        ("sum by (a, b) (x)", "a b"),
        ("sum by (a, z) (x)", "a"),
        ("sum by (a, z) (unknown)", "a z"),
        ("sum without (a) (unknown)", None),
        ("sum without (a) (x)", "b c"),
        ("topk(3, sum by (a) (x))", "a"),
        ('count_values("v", x)', "v"),
        ('count_values by (a) ("v", x)', "a v"),
        ("-x", "a b c"),
        ("(x)", "a b c"),
        ("rate(x[5m])", "a b c"),
        ("max_over_time(sum by (a) (x)[1h:5m])", "a"),
        ("histogram_quantile(0.9, h_bucket)", "a"),
        ("quantile_over_time(scalar(y), x[5m])", "a b c"),
        ("clamp_max(x, scalar(y))", "a b c"),
        ('label_replace(sum by (a) (x), "z", "$1", "a", "(.*)")', "a z"),
        ('label_join(sum by (a) (x), "z", "-", "a")', "a z"),
        ("info(x)", None),
        ("x or y", "a b c d"),
        ("x or unknown", None),
        ("x and y", "a b c"),
        ("x unless on (a) y", "a b c"),
        ("2 * x", "a b c"),
        ("time() - x", "a b c"),
        ("x > 2", "a b c"),
        ("x / on (a, b) y", "a b"),
        ("x > on (a) y", "a"),
        ("x / ignoring (b) y", "a c"),
        ("unknown / ignoring (b) y", None),
        ("x * on (a) group_left (d) y", "a b c d"),
        ("x * on (a) group_left (c) y", "a b"),
        ("x * on (a) group_left (c) unknown", "a b c"),
        ("y * on (a) group_right (d) x", "a b c d"),
    ],
)
def test_labels_of_a_result(expr: str, kept: str | None) -> None:
    """Label inference follows the rules of the engine; None stands for unknown labels."""
    assert _inferred(expr) == (None if kept is None else frozenset(kept.split()))


@given(exprs=st.lists(EXPRESSIONS, min_size=60, max_size=60, unique=True))
@settings(max_examples=5, phases=(Phase.generate,))
def test_no_label_of_a_result_is_missed(
    exprs: list[str], program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each generated query is evaluated by promtool, and every label it returns was inferred."""
    file = tmp_path_factory.mktemp("labels") / "labels.yaml"
    returned = dict(_evaluated(exprs, program("promtool"), file))

    assert len(returned) >= 10
    for expr, labels in returned.items():
        inferred = _inferred(expr)
        assert inferred is not None, expr
        assert labels <= inferred, f"{expr} returns {sorted(labels - inferred)}, which label inference misses"


def _evaluated(exprs: list[str], promtool: str, file: Path) -> list[tuple[str, frozenset[str]]]:
    """(query, labels of its result), for queries that can be evaluated and return a result."""
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": series, "values": "1x9"} for series in _SERIES],
            # Nothing is expected, so that promtool prints what it got.
            "promql_expr_test": [{"expr": expr, "eval_time": "5m", "exp_samples": []}],
        }
        for expr in dict.fromkeys(exprs)
    ]
    file.write_text(json.dumps({"evaluation_interval": "1m", "tests": tests}), encoding="utf-8")
    done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    found = re.findall(r'expr: (".*"), time: 5m,\s+exp: nil\s+got: (.*)', done.stderr + done.stdout)
    return [
        (json.loads(expr), frozenset(re.findall(r'(\w+)="', got)) - {"__name__"}) for expr, got in found if "{" in got
    ]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("5", False),
        ("time()", False),
        ("1 - up", True),
        ("up and sum(up)", True),
        ("up[5m:1m]", True),
        ("up unless on (a) sum(up)", True),
        ("up * on () group_left (x) sum(up)", False),
        ("up * on (a) group_right () sum by (x) (up)", True),
        ("up / ignoring (a) up", True),
        ("histogram_quantile(0.5, up)", True),
        ("quantile_over_time(0.5, up[5m])", True),
    ],
)
def test_a_label_may_survive_or_not_whatever_the_metric_has(query: str, *, kept: bool) -> None:
    """For metrics of which nothing is known."""
    assert may_have(parse(query), "x") is kept
