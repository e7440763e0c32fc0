"""The web configuration file: exporter-toolkit's format; every error is reported, and no hash is quoted."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import importlib
import re
import ssl
import threading
from pathlib import Path
from types import ModuleType

import bcrypt
import pytest
from support.certificate import make_certificate

from boxwatch.exporters.coolify import webconfig
from boxwatch.exporters.coolify.webconfig import Users, Watcher, WebConfig, WebConfigError, load

HASH = bcrypt.hashpw(b"pass word", bcrypt.gensalt(4)).decode()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    make_certificate(folder)
    return folder


def _load(folder: Path, content: str) -> WebConfig:
    path = folder / "web.yml"
    path.write_text(content)
    return load(path)


def test_tls_with_paths_from_the_files_own_folder(tls: Path) -> None:
    config = _load(tls, "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  min_version: TLS13\n")

    assert config.tls is not None
    assert config.tls.minimum_version == ssl.TLSVersion.TLSv1_3
    assert config.files == (tls / "web.yml", tls / "cert.pem", tls / "key.pem")


def test_clients_can_be_asked_for_certificates(tls: Path) -> None:
    more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: cert.pem\n  max_version: TLS13\n"
    config = _load(tls, f"tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n{more}")

    assert config.tls is not None
    assert config.tls.verify_mode == ssl.CERT_REQUIRED


def test_users_and_headers(tmp_path: Path) -> None:
    http = "http_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n"
    content = f"basic_auth_users:\n  alice: {HASH}\n{http}"
    config = _load(tmp_path, content)

    assert config.users is not None
    assert config.users.allow("alice", "pass word")
    assert config.users.allow("alice", "pass word")
    assert not config.users.allow("alice", "wrong")
    assert not config.users.allow("bob", "pass word")
    assert not config.users.allow("", "")
    assert config.headers == {"X-Frame-Options": "deny"}
    assert config.tls is None


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == WebConfig(files=(tmp_path / "web.yml",))


def test_a_good_password_is_checked_slowly_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    users = Users({"alice": HASH.encode()})
    assert users.allow("alice", "pass word")
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("checked again"))

    assert users.allow("alice", "pass word")


def test_the_hash_for_nobody_is_a_hash() -> None:
    """The placeholder is a valid hash, so that an unknown user takes as long as a known one."""
    assert not bcrypt.checkpw(b"", webconfig.NOBODY)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "is not valid YAML"),
        ("- list", "the file must be a mapping"),
        ("colour: blue", "unknown key colour; valid: tls_server_config, http_server_config, basic_auth_users"),
        ("tls_server_config: {cert_file: cert.pem}", "requires cert_file and key_file"),
        (
            "tls_server_config: {cert_file: no.pem, key_file: key.pem}",
            "cannot load the certificate, key or client CA: FileNotFoundError",
        ),
        (
            "tls_server_config: {cert_file: cert.pem, key_file: cert.pem}",
            "cannot load the certificate, key or client CA: SSLError",
        ),
        ("tls_server_config: {cert_file: cert.pem, key_file: key.pem, min_version: SSL3}", "unknown value SSL3"),
        ("tls_server_config: {cert_file: cert.pem, key_file: key.pem, client_auth_type: Never}", "unknown value Never"),
        (
            "tls_server_config: {cert_file: cert.pem, key_file: key.pem, client_ca_file: cert.pem}",
            "client_ca_file without client_auth_type serves everybody",
        ),
        (
            "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c, client_auth_type: NoClientCert}",
            "client_ca_file without client_auth_type serves everybody",
        ),
        *(
            (
                f"tls_server_config: {{cert_file: cert.pem, key_file: key.pem, client_auth_type: {name}}}",
                "client_auth_type requires client_ca_file",
            )
            for name in ("RequestClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
        ),
        (
            "tls_server_config: {cert_file: cert.pem, key_file: key.pem, min_version: TLS13, max_version: TLS12}",
            "min_version is above max_version",
        ),
        ("tls_server_config: [x]", "tls_server_config must be a mapping"),
        ("http_server_config: {headers: {Server: x}}", "headers: unknown key Server"),
        ('http_server_config: {headers: {X-Frame-Options: "a\\r\\nb"}}', "a value contains a line break"),
        ("basic_auth_users: [x]", "must map users to bcrypt hashes"),
        ("basic_auth_users: {alice: hunter2}", "not a bcrypt hash for alice: run htpasswd -nB"),
    ],
)
def test_mistakes(content: str, message: str, tls: Path) -> None:
    with pytest.raises(WebConfigError) as caught:
        _load(tls, content)

    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(WebConfigError, match=r"cannot read .*: No such file"):
        load(tmp_path / "web.yml")


@pytest.mark.parametrize("module", ["yaml", "bcrypt"])
def test_a_missing_library_is_told_with_what_to_install(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def absent(name: str) -> ModuleType:
        if name == module:
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(importlib, "import_module", absent)

    with pytest.raises(WebConfigError, match=rf"requires {module}: pip install 'boxwatch\[exporter-web\]'"):
        _load(tmp_path, f"basic_auth_users:\n  alice: {HASH}\n")


def test_a_configuration_is_read_again_when_a_file_changes(tls: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tls / "changing.yml"
    path.write_text("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n")
    used: list[WebConfig] = []
    watcher = Watcher(path, load(path), used.append)
    watcher.look()
    assert used == []

    make_certificate(tls)
    watcher.look()
    assert [config.tls is not None for config in used] == [True]
    path.write_text(f"basic_auth_users: {{alice: {HASH}}}\n")
    watcher.look()
    assert used[-1].tls is None
    assert used[-1].users is not None
    path.write_text("basic_auth_users: [")
    for _ in range(3):
        watcher.look()
    path.unlink()
    watcher.look()
    assert len(used) == 2, "a wrong one changes nothing"
    assert caplog.text.count("the last one stays") == 2
    path.write_text("")
    watcher.look()
    assert used[-1].users is None


def test_a_watcher_looks_at_once_when_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "web.yml"
    path.write_text("")
    used: list[WebConfig] = []
    stop = threading.Event()

    def use(config: WebConfig) -> None:
        used.append(config)
        stop.set()

    watcher = Watcher(path, load(path), use)
    thread = threading.Thread(target=watcher.run, args=(stop, 60.0))
    thread.start()
    path.write_text(f"basic_auth_users: {{alice: {HASH}}}\n")
    watcher.hurry()
    thread.join(10)

    assert len(used) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("basic_auth_users: {a: b}\nbasic_auth_users: {}\n", "web.yml:2: the key basic_auth_users is there twice"),
        ("basic_auth_users: {a: b, a: c}\n", "web.yml:1: the key a is there twice"),
        ("basic_auth_users: []\n", "basic_auth_users must map users"),
        ("tls_server_config: ''\n", "tls_server_config must be a mapping"),
        ("[]\n", "the file must be a mapping"),
    ],
)
def test_what_would_start_without_protection_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    """Whoever wrote it meant to have some."""
    path = tmp_path / "web.yml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(webconfig.WebConfigError, match=re.escape(problem)):
        webconfig.load(path)
