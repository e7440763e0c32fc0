"""The queries of a dashboard as it is opened: variables expanded, panels repeated, one task for each query."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from boxwatch.errors import BoxwatchError
from boxwatch.grafana.board import Board, Panel, Query
from boxwatch.grafana.interpolation import Selection, builtin, fill, references, step
from boxwatch.live import selections
from boxwatch.live.absence import Absence, Reason
from boxwatch.live.samples import shown
from boxwatch.live.selections import Opening, Range, Selected
from boxwatch.live.source import seconds
from boxwatch.live.verify.items import Item, Task
from boxwatch.live.verify.servers import Servers
from boxwatch.promql.parse import parse
from boxwatch.promql.scope import with_matcher

_RELATIVE = re.compile(r"now(?:-(?P<number>\d+)(?P<unit>[smhdwMy]))?(?:/[smhdwMy])?")
# Grafana's months and years, in seconds; PromQL has no months.
_LONG = {"M": 30 * 86400.0, "y": 365 * 86400.0}
_DEFAULT_RANGE = 6 * 3600.0
_WIDTH = 1000
_FUNCTION = re.compile(r"\s*(?P<function>\w+)\(\s*(?P<query>.*?)\s*(?:,\s*(?P<label>[\w.:]+)\s*)?\)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A dashboard as it is opened.

    Attributes:
        chosen: the selected values.
        at, span: now, and its time range.
        scrape: seconds between scrapes that Grafana assumes.
        empty: variables without values, with the reason.
        filters: (label, value) of its ad hoc filters with `=`.
        servers: the servers behind its data sources.
    """

    file: str
    chosen: Selected
    at: float
    span: Range
    scrape: float
    empty: Mapping[str, Reason]
    filters: tuple[tuple[str, str], ...]
    servers: Servers


def tasks(file: str, board: Board, servers: Servers, given: Mapping[str, tuple[str, ...]]) -> Iterator[Item | Task]:
    """The variables of a dashboard, which are items already, and a task for each query.

    Args:
        file: the dashboard's file.
        board: the dashboard.
        servers: the servers behind its data sources.
        given: variable → values chosen instead of those it was saved with; `*` for each value in turn.

    Raises:
        PublishError: a server cannot be reached.
    """
    first = {each.name: Selection(each.current[:1]) for each in board.variables if each.kind == "datasource"}
    unset = ((), ("default",), ("",))
    first |= {name: Selection(servers.uids[:1]) for name, each in first.items() if each.values in unset}
    asked = (servers.of(each.source, first) for each in board.variables if each.kind == "query")
    server = next((each for each in asked if each is not None), servers.default)
    world, absence = servers.known(server)
    scrape = servers.scrape_interval(server)
    span = time_range(board.since, board.until, world.at)
    basic = builtin(span.since, span.until, step(span.until - span.since, _WIDTH, scrape), scrape)
    chosen = selections.selected(board, server, Opening(span, basic, given, servers.uids))
    empty: dict[str, Reason] = {}
    for name, query in chosen.asked.items():
        item = _variable(file, name, query, chosen, absence)
        if item.reason is not None:
            empty[name] = item.reason
        yield item
    filters = tuple(
        (label, fill(value, chosen.selections, {}))
        for each in board.variables
        for label, operator, value in each.filters
        if operator == "="
    )
    opened = _Opened(file, chosen, world.at, span, scrape, empty, filters, servers)
    seen: set[tuple[str, str, str]] = set()
    names = [name for name, values in given.items() if values == (selections.EVERY,) and name in chosen.options]
    depending = selections.affected(board, names)
    for turn in itertools.product(*(chosen.options[name] or ("",) for name in names)):
        opening = Opening(span, basic, {**given, **{n: (v,) for n, v in zip(names, turn, strict=True)}}, servers.uids)
        now = replace(opened, chosen=selections.selected(board, server, opening)) if names else opened
        title = ", ".join(f"{name}={value}" for name, value in zip(names, turn, strict=True))
        for panel in (*board.panels, *board.annotations):
            used = {*panel.repeats, *(name for query in panel.queries for name in references(query.expr))}
            for each in _panel(panel, now, title if used & depending else ""):
                item = each.item if isinstance(each, Task) else each
                key = panel.name, item.where.partition(" [")[0], item.expr
                # A panel that the variable does not affect is the same in every turn.
                if not names or used & depending or key not in seen:
                    seen.add(key)
                    yield each


def _variable(file: str, name: str, asked: str, chosen: Selected, absence: Absence) -> Item:
    item = Item(file, "variables", f'variable "{name}"', "data", None, asked)
    if chosen.options[name]:
        return item
    if name in chosen.problems:
        reason = Reason("query-rejected", chosen.problems[name])
    else:
        reason = _without_values(asked, absence)
    return replace(item, outcome="broken", reason=reason)


def _without_values(asked: str, absence: Absence) -> Reason:
    match = _FUNCTION.fullmatch(asked)
    inner = match["query"] if match else ""
    if match and match["function"] == "label_values" and not match["label"]:
        return Reason("variable-empty", f"no series has the label `{inner}`", "check the label")
    if not match or not inner:
        return Reason("variable-empty", f"`{asked}` gives no values")
    try:
        reason = absence.check(parse(inner))
    except (ValueError, BoxwatchError) as error:
        return Reason("query-rejected", str(error))
    if reason is not None:
        return replace(reason, fine=False)
    what = f"has the label `{match['label']}`" if match["label"] else "passes the regular expression"
    found = absence.example(inner)
    example = f"; one is {shown(found)}" if found else ""
    return Reason("variable-empty", f"no series of `{inner}` {what}{example}", "check the label and the filter")


def _panel(panel: Panel, opened: _Opened, turn: str) -> Iterator[Item | Task]:
    """The queries of a panel in each repetition, titled with the turn and the repetition."""
    for repetition, values in opened.chosen.each(panel.repeats):
        title = ", ".join(dict.fromkeys(filter(None, (turn, repetition))))
        for query in panel.queries:
            place = f"{panel.name} query {query.ref}" if query.ref else panel.name
            where = f"{place} [{title}]" if title else place
            yield from _query(query, panel, where, values, opened)


def _query(
    query: Query, panel: Panel, where: str, values: Mapping[str, Selection], opened: _Opened
) -> Iterator[Item | Task]:
    item = Item(opened.file, "panels", where, "skipped", None, query.expr)
    if query.source.internal:
        return
    if opened.servers.is_missing(query.source, values):
        uid = fill(query.source.uid, values, {})
        yield replace(item, outcome="broken", reason=Reason("source-missing", f"Grafana has no data source `{uid}`"))
        return
    server = opened.servers.of(query.source, values)
    if server is None or not query.expr:
        what = query.source.type or "nothing"
        yield replace(item, reason=Reason("other-source", f"the query asks {what}, not Prometheus", fine=True))
        return
    span = opened.span
    if panel.since:
        span = Range(opened.at - (seconds(panel.since) or span.until - span.since), opened.at)
    # A query's own minimum step counts as its scrape interval.
    least = seconds(fill(query.interval or panel.interval, values, {}).lstrip(">")) or opened.scrape
    names = builtin(span.since, span.until, step(span.until - span.since, panel.points, least), least)
    expr = fill(query.expr, values, names)
    for label, value in opened.filters:
        expr = with_matcher(expr, label, value)
    item = replace(item, expr=expr)
    gone = next((name for name in references(query.expr) if name in opened.empty), "")
    if gone:
        reason = opened.empty[gone]
        message = f"the variable ${gone} has no values: {reason.message}"
        item = replace(item, outcome="broken", reason=Reason("variable-empty", message, reason.hint))
    yield Task(item, server, None if query.instant else span)


def time_range(since: str, until: str, now: float) -> Range:
    """A dashboard's time range; one that is not relative is the last six hours, so that data of today is asked for."""
    start, end = _moment(since, now), _moment(until, now)
    if start is None or end is None or start >= end:
        return Range(now - _DEFAULT_RANGE, now)
    return Range(start, end)


def _moment(text: str, now: float) -> float | None:
    match = _RELATIVE.fullmatch(text.strip())
    if match is None:
        return None
    if match["number"] is None:
        return now
    return now - float(match["number"]) * (_LONG.get(match["unit"]) or seconds(f"1{match['unit']}"))
