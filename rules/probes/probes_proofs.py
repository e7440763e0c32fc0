"""Proofs of the alerts on public URLs."""

from __future__ import annotations

import math

from boxwatch.rules import names
from boxwatch.rules.model import Case, Expected, Series
from boxwatch.rules.proofs.fixtures import Fixtures, binary, flat, of_service, steps
from boxwatch.rules.template_functions import duration
from boxwatch.topology.model import Topology

_MINUTE = 60
_URL = "https://shop.example.com"
_OTHERS = ({"service": "api"}, {"instance": "https://www.example.com"}, {"server": "other"}, {"job": "other"})

Cases = tuple[tuple[Case, ...], tuple[Case, ...]]


def non_paging(title: str, *, pages: bool) -> str:
    """The title of a case for a service that pages, and of its twin for one that does not."""
    return title if pages else f"{title}, for a service that does not page"


def _probe(fixtures: Fixtures, metric: str, values: str, /, **labels: str) -> Series:
    return fixtures.scraped(metric, values, **{"job": names.JOB_PROBE, "instance": _URL, "service": "web", **labels})


def _answered_once(fixtures: Fixtures, **labels: str) -> tuple[Series, ...]:
    """What is remembered of a URL that has answered."""
    of = {"server": "main", "service": "web", "instance": _URL, **{k: v for k, v in labels.items() if k != "job"}}
    return (
        (fixtures.constant(names.PROBE_WORKED, 1, **of),)
        if labels.get("job", names.JOB_PROBE) == names.JOB_PROBE
        else ()
    )


def never(topology: Topology, wait: int) -> Cases:
    """Cases of a URL that has never answered, and of those that have."""
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def answers(value: float, **labels: str) -> Series:
        return _probe(fixtures, "probe_success", flat(value, fixtures.count), **labels)

    others = tuple(one for other in _OTHERS[:3] for one in _answered_once(fixtures, **other))
    fires = (
        fixtures.fires(
            "fires for the URL that has never answered, not for those that do or did",
            (answers(0), *(answers(0, **other) for other in _OTHERS), *others),
            late,
            _about("has never answered the prober."),
        ),
    )
    silent = (
        fixtures.silent(
            "stays silent while one of two probers gets an answer", (answers(0), answers(1, prober="b")), late
        ),
        fixtures.silent(
            "stays silent where it answered once, which is an outage", (answers(0), *_answered_once(fixtures)), late
        ),
        *fixtures.not_yet("stays silent before it has failed for long enough", (answers(0),), wait),
    )
    return fires, silent


def _about(text: str) -> Expected:
    return Expected(of_service(instance=_URL), f"{_URL} (web on main) {text}")


def _pages(fixtures: Fixtures, pages: bool, **labels: str) -> Series:  # noqa: FBT001 - a value of a series
    return fixtures.constant(names.SERVICE_PAGES, int(pages), **{"server": "main", "service": "web", **labels})


def _proxy(  # noqa: PLR0913 - each is one line of a plan
    fixtures: Fixtures,
    service: str = "traefik",
    *,
    pages: bool,
    kind: str = "traefik",
    server: str = "main",
    replicas: int = 1,
) -> tuple[Series, ...]:
    """A planned service that does not run, on a server where other containers do."""
    return (
        *fixtures.service(service, server=server, replicas=replicas, pages=pages, identified_by="name"),
        fixtures.constant(names.SERVICE_INFO, 1, server=server, service=service, kind=kind),
    )


def early(fixtures: Fixtures, wait: int, title: str, parts: tuple[Series, ...]) -> tuple[Case, ...]:
    """A case just before the alert's `for` has passed; none for an alert without one."""
    return (fixtures.silent(title, parts, wait - fixtures.interval),) if wait > fixtures.interval else ()


def failed(topology: Topology, wait: int, *, pages: bool) -> Cases:
    """Cases of a failing URL, with and without an answer, and cases with another cause."""
    fixtures = Fixtures(length=wait + 30 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)
    start = "container_start_time_seconds"

    def asked(status: float, success: float, **labels: str) -> tuple[Series, ...]:
        return (
            _probe(fixtures, "probe_http_status_code", flat(status, fixtures.count), **labels),
            _probe(fixtures, "probe_success", flat(success, fixtures.count), **labels),
            *_answered_once(fixtures, **labels),
        )

    def runs(service: str = "web", *, containers: bool = True, replicas: int = 2) -> tuple[Series, ...]:
        """A planned service, by default with a container; another service always has one."""
        return (
            *fixtures.service(service, pages=pages, replicas=replicas),
            *([fixtures.container(start, flat(7, fixtures.count), service=service)] if containers else []),
            fixtures.container(start, flat(7, fixtures.count), "redis-1", service="redis"),
        )

    well = tuple(one for other in _OTHERS for one in asked(200, 1, **other))
    failing = tuple(_probe(fixtures, "probe_success", flat(0, fixtures.count), **other) for other in _OTHERS)
    # Planned on another server, and down there.
    elsewhere = (
        *fixtures.service(server="second", pages=pages),
        fixtures.container(start, flat(7, fixtures.count), "redis-1", service="redis", server="second"),
    )
    # The result of a second prober.
    second = _probe(fixtures, "probe_http_status_code", flat(404, fixtures.count), prober="second")
    broken = asked(503, 0)
    short = max(fixtures.steps_of(wait) - 1, 0)
    # An even number of samples: the last one is an error.
    even = 2 * (late // (2 * fixtures.interval) + 1) * fixtures.interval
    fires = (
        fixtures.fires(
            non_paging("fires for the URL that fails, with its status, not for the others", pages=pages),
            (
                *(*broken, second, *well, *runs(), *runs("api", containers=False), *elsewhere),
                # Decoys: the proxy of another server, and a service that is no proxy.
                *_proxy(fixtures, pages=pages, server="second"),
                *_proxy(fixtures, "shop", kind="web", pages=pages),
            ),
            late,
            _about("fails with HTTP status 503."),
        ),
        fixtures.fires(
            non_paging("fires for a URL that does not answer", pages=pages),
            (*asked(0, 0), *well, *runs()),
            late,
            _about("does not answer."),
        ),
        fixtures.fires(
            non_paging("keeps firing while the URL alternates between an error and no answer", pages=pages),
            (
                _probe(fixtures, "probe_http_status_code", " ".join(["503 0"] * fixtures.count)),
                _probe(fixtures, "probe_success", flat(0, fixtures.count)),
                *_answered_once(fixtures),
                *runs(),
            ),
            even,
            _about("fails with HTTP status 503."),
        ),
        fixtures.fires(
            non_paging("fires for a service without planned containers", pages=pages),
            (*broken, *runs(containers=False, replicas=0), *runs("api", containers=False), *elsewhere),
            late,
            _about("fails with HTTP status 503."),
        ),
        fixtures.fires(
            non_paging("fires while nobody expects the proxy of its server, and another service is gone", pages=pages),
            (
                *(*broken, *runs(), *_proxy(fixtures, pages=pages, replicas=0)),
                # A part of the proxy is expected and runs, and so is the proxy of another server, and does not.
                *fixtures.service("traefik", component="side", replicas=1, identified_by="name")[-3:],
                fixtures.container(start, flat(7, fixtures.count), "side", service="traefik", component="side"),
                *_proxy(fixtures, pages=pages, server="second"),
                # What is gone is called like a proxy elsewhere.
                *_proxy(fixtures, "shop", kind="web", pages=pages),
                fixtures.constant(names.SERVICE_INFO, 1, server="second", service="shop", kind="traefik"),
                fixtures.container(start, flat(7, fixtures.count), "redis-1", service="redis", server="second"),
            ),
            late,
            _about("fails with HTTP status 503."),
        ),
    )
    silent = (
        fixtures.silent(
            non_paging("stays silent where it has never answered, which has its own alert", pages=pages),
            (
                *(one for one in broken if not one.series.startswith(names.PROBE_WORKED)),
                *(one for other in _OTHERS[:3] for one in _answered_once(fixtures, **other)),
                *runs(),
            ),
            late,
        ),
        *early(
            fixtures,
            wait,
            non_paging("stays silent before it has failed for long enough", pages=pages),
            (*broken, *runs()),
        ),
        fixtures.silent(
            non_paging("stays silent while it answers and others fail", pages=pages),
            (*asked(200, 1), *failing, *runs()),
            late,
        ),
        fixtures.silent(
            non_paging("stays silent for an error status that the prober accepts", pages=pages),
            (*asked(401, 1), *failing, *runs()),
            late,
        ),
        fixtures.silent(
            non_paging("stays silent when no container of the service runs, which has its own alert", pages=pages),
            (*broken, *runs(containers=False, replicas=1), *runs("api")),
            late,
        ),
        fixtures.silent(
            non_paging("stays silent when its server's proxy is down, which has its own alert", pages=pages),
            (*broken, *runs(), *_proxy(fixtures, pages=pages)),
            late,
        ),
        fixtures.silent(
            non_paging("stays silent when the prober is down, which has its own alert", pages=pages),
            (
                _probe(fixtures, "probe_success", "1x10 stale"),
                _probe(fixtures, "probe_http_status_code", "200x10 stale"),
                _probe(fixtures, "up", f"1x10 0x{fixtures.count}"),
                *runs(),
            ),
            late + 10 * fixtures.interval,
        ),
        fixtures.never(
            non_paging("stays silent during a deployment shorter than the `for`", pages=pages),
            (
                _probe(fixtures, "probe_http_status_code", steps((200, 20), (404, short), (200, fixtures.count))),
                _probe(fixtures, "probe_success", steps((1, 20), (0, short), (1, fixtures.count))),
                *runs(),
            ),
        ),
    )
    return fires, silent


def expiring(topology: Topology, wait: int, left: float, remembered: int, *, pages: bool | None = None) -> Cases:
    """Cases of certificates that expire soon or have expired, and cases just short of firing.

    Args:
        topology: source of the thresholds.
        wait: the alert's `for`, seconds.
        left: the threshold, seconds.
        remembered: seconds for which the last expiry of a URL counts after its series ended.
        pages: whether the service pages; None where that does not matter.
    """
    fixtures = Fixtures(length=2 * remembered + wait + 60 * _MINUTE, thresholds=topology.thresholds, interval=600)
    late = fixtures.late(wait)
    loud = pages is not False
    planned = () if pages is None else (_pages(fixtures, pages), _pages(fixtures, pages, service="api"))

    def ends(at: float, values: str | None = None, **labels: str) -> Series:
        return _probe(fixtures, "probe_ssl_earliest_cert_expiry", values or flat(int(at), fixtures.count), **labels)

    def says(seconds: float) -> Expected:
        text = f"The certificate of {_URL} (web on main) expires in {duration(seconds)}"
        return Expected(of_service(instance=_URL), f"{text} and was not renewed." if pages is None else f"{text}.")

    # Below the threshold from the beginning, and not yet expired at the evaluation.
    soon = int(left * 0.99)
    others = tuple(ends(20 * left, **other) for other in _OTHERS)
    # Expires after an hour, when its series ends.
    end = 60 * _MINUTE
    gone = ends(0, f"{end}x{end // fixtures.interval} stale")
    # The last moment at which its expiry still counts.
    edge = end + remembered - 2 * fixtures.interval
    fires = (
        fixtures.fires(
            non_paging("fires for the certificate that expires first, not for the others", pages=loud),
            (ends(soon), ends(20 * left, prober="second"), *others, *planned),
            late,
            says(soon - late),
        ),
        *(
            [
                fixtures.fires(
                    non_paging("keeps firing once the certificate has expired and its series has ended", pages=loud),
                    (gone, *planned),
                    edge,
                    says(end - edge),
                )
            ]
            if edge > wait
            else []
        ),
        fixtures.fires(
            non_paging("fires when a certificate is replaced by one that expires sooner", pages=loud),
            (ends(0, f"{int(20 * left)}x5 {soon}x{fixtures.count}"), *planned),
            late + 6 * fixtures.interval,
            says(soon - late - 6 * fixtures.interval),
        ),
    )
    silent = (
        *early(
            fixtures,
            wait,
            non_paging("stays silent before it has lasted for long enough", pages=loud),
            (ends(soon), *planned),
        ),
        fixtures.silent(
            non_paging("stays silent at the threshold", pages=loud),
            (ends(0, f"{math.ceil(left)}+{fixtures.interval}x{fixtures.count}"), ends(soon, job="other"), *planned),
            late,
        ),
        fixtures.silent(
            non_paging("stays silent once it is renewed", pages=loud),
            (ends(0, f"{soon}x20 {int(30 * left)}x{fixtures.count}"), *planned),
            late + 20 * fixtures.interval,
        ),
        fixtures.silent(
            non_paging("stays silent for a URL that has been removed", pages=loud),
            (gone, *planned),
            end + remembered + 2 * fixtures.interval,
        ),
    )
    return fires, silent


def slow(topology: Topology, wait: int, seconds: float) -> Cases:
    """Cases of a slow URL, and cases just short of firing."""
    fixtures = Fixtures(length=wait + 60 * _MINUTE, thresholds=topology.thresholds)
    late = fixtures.late(wait)

    def took(values: str, success: float = 1, /, **labels: str) -> tuple[Series, ...]:
        return (
            _probe(fixtures, "probe_duration_seconds", values, **labels),
            _probe(fixtures, "probe_success", flat(success, fixtures.count), **labels),
        )

    def value(share: float) -> str:
        # Exact in the mean.
        return repr(binary(seconds * share))

    def says(share: float) -> Expected:
        return _about(f"takes {binary(seconds * share):.2f} s to answer, including DNS look-up and handshakes.")

    others = tuple(one for other in _OTHERS for one in took(f"{value(0.875)}x{fixtures.count}", **other))
    steady = f"x{fixtures.count}"
    # Quick answers with an occasional slow one: the mean of any ten minutes stays below the threshold.
    sometimes = " ".join([f"{value(0.5)}x8 {value(3)}"] * (fixtures.count // 10 + 1))
    # The mean of ten minutes exceeds the threshold five minutes after the slow answers begin.
    begun = 15 * _MINUTE
    turns = f"{value(0.5)}x{begun // fixtures.interval - 1} {value(1.5)}{steady}"
    fires = (
        fixtures.fires(
            "fires for the slow URL, not for the others",
            (
                *took(value(1.25) + steady),
                _probe(fixtures, "probe_duration_seconds", value(0.125) + steady, prober="second"),
                *others,
            ),
            late,
            says(1.25),
        ),
        fixtures.fires(
            "fires once the ten-minute mean has exceeded the threshold for long enough",
            took(turns),
            begun + max(wait, 5 * _MINUTE) + 7 * _MINUTE,
            says(1.5),
        ),
    )
    silent = (
        fixtures.silent(
            "stays silent at the threshold", (*took(value(1) + steady), *took(value(9) + steady, job="other")), late
        ),
        fixtures.never("stays silent for a few slow answers among many", took(sometimes)),
        fixtures.silent(
            "stays silent before the mean has exceeded the threshold for long enough",
            took(turns),
            begun + wait + 4 * _MINUTE,
        ),
        fixtures.silent(
            "stays silent while the URL fails, which has its own alert",
            (*took(value(4) + steady, 0), *others),
            late,
        ),
    )
    return fires, silent
