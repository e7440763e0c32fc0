"""Choice of Grafana's API: asks the server, since its version says little about which features are enabled."""

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
# Newest first. Both hold a dashboard as one JSON document; earlier versions (v0alpha1) are unstable, and later ones
# (v2) use another dashboard model. Grafana 11 serves /apis without either.
_VERSIONS = ("v1", "v1beta1")
_FORBIDDEN = 403


def choose(http: Http, which: Which = "auto") -> Api:
    """The API of a Grafana: `/apis` if it is served in a supported version, otherwise the legacy API.

    Raises:
        PublishError: Grafana cannot be reached, or lacks the requested API.
    """
    if which == "legacy":
        return Legacy(http)
    # In parallel: the second request is wasted if there are no /apis, which costs nothing.
    with ThreadPoolExecutor(2) as pool:
        offered, settings = (pool.submit(http.send, "GET", path) for path in ("/apis", "/api/frontend/settings"))
    answer = offered.result()
    groups: dict[str, str] = {}
    # 403: a proxy in front of Grafana that lets only /api through.
    if answer.status not in (MISSING, _FORBIDDEN):
        groups = _versions(checked(answer, "Grafana's APIs cannot be listed").body)
    dashboards, folders = (groups.get(f"{name}.grafana.app", "") for name in ("dashboard", "folder"))
    if settings.result().status == MISSING:
        # Every Grafana serves its front end's settings.
        raise PublishError(f"{http.url} is {_named(http)}, not Grafana: pass Grafana's URL as --grafana")
    namespace = _namespace(settings.result()) if dashboards and folders else ""
    if namespace:
        return Resources(http, namespace=namespace, dashboards=dashboards, folders=folders)
    if which == "apis":
        raise PublishError("this Grafana serves no /apis for dashboards from v1beta1 on: omit --grafana-api")
    return Legacy(http)


# A path only one program serves → its name.
_OTHERS = {
    "/api/v1/status/buildinfo": "a Prometheus, or a server that answers like one",
    "/api/v2/status": "an Alertmanager",
}


def _named(http: Http) -> str:
    """The server that responds instead of Grafana."""
    for path, name in _OTHERS.items():
        try:
            if http.send("GET", path).status == OK:
                return name
        except PublishError:
            continue
    return "a server without Grafana's settings"


def _versions(body: object) -> dict[str, str]:
    """API group → the newest of its versions we support."""
    found: dict[str, str] = {}
    for group in tree.nodes(tree.node(body).get("groups")):
        served = [tree.text(each.get("version")) for each in tree.nodes(group.get("versions"))]
        best = next((version for version in _VERSIONS if version in served), "")
        if best:
            found[tree.text(group.get("name"))] = best
    return found


def _namespace(answer: Answer) -> str:
    """The namespace of the token's organisation; empty if Grafana does not reveal it."""
    return tree.text(tree.node(answer.body).get("namespace")) if answer.status == OK else ""
