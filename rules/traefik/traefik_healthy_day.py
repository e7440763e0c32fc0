"""The proxy's healthy day: a deployment behind it, a certificate renewal, and its own restart."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.model import Series
from boxwatch.rules.proofs.fixtures import flat, series, steps
from boxwatch.rules.proofs.healthy_hours import DEPLOYED, UNSCRAPED, Hours
from boxwatch.rules.proofs.traffic import bucket, planned, requests_total, resource_info

_DAY = 86400
_UUID, _URL = "shop-uuid", "https://shop.example.com"
_ROUTER = f"https-0-{_UUID}@docker"
# Requests a minute.
_REQUESTS = 1200


def proxy(hours: Hours) -> tuple[Series, ...]:
    """Traefik with one paging service, its probe, and scanners."""
    fixtures = hours.fixtures
    gap = hours.brief(2, "TargetDown", "TraefikMetricsAbsent")
    of = {"job": names.JOB_TRAEFIK}
    restarted = UNSCRAPED * fixtures.interval
    runs = {"server": "main", "service": "shop"}
    return (
        fixtures.scraped("up", hours.but(1, 0, gap, UNSCRAPED), **of),
        planned(fixtures, "shop"),
        planned(fixtures, "traefik", kind="traefik"),
        fixtures.constant(names.SERVICE_PAGES, 1, **runs),
        fixtures.constant(names.SERVICE_LATENCY_WITHIN, 1.2, le="1.2", **runs),
        fixtures.constant(names.COMPONENT_REPLICAS_DESIRED, 1, **runs),
        series(names.COMPONENT_REPLICAS_RUNNING, flat(1, fixtures.count), **runs),
        series(names.COMPONENT_REPLICAS_RUNNING, flat(1, fixtures.count), server="main", service="traefik"),
        # It reloads for the new container, and again when it restarts.
        fixtures.scraped(
            "traefik_config_last_reload_success",
            steps(
                (-9000, DEPLOYED),
                (DEPLOYED * fixtures.interval, UNSCRAPED - DEPLOYED),
                (None, gap),
                (restarted, fixtures.count + 1 - UNSCRAPED - gap),
            ),
            **of,
        ),
        fixtures.scraped(
            "process_open_fds", hours.wave(50, 1024 * hours.most("TraefikFilesNearLimit", 0.5), 0, gap), **of
        ),
        fixtures.scraped("process_max_fds", hours.level(1024, 0, gap), **of),
        *_requests(hours, gap),
        *_deployment(hours),
        *_certificates(hours, gap),
        *_probe(hours),
    )


def _requests(hours: Hours, gap: int) -> tuple[Series, ...]:
    fixtures = hours.fixtures

    def lives(each: float) -> str:
        """A counter of Traefik's, which resets when Traefik restarts and not when the service does."""
        lead = f"5000+{each:.10g}x{UNSCRAPED - 1}"
        missing = f" _x{gap}" if gap else ""
        return f"{lead}{missing} {each:.10g}+{each:.10g}x{fixtures.count - UNSCRAPED - gap}"

    # Failures within one minute, until the new container answers: a share of five minutes' requests.
    failed = int(5 * _REQUESTS * hours.most("ServiceErrorsHigh", 0.006))
    slow = hours.most("ServiceLatencyHigh", 0.1)
    lost = 60 * hours.most("TraefikRequestsWithoutRoute", 0.3)
    whose = {names.UUID: _UUID} if hours.by_uuid else {names.PLANNED_SERVICE: "shop"}
    return (
        resource_info(fixtures, _UUID, "shop"),
        requests_total(fixtures, _ROUTER, lives(_REQUESTS), **whose),
        # Gone with the restart.
        requests_total(
            fixtures, _ROUTER, f"0x{DEPLOYED - 1} {failed}x{UNSCRAPED - DEPLOYED - 1} stale", "502", **whose
        ),
        requests_total(fixtures, _ROUTER, lives(2), "404", **whose),
        bucket(fixtures, _ROUTER, "1.2", lives(_REQUESTS * (1 - slow)), **whose),
        bucket(fixtures, _ROUTER, "+Inf", lives(_REQUESTS), **whose),
        requests_total(fixtures, "preview@file", lives(60 * hours.most("RequestsOutsidePlan", 0.03))),
        fixtures.scraped(
            "traefik_entrypoint_requests_total", lives(lost), job=names.JOB_TRAEFIK, entrypoint="https", code="404"
        ),
    )


def _deployment(hours: Hours) -> tuple[Series, ...]:
    """The deployment in Coolify's metrics: a four-minute build that ends a minute after the new container starts."""
    fixtures, ended = hours.fixtures, DEPLOYED + 1
    of = {"job": names.JOB_COOLIFY, coolify.ACCOUNT: "main", coolify.UUID: _UUID}
    return (
        fixtures.scraped(
            coolify.DEPLOYMENT_FINISHED, f"-90000x{ended - 1} {60 * ended}x{fixtures.count - ended}", **of
        ),
        fixtures.scraped(coolify.DEPLOYMENT_DURATION, flat(240, fixtures.count), **of),
        fixtures.scraped(coolify.DEPLOYMENT_RESULT, flat(1, fixtures.count), result="finished", **of),
    )


def _certificates(hours: Hours, gap: int) -> tuple[Series, ...]:
    """The old certificate, with thirty days left, and its replacement."""
    fixtures, renewed = hours.fixtures, UNSCRAPED - 10
    alerts = ("TraefikCertificateExpiring", "CertificateNotRenewed", "CertificateExpiring")
    length = fixtures.count * fixtures.interval
    ends = int(max(hours.least(alert, 30 * _DAY) for alert in alerts)) + length
    of = {"job": names.JOB_TRAEFIK, "sans": "shop.example.com"}
    later = f"_x{renewed} {3 * ends}x{UNSCRAPED - renewed - 1}" + (f" _x{gap}" if gap else "")
    return (
        fixtures.scraped("traefik_tls_certs_not_after", f"{ends}x{renewed - 1} stale", serial="1", **of),
        fixtures.scraped("traefik_tls_certs_not_after", f"{later} {3 * ends}x{fixtures.count}", serial="2", **of),
        fixtures.scraped(
            "probe_ssl_earliest_cert_expiry", f"{ends}x{renewed - 1} {3 * ends}x{fixtures.count - renewed}", **_PROBED
        ),
    )


_PROBED = {"job": names.JOB_PROBE, "service": "shop", "instance": _URL}


def _probe(hours: Hours) -> tuple[Series, ...]:
    """One look at the moment of the deployment that takes long and is answered with a 502."""
    fixtures = hours.fixtures
    bad = hours.brief(1, "ProbeFailed")
    usual = hours.most("ProbeSlow", 0.2)
    return (
        fixtures.scraped("up", flat(1, fixtures.count), **_PROBED),
        fixtures.scraped("probe_success", hours.but(1, 0, bad), **_PROBED),
        fixtures.scraped("probe_http_status_code", hours.but(200, 502, bad), **_PROBED),
        fixtures.scraped(
            "probe_duration_seconds",
            f"{usual:.10g}x{DEPLOYED - 1} {4 * usual:.10g} {usual:.10g}x{fixtures.count - DEPLOYED - 1}",
            **_PROBED,
        ),
    )
