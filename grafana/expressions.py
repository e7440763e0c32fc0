"""PromQL of a dashboard, with Grafana's variables expanded so that Prometheus' grammar can parse it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node, node, text

# The data source of a panel that reuses another panel's query results.
OF_ANOTHER_PANEL = "-- Dashboard --"
# Grafana's built-in variables. Durations appear in ranges, numbers in arithmetic.
_BUILT_IN = {
    "__rate_interval": "5m",
    "__interval": "1m",
    "__range": "6h",
    "__auto": "5m",
    "__rate_interval_ms": "300000",
    "__interval_ms": "60000",
    "__range_ms": "21600000",
    "__range_s": "21600",
    "__from": "1700000000000",
    "__to": "1700021600000",
}
# $name, ${name}, ${name:format}, ${name.path}, [[name]], [[name:format]]
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?:\.[^:}]*)?(?::[^}]*)?\}|\[\[(\w+)(?::[^\]]*)?\]\]")
_LABEL_VALUES = re.compile(r"\s*label_values\(\s*(?:(?P<query>.+?)\s*,)?\s*(?P<label>[\w$\[\]{}]+)\s*\)\s*", re.DOTALL)
_QUERY_RESULT = re.compile(r"\s*query_result\((?P<query>.+)\)\s*", re.DOTALL)
_OTHER_QUERY = re.compile(r"\s*(label_names|metrics)\(.*\)\s*", re.DOTALL)


def used(value: str) -> Iterator[str]:
    """The names of the variables in a string, in order, including Grafana's built-in ones."""
    for match in _VARIABLE.finditer(value):
        yield match[1] or match[2] or match[3]


def expand(promql: str, dashboard: Mapping[str, object]) -> str:
    """PromQL with each variable replaced by a value. An undeclared variable is replaced by its name."""
    values = {text(variable.get("name")): _sample(variable) for variable in tree.variables(dashboard)}

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        return _BUILT_IN.get(name) or values.get(name) or name

    return _VARIABLE.sub(value, promql)


def _sample(variable: Node) -> str:
    """A possible value of the variable; for values looked up at run time, the variable's own name."""
    kind = variable.get("type")
    if kind not in ("interval", "custom", "constant", "textbox"):
        return ""
    current = node(variable.get("current")).get("value")
    chosen = current if isinstance(current, str) else text(variable.get("query")).split(",")[0].strip()
    return "5m" if kind == "interval" and chosen.startswith(("$", "auto")) else chosen


def is_prometheus(holder: Mapping[str, object], panel: Mapping[str, object] | None = None) -> bool:
    """Whether a query or variable uses Prometheus. A query without a data source uses its panel's."""
    source = node(holder.get("datasource")) or node((panel or {}).get("datasource"))
    return source.get("type") in (None, "prometheus")


def of_panel(panel: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(refId, PromQL as written) for each query of a panel."""
    for target in tree.targets(panel):
        if text(target.get("expr")) and is_prometheus(target, panel):
            yield text(target.get("refId")), text(target["expr"])


def of_loki(dashboard: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(place, LogQL as written) for each Loki query, recognised by the type of its data source."""
    for panel in tree.panels(dashboard):
        for target in tree.targets(panel):
            source = node(target.get("datasource")) or node(panel.get("datasource"))
            if source.get("type") == "loki" and text(target.get("expr")):
                yield f"{tree.name(panel)} query {text(target.get('refId'))}", text(target["expr"])


def of_variable(variable: Mapping[str, object]) -> str:
    """The PromQL in a variable's query, as written; empty if there is none."""
    query = variable.get("query")
    written = text(node(query).get("query")) if isinstance(query, dict) else text(query)
    if variable.get("type") != "query" or not is_prometheus(variable):
        return ""
    found = _LABEL_VALUES.fullmatch(written) or _QUERY_RESULT.fullmatch(written)
    return (found["query"] or "") if found else ""


def variable_is_readable(variable: Mapping[str, object]) -> bool:
    """Whether the Prometheus data source supports the query of a variable."""
    query = variable.get("query")
    written = text(node(query).get("query")) if isinstance(query, dict) else text(query)
    patterns = (_LABEL_VALUES, _QUERY_RESULT, _OTHER_QUERY)
    return not written or any(pattern.fullmatch(written) for pattern in patterns)


def expressions(dashboard: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(place, PromQL after expansion) for every panel, variable and annotation, in the order of the dashboard."""
    for where, written in as_written(dashboard):
        yield where, expand(written, dashboard)


def as_written(dashboard: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(place, PromQL) before expansion."""
    for annotation in tree.marks(dashboard):
        expr = text(node(annotation.get("target")).get("expr")) or text(annotation.get("expr"))
        if expr and is_prometheus(annotation):
            yield f'annotation "{text(annotation.get("name"))}"', expr
    for variable in tree.variables(dashboard):
        expr = of_variable(variable)
        if expr:
            yield f'variable "{text(variable.get("name"))}"', expr
    for panel in tree.panels(dashboard):
        for ref_id, expr in of_panel(panel):
            yield f"{tree.name(panel)} query {ref_id}", expr
