"""The proxy between us and a server, as the environment says: HTTP_PROXY, HTTPS_PROXY and NO_PROXY."""

from __future__ import annotations

import base64
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from boxwatch.errors import PublishError

_PORT = 3128


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is, and how to be let in; its login is not in the repr.

    Attributes:
        host: its name.
        port: its port.
        login: value of the header Proxy-Authorization; empty for none.
        secrets: the texts that must not be shown.
    """

    host: str
    port: int
    login: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def for_server(scheme: str, host: str) -> Proxy | None:
    """The proxy for a server; None for the direct way.

    Raises:
        PublishError: what the environment says is no proxy that we can use.
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
        # Not shown: it may hold a password.
        raise PublishError(f"{scheme.upper()}_PROXY is no address of a proxy that we can use: write http://HOST:PORT")
    if not parts.username:
        return Proxy(parts.hostname, port)
    password = unquote(parts.password or "")
    pair = base64.b64encode(f"{unquote(parts.username)}:{password}".encode()).decode()
    return Proxy(parts.hostname, port, f"Basic {pair}", (pair, password))
