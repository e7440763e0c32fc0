"""Nesting depth of a query, from its text alone: the parser and walkers recurse, so it must be known before parsing.

promql-parser 0.12 overflows an 8 MB stack, which crashes the interpreter, at a depth between 1,000 (subqueries) and
10,000 (parentheses, signs, chains of operators). Python itself allows 1,000 frames; label inference uses two per level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEEPEST = 300

# Strings, comments and label matchers contain no operators, nor do durations in brackets, except the colon of a
# subquery. For the parser, as for Prometheus, a carriage return ends a comment too.
_TOKEN = re.compile(
    r"""
    (?P<skip> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` | \#[^\r\n]* )
  | (?P<open> [(\[{] )
  | (?P<close> [)\]}] )
  | (?P<comma> , )
  | (?P<operator> == | != | <= | >= | [-+*/%^<>] | \b(?:and|or|unless|atan2)\b )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class _Level:
    """One pair of brackets: its deepest argument so far; operators and deepest brackets of the current argument."""

    done: int = 0
    operators: int = 0
    inside: int = 0

    def end_argument(self) -> None:
        """Close an argument, whose depth is that of its operator chain plus its deepest operand."""
        self.done = max(self.done, self.operators + self.inside)
        self.operators = self.inside = 0


def depth(text: str) -> int:
    """An upper bound on the depth of the text's syntax tree; defined for any text, computed in one pass.

    Parentheses, calls, subqueries, signs and each operator of a chain count as one: `a or b or c` parses into a tree of
    three levels.
    """
    levels = [_Level()]
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "open":
            levels.append(_Level())
        elif kind == "close" and len(levels) > 1:
            _close(levels, match[0])
        elif kind == "comma":
            levels[-1].end_argument()
        elif kind == "operator":
            levels[-1].operators += 1
    while len(levels) > 1:
        _close(levels, ")")
    levels[0].end_argument()
    return levels[0].done


def _close(levels: list[_Level], bracket: str) -> None:
    inner = levels.pop()
    inner.end_argument()
    if bracket == "]":
        # A range or subquery wraps the expression before it.
        levels[-1].inside += 1
    elif bracket == ")":
        levels[-1].inside = max(levels[-1].inside, inner.done + 1)
