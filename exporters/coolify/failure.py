"""Failed requests to Coolify: one exception, whose reason the exporter exposes.

Coolify sends `"success": true` with a 403 (Coolify 4.3.11, app/Http/Middleware/ApiAllowed.php), so only the status
code and Coolify's fixed messages count. A body is never exposed or logged: a proxy in between may echo the token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.coolify import names

# Reasons that apply to every request of the account, so that further requests would be wasted.
_ACCOUNT_WIDE = {names.UNAUTHORISED, names.API_DISABLED, names.NO_TOKEN}
# Failures to connect at all; a slow response says nothing about the other endpoints.
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


class Failure(BoxwatchError):  # noqa: N818 - an outcome that the exporter exposes
    """A request to Coolify failed.

    Attributes:
        reason: one of names.REASONS.
        code: the `code` label of `coolify_api_requests_total`: a status code, or how the connection failed.
        wait: seconds that Coolify asked the exporter to wait; None if it did not.
        gone: whether Coolify says that the requested resource does not exist: deleted, or of another team.
    """

    def __init__(self, reason: str, code: str, message: str, *, wait: float | None = None, gone: bool = False) -> None:
        """Store the reason; the message is the exporter's own and never quotes the response."""
        self.reason = reason
        self.code = code
        self.wait = wait
        self.gone = gone
        super().__init__(message)

    @property
    def account_wide(self) -> bool:
        """Whether every other request of the account would fail for the same reason."""
        return self.reason in _ACCOUNT_WIDE or (self.reason == names.UNREACHABLE and self.code in NO_CONNECTION)


def code_label(status: int) -> str:
    """The status code as a label; codes that neither Coolify nor proxies send become their class (`4xx`)."""
    return str(status) if status in _KNOWN_CODES else f"{status // 100 % 10}xx"


def judge(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Failure:
    """The failure that a status other than 200 means. The body is only searched for Coolify's fixed messages."""
    message = _message(body)
    wait = retry_after(headers, now)
    if status == _TOO_MANY:
        reason, text = names.RATE_LIMITED, "Coolify's rate limit is exhausted"
    elif status == _UNAUTHORISED:
        reason, text = (
            names.UNAUTHORISED,
            "authentication failed: the token expired or was revoked, or its team was deleted",
        )
    elif status == _BAD_REQUEST and message == "Invalid token.":
        # Some controllers answer 400 where the middleware answers 401 (Coolify 4.3.11, bootstrap/helpers/api.php).
        reason, text = names.UNAUTHORISED, "authentication failed: the token's team was deleted"
    elif status == _FORBIDDEN and message == "API is disabled.":
        reason, text = names.API_DISABLED, "Coolify's API is disabled in its settings"
    elif status == _FORBIDDEN:
        hint = _FORBIDDEN_HINTS.get(
            message.partition(":")[0].partition(" (")[0], "the token requires the `read` ability, and no other"
        )
        reason, text = names.FORBIDDEN, f"permission denied: {hint}"
    elif status in _REDIRECTS:
        reason, text = (
            names.REDIRECTED,
            "Coolify redirects, and redirects are never followed: configure the URL it redirects to",
        )
    elif status in _SERVER_ERRORS:
        reason, text = names.SERVER_ERROR, f"Coolify, or a proxy in front of it, answered {status}"
    else:
        reason, text = names.REJECTED, f"Coolify rejected the request with status {status}"
    # `Not found.` means that this version lacks the path; a deleted resource gets `Application not found`.
    gone = status == _NOT_FOUND and message not in ("", "Not found.")
    return Failure(reason, code_label(status), text, wait=wait, gone=gone)


_FORBIDDEN_HINTS = {
    "You are not allowed to access the API.": "the address of this request is not in Allowed IPs",
    "Missing required permissions": "the token lacks the `read` ability, which `write` and `deploy` do not include",
    "This API token has permissions": "the token has more abilities than its user's role allows",
}


def _message(body: bytes) -> str:
    """The `message` of Coolify's JSON errors; empty for HTML and other bodies."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait according to Retry-After, given in seconds or as a date; None if missing or invalid."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    moment = http_date(value)
    return max(0.0, moment - now) if moment is not None else None


def http_date(value: str) -> float | None:
    """An HTTP date in seconds since 1970; None if invalid."""
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def utc(text: str) -> float | None:
    """One of Coolify's timestamps in seconds since 1970; None if invalid.

    Cast columns read `2026-08-22T10:11:12.000000Z`; others (`last_online_at`, `sentinel_updated_at`) read
    `2026-08-22 10:11:12`, without a zone, and are UTC (Coolify 4.3.11, config/app.php).
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
