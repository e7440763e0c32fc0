"""Requests that find no route, that belong to nothing planned, or whose time cannot be held against the promise."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Measured, Record, Runbook, Sample, Series, Subject
from boxwatch.rules.patterns.fragments import TRAEFIK, expr
from boxwatch.rules.proofs.fixtures import Fixtures, flat, of_service, series, steps
from boxwatch.rules.requests import requests
from boxwatch.topology.model import Topology

ID = "traefik_routes"

_MINUTE, _HOUR = 60, 3600
# Requests a second from which the alerts fire, unless the topology says otherwise.
UNROUTED_RATE = 1
UNPLANNED_RATE = 0.1
# For counters: a spacing of which no sample is on the edge of a window of five minutes.
_UNEVEN = 40


def subject(topology: Topology) -> Subject | None:
    """Alerts on routes; None where no Traefik is scraped."""
    if not requests.scraped(topology):
        return None
    untimed = (_untimed(topology),) if requests.promised(topology) else ()
    return Subject(
        id=ID,
        title="Routes",
        groups=(
            Group(name="traefik-routes-rates", rules=(_unrouted(),)),
            Group(name="traefik-routes", rules=(_lost(topology), _outside(topology), *untimed)),
        ),
        measured=_measured(topology),
        reads=("requests",),
    )


def _unrouted() -> Record:
    """Requests that Traefik itself answers with 404."""
    by = names.BY_SERVER
    entry, service = (f"traefik_{level}_requests_total" for level in ("entrypoint", "service"))
    return Record(
        record=names.SERVER_REQUESTS_UNROUTED,
        # The entry point also counts a service's own 404s, which are subtracted. Where no service ever answered 404,
        # there is nothing to subtract.
        expr=expr(f"""
            clamp_min(
              sum by ({by}) (rate({entry}{{{TRAEFIK},code="404"}}[5m]))
              - on ({by}) (
                sum by ({by}) (rate({service}{{{TRAEFIK},code="404"}}[5m]))
                or on ({by})
                0 * max by ({by}) (traefik_config_last_reload_success{{{TRAEFIK}}})
              ),
              0
            )
        """),
        doc="Requests per second without a route, which Traefik itself answers with 404.",
    )


def _measured(topology: Topology) -> tuple[Measured, ...]:
    """A burst almost five minutes ago: as many requests as the samples of the window span seconds, times a number."""
    span = 300 // _UNEVEN * _UNEVEN
    fixtures = Fixtures(length=20 * _MINUTE, thresholds=topology.thresholds, interval=_UNEVEN)
    at = fixtures.count * _UNEVEN
    before = fixtures.count - span // _UNEVEN

    def counter(level: str, per_second: int, code: str = "404", server: str = "main", **labels: str) -> Series:
        values = steps((90000, before + 1), (90000 + per_second * span, fixtures.count - before))
        of = {"job": names.JOB_TRAEFIK, "code": code, "server": server, "method": "GET", **labels}
        return fixtures.scraped(f"traefik_{level}_requests_total", values, **of)

    reloaded = "traefik_config_last_reload_success"
    parts = (
        *(
            fixtures.scraped(reloaded, flat(9, fixtures.count), job=names.JOB_TRAEFIK, server=f"{server}")
            for server in ("main", "second", "third", "fourth")
        ),
        counter("entrypoint", 6, entrypoint="https"),
        counter("entrypoint", 2, entrypoint="http"),
        counter("entrypoint", 64, "200", entrypoint="https"),
        counter("service", 1, service="a@docker"),
        counter("service", 4, service="b@docker"),
        counter("service", 32, "200", service="a@docker"),
        # No service ever answered 404 there.
        counter("entrypoint", 7, entrypoint="https", server="second"),
        # The parts of one scrape do not fit together.
        counter("entrypoint", 1, entrypoint="https", server="third"),
        counter("service", 2, service="a@docker", server="third"),
        # And no 404 at all.
        counter("entrypoint", 2, "200", entrypoint="https", server="fourth"),
    )
    return (
        Measured(
            title="404s of the services themselves do not count as unrouted",
            # Rounded, because rate() extrapolates.
            expr=f"round({names.SERVER_REQUESTS_UNROUTED}, 0.001)",
            at=at,
            samples=tuple(
                Sample({"server": server}, value) for server, value in (("main", 3), ("second", 7), ("third", 0))
            ),
            series=parts,
            interval=_UNEVEN,
        ),
    )


def _lost(topology: Topology) -> Alert:
    name = "TraefikRequestsWithoutRoute"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    rate = topology.alerts.threshold(name, UNROUTED_RATE)
    interval = 60
    at = max(-(-wait // interval), 1) * interval
    fixtures = Fixtures(length=at, thresholds=topology.thresholds, interval=interval)

    def lost(per_second: float, server: str = "main") -> Series:
        return series(names.SERVER_REQUESTS_UNROUTED, flat(per_second, fixtures.count), server=server)

    return Alert(
        alert=name,
        expr=f"{names.SERVER_REQUESTS_UNROUTED} > {rate:.10g}",
        wait=wait,
        severity="info",
        summary="Many requests find no route.",
        description='{{ printf "%.3g" $value }} requests a second on {{ $labels.server }} find no route.',
        runbook=Runbook(
            meaning="Traefik answers these requests with 404. Most come from scanners that guess names and paths; "
            "but a service whose route is gone, because its container is unhealthy or its domain changed, looks "
            "the same.",
            first_look=("Did *ServiceRequestsGone* fire? Then one of your services has lost its route.",),
            action=(
                "A service lost its route: redeploy it in Coolify and look at its health check.",
                "Scanners: nothing to do.",
            ),
            false_alarms="Scanners. The alert does not page; it gives context on the dashboard during an outage.",
        ),
        threshold=rate,
        threshold_source="requests per second; an estimate, not a measurement, of a rate that scanners rarely reach",
        fires=(
            fixtures.fires(
                "fires on the server with too many, not on one at the rate",
                (lost(rate * 1.1), lost(rate, "second")),
                at,
                Expected({"server": "main"}, f"{rate * 1.1:.3g} requests a second on main find no route."),
            ),
        ),
        silent=(fixtures.silent("stays silent at just the rate", (lost(rate),), at),),
        dashboard="traefik",
        panel="Requests without a route",
    )


def _outside(topology: Topology) -> Alert:
    name = "RequestsOutsidePlan"
    wait = topology.alerts.wait(name, _HOUR)
    rate = topology.alerts.threshold(name, UNPLANNED_RATE)
    interval = 300
    at = max(-(-wait // interval), 1) * interval
    fixtures = Fixtures(length=at, thresholds=topology.thresholds, interval=interval)

    def through(router: str, per_second: float, server: str = "main") -> Series:
        values = flat(per_second, fixtures.count)
        return series(names.ROUTER_REQUESTS_UNPLANNED, values, server=server, router=router)

    text = "Requests through {} on main belong to no planned service: {} a second."
    return Alert(
        alert=name,
        expr=f"{names.ROUTER_REQUESTS_UNPLANNED} > {rate:.10g}",
        wait=wait,
        severity="info",
        summary="Requests belong to no planned service.",
        description="Requests through {{ $labels.router }} on {{ $labels.server }} belong to no planned service:"
        ' {{ printf "%.3g" $value }} a second.',
        runbook=Runbook(
            meaning="Traefik routes requests to something that the topology does not plan on this server, or does not "
            "recognise. No alert covers its errors and latency.",
            first_look=(
                (
                    "The router's name: the 24 letters after `https-0-` are the resource's uuid in Coolify, and part "
                    "of the address of its page there."
                ),
                "Has Coolify been unreachable for a day (*CoolifyUnreachable*)? Then no uuid is known.",
            ),
            action=(
                "It belongs to a planned service whose resource has another name: correct `containers` of the service.",
                "It is one of several services of a compose resource: name it in `routers` of its service.",
                "It is not planned: add it to the topology, or remove it.",
            ),
            false_alarms="Coolify's own interface, if it has a domain (`coolify@file`): name that in `routers` of the "
            "service coolify. Previews of pull requests.",
        ),
        threshold=rate,
        threshold_source="requests per second; six a minute, more than an external health check makes",
        fires=(
            fixtures.fires(
                "fires for the router with too many, not for one at the rate",
                (through("x@file", rate * 1.1), through("y@file", rate), through("x@file", rate, "second")),
                at,
                Expected({"server": "main", "router": "x@file"}, text.format("x@file", f"{rate * 1.1:.3g}")),
            ),
        ),
        silent=(fixtures.silent("stays silent at just the rate", (through("x@file", rate),), at),),
        dashboard="traefik",
        panel="Requests outside the plan",
    )


def _untimed(topology: Topology) -> Alert:
    name = "ServiceLatencyUnmeasured"
    wait = topology.alerts.wait(name, 30 * _MINUTE)
    interval = 300
    at = max(-(-wait // interval), 1) * interval
    fixtures = Fixtures(length=at, thresholds=topology.thresholds, interval=interval)

    def service(
        name: str = "web", server: str = "main", *, promised: bool = True, timed: bool = False, requests: float = 1
    ) -> tuple[Series, ...]:
        of = {"server": server, "service": name}
        return (
            series(names.SERVICE_REQUESTS, flat(requests, fixtures.count), **of),
            *(fixtures.constant(names.SERVICE_LATENCY_WITHIN, 2, **of, le=le) for le in ("2", "2.0") if promised),
            *((series(names.SERVICE_REQUESTS_SLOW, flat(0, fixtures.count), **of),) if timed else ()),
        )

    return Alert(
        alert=name,
        expr=expr(f"""
            max by ({names.BY_SERVICE}) ({names.SERVICE_LATENCY_WITHIN})
            and on ({names.BY_SERVICE}) {names.SERVICE_REQUESTS} > 0
            unless on ({names.BY_SERVICE}) {names.SERVICE_REQUESTS_SLOW}
        """),
        wait=wait,
        severity="warning",
        summary="A service's latency objective cannot be measured.",
        description="The latency objective of {{ $labels.service }} on {{ $labels.server }} is"
        " {{ $value | humanizeDuration }}, and Traefik's histogram has no such bucket.",
        runbook=Runbook(
            meaning="The service's latency objective is no bucket bound of Traefik's histogram, so requests that "
            "meet it cannot be counted. The latency alerts cannot fire.",
            first_look=(
                "Prometheus: `count by (le) (traefik_service_request_duration_seconds_bucket)` shows the bounds.",
            ),
            action=(
                (
                    "Set `latency_buckets` in the topology to Traefik's bounds, and `objectives.latency_within` to one "
                    "of them."
                ),
                (
                    "Or add the bound to Traefik: `--metrics.prometheus.buckets=0.1,0.3,1.2,5` with yours among them "
                    "(docs/exporters/traefik.md)."
                ),
            ),
            false_alarms="None known.",
        ),
        fires=(
            fixtures.fires(
                (
                    "fires for the service without a bucket, not for those with one, without an objective or without "
                    "requests"
                ),
                (
                    *service(),
                    *service("api", timed=True),
                    *service("admin", promised=False),
                    *service("docs", requests=0),
                    *service("web", "second", timed=True),
                ),
                at,
                Expected(
                    of_service(),
                    "The latency objective of web on main is 2s, and Traefik's histogram has no such bucket.",
                ),
            ),
        ),
        silent=(
            fixtures.silent("stays silent where the bucket exists", service(timed=True), at),
            fixtures.silent("stays silent without an objective", service(promised=False), at),
            fixtures.silent("stays silent without requests", service(requests=0), at),
        ),
        dashboard="traefik",
        panel="Slow requests",
    )
