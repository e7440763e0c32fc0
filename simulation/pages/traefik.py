"""Traefik 3: requests by service, code and time, certificates, its own process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.simulation.box import Box
from boxwatch.simulation.exposition import Sample
from boxwatch.simulation.flow import DAY, Change, Flow
from boxwatch.simulation.pages import process
from boxwatch.simulation.slots import Slot
from boxwatch.topology.units import MIB

EXPORTER: Final = "traefik"
# Code → share of requests.
_CODES: Final = {"200": 0.94, "304": 0.03, "404": 0.024, "500": 0.0009}
# Bound in seconds → share of requests that are answered within it; the rest is slower.
_WITHIN: Final = {0.1: 0.86, 0.3: 0.96, 1.2: 0.993, 5.0: 0.9995}
_ENTRY: Final = {"entrypoint": "https", "method": "GET", "protocol": "http"}
_VALID: Final = 61 * DAY
_EXPIRING: Final = 2.5 * DAY
# Requests for paths that nothing serves.
_SCANNERS: Final = 0.02


def samples(box: Box, server: str, started: float, now: float) -> Iterator[Sample]:
    """What it reports at a moment, if it was started at another."""
    total: dict[str, float] = {"404": _SCANNERS * (now - started)}
    for slot, flow in box.requests().items():
        if slot.server != server:
            continue
        for code, one in by_code(box, slot, flow).items():
            count = int(one.total(started, now))
            if not count:
                continue
            total[code] = total.get(code, 0.0) + count
            named = {"code": code, "method": "GET", "protocol": "http", "service": name(slot)}
            yield Sample("traefik_service_requests_total", float(count), named)
            for bound in box.topology.latency_buckets:
                part = float(int(count * _share(bound)))
                yield Sample("traefik_service_request_duration_seconds_bucket", part, {**named, "le": f"{bound:g}"})
            yield Sample("traefik_service_request_duration_seconds_bucket", float(count), {**named, "le": "+Inf"})
            yield Sample("traefik_service_request_duration_seconds_sum", count * 0.07, named)
            yield Sample("traefik_service_request_duration_seconds_count", float(count), named)
    for code, counted in total.items():
        named = {"code": code, **_ENTRY}
        yield Sample("traefik_entrypoint_requests_total", float(int(counted)), named)
        yield Sample("traefik_entrypoint_requests_bytes_total", float(int(700 * counted)), named)
        yield Sample("traefik_entrypoint_responses_bytes_total", float(int(21000 * counted)), named)
    yield from _own(box, server, started, now)


def name(slot: Slot) -> str:
    """The name that Coolify's labels give a service in Traefik."""
    return f"https-0-{slot.uuid}@docker"


def by_code(box: Box, slot: Slot, flow: Flow) -> dict[str, Flow]:
    """The requests of a place by their code."""
    found = {code: flow.times(share) for code, share in _CODES.items()}
    failing = box.failing(slot.service)
    if failing:
        found["500"] = found["500"].changed(
            *(Change(one.begins, one.ends, one.factor / _CODES["500"]) for one in failing)
        )
        found["200"] = found["200"].changed(
            *(Change(one.begins, one.ends, 1 - one.factor / _CODES["200"]) for one in failing)
        )
    return found


def _share(bound: float) -> float:
    """The share of requests answered within a bound."""
    below, at = (0.0, 0.0), (1e9, 1.0)
    for edge, share in _WITHIN.items():
        if edge <= bound:
            below = (edge, share)
        else:
            at = (edge, share)
            break
    return below[1] + (at[1] - below[1]) * (bound - below[0]) / (at[0] - below[0])


def _own(box: Box, server: str, started: float, now: float) -> Iterator[Sample]:
    deployed = [deploy.up for deploy in box.builds(server) if started < deploy.up <= now]
    yield Sample("traefik_config_reloads_total", float(1 + 2 * len(deployed)))
    yield Sample("traefik_config_last_reload_success", max((up + 2 for up in deployed), default=started + 3))
    flows = [flow for slot, flow in box.requests().items() if slot.server == server]
    open_now = 8 + 3 * sum(flow.rate(now) for flow in flows)
    for entrypoint, count in (("http", 2.0), ("https", float(int(open_now))), ("metrics", 1.0)):
        yield Sample("traefik_open_connections", count, {"entrypoint": entrypoint, "protocol": "TCP"})
    for number, host in enumerate(sorted({f"{slot.service.name}.example.com" for slot in box.requests()})):
        expiring = box.fault("certificate", now) is not None
        after = box.start + (_EXPIRING if expiring else _VALID)
        labels = {"cn": host, "sans": host, "serial": str(700100 + number + (0 if expiring else 1000))}
        yield Sample("traefik_tls_certs_not_after", float(int(after)), labels)
    yield from process.samples(started, now, 92 * MIB, 40 + open_now)
