"""Parsing of the Retry-After header."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from boxwatch.publish import retry_after

NOW = datetime(2026, 10, 21, 7, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60),
        ("Wed, 21 Oct 2026 07:28:00", 60),
        ("Wed, 21 Oct 2026 09:28:00 +0200", 60),
        ("Wed, 21 Oct 2026 07:26:00 GMT", 0),
        (None, None),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("٣", None),
        ("Wed, 41 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_a_number_and_a_date_are_read(header: str | None, seconds: float | None) -> None:
    """A date in the past means 0; a malformed value means None."""
    assert retry_after.seconds(header, NOW) == seconds
