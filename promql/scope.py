"""Restricting a query to series with a given label, with its text and layout left as written."""

from __future__ import annotations

import re

# An identifier is a metric unless a function, an aggregation or a label list follows from it. Strings, comments, ranges
# and numbers contain none; matchers are read as a whole, because a string in them may contain a brace.
_STRING = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`"""
_GAP = r"(?:\s|\#[^\n]*(?:\n|\Z))*"
_TOKEN = re.compile(
    rf"""
    (?P<skip> {_STRING} | \$\w+ | \$\{{[^}}]*\}} | \#[^\n]* | \[[^\]]*\] | [0-9][\w.]* | \.[0-9]\w*
            | @{_GAP}(?:start|end)\b )
  | (?P<labels> \b(?:by|without|on|ignoring|group_left|group_right){_GAP}\((?:[^()"'`]|{_STRING})*\) )
  | (?P<name> [a-zA-Z_:][a-zA-Z0-9_:]* )?(?(name){_GAP})(?P<matchers> \{{(?:[^{{}}"'`]|{_STRING})*\}} )
  | (?P<word> [a-zA-Z_:][a-zA-Z0-9_:]* )(?P<call> {_GAP}\( | (?={_GAP}\b(?:by|without)\b) )?
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_KEYWORDS = frozenset(
    {"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "group_left", "group_right", "fill"}
)


def with_matcher(query: str, label: str, value: str) -> str:
    """The query with `label="value"` as the first matcher of every selector.

    Args:
        query: a valid query; variables of Grafana may stand in its strings and ranges.
        label: name of the label.
        value: its value, without quotes or backslashes.
    """
    matcher = f'{label}="{value}"'

    def scoped(match: re.Match[str]) -> str:
        if match["matchers"] is not None:
            inside = match["matchers"][1:].lstrip()
            kept = match[0][: match.start("matchers") - match.start()]
            return f"{kept}{{{matcher}{'' if inside == '}' else ', '}{inside}"
        word = match["word"]
        if word is None or match["call"] is not None or word.lower() in _KEYWORDS:
            return match[0]
        return f"{match[0]}{{{matcher}}}"

    return _TOKEN.sub(scoped, query)
