"""Requests of a service: they fail, they are slow, or they have stopped coming."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Record, Runbook, Subject
from boxwatch.rules.patterns.fragments import TRAEFIK, expr
from boxwatch.rules.patterns.paging import by_urgency, quietly
from boxwatch.rules.requests import requests, requests_expected_proofs, service_requests_proofs
from boxwatch.topology.model import Topology

ID = "service_requests"

_MINUTE, _HOUR = 60, 3600
_WINDOW = 300  # seconds that the rates look back
_BY = names.BY_SERVICE

# The shares from which the alerts fire, unless the topology says otherwise.
FAILED_SHARE = 0.05
SLOW_SHARE = 0.25
STOPPED_SHARE = 0.05
# As many in five minutes, or a share of them says nothing: a night has three requests, and one client retries.
FAILED_AT_LEAST = 10
SLOW_AT_LEAST = 20
# Requests a second of what is expected to have requests all the time: thirty in five minutes.
STEADY = 0.1


def subject(topology: Topology) -> Subject | None:
    """Alerts on the requests of the planned services; None where no Traefik is scraped."""
    if not requests.scraped(topology):
        return None
    # Nothing is slow that was promised to nobody.
    slow = (_slow(topology),) if requests.promised(topology) else ()
    return Subject(
        id=ID,
        title="Requests of the services",
        groups=(
            Group(name="service-requests-expected", rules=(_expected(),)),
            Group(name="service-requests", rules=(*_failing(topology), *slow, *_gone(topology))),
        ),
        measured=requests_expected_proofs.measured(topology, STEADY),
        reads=("requests",),
    )


def _share(part: str, share: float, at_least: int) -> str:
    """A share of all requests that is too large, and more than a few of them in five minutes."""
    return expr(f"""
        {part} / on ({_BY}) {names.SERVICE_REQUESTS} > {share:.10g}
        and on ({_BY}) {part} * {_WINDOW} > {at_least}
    """)


def _expected() -> Record:
    # The hour around this time yesterday, and around this time a week ago.
    yesterday = f"min_over_time({names.SERVICE_REQUESTS}[1h] offset 23h30m)"
    last_week = f"min_over_time({names.SERVICE_REQUESTS}[1h] offset 167h30m)"
    told = (f"{names.SERVICE_ROUTERS} > 0", names.UUID_SERVICE)
    owners = " or ".join(f"max by ({names.SERVICE}) ({one})" for one in told)
    return Record(
        record=names.SERVICE_REQUESTS_EXPECTED,
        # The fewest of an hour, so that bursts are not taken for steady requests; a week ago only where that is known.
        # Nothing is expected while Traefik shows no metrics, while it is not known whose requests are whose, and of
        # what is parked.
        expr=expr(f"""
            {yesterday} > {STEADY}
            unless on ({_BY}) {last_week} <= {STEADY}
            and on ({_BY}) {names.SERVICE_REPLICAS_DESIRED} > 0
            and on ({names.BY_SERVER}) traefik_config_last_reload_success{{{TRAEFIK}}}
            and on ({names.SERVICE}) ({owners})
        """),
        doc="The fewest requests a second around this time yesterday, where the service has some all the time.",
    )


def _failing(topology: Topology) -> tuple[Alert, Alert]:
    name = "ServiceErrorsHigh"
    wait = topology.alerts.wait(name, 5 * _MINUTE)
    share = topology.alerts.threshold(name, FAILED_SHARE)
    proofs = service_requests_proofs.failing(topology, wait, share, FAILED_AT_LEAST)
    return by_urgency(
        Alert(
            alert=name,
            expr=_share(names.SERVICE_REQUEST_ERRORS, share, FAILED_AT_LEAST),
            wait=wait,
            severity="critical",
            summary="Many requests to a service fail.",
            description="{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} on"
            " {{ $labels.server }} fail with a 5xx.",
            runbook=Runbook(
                meaning="Users see errors now. The service answers with 5xx, or Traefik does for it: 502 when the "
                "container refuses the connection, 503 when no container is left, 504 when it does not answer in time.",
                first_look=(
                    "Dashboard *Traefik*, panel *Requests by code*: 500 is the service's own, 502 to 504 Traefik's.",
                    "Dashboard *Service*: do all replicas run, did one restart, was there a deployment just before?",
                    "The service's log in Coolify, from the minute in which it began.",
                ),
                action=(
                    "It began with a deployment: roll back in Coolify.",
                    "502 or 503: start or redeploy the replica that is gone.",
                    "500: follow the log; often the database or the cache is the cause, which has alerts of its own.",
                ),
                false_alarms=f"None at night for want of traffic: more than {FAILED_AT_LEAST} requests have to fail "
                "within five minutes. A health check from outside that asks for what is broken on purpose counts.",
            ),
            threshold=share,
            threshold_source="ten times what the default objective of 99.5 % lets fail: a month's budget is gone in"
            " three days",
            fires=proofs.fires,
            silent=proofs.silent,
            dashboard="traefik",
            panel="Failed requests",
        ),
        warning_fires=quietly(proofs.fires),
        warning_silent=quietly(proofs.silent),
    )


def _slow(topology: Topology) -> Alert:
    name = "ServiceLatencyHigh"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    share = topology.alerts.threshold(name, SLOW_SHARE)
    proofs = service_requests_proofs.slow(topology, wait, share, SLOW_AT_LEAST)
    return Alert(
        alert=name,
        expr=_share(names.SERVICE_REQUESTS_SLOW, share, SLOW_AT_LEAST),
        wait=wait,
        severity="warning",
        summary="Many requests to a service are slow.",
        description="{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} on"
        " {{ $labels.server }} take longer than its objective allows.",
        runbook=Runbook(
            meaning="Users wait. The time is that until the whole answer was sent, so a slow client counts a little, "
            "and a long download much. Whether it uses up the error budget is told by *LatencyBudgetBurnsFast*.",
            first_look=(
                "Dashboard *Traefik*, panel *Latency*: half of the requests, or just the slowest?",
                "Dashboard *Service*: CPU at its limit, memory near its budget, replicas missing?",
                "PostgreSQL, Redis and Elasticsearch: slow services mostly wait for one of these.",
            ),
            action=(
                "It began with a deployment: roll back in Coolify.",
                "CPU is at its limit: raise it, or add a replica where the server has room.",
                (
                    "Answers are long by nature (exports, streams, WebSockets): give them a service of their own, or "
                    "raise `objectives.latency_within` of this one to another of `latency_buckets`."
                ),
            ),
            false_alarms="Services with long polling, server-sent events or WebSockets: Traefik counts the whole "
            "connection as one request.",
        ),
        threshold=share,
        threshold_source="five times what the default objective of 95 % lets be slow, so that a quarter of the users"
        " notice",
        fires=proofs.fires,
        silent=proofs.silent,
        dashboard="traefik",
        panel="Slow requests",
    )


def _gone(topology: Topology) -> tuple[Alert, Alert]:
    name = "ServiceRequestsGone"
    # After a day without requests there is nothing to compare with any more.
    wait = min(topology.alerts.wait(name, 10 * _MINUTE), 12 * _HOUR)
    share = topology.alerts.threshold(name, STOPPED_SHARE)
    proofs = service_requests_proofs.gone(topology, wait, share)
    expected = names.SERVICE_REQUESTS_EXPECTED
    return by_urgency(
        Alert(
            alert=name,
            # When the router goes, so do its series: what is not there is gone too.
            expr=expr(f"""
                {expected}
                unless on ({_BY}) {names.SERVICE_REQUESTS} >= on ({_BY}) {share:.10g} * {expected}
            """),
            wait=wait,
            severity="critical",
            summary="A service gets no requests at a time at which it always has some.",
            description="Requests to {{ $labels.service }} on {{ $labels.server }} have stopped; at this time yesterday"
            ' there were never fewer than {{ printf "%.3g" $value }} a second.',
            runbook=Runbook(
                meaning="Nobody reaches the service, and no 5xx tells of it: a router that is gone answers 404, a "
                "domain that points elsewhere or a closed firewall answers nothing.",
                first_look=(
                    "Open the public URL. 404 in Traefik's plain text means that the route is gone.",
                    "Dashboard *Traefik*, panel *Requests without a route*: did 404s rise as the requests fell?",
                    "`docker ps`: is the container running and healthy? Traefik routes to no unhealthy one.",
                ),
                action=(
                    "The container is unhealthy or gone: redeploy it, and look at its health check.",
                    "The domain was changed in Coolify: correct it and redeploy.",
                    "Other services have no requests either: look at DNS, the firewall and the provider.",
                ),
                false_alarms="A public holiday on a weekday, the hour in which clocks change, a campaign that ended, "
                "or a service that was given up; park that with `replicas: 0`.",
            ),
            threshold=share,
            threshold_source="what the health checks from outside are left with; steady is more than thirty requests in"
            " five minutes, so that chance alone does not get there",
            fires=proofs.fires,
            silent=proofs.silent,
            dashboard="traefik",
            panel="Requests",
        ),
        warning_fires=quietly(proofs.fires),
        warning_silent=quietly(proofs.silent),
    )
