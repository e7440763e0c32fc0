"""Parsing PromQL with Prometheus' own grammar, up to the depth that the parser supports."""

from __future__ import annotations

import functools
import json
import re
from typing import Final

import promql_parser

from boxwatch.promql.depth import DEEPEST, depth
from boxwatch.promql.nodes import Expr

# Strings, and comments, in which a backquote is none.
_RAW: Final = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*|`[^`]*`""")


def _quoted(found: re.Match[str]) -> str:
    """A raw string in quotes, as the parser takes escapes in backquotes for escapes."""
    text = found[0]
    return json.dumps(text[1:-1], ensure_ascii=False) if text.startswith("`") else text


@functools.lru_cache(maxsize=16384)
def parse(text: str) -> Expr:
    """The syntax tree of a query.

    Raises:
        ValueError: the query is invalid, or nests more than 300 levels deep; the message is one line.
    """
    found = depth(text)
    if found > DEEPEST:
        raise ValueError(
            f"the query nests {found:,} levels deep; the maximum is {DEEPEST}: move parts of it to recording rules"
        )
    try:
        tree: Expr = promql_parser.parse(_RAW.sub(_quoted, text) if "`" in text else text)
    except ValueError as error:
        # The parser's message may have several lines.
        raise ValueError(" ".join(str(error).split())) from error
    return tree


def tree_of(text: str) -> Expr | None:
    """The syntax tree, or None for an invalid query, which a separate check reports."""
    try:
        return parse(text)
    except ValueError:
        return None


def problem_of(text: str) -> str:
    """The parse error of a query, in one line; empty if it is valid."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return ""
