"""How much a server has to do: CPU, and the table of connections."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Severity, Subject
from boxwatch.rules.patterns.threshold import beyond
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology

ID = "host_load"

_MINUTE = 60


def subject(topology: Topology) -> Subject:
    """Alerts on a server that has more to do than it can."""
    return Subject(
        id=ID,
        title="Load of the server",
        groups=(
            Group(
                name="host-load",
                rules=(
                    _connections(
                        topology,
                        "HostConntrackFull",
                        "critical",
                        wait=2 * _MINUTE,
                        threshold=0.95,
                        source="when it is full the kernel drops every new connection; this is one burst before",
                    ),
                    _connections(
                        topology,
                        "HostConntrackNearLimit",
                        "warning",
                        wait=5 * _MINUTE,
                        threshold=0.75,
                        source="node_exporter's mixin (NodeHighNumberConntrackEntriesUsed)",
                    ),
                    _cpu(topology),
                ),
            ),
        ),
        reads=("host",),
    )


def _connections(  # noqa: PLR0913 - what differs between two alerts on one number
    topology: Topology, name: str, severity: Severity, *, wait: int, threshold: float, source: str
) -> Alert:
    return beyond(
        topology,
        name,
        names.SERVER_CONNTRACK,
        wait=wait,
        threshold=threshold,
        source=source,
        severity=severity,
        summary="The kernel's table of connections is almost full."
        if severity == "critical"
        else "The kernel's table of connections fills up.",
        description="The table of connections of {{ $labels.server }} is {{ $value | humanizePercentage }} full.",
        text=lambda value: f"The table of connections of main is {percentage(value)} full.",
        runbook=Runbook(
            meaning="The kernel remembers each connection that passes Docker's address translation. When the table is "
            "full it drops packets of new ones (`nf_conntrack: table full, dropping packet`): users see time-outs, "
            "while every service is well.",
            first_look=(
                "`conntrack -S` and `dmesg -T | grep conntrack` on the server: is anything dropped yet?",
                "`conntrack -L | grep -o 'src=[^ ]*' | sort | uniq -c | sort -n | tail`: one address, or many?",
            ),
            action=(
                "One address: block it (firewall of the provider), or limit it in Traefik.",
                "A service of ours opens a connection for each request: give it a pool or keep-alive.",
                "Real traffic: `sysctl -w net.netfilter.nf_conntrack_max=524288`, and write it to /etc/sysctl.d.",
            ),
            false_alarms="None known. The number is that of the network namespace in which node_exporter runs: in a "
            "container without `network_mode: host` it counts the container's own connections and never fires.",
        ),
        panel="Connections tracked",
    )


def _cpu(topology: Topology) -> Alert:
    return beyond(
        topology,
        "HostCpuSaturated",
        names.SERVER_CPU_USED,
        wait=15 * _MINUTE,
        threshold=0.9,
        source="node_exporter's mixin informs at 90 % (cpuHighUsageThreshold); a quarter of an hour is longer than our "
        "builds take",
        severity="warning",
        summary="A server's CPUs are busy all the time.",
        description="The CPUs of {{ $labels.server }} are {{ $value | humanizePercentage }} busy.",
        text=lambda value: f"The CPUs of main are {percentage(value)} busy.",
        runbook=Runbook(
            meaning="Everything on the server takes longer. Whether users notice is what the objectives of the "
            "services say; this tells where the time goes.",
            first_look=(
                "Dashboard *Host*, panel *CPU and disk pressure*: does anything wait for a CPU?",
                "Dashboard *Service*, panel *CPU of each replica*; `top` on the server for what is in no container.",
            ),
            action=(
                "A build: limit Coolify's concurrent builds, or build elsewhere (build server, CI).",
                "A service: what was deployed just before? Roll back, or give it a CPU limit.",
                "Real traffic: move a service to a second server.",
            ),
            false_alarms="A batch job that may take all that is free, and takes longer than this waits. Run it with "
            "`cpu_shares`, and raise `for` in `alerts.rules`.",
        ),
        panel="CPU in use",
    )
