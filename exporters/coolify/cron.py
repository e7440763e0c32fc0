"""Cron expressions, as Coolify's scheduler reads them: the next run, and the longest time between two.

Coolify uses dragonmantank/cron-expression (4.3.11, bootstrap/helpers/shared.php, shouldRunCronNow), in the time zone of
the server: five fields with lists, ranges, steps and names, and `L`, `W` and `#`, which are not read here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_MINUTE: Final = 60
_DAY: Final = 1440  # minutes
# Words that Coolify accepts (4.3.11, bootstrap/helpers/constants.php, VALID_CRON_STRINGS), and those of the library.
_WORDS: Final = {
    "every_minute": "* * * * *",
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "midnight": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
    "annually": "0 0 1 1 *",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM: Final = re.compile(r"(\*|[0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?(?:/([0-9]{1,2}))?")
# The days whose gaps are compared: from one leap year past the third next.
_FIRST: Final = date(2024, 1, 1)
_SPAN: Final = 12 * 366
_SEARCHED: Final = 1500  # days in which a next run must be found: a leap day comes after four years


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression: the minutes of a day on which it runs, and the days."""

    minutes: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    # With both restricted, either suffices, as in cron.
    either: bool

    def runs_on(self, day: date) -> bool:
        """Whether it runs on a day."""
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (of_month or of_week if self.either else of_month and of_week)


@lru_cache(maxsize=1024)
def parse(expression: str) -> Cron | None:
    """Parse an expression or a word; None if it is neither, or never runs."""
    word = expression.strip().lower()
    fields = _WORDS.get(word.removeprefix("@"), word).split()
    if len(fields) != 5:  # noqa: PLR2004 - the fields of cron
        return None
    minutes, hours = _values(fields[0], range(60)), _values(fields[1], range(24))
    days, months = _values(fields[2], range(1, 32)), _values(fields[3], range(1, 13), _MONTHS)
    weekdays = _values(fields[4], range(8), _WEEKDAYS)
    if not (minutes and hours and days and months and weekdays):
        return None
    cron = Cron(
        minutes=tuple(sorted(hour * 60 + minute for hour in hours for minute in minutes)),
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either=not {fields[2], fields[4]} & {"*", "?"},
    )
    return cron if any(_days(cron)) else None


def _values(field: str, valid: range, named: tuple[str, ...] = ()) -> frozenset[int] | None:
    found: set[int] = set()
    for item in ("*" if field == "?" else field).split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            return None
        first, last, step = match[1], match[2], int(match[3] or 1)
        start = valid.start if first == "*" else _number(first, valid, named)
        # `5/15` runs from 5 to the end.
        end = valid.stop - 1 if first == "*" or (step > 1 and last is None) else start
        if last is not None:
            end = _number(last, valid, named)
        if start not in valid or end not in valid or end < start or step < 1 or (first == "*" and last):
            return None
        found.update(range(start, end + 1, step))
    return frozenset(found)


def _number(text: str, valid: range, named: tuple[str, ...]) -> int:
    if text.isdigit():
        return int(text)
    return valid.start + named.index(text) if text in named else -1


def _days(cron: Cron) -> Iterator[int]:
    return (number for number in range(_SPAN) if cron.runs_on(_FIRST + timedelta(number)))


@lru_cache(maxsize=1024)
def longest_gap(expression: str) -> int | None:
    """The longest time between two runs in seconds, apart from changes of the clock; None if it cannot be read.

    >>> longest_gap("0 3 * * *"), longest_gap("0 3 * * 1-5"), longest_gap("30 2 */2 * *"), longest_gap("@hourly")
    (86400, 259200, 172800, 3600)
    """
    cron = parse(expression)
    if cron is None:
        return None
    within = [later - earlier for earlier, later in itertools.pairwise(cron.minutes)]
    days = list(_days(cron))
    apart = max(later - earlier for earlier, later in itertools.pairwise(days))
    return _MINUTE * max([*within, apart * _DAY + cron.minutes[0] - cron.minutes[-1]])


def next_run(expression: str, after: float, timezone: str = "UTC") -> float | None:
    """Time of the first run after a point in time, in seconds since 1970; None if it cannot be known."""
    cron = parse(expression)
    try:
        zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
        start = datetime.fromtimestamp(after, zone)
    except (KeyError, OSError, ValueError, OverflowError):  # the host does not know the zone
        return None
    if cron is None:
        return None
    for number in range(_SEARCHED):
        day = start.date() + timedelta(number)
        if cron.runs_on(day):
            for minute in cron.minutes:
                moment = datetime.combine(day, time(minute // 60, minute % 60), zone).timestamp()
                if moment > after:
                    return moment
    return None
