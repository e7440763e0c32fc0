"""Grafana: reachable, with a data source that works and the dashboards as built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from boxwatch.live.doctor.examined import Examined
from boxwatch.live.doctor.line import Line
from boxwatch.topology.wording import counted, listed

ID: Final = "grafana"
_KEY: Final = "grafana"
_SHOWN: Final = 5


def lines(examined: Examined) -> Iterator[Line]:
    """What Grafana lacks; nothing if it was not asked."""
    seen = examined.seen.grafana
    if seen is None:
        return
    if seen.error:
        yield Line(
            check=ID, key=_KEY, state="problem", where="Grafana", what=f"cannot be asked: {seen.error}",
            action="start it, or check the URL and the token",
        )  # fmt: skip
        return
    yield Line(check=ID, key=_KEY, state="ok", where="Grafana", what=f"version {seen.version or 'unknown'} answers")
    after = (_KEY,)
    if seen.sources is None:
        yield Line(
            check=ID, key="data-source", state="ok", where="Grafana", after=after,
            what="does not let this token list data sources, so they were not checked",
        )  # fmt: skip
    elif not seen.sources:
        yield Line(
            check=ID, key="data-source", state="problem", where="Grafana", what="has no Prometheus data source",
            action="add one with Prometheus' URL as Grafana reaches it: http://prometheus:9090 in the stack",
            after=after,
        )  # fmt: skip
    for one in seen.sources or ():
        broken = f"cannot use the data source {one.name}: {one.error}"
        yield Line(
            check=ID, key=f"data-source:{one.name}", state="problem" if one.error else "ok", where="Grafana",
            what=broken if one.error else f"reaches Prometheus through the data source {one.name}", after=after,
            action="correct its URL and credentials in Grafana, Connections, Data sources" if one.error else "",
        )  # fmt: skip
    yield _dashboards(seen.missing, seen.differing, after)


def _dashboards(missing: tuple[str, ...], differing: tuple[str, ...], after: tuple[str, ...]) -> Line:
    if not missing and not differing:
        return Line(
            check=ID, key="dashboards", state="ok", where="Grafana", what="has the built dashboards", after=after
        )
    parts = [
        f"{counted(len(titles), 'dashboard')} {verb}: {listed(titles, _SHOWN)}"
        for verb, titles in (("missing", missing), ("other than built", differing))
        if titles
    ]
    return Line(
        check=ID, key="dashboards", state="problem" if missing else "warning", where="Grafana", what="; ".join(parts),
        action="run `boxwatch diff --grafana URL` to see what differs, and `boxwatch publish --grafana URL`",
        after=after,
    )  # fmt: skip
