"""Values of a dashboard's variables on a running server, as a dashboard that is opened selects them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from boxwatch.errors import BoxwatchError
from boxwatch.grafana.board import Board, Variable
from boxwatch.grafana.interpolation import Selection, fill, references
from boxwatch.live.samples import Sample
from boxwatch.live.source import Prometheus

ALL = "$__all"
EVERY = "*"
_LABEL_VALUES = re.compile(r"\s*label_values\(\s*(?:(?P<query>.+?)\s*,)?\s*(?P<label>[\w.:]+)\s*\)\s*", re.DOTALL)
_LABEL_NAMES = re.compile(r"\s*label_names\((?P<query>.*)\)\s*", re.DOTALL)
_METRICS = re.compile(r"\s*metrics\((?P<pattern>.*)\)\s*", re.DOTALL)
_QUERY_RESULT = re.compile(r"\s*query_result\((?P<query>.+)\)\s*", re.DOTALL)
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Range:
    """A time range: seconds since 1970."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Selected:
    """The selected values of a board's variables.

    Attributes:
        selections: name → selection.
        asked: name → its query after interpolation, for query variables.
        options: name → every value it has.
        problems: name → why its query failed.
    """

    selections: Mapping[str, Selection]
    asked: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def each(self, names: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Selection]]]:
        """(title of the repetition, selections) for every combination of the selected values of some variables."""
        combinations: list[tuple[str, dict[str, Selection]]] = [("", dict(self.selections))]
        for name in names:
            if name in self.selections:
                combinations = [
                    (f"{title}, {name}={value}".removeprefix(", "), made | {name: made[name].only(value)})
                    for title, made in combinations
                    for value in self.selections[name].values
                ]
        yield from combinations


@dataclass(frozen=True, slots=True)
class Opening:
    """How a dashboard is opened.

    Attributes:
        span: the time range.
        builtin: Grafana's own variables.
        given: name → values chosen by the user instead; `*` for every value.
        uids: the values of data source variables; the default source if there are none.
    """

    span: Range
    builtin: Mapping[str, str]
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uids: tuple[str, ...] = ()


def selected(board: Board, source: Prometheus, opening: Opening) -> Selected:
    """The selection of every variable; a query may use other variables, which come first.

    Args:
        board: the dashboard.
        source: the server that query variables ask.
        opening: how it is opened.
    """
    selections: dict[str, Selection] = {}
    asked: dict[str, str] = {}
    options: dict[str, tuple[str, ...]] = {}
    problems: dict[str, str] = {}
    for variable in _ordered(board.variables):
        name = variable.name
        if variable.kind == "query":
            asked[name] = fill(variable.query, selections, opening.builtin)
            try:
                options[name] = _looked_up(variable, asked[name], source, opening.span)
            except BoxwatchError as error:
                options[name], problems[name] = (), str(error)
        else:
            options[name] = tuple(_stored(variable, opening.uids))
        selections[name] = _selection(variable, options[name], opening.given.get(name))
    return Selected(selections, asked, options, problems)


def affected(board: Board, names: Iterable[str]) -> frozenset[str]:
    """The variables with these names, and those whose queries use them, directly or through others."""
    found = set(names)
    while more := {each.name for each in board.variables if found & {*references(each.query)}} - found:
        found |= more
    return frozenset(found)


def _ordered(variables: Sequence[Variable]) -> list[Variable]:
    """Each variable after those that its query uses; a circle keeps its order."""
    left, done, made = list(variables), set[str](), list[Variable]()
    names = {each.name for each in variables}
    while left:
        ready = [each for each in left if not ({*references(each.query)} & names - {each.name}) - done]
        one = ready[0] if ready else left[0]
        left.remove(one)
        done.add(one.name)
        made.append(one)
    return made


def _stored(variable: Variable, uids: Sequence[str]) -> Iterator[str]:
    """The values of a variable that asks no server."""
    if variable.kind == "datasource":
        yield from uids or ("",)
    elif variable.kind == "custom":
        for each in re.split(r"(?<!\\),", variable.query):
            label, colon, value = each.strip().partition(" : ")
            yield (value if colon else label).strip().replace("\\,", ",")
    elif variable.kind == "interval":
        yield from (each for each in map(str.strip, variable.query.split(",")) if each != "auto")
    elif variable.kind in ("constant", "textbox"):
        # A text box keeps what was typed last.
        yield variable.current[0] if variable.kind == "textbox" and variable.current else variable.query
    else:
        yield from variable.options or variable.current


def _looked_up(variable: Variable, query: str, source: Prometheus, span: Range) -> tuple[str, ...]:
    found: Iterable[str]
    if match := _LABEL_VALUES.fullmatch(query):
        found = source.label_values(match["label"], match["query"] or "", span.since, span.until)
    elif match := _METRICS.fullmatch(query):
        pattern = match["pattern"].strip()
        found = (each for each in source.label_values("__name__", "", span.since, span.until) if _has(pattern, each))
    elif match := _QUERY_RESULT.fullmatch(query):
        found = (_result(each, span.until) for each in source.query(match["query"], span.until))
    elif _LABEL_NAMES.fullmatch(query):
        found = source.label_names(span.since, span.until)
    elif query.strip():
        # A plain selector lists its series.
        found = (_result(each, span.until).split(" ")[0] for each in source.query(query, span.until))
    else:
        found = ()
    return tuple(_sorted(list(dict.fromkeys(_filtered(variable.regex, found))), variable.sort))


def _has(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


def _result(sample: Sample, at: float) -> str:
    labels = ",".join(f'{key}="{value}"' for key, value in sample.labels.items() if key != "__name__")
    name = sample.labels.get("__name__", "")
    return f"{name}{{{labels}}} {sample.value:g} {round(at * 1000)}"


def _filtered(regex: str, values: Iterable[str]) -> Iterator[str]:
    """The values that match `/…/`, or what its group `value`, or else its first group, captures."""
    pattern = regex.strip()
    flags = re.NOFLAG
    if pattern.startswith("/") and "/" in pattern[1:]:
        pattern, _, letters = pattern[1:].rpartition("/")
        flags = re.IGNORECASE if "i" in letters else re.NOFLAG
    try:
        compiled = re.compile(pattern.replace("(?<", "(?P<") if "(?<" in pattern else pattern, flags)
    except re.error:
        compiled = re.compile("")
    for value in values:
        match = compiled.search(value)
        if match is None or not value:
            continue
        groups = match.groupdict()
        yield groups.get("value") or groups.get("text") or (match[1] if compiled.groups and match[1] else value)


def _sorted(values: list[str], order: int) -> list[str]:
    """Grafana's sort orders: 1 and 2 by letters, 3 and 4 by the number in them, 5 to 8 without regard to case."""
    if order in (3, 4):
        values.sort(key=lambda each: float(found[0]) if (found := _NUMBER.search(each)) else -1)
    elif order:
        values.sort(key=str.lower if order >= 5 else str)  # noqa: PLR2004 - the first that ignores case
    return values[::-1] if order and order % 2 == 0 else values


def _selection(variable: Variable, options: tuple[str, ...], given: tuple[str, ...] | None) -> Selection:
    several = variable.multi or variable.include_all
    every = Selection(options, several, variable.all_value)
    if given is not None:
        return every if given == (EVERY,) else Selection(given, several)
    if ALL in variable.current:
        return every if variable.include_all or not options else Selection(options[:1], several)
    if variable.kind in ("query", "custom", "datasource"):
        kept = tuple(value for value in variable.current if value in options)
        if kept:
            return Selection(kept if several else kept[:1], several)
        # Grafana takes the first entry, and All stands before the values.
        return every if variable.include_all else Selection(options[:1], several)
    return Selection(variable.current[:1] or options[:1], several)
