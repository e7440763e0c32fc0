"""The blackbox exporter: its own metrics, and its probes of URLs and ports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import PAST, Box
from boxwatch.simulation.chance import between, chance
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import DAY
from boxwatch.simulation.pages import process
from boxwatch.topology.model import Service

EXPORTER: Final = "blackbox_exporter"
PROBE: Final = "blackbox_probe"
_PHASES: Final = {"resolve": 0.04, "connect": 0.12, "tls": 0.3, "processing": 0.44, "transfer": 0.1}
_VALID: Final = 61 * DAY
_EXPIRING: Final = 2.5 * DAY
_CONNECTED: Final = 0.0009
_TIMEOUT: Final = 5.0


def own(box: Box, now: float) -> Iterator[Sample]:
    """The exporter's own metrics."""
    yield Sample("blackbox_exporter_config_last_reload_successful", 1.0)
    yield from process.samples(box.start - PAST, now)


def of_url(box: Box, service: Service, url: str, now: float) -> Iterator[Sample]:
    """The probe of a service's URL, which passes through Traefik."""
    proxies = [one for one in box.topology.services if one.kind == "traefik"]
    proxied = not proxies or any(box.up(now, one) for one in proxies)
    there = proxied and box.up(now, service)
    took = between(0.03, 0.09, url, now // 30) if there else 0.002
    yield Sample("probe_success", 1.0 if there else 0.0)
    yield Sample("probe_duration_seconds", took)
    yield Sample("probe_http_status_code", 200.0 if there else 404.0 if proxied else 0.0)
    for phase, share in _PHASES.items():
        yield Sample("probe_http_duration_seconds", share * took, {"phase": phase})
    if proxied and url.startswith("https:"):
        valid = _EXPIRING if box.fault("certificate", now) else _VALID
        yield Sample("probe_ssl_earliest_cert_expiry", float(int(box.start + valid)))


def of_port(box: Box, port: str, expected: str, now: float) -> Iterator[Sample]:
    """The probe of a port on the public address."""
    there = expected == "open" or box.fault("exposed", now, port) is not None
    yield Sample("probe_success", 1.0 if there else 0.0)
    yield Sample("probe_duration_seconds", _CONNECTED * (1 + chance(port, now // 30)) if there else _TIMEOUT)
