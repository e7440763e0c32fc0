"""Constraints on notifications: every named receiver is defined, has an integration, and keeps its secrets in files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from boxwatch.topology import fields, routing
from boxwatch.topology.alert_fields import OWN_LABELS
from boxwatch.topology.notifications import Notifications, Ntfy, Quiet, Receiver, Webhook
from boxwatch.topology.notify_fields import DAY, HEARTBEAT, NOBODY
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
    "ntfy.sh",
    "webhook.office.com",
    "logic.azure.com",
    "api.powerplatform.com",
)
# A topic of ntfy, which cannot be served below a path.
_TOPIC: Final = re.compile(r"[a-z]+://[^/]+/[-_A-Za-z0-9]{1,64}", re.ASCII | re.IGNORECASE)
SHORTEST_HEARTBEAT: Final = 10
_ROLES: Final = ("critical", "warning", "info")


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
    named: list[tuple[Path, str, bool]] = [
        ((_SECTION, "services", service), service, True) for service in said.services
    ]
    for index, route in enumerate(said.routes):
        named += [((_SECTION, "routes", index, "services"), service, False) for service in route.services]
    for path, service, at_key in named if not context.doubtful else ():
        if service not in services:
            hint = did_you_mean(service, services) or f"defined here: {listed(services)}"
            message = "is not a service of this file" if at_key else f"`{service}` is not a service of this file"
            yield Issue(path, message, hint, at_key=at_key)


def routes_say_something(context: ValidationContext) -> Iterator[Issue]:
    """A route has a condition; a service's receivers name a severity; both are reached for the severities they name."""
    said = context.topology.notifications
    if said is None:
        return
    for index, route in enumerate(said.routes):
        path: Path = (_SECTION, "routes", index)
        if not (route.labels or route.services):
            hint = "add `labels` or `services`; `critical`, `warning` and `info` are for all alerts of a severity"
            yield Issue(path, "matches every alert of its severities", hint)
        if HEARTBEAT in route.labels.get("alertname", ()):
            yield Issue((*path, "labels", "alertname"), f"names {HEARTBEAT}", "use `watchdog` for its receiver")
    for service, own in said.services.items():
        if own.critical is None and own.warning is None and own.info is None:
            hint = "write critical, warning or info below it"
            yield Issue((_SECTION, "services", service), "names no severity", hint)
    for below, other in routing.unreachable(said):
        message = f"is never reached: the rule in {context.line((_SECTION, *other))} takes all its alerts"
        yield Issue((_SECTION, *below), message, "move it before that rule, or delete it")


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


def routes_name_labels(context: ValidationContext) -> Iterator[Issue]:
    """A warning: no alert of this file has the label of a route. One of your own rules may have it."""
    topology = context.topology
    if topology.notifications is None:
        return
    tunings = (one for tuning in topology.alerts.rules.values() for one in (tuning, *tuning.services.values()))
    given = (topology.labels, *(one.labels for one in topology.services), *(one.labels for one in tunings))
    known = {label: {labels[label] for labels in given if label in labels} for labels in given for label in labels}
    for index, route in enumerate(topology.notifications.routes):
        for label, values in route.labels.items():
            if label in OWN_LABELS or not known.get(label, set()).isdisjoint(values):
                continue
            path: Path = (_SECTION, "routes", index, "labels", label)
            hint = did_you_mean(label, sorted({*known, *OWN_LABELS})) if label not in known else ""
            said = f"no alert of this file has the label {label}" + ("" if label not in known else " with this value")
            yield Issue(path, said, hint or "add it to `labels` of a service, of the file or of an alert", at_key=True)


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
    """Every receiver that is named, with the path of the key that names it."""
    for role in _ROLES:
        yield from (((_SECTION, role), name) for name in getattr(said, role) or ())
    if said.watchdog is not None:
        yield (_SECTION, "watchdog"), said.watchdog
    for service, own in said.services.items():
        path: Path = (_SECTION, "services", service)
        if own.same:
            yield from ((path, name) for name in own.critical or ())
        else:
            yield from (((*path, role), name) for role in _ROLES for name in getattr(own, role) or ())
    for index, route in enumerate(said.routes):
        yield from (((_SECTION, "routes", index, "to"), name) for name in route.to)


def _can_be_told(path: Path, receiver: Receiver) -> Iterator[Issue]:
    ways = [way for way in type(receiver).model_fields if getattr(receiver, way) is not None]
    if not ways:
        known = listed(list(type(receiver).model_fields))
        yield Issue(path, "has no integration", f"add one or more of {known}", at_key=True)
    for way, one in (("webhook", receiver.webhook), ("ntfy", receiver.ntfy)):
        if one is not None:
            yield from _can_be_reached((*path, way), one)
    email = receiver.email
    if email is not None and (email.username is None) != (email.password_file is None):
        missing = "password_file" if email.password_file is None else "username"
        yield Issue((*path, "email"), f"has no `{missing}` to sign in with", "write both, or neither", at_key=True)


def _can_be_reached(path: Path, target: Webhook | Ntfy) -> Iterator[Issue]:
    """A URL, in the file or in a file of its own, and no secret one in the file."""
    if (target.url is None) == (target.url_file is None):
        both = "has both `url` and `url_file`" if target.url else "has no target"
        yield Issue(path, both, "write `url`, or `url_file` if it is a secret", at_key=True)
    host = urlsplit(target.url or "").hostname or ""
    if isinstance(target, Ntfy) and target.url is not None and not _TOPIC.fullmatch(target.url):
        yield Issue((*path, "url"), "is not the URL of a topic", "write https://HOST/TOPIC")
    if any(host == secret or host.endswith(f".{secret}") for secret in SECRET_HOSTS):
        hint = "put it in a file, and use `url_file`: generated files must not contain credentials"
        yield Issue((*path, "url"), f"is a secret: anyone who knows it can post to {host}", hint)


def _whole_day(quiet: Quiet) -> bool:
    """Whether the times cover every minute of a day."""
    minutes = bytearray(DAY)
    for start, end in quiet.times or ((0, DAY),):
        for minute in range(start, end if end > start else end + DAY):
            minutes[minute % DAY] = 1
    return all(minutes)
