"""Traefik itself: whether it can be seen, follows what Coolify deploys, keeps certificates valid and has files left."""

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
# From which the alerts fire, unless the topology says otherwise: seconds, and a share.
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
        # Not `up`: where the metrics were switched off, something else may answer at that port.
        expr=expr(f"""
            max by ({names.BY_SERVICE}) ({names.COMPONENT_REPLICAS_RUNNING}) > 0
            and on ({names.BY_SERVICE}) {names.SERVICE_INFO}{{{names.KIND}="traefik"}}
            and on ({names.BY_SERVER}) up{{{TRAEFIK}}}
            unless on ({names.BY_SERVER}) {_RELOADED}
        """),
        wait=wait,
        severity="warning",
        summary="Traefik runs and shows no metrics.",
        description="Traefik ({{ $labels.service }}) runs on {{ $labels.server }} and shows no metrics: nothing is"
        " known of the requests of any service there.",
        runbook=Runbook(
            meaning="The container runs, but its metrics do not answer. Requests are probably served; error ratios, "
            "latency, objectives and certificates are not watched as long as this lasts.",
            first_look=(
                (
                    "Coolify, Server, Proxy, Configuration: are the three `metrics` lines of `command` still there? "
                    "*Reset* drops them (Coolify 4.3)."
                ),
                "Prometheus, Status, Targets, job `traefik`: refused, timed out, or not found?",
            ),
            action=(
                (
                    "Add the lines again (docs/exporters/traefik.md) and restart the proxy, in a moment you choose: "
                    "a restart drops open connections."
                ),
                "The target is refused although they are there: Prometheus must be in the network `coolify`.",
            ),
            false_alarms="A Traefik whose metrics were never switched on. Switch them on, or write `metrics: none` for "
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
        # Traefik 3 has no metric for a reload that failed. A deployment replaces a container, so Traefik must have
        # taken a new configuration since it was asked for; only what Traefik routes to counts, and what ended well.
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
        summary="Traefik does not follow what is deployed.",
        description="Traefik on {{ $labels.server }} has taken no new configuration since a deployment that it should"
        " have noticed.",
        runbook=Runbook(
            meaning="A deployment of something that Traefik routes to ended well, and Traefik has not loaded a new "
            "configuration since it began. It may send requests to containers that are gone (502), and new domains "
            "have no route (404).",
            first_look=(
                (
                    "`docker logs --since 1h coolify-proxy 2>&1 | grep -i error`: a label that it cannot read, a lost "
                    "Docker socket, a file in /data/coolify/proxy/dynamic that does not parse?"
                ),
                "Dashboard *Traefik*, panel *Configuration reloads*.",
            ),
            action=(
                "Correct the label or file that the log names.",
                "The log says nothing: restart the proxy (Coolify, Server, Proxy), which reads everything anew.",
            ),
            false_alarms="Clocks of two servers that differ by more than a deployment takes.",
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
        # The largest: after a renewal the old serial stays until Traefik restarts (traefik/traefik#8606).
        expr=expr(f"""
            max by ({names.BY_SERVER}, sans) (traefik_tls_certs_not_after{{{TRAEFIK}}}) - time()
              < {left:.10g}
        """),
        wait=wait,
        severity="warning",
        summary="A certificate is not renewed.",
        description="The certificate for {{ $labels.sans }} on {{ $labels.server }} expires in"
        " {{ $value | humanizeDuration }}.",
        runbook=Runbook(
            meaning="Traefik renews a certificate of Let's Encrypt 30 days before it expires. This one has less left, "
            "so renewals have been failing. Once it expires browsers refuse the site.",
            first_look=(
                "`docker logs coolify-proxy 2>&1 | grep -i acme` names the reason.",
                (
                    "Does the domain still point to this server, and does port 80 answer there? The HTTP challenge "
                    "needs both."
                ),
            ),
            action=(
                "Correct the DNS record or the firewall, then restart the proxy: it tries again at once.",
                (
                    "The domain is not served any more: remove it from the resource in Coolify and its certificate "
                    "from /data/coolify/proxy/acme.json, then restart the proxy."
                ),
                "It is your own certificate: replace the file in /data/coolify/proxy.",
            ),
            false_alarms="Certificates that were replaced by one for other names and stay in acme.json.",
        ),
        threshold=left,
        threshold_source="14 days; Traefik renews 30 days before expiry (Let's Encrypt, 90 days), so 16 days of"
        " attempts have failed then",
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
        summary="Traefik is running out of open files.",
        description="Traefik on {{ $labels.server }} has {{ $value | humanizePercentage }} of the files open that it"
        " may have.",
        runbook=Runbook(
            meaning="Every connection is a file, to the browser and to the service. At the limit Traefik accepts no "
            "new ones, and every service on the server seems down.",
            first_look=(
                "Dashboard *Traefik*, panel *Open connections*: on which entry point?",
                "Dashboard *Traefik*, panel *Requests*: more traffic, or slow answers that keep connections open?",
            ),
            action=(
                "A slow service keeps connections open: look at its latency first.",
                "One client opens too many: limit it (Traefik's `inFlightReq` or `rateLimit`), or block its address.",
                "It is your traffic: raise `ulimits.nofile` of the proxy in Coolify's proxy configuration.",
            ),
            false_alarms="None known.",
        ),
        threshold=share,
        threshold_source="the share at which host and process rules commonly warn; connections come in bursts, so a"
        " fifth is kept free",
        fires=fires,
        silent=silent,
        dashboard=ID,
        panel="Open files",
    )
