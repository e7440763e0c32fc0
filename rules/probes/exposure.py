"""Ports of public addresses: one that should be closed answers, one that should be open does not.

The databases of a deployment are not meant for the world, and Docker publishes ports past the firewall (ufw). Scanners
find what is open within hours. Without an answer of the prober there is no series, so its own faults look like neither.
"""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns.fragments import expr, nothing_runs
from boxwatch.rules.patterns.paging import by_urgency
from boxwatch.rules.probes import exposure_proofs
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.model import Topology

ID = "exposure"

_MINUTE = 60
_BY = f"{names.BY_SERVICE}, {names.PORT}"
_PROBE = f'probe_success{{job="{names.JOB_PROBE_PORTS}",{names.EXPECTED}='
_OF = "{{ with $labels.service }} of {{ . }}{{ end }} on {{ $labels.server }}"

# Who reaches these from outside has the data, or is asked for a password and for nothing else. An interface of people
# (Coolify, Grafana, the applications) or a page of metrics can wait for the morning.
STORES = tuple(kind.name for kind in KINDS if kind.holds_data)


def subject(topology: Topology) -> Subject | None:
    """Alerts on ports; None where no server has a public address."""
    if not any(server.public_address for server in topology.servers):
        return None
    return Subject(
        id=ID,
        title="Exposure",
        groups=(Group(name=ID, rules=(*_exposed(topology), *_unanswered(topology))),),
        reads=("replicas",),
    )


def _exposed(topology: Topology) -> tuple[Alert, Alert]:
    """Critical for what holds data, a warning for the rest."""
    wait = topology.alerts.wait("PortExposed", 2 * _MINUTE)
    store = f'on ({names.BY_SERVICE}) {names.SERVICE_INFO}{{{names.KIND}=~"{"|".join(STORES)}"}}'
    answers = f'max by ({_BY}) ({_PROBE}"closed"}}) == 1'
    runbook = Runbook(
        meaning="Something answers on the server's public address that only the server itself should reach. Open "
        "databases are found by scanners within hours and emptied for ransom; that is why those wake someone.",
        first_look=(
            "`nc -vz ADDRESS PORT` from outside the server: does it answer there?",
            "`docker ps --format '{{.Names}} {{.Ports}}' | grep PORT` on the server: who publishes it on 0.0.0.0?",
        ),
        action=(
            "Close it at the provider's firewall at once: ufw does not hold what Docker publishes.",
            "A database that was made public in Coolify (*Make it publicly available*): take that back.",
            "Published by a compose file: remove the port, or bind it (`127.0.0.1:5432:5432`).",
            (
                "Coolify's own ports (8000, 6001, 6002) and its Traefik's 8080 are published by default: give Coolify "
                "a domain, then close them at the provider's firewall."
            ),
            "If the data could be read meanwhile: change its passwords, and read the log for strangers.",
            "It is meant to answer: state `exposed: true` for the service in the topology.",
        ),
        false_alarms="The prober runs on the server itself: it reaches the public address without passing the "
        "provider's firewall. Run it elsewhere, and name it in `stack.blackbox` (docs/probes.md).",
    )
    cases = exposure_proofs.exposed(topology, wait)
    critical = Alert(
        alert="PortExposed",
        expr=f"{answers}\nand {store}",
        wait=wait,
        severity="critical",
        summary="A port that should be closed answers on a public address.",
        description=f"Port {{{{ $labels.port }}}}{_OF} answers on the public address and should not.",
        runbook=runbook,
        dashboard="probes",
        panel="Ports",
        fires=cases.critical,
        silent=cases.silent,
    )
    return critical, replace(critical, expr=f"{answers}\nunless {store}", severity="warning", fires=cases.warning)


def _unanswered(topology: Topology) -> tuple[Alert, Alert]:
    wait = topology.alerts.wait("PortUnanswered", max(topology.alerts.outage_grace, 2 * _MINUTE))
    critical, warning = (exposure_proofs.unanswered(topology, wait, pages=pages) for pages in (True, False))
    return by_urgency(
        Alert(
            alert="PortUnanswered",
            # When nothing of the service runs, ServiceDown has said so.
            expr=expr(f"""
                min by ({_BY}) ({_PROBE}"open"}}) == 0
                unless on ({names.BY_SERVICE}) {nothing_runs()}
            """),
            wait=wait,
            severity="critical",
            summary="A port that should answer on a public address does not.",
            description=f"Port {{{{ $labels.port }}}}{_OF} does not answer on the public address.",
            runbook=Runbook(
                meaning="Nobody reaches the service from outside, although its containers run. For 80 and 443 that is "
                "every site of the server.",
                first_look=(
                    "`nc -vz ADDRESS PORT` from your own machine: does it answer there?",
                    "`docker ps --filter name=coolify-proxy` on the server: is the port published?",
                    "The provider's firewall and its status page.",
                ),
                action=(
                    "Open the port at the provider's firewall.",
                    "The proxy runs and listens no more: `docker restart coolify-proxy`.",
                    "The address changed: correct `public_address` in the topology, and the DNS.",
                ),
                false_alarms="A prober that cannot reach its own server's public address (no hairpin NAT): run it "
                "elsewhere, and name it in `stack.blackbox`.",
            ),
            dashboard="probes",
            panel="Ports",
            fires=critical[0],
            silent=critical[1],
        ),
        warning_fires=warning[0],
        warning_silent=warning[1],
    )
