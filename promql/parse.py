"""Parsing PromQL by Prometheus' own grammar, within the depth that the parser bears."""

from __future__ import annotations

import functools

import promql_parser

from boxwatch.promql.depth import DEEPEST, depth
from boxwatch.promql.nodes import Expr


@functools.lru_cache(maxsize=16384)
def parse(text: str) -> Expr:
    """The syntax tree of a query.

    Raises:
        ValueError: Prometheus would not accept the query, or it nests deeper than 300 levels; one line says why.
    """
    found = depth(text)
    if found > DEEPEST:
        raise ValueError(f"the query nests {found:,} levels deep, and at most {DEEPEST} are read: record parts of it")
    try:
        tree: Expr = promql_parser.parse(text)
    except ValueError as error:
        # The parser's message may have several lines.
        raise ValueError(" ".join(str(error).split())) from error
    return tree


def tree_of(text: str) -> Expr | None:
    """The syntax tree, or None for a query that does not parse, which a check of its own reports."""
    try:
        return parse(text)
    except ValueError:
        return None


def problem_of(text: str) -> str:
    """Why a query does not parse, in one line; empty for one that does."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return ""
