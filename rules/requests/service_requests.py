"""Requests of a service: failing, slow, or stopped."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Record, Runbook, Subject
from boxwatch.rules.patterns import consequence
from boxwatch.rules.patterns.fragments import TRAEFIK, expr
from boxwatch.rules.patterns.paging import by_paging, non_paging
from boxwatch.rules.requests import requests, requests_expected_proofs, service_requests_proofs
from boxwatch.topology.model import Topology

ID = "service_requests"

_MINUTE, _HOUR = 60, 3600
WINDOW = 300  # seconds that the rates look back
_BY = names.BY_SERVICE

# Default thresholds.
FAILED_SHARE = 0.05
SLOW_SHARE = 0.25
STOPPED_SHARE = 0.05
# Minimum within five minutes; below it a share means nothing, such as one client's retries among three at night.
FAILED_AT_LEAST = 10
SLOW_AT_LEAST = 20
# Requests per second above which a service counts as steady: thirty in five minutes.
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
    """PromQL: too large a share of all requests, and more than a minimum number within five minutes."""
    return expr(f"""
        {part} / on ({_BY}) {names.SERVICE_REQUESTS} > {share:.10g}
        and on ({_BY}) {part} * {WINDOW} > {at_least}
    """)


def _expected() -> Record:
    # The hour around this time yesterday, and around this time a week ago.
    yesterday = f"min_over_time({names.SERVICE_REQUESTS}[1h] offset 23h30m)"
    last_week = f"min_over_time({names.SERVICE_REQUESTS}[1h] offset 167h30m)"
    sources = (f"{names.SERVICE_ROUTERS} > 0", names.UUID_SERVICE)
    owners = " or ".join(f"max by ({names.SERVICE}) ({one})" for one in sources)
    return Record(
        record=names.SERVICE_REQUESTS_EXPECTED,
        # The hour's minimum, so that bursts do not pass for steady requests; last week's only where it is known. No
        # requests are expected while Traefik exposes no metrics, while their owners are unknown, or of parked services.
        expr=expr(f"""
            {yesterday} > {STEADY}
            unless on ({_BY}) {last_week} <= {STEADY}
            and on ({_BY}) {names.SERVICE_REPLICAS_DESIRED} > 0
            and on ({names.BY_SERVER}) traefik_config_last_reload_success{{{TRAEFIK}}}
            and on ({names.SERVICE}) ({owners})
        """),
        doc="The minimum of requests per second around this time yesterday, for services with steady requests.",
    )


def _failing(topology: Topology) -> tuple[Alert, Alert]:
    name = "ServiceErrorsHigh"
    wait = consequence.errors_high(topology)
    share = topology.alerts.threshold(name, FAILED_SHARE)
    proofs = service_requests_proofs.failing(topology, wait, share, FAILED_AT_LEAST)
    return by_paging(
        Alert(
            alert=name,
            expr=_share(names.SERVICE_REQUEST_ERRORS, share, FAILED_AT_LEAST),
            wait=wait,
            severity="critical",
            summary="Many requests to a service fail.",
            description="{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} on"
            " {{ $labels.server }} fail with a 5xx.",
            runbook=Runbook(
                meaning="Users see errors now. The service answers with 5xx, or Traefik does on its behalf: 502 when "
                "the container refuses the connection, 503 when no container is left, 504 when it does not answer "
                "in time.",
                first_look=(
                    "Dashboard *Traefik*, panel *Requests by code*: 500 is the service's own, 502 to 504 Traefik's.",
                    "Dashboard *Service*: do all replicas run? Did one restart? Was there a deployment just before?",
                    "The service's log in Coolify, from the minute it began.",
                ),
                action=(
                    "It began with a deployment: roll back in Coolify.",
                    "502 or 503: start or redeploy the missing replica.",
                    "500: follow the log; often the cause is the database or cache, which has its own alerts.",
                ),
                false_alarms=f"None from low traffic: more than {FAILED_AT_LEAST} requests must fail within five "
                "minutes. External checks that request a deliberate error count.",
            ),
            threshold=share,
            threshold_source="ten times the default objective's error budget (99.5 %): a month's budget lasts three"
            " days",
            fires=proofs.fires,
            silent=proofs.silent,
            dashboard="traefik",
            panel="Failed requests",
        ),
        warning_fires=non_paging(proofs.fires),
        warning_silent=non_paging(proofs.silent),
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
            meaning="Users wait. Traefik measures until the whole answer is sent, so slow clients add a little, and "
            "long downloads a lot. *LatencyBudgetBurnsFast* fires when the error budget is at stake.",
            first_look=(
                "Dashboard *Traefik*, panel *Latency*: is the median slow, or only the slowest requests?",
                "Dashboard *Service*: CPU at its limit, memory near its budget, replicas missing?",
                "PostgreSQL, Redis and Elasticsearch: slow services usually wait for one of these.",
            ),
            action=(
                "It began with a deployment: roll back in Coolify.",
                "CPU is at its limit: raise it, or add a replica where the server has room.",
                (
                    "Long answers by nature (exports, streams, WebSockets): give them a service of their own, or raise "
                    "`objectives.latency_within` to another of `latency_buckets`."
                ),
            ),
            false_alarms="Services with long polling, server-sent events or WebSockets: Traefik counts the whole "
            "connection as one request.",
        ),
        threshold=share,
        threshold_source="five times the default objective's budget of slow requests (95 %), so a quarter of the users"
        " notice",
        fires=proofs.fires,
        silent=proofs.silent,
        dashboard="traefik",
        panel="Slow requests",
    )


def _gone(topology: Topology) -> tuple[Alert, Alert]:
    name = "ServiceRequestsGone"
    # After a day without requests there is nothing left to compare with.
    wait = min(topology.alerts.wait(name, 10 * _MINUTE), 12 * _HOUR)
    share = topology.alerts.threshold(name, STOPPED_SHARE)
    proofs = service_requests_proofs.gone(topology, wait, share)
    expected = names.SERVICE_REQUESTS_EXPECTED
    return by_paging(
        Alert(
            alert=name,
            # A removed router takes its series along, so absent counts as stopped.
            expr=expr(f"""
                {expected}
                unless on ({_BY}) {names.SERVICE_REQUESTS} >= on ({_BY}) {share:.10g} * {expected}
            """),
            wait=wait,
            severity="critical",
            summary="A service's requests have nearly or entirely stopped.",
            description="Requests to {{ $labels.service }} on {{ $labels.server }} have nearly or entirely stopped; at"
            ' this time yesterday there were at least {{ printf "%.3g" $value }} a second.',
            runbook=Runbook(
                meaning="Hardly any request reaches the service, and no 5xx shows it: a missing route answers 404, a "
                "wrong DNS record or a closed firewall gives no answer from this server.",
                first_look=(
                    "Open the public URL. Traefik's plain-text 404 means that the route is gone.",
                    "Dashboard *Traefik*, panel *Requests without a route*: did 404s rise as the requests fell?",
                    "`docker ps`: is the container running and healthy? Traefik skips unhealthy ones.",
                ),
                action=(
                    "Container unhealthy or gone: redeploy it, and look at its health check.",
                    "Domain changed in Coolify: correct it and redeploy.",
                    "Other services have no requests either: check DNS, the firewall and the provider.",
                ),
                false_alarms="A public holiday on a weekday, a clock change, the end of a campaign, or a retired "
                "service: park that with `replicas: 0`.",
            ),
            threshold=share,
            threshold_source="the share left by external health checks; steady means more than thirty requests in five"
            " minutes, so chance alone does not reach it",
            fires=proofs.fires,
            silent=proofs.silent,
            dashboard="traefik",
            panel="Requests",
        ),
        warning_fires=non_paging(proofs.fires),
        warning_silent=non_paging(proofs.silent),
    )
