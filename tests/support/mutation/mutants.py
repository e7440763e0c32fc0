"""The mutants of a subject: each of its rules with one change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from boxwatch.promql.parse import parse
from boxwatch.rules.model import Alert, Record, Subject
from boxwatch.topology.units import format_duration
from support.mutation import operators
from support.mutation.pieces import changed

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with one change.

    Attributes:
        subject: id of the subject.
        rule: name of the rule; an alert's with its severity: `ServiceDown/critical`.
        what: the change, and the innermost expression in which it was made.
        group: name of the rule's group.
        position: index of the rule in its group.
        expr: the changed query.
        wait: the changed `for` in seconds; 0 for none.
    """

    subject: str
    rule: str
    what: str
    group: str
    position: int
    expr: str
    wait: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Key that identifies the mutant in the lists of reasons."""
        return self.subject, self.rule, self.what


def mutants(subject: Subject) -> Iterator[Mutant]:
    """Every change of every rule of a subject, in the order of the rules."""
    for group in subject.groups:
        rules: tuple[Record | Alert, ...] = group.rules
        for position, rule in enumerate(rules):
            name = rule_name(rule)
            wait = rule.wait if isinstance(rule, Alert) else 0
            seen: Counter[str] = Counter()
            for what, expr, new_wait in _changes(rule, wait):
                seen[what] += 1
                more = f" (number {seen[what]})" if seen[what] > 1 else ""
                yield Mutant(subject.id, name, what + more, group.name, position, expr, new_wait)


def rule_name(rule: Record | Alert) -> str:
    """Name of a rule in reports; alerts of the same name differ by severity."""
    return rule.record if isinstance(rule, Record) else f"{rule.alert}/{rule.severity}"


def _changes(rule: Record | Alert, wait: int) -> Iterator[tuple[str, str, int]]:
    pieces = operators.pieces_of(parse(rule.expr))
    seen = {rule.expr}
    for one in changed(pieces):
        if one.text not in seen and _loads(one.text):
            seen.add(one.text)
            yield f"{one.what} in {_short(one.within)}", one.text, wait
    if wait:
        longer, shorter = wait * 3 // 2, wait // 2
        yield f"for {format_duration(wait)} becomes {format_duration(longer)}", rule.expr, longer
        yield f"for {format_duration(wait)} becomes {format_duration(shorter)}", rule.expr, shorter


def _loads(expr: str) -> bool:
    """Whether the query loads: proofs need not find a bug that Prometheus refuses to load."""
    try:
        parse(expr)
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
