"""Receivers of alertmanager.yml, with every secret in a file."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from boxwatch.rules.relabelling import Config
from boxwatch.stack.message_templates import NTFY_ALERTS, NTFY_MESSAGE, NTFY_TITLE
from boxwatch.topology import routing
from boxwatch.topology.notifications import Email, Notifications, Ntfy, Opsgenie, Pushover, Receiver, Webhook
from boxwatch.topology.notify_fields import NOBODY

FLOOR: Final = (0, 25)
_TITLE: Final = '{{ template "boxwatch.title" . }}'
_TEXT: Final = '{{ template "boxwatch.text" . }}'
_HTML: Final = '{{ template "boxwatch.html" . }}'
_RESOLVED: Final = "send_resolved"
# A card of Teams joins lines that no blank line parts.
_PARAGRAPHS: Final = '{{ template "boxwatch.paragraphs" . }}'
_OPSGENIE: Final = {"us": "https://api.opsgenie.com/", "eu": "https://api.eu.opsgenie.com/"}
_PRIORITY: Final = (
    '{{ if eq .CommonLabels.severity "critical" }}P1{{ else if eq .CommonLabels.severity "info" }}P5'
    "{{ else }}P3{{ end }}"
)
# Pushover's priorities: 2 is repeated until somebody acknowledges it, 1 rings at any time, -1 makes no sound.
_EMERGENCY: Final = (
    '{{ if ne .Status "firing" }}-1{{ else if eq .CommonLabels.severity "critical" }}2{{ else }}0{{ end }}'
)
_HIGH: Final = _EMERGENCY.replace("}}2{{", "}}1{{")
_SEVERITY: Final = '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}'


def heartbeat(name: str) -> str:
    """The name of the heartbeat's receiver, unique because no receiver in the topology has a slash in its name."""
    return f"{name}/heartbeat"


def used(said: Notifications) -> dict[str, str]:
    """The receivers of alertmanager.yml that notify somebody, with the names that they have in the topology."""
    named = (said.critical, said.warning, said.info or (), *(route.to for route in said.routes))
    by_service = (getattr(own, severity) or () for own in said.services.values() for severity in routing.SEVERITIES)
    found = {name: name for names in (*named, *by_service) for name in names}
    return found | ({heartbeat(said.watchdog): said.watchdog} if said.watchdog is not None else {})


def receivers(said: Notifications, *, beats: bool) -> list[Config]:
    """The receivers that a route names; without a heartbeat, no route is the heartbeat's."""
    # A message that the heartbeat has resolved would count as a heartbeat.
    found = [_receiver(name, said.receivers[own], resolved=name == own) for name, own in used(said).items()]
    return found if said.info and (said.watchdog or not beats) else [*found, {"name": NOBODY}]


def needs(said: Notifications | None) -> tuple[int, int]:
    """The oldest Alertmanager that reads every secret from a file.

    Telegram's token and Pushover's keys since 0.26; a webhook's URL too, but until 0.28 Alertmanager crashes when such
    a delivery fails (#3798). Discord's URL since 0.28 (added in 0.27, fixed in 0.28). Teams' workflows, and the headers
    by which ntfy gets its templates where its URL is in a file, since 0.28. The others since 0.25 (Alertmanager's
    CHANGELOG; amtool 0.25.0 rejects these keys, and 0.28.1 and 0.33.1 accept them).
    """
    used_ones = said.receivers.values() if said else ()
    found = FLOOR
    for one in used_ones:
        if one.discord or one.msteams or (one.webhook and one.webhook.url_file) or (one.ntfy and one.ntfy.url_file):
            return 0, 28
        if one.telegram or one.pushover:
            found = (0, 26)
    return found


def _receiver(name: str, receiver: Receiver, *, resolved: bool) -> Config:
    integrations: dict[str, list[Config]] = {}
    for key, one in (
        ("email_configs", _email(receiver.email)),
        ("slack_configs", _slack(receiver)),
        ("discord_configs", _discord(receiver)),
        ("msteamsv2_configs", _msteams(receiver)),
        ("telegram_configs", _telegram(receiver)),
        ("webhook_configs", _webhook(receiver.webhook)),
        ("webhook_configs", _ntfy(receiver.ntfy)),
        ("pagerduty_configs", _pagerduty(receiver)),
        ("opsgenie_configs", _opsgenie(receiver.opsgenie)),
        ("pushover_configs", _pushover(receiver.pushover)),
    ):
        if one is not None:
            integrations.setdefault(key, []).append({_RESOLVED: resolved, **one})
    return {"name": name, **integrations}


def _email(said: Email | None) -> Config | None:
    if said is None:
        return None
    signed = (
        {"auth_username": said.username, "auth_password_file": said.password_file} if said.username is not None else {}
    )
    return {
        "to": ", ".join(said.to),
        "from": said.sender,
        "smarthost": said.smarthost,
        **signed,
        "headers": {"Subject": _TITLE},
        "html": _HTML,
        "text": _TEXT,
    }


def _slack(said: Receiver) -> Config | None:
    if said.slack is None:
        return None
    channel = {} if said.slack.channel is None else {"channel": said.slack.channel}
    return {"api_url_file": said.slack.url_file, **channel, "title": _TITLE, "title_link": "", "text": _TEXT}


def _discord(said: Receiver) -> Config | None:
    if said.discord is None:
        return None
    return {"webhook_url_file": said.discord.url_file, "title": _TITLE, "message": _TEXT}


def _msteams(said: Receiver) -> Config | None:
    if said.msteams is None:
        return None
    return {"webhook_url_file": said.msteams.url_file, "title": _TITLE, "text": _PARAGRAPHS}


def _telegram(said: Receiver) -> Config | None:
    if said.telegram is None:
        return None
    # With HTML, Alertmanager escapes inserted text; with Markdown a single underscore would lose the message.
    return {
        "bot_token_file": said.telegram.token_file,
        "chat_id": said.telegram.chat_id,
        "parse_mode": "HTML",
        "message": f"{_TITLE}\n{_TEXT}",
    }


def _webhook(said: Webhook | None) -> Config | None:
    if said is None:
        return None
    place: Config = {"url": said.url} if said.url is not None else {"url_file": said.url_file}
    if said.bearer_token_file is not None:
        place["http_config"] = {"authorization": {"type": "Bearer", "credentials_file": said.bearer_token_file}}
    return place


def _pagerduty(said: Receiver) -> Config | None:
    if said.pagerduty is None:
        return None
    return {
        "routing_key_file": said.pagerduty.routing_key_file,
        "description": _TITLE,
        "severity": _SEVERITY,
        "details": {"text": _TEXT},
    }


def _opsgenie(said: Opsgenie | None) -> Config | None:
    if said is None:
        return None
    teams: Config = {"responders": [{"name": name, "type": "team"} for name in said.teams]} if said.teams else {}
    return {
        "api_key_file": said.api_key_file,
        "api_url": _OPSGENIE[said.region],
        "message": _TITLE,
        "description": _TEXT,
        "priority": _PRIORITY,
        **teams,
    }


def _ntfy(said: Ntfy | None) -> Config | None:
    if said is None:
        return None
    sent = {"template": "yes", "title": NTFY_TITLE, "message": NTFY_MESSAGE, "priority": said.priority}
    login: Config = (
        {"authorization": {"type": "Bearer", "credentials_file": said.token_file}}
        if said.token_file is not None
        else {}
    )
    if said.url is not None:
        # Alertmanager from 0.31 on expands templates in URLs, so the braces have to be encoded.
        place: Config = {"url": f"{said.url}?{urlencode(sent, quote_via=quote)}"}
    else:
        place = {"url_file": said.url_file}
        login["http_headers"] = {name.title(): {"values": [value]} for name, value in sent.items()}
    return {**place, "max_alerts": NTFY_ALERTS, **({"http_config": login} if login else {})}


def _pushover(said: Pushover | None) -> Config | None:
    if said is None:
        return None
    return {
        "user_key_file": said.user_key_file,
        "token_file": said.token_file,
        "title": _TITLE,
        "message": _TEXT,
        "url": "",
        "priority": _EMERGENCY if said.emergency else _HIGH,
    }
