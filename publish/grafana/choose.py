"""Which API of a Grafana is spoken: the server is asked, since its number says little about what is switched on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from boxwatch.errors import PublishError
from boxwatch.grafana import tree
from boxwatch.publish.grafana.api import MISSING, OK, Api, checked
from boxwatch.publish.grafana.http import Answer, Http
from boxwatch.publish.grafana.legacy import Legacy
from boxwatch.publish.grafana.resources import Resources

Which = Literal["auto", "apis", "legacy"]
# Newest first. Both hold the dashboard as one JSON; those before (v0alpha1) are not promised to last, and those after
# (v2) are another model of dashboards. Grafana 11 has /apis without either.
_VERSIONS = ("v1", "v1beta1")
_FORBIDDEN = 403


def choose(http: Http, which: Which = "auto") -> Api:
    """The API that a Grafana has: `/apis` where it is there in a version that we speak, else the legacy one.

    Raises:
        PublishError: Grafana cannot be asked, or lacks the API that was named.
    """
    if which == "legacy":
        return Legacy(http)
    # Both at a time: the second is asked in vain where there are no /apis, which costs nothing.
    with ThreadPoolExecutor(2) as pool:
        offered, settings = (pool.submit(http.send, "GET", path) for path in ("/apis", "/api/frontend/settings"))
    answer = offered.result()
    groups: dict[str, str] = {}
    # 403: something before Grafana that lets only /api through.
    if answer.status not in (MISSING, _FORBIDDEN):
        groups = _versions(checked(answer, "Grafana cannot be asked for its APIs").body)
    dashboards, folders = (groups.get(f"{name}.grafana.app", "") for name in ("dashboard", "folder"))
    if settings.result().status == MISSING:
        # Every Grafana has settings for its front end.
        raise PublishError(f"{http.url} is {_named(http)} and not a Grafana: give --grafana the address of Grafana")
    namespace = _namespace(settings.result()) if dashboards and folders else ""
    if namespace:
        return Resources(http, namespace=namespace, dashboards=dashboards, folders=folders)
    if which == "apis":
        raise PublishError("this Grafana has no /apis for dashboards from v1beta1 on: leave --grafana-api out")
    return Legacy(http)


# A question that only one program answers → its name.
_OTHERS = {
    "/api/v1/status/buildinfo": "a Prometheus, or a server that answers like one",
    "/api/v2/status": "an Alertmanager",
}


def _named(http: Http) -> str:
    """What answers instead of Grafana."""
    for path, name in _OTHERS.items():
        try:
            if http.send("GET", path).status == OK:
                return name
        except PublishError:
            continue
    return "something that has no settings of Grafana"


def _versions(body: object) -> dict[str, str]:
    """Group → the newest of its versions that we speak."""
    found: dict[str, str] = {}
    for group in tree.nodes(tree.node(body).get("groups")):
        served = [tree.text(each.get("version")) for each in tree.nodes(group.get("versions"))]
        best = next((version for version in _VERSIONS if version in served), "")
        if best:
            found[tree.text(group.get("name"))] = best
    return found


def _namespace(answer: Answer) -> str:
    """Of the organisation that the token belongs to; empty where Grafana does not say."""
    return tree.text(tree.node(answer.body).get("namespace")) if answer.status == OK else ""
