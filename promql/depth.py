"""Depth of a query, from its text alone: the parser and the walkers recurse, so it has to be known beforehand.

promql-parser 0.12 overflows an 8 MB stack, which ends the interpreter, at a depth between 1,000 (subqueries) and 10,000
(parentheses, signs, chains of operators). Python itself allows 1,000 frames; label inference takes two a level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEEPEST = 300

# Strings, comments and label matchers hold no operators; durations in brackets neither, but for subqueries' colons.
# To the parser, as to Prometheus, a carriage return ends a comment too.
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
    """One pair of brackets: its deepest argument so far; operators and deepest brackets of the one being read."""

    done: int = 0
    operators: int = 0
    inside: int = 0

    def end_argument(self) -> None:
        """An argument is as deep as its chain of operators and what hangs on that."""
        self.done = max(self.done, self.operators + self.inside)
        self.operators = self.inside = 0


def depth(text: str) -> int:
    """An upper bound on the depth of the tree that the text parses into; defined for any text, in one pass.

    Parentheses, calls, subqueries, signs and each link of a chain of operators count one: `a or b or c` is a tree of
    three levels to the parser.
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
        # A range or subquery wraps what stands before it.
        levels[-1].inside += 1
    elif bracket == ")":
        levels[-1].inside = max(levels[-1].inside, inner.done + 1)
