"""What the recorded requests must come out as, behind a Traefik with a bit of everything."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.world import World, flat, steps
from boxwatch.topology.model import Topology

_MINUTE, _HOUR = 60, 3600
_WEB, _API, _NEW = "https-0-w1@docker", "api@file", "https-0-n1@docker"

_Rows = tuple[tuple[dict[str, str], float], ...]


def counted(world: World, router: str, values: str, code: str = "200", /, **labels: str) -> Series:
    """Traefik's count of the requests through one router, as it is stored."""
    return _traefik(world, "traefik_service_requests_total", values, service=router, code=code, **labels)


def bucket(world: World, router: str, le: str, values: str, /, **labels: str) -> Series:
    """One bucket of Traefik's histogram of one router."""
    metric = "traefik_service_request_duration_seconds_bucket"
    return _traefik(world, metric, values, service=router, le=le, **{"code": "200", **labels})


def known(world: World, uuid: str, service: str, values: str = "", /, **labels: str) -> Series:
    """What the Coolify exporter says of one resource, and what is made of it while scraping."""
    return world.scraped(
        coolify.RESOURCE_INFO,
        values or flat(1, world.count),
        **{
            "job": names.JOB_COOLIFY,
            coolify.ACCOUNT: "main",
            coolify.UUID: uuid,
            coolify.RESOURCE: f"{service}-{uuid}",
            names.SERVICE: service,
            **labels,
        },
    )


def planned(world: World, service: str, server: str = "main") -> Series:
    """The constant that says that a service is planned on a server."""
    return world.constant(names.SERVICE_INFO, 1, server=server, service=service, kind="web")


def rising(per_second: float, world: World) -> str:
    """A counter that rises evenly."""
    return f"0+{per_second * world.interval:g}x{world.count}"


def measured(topology: Topology) -> tuple[Measured, ...]:
    """The proofs of the recorded requests."""
    return (*_ordinary(topology), *_slow(topology), *_without_coolify(topology), *_changed(topology))


def _traefik(world: World, metric: str, values: str, /, **labels: str) -> Series:
    return world.scraped(metric, values, **{"job": names.JOB_TRAEFIK, "method": "GET", "protocol": "http", **labels})


def _shows(  # noqa: PLR0913 - a proof has these parts
    title: str, world: World, parts: tuple[Series, ...], name: str, rows: _Rows, at: int = 15 * _MINUTE
) -> Measured:
    return Measured(
        title=title,
        # Rounded, because rate() extrapolates; 0.001 is far below what any case tells apart.
        expr=f"round({name}, 0.001)",
        at=at,
        samples=tuple(Sample(labels=labels, value=value) for labels, value in rows),
        series=parts,
        interval=world.interval,
    )


def _ordinary(topology: Topology) -> tuple[Measured, ...]:
    """Two resources of web, an api that the topology names, two strangers, and a second server."""
    world = World(length=20 * _MINUTE, thresholds=topology.thresholds)

    def flow(router: str, per_second: float, code: str = "200", /, **labels: str) -> Series:
        return counted(world, router, rising(per_second, world), code, **labels)

    parts = (
        *(planned(world, "web", server) for server in ("main", "second")),
        planned(world, "api"),
        # Two accounts of Coolify see the first; what another exporter says of it is nothing to us.
        known(world, "w1", "web"),
        known(world, "w1", "web", account="other"),
        known(world, "w1", "api", job="other"),
        known(world, "w2", "web"),
        known(world, "x9", ""),
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
        flow(_WEB, 5, uuid="w1", server="second"),
        # Not planned there.
        flow(_API, 7, planned_service="api", server="second"),
    )
    web, api, far = ({"server": s, "service": n} for s, n in (("main", "web"), ("main", "api"), ("second", "web")))
    title = "{} is that of the planned service, whatever number of routers and resources it has"
    return tuple(
        _shows(title.format(name), world, parts, name, rows)
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
    world = World(length=20 * _MINUTE, thresholds=topology.thresholds)

    def flow(router: str, le: str, per_second: float, /, **labels: str) -> Series:
        return bucket(world, router, le, rising(per_second, world), **labels)

    def within(service: str, value: float, le: str) -> Series:
        return world.constant(names.SERVICE_LATENCY_WITHIN, value, server="main", service=service, le=le)

    web, api = {"uuid": "w1"}, {"planned_service": "api"}
    parts = (
        *(planned(world, service) for service in ("web", "api", "admin")),
        *(planned(world, "web", server) for server in ("second",)),
        known(world, "w1", "web"),
        counted(world, _WEB, rising(4, world), **web),
        counted(world, _API, rising(4, world), **api),
        counted(world, "admin", rising(4, world), planned_service="admin"),
        counted(world, _WEB, rising(4, world), **web, server="second"),
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
        flow(_WEB, "+Inf", 0.25, **web, code="502"),
        flow(_WEB, "+Inf", 64, **web, job="other"),
        flow(_API, "1.2", 1, **api),
        flow(_API, "5.0", 3.5, **api),
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
        (of_web, {"0.3": 1, "1.2": 3.25, "5": 4, "+Inf": 4.25}),
        (of_api, {"1.2": 1, "5.0": 3.5, "+Inf": 4}),
        (of_admin, {"1.2": 1, "+Inf": 2}),
        (far, {"1.2": 1, "+Inf": 2}),
    )
    return (
        _shows(
            "the histogram adds up over routers and codes",
            world,
            parts,
            names.BUCKET_REQUESTS,
            tuple(({**labels, "le": le}, value) for labels, found in buckets for le, value in found.items()),
        ),
        _shows(
            "slow is what took longer than the service's own objective, and unknown without that bucket",
            world,
            parts,
            names.SERVICE_REQUESTS_SLOW,
            ((of_web, 1), (of_api, 0.5)),
        ),
        _shows(
            "nothing is slow when the buckets of one scrape do not fit together",
            world,
            (
                planned(world, "web"),
                counted(world, "web", rising(1, world), planned_service="web"),
                within("web", 1.2, "1.2"),
                flow("web", "1.2", 2, planned_service="web"),
                flow("web", "+Inf", 1, planned_service="web"),
            ),
            names.SERVICE_REQUESTS_SLOW,
            ((of_web, 0),),
        ),
    )


def _without_coolify(topology: Topology) -> tuple[Measured, ...]:
    """The Coolify exporter stops after an hour."""
    world = World(length=27 * _HOUR, thresholds=topology.thresholds, interval=600)
    shown = f"{steps((1, 6))} stale"
    parts = (known(world, "w1", "web", shown), known(world, "w1", "web", shown, account="other"))
    owner = (({"uuid": "w1", "service": "web"}, 1.0),)
    name = names.UUID_SERVICE
    return (
        _shows("a resource is known for a day after Coolify was last asked", world, parts, name, owner, 24 * _HOUR),
        _shows("a resource is forgotten after a day", world, parts, name, (), 25 * _HOUR + 600),
    )


def _changed(topology: Topology) -> tuple[Measured, ...]:
    """What was one service's a moment ago and is another's now, and what has just gone."""
    world = World(length=40 * _MINUTE, thresholds=topology.thresholds)
    half = world.count // 2
    per_second = f"0+{world.interval}x{half - 1}"
    parts = (
        *(planned(world, service) for service in ("web", "api")),
        # Renamed in Coolify half-way, so both are remembered.
        known(world, "n1", "api", f"{steps((1, half))} stale"),
        known(world, "n1", "web", steps((None, half), (1, half + 1))),
        counted(world, _NEW, f"{per_second} {half * world.interval}+{world.interval}x{half}", uuid="n1"),
        # Named in the topology half-way: for five minutes both owners are in the window.
        counted(world, _API, f"{per_second} stale", planned_service="web"),
        counted(
            world, _API, f"{steps((None, half))} {half * world.interval}+{world.interval}x{half}", planned_service="api"
        ),
        # Its last container went, and Traefik dropped its series.
        counted(world, "gone@file", f"{per_second} stale", planned_service="web"),
    )
    after = 20 * _MINUTE
    owner = f"count by (server, router) ({names.ROUTER_SERVICE})"
    main = {"server": "main"}
    return (
        _shows(
            "a renamed resource is at once the new service's",
            world,
            parts,
            names.UUID_SERVICE,
            (({"uuid": "n1", "service": "web"}, 1),),
            after + 10 * _MINUTE,
        ),
        _shows(
            "a router whose owner changed has one owner, and one that has gone has it for as long as rates look back",
            world,
            parts,
            owner,
            (
                ({**main, "router": _NEW}, 1),
                ({**main, "router": _API}, 1),
                ({**main, "router": "gone@file"}, 1),
            ),
            after + 2 * _MINUTE,
        ),
        _shows(
            "a router that has gone is forgotten with its requests",
            world,
            parts,
            names.CODE_REQUESTS,
            (
                ({**main, "service": "web", "code": "200"}, 1),
                ({**main, "service": "api", "code": "200"}, 1),
            ),
            after + 10 * _MINUTE,
        ),
    )
