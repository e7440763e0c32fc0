"""A selector can match something: no contradictory matchers on a label, and no comparison with NaN.

`{job="a",job="b"}` never matches, nor does `{job=""}` on a series that always has a job. `== NaN` is never true. Such
a rule loads and stays silent for ever. pint calls these promql/impossible and promql/nan.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile
from boxwatch.exporters.catalogue.metrics import TARGET_LABELS
from boxwatch.promql import nodes
from boxwatch.promql.selectors import Selector, selectors
from boxwatch.promql.walk import every

ID = "matcher_conflict"

_EQUALITY = frozenset({"==", "!=", "<", "<=", ">", ">="})


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Queries that cannot return anything."""
    for rule in file.rules:
        tree = rule.tree
        if tree is None:
            continue
        for selector in selectors(tree):
            for message in _conflicts(selector, known):
                yield rule.finding(ID, "error", f"{selector.name or 'a selector'} never matches: {message}", at="expr")
        for sign in _with_nan(tree):
            yield rule.finding(
                ID, "error", f"a comparison {sign} NaN is {'always' if sign == '!=' else 'never'} true", at="expr"
            )


def _conflicts(selector: Selector, known: Known) -> Iterator[str]:
    equal = [(one.name, one.value) for one in selector.matchers if one.op == nodes.MatchOp.Equal]
    for (name, value), (other, another) in itertools.combinations(equal, 2):
        if name == other and value != another:
            yield f'{name} cannot be "{value}" and "{another}"'
    unequal = {(one.name, one.value) for one in selector.matchers if one.op == nodes.MatchOp.NotEqual}
    for name, value in equal:
        if (name, value) in unequal:
            yield f'{name} cannot be "{value}" and not be it'
    if selector.name and selector.name not in known.recorded and known.labels_of(selector.name) is not None:
        for name in sorted(selector.absent & TARGET_LABELS):
            yield f"every scraped series has {name}"


def _with_nan(tree: nodes.Expr) -> Iterator[str]:
    for node in every(tree):
        if isinstance(node, nodes.BinaryExpr) and str(node.op) in _EQUALITY and (_nan(node.lhs) or _nan(node.rhs)):
            yield str(node.op)


def _nan(tree: nodes.Expr) -> bool:
    if isinstance(tree, (nodes.ParenExpr, nodes.UnaryExpr)):
        return _nan(tree.expr)
    return isinstance(tree, nodes.NumberLiteral) and math.isnan(tree.val)
