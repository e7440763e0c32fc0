"""Every check of the doctor, causes before consequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from boxwatch.live.doctor import (
    configuration,
    containers,
    dashboards,
    exporters,
    host,
    line,
    loaded_rules,
    notifications,
    prometheus_server,
    services,
    targets,
    traefik,
    versions,
)
from boxwatch.live.doctor.examined import Examined
from boxwatch.live.doctor.line import Line, Report

CHECKS: Final[tuple[Callable[[Examined], Iterator[Line]], ...]] = (
    prometheus_server.lines,
    configuration.lines,
    targets.lines,
    versions.lines,
    containers.lines,
    host.lines,
    services.lines,
    exporters.lines,
    traefik.lines,
    loaded_rules.lines,
    notifications.lines,
    dashboards.lines,
)


def diagnose(examined: Examined) -> Report:
    """The report on a deployment."""
    if examined.prometheus.error:
        # Without Prometheus only the others can be judged.
        found = (*prometheus_server.lines(examined), *versions.lines(examined), *_without_prometheus(examined))
        return line.report(found)
    return line.report(one for check in CHECKS for one in check(examined))


def _without_prometheus(examined: Examined) -> Iterator[Line]:
    yield from notifications.of_alertmanager(examined)
    yield from dashboards.lines(examined)
