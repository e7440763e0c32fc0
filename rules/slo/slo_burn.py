"""Error budgets that go too fast: multi-window, multi-burn-rate alerts on availability and latency.

The windows and factors are those of Google's SRE workbook (https://sre.google/workbook/alerting-on-slos/, table 5-8)
for a promise over 30 days, with the pair of a day that the Kubernetes mixin adds. A factor of 14.4 over an hour uses
2 % of a month's budget, 6 over six hours 5 %, 3 over a day and 1 over three days 10 %; the shorter window, a twelfth of
the longer, ends the alert soon after the trouble ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns.paging import by_urgency, quietly
from boxwatch.rules.slo import slo, slo_burn_proofs
from boxwatch.rules.slo.slo import AT_LEAST, FAST, MOST, SLOW, Burn
from boxwatch.topology.model import Topology

ID = "slo_burn"

_MINUTE, _HOUR = 60, 3600
_BY = names.BY_SERVICE


@dataclass(frozen=True, slots=True)
class _Words:
    """How the alerts on one promise are worded."""

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
        "Dashboard *Service*: do all replicas run, did one restart, was there a deployment just before?",
    ),
    (
        "It began with a deployment: roll back in Coolify.",
        "502 or 503: start or redeploy the replica that is gone.",
        "500: follow the service's log; often the database or the cache is the cause.",
    ),
)
_LATENCY = _Words(
    slo.LATENCY,
    "Latency",
    "take longer than promised",
    "latency",
    (
        "Dashboard *Traefik*, panel *Latency*: half of the requests, or just the slowest?",
        "Dashboard *Service*: CPU at its limit, memory near its budget, replicas missing?",
    ),
    (
        "It began with a deployment: roll back in Coolify.",
        "CPU is at its limit: raise it, or add a replica where the server has room.",
        "PostgreSQL, Redis or Elasticsearch is slow: it has a dashboard of its own.",
    ),
)


def subject(topology: Topology) -> Subject | None:
    """Alerts on error budgets; None where there are no requests or no promises."""
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
    """Any pair of windows in which the budget goes so fast, and more than a few requests of the longer one count."""
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
    # Of a promise below 93.1 % a factor of 14.4 would be more than all requests, and the alert could never fire.
    return f"clamp_max({pair.factor:g} * (1 - {part.objective}), {MOST:g})"


def _fast(topology: Topology, words: _Words) -> tuple[Alert, Alert]:
    name = f"{words.name}BudgetBurnsFast"
    wait = topology.alerts.wait(name, 2 * _MINUTE)
    text = f"of the requests to {{}} on {{}} {words.are}: the error budget of a month is gone in days."
    fires, silent = slo_burn_proofs.cases(topology, wait, words.part, FAST, text)
    return by_urgency(
        Alert(
            alert=name,
            expr=_burns(words.part, FAST),
            wait=wait,
            severity="critical",
            summary=f"The error budget for {words.noun} will be gone in days.",
            description=_description(text),
            runbook=Runbook(
                meaning=f"So many requests {words.are} that the month's budget lasts two days (the pair of an hour) or "
                "five (the pair of six hours). It is still so in the last minutes.",
                first_look=(_burn_panel(words), *words.look),
                action=words.act,
                false_alarms=_false_alarms(words),
            ),
            fires=fires,
            silent=silent,
            dashboard="slo",
            panel=f"How fast the {words.noun} budget goes",
        ),
        warning_fires=quietly(fires),
        warning_silent=quietly(silent),
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
        summary=f"The error budget for {words.noun} will not last the month.",
        description=_description(text),
        runbook=Runbook(
            meaning=f"For a day or three, more requests {words.are} than the objective lets. Nobody has to get up for "
            "it; when the budget is gone, what was promised is broken.",
            first_look=(_burn_panel(words), *words.look),
            action=(
                *words.act,
                "Nothing to repair: the promise is too high for this service. Lower it in the topology, knowingly.",
            ),
            false_alarms=_false_alarms(words),
        ),
        fires=fires,
        silent=silent,
        dashboard="slo",
        panel=f"How fast the {words.noun} budget goes",
    )


def _description(text: str) -> str:
    return "{{ $value | humanizePercentage }} " + text.format("{{ $labels.service }}", "{{ $labels.server }}")


def _burn_panel(words: _Words) -> str:
    return f"Dashboard *SLO*, panel *How fast the {words.noun} budget goes*: since when, and is it over?"


def _false_alarms(words: _Words) -> str:
    few = f"None for want of traffic: more than {AT_LEAST} requests of the longer window have to count."
    if words is _LATENCY:
        return f"{few} Long polling, server-sent events and WebSockets count as slow requests."
    return f"{few} A health check from outside that asks for what is broken on purpose counts."
