"""What a doctor asks Grafana: its version, its Prometheus data sources, and our dashboards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import quote

from boxwatch.errors import PublishError
from boxwatch.grafana import tree
from boxwatch.grafana.tree import Node
from boxwatch.live.doctor.seen import DataSource, Grafana
from boxwatch.publish.grafana import form
from boxwatch.publish.grafana.api import OK, Api, checked
from boxwatch.publish.grafana.http import Http

_TYPE: Final = "prometheus"
# Few, because a doctor must not slow down those who look.
_WORKERS: Final = 4


def ask(http: Http, api: Callable[[], Api], dashboards: Mapping[str, Node]) -> Grafana:
    """What Grafana says.

    Args:
        http: connections to it.
        api: chooses one of its APIs for dashboards.
        dashboards: uid → the built dashboard.
    """
    try:
        health = checked(http.send("GET", "/api/health"), "Grafana's health cannot be read")
        there = _states(api(), dashboards)
        sources = _sources(http)
    except PublishError as error:
        return Grafana(url=http.url, error=str(error))
    titles = {uid: tree.text(one.get("title")) for uid, one in dashboards.items()}
    return Grafana(
        url=http.url,
        version=tree.text(tree.node(health.body).get("version")),
        sources=sources,
        missing=tuple(titles[uid] for uid, same in there.items() if same is None),
        differing=tuple(titles[uid] for uid, same in there.items() if same is False),
    )


def _states(api: Api, dashboards: Mapping[str, Node]) -> dict[str, bool | None]:
    """Uid → whether Grafana has the dashboard as built; None if it lacks it."""

    def state(uid: str) -> bool | None:
        stored = api.read(uid)
        return None if stored is None else form.form(stored.dashboard) == form.form(dashboards[uid])

    with ThreadPoolExecutor(_WORKERS) as pool:
        return dict(zip(dashboards, pool.map(state, dashboards), strict=True))


def _sources(http: Http) -> tuple[DataSource, ...] | None:
    answer = http.send("GET", "/api/datasources")
    return tuple(_checked(http, answer.body)) if answer.status == OK else None


def _checked(http: Http, found: object) -> Iterator[DataSource]:
    for one in tree.nodes(found):
        if one.get("type") != _TYPE:
            continue
        health = http.send("GET", f"/api/datasources/uid/{quote(tree.text(one.get('uid')), safe='')}/health")
        bad = health.status != OK or tree.node(health.body).get("status") not in ("OK", None)
        yield DataSource(name=tree.text(one.get("name")), error=(health.message or str(health.status)) if bad else "")
