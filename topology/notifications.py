"""Notifications of alerts: receivers, the routes to them, and quiet times.

The topology holds no secrets, and Alertmanager expands no environment variables: each secret is the path of a file in
Alertmanager's container.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, WithJsonSchema

from boxwatch.topology import alert_fields, forms, notify_fields
from boxwatch.topology.values import Frozen, HostPort, HttpUrl, Model, Name, Path, Seconds

Severity = Literal["critical", "warning", "info"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_ADDRESS: Final = {"type": "string", "pattern": f"^{notify_fields.EMAIL_PATTERN}$", "examples": ["ops@example.com"]}
_ADDRESSES: Final = {"anyOf": [_ADDRESS, {"type": "array", "items": _ADDRESS, "minItems": 1}]}
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 250}
_TIMES: Final = {"type": "string", "pattern": f"^{notify_fields.TIMES_PATTERN}$", "examples": ["22:00-07:00"]}
_RECEIVERS: Final = {"anyOf": [forms.NAME, {"type": "array", "items": forms.NAME, "minItems": 1, "uniqueItems": True}]}
_WORDS: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_CHOICES: Final = {
    "type": "object",
    "additionalProperties": {"anyOf": [_WORDS, {"type": "array", "items": _WORDS, "minItems": 1}]},
    "examples": [{"team": "shop"}],
}
_ZONE: Final = {"type": "string", "pattern": f"^{notify_fields.ZONE_PATTERN}$", "examples": ["Europe/Berlin"]}

Address = Annotated[str, BeforeValidator(notify_fields.email), WithJsonSchema(_ADDRESS)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(notify_fields.emails), WithJsonSchema(_ADDRESSES)]
Text = Annotated[str, BeforeValidator(notify_fields.plain), WithJsonSchema(_TEXT)]
Times = Annotated[tuple[int, int], BeforeValidator(notify_fields.times), WithJsonSchema(_TIMES)]
Receivers = Annotated[tuple[str, ...], BeforeValidator(notify_fields.receivers), WithJsonSchema(_RECEIVERS)]
Choices = Annotated[
    dict[str, tuple[str, ...]],
    BeforeValidator(alert_fields.choices),
    AfterValidator(Frozen),
    WithJsonSchema(_CHOICES),
]
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


class Msteams(Model):
    """Notification in Microsoft Teams, through a workflow. Requires Alertmanager 0.28.

    The connectors that older versions post to were retired by Microsoft.
    """

    url_file: Path
    """File in Alertmanager's container with the URL of a workflow that posts to a channel when it receives a webhook
    request. The URL is a secret."""


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
    """File in Alertmanager's container with the URL, if it is a secret. Requires Alertmanager 0.28; older
    ones crash when such a delivery fails."""
    bearer_token_file: Path | None = None
    """File in Alertmanager's container with the bearer token for the receiver."""


class Pagerduty(Model):
    """Event in PagerDuty's Events API v2."""

    routing_key_file: Path
    """File in Alertmanager's container with the integration's routing key."""


class Opsgenie(Model):
    """Alert in Opsgenie: priority P1 for critical alerts, P3 for warnings, P5 for infos."""

    api_key_file: Path
    """File in Alertmanager's container with the API key of the integration."""
    region: Literal["us", "eu"] = "us"
    """Region of the account: eu for accounts at app.eu.opsgenie.com."""
    teams: tuple[Text, ...] = ()
    """Teams to notify. Default: the team that owns the integration."""


class Ntfy(Model):
    """Push notification with ntfy.sh or a server of your own, version 2.11 or later, without a bridge.

    ntfy reads Alertmanager's JSON with the help of templates that are sent with it.
    """

    url: HttpUrl | None = None
    """URL of the topic, https://ntfy.example.com/alerts, if knowing it is not enough to read and write it."""
    url_file: Path | None = None
    """File in Alertmanager's container with the URL of the topic, if it is a secret, as on ntfy.sh. Requires
    Alertmanager 0.28."""
    token_file: Path | None = None
    """File in Alertmanager's container with the access token, for a protected topic."""
    priority: Literal["min", "low", "default", "high", "urgent"] = "default"
    """Priority of the messages: urgent rings until it is seen, low makes no sound."""


class Pushover(Model):
    """Push notification with Pushover. Requires Alertmanager 0.26; older versions cannot read the keys from files."""

    user_key_file: Path
    """File in Alertmanager's container with the key of the user or the group."""
    token_file: Path
    """File in Alertmanager's container with the application's token."""
    emergency: StrictBool = True
    """Whether critical alerts are emergencies, repeated every minute for an hour until somebody acknowledges them. If
    false, they ring once, at any time of day."""


class Receiver(Model):
    """A receiver with one or more integrations, all of which are notified."""

    email: Email | None = None
    """Notify by email."""
    slack: Slack | None = None
    """Notify in Slack."""
    discord: Discord | None = None
    """Notify in Discord."""
    msteams: Msteams | None = None
    """Notify in Microsoft Teams."""
    telegram: Telegram | None = None
    """Notify in Telegram."""
    webhook: Webhook | None = None
    """Notify by HTTP POST, such as to your own service or a dead man's switch."""
    pagerduty: Pagerduty | None = None
    """Notify through PagerDuty."""
    opsgenie: Opsgenie | None = None
    """Notify through Opsgenie."""
    ntfy: Ntfy | None = None
    """Notify with ntfy."""
    pushover: Pushover | None = None
    """Notify with Pushover."""


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


class ServiceReceivers(Model):
    """Receivers for the alerts of one service, by severity; a severity that is left out keeps the general receivers."""

    critical: Receivers | None = None
    """Receiver of its critical alerts, or a list."""
    warning: Receivers | None = None
    """Receiver of its warnings, or a list."""
    info: Receivers | None = None
    """Receiver of its infos, or a list."""

    @property
    def same(self) -> bool:
        """Whether the file names the receivers once, for all severities."""
        return self.critical is not None and not self.model_fields_set


def _by_service(value: object) -> object:
    """One receiver or a list, as receivers of every severity."""
    if isinstance(value, (dict, ServiceReceivers)):
        return value
    same = notify_fields.receivers(value)
    return ServiceReceivers.model_construct(_fields_set=set(), critical=same, warning=same, info=same)


ByService = Annotated[ServiceReceivers, BeforeValidator(_by_service)]


class Route(Model):
    """Receivers for alerts with certain labels, services or severities. All given keys must match."""

    labels: Choices = Field(default_factory=Frozen)
    """Labels that the alert has, each with one value or a list of values: `{team: [shop, web]}`."""
    services: Annotated[tuple[str, ...], BeforeValidator(notify_fields.services), WithJsonSchema(_RECEIVERS)] = ()
    """The service that the alert is about, or a list."""
    severities: tuple[Severity, ...] = ()
    """Severities of the alert. Default: all that have a receiver, so infos only with `info`."""
    to: Receivers
    """Receiver, or a list of receivers, all of which are notified."""


class Notifications(Model):
    """Receivers of alerts, routes to them, and quiet times."""

    receivers: Annotated[dict[str, Receiver], AfterValidator(Frozen)]
    """The receivers, each under a name of your choice."""
    critical: Receivers
    """Receiver of critical alerts, which page, or a list of receivers, all of which are notified."""
    warning: Receivers
    """Receiver of warnings, and of your own alerts with any other severity, or a list."""
    info: Receivers | None = None
    """Receiver of infos, or a list. Default: shown on dashboards only."""
    watchdog: Name | None = None
    """Receiver of the heartbeat: a dead man's switch that notifies when it stops (docs/watchdog.md). Default: none, so
    nobody is notified when the whole server is down."""
    heartbeat: Seconds = 60
    """Interval of the heartbeat. Set the dead man's switch to fire after three missed heartbeats."""
    services: Annotated[dict[str, ByService], AfterValidator(Frozen)] = Field(default_factory=Frozen)
    """Receivers for the alerts of single services instead of the ones above: a receiver or a list for all severities
    that have one, or a mapping by severity: `{postgres: dba, web: {critical: [night, shop]}}`."""
    routes: tuple[Route, ...] = ()
    """Receivers for alerts with certain labels, services or severities. The first route that matches decides, before
    `services` and the receivers by severity."""
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
    "msteams": Msteams,
    "telegram": Telegram,
    "webhook": Webhook,
    "pagerduty": Pagerduty,
    "opsgenie": Opsgenie,
    "ntfy": Ntfy,
    "pushover": Pushover,
}


def model_at(path: tuple[str | int, ...]) -> type[Model]:
    """The model of the mapping at a path below `notifications`. Receiver names are arbitrary."""
    match path:
        case ("receivers", _):
            return Receiver
        case ("receivers", _, integration, *_):
            return _INTEGRATIONS[str(integration)]
        case ("services", _):
            return ServiceReceivers
        case ("routes", *_):
            return Route
        case ("quiet", *_):
            return Quiet
        case _:
            return Notifications
