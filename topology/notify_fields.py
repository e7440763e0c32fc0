"""Field converters for notifications, in the manner of `boxwatch.topology.fields`."""

from __future__ import annotations

import re
import zoneinfo
from collections import Counter
from typing import Final

from boxwatch.topology import fields
from boxwatch.topology.wording import Unfit, did_you_mean, kind_of, listed, shown

DAY: Final = 24 * 60
# The receiver that discards alerts: a name that people and linters recognise as intentional.
NOBODY: Final = "blackhole"
# The alert that always fires; boxwatch.rules.model.ALWAYS_FIRING.
HEARTBEAT: Final = "Watchdog"
TIMES_PATTERN: Final = r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])"
EMAIL_PATTERN: Final = r"[^@\s,<>{}\"]+@[^@\s,<>{}\"]+"
ZONE_PATTERN: Final = r"[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}"
_LONGEST: Final = 250
_TIMES = re.compile(TIMES_PATTERN, re.ASCII)
_EMAIL = re.compile(EMAIL_PATTERN)
_ZONE = re.compile(ZONE_PATTERN, re.ASCII)


def emails(value: object) -> tuple[str, ...]:
    """One email address or a list of them."""
    given = list(value) if isinstance(value, (list, tuple)) else [value]
    if not given:
        raise Unfit("is an empty list", "write at least one address")
    return tuple(email(each) for each in given)


def email(value: object) -> str:
    """One email address, without a display name."""
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, not an email address", "write ops@example.com")
    if len(value) > _LONGEST or not _EMAIL.fullmatch(value):
        raise Unfit(f"contains {shown(value)}, which is not an email address", "write ops@example.com")
    return value


def plain(value: object) -> str:
    """A short text without Alertmanager template syntax."""
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, not text", "put it in quotes")
    if not 0 < len(value) <= _LONGEST or not value.isprintable() or "{{" in value or value != value.strip():
        raise Unfit("is not short plain text", "remove leading and trailing spaces and templates")
    return value


def receivers(value: object) -> tuple[str, ...]:
    """The name of a receiver, or a list of distinct names."""
    return _names(value, "receiver")


def services(value: object) -> tuple[str, ...]:
    """The name of a service, or a list of distinct names."""
    return _names(value, "service")


def _names(value: object, noun: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        return (fields.name(value),)
    if not value:
        raise Unfit("is an empty list", f"name at least one {noun}")
    for each in value:
        try:
            fields.name(each)
        except Unfit as error:
            raise Unfit(f"contains {shown(each)}, which {error.message}", error.hint) from None
    repeated = sorted(name for name, count in Counter(value).items() if count > 1)
    if repeated:
        raise Unfit(f"names {listed([shown(name) for name in repeated])} more than once")
    return tuple(value)


def times(value: object) -> tuple[int, int]:
    """Start and end of a time of day, in minutes since midnight: `22:00-07:00` ends on the next day.

    A tuple, as passed by programs, is in minutes already.
    """
    if isinstance(value, tuple):
        return value
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, not a time of day", 'write "22:00-07:00"')
    match = _TIMES.fullmatch(value.replace(" ", ""))
    if match is None:
        raise Unfit("is not a time of day", 'write "22:00-07:00"')
    first, second, third, fourth = map(int, match.groups())
    start, end = first * 60 + second, third * 60 + fourth
    if end > DAY or start == end:
        raise Unfit("ends at its start, or after 24:00", 'write "22:00-07:00"; 24:00 is the end of the day')
    return start, end


def zone(value: object) -> str:
    """An IANA time zone name; Alertmanager loads no configuration with an unknown one.

    Looked up in this system's time zone database or the package tzdata. Without either, as in small container images,
    only its form is checked.
    """
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, not a time zone", "write Europe/Berlin or UTC")
    if len(value) > _LONGEST or not _ZONE.fullmatch(value):
        raise Unfit("is not a time zone", "write Europe/Berlin or UTC")
    if not _exists(value) and (known := zoneinfo.available_timezones()):
        cities = sorted(name for name in known if name.rpartition("/")[2] == value)
        hint = f"write {cities[-1]}" if cities else did_you_mean(value, sorted(known)) or "write Europe/Berlin or UTC"
        raise Unfit("is not a time zone that there is", hint)
    return value


def _exists(zone: str) -> bool:
    if zone == "UTC":
        return True
    try:
        zoneinfo.ZoneInfo.no_cache(zone)
    # `Europe` is a folder of zones, and what is no file of zones may be one of something else.
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True
