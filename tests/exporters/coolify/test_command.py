"""The command as users run it: a separate process with few imports that never shows its token and stops quickly."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import http.client
import importlib.metadata
import logging
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificate import make_certificate
from support.running import eventually, get

from boxwatch.exporters.coolify import command
from boxwatch.exporters.coolify.config import ConfigError, load
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.exporters.coolify.fake.server import FakeServer

ROOT = Path(__file__).parents[3]
MODULE = [sys.executable, "-m", "boxwatch.exporters.coolify"]


@pytest.fixture
def coolify() -> Iterator[FakeServer]:
    with FakeServer(("127.0.0.1", 0), default(time.time)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


class Running:
    """The command in a process, with its log."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        """Start it and wait until it listens."""
        self.log: list[str] = []
        self.process = subprocess.Popen(
            [*MODULE, "--listen", "127.0.0.1:0", *arguments],
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        eventually(lambda: "msg=listening" in "".join(self.log) or self.process.poll() is not None, 20)
        match = re.search(r"port=(\d+)", "".join(self.log))
        self.port = int(match[1]) if match else 0

    def _read(self) -> None:
        self.log.extend(self.process.stderr or ())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(15)
        self._reader.join(5)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code


def _url(server: FakeServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops_cleanly(number: int, coolify: FakeServer, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    running = Running("--url", _url(coolify), "--token-file", str(token), "--requests-per-minute", "600")
    try:
        eventually(lambda: get(running.port, "/-/ready")[0] == 200)
        eventually(lambda: b'coolify_up{account="default"} 1.0' in get(running.port)[2])
        page = get(running.port)[2].decode()
        command_line = Path(f"/proc/{running.process.pid}/cmdline").read_text(encoding="utf-8")
        variables = Path(f"/proc/{running.process.pid}/environ").read_text(encoding="utf-8")
        landing = get(running.port, "/")[2].decode()
    finally:
        started = time.monotonic()
        code = running.stop(number)

    assert code == 0
    assert time.monotonic() - started < 5
    assert "msg=stopped" in running.log[-1]
    assert "process_resident_memory_bytes" in page
    assert "python_info" in page
    for text in (page, landing, command_line, variables, "".join(running.log)):
        assert TOKEN not in text
        assert TOKEN.split("|")[1] not in text


@pytest.fixture
def _own_log() -> Iterator[None]:
    """Restore the logger."""
    logger = logging.getLogger("boxwatch.exporters.coolify")
    before = logger.handlers[:], logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


@pytest.mark.usefixtures("_own_log")
def test_it_runs_in_this_process_too(coolify: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command serves and stops within this process too, where coverage can measure it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("COOLIFY_TOKEN", TOKEN)
    monkeypatch.setattr(sys, "setswitchinterval", lambda _: None)
    statuses: list[int] = []

    def visit() -> None:
        time.sleep(0.3)
        eventually(lambda: _answers(port))
        statuses.append(get(port)[0])
        os.kill(os.getpid(), signal.SIGTERM)

    visitor = threading.Thread(target=visit)
    visitor.start()
    code = command.main(["--url", _url(coolify), "--listen", f"127.0.0.1:{port}", "--log-level", "error"])
    visitor.join(10)

    assert (code, statuses) == (0, [200])


def _answers(port: int) -> bool:
    try:
        return get(port, "/-/healthy")[0] == 200
    except OSError:
        return False


def test_it_stops_within_the_grace_while_coolify_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        running = Running("--url", f"http://127.0.0.1:{silent.getsockname()[1]}", COOLIFY_TOKEN=TOKEN)
        assert get(running.port)[0] == 200, "a scrape never waits for Coolify"
        started = time.monotonic()
        code = running.stop()

    assert code == 0
    assert time.monotonic() - started < 9


def test_only_the_read_endpoints_are_asked_with_the_read_token(coolify: FakeServer) -> None:
    running = Running("--url", _url(coolify), "--requests-per-minute", "600", COOLIFY_TOKEN=TOKEN)
    eventually(lambda: sum("/deployments/applications/" in target for target in coolify.fake.asked) == 7)
    running.stop()

    assert {re.sub(r"[a-z0-9]{24}", "{uuid}", target.split("?")[0]) for target in coolify.fake.asked} == {
        f"/api/v1/{path}"
        for path in (
            "version",
            "projects",
            "projects/{uuid}",
            "servers",
            "servers/{uuid}",
            "servers/{uuid}/resources",
            "applications",
            "services",
            "databases",
            "deployments",
            "deployments/applications/{uuid}",
            "databases/{uuid}/backups",
        )
    }


def test_the_process_imports_nothing_of_the_generators() -> None:
    code = "import sys, boxwatch.exporters.coolify.command; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )

    heavy = {
        "pydantic",
        "grafanalib",
        "promql_parser",
        "yaml",
        "rich",
        "click",
        "jsonschema",
        "_jsonnet",
        "re2",
        "bcrypt",
    }
    assert not loaded & (heavy | {"httpx", "requests", "urllib3", "boxwatch.exporters.coolify.fake"})
    ours = {name for name in loaded if name.startswith("boxwatch.")}
    assert ours - {"boxwatch.errors", "boxwatch.exporters"} == {
        name for name in ours if name.startswith("boxwatch.exporters.coolify")
    }


def test_mistakes_end_with_a_sentence_and_the_right_code() -> None:
    done = subprocess.run(
        [*MODULE, "--interval", "1"], env={"COOLIFY_TOKEN": TOKEN}, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: interval must be a number no less than 5\n"


def test_a_port_that_is_taken_is_told(coolify: FakeServer) -> None:
    done = subprocess.run(
        [*MODULE, "--listen", f"127.0.0.1:{coolify.server_port}"],
        env={"COOLIFY_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "Error: cannot listen on 127.0.0.1:" in done.stderr
    assert "Address already in use" in done.stderr


def test_a_file_without_certificates_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    arguments = ["--url", "https://coolify.example", "--ca-file", str(tmp_path / "ca.pem"), "--token-file", "x"]

    assert command.main(arguments) == 2
    assert "contains no certificates" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://coolify:8080", False),
        ("http://10.0.0.5:8000", False),
        ("http://host.docker.internal:8000", False),
        ("https://coolify.example.com", False),
        ("http://coolify.example.com", True),
        ("http://93.184.216.34", True),
    ],
)
def test_plain_http_over_the_internet_is_warned_of(url: str, caplog: pytest.LogCaptureFixture, *, warned: bool) -> None:
    config = load(["--url", url], {"COOLIFY_TOKEN": TOKEN}, "1.2.3")
    command.warn_of_plain_http(config.accounts[0])

    assert ("plain HTTP" in caplog.text) is warned


def test_a_renewed_certificate_is_taken_up_at_sighup(coolify: FakeServer, tmp_path: Path) -> None:
    certificate, _ = make_certificate(tmp_path)
    (tmp_path / "web.yml").write_text("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n")
    running = Running("--url", _url(coolify), "--web.config.file", str(tmp_path / "web.yml"), COOLIFY_TOKEN=TOKEN)
    kept = http.client.HTTPSConnection("localhost", running.port, context=_trust(certificate))
    kept.request("GET", "/-/healthy")
    kept.getresponse().read()
    try:
        make_certificate(tmp_path)
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: "web configuration reloaded" in "".join(running.log))
        assert get(running.port, tls=_trust(certificate))[0] == 200
        certificate.write_text("broken")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the last one stays" in "".join(running.log))
    finally:
        code = running.stop()
        kept.close()

    assert code == 0
    assert [line for line in running.log if not line.startswith("ts=")] == []


def _trust(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_half_of_client_authentication_does_not_start(coolify: FakeServer, tmp_path: Path) -> None:
    make_certificate(tmp_path)
    (tmp_path / "web.yml").write_text(
        "tls_server_config: {cert_file: cert.pem, key_file: key.pem, client_ca_file: cert.pem}\n"
    )
    done = subprocess.run(
        [*MODULE, "--url", _url(coolify), "--web-config-file", str(tmp_path / "web.yml")],
        env={"COOLIFY_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "serves everybody" in done.stderr


def test_sockets_come_from_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        first = os.dup(given.fileno())
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", "1")
        found = command.systemd_sockets(os.environ, first)
        assert [one.getsockname() for one in found] == [given.getsockname()]
        found[0].close()
    for name, value in (("LISTEN_FDS", "0"), ("LISTEN_FDS", "x"), ("LISTEN_PID", "1")):
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigError, match="systemd passed no socket"):
            command.systemd_sockets(os.environ)


def test_a_process_that_systemd_starts_serves_on_its_socket(coolify: FakeServer) -> None:
    code = (
        "import os, socket, sys\n"
        "given = socket.create_server(('127.0.0.1', 0))\n"
        "os.dup2(given.fileno(), 3)\n"
        "os.set_inheritable(3, True)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, *MODULE[1:], "--web.systemd-socket", "--url", _url(coolify)],
        env={"COOLIFY_TOKEN": TOKEN},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        match = next(found for line in process.stderr if (found := re.search(r"msg=listening.*port=(\d+)", line)))
        status = get(int(match[1]), "/-/healthy")[0]
        process.terminate()
        process.stderr.read()
        stopped = process.wait(15)

    assert (status, stopped) == (200, 0)


def test_the_image_holds_all_that_the_command_needs(tmp_path: Path) -> None:
    """The files that the Dockerfile copies suffice to start the command."""
    lines = (ROOT / "exporters/coolify/Dockerfile").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith("COPY "):
            *sources, target = line.split()[1:]
            folder = tmp_path / target.lstrip("/")
            for source in (path for pattern in sources for path in sorted(ROOT.glob(pattern))):
                if source.is_dir():
                    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    folder.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, folder)
    done = subprocess.run(
        [*MODULE, "--version"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "app"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "app/boxwatch/exporters/coolify/fake").exists()
    assert any(line.startswith("USER ") and "0:0" not in line for line in lines)


def test_without_an_installed_package_the_version_is_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> str:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setenv("BOXWATCH_VERSION", "9.9.9")

    assert command.version() == "9.9.9"
