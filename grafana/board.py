"""A dashboard as its queries see it: variables, and panels with their queries, from the classic schema or schema v2.

Repeats are kept as names of variables, the row's before the panel's own; their values are known only at run time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from boxwatch.errors import BoxwatchError
from boxwatch.grafana import document, tree
from boxwatch.grafana.tree import Node, node, nodes, number, text

# Grafana's own sources: no query reaches a server.
_INTERNAL = frozenset({"-- Dashboard --", "-- Grafana --", "__expr__", "grafana", "datasource"})
_MIXED = "-- Mixed --"
_LEGACY = "__legacyStringValue"
# The maximum number of points of a panel whose width is unknown.
_POINTS = 1000
_KINDS_V2 = {
    "AdhocVariable": "adhoc", "ConstantVariable": "constant", "CustomVariable": "custom",
    "DatasourceVariable": "datasource", "GroupByVariable": "groupby", "IntervalVariable": "interval",
    "QueryVariable": "query", "SwitchVariable": "switch", "TextVariable": "textbox",
}  # fmt: skip
_SORTS = (
    "disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc",
    "alphabeticalCaseInsensitiveAsc", "alphabeticalCaseInsensitiveDesc", "naturalAsc", "naturalDesc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataSource:
    """The data source of a query, as the dashboard names it.

    Attributes:
        uid: its uid or, in old dashboards, its name; may be a variable; empty for the default.
        type: its type; empty if the dashboard does not say.
    """

    uid: str = ""
    type: str = ""

    @property
    def internal(self) -> bool:
        """Whether it is one of Grafana's own."""
        return self.uid in _INTERNAL or self.type in _INTERNAL


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel.

    Attributes:
        ref: its letter; empty for an annotation.
        expr: PromQL as written; empty for other query languages.
        source: its data source.
        instant: whether it asks for one moment instead of a range.
        interval: its minimum step, as written; may be empty.
    """

    ref: str
    expr: str
    source: DataSource
    instant: bool
    interval: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel with queries.

    Attributes:
        name: `panel "Memory"`.
        queries: those that are not hidden.
        repeats: variables it is repeated over.
        interval: the panel's minimum step, as written.
        points: its maximum number of points.
        since: its own time range, such as `1h`; empty for the dashboard's.
    """

    name: str
    queries: tuple[Query, ...]
    repeats: tuple[str, ...]
    interval: str
    points: int
    since: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A template variable.

    Attributes:
        name: its name.
        kind: `query`, `custom`, `interval`, `datasource`, `constant`, `textbox`, `adhoc`, …
        query: its query as written; for a data source variable the type.
        regex: filter for its values.
        multi: whether several values may be selected.
        include_all: whether All may be selected.
        all_value: what All stands for; empty for all values.
        current: values selected when the dashboard was saved; `$__all` for All.
        options: stored values.
        sort: number of the sort order.
        source: data source of its query.
        filters: (label, operator, value) of an ad hoc variable.
    """

    name: str
    kind: str
    query: str = ""
    regex: str = ""
    multi: bool = False
    include_all: bool = False
    all_value: str = ""
    current: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    sort: int = 0
    source: DataSource = DataSource()
    filters: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard.

    Attributes:
        title: its title.
        since, until: its time range as written: `now-6h`, `now`.
        variables: in order.
        panels: in order.
        annotations: annotation queries.
    """

    title: str
    since: str
    until: str
    variables: tuple[Variable, ...]
    panels: tuple[Panel, ...]
    annotations: tuple[Panel, ...] = ()


def read(file: str, content: bytes) -> Board | None:
    """The dashboard in a file; None if the JSON is something else.

    Raises:
        BoxwatchError: the file is not JSON.
    """
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BoxwatchError(f"{file}: is not JSON: {error}; export the dashboard again") from error
    return of_json(whole) if isinstance(whole, dict) else None


def of_json(whole: Node) -> Board | None:
    """The dashboard in a JSON document, whatever its envelope; None if it holds something else."""
    inner = whole
    for key in document.envelope(whole):
        inner = node(inner.get(key))
    if isinstance(inner.get("elements"), dict) and "layout" in inner:
        return _of_v2(inner)
    return _classic(inner) if "panels" in inner or "rows" in inner else None


def _classic(dashboard: Node) -> Board:
    time = node(dashboard.get("time"))
    marks = tuple(filter(None, map(_mark, tree.marks(dashboard))))
    return Board(
        text(dashboard.get("title")),
        text(time.get("from")) or "now-6h",
        text(time.get("to")) or "now",
        tuple(_variable(each, text(each.get("type"))) for each in tree.variables(dashboard)),
        tuple(_panels(dashboard)),
        marks,
    )


def _panels(dashboard: Node) -> Iterator[Panel]:
    for row in nodes(dashboard.get("rows")):
        for each in nodes(row.get("panels")):
            yield _panel(each, text(row.get("repeat")))
    repeat = ""
    for each in nodes(dashboard.get("panels")):
        if each.get("type") == "row":
            repeat = text(each.get("repeat"))
            for inner in nodes(each.get("panels")):
                yield _panel(inner, repeat)
            continue
        yield _panel(each, repeat)


def _panel(panel: Node, row_repeat: str) -> Panel:
    return Panel(
        tree.name(panel),
        tuple(_query(target, panel) for target in tree.targets(panel) if target.get("hide") is not True),
        tuple(name for name in dict.fromkeys((row_repeat, text(panel.get("repeat")))) if name),
        text(panel.get("interval")),
        int(number(panel.get("maxDataPoints"), _POINTS)) or _POINTS,
        text(panel.get("timeFrom")),
    )


def _query(target: Node, panel: Node) -> Query:
    of_panel = _source(panel.get("datasource"))
    own = _source(target.get("datasource"))
    return Query(
        text(target.get("refId")),
        text(target.get("expr")),
        of_panel if own == DataSource() and of_panel.uid != _MIXED else own,
        target.get("instant") is True and target.get("range") is not True,
        text(target.get("interval")),
    )


def _source(value: object) -> DataSource:
    if isinstance(value, str):
        return DataSource(value)
    found = node(value)
    return DataSource(text(found.get("uid")), text(found.get("type")))


def _mark(annotation: Node) -> Panel | None:
    expr = text(node(annotation.get("target")).get("expr")) or text(annotation.get("expr"))
    if not expr or annotation.get("enable") is False:
        return None
    query = Query("", expr, _source(annotation.get("datasource")), instant=False, interval="")
    name = f'annotation "{text(annotation.get("name"))}"'
    return Panel(name, (query,), (), text(annotation.get("step")), _POINTS, "")


def _variable(variable: Node, kind: str) -> Variable:
    asked = variable.get("query")
    inner = node(asked)
    query = text(asked) or text(inner.get("query")) or text(inner.get(_LEGACY))
    sort = variable.get("sort")
    return Variable(
        text(variable.get("name")),
        kind,
        query or text(variable.get("definition")),
        text(variable.get("regex")),
        variable.get("multi") is True,
        variable.get("includeAll") is True,
        text(variable.get("allValue")),
        tuple(_strings(node(variable.get("current")).get("value"))),
        tuple(text(each.get("value")) for each in nodes(variable.get("options")) if text(each.get("value"))),
        _SORTS.index(sort) if isinstance(sort, str) and sort in _SORTS else int(number(sort)),
        _source(variable.get("datasource")),
        tuple(
            (text(each.get("key")), text(each.get("operator")) or "=", text(each.get("value")))
            for each in nodes(variable.get("filters"))
        ),
    )


def _strings(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and each:
            yield each


def _of_v2(spec: Node) -> Board:
    time = node(spec.get("timeSettings"))
    elements = node(spec.get("elements"))
    variables = []
    for each in nodes(spec.get("variables")):
        inner = node(each.get("spec"))
        kind = _KINDS_V2.get(text(each.get("kind")), "")
        asked = node(inner.get("query"))
        flat = dict(inner)
        if asked:
            flat |= {"query": node(asked.get("spec")), "datasource": _v2_reference(asked)}
        if kind == "datasource":
            flat["query"] = inner.get("pluginId")
        variables.append(_variable(flat, kind))
    marks = tuple(filter(None, (_v2_mark(node(each.get("spec"))) for each in nodes(spec.get("annotations")))))
    return Board(
        text(spec.get("title")),
        text(time.get("from")) or "now-6h",
        text(time.get("to")) or "now",
        tuple(variables),
        tuple(_v2_panels(node(spec.get("layout")), elements, ())),
        marks,
    )


def _v2_panels(part: Node, elements: Node, repeats: tuple[str, ...]) -> Iterator[Panel]:
    """The panels of a layout of any kind: grids, rows and tabs, nested as they may be."""
    spec = node(part.get("spec"))
    repeat = text(node(spec.get("repeat")).get("value"))
    around = tuple(dict.fromkeys((*repeats, repeat))) if repeat else repeats
    name = text(node(spec.get("element")).get("name"))
    if name:
        element = node(elements.get(name))
        if element.get("kind") == "Panel":
            yield _v2_panel(node(element.get("spec")), around)
    for key in ("items", "rows", "tabs"):
        for inner in nodes(spec.get(key)):
            yield from _v2_panels(inner, elements, around)
    if "layout" in spec:
        yield from _v2_panels(node(spec["layout"]), elements, around)


def _v2_panel(spec: Node, repeats: tuple[str, ...]) -> Panel:
    group = node(node(spec.get("data")).get("spec"))
    options = node(group.get("queryOptions"))
    queries = (node(each.get("spec")) for each in nodes(group.get("queries")))
    return Panel(
        tree.name(spec),
        tuple(_v2_query(each) for each in queries if each.get("hidden") is not True),
        repeats,
        text(options.get("interval")),
        int(number(options.get("maxDataPoints"), _POINTS)) or _POINTS,
        text(options.get("timeFrom")),
    )


def _v2_query(spec: Node) -> Query:
    asked = node(spec.get("query"))
    inner = node(asked.get("spec"))
    reference = _v2_reference(asked) or node(spec.get("datasource"))
    return Query(
        text(spec.get("refId")),
        text(inner.get("expr")),
        _source(reference),
        inner.get("instant") is True and inner.get("range") is not True,
        text(inner.get("interval")),
    )


def _v2_reference(asked: Node) -> Node:
    """The data source of a query: `group` and a name from v2beta1 on, the kind before."""
    kind = text(asked.get("kind"))
    group = text(asked.get("group")) or ("" if kind == "DataQuery" else kind)
    named = text(node(asked.get("datasource")).get("name"))
    return {"type": group, "uid": named} if group or named else {}


def _v2_mark(spec: Node) -> Panel | None:
    asked = node(spec.get("query"))
    expr = text(node(asked.get("spec")).get("expr"))
    if not expr or spec.get("enable") is False:
        return None
    query = Query("", expr, _source(_v2_reference(asked)), instant=False, interval="")
    return Panel(f'annotation "{text(spec.get("name"))}"', (query,), (), "", _POINTS, "")
