"""The proxy of a server, from the environment: HTTP_PROXY, HTTPS_PROXY and NO_PROXY."""

from __future__ import annotations

import base64
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from boxwatch.errors import PublishError

_PORT = 3128


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address and login; the login is not in the repr.

    Attributes:
        host: its host name.
        port: its port.
        login: value of the Proxy-Authorization header; empty for none.
        secrets: texts that must never be shown.
    """

    host: str
    port: int
    login: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def for_server(scheme: str, host: str) -> Proxy | None:
    """The proxy for a server; None for a direct connection.

    Raises:
        PublishError: the environment names a proxy we cannot use.
    """
    address = None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(scheme)
    if not address:
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        port = _PORT if parts.port is None else parts.port
    except ValueError:
        port = 0
    if parts.scheme != "http" or not parts.hostname or not port:
        # Not shown: it may contain a password.
        raise PublishError(f"{scheme.upper()}_PROXY is not the address of an HTTP proxy: write http://HOST:PORT")
    if not parts.username:
        return Proxy(parts.hostname, port)
    password = unquote(parts.password or "")
    pair = base64.b64encode(f"{unquote(parts.username)}:{password}".encode()).decode()
    return Proxy(parts.hostname, port, f"Basic {pair}", (pair, password))
