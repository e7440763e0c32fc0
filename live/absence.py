"""Why a query gives nothing: the syntax tree is walked down to its empty part, and that part is taken apart.

Every verdict rests on queries: matchers are dropped one by one until series appear, windows are counted, comparisons
are repeated with `bool` to see whether there was anything to compare, and targets and rules are asked for their health.
A result may be empty because there is nothing to report, which is fine; that verdict needs evidence as well.
"""

from __future__ import annotations

import difflib
import math
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import re2

from boxwatch.checks.rules import scraped
from boxwatch.exporters.catalogue import metrics
from boxwatch.exporters.catalogue.metrics import Metric
from boxwatch.live import matching
from boxwatch.live.samples import Labels, LiveGroup, LiveRule, Sample, Target, shown
from boxwatch.live.source import Prometheus, QueryError
from boxwatch.promql import nodes
from boxwatch.promql.labels import is_scalar
from boxwatch.promql.parse import tree_of
from boxwatch.promql.render import duration, matcher, quoted, render, selector, suffix
from boxwatch.promql.walk import every
from boxwatch.rules import names
from boxwatch.topology.wording import counted, did_you_mean, either, listed

# How far back a lost series is looked for, in seconds.
HISTORY = 86_400.0
_DEEPEST = 8
_MOST = 5
_CLOSE = 0.75
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_ABSENCE = frozenset({"absent", "absent_over_time"})
# Series that Prometheus writes while an alert is pending or firing.
_OF_ALERTS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
# Labels that name an outcome: a series appears with the first event of its kind (client libraries create a child of a
# metric when it is first used).
_OUTCOMES = frozenset({"code", "error", "exception", "level", "outcome", "reason", "result", "status", "status_code"})
_TWO = 2


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a query gives nothing.

    Attributes:
        cause: its kind, one of CAUSES.
        message: the reason with its evidence, one sentence without a full stop.
        hint: the remedy; may be empty.
        fine: whether nothing is wrong: there is nothing to report.
    """

    cause: str
    message: str
    hint: str = ""
    fine: bool = False

    @property
    def passes(self) -> bool:
        """Whether time alone puts it right."""
        return self.cause in _YOUNG


_YOUNG = frozenset({"rule-young", "window-young"})
# Cause → what it means.
CAUSES: Mapping[str, str] = {
    "query-rejected": "Prometheus rejects the query.",
    "metric-unknown": "No series has this name, and nothing records it.",
    "metric-gone": "Series of this name existed, and their target no longer exposes them.",
    "label-value": "The metric exists, but no series has the label value that the query names.",
    "label-missing": "The metric exists, but none of its series has the label.",
    "labels-apart": "Each label value exists, but no series has them together.",
    "labels-differ": "Both sides of an operation have series, but no two of them match.",
    "target-down": "The target that exposes the series is down.",
    "target-missing": "No target exposes the series.",
    "window-short": "The window spans less than two scrapes.",
    "window-young": "The series is too young for the window or the offset.",
    "rule-missing": "No loaded rule records the series.",
    "rule-young": "The rule that records the series has not been evaluated yet.",
    "rule-failing": "The rule that records the series fails.",
    "service-stopped": "No replica of the service runs.",
    "source-missing": "Grafana has no such data source.",
    "variable-empty": "A variable of the dashboard has no values.",
    "hidden-by-default": "A constant after `or` hides that the rest of the query gives nothing.",
    "unexplained": "The parts of the query have data, the whole has none.",
    "nothing-to-report": "The condition holds for no series, which is fine.",
}


@dataclass(slots=True)
class World:
    """What is known about the server besides its series.

    Attributes:
        source: the server.
        at: the time of all queries, seconds since 1970.
        targets: its targets; None if it shows none.
        groups: its groups of rules; None if it shows none.
        records: series → expression of the recording rules in the given files.
        scrape: seconds between scrapes; 0 if unknown.
    """

    source: Prometheus
    at: float
    targets: tuple[Target, ...] | None
    groups: tuple[LiveGroup, ...] | None
    records: Mapping[str, str] = field(default_factory=dict)
    scrape: float = 0
    _answers: dict[str, Future[tuple[Sample, ...]]] = field(default_factory=dict)
    _names: list[frozenset[str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _names_lock: threading.Lock = field(default_factory=threading.Lock)

    def query(self, expr: str) -> tuple[Sample, ...]:
        """The result of an instant query at `at`, asked once: a second thread waits for the first one's answer.

        Raises:
            QueryError: Prometheus rejects it.
        """
        mine: Future[tuple[Sample, ...]] = Future()
        with self._lock:
            answer = self._answers.setdefault(expr, mine)
        if answer is mine:
            try:
                mine.set_result(self.source.query(expr, self.at))
            except BaseException as error:
                mine.set_exception(error)
                raise
        return answer.result()

    @property
    def names(self) -> frozenset[str]:
        """The name of every metric of the last day."""
        with self._names_lock:
            if not self._names:
                found = self.source.label_values("__name__", "", self.at - HISTORY, self.at)
                self._names.append(frozenset(found))
        return self._names[0]

    def had(self, name: str) -> bool:
        """Whether a metric of this name may have existed within the last day; asked for all names at once."""
        return not self.names or name in self.names

    def rules(self, record: str) -> tuple[LiveRule, ...]:
        """The loaded rules that record a series."""
        return tuple(
            rule for group in self.groups or () for rule in group.rules if rule.kind == "record" and rule.name == record
        )


class Absence:
    """Answers why queries give nothing in one world. Safe for use by several threads."""

    def __init__(self, world: World) -> None:
        """Nothing is asked yet."""
        self._world = world
        self._known: dict[str, Reason | None] = {}

    def check(self, tree: nodes.Expr, depth: int = 0) -> Reason | None:
        """Why a query gives nothing; None if it gives something.

        Raises:
            QueryError: Prometheus rejects the query.
        """
        text = render(tree)
        if text not in self._known:
            found = self._world.query(text)
            self._known[text] = None if found else self._why(tree, depth)
        return self._known[text]

    def example(self, selector_: str) -> Labels:
        """The labels of one series of a selector."""
        found = self._world.query(selector_)
        return found[0].labels if found else {}

    def hidden(self, tree: nodes.Expr) -> Reason | None:
        """What a constant after `or` hides: the reason why everything before it gives nothing, if that is not fine."""
        for part in every(tree):
            if isinstance(part, nodes.BinaryExpr) and str(part.op) == "or" and _is_constant(part.rhs):
                reason = self.check(part.lhs)
                if reason is not None and not reason.fine:
                    message = f"`or {render(part.rhs)}` shows a number although {reason.message}"
                    return Reason("hidden-by-default", message, reason.hint)
        return None

    def _why(self, tree: nodes.Expr, depth: int) -> Reason:  # noqa: PLR0911 - one for each kind of node
        match tree:
            case nodes.ParenExpr() | nodes.UnaryExpr():
                return self._part(tree.expr, depth)
            case nodes.AggregateExpr():
                return self._part(tree.expr, depth)
            case nodes.SubqueryExpr():
                return self._subquery(tree, depth)
            case nodes.BinaryExpr():
                return self._binary(tree, depth)
            case nodes.Call():
                return self._call(tree, depth)
            case nodes.MatrixSelector():
                return self._leaf(tree.vector_selector, tree.range.total_seconds(), depth)
            case nodes.VectorSelector():
                return self._leaf(tree, 0, depth)
            case _:
                return _unexplained(tree)

    def _part(self, part: nodes.Expr, depth: int) -> Reason:
        return self.check(part, depth) or _unexplained(part)

    def _subquery(self, tree: nodes.SubqueryExpr, depth: int) -> Reason:
        reason = self.check(tree.expr, depth)
        if reason is None:
            message = f"`{_short(tree.expr)}` has data now, but had none in the window of `{_short(tree)}`"
            return Reason("window-young", message, "wait until the history is as long as the window and its offset")
        return reason

    def _call(self, tree: nodes.Call, depth: int) -> Reason:
        name = tree.func.name
        if name in _ABSENCE:
            return _fine(f"`{name}(…)` gives nothing because `{_short(tree.args[0])}` has data")
        for argument in tree.args:
            if is_scalar(argument) or isinstance(argument, nodes.StringLiteral):
                continue
            if isinstance(argument, nodes.MatrixSelector):
                return self._ranged(argument, name, depth)
            if isinstance(argument, nodes.SubqueryExpr):
                return self._subquery(argument, depth)
            reason = self.check(argument, depth)
            if reason is not None:
                return reason
        if name in ("histogram_quantile", "histogram_fraction"):
            message = f"`{name}` finds no histogram: its series have no label `le`, and are no native histograms"
            return Reason("label-missing", message, "keep `le` in the aggregation: sum by (le, …)")
        return _unexplained(tree)

    def _ranged(self, argument: nodes.MatrixSelector, function: str, depth: int) -> Reason:
        """Why a function of a window gives nothing."""
        window = argument.range.total_seconds()
        counts = self._world.query(f"count_over_time({render(argument)})")
        most = max((each.value for each in counts), default=0)
        series = counts or self._world.query(selector(argument.vector_selector))
        if not series:
            return self._leaf(argument.vector_selector, window, depth)
        interval = self._interval(series[0].labels)
        name = f"`{_short(argument)}`"
        if most < _TWO and interval and window < _TWO * interval:
            message = (
                f"{name} spans less than two scrapes: the window is {duration(window)}, and the target is scraped"
                f" every {duration(interval)}"
            )
            return Reason("window-short", message, f"widen the window to at least {duration(4 * interval)}")
        if counts and most < _TWO:
            message = f"{name} has one sample, and `{function}` needs two"
            return Reason("window-young", message, "wait for the next scrape")
        return _unexplained(argument)

    def _interval(self, labels: Labels) -> float:
        """Seconds between scrapes of a series' target; the global interval if the target is not known."""
        for target in self._world.targets or ():
            if all(labels.get(name) == target.labels.get(name) for name in ("job", "instance")):
                return target.interval or self._world.scrape
        return self._world.scrape

    def _binary(self, tree: nodes.BinaryExpr, depth: int) -> Reason:
        operator = str(tree.op)
        left = None if is_scalar(tree.lhs) else self.check(tree.lhs, depth)
        right = None if is_scalar(tree.rhs) else self.check(tree.rhs, depth)
        if operator == "or":
            both = [reason for reason in (left, right) if reason is not None]
            return next((reason for reason in both if reason.fine), both[0] if both else _unexplained(tree))
        if operator == "unless":
            return left or _fine(f"`unless` excludes every series: {_short(tree.rhs)} has all of them")
        found = [reason for reason in (left, right) if reason is not None]
        if found:
            # A condition that does not hold hides that the other side has never had data.
            return next((reason for reason in found if not reason.fine), found[0])
        if operator in _COMPARISONS and self._world.query(_with_bool(tree)):
            return _fine(self._not_met(tree))
        if self._matches(tree):
            return _fine(f"no series meets both conditions of `{_short(tree)}`")
        return self._apart(tree)

    def _not_met(self, tree: nodes.BinaryExpr) -> str:
        """That a comparison holds for no series, with the value closest to the threshold if that is a number."""
        operator, left, right = str(tree.op), tree.lhs, tree.rhs
        message = f"no series meets `{_short(tree)}`"
        if not isinstance(right, nodes.NumberLiteral) or operator not in ("<", "<=", ">", ">="):
            return message
        values = [each.value for each in self._world.query(render(left)) if not math.isnan(each.value)]
        if not values:
            return f"{message}: every value is NaN"
        nearest = max(values) if operator.startswith(">") else min(values)
        return f"{message}: the closest of {counted(len(values), 'value')} is {nearest:.4g}"

    def _matches(self, tree: nodes.BinaryExpr) -> bool:
        """Whether the labels of both sides match where every condition in them is left out."""
        try:
            return bool(self._world.query(_relaxed(tree)))
        except QueryError:
            # Too many partners: a condition leaves one of several.
            return True

    def _apart(self, tree: nodes.BinaryExpr) -> Reason:
        left, right = self._world.query(render(tree.lhs)), self._world.query(render(tree.rhs))
        lost = matching.without_partner(left, right, tree.modifier) or left
        difference = matching.difference(lost[0].labels, right, tree.modifier)
        message = (
            f"`{tree.op}` finds no partner for {matching.example(lost)} of `{_short(tree.lhs)}` in"
            f" `{_short(tree.rhs)}`: {difference}"
        )
        return Reason("labels-differ", message, "name the labels to match by with on(…) or ignoring(…)")

    def _leaf(  # noqa: PLR0911 - one for each cause
        self, vector: nodes.VectorSelector, window: float, depth: int
    ) -> Reason:
        """Why a selector matches nothing at the time of the query, or in a window before it."""
        matchers = [one for one in vector.matchers.matchers if one.name != "__name__"]
        if vector.matchers.or_matchers:
            return Reason("label-value", f"no series matches `{_short(vector)}`")
        moved = suffix(vector)
        if moved and self._world.query(f"count({selector(vector, suffix=False)})"):
            message = f"`{selector(vector, suffix=False)}` has data now, but none{moved}: the history begins later"
            return Reason("window-young", message, "wait until the history is as long as the offset")
        name = vector.name or next(
            (one.value for one in vector.matchers.matchers if one.name == "__name__" and one.op == nodes.MatchOp.Equal),
            "",
        )
        if not name:
            return self._nameless(vector)
        if name in _OF_ALERTS:
            return self._alerts(name, matchers)
        if self._world.had(name) and self._world.query(f"count({_of(name)})"):
            if not window and self._world.query(f"count({_of(name, matchers)})"):
                return _unexplained(vector)
            return self._matchers(name, matchers)
        return self._gone(name, matchers, depth)

    def _nameless(self, vector: nodes.VectorSelector) -> Reason:
        named = [one for one in vector.matchers.matchers if one.name == "__name__"]
        for one in named:
            if one.op == nodes.MatchOp.Re and not any(re2.fullmatch(one.value, each) for each in self._world.names):
                return Reason("metric-unknown", f"no metric's name matches `{one.value}`")
        return Reason("label-value", f"no series matches `{_short(vector)}`")

    def _alerts(self, name: str, matchers: Sequence[nodes.Matcher]) -> Reason:
        alerts = {rule.name for group in self._world.groups or () for rule in group.rules if rule.kind == "alert"}
        for one in matchers:
            is_name = one.name == "alertname" and one.op == nodes.MatchOp.Equal and self._world.groups is not None
            if is_name and one.value not in alerts:
                message = f"no loaded rule is named {one.value}, so `{name}` never has it"
                return Reason("rule-missing", message, did_you_mean(one.value, alerts))
        return _fine(f"`{name}` has series only while an alert is pending or firing, and none of these is")

    def _matchers(self, name: str, matchers: Sequence[nodes.Matcher]) -> Reason:
        """The matcher without which there are series: matchers are dropped one by one."""
        culprits = [
            one for one in matchers if self._world.query(f"count({_of(name, [m for m in matchers if m is not one])})")
        ]
        if len(culprits) > 1:
            return self._together(name, matchers, culprits)
        if not culprits:
            # Several are wrong at once: each that is wrong alone.
            culprits = [one for one in matchers if not self._world.query(f"count({_of(name, [one])})")][:1]
            if not culprits:
                return Reason("labels-apart", f"no series of {name} has all of {_listed(matchers)} together")
            others: list[nodes.Matcher] = []
        else:
            others = [one for one in matchers if one is not culprits[0]]
        return self._value(name, culprits[0], others, matchers)

    def _together(self, name: str, matchers: Sequence[nodes.Matcher], culprits: Sequence[nodes.Matcher]) -> Reason:
        down = self._down(matchers)
        if down:
            return _of_target(down, f"{name} with {_listed(matchers)}")
        stopped = self._stopped(matchers)
        if stopped:
            return stopped
        outcome = next((one for one in culprits if one.name in _OUTCOMES), None)
        if outcome is not None:
            return self._outcome(name, outcome, [one for one in matchers if one is not outcome])
        message = f"series of {name} have {either([matcher(one) for one in culprits])}, but none has them together"
        return Reason("labels-apart", message, "check which of the labels belong together")

    def _value(  # noqa: PLR0911 - one for each cause
        self, name: str, one: nodes.Matcher, others: Sequence[nodes.Matcher], matchers: Sequence[nodes.Matcher]
    ) -> Reason:
        found = self._world.query(f"group by ({one.name}) ({_of(name, others)})")
        values = sorted({each.labels.get(one.name, "") for each in found})
        if one.op == nodes.MatchOp.Equal and not one.value:
            return _fine(f"every series of {name} has the label `{one.name}`")
        down = self._down(matchers)
        if down:
            return _of_target(down, f"{name} with {matcher(one)}")
        if values in ([], [""]):
            labels = self._world.query(_of(name, others))
            there = sorted({label for each in labels for label in each.labels} - {"__name__"})
            message = f"no series of {name} has the label `{one.name}`; its labels are {listed(there)}"
            return Reason("label-missing", message, did_you_mean(one.name, there))
        stopped = self._stopped([one])
        if stopped:
            return stopped
        if one.name in _OUTCOMES and not did_you_mean(one.value, values):
            return self._outcome(name, one, others)
        if one.name in ("job", "instance") and self._world.targets is not None:
            there = sorted({target.labels.get(one.name, "") for target in self._world.targets})
            if not any(_accepts(one, value) for value in there):
                message = f"no target has {matcher(one)}; {one.name} is {listed(there, _MOST)}"
                return Reason("target-missing", message, did_you_mean(one.value, there))
        named = [value or "(none)" for value in values]
        message = f"no series of {name} has {matcher(one)}: `{one.name}` is {listed(named, _MOST)}"
        return Reason("label-value", message, did_you_mean(one.value, filter(None, values)))

    def _outcome(self, name: str, one: nodes.Matcher, others: Sequence[nodes.Matcher]) -> Reason:
        found = self._world.query(f"group by ({one.name}) ({_of(name, others)})")
        values = sorted({each.labels.get(one.name, "") for each in found} - {""})
        return _fine(
            f"no {name} with {matcher(one)} was counted; a series appears with the first one, and there are"
            f" others: {one.name} {listed(values, _MOST)}"
        )

    def _down(self, matchers: Sequence[nodes.Matcher]) -> Target | None:
        """A target that is down and whose labels the matchers select: it would expose what is missing."""
        for target in self._world.targets or ():
            own = [one for one in matchers if one.name in target.labels]
            if target.health == "down" and own and all(_accepts(one, target.labels[one.name]) for one in own):
                up = [
                    other
                    for other in self._world.targets or ()
                    if other.health == "up" and all(_accepts(one, other.labels.get(one.name, "")) for one in own)
                ]
                if not up:
                    return target
        return None

    def _stopped(self, matchers: Sequence[nodes.Matcher]) -> Reason | None:
        """That no replica of the service runs, as our recording rules count them."""
        for one in matchers:
            if one.name != "service" or one.op != nodes.MatchOp.Equal or not one.value:
                continue
            running = self._world.query(_of(names.SERVICE_REPLICAS_RUNNING, [one]))
            if running and not any(each.value for each in running):
                message = f"no replica of {one.value} runs: {names.SERVICE_REPLICAS_RUNNING} is 0"
                return Reason("service-stopped", message, f"start {one.value}")
        return None

    def _gone(self, name: str, matchers: Sequence[nodes.Matcher], depth: int) -> Reason:
        """Why no series of this name exists now."""
        live = self._world.rules(name)
        if live:
            return self._recorded(name, live, depth)
        if name in self._world.records or ":" in name:
            if self._world.groups is None:
                return Reason("rule-missing", f"nothing records {name} here")
            where = "the file with its rule is not loaded" if name in self._world.records else "no loaded rule has it"
            hint = "publish the rules, or add their file to rule_files" if name in self._world.records else ""
            return Reason("rule-missing", f"{name} is recorded by no rule: {where}", hint or self._closest(name))
        if self._world.had(name):
            last = self._world.query(f"last_over_time({_of(name)}[{duration(HISTORY)}])")
            if last:
                return self._lost(name, last)
        return self._never(name, matchers)

    def _recorded(self, name: str, live: Sequence[LiveRule], depth: int) -> Reason:
        failing = next((rule for rule in live if rule.health == "err"), None)
        if failing is not None:
            return Reason("rule-failing", f"the rule that records {name} fails: {failing.error}")
        if all(rule.health == "unknown" for rule in live):
            return Reason(
                "rule-young", f"the rule that records {name} has not been evaluated yet", "wait for its interval"
            )
        tree = tree_of(live[0].expr)
        if tree is None or depth >= _DEEPEST:
            return Reason("unexplained", f"the rule that records {name} gives nothing")
        reason = self.check(tree, depth + 1)
        if reason is None:
            return Reason("rule-young", f"the inputs of {name} have just appeared", "wait for its next evaluation")
        if reason.message.startswith(f"{name} records nothing"):
            return reason  # it reads itself
        return replace(reason, message=f"{name} records nothing: {reason.message}")

    def _lost(self, name: str, last: Sequence[Sample]) -> Reason:
        """Of a name whose series ended within the last day: what became of its target."""
        one = last[0].labels
        targets = [
            target
            for target in self._world.targets or ()
            if target.labels.get("job") == one.get("job") and target.labels.get("instance") == one.get("instance")
        ]
        if targets and targets[0].health == "down":
            return _of_target(targets[0], name)
        # `timestamp` of a function's result is the time of the query; a sample's own needs a subquery.
        times = self._world.query(f"max(max_over_time(timestamp({_of(name)})[{duration(HISTORY)}:1m]))")
        ago = f", last seen {duration(60 * max(1, round((self._world.at - times[0].value) / 60)))} ago" if times else ""
        if targets:
            message = f"{name} is no longer exposed by {targets[0].name}, which is up{ago}"
            return Reason("metric-gone", message, self._closest(name))
        if self._world.targets is None:
            return Reason("metric-gone", f"{name} has no series now{ago}", self._closest(name))
        message = f"{name} came from {shown(one)}, which is no longer a target{ago}"
        return Reason("target-missing", message, "add its target to scrape_configs")

    def _never(self, name: str, matchers: Sequence[nodes.Matcher]) -> Reason:
        """Of a name without series in the last day: the target that would expose it, or that nothing does."""
        exposed = metrics.exposed_by(name)
        exporters = {metric.exporter for metric in exposed}
        down = self._down([one for one in matchers if one.name in ("job", "instance")])
        if down is not None:
            return _of_target(down, name)
        # Another target of the same exporter that is up would have exposed it.
        up = next((each for each in self._up(matchers) if exporters & _exporters_of(each.labels.get("job", ""))), None)
        if up is not None:
            return _not_exposed(name, up, exposed)
        for target in self._world.targets or ():
            if target.health == "down" and exporters & _exporters_of(target.labels.get("job", "")):
                return _of_target(target, name)
        jobs = sorted(job for job in scraped.EXPORTERS if exporters & _exporters_of(job))
        there = {target.labels.get("job", "") for target in self._world.targets or ()}
        if exporters and self._world.targets is not None and not there & set(jobs):
            message = f"{name} is exposed by {either(sorted(exporters))}, and no target scrapes that"
            return Reason("target-missing", message, f"add it to scrape_configs as job {either(jobs)}" if jobs else "")
        return Reason("metric-unknown", f"no series was named {name} within the last day", self._closest(name))

    def _up(self, matchers: Sequence[nodes.Matcher]) -> Iterator[Target]:
        """Targets that are up and whose labels the matchers select."""
        for target in self._world.targets or ():
            own = [one for one in matchers if one.name in target.labels]
            if target.health == "up" and all(_accepts(one, target.labels[one.name]) for one in own):
                yield target

    def _closest(self, name: str) -> str:
        others = sorted(self._world.names - {name})
        found = difflib.get_close_matches(name, others, n=1, cutoff=_CLOSE)
        return f"did you mean `{found[0]}`?" if found else ""


def _fine(message: str) -> Reason:
    return Reason("nothing-to-report", message, fine=True)


def _unexplained(tree: nodes.Expr) -> Reason:
    return Reason("unexplained", f"`{_short(tree)}` gives nothing although its parts have data")


def _of_target(target: Target, what: str) -> Reason:
    message = f"{what} comes from {target.name}, which is down: {target.error or 'not scraped yet'}"
    return Reason("target-down", message, "start the exporter, or correct its address in scrape_configs")


def _not_exposed(name: str, target: Target, exposed: Sequence[Metric]) -> Reason:
    """Of a metric that a running exporter is known to expose, and does not: on another page, optional, or gone."""
    job = target.labels.get("job", "")
    own = [metric for metric in exposed if metric.exporter in _exporters_of(job)]
    parts = urlsplit(target.url)
    pages = scraped.pages(job, (parts.path, parse_qs(parts.query))) or frozenset()
    recorded = listed(sorted({one for metric in own for one in metric.on}))
    if not any(page.shows(metric) for page in pages for metric in own):
        message = f"{target.name} is up, but {name} is on another page of {own[0].exporter}, recorded on {recorded}"
        return Reason("target-missing", message, "scrape that page too")
    if all(metric.on for metric in own):
        message = (
            f"{target.name} is up and has no {name}, which {own[0].exporter} exposes only where there is something to"
            f" measure: it was recorded on {recorded}"
        )
        return Reason("nothing-to-report", message, fine=True)
    versions = f"{own[0].first} to {own[0].last}" if own[0].first != own[0].last else own[0].first
    message = f"{target.name} is up and does not expose {name}, which was recorded of {own[0].exporter} {versions}"
    return Reason("metric-unknown", message, "compare the exporter's version and its options")


def _of(name: str, matchers: Sequence[nodes.Matcher] = ()) -> str:
    """A selector of a metric with some matchers."""
    inside = ",".join(matcher(one) for one in matchers)
    if not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name):
        return f"{{__name__={quoted(name)}{',' if inside else ''}{inside}}}"
    return f"{name}{{{inside}}}" if inside else name


def _listed(matchers: Sequence[nodes.Matcher]) -> str:
    return listed([matcher(one) for one in matchers])


def _accepts(one: nodes.Matcher, value: str) -> bool:
    match one.op:
        case nodes.MatchOp.Equal:
            return one.value == value
        case nodes.MatchOp.NotEqual:
            return one.value != value
        case _:
            found = re2.fullmatch(one.value, value) is not None
            return found is (one.op == nodes.MatchOp.Re)


def _short(tree: nodes.Expr, most: int = 70) -> str:
    text = render(tree)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _is_constant(tree: nodes.Expr) -> bool:
    """Whether an expression selects no series: `vector(0)`."""
    return not any(isinstance(part, nodes.VectorSelector) for part in every(tree))


def is_filter(tree: nodes.Expr) -> bool:
    """Whether a node is a comparison that drops series."""
    return (
        isinstance(tree, nodes.BinaryExpr)
        and str(tree.op) in _COMPARISONS
        and not (tree.modifier and tree.modifier.return_bool)
        and not (is_scalar(tree.lhs) and is_scalar(tree.rhs))
    )


def _with_bool(tree: nodes.BinaryExpr) -> str:
    """A comparison that keeps every pair."""
    return f"{render(tree.lhs)} {tree.op} bool {tree.modifier or ''} {render(tree.rhs)}"


def _relaxed(tree: nodes.Expr) -> str:
    """A query whose comparisons keep every series, and whose exceptions exclude none: empty only if labels differ."""

    def instead(node: nodes.Expr) -> str | None:
        if is_filter(node) and isinstance(node, nodes.BinaryExpr):
            modifier = node.modifier or ""
            return f"({render(node.lhs, instead)} {node.op} bool {modifier} {render(node.rhs, instead)})"
        if isinstance(node, nodes.BinaryExpr) and str(node.op) == "unless":
            return f"({render(node.lhs, instead)})"
        return None

    return render(tree, instead)


def _exporters_of(job: str) -> frozenset[str]:
    return scraped.EXPORTERS.get(job, frozenset())
