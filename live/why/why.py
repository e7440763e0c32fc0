"""Why an alert does not fire at some time: the state of each of its rules, and the parts of the expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boxwatch.errors import BoxwatchError
from boxwatch.live.absence import World
from boxwatch.live.samples import Labels, LiveRule, Sample, Series
from boxwatch.live.why.trace import Step, Tracer, cause
from boxwatch.promql.parse import parse
from boxwatch.promql.render import duration, quoted
from boxwatch.topology.wording import did_you_mean

# Evaluations that are looked at for the time since when an expression is true, beyond `for`.
_BEFORE = 20
_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of an alert whose expression is true.

    Attributes:
        labels: labels of the expression's result.
        value: its value.
        since: when the expression became true, in seconds since 1970; as far as was looked back.
        state: `firing`, or `pending` while `for` is not over.
        recorded: what Prometheus recorded in ALERTS at that time; empty if nothing.
    """

    labels: Labels
    value: float
    since: float
    state: str
    recorded: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one rule.

    Attributes:
        rule: the rule.
        loaded: whether the server has loaded it.
        at: the time, in seconds since 1970.
        step: its expression, part by part.
        instances: where the expression is true.
        cause: why it is nowhere true; empty if it is.
    """

    rule: LiveRule
    loaded: bool
    at: float
    step: Step
    instances: tuple[Instance, ...]
    cause: str

    @property
    def state(self) -> str:
        """`firing`, `pending` or `false`."""
        states = {each.recorded or each.state for each in self.instances}
        return "firing" if "firing" in states else "pending" if states else "false"


def rules_named(world: World, name: str, others: Sequence[LiveRule]) -> tuple[tuple[LiveRule, float, bool], ...]:
    """(rule, seconds between its evaluations, whether it is loaded) of every alert of this name.

    Args:
        world: the server.
        name: the alert's name.
        others: rules that may not be loaded.

    Raises:
        BoxwatchError: no rule has this name.
    """
    live = [
        (rule, group.interval, True)
        for group in world.groups or ()
        for rule in group.rules
        if rule.kind == "alert" and rule.name == name
    ]
    found = live or [(rule, 0.0, False) for rule in others if rule.name == name]
    if not found:
        known = {rule.name for group in world.groups or () for rule in group.rules if rule.kind == "alert"}
        hint = did_you_mean(name, known | {rule.name for rule in others})
        raise BoxwatchError(f"no alert is named {name}{f' ({hint})' if hint else ''}")
    return tuple(found)


def why(world: World, rule: tuple[LiveRule, float, bool], labels: Labels, *, expand: bool = False) -> Answer:
    """The answer for one rule at the world's time.

    Args:
        world: the server and the time.
        rule: as `rules_named` returns it.
        labels: only instances with these labels.
        expand: follow recorded series into their rules.

    Raises:
        BoxwatchError: the expression is invalid, or Prometheus rejects it.
    """
    live, interval, loaded = rule
    try:
        tree = parse(live.expr)
    except ValueError as error:
        raise BoxwatchError(f"alert {live.name}: the expression does not parse: {error}") from error
    # Labels that the rule sets are no labels of its expression.
    asked = {name: value for name, value in labels.items() if name not in live.labels}
    step = Tracer(world, asked, expand=expand).trace(tree)
    instances = _instances(world, live, interval or world.scrape or 60, step) if step.holds else ()
    return Answer(live, loaded, world.at, step, instances, cause(step))


def _instances(world: World, rule: LiveRule, interval: float, step: Step) -> tuple[Instance, ...]:
    """The true instances with the time since when they are, from evaluations at the rule's interval."""
    width = max(interval, (rule.wait + _BEFORE * interval) / _POINTS)
    count = int((rule.wait + _BEFORE * interval) // width)
    series = world.source.query_range(rule.expr, world.at - count * width, world.at, width)
    recorded = world.query(f"ALERTS{{alertname={quoted(rule.name)}}}")
    return tuple(_instance(each, series, recorded, rule, (world.at, width)) for each in step.samples)


def _instance(
    sample: Sample, series: Sequence[Series], recorded: Sequence[Sample], rule: LiveRule, times: tuple[float, float]
) -> Instance:
    at, width = times
    own = next((each for each in series if each.labels == sample.labels), None)
    since = at
    for moment, _ in reversed(own.points if own else ()):
        if since - moment > 1.5 * width:
            break
        since = moment
    labels = {name: value for name, value in sample.labels.items() if name != "__name__"} | dict(rule.labels)
    state = next(
        (
            each.labels.get("alertstate", "")
            for each in recorded
            if all(each.labels.get(name, value) == value for name, value in labels.items() if "{{" not in value)
        ),
        "",
    )
    return Instance(sample.labels, sample.value, since, "firing" if at - since >= rule.wait else "pending", state)


def waiting(answer: Answer, instance: Instance) -> str:
    """How long an instance has been true, of how long it has to be."""
    been = duration(max(1.0, round(answer.at - instance.since)))
    if instance.state == "firing":
        # It is not looked for the beginning of what has lasted long enough.
        return f"true for at least {been}"
    return f"true for {been} of {duration(answer.rule.wait)}"
