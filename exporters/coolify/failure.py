"""Why Coolify could not be read: one exception, whose reason is what the page shows.

Coolify sends `"success": true` with a 403 (Coolify 4.3.11, app/Http/Middleware/ApiAllowed.php), so only the status
code and Coolify's fixed sentences decide. A body is never shown or logged: a proxy in between may echo the token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.coolify import names

# Reasons that hold for every request of the account, so that asking on would only cost requests.
_ACCOUNT_WIDE = {names.UNAUTHORISED, names.API_DISABLED, names.NO_TOKEN}
# Ways in which no connection comes about at all; a slow answer says nothing of the other endpoints.
NO_CONNECTION = ("dns", "refused", "tls", "connect_timeout", "no_route")

OK = 200
_REDIRECTS = range(300, 400)
_BAD_REQUEST = 400
_UNAUTHORISED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TOO_MANY = 429
_SERVER_ERRORS = range(500, 600)
_KNOWN_CODES = frozenset(
    (200, 204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 419, 422, 429, 500, 502, 503, 504)
)


class Failure(BoxwatchError):  # noqa: N818 - an outcome that the page shows
    """Coolify could not be read.

    Attributes:
        reason: one of names.REASONS.
        code: what `coolify_api_requests_total` counts it under: a status code, or how the connection failed.
        wait: seconds that Coolify asked us to wait, if it did.
        gone: whether Coolify says that the thing asked for does not exist: deleted, or of another team.
    """

    def __init__(self, reason: str, code: str, message: str, *, wait: float | None = None, gone: bool = False) -> None:
        """Keep the reason; the message is ours, never a part of what came over the wire."""
        self.reason = reason
        self.code = code
        self.wait = wait
        self.gone = gone
        super().__init__(message)

    @property
    def account_wide(self) -> bool:
        """Whether every other request of the account would fail in the same way."""
        return self.reason in _ACCOUNT_WIDE or (self.reason == names.UNREACHABLE and self.code in NO_CONNECTION)


def code_label(status: int) -> str:
    """The status code as a label: those that Coolify and proxies send, others as their class, so it stays bounded."""
    return str(status) if status in _KNOWN_CODES else f"{status // 100 % 10}xx"


def judge(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Failure:
    """What an answer means that is not 200. The body is looked into only for Coolify's fixed sentences."""
    message = _message(body)
    wait = retry_after(headers, now)
    if status == _TOO_MANY:
        reason, text = names.RATE_LIMITED, "Coolify's request limit is used up"
    elif status == _UNAUTHORISED:
        reason, text = names.UNAUTHORISED, "Coolify refuses the token: expired, revoked, or its team is gone"
    elif status == _BAD_REQUEST and message == "Invalid token.":
        # Some controllers answer 400 where the middleware answers 401 (Coolify 4.3.11, bootstrap/helpers/api.php).
        reason, text = names.UNAUTHORISED, "Coolify refuses the token: its team is gone"
    elif status == _FORBIDDEN and message == "API is disabled.":
        reason, text = names.API_DISABLED, "Coolify's API is switched off in its settings"
    elif status == _FORBIDDEN:
        hint = _FORBIDDEN_HINTS.get(
            message.partition(":")[0].partition(" (")[0], "the token needs the ability `read`, and no more"
        )
        reason, text = names.FORBIDDEN, f"Coolify forbids it: {hint}"
    elif status in _REDIRECTS:
        reason, text = names.REDIRECTED, "Coolify redirects, which is never followed: give the URL it redirects to"
    elif status in _SERVER_ERRORS:
        reason, text = names.SERVER_ERROR, f"Coolify, or a proxy before it, answered {status}"
    else:
        reason, text = names.REJECTED, f"Coolify rejects the request with {status}"
    # `Not found.` is said of a path that this version does not have; of a thing it is `Application not found`.
    gone = status == _NOT_FOUND and message not in ("", "Not found.")
    return Failure(reason, code_label(status), text, wait=wait, gone=gone)


_FORBIDDEN_HINTS = {
    "You are not allowed to access the API.": "this address is not in the list of allowed IPs",
    "Missing required permissions": "the token lacks the ability `read`, which `write` and `deploy` do not include",
    "This API token has permissions": "the token holds more abilities than its user's role allows",
}


def _message(body: bytes) -> str:
    """The `message` of Coolify's JSON errors; empty for HTML and anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait by Retry-After, as seconds or as a date; None if it is missing or nonsense."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    moment = http_date(value)
    return max(0.0, moment - now) if moment is not None else None


def http_date(value: str) -> float | None:
    """An HTTP date as seconds since 1970; None if it is none."""
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def utc(text: str) -> float | None:
    """A timestamp of Coolify as seconds since 1970; None if it is none.

    Cast columns come as `2026-08-22T10:11:12.000000Z`, others (`last_online_at`, `sentinel_updated_at`) as
    `2026-08-22 10:11:12` without a zone, and mean UTC (Coolify 4.3.11, config/app.php).
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
