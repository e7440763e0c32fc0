"""Variables in schema v2: one kind per type, and names instead of the classic schema's numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from boxwatch.grafana.schema_v2 import query
from boxwatch.grafana.tree import Node, node, nodes, number, text

_HIDE = ("dontHide", "hideLabel", "hideVariable", "inControlsMenu")
_REFRESH = ("never", "onDashboardLoad", "onTimeRangeChanged")
_SORT = (
    "disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc",
    "alphabeticalCaseInsensitiveAsc", "alphabeticalCaseInsensitiveDesc", "naturalAsc", "naturalDesc",
)  # fmt: skip
# Defaults of an automatic interval: its maximum number of steps, and its minimum length.
_AUTO_COUNT, _AUTO_MIN = 30, "10s"


def to_v2(variable: Mapping[str, object]) -> Node | None:
    """Convert a variable; None for types that schema v2 lacks (`system` and `snapshot`, which nobody writes).

    Variables whose values are labels of a data source reference it outside their spec.
    """
    found = _KINDS.get(text(variable.get("type")))
    if found is None:
        return None
    kind, of_kind = found
    common: Node = {
        "name": text(variable.get("name")),
        "hide": _word(_HIDE, variable.get("hide")),
        "skipUrlSync": variable.get("skipUrlSync") is True,
    }
    common |= {key: variable[key] for key in ("label", "description") if text(variable.get(key))}
    made: Node = {"kind": kind, "spec": {**common, **of_kind(variable)}}
    if kind in _OF_LABELS:
        source = query.data_query(node(variable.get("datasource")), {})
        made |= {key: source[key] for key in ("group", "datasource") if key in source}
    return made


def _word(words: tuple[str, ...], value: object) -> str:
    index = int(number(value))
    return words[index] if 0 <= index < len(words) else words[0]


def _current(variable: Mapping[str, object]) -> Node:
    """The current value, without the redundant `selected`."""
    return {key: value for key, value in _option(variable.get("current")).items() if key != "selected"}


def _option(value: object) -> Node:
    option = node(value)
    made: Node = {key: option.get(key, "") for key in ("text", "value")}
    return made | {key: option[key] for key in ("selected", "properties") if key in option}


def _choice(variable: Mapping[str, object]) -> Node:
    """Options common to all variables with single or multiple values."""
    made: Node = {
        "current": _current(variable),
        "options": [_option(each) for each in nodes(variable.get("options"))],
        "multi": variable.get("multi") is True,
        "includeAll": variable.get("includeAll") is True,
        "allowCustomValue": variable.get("allowCustomValue", True) is True,
    }
    return made | {key: variable[key] for key in ("allValue",) if text(variable.get(key))}


def _query(variable: Mapping[str, object]) -> Node:
    asked = variable.get("query")
    # A plain text query is stored under a name that no data source uses.
    spec = asked if isinstance(asked, dict) else {"__legacyStringValue": text(asked)} if text(asked) else {}
    made: Node = {
        **_choice(variable),
        "query": query.data_query(node(variable.get("datasource")), spec),
        "refresh": _word(_REFRESH, variable.get("refresh")),
        "regex": text(variable.get("regex")),
        "sort": _word(_SORT, variable.get("sort")),
    }
    kept = ("definition", "regexApplyTo", "staticOptions", "staticOptionsOrder")
    return made | {key: variable[key] for key in kept if variable.get(key)}


def _datasource(variable: Mapping[str, object]) -> Node:
    made: Node = {
        **_choice(variable),
        "pluginId": text(variable.get("query")),
        "refresh": _word(_REFRESH, variable.get("refresh")),
        "regex": text(variable.get("regex")),
    }
    return made


def _custom(variable: Mapping[str, object]) -> Node:
    made: Node = {**_choice(variable), "query": text(variable.get("query"))}
    return made | {key: variable[key] for key in ("valuesFormat",) if text(variable.get(key))}


def _constant(variable: Mapping[str, object]) -> Node:
    value = text(variable.get("query"))
    return {
        "query": value,
        "current": _current(variable) if variable.get("current") else {"text": value, "value": value},
    }


def _text(variable: Mapping[str, object]) -> Node:
    return {"query": text(variable.get("query")), "current": _current(variable)}


def _interval(variable: Mapping[str, object]) -> Node:
    return {
        "current": _current(variable),
        "options": [_option(each) for each in nodes(variable.get("options"))],
        "query": text(variable.get("query")),
        "auto": variable.get("auto") is True,
        "auto_count": int(number(variable.get("auto_count"), _AUTO_COUNT)),
        "auto_min": text(variable.get("auto_min")) or _AUTO_MIN,
        "refresh": _REFRESH[2],
    }


def _adhoc(variable: Mapping[str, object]) -> Node:
    return {
        "baseFilters": nodes(variable.get("baseFilters")),
        "filters": nodes(variable.get("filters")),
        "defaultKeys": nodes(variable.get("defaultKeys")),
        "allowCustomValue": variable.get("allowCustomValue", True) is True,
    }


def _group_by(variable: Mapping[str, object]) -> Node:
    return {
        "current": _current(variable),
        "options": [_option(each) for each in nodes(variable.get("options"))],
        "multi": variable.get("multi", True) is True,
    }


def _switch(variable: Mapping[str, object]) -> Node:
    """A switch: the first option is on, the second off."""
    values = [text(option.get("value")) for option in nodes(variable.get("options"))]
    on, off = values if len(values) == 2 else ("true", "false")  # noqa: PLR2004 - on and off
    chosen = text(node(variable.get("current")).get("value"))
    return {"current": chosen or off, "enabledValue": on, "disabledValue": off}


_OF_LABELS = frozenset({"AdhocVariable", "GroupByVariable"})
_KINDS: dict[str, tuple[str, Callable[[Mapping[str, object]], Node]]] = {
    "adhoc": ("AdhocVariable", _adhoc),
    "constant": ("ConstantVariable", _constant),
    "custom": ("CustomVariable", _custom),
    "datasource": ("DatasourceVariable", _datasource),
    "groupby": ("GroupByVariable", _group_by),
    "interval": ("IntervalVariable", _interval),
    "query": ("QueryVariable", _query),
    "switch": ("SwitchVariable", _switch),
    "textbox": ("TextVariable", _text),
}
