"""Notifications of alerts: receivers, the routes to them, and quiet times.

The topology holds no secrets, and Alertmanager expands no environment variables: each secret is the path of a file in
Alertmanager's container.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, WithJsonSchema

from boxwatch.topology import notify_fields
from boxwatch.topology.values import Frozen, HostPort, HttpUrl, Model, Name, Path, Seconds

Severity = Literal["critical", "warning", "info"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_ADDRESS: Final = {"type": "string", "pattern": f"^{notify_fields.EMAIL_PATTERN}$", "examples": ["ops@example.com"]}
_ADDRESSES: Final = {"anyOf": [_ADDRESS, {"type": "array", "items": _ADDRESS, "minItems": 1}]}
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 250}
_TIMES: Final = {"type": "string", "pattern": f"^{notify_fields.TIMES_PATTERN}$", "examples": ["22:00-07:00"]}
_ZONE: Final = {"type": "string", "pattern": f"^{notify_fields.ZONE_PATTERN}$", "examples": ["Europe/Berlin"]}

Address = Annotated[str, BeforeValidator(notify_fields.email), WithJsonSchema(_ADDRESS)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(notify_fields.emails), WithJsonSchema(_ADDRESSES)]
Text = Annotated[str, BeforeValidator(notify_fields.plain), WithJsonSchema(_TEXT)]
Times = Annotated[tuple[int, int], BeforeValidator(notify_fields.times), WithJsonSchema(_TIMES)]
Zone = Annotated[str, BeforeValidator(notify_fields.zone), WithJsonSchema(_ZONE)]


class Email(Model):
    """Notification by email. The mail server must support TLS."""

    to: Addresses
    """Recipient address, or a list of addresses."""
    sender: Annotated[Address, Field(alias="from")]
    """Sender address."""
    smarthost: HostPort
    """Mail server, as host:port: smtp.example.com:587."""
    username: Text | None = None
    """User name for the mail server."""
    password_file: Path | None = None
    """File in Alertmanager's container with the password. Never the password itself."""


class Slack(Model):
    """Notification in Slack."""

    url_file: Path
    """File in Alertmanager's container with the URL of the incoming webhook, which is a secret."""
    channel: Text | None = None
    """Channel, in quotes: "#ops". Default: the webhook's own."""


class Discord(Model):
    """Notification in Discord. Requires Alertmanager 0.28; older versions cannot read the URL from a file."""

    url_file: Path
    """File in Alertmanager's container with the URL of the channel's webhook, which is a secret."""


class Telegram(Model):
    """Notification in Telegram. Requires Alertmanager 0.26; older versions cannot read the token from a file."""

    chat_id: StrictInt
    """Numeric chat id; negative for a group."""
    token_file: Path
    """File in Alertmanager's container with the bot's token."""


class Webhook(Model):
    """HTTP POST of the alerts as JSON."""

    url: HttpUrl | None = None
    """Target URL, if it contains no secret."""
    url_file: Path | None = None
    """File in Alertmanager's container with the URL, if it is a secret. Requires Alertmanager 0.26."""
    bearer_token_file: Path | None = None
    """File in Alertmanager's container with the bearer token for the receiver."""


class Pagerduty(Model):
    """Event in PagerDuty's Events API v2."""

    routing_key_file: Path
    """File in Alertmanager's container with the integration's routing key."""


class Receiver(Model):
    """A receiver with one or more integrations, all of which are notified."""

    email: Email | None = None
    """Notify by email."""
    slack: Slack | None = None
    """Notify in Slack."""
    discord: Discord | None = None
    """Notify in Discord."""
    telegram: Telegram | None = None
    """Notify in Telegram."""
    webhook: Webhook | None = None
    """Notify by HTTP POST, such as to your own service or a dead man's switch."""
    pagerduty: Pagerduty | None = None
    """Notify through PagerDuty."""


class Quiet(Model):
    """A quiet time: notifications are muted, and alerts that still fire when it ends are sent then."""

    days: tuple[Day, ...] = ()
    """Days on which it begins. Default: every day."""
    times: tuple[Times, ...] = ()
    """Times of day, in quotes: ["22:00-07:00"], which ends on the next day. Default: the whole day."""
    timezone: Zone = "UTC"
    """Time zone of the days and times: Europe/Berlin."""
    severities: tuple[Severity, ...] = ("warning", "info")
    """Severities to mute. Default: warning and info; critical only if listed here."""


class Notifications(Model):
    """Receivers of alerts, routes to them, and quiet times."""

    receivers: Annotated[dict[str, Receiver], AfterValidator(Frozen)]
    """The receivers, each under a name of your choice."""
    critical: Name
    """Receiver of critical alerts, which page."""
    warning: Name
    """Receiver of warnings, and of your own alerts with any other severity."""
    info: Name | None = None
    """Receiver of infos. Default: shown on dashboards only."""
    watchdog: Name | None = None
    """Receiver of the heartbeat: a dead man's switch that notifies when it stops (docs/watchdog.md). Default: none, so
    nobody is notified when the whole server is down."""
    heartbeat: Seconds = 60
    """Interval of the heartbeat. Set the dead man's switch to fire after three missed heartbeats."""
    services: Annotated[dict[str, Name], AfterValidator(Frozen)] = Field(default_factory=Frozen)
    """Receivers for the alerts of single services, at any severity, instead of the ones above."""
    group_by: Annotated[
        tuple[Literal["alertname", "server", "service", "component", "severity", "job"], ...], Field(min_length=1)
    ] = ("alertname", "server", "service")
    """Alerts with equal values of these labels are grouped into one message."""
    group_wait: Seconds = 30
    """Delay before the first message of a group, to collect further alerts."""
    group_interval: Seconds = 300
    """Minimum time between a group's message and the next one about new alerts."""
    repeat: Seconds = 14400
    """Interval at which notifications of firing alerts are repeated."""
    quiet: tuple[Quiet, ...] = ()
    """Times in which notifications are muted."""


_INTEGRATIONS: Final[dict[str, type[Model]]] = {
    "email": Email,
    "slack": Slack,
    "discord": Discord,
    "telegram": Telegram,
    "webhook": Webhook,
    "pagerduty": Pagerduty,
}


def model_at(path: tuple[str | int, ...]) -> type[Model]:
    """The model of the mapping at a path below `notifications`. Receiver names are arbitrary."""
    match path:
        case ("receivers", _):
            return Receiver
        case ("receivers", _, integration, *_):
            return _INTEGRATIONS[str(integration)]
        case ("quiet", *_):
            return Quiet
        case _:
            return Notifications
