"""Server load: CPU and the connection tracking table."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Group, Runbook, Severity, Subject
from boxwatch.rules.patterns.threshold import threshold_alert
from boxwatch.rules.template_functions import percentage
from boxwatch.topology.model import Topology

ID = "host_load"

_MINUTE = 60


def subject(topology: Topology) -> Subject:
    """Alerts on an overloaded server."""
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
                        source="when it is full, the kernel drops every new connection; this leaves room for a burst",
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
    return threshold_alert(
        topology,
        name,
        names.SERVER_CONNTRACK,
        wait=wait,
        threshold=threshold,
        source=source,
        severity=severity,
        summary="The kernel's connection tracking table is almost full."
        if severity == "critical"
        else "The kernel's connection tracking table is filling up.",
        description="The connection tracking table of {{ $labels.server }} is {{ $value | humanizePercentage }} full.",
        text=lambda value: f"The connection tracking table of main is {percentage(value)} full.",
        runbook=Runbook(
            meaning="The kernel tracks every connection that passes Docker's address translation. When the table is "
            "full, it drops the packets of new ones (`nf_conntrack: table full, dropping packet`): users see time-outs "
            "while every service looks healthy.",
            first_look=(
                "`conntrack -S` and `dmesg -T | grep conntrack` on the server: are packets being dropped?",
                "`conntrack -L | grep -o 'src=[^ ]*' | sort | uniq -c | sort -n | tail`: one address, or many?",
            ),
            action=(
                "One address: block it in the provider's firewall, or rate-limit it in Traefik.",
                "One of your services opens a connection per request: give it a connection pool or keep-alive.",
                "Real traffic: `sysctl -w net.netfilter.nf_conntrack_max=524288`, and persist it in /etc/sysctl.d.",
            ),
            false_alarms="None known. The number is that of node_exporter's network namespace: in a container without "
            "`network_mode: host`, it counts the container's own connections and never fires.",
        ),
        panel="Tracked connections",
    )


def _cpu(topology: Topology) -> Alert:
    return threshold_alert(
        topology,
        "HostCpuSaturated",
        names.SERVER_CPU_USED,
        wait=15 * _MINUTE,
        threshold=0.9,
        source="node_exporter's mixin uses 90 % for an info alert (cpuHighUsageThreshold); 15 minutes is longer than a "
        "typical build",
        severity="warning",
        summary="A server's CPUs are saturated.",
        description="The CPUs of {{ $labels.server }} are {{ $value | humanizePercentage }} busy.",
        text=lambda value: f"The CPUs of main are {percentage(value)} busy.",
        runbook=Runbook(
            meaning="Everything on the server takes longer. The services' objectives show whether users notice; this "
            "alert shows the cause.",
            first_look=(
                "Dashboard *Host*, panel *CPU and disk pressure*: are processes waiting for a CPU?",
                "`ps aux --sort=-%cpu | head` on the server, and dashboard *Service*, panel *CPU of each replica*.",
            ),
            action=(
                "A build: limit Coolify's concurrent builds, or build elsewhere (build server, CI).",
                "A service: what was deployed just before? Roll back, or give it a CPU limit.",
                "Real traffic: move a service to a second server.",
            ),
            false_alarms="A batch job that may use all idle CPU and takes longer than this alert waits. Run it with "
            "low `cpu_shares`, and raise `for` in `alerts.rules`.",
        ),
        panel="CPU in use",
    )
