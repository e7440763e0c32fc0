"""A query to Loki is not valid LogQL after expanding its variables, as far as its shape shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions

ID = "dashboard_logql"

_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`')
_COMMENT = re.compile(r"#[^\n]*")
_SELECTOR = re.compile(r"\{([^{}]*)\}")
_MATCHER = re.compile(r"\s*[a-zA-Z_]\w*\s*(=|!=|=~|!~)\s*_+\s*")
_CLOSES = {")": "(", "]": "[", "}": "{"}


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Quotes and brackets are closed, and there is a stream selector with a matcher, which Loki requires."""
    for where, expr in expressions.of_loki(dashboard):
        wrong = _wrong(expressions.expand(expr, dashboard))
        if wrong:
            yield Finding(file, where, ID, "error", f"the LogQL does not parse: {wrong}")


def _wrong(logql: str) -> str:
    # Strings become underscores, so that their content is not taken for syntax.
    bare = _COMMENT.sub("", _STRING.sub(lambda string: "_" * len(string[0]), logql))
    if '"' in bare or "`" in bare:
        return "a quote is not closed"
    opened: list[str] = []
    for sign in bare:
        if sign in "([{":
            opened.append(sign)
        elif sign in _CLOSES and (not opened or opened.pop() != _CLOSES[sign]):
            return f"unmatched {sign}"
    if opened:
        return f"a {opened[-1]} is not closed"
    selectors = [selector.strip().removesuffix(",") for selector in _SELECTOR.findall(bare)]
    if not selectors:
        return 'there is no stream selector such as {app="web"}'
    for selector in selectors:
        for matcher in selector.split(","):
            if not _MATCHER.fullmatch(matcher):
                return f"{{{selector}}} is not a stream selector"
    return ""
