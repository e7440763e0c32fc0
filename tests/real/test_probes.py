"""Real faults seen by a real blackbox exporter and Prometheus: an expiring certificate, a port that should be closed.

Loopback is the public address. The rules are the generated ones, with `for` set to 0 in the topology's overlay.
"""

from __future__ import annotations

import http.server
import os
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.certificate import make_short_certificate
from support.programs import free_port, get, running, wait_for
from support.topologies import a_server, a_service, a_topology

from boxwatch.assemble import assemble
from boxwatch.publish import directory
from boxwatch.topology.model import Topology

Program = Callable[[str], str]
_ALERTS = ("ProbeFailed", "CertificateExpiring", "PortExposed", "PortUnanswered", "ProberDown", "TargetDown")
# Long enough for both programs to start and to see the certificate while it is good.
_GOOD_FOR = 25


@dataclass(frozen=True, slots=True)
class _Ports:
    site: int
    redis: int
    mail: int
    blackbox: int
    prometheus: int


@contextmanager
def _site(port: int, folder: Path) -> Iterator[Path]:
    """An HTTPS site whose certificate expires soon; yields the certificate."""
    certificate, key = make_short_certificate(folder, _GOOD_FOR)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield certificate
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _listening(port: int) -> Iterator[None]:
    """A server that accepts connections on a port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield


def _topology(ports: _Ports) -> Topology:
    services = (
        a_service("web", url=f"https://localhost:{ports.site}"),
        a_service("redis", kind="redis", ports=[ports.redis], metrics="none"),
        a_service("mail", kind="other", ports=[ports.mail], exposed=True),
    )
    return a_topology(
        scrape_interval="10s",
        # The loader refuses a loopback address, which is all that a test may probe.
        servers=(a_server().model_copy(update={"public_address": "127.0.0.1"}),),
        services=services,
        stack={"blackbox": f"127.0.0.1:{ports.blackbox}", "prometheus": f"127.0.0.1:{ports.prometheus}"},
        alerts={"rules": {name: {"for": "0s"} for name in _ALERTS}},
    )


def _start(stack: ExitStack, program: Program, tmp: Path, ports: _Ports, certificate: Path) -> ExitStack:
    """Start both programs; the blackbox exporter, which the test stops, on a stack of its own."""
    directory.apply(directory.plan(assemble(_topology(ports)), tmp / "built"))
    config = tmp / "built/prometheus/prometheus.yml"
    # The topology's shortest interval is 10 s, and a test has less patience.
    config.write_text(config.read_text(encoding="utf-8").replace(": 10s", ": 1s"), encoding="utf-8")
    os.environ["SSL_CERT_FILE"] = str(certificate)
    blackbox = stack.enter_context(ExitStack())
    blackbox.enter_context(
        running(
            [
                program("prometheus-blackbox-exporter"),
                f"--config.file={tmp}/built/blackbox/blackbox.yml",
                f"--web.listen-address=127.0.0.1:{ports.blackbox}",
            ],
            tmp / "blackbox.log",
        )
    )
    stack.enter_context(
        running(
            [
                program("prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp}/data",
                f"--web.listen-address=127.0.0.1:{ports.prometheus}",
            ],
            tmp / "prometheus.log",
        )
    )
    return blackbox


def _firing(ports: _Ports) -> set[tuple[str, str, str, str]] | None:
    """(alert, severity, subject, port) of each firing alert; None while Prometheus does not answer.

    Only for our ports: on loopback all of the host's own programs answer too.
    """
    query = urllib.parse.urlencode({"query": f'ALERTS{{alertstate="firing",alertname=~"{"|".join(_ALERTS)}"}}'})
    answer = get(f"http://127.0.0.1:{ports.prometheus}/api/v1/query?{query}")
    if answer is None:
        return None
    found = (row["metric"] for row in answer["data"]["result"])
    return {
        (one["alertname"], one["severity"], one.get("service", one.get("job", "")), one.get("port", ""))
        for one in found
        if one.get("job", "blackbox") in {"blackbox", "probe", "probe-ports"}
        and one.get("port", "") in {"", str(ports.redis), str(ports.mail)}
    }


def test_faults_are_told_apart_and_resolve(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expiring certificate, an exposed port, a closed port and then a stopped prober each fire their own alert."""
    monkeypatch.setenv("SSL_CERT_FILE", "")
    ports = _Ports(*(free_port() for _ in range(5)))
    expiring = ("CertificateExpiring", "critical", "web", "")
    failed = ("ProbeFailed", "critical", "web", "")
    exposed = ("PortExposed", "critical", "redis", str(ports.redis))
    unanswered = ("PortUnanswered", "critical", "mail", str(ports.mail))

    def until(*wanted: tuple[str, str, str, str]) -> None:
        """Wait until exactly these alerts fire."""
        try:
            wait_for(lambda: _firing(ports) == set(wanted), f"firing of just {wanted}", 60)
        except TimeoutError as error:
            pytest.fail(f"{error}, but of {_firing(ports)}")

    with ExitStack() as stack:
        certificate = stack.enter_context(_site(ports.site, tmp_path))
        mail = stack.enter_context(ExitStack())
        mail.enter_context(_listening(ports.mail))
        blackbox = _start(stack, program, tmp_path, ports, certificate)

        # It is still good, and the site answers.
        until(expiring)
        # It has ended: the handshake fails and its series is gone, yet it is remembered why.
        until(expiring, failed)
        with _listening(ports.redis):
            until(expiring, failed, exposed)
        until(expiring, failed)
        mail.close()
        until(expiring, failed, unanswered)
        # Without the prober nothing is known of any of them but the certificate.
        blackbox.close()
        until(expiring, ("TargetDown", "warning", "blackbox", ""))
