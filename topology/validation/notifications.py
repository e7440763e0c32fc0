"""Constraints on notifications: every named receiver is defined, has an integration, and keeps its secrets in files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from boxwatch.topology import fields
from boxwatch.topology.notifications import Notifications, Quiet, Receiver
from boxwatch.topology.notify_fields import DAY, NOBODY
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.validation.context import ValidationContext
from boxwatch.topology.wording import Unfit, did_you_mean, listed

_SECTION: Final = "notifications"
# Anyone who knows a URL on these hosts may post to it, so it is a secret.
SECRET_HOSTS: Final = (
    "hooks.slack.com",
    "discord.com",
    "discordapp.com",
    "api.telegram.org",
    "hc-ping.com",
    "nosnch.in",
)
SHORTEST_HEARTBEAT: Final = 10
_ROLES: Final = ("critical", "warning", "info", "watchdog")


def receivers_exist(context: ValidationContext) -> Iterator[Issue]:
    """Every receiver and service named in the routes is defined in the file."""
    said = context.topology.notifications
    if said is None:
        return
    known = sorted(said.receivers)
    for path, name in _named(said):
        if name not in said.receivers:
            hint = did_you_mean(name, known) or f"defined here: {listed(known) or 'none'}"
            yield Issue(path, f"`{name}` is not a receiver of this file", hint)
    services = [service.name for service in context.topology.services]
    for service in said.services if not context.doubtful else ():
        if service not in services:
            hint = did_you_mean(service, services) or f"defined here: {listed(services)}"
            yield Issue((_SECTION, "services", service), "is not a service of this file", hint, at_key=True)


def receivers_are_complete(context: ValidationContext) -> Iterator[Issue]:
    """A receiver has a valid name, at least one integration, and no secret in the file."""
    said = context.topology.notifications
    for name, receiver in said.receivers.items() if said else ():
        path: Path = (_SECTION, "receivers", name)
        try:
            fields.name(name)
        except Unfit as error:
            yield Issue(path, error.message, error.hint, at_key=True)
        if name == NOBODY:
            yield Issue(path, "is reserved for the receiver that discards alerts", "use another name", at_key=True)
        yield from _can_be_told(path, receiver)


def quiet_times_end(context: ValidationContext) -> Iterator[Issue]:
    """A quiet time does not mute notifications permanently."""
    said = context.topology.notifications
    for index, quiet in enumerate(said.quiet) if said else ():
        path: Path = (_SECTION, "quiet", index)
        if not quiet.severities:
            yield Issue((*path, "severities"), "lists no severity", "delete the line to mute warning and info")
        if len(set(quiet.days)) in (0, 7) and _whole_day(quiet):
            yield Issue(path, "never ends, so nobody would ever be notified", "add `days` or `times`")


def reminders_come_after_messages(context: ValidationContext) -> Iterator[Issue]:
    """Alertmanager repeats at `group_interval` at the earliest, and a longer `group_wait` would delay messages."""
    said = context.topology.notifications
    if said is None:
        return
    if said.heartbeat < SHORTEST_HEARTBEAT:
        yield Issue((_SECTION, "heartbeat"), "is shorter than 10s", "write 1m")
    if said.repeat < said.group_interval:
        message = "is shorter than `group_interval`, the earliest at which Alertmanager repeats"
        yield Issue((_SECTION, "repeat"), message, "write a longer time")
    if said.group_wait > said.group_interval:
        yield Issue((_SECTION, "group_wait"), "is longer than `group_interval`", "write a shorter time")


def receivers_are_used(context: ValidationContext) -> Iterator[Issue]:
    """A warning: an unused receiver is never notified."""
    said = context.topology.notifications
    if said is None:
        return
    used = {name for _, name in _named(said)}
    for name in said.receivers:
        if name not in used:
            hint = "use it for a severity, a service or the watchdog, or delete it"
            yield Issue((_SECTION, "receivers", name), "is never notified", hint, at_key=True)


def _named(said: Notifications) -> Iterator[tuple[Path, str]]:
    for role in _ROLES:
        name = getattr(said, role)
        if name is not None:
            yield (_SECTION, role), name
    for service, name in said.services.items():
        yield (_SECTION, "services", service), name


def _can_be_told(path: Path, receiver: Receiver) -> Iterator[Issue]:
    ways = [way for way in type(receiver).model_fields if getattr(receiver, way) is not None]
    if not ways:
        known = listed(list(type(receiver).model_fields))
        yield Issue(path, "has no integration", f"add one or more of {known}", at_key=True)
    webhook, email = receiver.webhook, receiver.email
    if webhook is not None:
        here = (*path, "webhook")
        if (webhook.url is None) == (webhook.url_file is None):
            both = "has both `url` and `url_file`" if webhook.url else "has no target"
            yield Issue(here, both, "write `url`, or `url_file` if it is a secret", at_key=True)
        host = urlsplit(webhook.url or "").hostname or ""
        if any(host == secret or host.endswith(f".{secret}") for secret in SECRET_HOSTS):
            hint = "put it in a file, and use `url_file`: generated files must not contain credentials"
            yield Issue((*here, "url"), f"is a secret: anyone who knows it can post to {host}", hint)
    if email is not None and (email.username is None) != (email.password_file is None):
        missing = "password_file" if email.password_file is None else "username"
        yield Issue((*path, "email"), f"has no `{missing}` to sign in with", "write both, or neither", at_key=True)


def _whole_day(quiet: Quiet) -> bool:
    """Whether the times cover every minute of a day."""
    minutes = bytearray(DAY)
    for start, end in quiet.times or ((0, DAY),):
        for minute in range(start, end if end > start else end + DAY):
            minutes[minute % DAY] = 1
    return all(minutes)
