"""Constraints on notifications: every receiver that is named is there, says how it is told, and keeps its secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from boxwatch.topology import fields
from boxwatch.topology.notifications import Notifications, Quiet, Receiver
from boxwatch.topology.notify_fields import DAY, NOBODY
from boxwatch.topology.reading.document import Path
from boxwatch.topology.reading.problems import Mistake
from boxwatch.topology.validation.context import Facts
from boxwatch.topology.wording import Unfit, did_you_mean, listed

_SECTION: Final = "notifications"
# Whoever knows an address of these may post there, so it is a secret.
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


def receivers_exist(facts: Facts) -> Iterator[Mistake]:
    """Whoever is to be told is a receiver of the file, and services that differ are services of the file."""
    said = facts.topology.notifications
    if said is None:
        return
    known = sorted(said.receivers)
    for path, name in _named(said):
        if name not in said.receivers:
            hint = did_you_mean(name, known) or f"known here: {listed(known) or 'none'}"
            yield Mistake(path, f"`{name}` is not a receiver of this file", hint)
    services = [service.name for service in facts.topology.services]
    for service in said.services if not facts.doubtful else ():
        if service not in services:
            hint = did_you_mean(service, services) or f"known here: {listed(services)}"
            yield Mistake((_SECTION, "services", service), "is not a service of this file", hint, at_key=True)


def receivers_can_be_told(facts: Facts) -> Iterator[Mistake]:
    """A receiver has a name that is one, a way to be told, and no secret in what is written."""
    said = facts.topology.notifications
    for name, receiver in said.receivers.items() if said else ():
        path: Path = (_SECTION, "receivers", name)
        try:
            fields.name(name)
        except Unfit as error:
            yield Mistake(path, error.message, error.hint, at_key=True)
        if name == NOBODY:
            yield Mistake(path, "is the name of the receiver that tells nobody", "choose another name", at_key=True)
        yield from _can_be_told(path, receiver)


def quiet_times_end(facts: Facts) -> Iterator[Mistake]:
    """A quiet time leaves a time in which people are told."""
    said = facts.topology.notifications
    for index, quiet in enumerate(said.quiet) if said else ():
        path: Path = (_SECTION, "quiet", index)
        if not quiet.severities:
            yield Mistake((*path, "severities"), "names no severity", "delete the line for warning and info")
        if len(set(quiet.days)) in (0, 7) and _whole_day(quiet):
            yield Mistake(path, "is always, so nobody would ever be told", "add `days` or `times`")


def reminders_come_after_messages(facts: Facts) -> Iterator[Mistake]:
    """Alertmanager repeats at its `group_interval` at the soonest, and a group that waits longer than that is late."""
    said = facts.topology.notifications
    if said is None:
        return
    if said.heartbeat < SHORTEST_HEARTBEAT:
        yield Mistake((_SECTION, "heartbeat"), "is shorter than 10s", "write 1m")
    if said.repeat < said.group_interval:
        message = "is shorter than `group_interval`, at which Alertmanager repeats at the soonest"
        yield Mistake((_SECTION, "repeat"), message, "write a longer time")
    if said.group_wait > said.group_interval:
        yield Mistake((_SECTION, "group_wait"), "is longer than `group_interval`", "write a shorter time")


def receivers_are_used(facts: Facts) -> Iterator[Mistake]:
    """A caution: a receiver that nothing names is never told."""
    said = facts.topology.notifications
    if said is None:
        return
    used = {name for _, name in _named(said)}
    for name in said.receivers:
        if name not in used:
            hint = "name it for a severity, a service or the watchdog, or delete it"
            yield Mistake((_SECTION, "receivers", name), "is never told anything", hint, at_key=True)


def _named(said: Notifications) -> Iterator[tuple[Path, str]]:
    for role in _ROLES:
        name = getattr(said, role)
        if name is not None:
            yield (_SECTION, role), name
    for service, name in said.services.items():
        yield (_SECTION, "services", service), name


def _can_be_told(path: Path, receiver: Receiver) -> Iterator[Mistake]:
    ways = [way for way in type(receiver).model_fields if getattr(receiver, way) is not None]
    if not ways:
        known = listed(list(type(receiver).model_fields))
        yield Mistake(path, "does not say how it is told", f"add one or more of {known}", at_key=True)
    webhook, email = receiver.webhook, receiver.email
    if webhook is not None:
        here = (*path, "webhook")
        if (webhook.url is None) == (webhook.url_file is None):
            both = "has both `url` and `url_file`" if webhook.url else "does not say where to"
            yield Mistake(here, both, "write `url`, or `url_file` where it is a secret", at_key=True)
        host = urlsplit(webhook.url or "").hostname or ""
        if any(host == secret or host.endswith(f".{secret}") for secret in SECRET_HOSTS):
            hint = "put it into a file, and write `url_file`: generated files are no place for credentials"
            yield Mistake((*here, "url"), f"is a secret: whoever knows it can post to {host}", hint)
    if email is not None and (email.username is None) != (email.password_file is None):
        missing = "password_file" if email.password_file is None else "username"
        yield Mistake((*path, "email"), f"signs in without a `{missing}`", "write both, or neither", at_key=True)


def _whole_day(quiet: Quiet) -> bool:
    """Whether the times leave no minute of a day."""
    minutes = bytearray(DAY)
    for start, end in quiet.times or ((0, DAY),):
        for minute in range(start, end if end > start else end + DAY):
            minutes[minute % DAY] = 1
    return all(minutes)
