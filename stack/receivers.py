"""Receivers of alertmanager.yml, with every secret in a file."""

from __future__ import annotations

from typing import Final

from boxwatch.rules.relabelling import Config
from boxwatch.topology.notifications import Email, Notifications, Receiver, Webhook
from boxwatch.topology.notify_fields import NOBODY

FLOOR: Final = (0, 25)
_TITLE: Final = '{{ template "boxwatch.title" . }}'
_TEXT: Final = '{{ template "boxwatch.text" . }}'
_HTML: Final = '{{ template "boxwatch.html" . }}'
_RESOLVED: Final = "send_resolved"
_SEVERITY: Final = '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}'


def heartbeat(name: str) -> str:
    """The name of the heartbeat's receiver, unique because no receiver in the topology has a slash in its name."""
    return f"{name}/heartbeat"


def receivers(said: Notifications) -> list[Config]:
    """The receivers named by a severity or a service, and the heartbeat's."""
    used = dict.fromkeys((said.critical, said.warning, *([said.info] if said.info else []), *said.services.values()))
    found = [_receiver(name, said.receivers[name], resolved=True) for name in used]
    if said.watchdog is not None:
        # A message that the heartbeat has resolved would count as a heartbeat.
        found.append(_receiver(heartbeat(said.watchdog), said.receivers[said.watchdog], resolved=False))
    return found if said.info and said.watchdog else [*found, {"name": NOBODY}]


def needs(said: Notifications | None) -> tuple[int, int]:
    """The oldest Alertmanager that reads every secret from a file.

    Telegram's token and a webhook's URL since 0.26, Discord's URL since 0.28 (added in 0.27, fixed in 0.28); the others
    since 0.25 (Alertmanager's CHANGELOG; amtool 0.25.0 rejects these keys, and 0.34.2 accepts them).
    """
    used = said.receivers.values() if said else ()
    if any(receiver.discord for receiver in used):
        return 0, 28
    if any(receiver.telegram or (receiver.webhook and receiver.webhook.url_file) for receiver in used):
        return 0, 26
    return FLOOR


def _receiver(name: str, receiver: Receiver, *, resolved: bool) -> Config:
    found: Config = {"name": name}
    for key, one in (
        ("email_configs", _email(receiver.email)),
        ("slack_configs", _slack(receiver)),
        ("discord_configs", _discord(receiver)),
        ("telegram_configs", _telegram(receiver)),
        ("webhook_configs", _webhook(receiver.webhook)),
        ("pagerduty_configs", _pagerduty(receiver)),
    ):
        if one is not None:
            found[key] = [{_RESOLVED: resolved, **one}]
    return found


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
