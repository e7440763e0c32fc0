"""A second server beside each case of an alert, on which the alert fires.

So silence is never that of an alert that is dead, and a join that forgets the server lets one server's state speak for
the other's: what keeps the case silent is not so there. Beside a firing case of an alert that exists in two severities
stands the other severity.

Left alone are cases that must be silent throughout, alerts that reckon with the time of day (`time()`), because a
neighbour may have to be moved in time, and what carries no server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from boxwatch.rules.model import Alert, Case, Expected, Series

_FAR = "far-"
_SERVER = re.compile(r'\bserver="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Pair:
    """A case and what fires beside it.

    Attributes:
        case: the case with its neighbour's series, looked at when both are due.
        expects: each alert that must fire, with the alert whose it is.
    """

    case: Case
    expects: tuple[tuple[Alert, Expected], ...]


def pair(alert: Alert, case: Case, namesakes: tuple[Alert, ...]) -> Pair:
    """A case of an alert with its neighbour; namesakes are all alerts of the same name."""
    own = tuple((alert, one) for one in case.expects)
    chosen = _chosen(alert, case, namesakes)
    if chosen is None:
        return Pair(case, own)
    other = chosen.fires[0]
    at = max(case.at, other.at)
    series = (*_later(case, at), *(replace(one, series=_far(one.series)) for one in _later(other, at)))
    beside = tuple((chosen, _expected(one)) for one in other.expects)
    return Pair(replace(case, series=series, at=at), (*own, *beside))


def _chosen(alert: Alert, case: Case, namesakes: tuple[Alert, ...]) -> Alert | None:
    """The alert whose first firing case stands beside a case; None when none can."""
    others = [one for one in namesakes if one.severity != alert.severity]
    chosen = alert if not case.expects else others[0] if others else None
    if chosen is None or case.throughout or any("time()" in one.expr for one in namesakes):
        return None
    other = chosen.fires[0]
    if other.series == case.series:
        # The same input looked at before it fires: nothing new, and it can share a test with the later look.
        return None
    if other.interval != case.interval or not all("server" in one.labels for one in other.expects):
        return None
    return chosen if all(_SERVER.search(one.series) for one in other.series) else None


def _later(case: Case, at: int) -> tuple[Series, ...]:
    """The series of a case, moved so that it is due at a later time."""
    steps = (at - case.at) // case.interval
    return tuple(replace(one, values=f"_x{steps} {one.values}") for one in case.series) if steps else case.series


def _far(series: str) -> str:
    return _SERVER.sub(rf'server="{_FAR}\1"', series)


def _expected(one: Expected) -> Expected:
    server = one.labels["server"]
    return Expected(
        {**one.labels, "server": _FAR + server}, re.sub(rf"\b{re.escape(server)}\b", _FAR + server, one.description)
    )
