"""Errors of scrapes, as Prometheus words them, and what to do about each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Remedy:
    """A kind of error.

    Attributes:
        name: short name for messages.
        form: matches the errors of this kind.
        action: what to do.
        is_off: whether it may mean that the target was never switched on.
    """

    name: str
    form: re.Pattern[str]
    action: str
    is_off: bool = False


# The first that matches counts. The texts are those of Go's net package and Prometheus' scrape loop, 2.42 to 3.x.
REMEDIES: Final = (
    Remedy(
        "connection refused",
        re.compile("connection refused"),
        "nothing listens there: start it, or correct the port",
        is_off=True,
    ),
    Remedy(
        "unknown host",
        re.compile("no such host|server misbehaving|Temporary failure in name resolution"),
        "Prometheus' network does not know the name: start that container, attach it to a network that Prometheus "
        "shares (`docker network connect coolify CONTAINER`), or correct the name",
        is_off=True,
    ),
    Remedy(
        "authentication failed",
        re.compile(r"HTTP status 401|401 Unauthorized"),
        "the target wants a password or token: set it, and check that it has not expired",
        is_off=True,
    ),
    Remedy(
        "permission denied",
        re.compile(r"HTTP status 403|403 Forbidden"),
        "the token is missing, or lacks the right to read metrics",
        is_off=True,
    ),
    Remedy(
        "no such page",
        re.compile(r"HTTP status 404|404 Not Found"),
        "there is no such page: metrics are not switched on, `metrics_path` is another, or another program listens on "
        "the port",
        is_off=True,
    ),
    Remedy(
        "bad request",
        re.compile(r"HTTP status 400|400 Bad Request"),
        "the target rejects the request: a blackbox exporter lacks the module, so start it with the built blackbox.yml",
    ),
    Remedy(
        "redirected",
        re.compile(r"HTTP status 3[0-9][0-9]|stopped after [0-9]+ redirects"),
        "the target redirects, often to a login: use the address of the metrics page itself",
    ),
    Remedy(
        "server error",
        re.compile(r"HTTP status 5[0-9][0-9]"),
        "the target fails: its log says why",
    ),
    Remedy(
        "timed out",
        re.compile("context deadline exceeded|i/o timeout|Client.Timeout|timeout awaiting"),
        "no answer in time: a firewall drops packets, or the exporter or its service is overloaded",
    ),
    Remedy(
        "unreachable",
        re.compile("no route to host|network is unreachable|connection reset|EOF"),
        "the network has no route there: check firewall and Docker network",
    ),
    Remedy(
        "TLS",
        re.compile("x509|tls:|server gave HTTP response to HTTPS client|malformed HTTP response"),
        "http and https are mixed up, or the certificate is not trusted: check `scheme` and the certificate",
    ),
    Remedy(
        "not metrics",
        re.compile(
            "received unsupported Content-Type|expected .* got|invalid metric|unsupported metric|text format|"
            "Content-Type header|unexpected end of input|data does not end with|expected value after"
        ),
        "the page holds no metrics: another program listens on the port, or the path is another",
    ),
    Remedy(
        "too large",
        re.compile("sample limit|sample_limit|body size limit|label_limit|label limit|exceeded"),
        "the target exposes more than the job allows: raise the limit, or let the exporter expose less",
    ),
)
OTHER: Final = Remedy("failed", re.compile(""), "read the error on Prometheus' page *Targets* and the target's log")


def remedy(error: str) -> Remedy:
    """What kind of error it is."""
    return next((one for one in REMEDIES if one.form.search(error)), OTHER)
