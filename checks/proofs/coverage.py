"""Coverage of the rules by their proofs, measured in promtool on the proofs' own input.

At each evaluation time of a proof, promtool is also asked which parts of the rules read by the proof have a result:
each recorded series, and both directions of each `and`, `or` and `unless`:
- `a and b`, `a unless b`: something of `a` is kept, and something is held back;
- `a or b`: something comes from `a`, and something from `b` that `a` does not have.
Other moments of a case do not count, and operators inside a subquery are evaluated once, at the evaluation time.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from boxwatch.checks.proofs.read import Document, Proof, Proofs, Rule
from boxwatch.checks.proofs.run import Runner, Watch, over_files
from boxwatch.errors import ToolError
from boxwatch.promql import nodes
from boxwatch.promql.parse import parse

_SEEN = re.compile(r'probe="(\d+)"')


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a rule that a proof can exercise.

    Attributes:
        rule: the rule.
        expr: the expression, on one line.
        direction: what must happen: `gives a result`, `keeps`, `holds back`, `left`, `right`.
        probe: a query that has a result when it happens.
    """

    rule: Rule
    expr: str
    direction: str
    probe: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of the rules.

    Attributes:
        parts: all parts of all rules.
        exercised: indices of `parts`.
    """

    parts: tuple[Part, ...]
    exercised: frozenset[int]

    @property
    def missing(self) -> tuple[Part, ...]:
        """Parts that no proof exercises."""
        return tuple(part for number, part in enumerate(self.parts) if number not in self.exercised)


def parts(rules: tuple[Rule, ...]) -> Iterator[Part]:
    """All parts of some rules; a series recorded by several rules counts once for each."""
    for rule in rules:
        if "record" in rule.document:
            labels = ",".join(f'{name}="{value}"' for name, value in rule.document.get("labels", {}).items())
            yield Part(rule, rule.name, "gives a result", f"{rule.name}{{{labels}}}")
        for tree in _set_operations(parse(rule.document["expr"])):
            yield from _directions(rule, tree)


def measure(files: Mapping[str, bytes], proofs: Proofs, promtool: str, watch: Watch | None = None) -> Coverage:
    """Asks promtool which parts the proofs exercise.

    Raises:
        ToolError: promtool cannot be run.
    """
    everything = tuple(parts(proofs.rules))
    numbered = dict(enumerate(everything))
    with tempfile.TemporaryDirectory(prefix="boxwatch-") as directory:
        runner = Runner(promtool, files, Path(directory))

        def look(of: tuple[Proof, ...]) -> frozenset[int]:
            return _look(runner, of, numbered)

        seen = frozenset[int]().union(*over_files(proofs.proofs, look, watch))
    return Coverage(everything, seen)


def _look(runner: Runner, proofs: tuple[Proof, ...], numbered: Mapping[int, Part]) -> frozenset[int]:
    tests = [_probing(proof, numbered) for proof in proofs]
    probing = [test for test in tests if test["promql_expr_test"]]
    if not probing:
        return frozenset()
    # A probe expects no samples, so promtool prints those it found.
    holds, said = runner.test(f"{Path(proofs[0].file).stem}-probes", proofs, probing)
    seen = frozenset(int(number) for number in _SEEN.findall(said))
    if not holds and not seen:
        raise ToolError(f"promtool could not look into {proofs[0].file}: {said.strip()[:1000]}")
    return seen


def _probing(proof: Proof, numbered: Mapping[int, Part]) -> Document:
    """A proof's input, with all its assertions replaced by probes."""
    times = dict.fromkeys(
        one["eval_time"] for key in ("alert_rule_test", "promql_expr_test") for one in proof.test.get(key) or ()
    )
    kept = {key: value for key, value in proof.test.items() if key != "alert_rule_test"}
    probes = [
        {
            "expr": f'label_replace(count({part.probe}), "probe", "{number}", "", "")',
            "eval_time": time,
            "exp_samples": [],
        }
        for number, part in numbered.items()
        if part.rule.name in proof.reads and part.rule.file in proof.rule_files
        for time in times
    ]
    return {**kept, "promql_expr_test": probes}


def _set_operations(tree: nodes.Expr) -> Iterator[nodes.BinaryExpr]:
    """All `and`, `or` and `unless` of a query, outer before inner."""
    match tree:
        case nodes.BinaryExpr():
            if str(tree.op) in ("and", "or", "unless"):
                yield tree
            yield from _set_operations(tree.lhs)
            yield from _set_operations(tree.rhs)
        case nodes.Call():
            for argument in tree.args:
                yield from _set_operations(argument)
        case nodes.AggregateExpr() | nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            yield from _set_operations(tree.expr)
        case _:
            return


def _before(rule: Rule, text: str) -> str:
    """A part of a query as its own evaluation sees it: probes come later, when the rule has recorded its result.

    An alert records nothing under its name, which may stand in a matcher: `ALERTS{alertname="…"}`.
    """
    if "record" not in rule.document:
        return text
    return re.sub(rf"(?<![\w:]){re.escape(rule.name)}(?![\w:{{\[])", f"{rule.name} offset 1ms", text)


def _directions(rule: Rule, tree: nodes.BinaryExpr) -> Iterator[Part]:
    operator, expr = str(tree.op), " ".join(tree.prettify().split())
    left, right = (_before(rule, side.prettify()) for side in (tree.lhs, tree.rhs))
    on = f" {tree.modifier}" if tree.modifier and tree.modifier.matching else ""
    both, only_left = f"({left}) and{on} ({right})", f"({left}) unless{on} ({right})"
    if operator == "or":
        yield Part(rule, expr, "left", left)
        yield Part(rule, expr, "right", f"({right}) unless{on} ({left})")
        return
    yield Part(rule, expr, "keeps", both if operator == "and" else only_left)
    yield Part(rule, expr, "holds back", only_left if operator == "and" else both)
