"""Messages as people receive them: rendered by a real Alertmanager with the generated configuration."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.artefacts import complete_alerts
from support.programs import free_port, get, running, wait_for
from support.topologies import complete

from boxwatch.publish import directory
from boxwatch.rules import alert_labels, alert_text, catalogue
from boxwatch.rules.model import Alert
from boxwatch.stack import alertmanager
from boxwatch.topology.model import Topology
from boxwatch.topology.notifications import Notifications
from boxwatch.topology.settings import Urls

# One of each kind of subject: services, containers, servers, disks, databases, queues, URLs, ports, Coolify's own.
_ALERTS = (
    "BackupTooOld", "CertificateExpiring", "ContainerMemoryLimitDrifted", "ContainerMemoryNearBudget",
    "ContainerOomKilled", "ContainerUnhealthy", "DeploymentFailed", "HostConntrackNearLimit", "HostDiskCritical",
    "HostMemoryLow", "MinioDrivesOffline", "PortExposed", "PostgresLongQuery", "ProbeFailed",
    "RabbitmqQueueUnconsumed", "RedisDown", "ServerMemoryPlanExceeded", "ServiceCrashLooping", "ServiceDown",
    "ServiceReplicasMissing",
)  # fmt: skip
_URLS = Urls(grafana="https://grafana.example.com", runbooks="https://git.example.com/runbooks")


@contextlib.contextmanager
def _slack() -> Iterator[tuple[str, dict[str, str]]]:
    """A stand-in for Slack; yields its URL and the messages by alert, as it is sent them."""
    received: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (message,) = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["attachments"]
            received[message["title"].split(":")[0].split()[-1]] = f"{message['title']}\n\n{message['text']}\n"
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", received
        finally:
            server.shutdown()
            thread.join()


def _fired(topology: Topology, alert: Alert) -> dict[str, object]:
    """The alert as Prometheus sends it; that its texts are so is what the proofs show."""
    expected = alert.fires[0].expects[0]
    labels = {**alert_labels.labels_of(topology, alert, expected.labels), "alertname": alert.alert}
    return {"labels": labels, "annotations": alert_text.annotations_of(topology, alert).of(expected)}


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> dict[str, str]:
    """Alert → its message."""
    tmp, port = tmp_path_factory.mktemp("messages"), free_port()
    with contextlib.ExitStack() as stack:
        url, received = stack.enter_context(_slack())
        (tmp / "url").write_text(url, encoding="utf-8")
        told = Notifications.model_validate(
            {
                "receivers": {"people": {"slack": {"url_file": str(tmp / "url")}}},
                "critical": "people",
                "warning": "people",
                "info": "people",
                "group_wait": "1s",
            }
        )
        topology = complete().model_copy(update={"notifications": told, "urls": _URLS})
        files = alertmanager.files(catalogue.build(topology))
        # What is inhibited by what is another test's subject.
        whole = files[alertmanager.PATH].decode()
        files[alertmanager.PATH] = whole[: whole.index("inhibit_rules:")].encode()
        directory.apply(directory.plan(files, tmp / "built"))
        command = [
            program("prometheus-alertmanager"), f"--config.file={tmp}/built/{alertmanager.PATH}",
            f"--storage.path={tmp}/data", "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        stack.enter_context(running(command, tmp / "log"))
        wait_for(lambda: get(f"http://127.0.0.1:{port}/api/v2/status"), "Alertmanager")
        by_name: dict[str, Alert] = {}
        for alert in complete_alerts():
            by_name.setdefault(alert.alert, alert)
        body = json.dumps([_fired(topology, by_name[name]) for name in _ALERTS]).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v2/alerts", body, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - loopback only
        return wait_for(lambda: received if len(received) == len(_ALERTS) else None, "message for every alert", 60)


@pytest.mark.parametrize("alert", _ALERTS)
def test_a_message_says_what_where_how_much_and_what_to_run(
    messages: dict[str, str], golden: Callable[[str, str], None], alert: str
) -> None:
    """Stored, so that a change of words is seen as it reaches people."""
    golden(f"messages/{alert}.txt", messages[alert])
    lines = messages[alert].splitlines()
    assert "main" in lines[0]
    assert any(line.startswith("First command: ") for line in lines)
    assert any(line.startswith("Resource: ") for line in lines) == (not alert.startswith(("Host", "Server")))
    assert any(character.isdecimal() for line in lines[2:4] for character in line) or alert in _WITHOUT_NUMBER


# They happen, or they do not.
_WITHOUT_NUMBER = {"ContainerOomKilled", "ContainerUnhealthy", "DeploymentFailed", "RedisDown", "ServiceDown"}


def test_the_stored_messages_are_those_of_the_list() -> None:
    """None is left behind."""
    stored = {path.stem for path in (Path(__file__).parents[1] / "golden" / "messages").glob("*.txt")}
    assert stored == set(_ALERTS)
    assert len(_ALERTS) == 20
