"""Proofs of the alerts on Traefik itself."""

from __future__ import annotations

from dataclasses import replace

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, steps
from boxwatch.rules.proofs.traffic import due, planned, requests_total
from boxwatch.rules.template_functions import duration, percentage
from boxwatch.topology.model import Topology

_HOUR, _DAY = 3600, 86400
_START = "container_start_time_seconds"
_RELOADED = "traefik_config_last_reload_success"

Cases = tuple[tuple[Case, ...], tuple[Case, ...]]


def blind(topology: Topology, wait: int) -> Cases:
    """Firing and silent cases of metrics that are absent."""
    interval, at = due(wait)
    fixtures = Fixtures(length=at + 20 * interval, thresholds=topology.thresholds, interval=interval)

    def runs(server: str = "main", *, kind: str = "traefik", service: str = "traefik") -> tuple[Series, ...]:
        return (
            *fixtures.service(service, server=server, replicas=1, identified_by="name"),
            planned(fixtures, service, server, kind),
            fixtures.container(
                _START, flat(7, fixtures.count), f"{service}-a", service=service, server=server, resource=""
            ),
        )

    def answers(server: str = "main", up: int = 1) -> Series:
        return fixtures.scraped("up", flat(up, fixtures.count), job=names.JOB_TRAEFIK, server=server)

    def reloaded(values: str = "", server: str = "main", job: str = names.JOB_TRAEFIK) -> Series:
        return fixtures.scraped(_RELOADED, values or flat(1000, fixtures.count), job=job, server=server)

    refused = (
        *runs(),
        *runs(kind="web", service="web"),
        answers(up=0),
        reloaded(job="other"),
        # Its neighbour is fine.
        *runs("second"),
        answers("second"),
        reloaded(server="second"),
        # What is called so elsewhere is no Traefik.
        *runs("third", kind="web"),
        answers("third", up=0),
    )
    text = "Traefik (traefik) runs on {} but exposes no metrics: requests to the server's services are not monitored."
    of = {"server": "main", "service": "traefik"}
    expected = Expected(of, text.format("main"))
    node = fixtures.scraped("up", flat(1, fixtures.count), job=names.JOB_NODE)
    gap = f"{steps((1000, 10), (None, fixtures.steps_of(wait)), (1000, 100))}"
    return (
        fixtures.fires(
            "fires for the Traefik whose metrics are refused, and not for its neighbour", refused, at, expected
        ),
        fixtures.fires("fires when something else answers at its port", (*runs(), answers()), at, expected),
    ), (
        fixtures.silent("stays silent while Traefik exposes its last reload", (*runs(), answers(), reloaded()), at),
        fixtures.silent(
            "stays silent where Traefik is not scraped",
            (*runs(), *runs("second"), answers("second"), reloaded(server="second"), node),
            at,
        ),
        fixtures.silent(
            "stays silent while Traefik does not run, which has its own alert",
            (*runs(kind="web", service="web"), *runs()[:-1], answers(up=0)),
            at,
        ),
        fixtures.never("stays silent through a gap that is a minute too short", (*runs(), answers(), reloaded(gap))),
    )


def stale(topology: Topology, wait: int) -> Cases:
    """Firing and silent cases of a Traefik that does not follow deployments."""
    interval, at = due(wait)
    fixtures = Fixtures(length=at + 20 * interval, thresholds=topology.thresholds, interval=interval)

    def deployed(  # noqa: PLR0913 - what a deployment is known by
        uuid: str, begun: int, *, finished: int = 1, account: str = "main", took: int = 90, server: str = "main"
    ) -> tuple[Series, ...]:
        of = {"job": names.JOB_COOLIFY, coolify.ACCOUNT: account, coolify.UUID: uuid, "server": server}
        values = {
            coolify.DEPLOYMENT_FINISHED: begun + took,
            coolify.DEPLOYMENT_DURATION: took,
        }
        return (
            *(fixtures.scraped(name, flat(value, fixtures.count), **of) for name, value in values.items()),
            fixtures.scraped(coolify.DEPLOYMENT_RESULT, flat(finished, fixtures.count), **of, result="finished"),
            fixtures.scraped(coolify.DEPLOYMENT_RESULT, flat(1 - finished, fixtures.count), **of, result="failed"),
        )

    def routes(uuid: str, server: str = "main", job: str = names.JOB_TRAEFIK) -> tuple[Series, ...]:
        # Two codes and two domains of one resource are one resource.
        return tuple(
            requests_total(
                fixtures,
                f"https-{domain}-{uuid}@docker",
                flat(5, fixtures.count),
                code,
                uuid=uuid,
                server=server,
                job=job,
            )
            for domain, code in ((0, "200"), (0, "404"), (1, "200"))
        )

    def reloaded(when: int, server: str = "main", instance: str = "") -> Series:
        more = {"instance": instance} if instance else {}
        return fixtures.scraped(_RELOADED, flat(when, fixtures.count), job=names.JOB_TRAEFIK, server=server, **more)

    expected = Expected(
        {"server": "main"},
        "Traefik on main has loaded no new configuration since a deployment that requires one.",
    )
    missed = (
        *routes("w1"),
        *routes("w2"),
        *deployed("w1", 5000),
        *deployed("w1", 4900, account="other"),
        *deployed("w2", 4000),
        reloaded(4999),
        reloaded(4998, instance="second:8082"),
        *routes("w3", "second"),
        *deployed("w3", 5000),
        reloaded(5001, "second"),
    )
    fires = fixtures.fires("fires where the last reload is older than a deployment", missed, at, expected)
    silent = (
        fixtures.silent(
            "stays silent when it reloaded while the deployment ran",
            (
                *routes("s1"),
                *deployed("s1", 5000),
                *deployed("s1", 5000, account="other"),
                reloaded(5000),
                reloaded(10, instance="second:8082"),
            ),
            at,
        ),
        fixtures.silent(
            "stays silent for a deployment that failed",
            (
                *routes("s1"),
                *deployed("s1", 5000, finished=0),
                *routes("s2"),
                *deployed("s2", 4000),
                *deployed("s1", 4000, account="other"),
                *deployed("s1", 4000, server="second"),
                # Of another exporter.
                *(
                    replace(one, series=one.series.replace('job="coolify"', 'job="other"'))
                    for one in deployed("s1", 4000)
                ),
                reloaded(4999),
            ),
            at,
        ),
        fixtures.silent(
            "stays silent for a resource without a route",
            (
                *deployed("s1", 5000),
                *routes("s1", job="other"),
                *routes("s2"),
                *deployed("s2", 4000),
                reloaded(4999),
            ),
            at,
        ),
        fixtures.silent("stays silent without Coolify's metrics", (*routes("s1"), reloaded(1)), at),
    )
    # Deployments carry the server that Coolify runs on, whichever server serves them: only the uuid joins the two.
    return (replace(fires, apart=True),), tuple(replace(case, apart=True) for case in silent)


def certificate(topology: Topology, wait: int, least: float) -> Cases:
    """Firing and silent cases of a certificate that is not renewed."""
    interval = 300
    at = max(-(-wait // interval), 1) * interval + 2 * interval
    fixtures = Fixtures(length=at + _HOUR, thresholds=topology.thresholds, interval=interval)
    edge = round(least)

    def until(left: float, serial: str, sans: str = "example.com", server: str = "main") -> Series:
        return fixtures.scraped(
            "traefik_tls_certs_not_after",
            flat(round(at + left), fixtures.count),
            job=names.JOB_TRAEFIK,
            cn=sans,
            sans=sans,
            serial=serial,
            server=server,
        )

    # Below it from the first sample on, because it has to be so for the whole wait.
    below = edge - at - 60
    fires = (
        # The old one of a renewed certificate, an expired one on its own, and one that is fine.
        until(below, "1"),
        until(below - _DAY, "0"),
        until(-_HOUR, "2", "old.example.com"),
        until(edge + 60 * _DAY, "3", "shop.example.com"),
        until(below - 2 * _DAY, "4", "shop.example.com"),
        until(edge + _DAY, "5", server="second"),
    )
    text = "The certificate for {} on main expires in {}."
    return (
        fixtures.fires(
            "fires for what expires soon or has expired, by its newest certificate",
            fires,
            at,
            Expected({"server": "main", "sans": "example.com"}, text.format("example.com", duration(below))),
            Expected({"server": "main", "sans": "old.example.com"}, text.format("old.example.com", "-1h 0m 0s")),
        ),
    ), (
        fixtures.silent("stays silent before the `for` has passed", (until(edge - wait + interval, "1"),), at),
        fixtures.silent("stays silent at the threshold", (until(edge, "1"),), at),
        fixtures.silent(
            "stays silent for the old certificate of a renewed one",
            (until(1, "1"), until(edge + 60 * _DAY, "2")),
            at,
        ),
    )


def files(topology: Topology, wait: int, share: float) -> Cases:
    """Firing and silent cases of a Traefik that runs out of file descriptors."""
    interval, at = due(wait)
    fixtures = Fixtures(length=at + 20 * interval, thresholds=topology.thresholds, interval=interval)
    most = 100_000

    def opened(count: float, server: str = "main", limit: int = most, instance: str = "a:1") -> tuple[Series, ...]:
        return tuple(
            fixtures.scraped(name, flat(value, fixtures.count), job=names.JOB_TRAEFIK, server=server, instance=instance)
            for name, value in (("process_open_fds", round(count)), ("process_max_fds", limit))
        )

    edge = round(share * most)
    text = f"Traefik on main uses {percentage((edge + 1) / most)} of its file descriptors."
    return (
        fixtures.fires(
            "fires for the Traefik that is near its limit, whatever the other's share is",
            (*opened(edge + 1), *opened(edge // 2, instance="b:1"), *opened(edge, "second")),
            at,
            Expected({"server": "main"}, text),
        ),
    ), (fixtures.silent("stays silent at just the share", opened(edge), at),)
