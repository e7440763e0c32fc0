"""Traefik: whether it counts requests by service, and in the histogram bounds that the objectives need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.live.doctor import questions
from boxwatch.live.doctor.examined import Examined
from boxwatch.live.doctor.line import Line
from boxwatch.rules import names
from boxwatch.topology import kinds

ID: Final = "traefik"
_INFINITE: Final = "+Inf"


def lines(examined: Examined) -> Iterator[Line]:
    """What each server's Traefik does not count."""
    job = kinds.of("traefik").job
    for service in examined.topology.services_of("traefik"):
        for server, _ in examined.topology.metrics_of(service):
            after = examined.of_job(job, server)
            yield from _services(examined, server, after)
            yield from _buckets(examined, server, after)


def _services(examined: Examined, server: str, after: tuple[str, ...]) -> Iterator[Line]:
    answers = examined.prometheus.samples.get(questions.TRAEFIK)
    if answers is None:
        return
    there = {one["__name__"] for one in answers if one[names.SERVER] == server}
    by_service, by_entry = (f"traefik_{level}_requests_total" in there for level in ("service", "entrypoint"))
    key, where = f"traefik-services:{server}", f"Traefik on {server}"
    if by_service:
        yield Line(check=ID, key=key, state="ok", where=where, what="counts requests by service", after=after)
    elif by_entry:
        yield Line(
            check=ID, key=key, state="warning", where=where, after=after,
            what="counts requests by entry point only: none has reached a service yet, or addServicesLabels is off",
            action="open one of the sites; if that changes nothing, delete "
            "`--metrics.prometheus.addServicesLabels=false` from the proxy's command and restart the proxy",
        )  # fmt: skip
    else:
        yield Line(
            check=ID, key=key, state="warning", where=where, what="has counted no request yet", after=after,
            action="open one of the sites, then run the command again",
        )  # fmt: skip


def _buckets(examined: Examined, server: str, after: tuple[str, ...]) -> Iterator[Line]:
    found = {
        float(one["le"])
        for one in examined.prometheus.answer(questions.BUCKETS)
        if one[names.SERVER] == server and one["le"] not in ("", _INFINITE)
    }
    if not found:
        return
    planned = set(examined.topology.latency_buckets)
    key, where = f"traefik-buckets:{server}", f"Traefik on {server}"
    if planned <= found:
        yield Line(check=ID, key=key, state="ok", where=where, what="has the planned buckets", after=after)
        return
    yield Line(
        check=ID, key=key, state="problem", where=where, after=after,
        what=f"has the buckets {_listed(found)}, and the topology plans {_listed(planned)}",
        action=f"add `--metrics.prometheus.buckets={_listed(planned)}` to the proxy's command, or set "
        f"`latency_buckets: [{_listed(found)}]` in the topology",
    )  # fmt: skip


def _listed(bounds: set[float]) -> str:
    return ",".join(f"{bound:g}" for bound in sorted(bounds))
