"""The depth is known before anything recurses, so that no query crashes the interpreter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.promql import nodes
from boxwatch.promql.depth import DEEPEST, depth
from boxwatch.promql.labels import result_labels
from boxwatch.promql.parse import parse, problem_of, tree_of
from boxwatch.promql.selectors import selectors
from boxwatch.promql.walk import walk

# Ways to nest, each as deep as it is told.
_DEEP: dict[str, Callable[[int], str]] = {
    "parentheses": lambda count: "(" * count + "x" + ")" * count,
    "signs": lambda count: "-" * count + "x",
    "a chain of operators": lambda count: "+".join("x" for _ in range(count + 1)),
    "powers": lambda count: "^".join("x" for _ in range(count + 1)),
    "a chain of or": lambda count: " or ".join("x" for _ in range(count + 1)),
    "calls": lambda count: "abs(" * count + "x" + ")" * count,
    "aggregations": lambda count: "sum by (a) (" * count + "x" + ")" * count,
    "parentheses after a comment that a carriage return ends": lambda count: "#\r" + "(" * count + "x" + ")" * count,
    "a chain after a comment that a carriage return ends": lambda count: "x #\r" + "+x" * count,
    "subqueries": lambda count: "max_over_time(" * (count // 2) + "x" + "[5m:1m])" * (count // 2),
}


@pytest.mark.repeats
@pytest.mark.sampled(12)
@pytest.mark.parametrize("way", _DEEP)
@pytest.mark.parametrize("count", [301, 3_000, 200_000])
def test_a_query_that_nests_too_deeply_is_refused(way: str, count: int) -> None:
    """A deep query gives a clear error instead of a traceback or a segmentation fault."""
    problem = problem_of(_DEEP[way](count + count % 2))

    assert "levels deep; the maximum is 300" in problem
    assert tree_of(_DEEP[way](count + count % 2)) is None


@pytest.mark.parametrize("way", _DEEP)
def test_a_query_of_the_greatest_depth_is_read_by_every_walker(way: str) -> None:
    """Every walker handles the maximum depth in a thread with its smaller stack and the default recursion limit."""
    code = (
        "import sys, threading\n"
        "from boxwatch.promql.parse import parse\n"
        "from boxwatch.promql.labels import result_labels\n"
        "from boxwatch.promql.conditions import has_comparison\n"
        "from boxwatch.promql.selectors import selectors\n"
        "from boxwatch.promql.walk import walk\n"
        "def read():\n"
        "    tree = parse(sys.stdin.read())\n"
        "    result_labels(tree, lambda _: frozenset('ab')); has_comparison(tree)\n"
        "    print(len(list(walk(tree))) > 100, len(list(selectors(tree))))\n"
        "thread = threading.Thread(target=read); thread.start(); thread.join()\n"
    )
    text = _DEEP[way](DEEPEST if way != "subqueries" else DEEPEST - 2)
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr, done.stdout.split()[:1]) == (0, "", ["True"])


@pytest.mark.parametrize(
    "text",
    [
        "label_replace(x, " + ", ".join(['"a"'] * 4) + ")",
        'x{a=~"' + "(a)" * 1_000 + '"}',
        "x # " + "(" * 1_000,
        "x{" + ", ".join(f'l{number}!="-"' for number in range(1_000)) + "}",
        " or ".join(f"(sum by (a) (x{number}))" for number in range(250)),
    ],
    ids=["arguments", "a pattern", "a comment", "matchers", "a long or"],
)
def test_a_long_query_is_not_a_deep_one(text: str) -> None:
    """Strings, comments, matchers and arguments add no depth."""
    assert depth(text) <= DEEPEST
    assert problem_of(text) == ""


@given(st.text(alphabet="()[]{}+-*/^,x \"'`#\r\nndor5m:@<>=!~\\", max_size=200))
def test_no_tree_is_deeper_than_was_said(text: str) -> None:
    """The depth computed from the text is an upper bound."""
    tree = tree_of(text)
    if tree is not None:
        assert _levels(tree) <= depth(text) + 2


_OPERANDS = st.recursive(
    st.sampled_from(["x", "1", '"s"', "x[5m]", '{a=~"(("}']),
    lambda inner: st.one_of(
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"-{e}"),
        st.tuples(inner, st.sampled_from(["+", "^", " or ", " unless ", "<="]), inner).map("".join),
        inner.map(lambda e: f"clamp({e}, 1, 2)"),
        inner.map(lambda e: f"max_over_time({e}[5m:1m])"),
        inner.map(lambda e: f"sum by (a) ({e})"),
    ),
    max_leaves=30,
)


@given(_OPERANDS)
def test_no_parsed_tree_is_deeper_than_was_said(text: str) -> None:
    """The bound also holds for texts that mostly parse."""
    tree = tree_of(text)
    if tree is not None:
        assert _levels(tree) <= depth(text) + 2


def _levels(tree: nodes.Expr) -> int:
    match tree:
        case nodes.BinaryExpr():
            return 1 + max(_levels(tree.lhs), _levels(tree.rhs))
        case nodes.Call():
            return 1 + max((_levels(argument) for argument in tree.args), default=0)
        case nodes.AggregateExpr() | nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return 1 + _levels(tree.expr)
        case _:
            return 1


def test_a_problem_is_one_line() -> None:
    """The error is one line, even if the parser's message has several."""
    assert problem_of("sum(")
    assert "\n" not in problem_of("sum(")
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        parse("sum(")


def test_a_walk_says_what_stands_around() -> None:
    """The walk yields enclosing functions and aggregations, outermost first."""
    tree = parse("sum(rate(x[5m])) / 2")
    around = {node.name: names for node, names in walk(tree) if isinstance(node, nodes.VectorSelector)}

    assert around == {"x": ("sum", "rate")}
    assert [found.name for found in selectors(tree)] == ["x"]
    assert result_labels(tree) == frozenset()
