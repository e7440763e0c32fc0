"""Proofs of the recorded request rates, behind a Traefik with every kind of router."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, steps
from boxwatch.rules.proofs.traffic import bucket, planned, requests_total, resource_info, rising
from boxwatch.topology.model import Topology

_MINUTE, _HOUR = 60, 3600
_WEB, _API, _NEW = "https-0-w1@docker", "api@file", "https-0-n1@docker"

# A spacing of samples of which none is on the edge of a window of five minutes.
_UNEVEN = 40

_Rows = tuple[tuple[dict[str, str], float], ...]


def measured(topology: Topology, *, promised: bool) -> tuple[Measured, ...]:
    """The proofs of the recorded requests; of those that are slow only where a time was promised."""
    timed = (one for one in _slow(topology) if promised or names.SERVICE_REQUESTS_SLOW not in one.expr)
    return (*_ordinary(topology), *timed, *_without_coolify(topology), *_changed(topology))


def _shows(  # noqa: PLR0913 - a proof has these parts
    title: str, fixtures: Fixtures, parts: tuple[Series, ...], name: str, rows: _Rows, *, at: int = 15 * _MINUTE
) -> Measured:
    return Measured(
        title=title,
        # Rounded, because rate() extrapolates; 0.001 is far below what any case tells apart.
        expr=f"round({name}, 0.001)",
        at=at,
        samples=tuple(Sample(labels=labels, value=value) for labels, value in rows),
        series=parts,
        interval=fixtures.interval,
    )


def _ordinary(topology: Topology) -> tuple[Measured, ...]:
    """Two resources of web, an api that the topology names, two strangers, and a second server."""
    fixtures = Fixtures(length=20 * _MINUTE, thresholds=topology.thresholds)

    def flow(router: str, per_second: float, code: str = "200", /, **labels: str) -> Series:
        return requests_total(fixtures, router, rising(per_second, fixtures), code, **labels)

    parts = (
        *(planned(fixtures, "web", server) for server in ("main", "second")),
        planned(fixtures, "api"),
        # Two accounts of Coolify see the first; what another exporter says of it is nothing to us.
        resource_info(fixtures, "w1", "web"),
        resource_info(fixtures, "w1", "web", account="other"),
        resource_info(fixtures, "w1", "api", job="other"),
        resource_info(fixtures, "w2", "web"),
        resource_info(fixtures, "x9", ""),
        flow(_WEB, 2, uuid="w1"),
        flow(_WEB, 1, uuid="w1", method="POST"),
        flow(_WEB, 0.5, "502", uuid="w1"),
        flow(_WEB, 64, uuid="w1", job="other"),
        flow("http-0-w1@docker", 0.25, "301", uuid="w1"),
        flow("https-0-w2@docker", 4, uuid="w2"),
        flow("https-0-w2@docker", 0.5, "503", uuid="w2"),
        # Named in the topology, which counts before the uuid.
        flow(_API, 8, planned_service="api", uuid="w1"),
        flow(_API, 0, "500", planned_service="api", uuid="w1"),
        flow("https-0-x9@docker", 16, uuid="x9"),
        flow("https-0-x9@docker", 1, "404", uuid="x9"),
        flow("coolify@file", 32),
        flow("other@file", 6, planned_service="api", job="other"),
        flow("https-0-w2-1@docker", 6, uuid="w2", job="other"),
        flow(_WEB, 5, uuid="w1", server="second"),
        # Not planned there.
        flow(_API, 7, planned_service="api", server="second"),
    )
    web, api, far = ({"server": s, "service": n} for s, n in (("main", "web"), ("main", "api"), ("second", "web")))
    title = "{} is that of the planned service, whatever number of routers and resources it has"
    return tuple(
        _shows(title.format(name), fixtures, parts, name, rows)
        for name, rows in {
            names.UUID_SERVICE: (({"uuid": "w1", "service": "web"}, 1), ({"uuid": "w2", "service": "web"}, 1)),
            names.ROUTER_SERVICE: (
                ({**web, "router": _WEB}, 1),
                ({**web, "router": "http-0-w1@docker"}, 1),
                ({**web, "router": "https-0-w2@docker"}, 1),
                ({**api, "router": _API}, 1),
                ({**far, "router": _WEB}, 1),
            ),
            names.CODE_REQUESTS: (
                ({**web, "code": "200"}, 7),
                ({**web, "code": "301"}, 0.25),
                ({**web, "code": "502"}, 0.5),
                ({**web, "code": "503"}, 0.5),
                ({**api, "code": "200"}, 8),
                ({**api, "code": "500"}, 0),
                ({**far, "code": "200"}, 5),
            ),
            names.SERVICE_REQUESTS: ((web, 8.25), (api, 8), (far, 5)),
            names.SERVICE_REQUEST_ERRORS: ((web, 1), (api, 0), (far, 0)),
            names.ROUTER_REQUESTS_UNPLANNED: (
                ({"server": "main", "router": "https-0-x9@docker"}, 17),
                ({"server": "main", "router": "coolify@file"}, 32),
                ({"server": "second", "router": _API}, 7),
            ),
        }.items()
    )


def _slow(topology: Topology) -> tuple[Measured, ...]:
    """The objective of web is at one bucket, that of api at another whose name Prometheus 3 changed."""
    fixtures = Fixtures(length=20 * _MINUTE, thresholds=topology.thresholds)

    def flow(router: str, le: str, per_second: float, /, **labels: str) -> Series:
        return bucket(fixtures, router, le, rising(per_second, fixtures), **labels)

    def within(service: str, value: float, le: str) -> Series:
        return fixtures.constant(names.SERVICE_LATENCY_WITHIN, value, server="main", service=service, le=le)

    web, api = {"uuid": "w1"}, {"planned_service": "api"}
    parts = (
        *(planned(fixtures, service) for service in ("web", "api", "admin")),
        planned(fixtures, "web", "second"),
        resource_info(fixtures, "w1", "web"),
        requests_total(fixtures, _WEB, rising(4, fixtures), **web),
        requests_total(fixtures, "https-1-w1@docker", rising(1, fixtures), **web),
        requests_total(fixtures, _API, rising(4, fixtures), **api),
        requests_total(fixtures, "admin", rising(4, fixtures), planned_service="admin"),
        requests_total(fixtures, _WEB, rising(4, fixtures), **web, server="second"),
        within("web", 1.2, "1.2"),
        within("api", 5, "5"),
        within("api", 5, "5.0"),
        # Of a bound that Traefik does not have.
        within("admin", 0.7, "0.7"),
        flow(_WEB, "0.3", 1, **web),
        flow(_WEB, "1.2", 3, **web),
        flow(_WEB, "1.2", 0.25, **web, code="502"),
        flow(_WEB, "5", 4, **web),
        flow(_WEB, "+Inf", 4, **web),
        flow("https-1-w1@docker", "1.2", 0.5, **web),
        flow("https-1-w1@docker", "+Inf", 0.5, **web),
        flow(_WEB, "+Inf", 0.25, **web, code="502"),
        flow(_WEB, "+Inf", 64, **web, job="other"),
        flow(_API, "1.2", 1, **api),
        # Prometheus was just updated.
        flow(_API, "5", 0.5, **api),
        flow(_API, "5.0", 3, **api),
        flow(_API, "+Inf", 4, **api),
        flow("admin", "1.2", 1, planned_service="admin"),
        flow("admin", "+Inf", 2, planned_service="admin"),
        # Web has no objective on the second server.
        flow(_WEB, "1.2", 1, **web, server="second"),
        flow(_WEB, "+Inf", 2, **web, server="second"),
    )
    of = ({"server": "main", "service": service} for service in ("web", "api", "admin"))
    of_web, of_api, of_admin = of
    far = {**of_web, "server": "second"}
    buckets = (
        (of_web, {"0.3": 1, "1.2": 3.75, "5": 4, "+Inf": 4.75}),
        (of_api, {"1.2": 1, "5": 0.5, "5.0": 3, "+Inf": 4}),
        (of_admin, {"1.2": 1, "+Inf": 2}),
        (far, {"1.2": 1, "+Inf": 2}),
    )
    return (
        _shows(
            "the histogram adds up over routers and codes",
            fixtures,
            parts,
            names.BUCKET_REQUESTS,
            tuple(({**labels, "le": le}, value) for labels, found in buckets for le, value in found.items()),
        ),
        _shows(
            "slow is what took longer than the service's own objective, and unknown without that bucket",
            fixtures,
            parts,
            names.SERVICE_REQUESTS_SLOW,
            ((of_web, 1), (of_api, 0.5)),
        ),
        _shows(
            "nothing is slow when the buckets of one scrape do not fit together",
            fixtures,
            (
                planned(fixtures, "web"),
                requests_total(fixtures, "web", rising(1, fixtures), planned_service="web"),
                within("web", 1.2, "1.2"),
                flow("web", "1.2", 2, planned_service="web"),
                flow("web", "+Inf", 1, planned_service="web"),
            ),
            names.SERVICE_REQUESTS_SLOW,
            ((of_web, 0),),
        ),
    )


def _without_coolify(topology: Topology) -> tuple[Measured, ...]:
    """The Coolify exporter stops after an hour, in whose first half it knew one resource by another name."""
    fixtures = Fixtures(length=27 * _HOUR, thresholds=topology.thresholds, interval=600)
    shown, early = f"{steps((1, 6))} stale", f"{steps((1, 3))} stale"
    late = f"{steps((None, 3), (1, 3))} stale"
    parts = (
        resource_info(fixtures, "w1", "web", shown),
        resource_info(fixtures, "w1", "web", shown, account="other"),
        resource_info(fixtures, "x9", "", shown),
        resource_info(fixtures, "n1", "web", early),
        resource_info(fixtures, "n1", "api", late),
        # Of an account that still answers.
        resource_info(fixtures, "k1", "api", account="third"),
    )
    title, name = "a resource {} after Coolify was last asked", names.UUID_SERVICE
    still = ({"uuid": "k1", "service": "api"}, 1.0)
    known_ = (({"uuid": "w1", "service": "web"}, 1.0), still)
    # Renamed: of two services that are remembered it is one, and not both.
    renamed, one = f'count by (uuid) ({name}{{uuid="n1"}})', (({"uuid": "n1"}, 1.0),)
    return (
        _shows(title.format("is known for a day"), fixtures, parts, f'{name}{{uuid!="n1"}}', known_, at=24 * _HOUR),
        _shows(title.format("has one service"), fixtures, parts, renamed, one, at=24 * _HOUR),
        _shows(title.format("is forgotten a day"), fixtures, parts, name, (still,), at=25 * _HOUR + 600),
    )


def _changed(topology: Topology) -> tuple[Measured, ...]:
    """What was one service's a moment ago and is another's now, and what has just gone."""
    fixtures = Fixtures(length=30 * _MINUTE, thresholds=topology.thresholds, interval=_UNEVEN)
    half = fixtures.count // 2
    change = half * fixtures.interval
    before, after = f"{steps((5, half))} stale", f"{steps((None, half), (6, fixtures.count - half))}"
    parts = (
        *(planned(fixtures, service) for service in ("web", "api")),
        # Renamed in Coolify half-way, so both are remembered.
        resource_info(fixtures, "n1", "api", f"{steps((1, half))} stale"),
        resource_info(fixtures, "n1", "web", steps((None, half), (1, half + 1))),
        # Renamed to what belongs to no planned service: not remembered as web.
        resource_info(fixtures, "o1", "web", f"{steps((1, half))} stale"),
        resource_info(fixtures, "o1", "", steps((None, half), (1, half + 1))),
        resource_info(fixtures, "g1", "web"),
        requests_total(fixtures, _NEW, flat(5, fixtures.count), uuid="n1"),
        # Named in the topology half-way: for five minutes both owners are in the window.
        requests_total(fixtures, _API, before, planned_service="web"),
        requests_total(fixtures, _API, after, planned_service="api"),
        # Their last containers went, and Traefik dropped their series.
        requests_total(fixtures, "gone@file", before, planned_service="web"),
        requests_total(fixtures, "https-0-g1@docker", before, uuid="g1"),
    )
    main = {"server": "main"}

    def owned(title: str, minutes: int, *routers: str) -> Measured:
        rows = tuple(({**main, "router": router}, 1.0) for router in routers)
        look = f"count by (server, router) ({names.ROUTER_SERVICE})"
        return _shows(title, fixtures, parts, look, rows, at=change + minutes * _MINUTE)

    return (
        _shows(
            "a renamed resource is at once the new service's",
            fixtures,
            parts,
            names.UUID_SERVICE,
            (({"uuid": "n1", "service": "web"}, 1), ({"uuid": "g1", "service": "web"}, 1)),
            at=change + 4 * _MINUTE,
        ),
        owned(
            "a router has one owner after that changed, and keeps it for as long as rates look back",
            4,
            _NEW,
            _API,
            "gone@file",
            "https-0-g1@docker",
        ),
        owned("a router that has gone is forgotten", 8, _NEW, _API),
        *_window(topology),
    )


def _window(topology: Topology) -> tuple[Measured, ...]:
    """A burst that ended almost five minutes ago: as many requests as the samples of the window span seconds."""
    fixtures = Fixtures(length=20 * _MINUTE, thresholds=topology.thresholds, interval=_UNEVEN)
    span = 5 * _MINUTE // _UNEVEN * _UNEVEN
    at = fixtures.count * fixtures.interval
    before = fixtures.count - span // _UNEVEN
    burst = steps((9000, before + 1), (9000 + span, fixtures.count - before))
    parts = (
        planned(fixtures, "web"),
        requests_total(fixtures, "web", burst, planned_service="web"),
        bucket(fixtures, "web", "1.2", burst, planned_service="web"),
        requests_total(fixtures, "stranger", burst),
    )
    web = {"server": "main", "service": "web"}
    return tuple(
        _shows(f"{name} looks back for five minutes", fixtures, parts, name, ((labels, 1),), at=at)
        for name, labels in {
            names.CODE_REQUESTS: {**web, "code": "200"},
            names.BUCKET_REQUESTS: {**web, "le": "1.2"},
            names.ROUTER_REQUESTS_UNPLANNED: {"server": "main", "router": "stranger"},
        }.items()
    )
