"""Exporters: whether each reaches its service, and has the right to see what the rules read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.exporters.coolify import names as coolify
from boxwatch.live.doctor import questions
from boxwatch.live.doctor.examined import Examined
from boxwatch.live.doctor.line import Line
from boxwatch.live.doctor.seen import Sample
from boxwatch.rules import names, never_worked
from boxwatch.topology import kinds
from boxwatch.topology.model import Service
from boxwatch.topology.wording import clipped, without_credentials

ID: Final = "exporters"
_LONGEST_ERROR: Final = 120
# What Redis answers → what to do about it (redis.io, security/acl).
_REDIS: Final = (
    ("NOAUTH", "Redis asks for a password: set REDIS_PASSWORD of the exporter, and REDIS_USER for a user of its own"),
    ("WRONGPASS", "Redis rejects user or password: compare REDIS_USER and REDIS_PASSWORD with the user in Redis"),
    ("NOPERM", "the Redis user lacks a right: give it the line of stack/README.md, `user boxwatch on …`"),
    # What the exporter says when its first connection fails, and so does its second attempt, without the scheme.
    ("unknown network", "Redis rejects the connection: set REDIS_USER and REDIS_PASSWORD of the exporter"),
    ("ERR invalid password", "Redis rejects the password: correct REDIS_PASSWORD of the exporter"),
)
_COOLIFY: Final = {
    coolify.UNREACHABLE: "start Coolify, or attach the exporter to Docker's network `coolify`",
    coolify.UNAUTHORISED: "Coolify does not accept the token: create one with `read`, and set COOLIFY_TOKEN",
    coolify.FORBIDDEN: "the token lacks `read`, or Coolify's *Allowed IPs* lacks the exporter's address",
    coolify.API_DISABLED: "enable the API in Coolify: *Settings → Configuration → API settings*",
    coolify.NO_TOKEN: "set COOLIFY_TOKEN, or put a token with `read` into the exporter's token file",
    coolify.RATE_LIMITED: "lower `--requests-per-minute` of the exporter, or give it a user of its own",
}
_OTHER_REASON: Final = "read the log of the Coolify exporter, which names the failure"


def lines(examined: Examined) -> Iterator[Line]:
    """One line for each service behind an exporter."""
    for service in examined.topology.services:
        kind = kinds.of(service.kind)
        if kind.name == "coolify":
            yield from _coolify(examined, service)
        elif kind.job in never_worked.connect():
            yield from _reached(examined, service)


def _reached(examined: Examined, service: Service) -> Iterator[Line]:
    job = kinds.of(service.kind).job
    for server, _ in examined.topology.metrics_of(service):
        after = examined.of_job(job, server, service.name)
        key, where = f"reached:{server}:{service.name}", f"{service.name} on {server}"
        answers = examined.prometheus.samples.get(questions.REACHED)
        if answers is None:
            continue
        found = [one for one in answers if _is(one, server, service, job)]
        error = _error(examined, server, service)
        if not found or found[0].value != 1:
            yield Line(
                check=ID, key=key, state="problem", where=where, after=after,
                what=f"is not reached by its exporter{f': {error}' if error else ''}",
                action=_redis_remedy(error) or never_worked.connect()[job],
            )  # fmt: skip
        elif remedy := _redis_remedy(error):
            yield Line(
                check=ID, key=key, state="problem", where=where, after=after,
                what=f"refuses its exporter something: {error}", action=remedy,
            )  # fmt: skip
        else:
            yield Line(
                check=ID, key=key, state="ok", where=where, what="is reached by its exporter", after=after
            )  # fmt: skip
        yield from _hidden(examined, server, service, (*after, key))


def _is(one: Sample, server: str, service: Service, job: str) -> bool:
    return (one[names.SERVER], one[names.SERVICE], one["job"]) == (server, service.name, job)


def _error(examined: Examined, server: str, service: Service) -> str:
    """The exporter's last error, where it exposes it."""
    for one in examined.prometheus.answer(questions.REDIS_ERRORS):
        if (one[names.SERVER], one[names.SERVICE]) == (server, service.name):
            return clipped(without_credentials(one["err"]), _LONGEST_ERROR)
    return ""


def _redis_remedy(error: str) -> str:
    return next((action for text, action in _REDIS if text in error), "")


def _hidden(examined: Examined, server: str, service: Service, after: tuple[str, ...]) -> Iterator[Line]:
    """PostgreSQL shows a role without pg_monitor only its own sessions, and no error."""
    for one in examined.prometheus.answer(questions.HIDDEN):
        if service.kind == "postgres" and (one[names.SERVER], one[names.SERVICE]) == (server, service.name):
            yield Line(
                check=ID, key=f"rights:{server}:{service.name}", state="problem", where=f"{service.name} on {server}",
                what="hides the sessions of other roles from its exporter", after=after,
                action="run `GRANT pg_monitor TO ROLE` with the role that the exporter connects as",
            )  # fmt: skip


def _coolify(examined: Examined, service: Service) -> Iterator[Line]:
    job = kinds.of(service.kind).job
    for server, _ in examined.topology.metrics_of(service):
        after = examined.of_job(job, server, service.name)
        key, where = f"reached:{server}:{service.name}", f"Coolify's API on {server}"
        answers = examined.prometheus.samples.get(questions.COOLIFY_REASONS)
        if answers is None:
            continue
        reasons = sorted(one["reason"] for one in answers if one[names.SERVER] == server)
        if reasons:
            yield Line(
                check=ID, key=key, state="problem", where=where, what=f"refuses its exporter: {reasons[0]}",
                action=_COOLIFY.get(reasons[0], _OTHER_REASON), after=after,
            )  # fmt: skip
        else:
            yield Line(check=ID, key=key, state="ok", where=where, what="answers its exporter", after=after)
