"""Error budgets that burn too fast: multi-window, multi-burn-rate alerts on availability and latency.

The windows and factors are those of Google's SRE workbook (https://sre.google/workbook/alerting-on-slos/, table 5-8)
for an objective over 30 days, with the one-day pair that the Kubernetes mixin adds. A factor of 14.4 over an hour uses
2 % of a month's budget, 6 over six hours 5 %, 3 over a day and 1 over three days 10 %; the shorter window, a twelfth of
the longer, lets the alert resolve soon after the problem ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns.consequence import after, errors_high
from boxwatch.rules.patterns.paging import by_paging, non_paging
from boxwatch.rules.slo import slo, slo_burn_proofs
from boxwatch.rules.slo.slo import AT_LEAST, FAST, MOST, SLOW, Burn
from boxwatch.topology.model import Topology

ID = "slo_burn"

_MINUTE, _HOUR = 60, 3600
_BY = names.BY_SERVICE


@dataclass(frozen=True, slots=True)
class _Words:
    """The wording of the alerts on one objective."""

    part: slo.Part
    name: str
    are: str
    noun: str
    look: tuple[str, ...]
    act: tuple[str, ...]


_AVAILABILITY = _Words(
    slo.AVAILABILITY,
    "Availability",
    "fail with a 5xx",
    "availability",
    (
        "Dashboard *Traefik*, panel *Requests by code*: 500 is the service's own, 502 to 504 Traefik's.",
        "Dashboard *Service*: do all replicas run? Did one restart? Was there a deployment just before?",
    ),
    (
        "It began with a deployment: roll back in Coolify.",
        "502 or 503: start or redeploy the missing replica.",
        "500: follow the service's log; often its database or cache is the cause.",
    ),
)
_LATENCY = _Words(
    slo.LATENCY,
    "Latency",
    "take longer than the objective allows",
    "latency",
    (
        "Dashboard *Traefik*, panel *Latency*: is the median slow, or only the slowest requests?",
        "Dashboard *Service*: CPU at its limit, memory near its budget, replicas missing?",
    ),
    (
        "It began with a deployment: roll back in Coolify.",
        "CPU is at its limit: raise it, or add a replica where the server has room.",
        "PostgreSQL, Redis or Elasticsearch is slow: see its dashboard.",
    ),
)


def subject(topology: Topology) -> Subject | None:
    """Alerts on error budgets; None without a scraped Traefik or without objectives."""
    if not slo.promised(topology):
        return None
    return Subject(
        id=ID,
        title="Error budgets",
        groups=(
            Group(
                name="slo-burn",
                rules=tuple(
                    alert
                    for words in (_AVAILABILITY, _LATENCY)
                    for alert in (*_fast(topology, words), _slowly(topology, words))
                ),
            ),
        ),
        reads=("slo",),
    )


def _burns(part: slo.Part, pairs: tuple[Burn, ...]) -> str:
    """PromQL: pairs of windows that both exceed the burn rate, with more than a few bad requests in the longer one."""
    return "\nor\n".join(
        f"(\n"
        f"  {part.ratio}{pair.long} > on ({_BY}) {_limit(part, pair)}\n"
        f"  and on ({_BY}) {part.ratio}{pair.short} > on ({_BY}) {_limit(part, pair)}\n"
        f"  and on ({_BY}) {part.count}{pair.long} > {AT_LEAST}\n"
        f")"
        for pair in pairs
    )


def _limit(part: slo.Part, pair: Burn) -> str:
    if pair.factor == 1:
        return f"(1 - {part.objective})"
    # Below an objective of 93.1 % a factor of 14.4 exceeds all requests, and the alert could never fire.
    return f"clamp_max({pair.factor:g} * (1 - {part.objective}), {MOST:g})"


def _fast(topology: Topology, words: _Words) -> tuple[Alert, Alert]:
    name = f"{words.name}BudgetBurnsFast"
    # A service that fails for many is *ServiceErrorsHigh*, which is told first.
    usual = 2 * _MINUTE
    first = after(topology, errors_high(topology), usual) if words is _AVAILABILITY else usual
    wait = topology.alerts.wait(name, first)
    text = f"of the requests to {{}} on {{}} {words.are}: the month's error budget lasts only days."
    fires, silent = slo_burn_proofs.cases(topology, wait, words.part, FAST, text)
    return by_paging(
        Alert(
            alert=name,
            expr=_burns(words.part, FAST),
            wait=wait,
            severity="critical",
            summary=f"The {words.noun} error budget is burning fast.",
            description=_description(text),
            runbook=Runbook(
                meaning=f"So many requests {words.are} that the month's budget lasts two days (one-hour pair) or five "
                "(six-hour pair), in the last minutes too.",
                first_look=(_burn_panel(words), *words.look),
                action=words.act,
                false_alarms=_false_alarms(words),
            ),
            fires=fires,
            silent=silent,
            dashboard="slo",
            panel=_panel(words),
        ),
        warning_fires=non_paging(fires),
        warning_silent=non_paging(silent),
    )


def _slowly(topology: Topology, words: _Words) -> Alert:
    name = f"{words.name}BudgetBurnsSlowly"
    wait = topology.alerts.wait(name, _HOUR)
    text = f"of the requests to {{}} on {{}} {words.are}: the error budget will not last the month."
    fires, silent = slo_burn_proofs.cases(topology, wait, words.part, SLOW, text)
    return Alert(
        alert=name,
        expr=_burns(words.part, SLOW),
        wait=wait,
        severity="warning",
        summary=f"The {words.noun} error budget will not last the month.",
        description=_description(text),
        runbook=Runbook(
            meaning=f"For one to three days more requests {words.are} than the objective allows. It can wait until "
            "morning, but once the budget is used up, the objective is missed.",
            first_look=(_burn_panel(words), *words.look),
            action=(
                *words.act,
                (
                    "Nothing to repair: the objective is too high for this service. Lower it in the topology, "
                    "deliberately."
                ),
            ),
            false_alarms=_false_alarms(words),
        ),
        fires=fires,
        silent=silent,
        dashboard="slo",
        panel=_panel(words),
    )


def _description(text: str) -> str:
    return "{{ $value | humanizePercentage }} " + text.format("{{ $labels.service }}", "{{ $labels.server }}")


def _panel(words: _Words) -> str:
    return f"{words.noun.capitalize()} burn rate"


def _burn_panel(words: _Words) -> str:
    return f"Dashboard *SLO*, panel *{_panel(words)}*: since when, and is it still burning?"


def _false_alarms(words: _Words) -> str:
    few = f"None from low traffic: more than {AT_LEAST} bad requests in the longer window are required."
    if words is _LATENCY:
        return f"{few} Long polling, server-sent events and WebSockets count as slow requests."
    return f"{few} External checks that request a deliberate error count."
