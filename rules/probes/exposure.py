"""Ports of public addresses: closed ports that answer, open ports that do not.

A deployment's databases must not face the internet, but Docker publishes ports past the firewall (ufw), and scanners
find open ones within hours. A prober that does not answer yields no series, so its own faults fire neither alert.
"""

from __future__ import annotations

from dataclasses import replace

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Subject
from boxwatch.rules.patterns.fragments import expr, nothing_runs
from boxwatch.rules.patterns.paging import by_paging
from boxwatch.rules.probes import exposure_proofs
from boxwatch.topology.kinds import KINDS
from boxwatch.topology.model import Topology

ID = "exposure"

_MINUTE = 60
_BY = f"{names.BY_SERVICE}, {names.PORT}"
_PROBE = f'probe_success{{job="{names.JOB_PROBE_PORTS}",{names.EXPECTED}='
_OF = "{{ with $labels.service }} of {{ . }}{{ end }} on {{ $labels.server }}"

# Kinds whose open port exposes data, guarded by a password at most. A user interface (Coolify, Grafana, applications)
# or a metrics page can wait until morning.
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
    """Critical for services that hold data, a warning for the rest."""
    wait = topology.alerts.wait("PortExposed", 2 * _MINUTE)
    store = f'on ({names.BY_SERVICE}) {names.SERVICE_INFO}{{{names.KIND}=~"{"|".join(STORES)}"}}'
    answers = f'max by ({_BY}) ({_PROBE}"closed"}}) == 1'
    runbook = Runbook(
        meaning="A port that only the server itself should reach answers on its public address. Scanners find open "
        "databases within hours and empty them for ransom, so those page.",
        first_look=(
            "`nc -vz ADDRESS PORT` from outside the server: does it answer there?",
            "`docker ps --format '{{.Names}} {{.Ports}}' | grep PORT` on the server: who publishes it on 0.0.0.0?",
        ),
        action=(
            "Close it at the provider's firewall at once: ufw does not filter ports that Docker publishes.",
            "A database made public in Coolify: switch *Make it publicly available* off.",
            "Published by a compose file: remove the port, or bind it to localhost (`127.0.0.1:5432:5432`).",
            (
                "Coolify's own ports (8000, 6001, 6002) and its Traefik's 8080 are published by default: give Coolify "
                "a domain, then close them at the provider's firewall."
            ),
            "The data was reachable: change its passwords, and search the log for unknown clients.",
            "It is meant to answer: set `exposed: true` for the service in the topology.",
        ),
        false_alarms="A prober on the server itself reaches the public address without passing the provider's "
        "firewall. Run it elsewhere, and name it in `stack.blackbox` (docs/probes.md).",
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
    return by_paging(
        Alert(
            alert="PortUnanswered",
            # When no container of the service runs, ServiceDown fires instead.
            expr=expr(f"""
                min by ({_BY}) ({_PROBE}"open"}}) == 0
                unless on ({names.BY_SERVICE}) {nothing_runs()}
            """),
            wait=wait,
            severity="critical",
            summary="A port that should answer on a public address does not.",
            description=f"Port {{{{ $labels.port }}}}{_OF} does not answer on the public address.",
            runbook=Runbook(
                meaning="The service is unreachable from outside, although its containers run. For ports 80 and 443 "
                "that means every site on the server.",
                first_look=(
                    "`nc -vz ADDRESS PORT` from your own computer: does it answer there?",
                    "`docker ps --filter name=coolify-proxy` on the server: is the port published?",
                    "The provider's firewall and its status page.",
                ),
                action=(
                    "Open the port at the provider's firewall.",
                    "The proxy runs but no longer listens: `docker restart coolify-proxy`.",
                    "The address changed: correct `public_address` in the topology, and the DNS record.",
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
