"""What Prometheus answers: samples, series, targets and rules, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boxwatch.topology.wording import visible

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant query, with its value at the time of the query."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a range query: (seconds since 1970, value), in order."""

    labels: Labels
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """An active target.

    Attributes:
        labels: the labels it gives its series, `job` and `instance` among them.
        health: `up`, `down`, or `unknown` before the first scrape.
        error: why the last scrape failed; empty if it did not.
        url: what is scraped.
        interval: seconds between scrapes; 0 if the server does not say.
    """

    labels: Labels
    health: str
    error: str = ""
    url: str = ""
    interval: float = 0

    @property
    def name(self) -> str:
        """`redis (10.0.0.1:9121)`."""
        return f"{self.labels.get('job', '?')} ({self.labels.get('instance', self.url)})"


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """One instance of an alert that is pending or firing; `since` is when its expression became true."""

    labels: Labels
    state: str
    since: str


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A rule that the server has loaded.

    Attributes:
        kind: `alert` or `record`.
        name: the alert, or the recorded series.
        expr: its query.
        wait: seconds of `for`.
        keep: seconds of `keep_firing_for`.
        labels: labels it sets.
        health: `ok`, `err`, or `unknown` before the first evaluation.
        error: why the last evaluation failed.
        active: instances that are pending or firing.
    """

    kind: str
    name: str
    expr: str
    wait: float = 0
    keep: float = 0
    labels: Labels = field(default_factory=dict)
    health: str = "ok"
    error: str = ""
    active: tuple[ActiveAlert, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveGroup:
    """A group of rules that the server has loaded.

    Attributes:
        name: its name.
        file: its file, as the server sees it.
        interval: seconds between evaluations.
        evaluated: seconds since 1970 of the last evaluation's start; 0 before the first.
        rules: in order.
    """

    name: str
    file: str
    interval: float
    evaluated: float
    rules: tuple[LiveRule, ...]


def shown(labels: Labels, most: int = 6) -> str:
    """`{job="redis", server="main"}`, without the metric name; long sets are cut."""
    pairs = [f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__"]
    rest = f", … {len(pairs) - most} more" if len(pairs) > most else ""
    # A label value may hold what a terminal obeys.
    return visible(f"{{{', '.join(pairs[:most])}{rest}}}")
