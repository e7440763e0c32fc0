"""Converters for single fields of the topology: what a person wrote → what the models hold.

Each takes the raw value and returns the converted one or raises `ValueError` with the rest of a sentence whose subject
is the value: "is not a size: write …". They are lenient about nothing: a value of the wrong type says so.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

import re2

from boxwatch.topology import units

# Docker refuses a smaller limit ("Minimum memory limit allowed is 6MB", moby daemon/daemon_unix.go).
SMALLEST_MEMORY = 6 * units.MIB
# Larger than any machine for sale; a size above it is a slip of the unit.
LARGEST_MEMORY = 64 * units.TIB
SMALLEST_DISK = 10**8
LARGEST_DISK = 10**16
LONGEST_NAME = 40
LONGEST_PATTERN = 500
LONGEST_URL = 2000

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", re.ASCII)
_HOST = re.compile(r"(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)
_DURATION_RANGE = (1, 366 * 86400)


def name(value: Any) -> str:
    """A name that is safe as a label value, a file name, a Grafana variable and a word in PromQL."""
    if not isinstance(value, str):
        raise ValueError(f"is {_kind_of(value)}, and a name is text: put it in quotes")  # noqa: TRY004 - pydantic collects ValueError
    if len(value) > LONGEST_NAME:
        raise ValueError(f"is {len(value)} characters long, and a name has at most {LONGEST_NAME}")
    if not _NAME.fullmatch(value):
        suggestion = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-0123456789")
        hint = f": write {suggestion}" if _NAME.fullmatch(suggestion) else ""
        raise ValueError(f"is not a name: use lower-case letters, digits and single dashes, a letter first{hint}")
    return value


def memory(value: Any) -> int:
    """Bytes of a memory size between Docker's minimum and what machines have."""
    size = units.parse_memory(_text_or_int(value, "a size such as 1g"))
    if size < SMALLEST_MEMORY:
        unit = f": did you mean {value}g or {value}m?" if isinstance(value, int) and value > 0 else ""
        raise ValueError(f"is {size} bytes, less than Docker's minimum of 6m{unit}")
    if size > LARGEST_MEMORY:
        raise ValueError(f"is {units.human_memory(size)}, more than any server has (64 TB): check the unit")
    return size


def disk(value: Any) -> int:
    """Bytes of a disk size."""
    size = units.parse_disk(_text_or_int(value, "a size such as 500GB"))
    if not SMALLEST_DISK <= size <= LARGEST_DISK:
        raise ValueError(f"is {size} bytes, and a disk has between 100MB and 10000TB: check the unit")
    return size


def duration(value: Any) -> int:
    """Seconds of a duration of at least one second."""
    if not isinstance(value, str):
        raise ValueError(f"is {_kind_of(value)}, and a duration has a unit: write 30s, 5m, 1h30m or 2d")  # noqa: TRY004 - pydantic collects ValueError
    seconds = units.parse_duration(value)
    shortest, longest = _DURATION_RANGE
    if not shortest <= seconds <= longest:
        raise ValueError("is not between 1s and 366d")
    return seconds


def ratio(value: Any) -> float:
    """A share between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"is {_kind_of(value)}, and a share is a percentage such as 90%")
    return units.parse_ratio(value)


def http_url(value: Any) -> str:
    """An http or https URL with a host and nothing secret in it."""
    text = _short_text(value, "a URL such as https://example.com", LONGEST_URL)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host or not _is_host(host) or re.search(r"[\s\"'`{}\\<>]", text):
        raise ValueError("is not a URL: write https://HOST/PATH")
    if parts.username is not None:
        raise ValueError("has a user name in it: generated files are no place for credentials")
    return text.rstrip("/") if parts.path in ("", "/") and not parts.query else text


def host(value: Any) -> str:
    """A host name or an IP address, without a port."""
    text = _short_text(value, "a host name or IP address", 255)
    if not _is_host(text):
        raise ValueError("is not a host name or IP address: write it without scheme, port or path")
    return text


def host_port(value: Any) -> str:
    """`host:port`, with an IPv6 address in brackets."""
    text = _short_text(value, "host:port", 300)
    name_part, _, port = text.rpartition(":")
    bare = name_part[1:-1] if name_part.startswith("[") and name_part.endswith("]") else name_part
    if not re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) or not 1 <= int(port) <= 65535 or not _is_host(bare):  # noqa: PLR2004 - the range of TCP ports
        raise ValueError("is not host:port: write it as node-exporter:9100 or 10.0.0.2:9100")
    return text


def pattern(value: Any) -> str:
    """An RE2 pattern that Prometheus accepts as an anchored relabelling regex."""
    text = _short_text(value, "a name or a regular expression", LONGEST_PATTERN)
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("has a control character in it")
    if text == "":
        raise ValueError("is empty and would match containers without that label")
    try:
        compiled = _compile(text)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise ValueError(f"is not a regular expression that Prometheus accepts (RE2): {reason}") from None
    if compiled.fullmatch(""):
        raise ValueError("matches the empty name, so it would take every container without that label")
    return text


def one_or_many(value: Any) -> Any:
    """One name or a list of different names, as a tuple."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)):
        if not value:
            raise ValueError("is an empty list: name at least one server")
        repeated = sorted({str(item) for item in value if value.count(item) > 1})
        if repeated:
            raise ValueError(f"names {', '.join(repeated)} more than once")
        return tuple(value)
    raise ValueError(f"is {_kind_of(value)}: write a server's name, or a list of names")


def named(value: Any) -> Any:
    """A mapping of names to settings, as the sequence of settings with their names in them."""
    if not isinstance(value, dict):
        raise ValueError(f"is {_kind_of(value)}: write a mapping with a name for each entry")  # noqa: TRY004 - pydantic collects ValueError
    if not value:
        raise ValueError("is empty: there is nothing to watch")
    return tuple({"name": key, **body} if isinstance(body, dict) else body for key, body in value.items())


def _compile(text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    # Prometheus compiles relabelling expressions with Go's defaults, which know no octal escapes and this dot.
    options.dot_nl = False
    return re2.compile(text, options)


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None and not re.fullmatch(r"[0-9.]+", text)
    return True


def _short_text(value: Any, wanted: str, longest: int) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is {_kind_of(value)}, and should be {wanted}")  # noqa: TRY004 - pydantic collects ValueError
    if len(value) > longest:
        raise ValueError(f"is {len(value)} characters long, and {longest} is the most")
    return value


def _text_or_int(value: Any, wanted: str) -> str | int:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError(f"is {_kind_of(value)}, and should be {wanted}")
    return value


def _kind_of(value: Any) -> str:
    """What a YAML author would call the value."""
    if value is None:
        return "empty"
    for types, word in (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "text"),
        ((list, tuple), "a list"),
        (dict, "a mapping"),
    ):
        if isinstance(value, types):
            return word
    return f"a {type(value).__name__}"
