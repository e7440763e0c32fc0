"""Traefik itself: missing metrics, stale configuration, expiring certificates, open files."""

from __future__ import annotations

from boxwatch.exporters.coolify import names as coolify
from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns.fragments import TRAEFIK, expr
from boxwatch.rules.requests import requests
from boxwatch.rules.traefik import traefik_proofs
from boxwatch.topology.model import Topology

ID = "traefik"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Default thresholds: seconds, and a share.
CERTIFICATE_LEFT = 14 * _DAY
FILES_SHARE = 0.8
_RELOADED = f"traefik_config_last_reload_success{{{TRAEFIK}}}"
_COOLIFY = f'job="{names.JOB_COOLIFY}"'


def subject(topology: Topology) -> Subject | None:
    """Alerts on Traefik; None where none is scraped."""
    if not requests.scraped(topology):
        return None
    deployments = any(topology.metrics_of(service) for service in topology.services_of("coolify"))
    alerts = (
        _blind(topology),
        *((_stale(topology),) if deployments else ()),
        _certificate(topology),
        _files(topology),
    )
    return Subject(id=ID, title="Traefik", groups=(Group(name=ID, rules=alerts),), reads=("replicas",))


def _blind(topology: Topology) -> Alert:
    name = "TraefikMetricsAbsent"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    fires, silent = traefik_proofs.blind(topology, wait)
    return Alert(
        alert=name,
        # Not `up`: with metrics switched off, something else may answer at that port.
        expr=expr(f"""
            max by ({names.BY_SERVICE}) ({names.COMPONENT_REPLICAS_RUNNING}) > 0
            and on ({names.BY_SERVICE}) {names.SERVICE_INFO}{{{names.KIND}="traefik"}}
            and on ({names.BY_SERVER}) up{{{TRAEFIK}}}
            unless on ({names.BY_SERVER}) {_RELOADED}
        """),
        wait=wait,
        severity="warning",
        summary="Traefik runs but exposes no metrics.",
        description="Traefik ({{ $labels.service }}) runs on {{ $labels.server }} but exposes no metrics: requests"
        " to the server's services are not monitored.",
        runbook=Runbook(
            meaning="The container runs, but its metrics cannot be scraped. It probably serves requests; meanwhile "
            "error ratios, latency, objectives and certificates are not monitored.",
            first_look=(
                (
                    "Coolify, Server, Proxy, Configuration: does `command` still contain the four `metrics` lines? "
                    "*Reset* drops them (Coolify 4.3)."
                ),
                "Prometheus, Status, Targets, job `traefik`: refused, timed out, or not found?",
            ),
            action=(
                (
                    "Add the lines again (docs/exporters/traefik.md) and restart the proxy at a quiet moment: a "
                    "restart drops open connections."
                ),
                "The lines are there, but the connection is refused: attach Prometheus to the network `coolify`.",
            ),
            false_alarms="A Traefik whose metrics were never switched on: switch them on, or set `metrics: none` for "
            "the service in the topology.",
        ),
        fires=fires,
        silent=silent,
        dashboard=ID,
        panel="Requests",
    )


def _stale(topology: Topology) -> Alert:
    name = "TraefikConfigStale"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    fires, silent = traefik_proofs.stale(topology, wait)
    return Alert(
        alert=name,
        # Traefik 3 has no metric for failed reloads. A deployment replaces a container, so Traefik must have loaded a
        # new configuration since it began; only successful deployments of resources that Traefik routes to count.
        expr=expr(f"""
            max by ({names.BY_SERVER}) (
              group by ({names.BY_SERVER}, {names.UUID}) (traefik_service_requests_total{{{TRAEFIK}}})
              * on ({names.UUID}) group_left ()
              max by ({names.UUID}) (
                {coolify.DEPLOYMENT_FINISHED}{{{_COOLIFY}}} - {coolify.DEPLOYMENT_DURATION}{{{_COOLIFY}}}
                and on ({names.SERVER}, {coolify.ACCOUNT}, {coolify.UUID})
                {coolify.DEPLOYMENT_RESULT}{{{_COOLIFY},{coolify.RESULT}="finished"}} == 1
              )
            )
            > on ({names.BY_SERVER})
            max by ({names.BY_SERVER}) ({_RELOADED})
        """),
        wait=wait,
        severity="warning",
        summary="Traefik has not reloaded its configuration after a deployment.",
        description="Traefik on {{ $labels.server }} has loaded no new configuration since a deployment that requires"
        " one.",
        runbook=Runbook(
            meaning="A resource that Traefik routes to was deployed successfully, and Traefik has not loaded a new "
            "configuration since the deployment began. It may route requests to removed containers (502), and new "
            "domains have no route (404).",
            first_look=(
                (
                    "`docker logs --since 1h coolify-proxy 2>&1 | grep -i error`: an invalid label, a lost "
                    "Docker socket, an invalid file in /data/coolify/proxy/dynamic?"
                ),
                "Dashboard *Traefik*, panel *Configuration reloads*.",
            ),
            action=(
                "Correct the label or file that the log names.",
                "No error in the log: restart the proxy (Coolify, Server, Proxy), which reads everything again.",
            ),
            false_alarms="Clocks of two servers that differ by more than the duration of a deployment.",
        ),
        fires=fires,
        silent=silent,
        dashboard=ID,
        panel="Configuration reloads",
    )


def _certificate(topology: Topology) -> Alert:
    name = "TraefikCertificateExpiring"
    wait = topology.alerts.wait(name, _HOUR)
    left = topology.alerts.threshold(name, CERTIFICATE_LEFT)
    fires, silent = traefik_proofs.certificate(topology, wait, left)
    return Alert(
        alert=name,
        # The maximum, because the old serial remains after a renewal until Traefik restarts (traefik/traefik#8606).
        expr=expr(f"""
            max by ({names.BY_SERVER}, sans) (traefik_tls_certs_not_after{{{TRAEFIK}}}) - time()
              < {left:.10g}
        """),
        wait=wait,
        severity="warning",
        summary="A certificate should have been renewed by now.",
        description="The certificate for {{ $labels.sans }} on {{ $labels.server }} expires in"
        " {{ $value | humanizeDuration }}.",
        runbook=Runbook(
            meaning="Traefik renews Let's Encrypt certificates 30 days before expiry. This one has less left, so "
            "renewal keeps failing. Once it expires, browsers refuse the site.",
            first_look=(
                "`docker logs coolify-proxy 2>&1 | grep -i acme` names the reason.",
                ("Does the domain still point to this server, and does port 80 answer? The HTTP challenge needs both."),
            ),
            action=(
                "Correct the DNS record or the firewall, then restart the proxy: it retries at once.",
                (
                    "The domain is no longer served: remove it from the resource in Coolify and its certificate "
                    "from /data/coolify/proxy/acme.json, then restart the proxy."
                ),
                "A certificate of your own: replace the file in /data/coolify/proxy.",
            ),
            false_alarms="Certificates left in acme.json after one for other names replaced them.",
        ),
        threshold=left,
        threshold_source="14 days; Traefik renews 30 days before expiry (Let's Encrypt, 90 days), so renewal has failed"
        " for 16 days by then",
        fires=fires,
        silent=silent,
        dashboard=ID,
        panel="Certificates",
    )


def _files(topology: Topology) -> Alert:
    name = "TraefikFilesNearLimit"
    wait = topology.alerts.wait(name, 10 * _MINUTE)
    share = topology.alerts.threshold(name, FILES_SHARE)
    fires, silent = traefik_proofs.files(topology, wait, share)
    return Alert(
        alert=name,
        expr=expr(f"""
            max by ({names.BY_SERVER}) (process_open_fds{{{TRAEFIK}}} / process_max_fds{{{TRAEFIK}}}) > {share:.10g}
        """),
        wait=wait,
        severity="warning",
        summary="Traefik is running out of file descriptors.",
        description="Traefik on {{ $labels.server }} uses {{ $value | humanizePercentage }} of its file descriptors.",
        runbook=Runbook(
            meaning="Every connection, to a browser or to a service, takes a file descriptor. At the limit Traefik "
            "accepts no new connections, and every service on the server appears down.",
            first_look=(
                "Dashboard *Traefik*, panel *Open connections*: on which entry point?",
                "Dashboard *Traefik*, panel *Requests*: more traffic, or slow answers that keep connections open?",
            ),
            action=(
                "A slow service keeps connections open: look at its latency first.",
                "One client opens too many: limit it (Traefik's `inFlightReq` or `rateLimit`), or block its address.",
                "Legitimate traffic: raise `ulimits.nofile` of the proxy in Coolify's proxy configuration.",
            ),
            false_alarms="None known.",
        ),
        threshold=share,
        threshold_source="the usual warning level of host and process rules; keeps a fifth free for bursts of"
        " connections",
        fires=fires,
        silent=silent,
        dashboard=ID,
        panel="Open files",
    )
