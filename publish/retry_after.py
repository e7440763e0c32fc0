"""The `Retry-After` header: seconds until a busy server accepts the next request."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime


def seconds(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds from now; None if the header is missing or malformed.

    Accepts a number of seconds or a date (RFC 9110, 10.2.3); a date in the past means 0.
    """
    if not header:
        return None
    if header.isascii() and header.isdecimal():
        return float(header)
    try:
        when = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    # HTTP dates without a zone are in UTC.
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
