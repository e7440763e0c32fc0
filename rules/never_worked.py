"""What was never switched on: targets that have never been up, and services that their exporter has never reached.

Each is a ticket that says what to switch on. An outage of what has worked is something else, and pages where it should:
*MinioDown*, *DockerEngineDown*, *PostgresDown* and their like read what is recorded here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from types import MappingProxyType

from boxwatch.rules import names, never_worked_proofs
from boxwatch.rules.model import Alert, Group, Record, Runbook, Subject
from boxwatch.rules.patterns.fragments import expr, named_containers
from boxwatch.rules.patterns.system import System
from boxwatch.rules.patterns.worked import worked
from boxwatch.rules.systems import SYSTEMS
from boxwatch.topology.model import Topology

ID = "never_worked"

_MINUTE = 60
# Container metrics and probes have alerts of their own.
_TARGETS = f'job!~"{names.JOB_CADVISOR}|{names.JOB_PROBE}|{names.JOB_PROBE_PORTS}"'
_WHAT = "{{ $labels.job }}{{ with $labels.service }} of {{ . }}{{ end }} on {{ $labels.server }}"
# What to switch on for the targets of no system.
_OTHERS: Mapping[str, str] = MappingProxyType(
    {
        names.JOB_NODE: "start node_exporter on the server, with `--path.rootfs=/host` where it runs in a container",
        names.JOB_DOCKER: 'add `"metrics-addr": "ADDRESS:9323"` to /etc/docker/daemon.json, with the address in '
        "`exporters.docker` of the server in the topology, then run `systemctl restart docker`",
        names.JOB_PROMETHEUS: "correct `stack.prometheus` in the topology",
        names.JOB_ALERTMANAGER: "start Alertmanager, or correct `stack.alertmanager` in the topology",
        names.JOB_GRAFANA: "start Grafana, or correct `stack.grafana` in the topology",
        names.JOB_BLACKBOX: "start the blackbox exporter, or correct `stack.blackbox` in the topology",
        names.JOB_APP: "let the application serve its metrics there, or set `metrics: none` in the topology",
    }
)


def switch_on() -> dict[str, str]:
    """Scrape job → what to switch on when its target has never been up."""
    return {**{job: system.switch_on for system in SYSTEMS for job in system.kind.jobs}, **_OTHERS}


def connect() -> dict[str, str]:
    """Scrape job → what to set when the exporter there has never reached its service."""
    return {system.kind.job: system.connect for system in SYSTEMS if system.reached}


def subject(topology: Topology) -> Subject:
    """What has worked, and alerts on what never has."""
    there = _connected(topology)
    records = (_answered(), *([_reached(there)] if there else []), _seen())
    alerts = (_target(topology), *([_service(topology, there)] if there else []))
    return Subject(
        id=ID,
        title="What was never switched on",
        groups=(Group(name="worked-once", rules=records), Group(name="never-worked", rules=alerts)),
        measured=never_worked_proofs.remembered(topology, there),
    )


def _connected(topology: Topology) -> tuple[System, ...]:
    """The systems of a topology whose exporter connects to the service."""
    return tuple(
        system
        for system in SYSTEMS
        if system.reached and any(topology.metrics_of(service) for service in topology.services_of(system.name))
    )


def _answered() -> Record:
    return worked(
        names.TARGET_WORKED,
        "up == 1",
        "up",
        by=names.BY_TARGET,
        doc="1 for a target that has been up since it is scraped; absent for one that never was.",
    )


def _reached(systems: tuple[System, ...]) -> Record:
    works = " or ".join(f"{system.reached} == 1" for system in systems)
    return worked(
        names.SERVICE_REACHED,
        works,
        "up",
        by=names.BY_TARGET,
        doc="1 for a service that its exporter has reached since it is scraped; absent for one never reached.",
    )


def _seen() -> Record:
    return worked(
        names.SERVER_CONTAINERS_SEEN,
        named_containers(),
        names.SERVER_MEMORY_PLAN,
        by=names.BY_SERVER,
        doc="1 for a planned server on which cAdvisor has named containers; absent where it never did.",
    )


def _hinted(hints: dict[str, str]) -> str:
    """A template: the hint for the job of an alert."""
    branches = (f'if eq $labels.job "{job}" }}}}{hint}{{{{ ' for job, hint in hints.items())
    return f"{{{{ {'else '.join(branches)}end }}}}"


def _jobs(topology: Topology) -> dict[str, str]:
    """The hints for the jobs that a topology has."""
    kinds_ = {service.kind for service in topology.services if topology.metrics_of(service)}
    of_systems = {system.name: system.kind.jobs for system in SYSTEMS}
    absent = {
        *(job for name, jobs in of_systems.items() if name not in kinds_ for job in jobs),
        *([] if any(server.targets.docker for server in topology.servers) else [names.JOB_DOCKER]),
        *([] if kinds_ - of_systems.keys() else [names.JOB_APP]),
    }
    return {job: hint for job, hint in switch_on().items() if job not in absent}


def _target(topology: Topology) -> Alert:
    name = "TargetNeverUp"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    hints = _jobs(topology)
    fires, silent = never_worked_proofs.target(topology, wait, hints)
    return Alert(
        alert=name,
        expr=expr(f"""
            max by ({names.BY_TARGET}) (up{{{_TARGETS}}}) == 0
            unless on ({names.BY_TARGET}) {names.TARGET_WORKED}
        """),
        wait=wait,
        severity="warning",
        summary="A scrape target has never been up: it was not switched on.",
        description=f"{_WHAT} has never been up: {_hinted(hints)}.",
        dashboard="monitoring",
        panel="Targets",
        runbook=Runbook(
            meaning="Prometheus scrapes a target that has never answered it. Most likely its exporter, its metrics or "
            "its token was never set up. Alerts on its metrics cannot fire, and its outage does not page, because "
            "nobody knows whether it has ever worked.",
            first_look=(
                (
                    "Prometheus, page *Targets*: `connection refused` and `no such host` point to the address, the "
                    "network or an exporter that does not run; `401` and `403` to a missing token."
                ),
                "`docker ps -a` on the server: does the exporter run?",
            ),
            action=(
                *(f"{job}: {hint}." for job, hint in hints.items()),
                "It should not be scraped: set `metrics: none` for the service in the topology.",
            ),
            false_alarms="Prometheus lost its data, or was off for more than three days, while the target was down: "
            "nothing remembers then that it had worked.",
        ),
        fires=fires,
        silent=silent,
    )


def _service(topology: Topology, systems: tuple[System, ...]) -> Alert:
    name = "ServiceNeverReached"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    hints = connect()
    here = {system.kind.job: hints[system.kind.job] for system in systems}
    never = textwrap.indent("\nor\n".join(f"{system.reached} == 0" for system in systems), "  ")

    def text(system: System) -> str:
        job = system.kind.job
        return f"The {job} exporter of db on main has never reached it: {hints[job]}."

    fires, silent = never_worked_proofs.service(topology, wait, systems, text)
    return Alert(
        alert=name,
        expr=f"max by ({names.BY_TARGET}) (\n{never}\n)\nunless on ({names.BY_TARGET}) {names.SERVICE_REACHED}",
        wait=wait,
        severity="warning",
        summary="An exporter has never reached its service: the connection was not set up.",
        description="The {{ $labels.job }} exporter of {{ $labels.service }} on {{ $labels.server }} has never reached "
        f"it: {_hinted(here)}.",
        dashboard="monitoring",
        panel="Targets",
        runbook=Runbook(
            meaning="The exporter runs, and none of its connections to the service has ever succeeded. Most likely its "
            "address, user or password was never set. Alerts on its metrics cannot fire, and its outage does not page; "
            "its containers are watched through cAdvisor all the same.",
            first_look=(
                "The exporter's log: `connection refused`, `no such host`, or a failed authentication?",
                "`docker ps -a` on the server: does the service itself run?",
            ),
            action=(
                *(f"{job}: {hint}." for job, hint in here.items()),
                "`no such host`: attach the exporter to the service's network.",
            ),
            false_alarms="Prometheus lost its data, or was off for more than three days, while the service was down: "
            "nothing remembers then that it had worked.",
        ),
        fires=fires,
        silent=silent,
    )
