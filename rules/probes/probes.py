"""Public URLs as users see them: failures, slow answers, expiring certificates.

Each URL is probed every scrape interval. A prober that does not work has its own alert: it yields no `probe_…` series,
so none of the alerts here can mistake it for an outage.
"""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns import consequence
from boxwatch.rules.patterns.fragments import expr, nothing_runs
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.probes import probes_proofs
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

ID = "probes"

_MINUTE = 60
_HOUR = 3600
_DAY = 86400
# Default thresholds in seconds: the remaining life of a certificate, and the time to answer.
ENDS_SOON, NOT_RENEWED = 3 * _DAY, 14 * _DAY
SLOW = 2
_JOB = f'job="{names.JOB_PROBE}"'
# The instance is the URL.
_BY = names.BY_PROBE
_URL = "{{ $labels.instance }} ({{ $labels.service }} on {{ $labels.server }})"
# An expired certificate fails the handshake, and its series ends (measured on 0.23 and 0.28); its last value counts
# this long.
REMEMBERED = 6 * _HOUR


def subject(topology: Topology) -> Subject | None:
    """Alerts on public URLs; None where the topology has none."""
    if not any(service.url for service in topology.services):
        return None
    return Subject(
        id=ID,
        title="Public URLs",
        groups=(
            Group(
                name=ID,
                rules=(
                    *_failed(topology),
                    _never(topology),
                    *_expiring(topology),
                    _not_renewed(topology),
                    _slow(topology),
                ),
            ),
        ),
        reads=("replicas",),
    )


def _failed(topology: Topology) -> tuple[Alert, Alert]:
    wait = consequence.probe_failed(topology)
    critical, warning = (probes_proofs.failed(topology, wait, pages=pages) for pages in (True, False))
    return by_paging(
        Alert(
            alert="ProbeFailed",
            # What never answered is *ProbeNeverSucceeded*.
            # The value is the HTTP status, 0 without an answer; one alert for both, because a failing service
            # alternates between them. When no container of the service, or of its server's proxy, runs, ServiceDown
            # fires instead. The expression handles that rather than an inhibition, because whichever of two alerts
            # fires first would notify before the other can inhibit it.
            expr=expr(f"""
                max by ({_BY}) (probe_http_status_code{{{_JOB}}})
                and on ({_BY}) probe_success{{{_JOB}}} == 0
                and on ({_BY}) {names.PROBE_WORKED}
                unless on ({names.BY_SERVICE}) {nothing_runs()}
                unless on ({names.BY_SERVER})
                ({nothing_runs()} and on ({names.BY_SERVICE}) {names.SERVICE_INFO}{{{names.KIND}="traefik"}})
            """),
            wait=wait,
            severity="critical",
            summary="A public URL fails or does not answer.",
            description=f"{_URL} {{{{ if eq $value 0.0 }}}}does not answer{{{{ else }}}}fails with HTTP status"
            " {{ $value }}{{ end }}.",
            runbook=Runbook(
                meaning="Users get an error or no answer. Containers of the service run, so look at the application, "
                "the path to it (Traefik, certificate, DNS), and the server's network.",
                first_look=(
                    "`curl -sv URL` from your own computer: does it fail there too? Then users see it.",
                    "No answer from anywhere: do the server's other URLs fail? Then look at the server and Traefik.",
                    (
                        "Status 404: Traefik has no route, because the container is unhealthy or its domain was "
                        "changed. 502 or 504: the container does not answer Traefik. 500: its log says why."
                    ),
                    (
                        "`curl 'BLACKBOX:9115/probe?module=http&debug=true&target=URL'` shows the probe step by step, "
                        "an invalid certificate included."
                    ),
                ),
                action=(
                    "It began with a deployment (see the dashboard's annotation): roll back.",
                    "Save the log, then restart the service, or the proxy (`docker restart coolify-proxy`).",
                    "The certificate expired: see *CertificateExpiring*.",
                ),
                false_alarms="A prober that cannot reach its own server's public address (no hairpin NAT), while users "
                "can: run it elsewhere, and name it in `stack.blackbox`.",
            ),
            dashboard=ID,
            panel="URL availability",
            fires=critical[0],
            silent=critical[1],
        ),
        warning_fires=warning[0],
        warning_silent=warning[1],
    )


def _never(topology: Topology) -> Alert:
    name = "ProbeNeverSucceeded"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    fires, silent = probes_proofs.never(topology, wait)
    return Alert(
        alert=name,
        expr=expr(f"""
            max by ({_BY}) (probe_success{{{_JOB}}}) == 0
            unless on ({_BY}) {names.PROBE_WORKED}
        """),
        wait=wait,
        severity="warning",
        summary="A public URL has never answered the prober.",
        description=f"{_URL} has never answered the prober.",
        runbook=Runbook(
            meaning="The URL in the topology has failed since it is probed. Most likely its domain, its certificate or "
            "its route was never set up, or the prober cannot reach it. Its failures do not page before it has "
            "answered once, because nobody knows whether it ever worked.",
            first_look=(
                "`curl -sv URL` from your own computer: does it answer there?",
                "`curl 'BLACKBOX:9115/probe?module=http&debug=true&target=URL'` shows the probe step by step.",
            ),
            action=(
                "It answers you and not the prober: run the prober elsewhere, and name it in `stack.blackbox`.",
                "It answers nobody: set up its domain and route in Coolify, or correct `url` in the topology.",
            ),
            false_alarms="Prometheus lost its data, or was off for more than three days, while the URL failed: nothing "
            "remembers then that it had worked.",
        ),
        dashboard=ID,
        panel="URL availability",
        fires=fires,
        silent=silent,
    )


def _left(seconds: float) -> str:
    """PromQL: certificates that expire in fewer seconds; the value is the time left."""
    window = format_duration(REMEMBERED)
    return expr(f"""
        min by ({_BY}) (last_over_time(probe_ssl_earliest_cert_expiry{{{_JOB}}}[{window}])) - time()
          < {seconds:.10g}
    """)


_RENEW = Runbook(
    meaning="Let's Encrypt certificates are valid for 90 days, and Traefik renews them 30 days before expiry. Renewal "
    "has failed since. Once the certificate expires, browsers refuse the site.",
    first_look=(
        "`docker logs coolify-proxy 2>&1 | grep -i acme`: what does the certificate authority say?",
        "`openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 -noout -dates`",
    ),
    action=(
        "The domain no longer points to this server: correct its DNS record, which the challenge uses.",
        "Port 80 is closed: open it, because the HTTP challenge needs it.",
        "Let's Encrypt's rate limit: wait as long as the log says; do not delete acme.json.",
        "A certificate of your own: renew and install it.",
    ),
    false_alarms="Certificates that are issued for a shorter time: lower the threshold.",
)


def _expiring(topology: Topology) -> tuple[Alert, Alert]:
    wait = topology.alerts.wait("CertificateExpiring", 30 * _MINUTE)
    left = topology.alerts.threshold("CertificateExpiring", ENDS_SOON)
    critical, warning = (
        probes_proofs.expiring(topology, wait, left, REMEMBERED, pages=pages) for pages in (True, False)
    )
    return by_paging(
        Alert(
            alert="CertificateExpiring",
            expr=_left(left),
            wait=wait,
            severity="critical",
            summary="A certificate expires within days, or has expired.",
            description=f"The certificate of {_URL} expires in {{{{ $value | humanizeDuration }}}}.",
            runbook=_RENEW,
            threshold=left,
            threshold_source="3 d: a weekend, so that a working day is left",
            dashboard=ID,
            panel="Certificates",
            fires=critical[0],
            silent=critical[1],
        ),
        warning_fires=warning[0],
        warning_silent=warning[1],
    )


def _not_renewed(topology: Topology) -> Alert:
    wait = topology.alerts.wait("CertificateNotRenewed", _HOUR)
    left = topology.alerts.threshold("CertificateNotRenewed", NOT_RENEWED)
    fires, silent = probes_proofs.expiring(topology, wait, left, REMEMBERED)
    return Alert(
        alert="CertificateNotRenewed",
        expr=_left(left),
        wait=wait,
        severity="warning",
        summary="A certificate should have been renewed by now.",
        description=f"The certificate of {_URL} expires in {{{{ $value | humanizeDuration }}}} and was not renewed.",
        runbook=_RENEW,
        threshold=left,
        threshold_source="14 d: Traefik renews 30 days before expiry and retries daily, so it has failed for 16 days",
        dashboard=ID,
        panel="Certificates",
        fires=fires,
        silent=silent,
    )


def _slow(topology: Topology) -> Alert:
    wait = topology.alerts.wait("ProbeSlow", 10 * _MINUTE)
    seconds = topology.alerts.threshold("ProbeSlow", SLOW)
    fires, silent = probes_proofs.slow(topology, wait, seconds)
    return Alert(
        alert="ProbeSlow",
        # A failing probe takes as long as its timeout, and has its own alert.
        expr=expr(f"""
            max by ({_BY}) (avg_over_time(probe_duration_seconds{{{_JOB}}}[10m])) > {seconds:.10g}
            and on ({_BY}) probe_success{{{_JOB}}} == 1
        """),
        wait=wait,
        severity="warning",
        summary="A public URL answers slowly.",
        description=f'{_URL} takes {{{{ printf "%.2f" $value }}}} s to answer, including DNS look-up and handshakes.',
        runbook=Runbook(
            meaning="The mean time of whole requests over ten minutes, redirects included. Users wait about as long.",
            first_look=(
                "Dashboard *Probes*, panel *Request duration by phase*: look-up, connection, TLS or the application?",
                "Dashboard *Service*: is it the only slow service? Dashboard *Host*: is the CPU or the disk busy?",
            ),
            action=(
                "`processing`: the application; read its log, and find its database's slow queries.",
                "`connect` or `tls`: the server or its network is overloaded.",
                "`resolve`: the prober's resolver.",
            ),
            false_alarms="A page that is slow by nature: set `url` to a health page.",
        ),
        threshold=seconds,
        threshold_source="seconds: twice the limit for an uninterrupted train of thought (Nielsen, Response Times, "
        "1993)",
        dashboard=ID,
        panel="Request duration",
        fires=fires,
        silent=silent,
    )
