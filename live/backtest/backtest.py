"""When alerts would have fired on the history that a Prometheus holds."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from boxwatch.errors import BoxwatchError, PublishError
from boxwatch.exporters.coolify import names as coolify
from boxwatch.live.backtest import inline, thresholds
from boxwatch.live.backtest.history import Grid, chunks, present
from boxwatch.live.backtest.machine import Firing, Machine
from boxwatch.live.backtest.rules import AlertRule, Rules
from boxwatch.live.backtest.state_file import StateFile
from boxwatch.live.samples import Labels
from boxwatch.live.source import Prometheus
from boxwatch.promql.parse import parse
from boxwatch.rules import names

# (percent done, 100).
Watch = Callable[[int, int], None]
# Points at which the history is looked at for recorded series, and for gaps.
_LOOKS = 200
_DEPLOY_STEP = 60.0
# Of cAdvisor, without our recording rules.
_STARTED = "container_start_time_seconds"
# Labels that deployments and alerts may share.
_SHARED = ("server", "service", "resource", "project", "environment", "application")
# Seconds between the end of a deployment, or the start of a container, and an alert that may be due to it.
NEAR = 900.0


@dataclass(frozen=True, slots=True)
class Trial:
    """Another value of a threshold, and what it would have meant.

    Attributes:
        comparison: the comparison in which it stands.
        value: the value; the rule's own if `own`.
        own: whether it is the rule's own value.
        fired: how often the alert would have fired.
        seconds: for how long in all.
    """

    comparison: str
    value: float
    own: bool
    fired: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one alert.

    Attributes:
        rule: the alert.
        firings: when it would have fired.
        near: for each firing, whether something was deployed shortly before.
        pending: how often it was true for less than `for`; `longest` is the longest of these, in seconds.
        expanded: recorded series that the history lacks, replaced by their expressions.
        problem: why it could not be evaluated; empty if it could.
        trials: other thresholds.
    """

    rule: AlertRule
    firings: tuple[Firing, ...] = ()
    near: tuple[bool, ...] = ()
    pending: int = 0
    longest: float = 0
    expanded: tuple[str, ...] = ()
    problem: str = ""
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a backtest.

    Attributes:
        start, end: the time range, in seconds since 1970.
        covered: share of it in which Prometheus had any target.
        deploys: number of deployments in it; None if no metric counts them.
        outcomes: one for each alert.
    """

    start: float
    end: float
    covered: float
    deploys: int | None
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Alerts that could not be evaluated."""
        return tuple(each for each in self.outcomes if each.problem)


@dataclass(frozen=True, slots=True)
class _Deploy:
    at: float
    labels: Labels


class Backtest:
    """A backtest on one server."""

    def __init__(self, source: Prometheus, rules: Rules, state: StateFile, start: float, end: float) -> None:
        """Nothing is asked yet."""
        self._source, self._rules, self._state = source, rules, state
        self._start, self._end = state.start(start, end)
        self._gaps: dict[tuple[float, float], frozenset[int]] = {}

    def run(self, alerts: Sequence[AlertRule], watch: Watch, *, trials: bool = False) -> Result:
        """Evaluate alerts, several at a time.

        Args:
            alerts: those of the rules that are asked about.
            watch: notified of the progress.
            trials: also try other thresholds.

        Raises:
            PublishError: the server cannot be reached.
        """
        looks = Grid(self._start, (self._end - self._start) / _LOOKS, _LOOKS + 1)
        alive = present(self._source, "count(up)", looks)
        grids = [self._grid(rule) for rule in alerts]
        for grid in dict.fromkeys(grids):
            # Rules are not evaluated while Prometheus does not run.
            every = frozenset(range(grid.count))
            self._gaps[grid.start, grid.interval] = every - present(self._source, "count(up)", grid)
        lacking = self._lacking(alerts, looks)
        total = sum(grid.count for grid in grids)
        done = 0

        def count(number: int) -> None:
            nonlocal done
            done += number
            watch(round(100 * done / max(total, 1)), 100)

        try:
            found = tuple(self._source.each(lambda rule: self._outcome(rule, lacking, count, trials=trials), alerts))
        finally:
            self._state.write()
        deploys = self._deploys()
        outcomes = tuple(
            replace(each, near=tuple(_is_near(firing, deploys or ()) for firing in each.firings)) for each in found
        )
        self._state.remove()
        covered = len(alive) / looks.count
        return Result(self._start, self._end, covered, None if deploys is None else len(deploys), outcomes)

    def _grid(self, rule: AlertRule) -> Grid:
        # What was pending at the start has been so for at most `for`, and what fires for at most as long as it is kept.
        before = rule.wait + rule.keep + rule.interval
        return Grid.of(rule.interval, rule.phase, self._start - before, self._end)

    def _lacking(self, alerts: Sequence[AlertRule], looks: Grid) -> frozenset[str]:
        """The recorded series that alerts read and that the history lacks at a time at which their inputs exist."""
        needed: set[str] = set()
        for rule in alerts:
            try:
                needed |= inline.used(rule.expr, self._rules.records)
            except ValueError:
                continue  # said where the alert is evaluated
        lacking: frozenset[str] = frozenset()
        for level in inline.levels(needed, self._rules.records):
            # What a rule reads is judged before it, so that nothing is expanded that the history has.
            found = self._source.each(functools.partial(self._is_lacking, looks=looks, lacking=lacking), level)
            lacking |= {name for name, absent in zip(level, found, strict=True) if absent}
        return lacking

    def _is_lacking(self, name: str, *, looks: Grid, lacking: frozenset[str]) -> bool:
        there = present(self._source, f"count({name})", looks)
        if len(there) == looks.count:
            return False
        try:
            text = inline.expand(name, self._rules.records, {*lacking, name})
            possible = present(self._source, f"count({text})", looks)
        except (BoxwatchError, ValueError):
            return False
        # A rule's first result may be an evaluation later than its inputs.
        return len(possible - there) > 1

    def _outcome(
        self, rule: AlertRule, lacking: frozenset[str], count: Callable[[int], None], *, trials: bool
    ) -> Outcome:
        grid = self._grid(rule)
        outcome = Outcome(rule)
        try:
            tree = parse(rule.expr)
            expanded = inline.used(rule.expr, self._rules.records) & lacking
            text = inline.expand(rule.expr, self._rules.records, expanded) if expanded else rule.expr
            machine = self._machine(rule, text, grid, count)
            outcome = self._of(rule, machine, tuple(sorted(expanded)))
            if trials:
                found: list[Trial] = []
                for threshold in thresholds.thresholds(tree):
                    found += self._trials(rule, threshold, expanded, outcome)
                outcome = replace(outcome, trials=tuple(found))
        except PublishError:
            raise
        except (BoxwatchError, ValueError) as error:
            return replace(outcome, problem=str(error))
        return outcome

    def _of(self, rule: AlertRule, machine: Machine, expanded: tuple[str, ...]) -> Outcome:
        """Without what was over before the time range began."""
        kept = tuple(each for each in machine.end() if each.end is None or each.end > self._start)
        return Outcome(rule, kept, (), machine.pending, machine.longest, expanded)

    def _machine(
        self, rule: AlertRule, expr: str, grid: Grid, count: Callable[[int], None] = lambda _: None
    ) -> Machine:
        title = "\0".join((expr, *(f"{each:g}" for each in (rule.wait, rule.keep, grid.interval, grid.start))))
        key = hashlib.sha256(title.encode()).hexdigest()[:16]
        machine, first = self._state.machine(key, rule.wait, rule.keep)
        count(first)
        gaps = self._gaps[grid.start, grid.interval]
        for chunk in chunks(self._source, expr, grid, first):
            numbers = [number for number in range(chunk.first, chunk.following) if number not in gaps]
            places = {number: place for place, number in enumerate(numbers)}
            series = [
                (labels, {places[number]: value for number, value in values.items() if number in places})
                for labels, values in chunk.series
            ]
            machine.run([grid.at(number) for number in numbers], series)
            self._state.keep(key, machine, chunk.following)
            count(chunk.following - chunk.first)
        return machine

    def _trials(
        self, rule: AlertRule, threshold: thresholds.Threshold, expanded: frozenset[str], own: Outcome
    ) -> Iterator[Trial]:
        values = sorted({threshold.value, *(threshold.value * share for share in thresholds.SHARES)})
        for value in values:
            if value == threshold.value:
                outcome = own
            else:
                text = thresholds.replaced(parse(rule.expr), threshold, value)
                full = inline.expand(text, self._rules.records, expanded) if expanded else text
                outcome = self._of(rule, self._machine(rule, full, self._grid(rule)), ())
            lasted = sum(length(each, self._end) for each in outcome.firings)
            yield Trial(threshold.shown, value, value == threshold.value, len(outcome.firings), lasted)

    def _deploys(self) -> tuple[_Deploy, ...] | None:
        """Ends of deployments in Coolify, and starts of containers; None if there are no metrics of either."""
        step = max(_DEPLOY_STEP, (self._end - self._start) / 10_000)
        found: dict[tuple[float, frozenset[tuple[str, str]]], None] = {}
        known = False
        for name in (str(coolify.DEPLOYMENT_FINISHED), names.CONTAINER_START_TIME, _STARTED):
            series = self._source.query_range(name, self._start, self._end, step)
            known = known or bool(series)
            for each in series:
                labels = frozenset((key, each.labels[key]) for key in _SHARED if key in each.labels)
                for value in {value for _, value in each.points}:
                    if self._start < value <= self._end:
                        found[value, labels] = None
        return tuple(_Deploy(at, dict(labels)) for at, labels in found) if known else None


def _is_near(firing: Firing, deploys: Sequence[_Deploy]) -> bool:
    """Whether the same service was deployed within a quarter of an hour before the condition, or during `for`."""
    return any(
        firing.active - NEAR <= each.at <= firing.start
        and all(firing.labels.get(name, value) == value for name, value in each.labels.items())
        and bool(each.labels.keys() & firing.labels.keys())
        for each in deploys
    )


def length(firing: Firing, end: float) -> float:
    """Seconds that it fired; until the end of the time range if it still does."""
    return (end if firing.end is None else firing.end) - firing.start
