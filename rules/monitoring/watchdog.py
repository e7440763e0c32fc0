"""The alert that always fires: who no longer hears it knows that nothing would be heard."""

from __future__ import annotations

from boxwatch.rules.model import Alert, Expected, Group, Runbook, Subject
from boxwatch.rules.proofs.fixtures import World
from boxwatch.topology.model import Topology

ID = "watchdog"


def subject(topology: Topology) -> Subject:
    """The dead man's switch."""
    world = World(length=3600, thresholds=topology.thresholds)
    return Subject(id=ID, title="Watchdog", groups=(Group(name=ID, rules=(_watchdog(topology.name, world),)),))


def _watchdog(name: str, world: World) -> Alert:
    says = Expected({}, "The alerts of this deployment are evaluated and sent (1). This one always fires.")
    return Alert(
        alert="Watchdog",
        expr="vector(1)",
        wait=0,
        severity="none",
        summary="Alerts are evaluated and sent.",
        description="The alerts of this deployment are evaluated and sent ({{ $value }}). This one always fires.",
        runbook=Runbook(
            meaning=f"Nothing is wrong while this fires. When it stops arriving, Prometheus of `{name}`, Alertmanager "
            "or the way from there is down, and no other alert can say so: the stack cannot report its own death. So "
            "something outside must wait for it, and call when it does not come.",
            first_look=(
                "Do Prometheus and Alertmanager answer? Does the server?",
                "Alertmanager, page *Alerts*: is Watchdog there? Then the receiver fails: its log says why.",
                "Prometheus, page *Alerts*: is it there? Then Alertmanager is not reached: page *Status*.",
            ),
            action=(
                "Start what is down. Until then look at the deployment by hand: nothing watches it.",
                (
                    "Nobody waits for it yet: make a check at a service outside this server that expects a call every "
                    "few minutes (Healthchecks, Dead Man's Snitch, a cron job elsewhere), and let Alertmanager send "
                    "Watchdog there, with `repeat_interval` below what the check expects. docs/watchdog.md"
                ),
            ),
            false_alarms="None: it is meant to fire.",
        ),
        dashboard="monitoring",
        panel="Rules",
        fires=(
            world.fires("fires from the first evaluation", (), 0, says),
            world.fires("fires on, whatever is missing", (), 3000, says),
        ),
        silent=(),
        instead="it always fires",
    )
