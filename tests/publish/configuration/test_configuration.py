"""The configuration of Alertmanager and the blackbox exporter: old or new as a whole, whatever fails."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.published import Killed

from boxwatch.checks.alertmanager import amtool
from boxwatch.checks.finding import Finding
from boxwatch.errors import PublishError
from boxwatch.publish import http, switch
from boxwatch.publish.configuration import configuration as publishing
from boxwatch.publish.configuration.bundle import Bundle
from boxwatch.publish.configuration.config_store import ConfigStore
from boxwatch.publish.configuration.kinds import ALERTMANAGER, BLACKBOX, KINDS, Kind
from boxwatch.publish.http import Client
from boxwatch.publish.reload import ExternalReload, HttpReload
from boxwatch.publish.store_state import State


class _Server:
    """Serves the configuration it has loaded, as Alertmanager and the blackbox exporter do.

    Attributes:
        rejects: whether it rejects reloads.
        broken: whether it responds to questions with an error.
        garbled: whether it responds with something that is no text.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.url = file, ""
        self.text = file.read_text(encoding="utf-8")
        self.rejects = self.broken = self.garbled = False
        self.reloads = 0


class _Handler(BaseHTTPRequestHandler):
    server_state: _Server

    def do_GET(self) -> None:
        state = self.server_state
        status = self.path == "/api/v2/status"
        body = json.dumps({"config": {"original": state.text}}) if status else state.text
        self._send(500 if state.broken else 200, b"\xff" if state.garbled else body.encode())

    def do_POST(self) -> None:
        state = self.server_state
        state.reloads += 1
        if state.rejects:
            self._send(500, b"failed to reload config")
            return
        state.text = state.file.read_text(encoding="utf-8")
        self._send(200, b"")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _files(kind: Kind, value: str) -> dict[str, bytes]:
    """Generated files with a value in them."""
    if kind is BLACKBOX:
        return {"blackbox/blackbox.yml": kind.header + f"x\nmodules: {{http: {{timeout: {value}s}}}}\n".encode()}
    text = f"x\nglobal: {{resolve_timeout: {value}m}}\ntemplates:\n- boxwatch.tmpl\nroute: {{receiver: a}}\n"
    return {
        "alertmanager/alertmanager.yml": kind.header + f"{text}receivers: [{{name: a}}]\n".encode(),
        "alertmanager/boxwatch.tmpl": b"{{/* template */}}",
    }


@pytest.fixture(params=KINDS, ids=lambda kind: kind.option)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kind:
    """Each kind of server, with pauses suited to loopback and without amtool."""
    for module, name, value in (
        (publishing, "_PAUSE", 0.01), (publishing, "_SOON", 0.05), (http, "_FIRST_PAUSE", 0.001),
        (switch, "LEAST", 0.3),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    monkeypatch.setenv("PATH", "")
    assert isinstance(request.param, Kind)
    return request.param


@pytest.fixture
def server(kind: Kind, tmp_path: Path) -> Iterator[_Server]:
    """A server that runs with a generated file."""
    file = tmp_path / kind.file
    file.write_bytes(next(iter(_files(kind, "1").values())))
    state = _Server(file)
    handler = type("Handler", (_Handler,), {"server_state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        state.url = f"http://127.0.0.1:{listener.server_address[1]}"
        try:
            yield state
        finally:
            listener.shutdown()
            thread.join()


def _target(kind: Kind, server: _Server) -> publishing.Target:
    client = Client(server.url)
    reload = HttpReload(client, who=kind.who, contents="configuration", remedy=kind.remedy)
    return publishing.Target(kind, server.file.parent, client, reload, 1)


def _publish(kind: Kind, server: _Server, value: str, *, overwrite: bool = False) -> str:
    target = _target(kind, server)
    return publishing.apply(target, publishing.plan(target, kind.bundle(_files(kind, value)), overwrite=overwrite))


def _roll_back(kind: Kind, server: _Server) -> None:
    target = _target(kind, server)
    publishing.apply(target, publishing.rollback(target))


def test_a_configuration_is_published_and_rolled_back(kind: Kind, server: _Server) -> None:
    """A second publish of it does nothing; at the end the built file is there again."""
    built = server.file.read_bytes()
    assert _publish(kind, server, "2") == ""
    reloads = server.reloads
    assert _publish(kind, server, "2") == ""
    assert (server.reloads, server.text) == (reloads, server.file.read_text(encoding="utf-8"))

    _roll_back(kind, server)

    assert server.file.read_bytes() == built
    assert server.text.encode() == built


def test_a_built_file_is_taken_over_with_a_note(kind: Kind, server: _Server) -> None:
    """Even if it is right already, so that later changes to it are known to be manual."""
    plan = publishing.plan(_target(kind, server), kind.bundle(_files(kind, "1")))

    assert (plan.needed, plan.changes) == (True, ())
    assert plan.notes == (f"{server.file} was written by `boxwatch build`; publish takes it over",)


def test_a_rejected_configuration_is_rolled_back(kind: Kind, server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The previous file is restored, and the server confirms it."""
    _publish(kind, server, "2")
    before = server.file.read_bytes()
    reload = HttpReload.__call__

    def reject(self: HttpReload, timeout: float) -> None:
        server.rejects = server.file.read_bytes() != before
        reload(self, timeout)

    monkeypatch.setattr(HttpReload, "__call__", reject)
    with pytest.raises(PublishError, match=r"(?s)rejected the configuration \(500\).*in place again, and .* conf"):
        _publish(kind, server, "3")

    assert server.file.read_bytes() == before
    assert not ConfigStore(server.file.parent, kind).observe().cut_off


def test_a_server_that_runs_something_else_is_an_error(
    kind: Kind, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reload succeeded, but another file was loaded."""
    _publish(kind, server, "2")
    monkeypatch.setattr(HttpReload, "__call__", lambda *_: None)

    with pytest.raises(PublishError, match=r"(?s)runs with .*configuration is in place again"):
        _publish(kind, server, "3")


def test_a_server_that_shows_nothing_is_an_error(kind: Kind, server: _Server) -> None:
    """Neither when planning nor when reading back is it taken for confirmation."""
    server.broken = True
    with pytest.raises(PublishError, match=r"does not show a configuration \(500.*: check the URL"):
        _publish(kind, server, "2")
    server.broken, server.garbled = False, True
    with pytest.raises(PublishError, match=r"does not show a configuration \(200.*: check the URL"):
        _publish(kind, server, "2")
    server.garbled = False
    plan = publishing.plan(_target(kind, server), kind.bundle(_files(kind, "2")))
    server.broken = True
    with pytest.raises(PublishError, match=r"(?s)does not show a configuration.*has not confirmed it"):
        publishing.apply(_target(kind, server), plan)


def test_a_file_that_is_not_loaded_is_loaded(kind: Kind, server: _Server) -> None:
    """As after a publish whose reload was lost."""
    built = server.text
    _publish(kind, server, "2")
    server.text = built

    plan = publishing.plan(_target(kind, server), kind.bundle(_files(kind, "2")))
    publishing.apply(_target(kind, server), plan)

    assert "runs with" in plan.notes[0]
    assert server.text == server.file.read_text(encoding="utf-8")


def test_an_interrupted_publish_is_completed_or_undone(
    kind: Kind, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the switch and the reload."""
    _publish(kind, server, "2")
    before = server.file.read_bytes()

    def kill(*_: object) -> None:
        if server.file.read_bytes() != before:
            raise Killed

    with monkeypatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(HttpReload, "__call__", kill)
        _publish(kind, server, "3")
    plan = publishing.plan(_target(kind, server), kind.bundle(_files(kind, "3")))
    assert plan.notes[0] == "the last publish was interrupted; this one completes or undoes it"

    _roll_back(kind, server)

    assert server.file.read_bytes() == before


def test_manual_changes_are_refused_with_what_changed(kind: Kind, server: _Server) -> None:
    """They are overwritten on request, and a rollback restores them; without our version no list is shown."""
    _publish(kind, server, "2")
    edited = server.file.read_bytes().replace(b"2", b"7", 1) if kind is BLACKBOX else server.file.read_bytes()
    edited = edited.replace(b"2m", b"7m")
    server.file.write_bytes(edited)

    with pytest.raises(PublishError, match=rf"(?s)was changed manually.*omit --{kind.option}-dir\nmanually: .* 2. → 7"):
        _publish(kind, server, "3")
    _publish(kind, server, "3", overwrite=True)
    _roll_back(kind, server)
    assert server.file.read_bytes() == edited

    for path in (server.file.parent / f".boxwatch-{kind.option}" / "sets").iterdir():
        path.unlink()
    server.file.write_bytes(edited + b"# more\n")
    with pytest.raises(PublishError, match="was changed manually") as caught:
        _publish(kind, server, "4")
    assert "manually: " not in str(caught.value)


def test_without_a_url_a_file_is_switched_but_not_read_back(kind: Kind, tmp_path: Path) -> None:
    """Something else reloads; without a file before, there is nothing to roll back to."""
    target = publishing.Target(kind, tmp_path, None, ExternalReload())
    with pytest.raises(PublishError, match="nothing has been published to"):
        publishing.rollback(target)

    said = publishing.apply(target, publishing.plan(target, kind.bundle(_files(kind, "1"))))

    assert said == f"not read back: no {kind.title} URL was given"
    with pytest.raises(PublishError, match=rf"there was no {tmp_path / kind.file} before, without which"):
        publishing.rollback(target)


def test_leftovers_are_removed_if_nothing_else_is_to_be_done(kind: Kind, server: _Server) -> None:
    """They stem from a publisher killed before it recorded what it was about to do."""
    _publish(kind, server, "2")
    own = server.file.parent / f".boxwatch-{kind.option}"
    before = set(own.rglob("*"))
    (own / ".next.x1").write_bytes(b"left")

    _publish(kind, server, "2")

    assert set(own.rglob("*")) == before


def test_a_directory_that_is_not_there_is_refused(kind: Kind, tmp_path: Path) -> None:
    """The error says which one is meant."""
    with pytest.raises(PublishError, match=f"is not a directory: create the one {kind.who} reads {kind.file} from"):
        publishing.plan(publishing.Target(kind, tmp_path / "x", None, ExternalReload()), Bundle(b""))


def test_a_full_disk_leaves_the_configuration_unchanged(
    kind: Kind, server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says so."""
    before = server.file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("boxwatch.publish.atomic.replace", full)
    with pytest.raises(PublishError, match="No space left on device; the configuration is unchanged"):
        _publish(kind, server, "2")
    assert (server.file.read_bytes(), ConfigStore(server.file.parent, kind).observe().state) == (before, State())


def test_what_amtool_rejects_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its words; one that is too old is not asked."""
    finding = Finding("alertmanager.yml", "", "amtool", "error", "amtool check-config rejects it", "no route")
    monkeypatch.setattr(amtool, "path", lambda: "amtool")
    monkeypatch.setattr(amtool, "too_old", lambda *_: "")
    monkeypatch.setattr(amtool, "check", lambda *_: iter([finding]))
    with pytest.raises(PublishError, match=r"rejects it: no route\nnothing was published"):
        ALERTMANAGER.bundle(_files(ALERTMANAGER, "1"))
    monkeypatch.setattr(amtool, "too_old", lambda *_: "0.25")
    assert ALERTMANAGER.bundle(_files(ALERTMANAGER, "1")).files


def test_a_configuration_without_our_template_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name identifies the version."""
    monkeypatch.setenv("PATH", "")
    files = _files(ALERTMANAGER, "1")
    files["alertmanager/alertmanager.yml"] = b"route: {receiver: a}\n"

    with pytest.raises(PublishError, match=r"must name boxwatch\.tmpl once"):
        ALERTMANAGER.bundle(files)
