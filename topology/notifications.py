"""Who is told of alerts, and when not: the receivers, the routes to them and the quiet times.

No secret is written here, nor read from the environment, which Alertmanager does not expand: each is in a file of
Alertmanager's container, by its path.
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
    """An email. The mail server has to speak TLS."""

    to: Addresses
    """Who gets it: an address, or a list of them."""
    sender: Annotated[Address, Field(alias="from")]
    """Who it is from."""
    smarthost: HostPort
    """The mail server, as host:port: smtp.example.com:587."""
    username: Text | None = None
    """Name with which Alertmanager signs in there."""
    password_file: Path | None = None
    """File in Alertmanager's container with the password. Never the password itself."""


class Slack(Model):
    """A message in Slack."""

    url_file: Path
    """File in Alertmanager's container with the URL of the incoming webhook, which is a secret."""
    channel: Text | None = None
    """Channel, in quotes: "#ops". Left out: the webhook's own."""


class Discord(Model):
    """A message in Discord. Needs Alertmanager 0.28, older ones cannot read the URL from a file."""

    url_file: Path
    """File in Alertmanager's container with the URL of the channel's webhook, which is a secret."""


class Telegram(Model):
    """A message in Telegram. Needs Alertmanager 0.26, older ones cannot read the token from a file."""

    chat_id: StrictInt
    """Number of the chat; that of a group is negative."""
    token_file: Path
    """File in Alertmanager's container with the bot's token."""


class Webhook(Model):
    """A POST with the alerts as JSON."""

    url: HttpUrl | None = None
    """Where to, if nothing in it is secret."""
    url_file: Path | None = None
    """File in Alertmanager's container with the URL, where it is a secret. Needs Alertmanager 0.26."""
    bearer_token_file: Path | None = None
    """File in Alertmanager's container with the token that the receiver asks for."""


class Pagerduty(Model):
    """An event of PagerDuty's Events API v2."""

    routing_key_file: Path
    """File in Alertmanager's container with the integration's routing key."""


class Receiver(Model):
    """Someone who is told, in one or more ways at once."""

    email: Email | None = None
    """By email."""
    slack: Slack | None = None
    """In Slack."""
    discord: Discord | None = None
    """In Discord."""
    telegram: Telegram | None = None
    """In Telegram."""
    webhook: Webhook | None = None
    """By a POST to something of your own, or to whoever waits for the Watchdog."""
    pagerduty: Pagerduty | None = None
    """Through PagerDuty."""


class Quiet(Model):
    """A time in which nobody is told. What still fires when it ends is told then."""

    days: tuple[Day, ...] = ()
    """Days on which it begins. Left out: every day."""
    times: tuple[Times, ...] = ()
    """Times of the day, in quotes: ["22:00-07:00"], which ends on the next day. Left out: the whole day."""
    timezone: Zone = "UTC"
    """Whose days and times these are: Europe/Berlin."""
    severities: tuple[Severity, ...] = ("warning", "info")
    """What is not told. Left out: warnings and infos; critical only if you say so here."""


class Notifications(Model):
    """Who is told of alerts, and when not."""

    receivers: Annotated[dict[str, Receiver], AfterValidator(Frozen)]
    """Who can be told, each under a name of your choice."""
    critical: Name
    """Receiver that is woken by critical alerts."""
    warning: Name
    """Receiver of the warnings, and of alerts of your own that have another severity."""
    info: Name | None = None
    """Receiver of the infos. Left out: they are shown on dashboards only."""
    watchdog: Name | None = None
    """Receiver that waits for the heartbeat and complains when none comes (docs/watchdog.md). Left out: nobody is told
    when the whole server is down."""
    heartbeat: Seconds = 60
    """How often the heartbeat is sent. What waits for it should wait for three of them."""
    services: Annotated[dict[str, Name], AfterValidator(Frozen)] = Field(default_factory=Frozen)
    """Receiver of single services' alerts, whatever their severity, in place of the ones above."""
    group_by: Annotated[
        tuple[Literal["alertname", "server", "service", "component", "severity", "job"], ...], Field(min_length=1)
    ] = ("alertname", "server", "service")
    """Alerts that agree in these labels are told in one message."""
    group_wait: Seconds = 30
    """How long the first message of a group waits for others of the group."""
    group_interval: Seconds = 300
    """How long after a message new alerts of its group are told at the soonest."""
    repeat: Seconds = 14400
    """How often one is reminded of what still fires."""
    quiet: tuple[Quiet, ...] = ()
    """Times in which nobody is told."""


_LEVELS: Final[dict[str, type[Model]]] = {
    "email": Email,
    "slack": Slack,
    "discord": Discord,
    "telegram": Telegram,
    "webhook": Webhook,
    "pagerduty": Pagerduty,
}


def model_at(path: tuple[str | int, ...]) -> type[Model]:
    """The model of the mapping at a path below `notifications`. A receiver may have any name."""
    match path:
        case ("receivers", _):
            return Receiver
        case ("receivers", _, way, *_):
            return _LEVELS[str(way)]
        case ("quiet", *_):
            return Quiet
        case _:
            return Notifications
