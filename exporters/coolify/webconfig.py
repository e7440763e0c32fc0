"""TLS and basic auth from a web configuration file, the format of Prometheus' exporters.

The format is exporter-toolkit's (docs/web-configuration.md). PyYAML and bcrypt are required only for such a file.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import logging
import os
import re
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.coolify.logs import facts

_LOG: Final = logging.getLogger(__name__)
_VERSIONS: Final = {
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_CLIENT_AUTH: Final = {
    "NoClientCert": ssl.CERT_NONE,
    "RequestClientCert": ssl.CERT_OPTIONAL,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_CHECKING: Final = tuple(name for name, mode in _CLIENT_AUTH.items() if mode != ssl.CERT_NONE)
_TLS_KEYS: Final = ("cert_file", "key_file", "client_auth_type", "client_ca_file", "min_version", "max_version")
_TLS_FILES: Final = ("cert_file", "key_file", "client_ca_file")
# Accepted and ignored: Python's TLS does not take Go's names, and the defaults of both are sound.
_IGNORED: Final = ("cipher_suites", "curve_preferences", "prefer_server_cipher_suites")
_HEADERS: Final = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
)
# Compared for unknown users, so that known and unknown ones take the same time. No password matches it.
NOBODY: Final = b"$2b$10$7EqJtq98hPqEX7fNZaFWoOa5Cq5hVQmC8fGq8a8G1pWqG9o0cKQ3K"
_KNOWN_PASSWORDS: Final = 64
_HASH: Final = re.compile(r"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}")

if TYPE_CHECKING:
    from yaml import Node


class WebConfigError(BoxwatchError):
    """The web configuration file cannot be used."""

    exit_code = 2


def _module(name: str, what: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise WebConfigError(f"{what} requires {name}: pip install 'boxwatch[exporter-web]'") from None


@dataclass(slots=True)
class Users:
    """Users with access, and their password hashes."""

    hashes: Mapping[str, bytes]
    _salt: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    _good: set[bytes] = field(default_factory=set, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def allow(self, user: str, password: str) -> bool:
        """Whether the password is correct.

        Bcrypt is slow by design, so correct passwords are cached and only one is checked at a time: a flood of wrong
        ones cannot occupy all cores.
        """
        stored = self.hashes.get(user)
        mark = hmac.digest(self._salt, repr((user, password, stored)).encode("utf-8", "replace"), hashlib.sha256)
        if mark in self._good:
            return True
        bcrypt = _module("bcrypt", "basic_auth_users")
        with self._lock:
            good = bcrypt.checkpw(password.encode("utf-8", "replace")[:72], stored or NOBODY) and stored is not None
        if good and len(self._good) < _KNOWN_PASSWORDS:
            self._good.add(mark)
        return bool(good)


@dataclass(slots=True)
class WebConfig:
    """TLS, users and headers; all empty without a configuration file.

    Attributes:
        files: the file itself, and those that it names.
    """

    tls: ssl.SSLContext | None = None
    files: tuple[Path, ...] = ()
    users: Users | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def load(path: Path) -> WebConfig:
    """Read a web configuration file.

    Raises:
        WebConfigError: it cannot be read or is invalid.
    """
    yaml = _module("yaml", "a web configuration file")
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_repeated(path, yaml.compose(text, Loader=yaml.SafeLoader))
        document = yaml.safe_load(text)
    except OSError as error:
        raise WebConfigError(f"cannot read {path}: {os.strerror(error.errno or 0)}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        # The parser's message would quote the file, and with it a hash.
        raise WebConfigError(f"{path} is not valid YAML") from None
    known = ("tls_server_config", "http_server_config", "basic_auth_users")
    root = _section(path, {"": document}, "", known)
    config = WebConfig(files=(path,))
    if root.get("tls_server_config") is not None:
        tls = _section(path, root, "tls_server_config", (*_TLS_KEYS, *_IGNORED))
        values = {key: str(value) for key, value in tls.items()}
        config.tls = _tls(path, values)
        config.files += tuple(path.parent / values[key] for key in _TLS_FILES if key in values)
    http = _section(path, root, "http_server_config", ("http2", "headers"))
    config.headers = {key: str(value) for key, value in _section(path, http, "headers", _HEADERS).items()}
    if any(not value.isprintable() for value in config.headers.values()):
        raise WebConfigError(f"{path}: headers: a value contains a line break or another control character")
    users = root.get("basic_auth_users")
    if users is not None and not isinstance(users, dict):
        raise WebConfigError(f"{path}: basic_auth_users must map users to bcrypt hashes")
    if users:
        config.users = _users(path, users)
    return config


def _refuse_repeated(path: Path, node: Node | None) -> None:
    """A key that is there twice is refused: the second would silently replace the first, and with it a password."""
    seen: set[str] = set()
    pairs = node.value if node is not None and getattr(node, "id", "") == "mapping" else ()
    for key, value in pairs:
        if key.value in seen:
            raise WebConfigError(f"{path}:{key.start_mark.line + 1}: the key {key.value!s:.40} is there twice")
        seen.add(key.value)
        _refuse_repeated(path, value)


def _section(path: Path, parent: Mapping[str, object], key: str, known: tuple[str, ...]) -> dict[str, object]:
    section = parent.get(key)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise WebConfigError(f"{path}: {key or 'the file'} must be a mapping")
    for name in section:
        if name not in known:
            raise WebConfigError(
                f"{path}: {f'{key}: ' if key else ''}unknown key {name!s:.40}; valid: {', '.join(known)}"
            )
    return section


def _tls(path: Path, values: Mapping[str, str]) -> ssl.SSLContext:
    if "cert_file" not in values or "key_file" not in values:
        raise WebConfigError(f"{path}: tls_server_config requires cert_file and key_file")
    # Paths are relative to the file's directory, as in exporter-toolkit.
    certificate = (path.parent / values["cert_file"], path.parent / values["key_file"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _check_client_auth(path, values)
    try:
        context.minimum_version = _VERSIONS[values.get("min_version", "TLS12")]
        if "max_version" in values:
            context.maximum_version = _VERSIONS[values["max_version"]]
        context.load_cert_chain(*certificate)
        context.verify_mode = _CLIENT_AUTH[values.get("client_auth_type", "NoClientCert")]
        if "client_ca_file" in values:
            context.load_verify_locations(path.parent / values["client_ca_file"])
        if context.minimum_version > context.maximum_version > 0:
            raise WebConfigError(f"{path}: tls_server_config: min_version is above max_version")
    except KeyError as error:
        raise WebConfigError(
            f"{path}: tls_server_config: unknown value {error.args[0]!s:.40}; "
            f"valid: {', '.join((*_VERSIONS, *_CLIENT_AUTH))}"
        ) from None
    except (OSError, ValueError) as error:
        raise WebConfigError(f"{path}: cannot load the certificate, key or client CA: {type(error).__name__}") from None
    return context


def _check_client_auth(path: Path, values: Mapping[str, str]) -> None:
    """Half of client authentication would serve anybody, or nobody."""
    checks = values.get("client_auth_type", "NoClientCert") in _CHECKING
    if "client_ca_file" in values and not checks:
        raise WebConfigError(
            f"{path}: tls_server_config: client_ca_file without client_auth_type serves everybody: "
            "set client_auth_type: RequireAndVerifyClientCert"
        )
    if checks and "client_ca_file" not in values:
        raise WebConfigError(f"{path}: tls_server_config: client_auth_type requires client_ca_file")


def _users(path: Path, users: object) -> Users:
    if not isinstance(users, dict):
        raise WebConfigError(f"{path}: basic_auth_users must map users to bcrypt hashes")
    _module("bcrypt", "basic_auth_users")
    hashes = {}
    for user, value in users.items():
        if not (isinstance(value, str) and _HASH.fullmatch(value)):
            raise WebConfigError(f"{path}: basic_auth_users: not a bcrypt hash for {user!s:.40}: run htpasswd -nB")
        hashes[str(user)] = value.encode()
    return Users(hashes)


def stamps(files: Iterable[Path]) -> Mapping[Path, object]:
    """What changes when a file does; None for a file that is not there."""
    found: dict[Path, object] = {}
    for path in files:
        try:
            status = path.stat()
            found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            found[path] = None
    return found


class Watcher:
    """Reads a web configuration again when it, or a file that it names, has changed.

    In a thread of its own: a file system that hangs stops only this. exporter-toolkit reads it for each connection.
    """

    def __init__(self, path: Path, config: WebConfig, use: Callable[[WebConfig], None]) -> None:
        """Begin with the configuration that was read at the start; `use` gets each later one."""
        self._path = path
        self._use = use
        self._seen = stamps(config.files)
        self._hurry = threading.Event()

    def hurry(self) -> None:
        """Look now."""
        self._hurry.set()

    def run(self, stop: threading.Event, every: float) -> None:
        """Look every few seconds until `stop` is set."""
        while not stop.is_set():
            self._hurry.wait(every)
            self._hurry.clear()
            self.look()

    def look(self) -> None:
        """Read the configuration again if a file has changed; one that is wrong changes nothing."""
        now = stamps(self._seen)
        if now == self._seen:
            return
        try:
            config = load(self._path)
        except WebConfigError as error:
            self._seen = now
            _LOG.warning("web configuration cannot be reloaded: the last one stays", extra=facts(detail=str(error)))
            return
        self._seen = stamps(config.files)
        self._use(config)
        _LOG.info("web configuration reloaded", extra=facts(path=self._path, tls=config.tls is not None))
