"""Real notifications: Alertmanager with the generated configuration notifies the right receivers, and no others."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from support.programs import free_port, get, running, wait_for
from support.topologies import complete
from support.webhook import Webhook, webhook

from boxwatch.publish import directory
from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager
from boxwatch.topology.model import Topology
from boxwatch.topology.notifications import Notifications

Program = Callable[[str], str]


@dataclass
class Rig:
    """An Alertmanager.

    Attributes:
        url: base URL of Alertmanager.
        people: notifications sent to people.
        heartbeat: notifications sent to the dead man's switch.
    """

    url: str
    people: Webhook
    heartbeat: Webhook

    def fire(self, *alerts: dict[str, str]) -> None:
        """Post alerts, as Prometheus does."""
        body = json.dumps([{"labels": labels, "annotations": {"summary": "So it is."}} for labels in alerts]).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback only
            f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - loopback only


def _topology(people: str, heartbeat: str) -> Topology:
    told = Notifications.model_validate(
        {
            "receivers": {"people": {"webhook": {"url": people}}, "waits": {"webhook": {"url": heartbeat}}},
            "critical": "people",
            "warning": "people",
            "watchdog": "waits",
            "heartbeat": "10s",
            "group_wait": "2s",
        }
    )
    return complete().model_copy(update={"notifications": told})


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[Rig]:
    """An Alertmanager with the generated configuration, for the module's tests."""
    tmp, port = tmp_path_factory.mktemp("alertmanager"), free_port()
    with contextlib.ExitStack() as stack:
        people, heartbeat = stack.enter_context(webhook()), stack.enter_context(webhook())
        files = alertmanager.files(rules.build(_topology(people.url, heartbeat.url)))
        directory.apply(directory.plan(files, tmp / "built"))
        command = [
            program("prometheus-alertmanager"), f"--config.file={tmp}/built/{alertmanager.PATH}",
            f"--storage.path={tmp}/data", "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        stack.enter_context(running(command, tmp / "log"))
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: get(f"{url}/api/v2/status"), "Alertmanager")
        yield Rig(url, people, heartbeat)


def _alert(name: str, severity: str, **labels: str) -> dict[str, str]:
    return {"alertname": name, "severity": severity, "server": "main", **labels}


def test_a_critical_alert_arrives_and_its_warning_does_not(rig: Rig) -> None:
    """A critical alert inhibits its own warning; that of another disk arrives, so the test waited long enough."""
    rig.fire(
        _alert("HostDiskCritical", "critical", device="/dev/md2"),
        _alert("HostDiskLow", "warning", device="/dev/md2"),
        _alert("ContainerCpuThrottled", "info", service="api"),
        _alert("HostDiskFilling", "warning", device="/dev/md3"),
        # Last of all: when it is there, what was sent with it has been decided on.
        _alert("HostMemoryLow", "warning"),
    )
    rig.people.wait("HostDiskCritical", "firing", device="/dev/md2")
    rig.people.wait("HostDiskFilling", "firing", device="/dev/md3")
    rig.people.wait("HostMemoryLow", "firing")

    assert {alert["labels"]["alertname"] for alert in rig.people.alerts} == {
        "HostDiskCritical",
        "HostDiskFilling",
        "HostMemoryLow",
    }


def test_the_heartbeat_arrives_again_and_again(rig: Rig) -> None:
    """The Watchdog is repeated to the dead man's switch, and to no other receiver."""
    rig.fire({"alertname": "Watchdog", "severity": "none"})
    rig.heartbeat.wait("Watchdog", "firing")
    rig.heartbeat.wait("Watchdog", "firing", after=len(rig.heartbeat.alerts))

    assert "Watchdog" not in {alert["labels"]["alertname"] for alert in rig.people.alerts}
