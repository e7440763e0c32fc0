"""Dashboards as they stand in a Grafana, and the Prometheus behind each data source, asked through its proxy."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from boxwatch.errors import PublishError
from boxwatch.grafana import board
from boxwatch.grafana.board import Board
from boxwatch.grafana.tree import Node, node, nodes, text
from boxwatch.live.source import Prometheus, seconds
from boxwatch.live.verify.servers import Behind
from boxwatch.publish.grafana.api import checked
from boxwatch.publish.grafana.http import Http

_OK = 200
_PAGE = 1000
# Where a dashboard stored in schema v2 is read; the classic API cannot show every one.
_V2 = "/apis/dashboard.grafana.app/v2beta1/namespaces/{}/dashboards/{}"


class Proxied:
    """Requests to a Prometheus through Grafana, with the data source's own credentials."""

    def __init__(self, http: Http, uid: str, name: str) -> None:
        """Nothing is sent yet."""
        self._http, self._uid = http, uid
        self.url = f"{http.url.rstrip('/')} (data source {name})"

    def send(self, path: str, form: str | None) -> tuple[int, object]:
        """(status, JSON document); as `boxwatch.live.source.Transport`."""
        proxy = f"/api/datasources/proxy/uid/{quote(self._uid, safe='')}"
        answer = self._http.send("GET" if form is None else "POST", proxy + path, form=form)
        return answer.status, answer.body


def sources(http: Http, concurrency: int) -> tuple[Behind, ...]:
    """The data sources of Prometheus' type.

    They are read from the settings of Grafana's front end, which every role may see.

    Raises:
        PublishError: Grafana cannot be reached, or has no such data source.
    """
    answer = checked(http.send("GET", "/api/frontend/settings"), "the data sources cannot be read")
    found = tuple(_sources(node(answer.body), http, concurrency))
    if not found:
        raise PublishError(f"{http.url} has no data source of Prometheus' type that the token may query")
    return found


def _sources(settings: Node, http: Http, concurrency: int) -> Iterator[Behind]:
    default = text(settings.get("defaultDatasource"))
    for name, each in node(settings.get("datasources")).items():
        source = node(each)
        uid = text(source.get("uid"))
        if source.get("type") != "prometheus" or not uid:
            continue
        interval = seconds(text(node(source.get("jsonData")).get("timeInterval")))
        is_default = source.get("isDefault") is True or name == default
        yield Behind(uid, name, Prometheus(Proxied(http, uid, name), concurrency), interval, is_default)


def boards(http: Http, uids: tuple[str, ...] = ()) -> dict[str, Board]:
    """Title and uid → dashboard, of those with the given uids or else of all.

    Raises:
        PublishError: one cannot be read.
    """
    found = {}
    for uid in uids or tuple(_uids(http)):
        read = board.of_json(_document(http, uid))
        if read is not None:
            found[f"{read.title} ({uid})"] = read
    return found


def _uids(http: Http) -> Iterator[str]:
    page = 1
    while True:
        query = {"type": "dash-db", "limit": _PAGE, "page": page}
        answer = checked(http.send("GET", "/api/search", query=query), "the dashboards cannot be listed")
        listed = nodes(answer.body)
        yield from (text(each.get("uid")) for each in listed)
        if len(listed) < _PAGE:
            return
        page += 1


def _document(http: Http, uid: str) -> Node:
    answer = http.send("GET", f"/api/dashboards/uid/{quote(uid, safe='')}")
    if answer.status != _OK:
        settings = node(http.send("GET", "/api/frontend/settings").body)
        namespace = text(settings.get("namespace")) or "default"
        newer = http.send("GET", _V2.format(quote(namespace, safe=""), quote(uid, safe="")))
        answer = newer if newer.status == _OK else answer
    return node(checked(answer, f"dashboard {uid}").body)
