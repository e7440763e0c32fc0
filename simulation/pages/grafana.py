"""Grafana's own metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import PAST, Box
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.pages import process
from boxwatch.topology.units import MIB

EXPORTER: Final = "grafana"
_QUERY: Final = {"handler": "/api/ds/query", "method": "POST", "slo_group": "high-slow", "status_source": "server"}
_SOURCE: Final = {
    "datasource": "Prometheus", "datasource_type": "prometheus", "method": "POST",
    "secure_socks_ds_proxy_enabled": "false",
}  # fmt: skip


def samples(box: Box, now: float) -> Iterator[Sample]:
    """What it reports at a moment."""
    since = box.start - PAST
    for code, rate in (("200", 1.4), ("400", 0.002)):
        count = float(int(rate * (now - since)))
        yield Sample("grafana_http_request_duration_seconds_count", count, {**_QUERY, "status_code": code})
        yield Sample("grafana_datasource_request_total", count, {**_SOURCE, "code": code})
    yield from process.samples(since, now, 240 * MIB, 33)
