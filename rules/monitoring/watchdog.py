"""The alert that always fires, as a dead man's switch: when it stops arriving, no other alert would arrive either."""

from __future__ import annotations

from boxwatch.rules.model import Alert, Expected, Group, Runbook, Subject
from boxwatch.rules.proofs.fixtures import Fixtures
from boxwatch.topology.model import Topology

ID = "watchdog"


def subject(topology: Topology) -> Subject:
    """The dead man's switch."""
    fixtures = Fixtures(length=3600, thresholds=topology.thresholds)
    return Subject(id=ID, title="Watchdog", groups=(Group(name=ID, rules=(_watchdog(topology.name, fixtures),)),))


def _watchdog(name: str, fixtures: Fixtures) -> Alert:
    says = Expected({}, "The alerts of this deployment are evaluated and sent (1). This one always fires.")
    return Alert(
        alert="Watchdog",
        expr="vector(1)",
        wait=0,
        severity="none",
        summary="Alerts are evaluated and sent.",
        description="The alerts of this deployment are evaluated and sent ({{ $value }}). This one always fires.",
        runbook=Runbook(
            meaning=f"Nothing is wrong while this fires. When it stops arriving, Prometheus of `{name}`, "
            "Alertmanager or the connection from there is down, and no other alert can report it. So a service "
            "outside must expect it, and notify you when it is missing.",
            first_look=(
                "Do Prometheus and Alertmanager answer? Does the server?",
                (
                    "Alertmanager, page *Alerts*: is Watchdog listed? Then the receiver fails: Alertmanager's log says "
                    "why."
                ),
                "Prometheus, page *Alerts*: is it listed? Then Alertmanager is unreachable: see page *Status*.",
            ),
            action=(
                "Start the part that is down. Until then check the deployment manually: nothing monitors it.",
                (
                    "No switch is set up yet: create a check outside this server that expects a call every few minutes "
                    "(Healthchecks, Dead Man's Snitch, a cron job elsewhere), and let Alertmanager send Watchdog "
                    "there, with `repeat_interval` below the check's period. See docs/watchdog.md."
                ),
            ),
            false_alarms="None: it is meant to fire.",
        ),
        dashboard="monitoring",
        panel="Rules",
        fires=(
            fixtures.fires("fires from the first evaluation", (), 0, says),
            fixtures.fires("keeps firing without any series", (), 3000, says),
        ),
        silent=(),
        instead="it always fires",
    )
