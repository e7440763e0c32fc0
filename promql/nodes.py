"""Nodes of the syntax tree built by promql-parser (GreptimeTeam), a port of Prometheus' own grammar."""

from __future__ import annotations

from promql_parser import (
    AggModifierType,
    AggregateExpr,
    BinaryExpr,
    BinModifier,
    Call,
    Expr,
    LabelModifierType,
    Matcher,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorMatchCardinality,
    VectorSelector,
)

__all__ = [
    "AggModifierType",
    "AggregateExpr",
    "BinModifier",
    "BinaryExpr",
    "Call",
    "Expr",
    "LabelModifierType",
    "MatchOp",
    "Matcher",
    "MatrixSelector",
    "NumberLiteral",
    "ParenExpr",
    "StringLiteral",
    "SubqueryExpr",
    "UnaryExpr",
    "VectorMatchCardinality",
    "VectorSelector",
]
