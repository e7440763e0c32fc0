"""Artefacts of the default topology, built once for all tests."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from boxwatch.assemble import assemble
from boxwatch.rules.catalogue import subjects
from boxwatch.rules.model import Alert, Subject
from boxwatch.topology import default
from support.topologies import complete


@functools.cache
def default_artefacts() -> Mapping[str, bytes]:
    """Path → content of the default deployment."""
    return MappingProxyType(assemble(default.load().topology))


@functools.cache
def default_subjects() -> tuple[Subject, ...]:
    """The rule subjects of the default deployment."""
    return subjects(default.load().topology)


@functools.cache
def complete_artefacts() -> Mapping[str, bytes]:
    """Path → content of the default deployment with public URLs and a public address."""
    return MappingProxyType(assemble(complete()))


@functools.cache
def complete_subjects() -> tuple[Subject, ...]:
    """All rule subjects: those of the default deployment, and those that need a public URL or address."""
    return subjects(complete())


def complete_alerts() -> tuple[Alert, ...]:
    """Every alert in each of its severities."""
    return tuple(alert for subject in complete_subjects() for alert in subject.alerts)
