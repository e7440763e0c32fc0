"""A rate has a fixed window: zoomed out it misses what happened between two points, zoomed in it has gaps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree

ID = "dashboard_rate_interval"

_WINDOW = re.compile(r"\[\s*([^\]:]+?)\s*\]")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_RIGHT = ("$__rate_interval", "${__rate_interval}")
_RATES = frozenset({"rate", "irate", "increase", "delta", "resets", "changes", "histogram_quantile"})


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Rates, and only rates, use `$__rate_interval`, and their queries state the scrape interval."""
    for panel in tree.plots(dashboard):
        for target in tree.targets(panel):
            expr = tree.text(target.get("expr"))
            where = f"{tree.name(panel)} query {tree.text(target.get('refId'))}"
            if expr and expressions.is_prometheus(target, panel):
                yield from _target(file, where, expr)
                if any(name in expr for name in _RIGHT) and not target.get("interval"):
                    message = "$__rate_interval is derived from the data source's interval, which may differ"
                    hint = "state the scrape interval as the query's min step (`interval`)"
                    yield Finding(file, where, ID, "warning", message, hint)


def _target(file: str, where: str, expr: str) -> Iterator[Finding]:
    for start, window in _windows(expr):
        function = _enclosing(expr[:start])
        if function in ("rate", "irate") and window not in _RIGHT:
            message = f"{function} has a fixed window of {window}"
            yield Finding(file, where, ID, "error", message, f"write {function}(…[$__rate_interval])")
        elif window in _RIGHT and function not in _RATES:
            message = f"$__rate_interval is meant for rates, not for {function or 'this'}"
            yield Finding(file, where, ID, "warning", message, "write a fixed window, $__interval or $__range")


def _windows(expr: str) -> Iterator[tuple[int, str]]:
    for match in _WINDOW.finditer(expr):
        yield match.start(), match[1]


def _enclosing(before: str) -> str:
    """The function whose parenthesis is still open at the end of a text."""
    before = _STRING.sub(lambda string: "_" * len(string[0]), before)
    depth = 0
    for index in range(len(before) - 1, -1, -1):
        if before[index] == ")":
            depth += 1
        elif before[index] == "(":
            if depth == 0:
                name = re.search(r"(\w+)\s*$", before[:index])
                return name[1] if name else ""
            depth -= 1
    return ""
