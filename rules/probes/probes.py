"""Public URLs as users see them: do they answer, how fast, and how long is their certificate good.

A probe asks every scrape interval. That the prober does not work is an alert of its own: without it there are no
`probe_…` series at all, so none of the others can mistake it for an outage.
"""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns.fragments import expr, nothing_runs
from boxwatch.rules.patterns.paging import by_urgency
from boxwatch.rules.probes import probes_proofs
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration

ID = "probes"

_MINUTE = 60
_HOUR = 3600
_DAY = 86400
# Seconds, unless the topology says otherwise: what is left of a certificate, and what an answer takes.
ENDS_SOON, NOT_RENEWED = 3 * _DAY, 14 * _DAY
SLOW = 2
_JOB = f'job="{names.JOB_PROBE}"'
# The instance is the URL.
_BY = f"{names.BY_SERVICE}, instance"
_URL = "{{ $labels.instance }} ({{ $labels.service }} on {{ $labels.server }})"
# A certificate that has expired fails the handshake, and its series ends (measured on 0.23 and 0.28); this is how long
# the last word is remembered.
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
                    *_expiring(topology),
                    _not_renewed(topology),
                    _slow(topology),
                ),
            ),
        ),
        reads=("replicas",),
    )


def _failed(topology: Topology) -> tuple[Alert, Alert]:
    wait = topology.alerts.wait("ProbeFailed", max(topology.alerts.outage_grace, 2 * _MINUTE))
    critical, warning = (probes_proofs.failed(topology, wait, pages=pages) for pages in (True, False))
    return by_urgency(
        Alert(
            alert="ProbeFailed",
            # The value is the HTTP status, 0 without an answer; one alert for both, because a service that breaks
            # changes between them. When nothing of the service runs, or no proxy of its server, ServiceDown says so.
            # That is seen here and not left to Alertmanager: whichever of two alerts comes first is told before the
            # other can silence it.
            expr=expr(f"""
                max by ({_BY}) (probe_http_status_code{{{_JOB}}})
                and on ({_BY}) probe_success{{{_JOB}}} == 0
                unless on ({names.BY_SERVICE}) {nothing_runs()}
                unless on ({names.BY_SERVER})
                ({nothing_runs()} and on ({names.BY_SERVICE}) {names.SERVICE_INFO}{{{names.KIND}="traefik"}})
            """),
            wait=wait,
            severity="critical",
            summary="A public URL does not answer as it should.",
            description=f"{_URL} {{{{ if eq $value 0.0 }}}}does not answer{{{{ else }}}}fails with HTTP status"
            " {{ $value }}{{ end }}.",
            runbook=Runbook(
                meaning="Users get an error or nothing. Containers of the service run, so it is the application, the "
                "way to it (Traefik, certificate, DNS), or the server's network.",
                first_look=(
                    "`curl -sv URL` from your own machine: does it fail there too? Then users see it.",
                    "No answer from anywhere: do other URLs of the server fail? Then look at the server and Traefik.",
                    (
                        "Status 404: Traefik has no route, because the container is unhealthy or its domain was "
                        "changed. 502 or 504: it does not answer Traefik. 500: its own log says why."
                    ),
                    (
                        "`curl 'BLACKBOX:9115/probe?module=http&debug=true&target=URL'` shows the probe step by step, "
                        "a certificate that is not valid among them."
                    ),
                ),
                action=(
                    "It began with a deploy (the mark on the dashboard): roll back.",
                    "Restart the service, or the proxy (`docker restart coolify-proxy`), once the log is saved.",
                    "The certificate expired: see *CertificateExpiring*.",
                ),
                false_alarms="A prober that cannot reach the server's own public address (no hairpin NAT), while the "
                "world can: run it elsewhere, and name it in `stack.blackbox`.",
            ),
            dashboard=ID,
            panel="Answers",
            fires=critical[0],
            silent=critical[1],
        ),
        warning_fires=warning[0],
        warning_silent=warning[1],
    )


def _left(seconds: float) -> str:
    """PromQL: seconds until the certificate of a URL ends, when they are fewer."""
    window = format_duration(REMEMBERED)
    return expr(f"""
        min by ({_BY}) (last_over_time(probe_ssl_earliest_cert_expiry{{{_JOB}}}[{window}])) - time()
          < {seconds:.10g}
    """)


_RENEW = Runbook(
    meaning="Let's Encrypt's certificates are good for 90 days and Traefik renews them 30 days before the end. Renewal "
    "has failed since. When the certificate ends, browsers refuse the site.",
    first_look=(
        "`docker logs coolify-proxy 2>&1 | grep -i acme`: what does the certificate authority say?",
        "`openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 -noout -dates`",
    ),
    action=(
        "The domain does not point to this server any more: correct its DNS, the challenge asks it.",
        "Port 80 is closed: the HTTP challenge needs it.",
        "Rate limit of Let's Encrypt: wait as long as the log says; do not delete acme.json.",
        "A certificate of your own: renew it and put it in place.",
    ),
    false_alarms="Certificates that are made for less than that: lower the threshold.",
)


def _expiring(topology: Topology) -> tuple[Alert, Alert]:
    wait = topology.alerts.wait("CertificateExpiring", 30 * _MINUTE)
    left = topology.alerts.threshold("CertificateExpiring", ENDS_SOON)
    critical, warning = (
        probes_proofs.expiring(topology, wait, left, REMEMBERED, pages=pages) for pages in (True, False)
    )
    return by_urgency(
        Alert(
            alert="CertificateExpiring",
            expr=_left(left),
            wait=wait,
            severity="critical",
            summary="A certificate ends within days, or has ended.",
            description=f"The certificate of {_URL} ends in {{{{ $value | humanizeDuration }}}}.",
            runbook=_RENEW,
            threshold=left,
            threshold_source="3 d: a weekend, so that whoever is woken has working days left",
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
        description=f"The certificate of {_URL} ends in {{{{ $value | humanizeDuration }}}} and was not renewed.",
        runbook=_RENEW,
        threshold=left,
        threshold_source="14 d: Traefik renews 30 days before the end and tries daily, so it has failed for 16 days",
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
        # A probe that fails takes as long as its timeout, and has its own alert.
        expr=expr(f"""
            max by ({_BY}) (avg_over_time(probe_duration_seconds{{{_JOB}}}[10m])) > {seconds:.10g}
            and on ({_BY}) probe_success{{{_JOB}}} == 1
        """),
        wait=wait,
        severity="warning",
        summary="A public URL answers slowly.",
        description=f'{_URL} takes {{{{ printf "%.2f" $value }}}} s to answer, name look-up and handshake included.',
        runbook=Runbook(
            meaning="The mean of ten minutes of whole requests, redirects included. Users wait at least as long for "
            "the first byte.",
            first_look=(
                "Dashboard *Probes*, panel *Where the time goes*: look-up, connection, TLS or the application?",
                "Dashboard *Service*: is it the only service? Dashboard *Host*: is the CPU or the disk busy?",
            ),
            action=(
                "`processing`: the application; its log and its database's slow queries.",
                "`connect` or `tls`: the server is overloaded, or its network is.",
                "`resolve`: the resolver of the prober.",
            ),
            false_alarms="A page that is slow by nature: probe a health page, as `url`.",
        ),
        threshold=seconds,
        threshold_source="seconds: twice what keeps a user's train of thought (Nielsen, Response Times, 1993)",
        dashboard=ID,
        panel="Time to answer",
        fires=fires,
        silent=silent,
    )
