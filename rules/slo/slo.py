"""Service level objectives: shares of failed and slow requests over many windows, and the error budget left.

An objective of 99.5 % lets 0.5 % of a month's requests fail: the error budget. The windows are those of the burn rate
alerts (boxwatch.rules.slo.slo_burn). Rates are summed, and a ratio is a sum divided by a sum, so that a quiet night has
little weight. Windows of a day and more read a series with samples in one minute of each hour only: thirty days of a
series at full resolution, 86,400 samples every 30 s, would cost more than all other rules together.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Group, Record, Subject
from boxwatch.rules.patterns.fragments import expr
from boxwatch.rules.requests import requests
from boxwatch.rules.slo import slo_proofs
from boxwatch.topology.model import Topology

ID = "slo"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two objectives: its bad requests, and the names of its recorded series."""

    title: str
    rate: str
    hourly: str
    ratio: str
    count: str
    objective: str
    left: str


AVAILABILITY = Part(
    "failed",
    names.SERVICE_REQUEST_ERRORS,
    names.SERVICE_ERRORS_HOURLY,
    names.SERVICE_ERRORS_RATIO,
    names.SERVICE_ERRORS_COUNT,
    names.SERVICE_AVAILABILITY,
    names.SERVICE_AVAILABILITY_LEFT,
)
LATENCY = Part(
    "were slow",
    names.SERVICE_REQUESTS_SLOW,
    names.SERVICE_SLOW_HOURLY,
    names.SERVICE_SLOW_RATIO,
    names.SERVICE_SLOW_COUNT,
    names.SERVICE_LATENCY,
    names.SERVICE_LATENCY_LEFT,
)
PARTS = (AVAILABILITY, LATENCY)


@dataclass(frozen=True, slots=True)
class Burn:
    """A pair of windows, and the burn rate above which it alerts; at a rate of 1 the budget lasts the month exactly."""

    long: str
    short: str
    factor: float


# Windows and factors of the SRE workbook; boxwatch.rules.slo.slo_burn names the source.
FAST = (Burn("1h", "5m", 14.4), Burn("6h", "30m", 6))
SLOW = (Burn("1d", "2h", 3), Burn("3d", "6h", 1))
# Bad requests required in the longer window: at night a few retries of one client are a large share.
AT_LEAST = 20
# Caps the limit, so that the alerts can fire even for a low objective.
MOST = 0.9

SHORT = ("30m", "1h", "2h", "6h")
LONG = ("1d", "3d", "30d")


def subject(topology: Topology) -> Subject | None:
    """The recorded ratios, counts and budgets; None without a scraped Traefik or without objectives."""
    if not promised(topology):
        return None
    # Rates are recorded once per interval, so their sum times the interval is a number of requests.
    interval = topology.scrape_interval
    return Subject(
        id=ID,
        title="Objectives as measured",
        groups=(
            Group(name="slo-hourly", rules=_hourly(interval)),
            Group(name="slo-windows", rules=tuple(record for part in PARTS for record in _windows(part, interval))),
            Group(name="slo-budgets", rules=tuple(map(_left, PARTS))),
        ),
        measured=slo_proofs.measured(topology),
        reads=("requests",),
    )


def promised(topology: Topology) -> bool:
    """Whether there are objectives, and requests to measure them by."""
    return requests.scraped(topology) and requests.promised(topology)


def _hourly(interval: int) -> tuple[Record, ...]:
    found = (
        (names.SERVICE_REQUESTS, names.SERVICE_REQUESTS_HOURLY, "arrived"),
        *((p.rate, p.hourly, p.title) for p in PARTS),
    )
    return tuple(
        Record(
            record=name,
            expr=f"sum_over_time({rate}[1h]) * {interval}\nand on () (minute() == 0)",
            doc=f"Requests of the hour before that {what}; recorded in the first minute of each hour.",
        )
        for rate, name, what in found
    )


def _windows(part: Part, interval: int) -> tuple[Record, ...]:
    def share(window: str, of: str, all_: str) -> Record:
        return Record(
            record=f"{part.ratio}{window}",
            expr=f"sum_over_time({of}[{window}])\n/\n(sum_over_time({all_}[{window}]) > 0)",
            doc=f"Share of the requests of the last {window} that {part.title}.",
        )

    def count(window: str, text: str) -> Record:
        return Record(
            record=f"{part.count}{window}", expr=text, doc=f"Requests of the last {window} that {part.title}."
        )

    # Samples that the recorded minute of each hour holds, inverted.
    samples = f"{interval / 60:.10g}"
    return (
        Record(
            record=f"{part.ratio}5m",
            expr=f"{part.rate} / ({names.SERVICE_REQUESTS} > 0)",
            doc=f"Share of the requests of the last 5m that {part.title}.",
        ),
        *(share(window, part.rate, names.SERVICE_REQUESTS) for window in SHORT),
        *(share(window, part.hourly, names.SERVICE_REQUESTS_HOURLY) for window in LONG),
        *(count(window, f"sum_over_time({part.rate}[{window}]) * {interval}") for window in ("1h", "6h")),
        *(count(window, f"sum_over_time({part.hourly}[{window}]) * {samples}") for window in ("1d", "3d")),
    )


def _left(part: Part) -> Record:
    return Record(
        record=part.left,
        expr=expr(f"""
            1 - {part.ratio}30d / on ({names.BY_SERVICE}) (1 - {part.objective})
        """),
        doc=f"Share of the month's budget for requests that {part.title} still left; below 0 it is overdrawn.",
    )
