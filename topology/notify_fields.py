"""Converters for what the topology says of notifications, as in `boxwatch.topology.fields`."""

from __future__ import annotations

import re
import zoneinfo
from typing import Final

from boxwatch.topology.wording import Unfit, did_you_mean, kind_of, shown

DAY: Final = 24 * 60
# The receiver that tells nobody: one of the names by which people and linters know that it is meant so.
NOBODY: Final = "blackhole"
TIMES_PATTERN: Final = r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])"
EMAIL_PATTERN: Final = r"[^@\s,<>{}\"]+@[^@\s,<>{}\"]+"
ZONE_PATTERN: Final = r"[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}"
_LONGEST: Final = 250
_TIMES = re.compile(TIMES_PATTERN, re.ASCII)
_EMAIL = re.compile(EMAIL_PATTERN)
_ZONE = re.compile(ZONE_PATTERN, re.ASCII)


def emails(value: object) -> tuple[str, ...]:
    """One address or a list of them."""
    given = list(value) if isinstance(value, (list, tuple)) else [value]
    if not given:
        raise Unfit("is an empty list", "write at least one address")
    return tuple(email(each) for each in given)


def email(value: object) -> str:
    """One address, without a name."""
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, and should be an address", "write ops@example.com")
    if len(value) > _LONGEST or not _EMAIL.fullmatch(value):
        raise Unfit(f"has {shown(value)}, which is no address for email", "write ops@example.com")
    return value


def plain(value: object) -> str:
    """A short text in which Alertmanager would expand nothing."""
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, and should be text", "put it in quotes")
    if not 0 < len(value) <= _LONGEST or not value.isprintable() or "{{" in value or value != value.strip():
        raise Unfit("is not a short plain text", "leave out spaces at its ends and templates")
    return value


def times(value: object) -> tuple[int, int]:
    """Minutes of the day at which a time of the day begins and ends: `22:00-07:00`, which ends on the next day.

    What a program hands over may be in minutes already.
    """
    if isinstance(value, tuple):
        return value
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, and should be a time of the day", 'write "22:00-07:00"')
    match = _TIMES.fullmatch(value.replace(" ", ""))
    if match is None:
        raise Unfit("is not a time of the day", 'write "22:00-07:00"')
    first, second, third, fourth = map(int, match.groups())
    start, end = first * 60 + second, third * 60 + fourth
    if end > DAY or start == end:
        raise Unfit("does not end after it begins", 'write "22:00-07:00", and 24:00 for the end of the day')
    return start, end


def zone(value: object) -> str:
    """A name of the IANA's time zones, which Alertmanager has a list of and loads nothing without.

    It is looked up in the list of this machine or of the package tzdata. Where there is neither, as in small container
    images, only its form is known.
    """
    if not isinstance(value, str):
        raise Unfit(f"is {kind_of(value)}, and should be a time zone", "write Europe/Berlin or UTC")
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
