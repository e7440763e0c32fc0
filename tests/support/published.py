"""Publishing to the stand-in: rule sets, their results, and a publisher that is killed."""

from __future__ import annotations

import contextlib

import pytest

from boxwatch.publish import rule_set
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_rules as publishing
from boxwatch.publish.reload import HttpReload
from support import rule_sets
from support.stand_in import StandIn

A, B, C, D = (rule_set.merge(rule_sets.files(name)) for name in "ABCD")


def target_of(server: StandIn, timeout: float = 3.0) -> publishing.Target:
    """The publishing target: the stand-in and its rules directory."""
    client = Client(server.url)
    return publishing.Target(server.directory, client, HttpReload(client), timeout)


def publish(server: StandIn, new: rule_set.RuleSet | None, *, overwrite: bool = False, timeout: float = 3.0) -> str:
    """Plan and apply a rule set."""
    target = target_of(server, timeout)
    return publishing.apply(target, publishing.plan(target, new, overwrite=overwrite))


def live(server: StandIn) -> bytes | None:
    """Content of the rule file that Prometheus would read."""
    path = server.directory / "boxwatch.yaml"
    return path.read_bytes() if path.exists() else None


def loaded(server: StandIn) -> str:
    """The complete set that the stand-in has loaded."""
    return rule_sets.which(server.groups)


def names(server: StandIn) -> set[str]:
    """Every file below the directory."""
    return {str(path.relative_to(server.directory)) for path in server.directory.rglob("*") if path.is_file()}


class Killed(BaseException):
    """Simulates a killed process: nothing catches it."""


def cut_off(server: StandIn, new: rule_set.RuleSet) -> None:
    """A publish that is killed via the switch and the reload."""
    reload = HttpReload.__call__

    def kill(self: HttpReload, timeout: float) -> None:
        if live(server) == new.content:
            raise Killed
        reload(self, timeout)

    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(HttpReload, "__call__", kill)
        publish(server, new)
