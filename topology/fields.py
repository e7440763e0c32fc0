"""Field converters: the value written in the topology → the value held by the models.

Each takes the raw value and returns the converted one, or raises `Unfit` with a predicate whose subject is the value,
and a hint on what to write instead. All are strict: a value of the wrong type is an error.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import Final, Literal, TypeVar
from urllib.parse import urlsplit

import re2
from pydantic import BaseModel

from boxwatch.topology import units
from boxwatch.topology.forms import LONGEST_NAME, LONGEST_PATTERN, LONGEST_URL, NAME_PATTERN, SMALLEST_DISK
from boxwatch.topology.wording import Unfit, counted, foreign_in, invisible_in, kind_of, listed, shown

# Docker refuses a smaller limit ("Minimum memory limit allowed is 6MB", moby daemon/daemon_unix.go).
SMALLEST_MEMORY: Final = 6 * units.MIB
# In place of the memory of a service that runs elsewhere. No text that a file could contain.
NO_MEMORY: Final = object()
# Larger than any server for sale; a larger size is a slip of the unit.
LARGEST_MEMORY: Final = 64 * units.TIB
LARGEST_DISK: Final = 10**16
LONGEST_DURATION: Final = 366 * 86400
# Generated rules use windows of five minutes, and rate() over fewer than four intervals breaks on one missed scrape
# (decision 5). Below 10 s there are no new samples: cAdvisor samples a container every 10 s at best.
SCRAPE_INTERVALS: Final = (10, 60)

# An outage is notified after its grace, and each evaluation looks back twice as long.
LONGEST_GRACE: Final = 2 * 3600
# The alert waits for half an hour itself; a shorter horizon leaves no time to act.
SHORTEST_HORIZON: Final = 3600
# Longer than any proxy timeout.
LONGEST_LATENCY: Final = 60
_ANSWERS = ("300ms", "1.2s")
_MOST_TERABYTES = 50
_LATENCY = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*(ms|s)", re.ASCII)
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_HOST = re.compile(r"(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_NOT_IN_URL = re.compile(r"[\s\"'`{}\\<>]|[^\x20-\x7e]")
# Supported by RE2 in C++, but not by Go 1.19's regexp (Prometheus 2.42).
_NOT_IN_GO = re.compile(r"(?:[^\\]|\\[^C])*?(\\C|\(\?<)", re.ASCII)


_Converted = TypeVar("_Converted")


def suggesting(convert: Callable[[object], _Converted]) -> Callable[[object], _Converted]:
    """A converter whose messages name no value that it would refuse."""

    def accepts(text: str) -> bool:
        try:
            convert(text)
        except Unfit:
            return False
        return True

    @functools.wraps(convert)
    def checked(value: object) -> _Converted:
        try:
            return convert(value)
        except Unfit as error:
            raise error.only(accepts) from None

    return checked


def name(value: object) -> str:
    """A name safe to use as a label value, a file name, a Grafana variable and a PromQL identifier."""
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, not text", "put it in quotes" if _is_plain(value) else "")
    if len(value) > LONGEST_NAME:
        raise Unfit(f"is {len(value)} characters long; a name has at most {LONGEST_NAME}")
    if not _NAME.fullmatch(value):
        plain = "".join(c for c in unicodedata.normalize("NFKD", value.lower()) if not unicodedata.combining(c))
        suggestion = re.sub(r"[^a-z0-9]+", "-", plain).lstrip("-0123456789").rstrip("-")
        rule = "use lower-case letters, digits and single dashes, starting with a letter"
        hint = f"write `{suggestion}`: {rule}" if _NAME.fullmatch(suggestion) and plain.isascii() else rule
        strange = foreign_in(value)
        raise Unfit(f"is not a valid name{f': it contains a {strange}' if strange else ''}", hint)
    return value


@suggesting
def memory(value: object) -> int:
    """Bytes of a memory size between Docker's minimum and the largest server."""
    size = units.parse_memory(_size(value, "1g"))
    if 0 <= size < SMALLEST_MEMORY:
        meant = (f"{value}g", f"{value}m") if isinstance(value, int) and 0 < value < 2**20 else ()
        raise Unfit(f"is {counted(size, 'byte')}; Docker's minimum is 6m", meant=meant)
    if not 0 <= size <= LARGEST_MEMORY:
        raise Unfit("is negative" if size < 0 else "is more than any server has (64 TB)", "check the size")
    return size


def service_memory(value: object) -> int:
    """Bytes of a service's memory, or 0 for a service that takes none of a server's."""
    return 0 if value is NO_MEMORY else memory(value)


@suggesting
def reserve(value: object) -> int:
    """Bytes of reserved memory; 0 is allowed."""
    return 0 if value in (0, "0") and not isinstance(value, (bool, float)) else memory(value)


@suggesting
def limit(value: object) -> int | Literal["none"]:
    """Bytes of a memory limit, or `none` for a container without one."""
    if isinstance(value, str) and value.strip().lower() in ("none", "unlimited", "no", "off"):
        if value != "none":
            raise Unfit("is not a size", "write `none` for no limit")
        return "none"
    if value in (0, "0"):
        raise Unfit("is not a limit in Docker", "write `none` for no limit")
    return memory(value)


@suggesting
def disk(value: object) -> int:
    """Bytes of a disk size."""
    size = units.parse_disk(_size(value, "500GB"))
    if not SMALLEST_DISK <= size <= LARGEST_DISK:
        meant = (f"{value}GB",) if isinstance(value, int) else ()
        raise Unfit("is not between 100MB and 10000TB", "" if meant else "check the unit", meant=meant)
    return size


@suggesting
def duration(value: object) -> int:
    """Seconds of a duration of at least one second."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Unfit(f"is {kind_of(value)}, not a duration", examples=units.DURATIONS)
    if isinstance(value, int):
        meant = (f"{value}s", f"{value}m") if value > 0 else ()
        raise Unfit("is a number without a unit", meant=meant, examples=units.DURATIONS)
    seconds = units.parse_duration(value)
    if not 1 <= seconds <= LONGEST_DURATION:
        raise Unfit("is not between 1s and 366d")
    return seconds


@suggesting
def grace(value: object) -> int:
    """Seconds for which a deploy or an outage may last before a notification is sent."""
    seconds = duration(value)
    if seconds > LONGEST_GRACE:
        raise Unfit("is longer than 2h, and nobody is notified before", "write at most 2h")
    return seconds


@suggesting
def horizon(value: object) -> int:
    """Seconds for which a trend is followed into the future."""
    seconds = duration(value)
    if seconds < SHORTEST_HORIZON:
        raise Unfit("is shorter than 1h; the alert waits for 30m itself", "write at least 1h")
    return seconds


@suggesting
def objective(value: object) -> float:
    """A share that leaves something that may go wrong, or there would be no error budget to hold anything against."""
    share = ratio(value)
    if share == 1:
        raise Unfit("allows no failure, so there is no error budget to spend", "write less, such as 99.9%")
    return share


@suggesting
def scrape_interval(value: object) -> int:
    """Seconds between two scrapes."""
    seconds = duration(value)
    shortest, longest = SCRAPE_INTERVALS
    if seconds < shortest:
        raise Unfit("is shorter than 10s, the fastest cAdvisor samples", "write 30s")
    if seconds > longest:
        raise Unfit("is longer than 60s; the rules need four samples in five minutes", "write 30s or 60s")
    return seconds


@suggesting
def ratio(value: object) -> float:
    """A share between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Unfit(f"is {kind_of(value)}, not a percentage", "write a percentage such as 90%")
    return units.parse_ratio(value)


def http_url(value: object) -> str:
    """An http or https URL with a host and without credentials."""
    text = _short_text(value, "a URL such as https://example.com", LONGEST_URL)
    try:
        parts = urlsplit(text)
        host_name, _port = parts.hostname, parts.port
    except ValueError as error:
        # What Python says of it quotes parts of it, which may be a password.
        is_port = str(error).startswith("Port")
        hint = "write a port between 1 and 65535" if is_port else "write https://HOST/PATH, IPv6 as https://[fd00::1]/"
        raise Unfit("is not a URL", hint) from None
    if parts.scheme not in ("http", "https") or not host_name or not _is_host(host_name) or _NOT_IN_URL.search(text):
        raise Unfit("is not a URL", "write https://HOST/PATH")
    if parts.username is not None:
        raise Unfit("contains a user name", "remove it: generated files must not contain credentials")
    return text.rstrip("/") if parts.path in ("", "/") and not parts.query and not parts.fragment else text


def host(value: object) -> str:
    """A host name or an IP address, without a port."""
    text = _short_text(value, "a host name or IP address", 255)
    if not _is_host(text):
        raise Unfit("is not a host name or IP address", "omit the scheme, port and path")
    return text


def public_address(value: object) -> str:
    """A host name or an IP address at which the world can reach a server: none that means the machine itself."""
    text = host(value)
    reason = _meant_for_nobody(text)
    if reason:
        raise Unfit(f"is {reason}", "write the address at which the world reaches the server, or delete the line")
    return text


def _meant_for_nobody(text: str) -> str:
    """Why no stranger can reach an address, whatever the network; empty when one could."""
    if text.lower().rstrip(".").rpartition(".")[2] == "localhost":
        return "the name of whichever machine asks for it"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    for is_one, word in (
        (address.is_unspecified, "no address: it means every address of a machine"),
        (address.is_loopback, "a loopback address, which is the machine that asks for it"),
        (address.is_link_local, "a link-local address, which no router passes on"),
        (address.is_multicast, "a multicast address, which belongs to no machine"),
        (address == ipaddress.ip_address("255.255.255.255"), "the broadcast address"),
    ):
        if is_one:
            return word
    return ""


def host_port(value: object) -> str:
    """`host:port`, with an IPv6 address in brackets."""
    text = _short_text(value, "host:port", 300)
    name_part, _, port = text.rpartition(":")
    bracketed = name_part.startswith("[") and name_part.endswith("]")
    bare = name_part[1:-1] if bracketed else name_part
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535 or not _is_host(bare) or bracketed != (":" in bare):  # noqa: PLR2004 - the range of TCP ports
        raise Unfit("is not host:port", "write it as node-exporter:9100, 10.0.0.2:9100 or [fd00::2]:9100")
    return text


def host_port_or_none(value: object) -> str | None:
    """`host:port`; `none` for a part that does not exist gives None."""
    if value == "none":
        return None
    try:
        return host_port(value)
    except Unfit as error:
        raise Unfit(error.message, f"{error.hint}; `none` if there is none" if error.hint else "") from None


def containers(value: object) -> object:
    """A list of selectors as it is; `none` for a service without containers gives None."""
    return None if value == "none" else value


def targets(value: object) -> object:
    """One host:port or a list of them, as a tuple; `none` gives an empty tuple."""
    if value == "none":
        return ()
    if isinstance(value, (list, tuple)):
        if not value and isinstance(value, list):
            raise Unfit("is an empty list", "write `none` if nothing is scraped")
        return tuple(value)
    return (host_port(value),)


@suggesting
def latency(value: object) -> float:
    """Seconds of a response time, which requires a unit."""
    if isinstance(value, str):
        match = _LATENCY.fullmatch(value.strip())
        if match is None:
            raise Unfit("is not a response time", examples=_ANSWERS)
        seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
    elif isinstance(value, float):
        # A program passes seconds; a bare 1.2 from YAML states no unit.
        raise Unfit("is a number without a unit", meant=(f"{value:g}s",), examples=_ANSWERS)
    elif isinstance(value, int) and not isinstance(value, bool):
        meant = (f"{value}s" if value <= LONGEST_LATENCY else f"{value}ms",)
        raise Unfit("is a number without a unit", meant=meant, examples=_ANSWERS)
    else:
        raise Unfit(f"is {kind_of(value)}, not a response time", examples=_ANSWERS)
    if not 0 < seconds <= LONGEST_LATENCY:
        raise Unfit("is not between 1ms and 60s")
    return seconds


def buckets(value: object) -> tuple[float, ...]:
    """Histogram bucket bounds in seconds, in ascending order."""
    if not isinstance(value, (list, tuple)):
        raise Unfit(f"is {kind_of(value)}, not a list of seconds", "write [0.1, 0.3, 1.2, 5]")
    found = [float(item) for item in value if isinstance(item, (int, float)) and not isinstance(item, bool)]
    if len(found) != len(value) or not found or found != sorted(set(found)) or not 0 < found[0] <= found[-1] < 10**6:
        raise Unfit("is not a list of seconds in ascending order", "write [0.1, 0.3, 1.2, 5]")
    return tuple(found)


def pattern(value: object) -> str:
    """An RE2 pattern that Prometheus accepts as an anchored relabelling regex."""
    text = _short_text(value, "a name or a regular expression", LONGEST_PATTERN)
    if text == "":
        raise Unfit("would match every container without that label", "write a name or a regular expression")
    if any(not character.isprintable() for character in text):
        raise Unfit(f"contains an invisible character: {invisible_in(text)}", "delete it")
    if text != text.strip():
        raise Unfit("starts or ends with a space", "delete it")
    foreign = _NOT_IN_GO.match(text)
    if foreign is not None:
        raise Unfit(f"contains {foreign[1]}, which Prometheus 2.42 does not support")
    try:
        compiled = _compile(text)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise Unfit(f"is not a valid regular expression for Prometheus: {reason}") from None
    if compiled.fullmatch(""):
        raise Unfit(
            "matches the empty string, so it would match every container without that label", "use + instead of *"
        )
    return text


def one_or_many(value: object) -> object:
    """One name or a list of distinct names, as a tuple."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)):
        if not value:
            raise Unfit("is an empty list", "name at least one server")
        repeated = sorted(item for item, count in Counter(i for i in value if isinstance(i, str)).items() if count > 1)
        if repeated:
            raise Unfit(f"names {listed([shown(item) for item in repeated])} more than once")
        return tuple(value)
    raise Unfit(f"is {kind_of(value)}", "write the name of a server, or a list of names")


def named(value: object) -> object:
    """A mapping from names to settings, as a sequence of settings that include their names.

    A sequence of models, as passed by programs, is returned unchanged.
    """
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, BaseModel) for item in value):
        return tuple(value)
    if not isinstance(value, dict):
        raise Unfit(f"is {kind_of(value)}, not a mapping", "write `name:` and its settings below, indented")
    if not value:
        raise Unfit("is empty", "name at least one")
    return tuple({**body, "name": key} if isinstance(body, dict) else body for key, body in value.items())


def _compile(text: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    # Go's default too: the dot does not match line breaks.
    options.dot_nl = False
    return re2.compile(text, options)


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None and not re.fullmatch(r"[0-9.]+", text)
    return "%" not in text


def _is_plain(value: object) -> bool:
    return value is not None and not isinstance(value, (list, tuple, dict))


def _short_text(value: object, wanted: str, longest: int) -> str:
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}; expected {wanted}", "put it in quotes" if _is_plain(value) else "")
    if len(value) > longest:
        raise Unfit(f"is {len(value)} characters long; the maximum is {longest}")
    return value


def _size(value: object, example: str) -> str | int:
    if isinstance(value, float):
        units_ = ("TB", "GB") if example.endswith("GB") else ("g",)
        # Nobody has a disk of more terabytes, nor one of fewer gigabytes.
        unit = units_[0] if value < _MOST_TERABYTES else units_[-1]
        raise Unfit("is a number without a unit", meant=(f"{value:g}{unit}",), examples=(example,))
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Unfit(f"is {kind_of(value)}, not a size such as {example}")
    return value
