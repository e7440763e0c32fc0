"""The mutation operators: changes to a query.

Each represents a common bug in rules: `>` for `>=`, a threshold that is off by a quarter, a matcher, a
grouping or join label, a guard (`and`, `unless`) or a fallback (`or`) that was forgotten, `max` for `sum`, a window of
half or double the length.
"""

from __future__ import annotations

import datetime as dt
import re

from boxwatch.promql import nodes
from boxwatch.topology.units import format_duration
from support.mutation.pieces import Pieces, Place

_COMPARISONS = {
    ">": (">=", "<"),
    "<": ("<=", ">"),
    ">=": (">", "<"),
    "<=": ("<", ">"),
    "==": ("!=",),
    "!=": ("==",),
}
_ARITHMETIC = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",)}
_SETS = {"and": ("unless", "or"), "unless": ("and",), "or": ("and",)}
_AGGREGATIONS = {
    "sum": ("max",),
    "max": ("min", "sum"),
    "min": ("max",),
    "avg": ("max", "min"),
    "count": ("sum",),
    "group": ("count",),
    "quantile": (),
}
_FUNCTIONS = {
    "rate": ("increase",),
    "irate": ("rate",),
    "increase": ("delta",),
    "delta": ("increase",),
    "deriv": ("delta",),
    "changes": ("resets",),
    "resets": ("changes",),
    "max_over_time": ("min_over_time", "last_over_time"),
    "min_over_time": ("max_over_time", "last_over_time"),
    "avg_over_time": ("max_over_time", "min_over_time"),
    "sum_over_time": ("max_over_time", "count_over_time"),
    "count_over_time": ("present_over_time",),
    "last_over_time": ("max_over_time", "min_over_time"),
    "present_over_time": ("absent_over_time",),
    "absent_over_time": ("present_over_time",),
    "ceil": ("floor",),
    "floor": ("ceil",),
    "clamp_min": ("clamp_max",),
    "clamp_max": ("clamp_min",),
}
# The query without the function is a query as well.
_REMOVABLE = frozenset({"abs", "absent", "ceil", "floor", "round", "clamp_min", "clamp_max", "label_replace"})
# Whole numbers below are counts, and are changed by one.
_COUNTS_BELOW = 30
_REGEX = (nodes.MatchOp.Re, nodes.MatchOp.NotRe)
_ALTERNATIVES = re.compile(r"[\w./:-]+(\|[\w./:-]+)+")


# These choose by the value, whatever becomes of it.
_CHOOSING = frozenset({"topk", "bottomk"})
# Of these only the existence of what they are given matters, and never its value.
_COUNTING = frozenset({"count", "group", "count_over_time", "present_over_time", "absent", "absent_over_time"})


def pieces_of(tree: nodes.Expr, *, valued: bool = True) -> Pieces:  # noqa: PLR0911 - the closed set of nodes
    """A query with every place that can be mutated.

    Args:
        tree: the parsed query.
        valued: whether its values matter. Behind `and` or `unless`, and times zero, only which series there are does:
            no proof could tell `count` from `sum` there.
    """
    match tree:
        case nodes.ParenExpr():
            return ("(", *pieces_of(tree.expr, valued=valued), ")")
        case nodes.UnaryExpr():
            return ("-", *pieces_of(tree.expr, valued=valued))
        case nodes.NumberLiteral():
            return (_number(tree.val),) if valued else (_digits(tree.val),)
        case nodes.VectorSelector():
            return (_selector(tree, ()),)
        case nodes.MatrixSelector():
            return (_selector(tree.vector_selector, ("[", _duration("the window", tree.range), "]")),)
        case nodes.SubqueryExpr():
            window = () if tree.range is None else (_duration("the window", tree.range),)
            step = "" if tree.step is None else format_duration(_seconds(tree.step))
            return (*pieces_of(tree.expr, valued=valued), "[", *window, f":{step}]", *_offset(tree.offset))
        case nodes.AggregateExpr():
            return (_aggregation(tree, valued=valued),)
        case nodes.Call():
            return (_call(tree, valued=valued),)
        case nodes.BinaryExpr():
            return (_binary(tree, valued=valued),)
        case _:
            return (str(tree),)


def _binary(tree: nodes.BinaryExpr, *, valued: bool) -> Place:
    operator = str(tree.op)
    left, right = (pieces_of(side, valued=matters) for side, matters in _operands(tree, operator, valued=valued))
    signs = _signs(tree, operator, valued=valued)
    sign = Place((operator,), tuple((f"{operator} becomes {new}", (new,)) for new in signs))
    modifier = _modifier(tree)
    whole: Pieces = (*left, " ", sign, *modifier, " ", *right)
    if operator not in _SETS:
        return Place(whole, named=True)
    # In parentheses, because the new operator may bind otherwise.
    changes = [
        (f"{operator} becomes {new}", ("((", *left, f") {new}", *modifier, " (", *right, "))"))
        for new in _SETS[operator]
    ]
    changes.append((f"what follows {operator} is left out", ("(", *left, ")")))
    if operator == "or":
        changes.append((f"what precedes {operator} is left out", ("(", *right, ")")))
    return Place(whole, tuple(changes), named=True)


def _operands(tree: nodes.BinaryExpr, operator: str, *, valued: bool) -> tuple[tuple[nodes.Expr, bool], ...]:
    """Both operands, and whether their values matter."""
    if operator in _COMPARISONS:
        matters = (valued, valued) if tree.modifier and tree.modifier.return_bool else (True, True)
    elif operator in ("and", "unless"):
        matters = (valued, False)
    elif operator == "*":
        matters = (valued and not _is_zero(tree.rhs), valued and not _is_zero(tree.lhs))
    else:
        matters = (valued, valued)
    return (tree.lhs, matters[0]), (tree.rhs, matters[1])


def _is_zero(tree: nodes.Expr) -> bool:
    return isinstance(tree, nodes.NumberLiteral) and not tree.val


def _signs(tree: nodes.BinaryExpr, operator: str, *, valued: bool) -> tuple[str, ...]:
    # Zero times something is a way to say zero for each of its series.
    if not valued or _is_zero(tree.lhs) or _is_zero(tree.rhs):
        return _COMPARISONS.get(operator, ())
    return {**_COMPARISONS, **_ARITHMETIC}.get(operator, ())


def _modifier(tree: nodes.BinaryExpr) -> Pieces:
    modifier = tree.modifier
    if modifier is None:
        return ()
    found: list[str | Place] = []
    if modifier.return_bool:
        found.append(Place((" bool",), (("bool is left out", ("",)),)))
    if modifier.matching is not None:
        keyword = "on" if modifier.matching.type == nodes.LabelModifierType.Include else "ignoring"
        found += [f" {keyword} (", *_labels(keyword, modifier.matching.labels), ")"]
    if modifier.card in (nodes.VectorMatchCardinality.ManyToOne, nodes.VectorMatchCardinality.OneToMany):
        keyword = "group_left" if modifier.card == nodes.VectorMatchCardinality.ManyToOne else "group_right"
        group = (f" {keyword} (", *_labels(keyword, modifier.group_labels or []), ")")
        found.append(Place(group, ((f"{keyword} is left out", ("",)),)))
    return tuple(found)


def _labels(keyword: str, labels: list[str]) -> Pieces:
    """A list of labels, each of which can be removed."""
    if not labels:
        return ()
    changes = tuple(
        (f"{keyword} forgets {label}", (", ".join(other for other in labels if other != label),)) for label in labels
    )
    return (Place((", ".join(labels),), changes),)


def _aggregation(tree: nodes.AggregateExpr, *, valued: bool) -> Place:
    operator = str(tree.op)
    others = _AGGREGATIONS.get(operator, ()) if valued else ()
    inside = pieces_of(tree.expr, valued=operator in _CHOOSING or (valued and operator not in _COUNTING))
    parameter = () if tree.param is None else (*pieces_of(tree.param), ", ")
    names = Place((operator,), tuple((f"{operator} becomes {new}", (new,)) for new in others))
    grouping: Pieces = ()
    if tree.modifier is not None:
        keyword = "by" if tree.modifier.type == nodes.AggModifierType.By else "without"
        grouping = (f" {keyword} (", *_labels(keyword, tree.modifier.labels), ")")
    return Place((names, *grouping, " (", *parameter, *inside, ")"), named=True)


def _call(tree: nodes.Call, *, valued: bool) -> Place:
    name = tree.func.name
    within = valued and name not in _COUNTING
    # For the same series there is a maximum where there is a minimum.
    others = _FUNCTIONS.get(name, ()) if valued or name in _COUNTING else ()
    names = Place((name,), tuple((f"{name} becomes {new}", (new,)) for new in others))
    arguments: list[str | Place] = []
    for number, argument in enumerate(tree.args):
        arguments += [", "] * bool(number)
        arguments += pieces_of(argument, valued=within)
    removed: tuple[tuple[str, Pieces], ...] = ()
    if name in _REMOVABLE and valued:
        removed = ((f"{name} is left out", ("(", *pieces_of(tree.args[0]), ")")),)
    return Place((names, "(", *arguments, ")"), removed, named=True)


def _selector(tree: nodes.VectorSelector, window: Pieces) -> Place:
    matchers = [one for one in tree.matchers.matchers if one.name != "__name__" or not tree.name]
    braces: Pieces = ("{", _matchers(matchers), "}") if matchers else ()
    return Place((tree.name or "", *braces, *window, *_offset(tree.offset)), named=True)


def _matchers(matchers: list[nodes.Matcher]) -> Place:
    """All matchers of a selector, each of which can be removed; a regular expression can lose an alternative."""
    texts = [str(one) for one in matchers]
    changes: list[tuple[str, Pieces]] = []
    for number, one in enumerate(matchers):
        before, after = texts[:number], texts[number + 1 :]
        changes.append((f"{texts[number]} is left out", (",".join([*before, *after]),)))
        if one.op in _REGEX and _ALTERNATIVES.fullmatch(one.value):
            values = one.value.split("|")
            for value in values:
                shorter = texts[number].replace(one.value, "|".join(other for other in values if other != value))
                changes.append((f"{texts[number]} forgets {value}", (",".join([*before, shorter, *after]),)))
    return Place((",".join(texts),), tuple(changes))


def _offset(offset: dt.timedelta | None) -> Pieces:
    if offset is None:
        return ()
    return (Place((" offset ", _duration("the offset", offset)), (("the offset is left out", ("",)),)),)


def _duration(name: str, length: dt.timedelta) -> Place:
    seconds = _seconds(length)
    changes = ((f"{name} is doubled", 2 * seconds), (f"{name} is halved", seconds // 2))
    return Place((_written(seconds),), tuple((what, (_written(new),)) for what, new in changes))


def _written(seconds: int) -> str:
    return f"-{format_duration(-seconds)}" if seconds < 0 else format_duration(seconds)


def _seconds(length: dt.timedelta) -> int:
    return int(length.total_seconds())


def _number(value: float) -> Place:
    if value == 0:
        others = [1.0]
    elif value == int(value) and abs(value) < _COUNTS_BELOW:
        others = [value + 1, value - 1]
    else:
        others = [value * 1.25, value * 0.75]
    return Place(
        (_digits(value),), tuple((f"{_digits(value)} becomes {_digits(new)}", (_digits(new),)) for new in others)
    )


def _digits(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 9))
