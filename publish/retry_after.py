"""`Retry-After`: when a busy server wants to be asked again."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime


def seconds(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds from now; None for a header that is missing or says nothing.

    A number of seconds, or a date (RFC 9110, 10.2.3): one that is over means at once.
    """
    if not header:
        return None
    if header.isascii() and header.isdecimal():
        return float(header)
    try:
        when = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    # A date without a zone is one of HTTP's, which are in UTC.
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
