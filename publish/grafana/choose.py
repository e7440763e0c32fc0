"""Which API of a Grafana is spoken: the server is asked, since its number says little about what is switched on."""

from __future__ import annotations

from typing import Literal

from boxwatch.dashboards import tree
from boxwatch.errors import PublishError
from boxwatch.publish.grafana.api import MISSING, OK, Api, good
from boxwatch.publish.grafana.http import Http
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
    answer = http.send("GET", "/apis")
    groups: dict[str, str] = {}
    # 403: something before Grafana that lets only /api through.
    if answer.status not in (MISSING, _FORBIDDEN):
        groups = _versions(good(answer, "Grafana cannot be asked for its APIs").body)
    dashboards, folders = (groups.get(f"{name}.grafana.app", "") for name in ("dashboard", "folder"))
    namespace = _namespace(http) if dashboards and folders else ""
    if namespace:
        return Resources(http, namespace=namespace, dashboards=dashboards, folders=folders)
    if which == "apis":
        raise PublishError(
            "this Grafana has no /apis for dashboards in a version from v1beta1 on: use --grafana-api auto"
        )
    return Legacy(http)


def _versions(body: object) -> dict[str, str]:
    """Group → the newest of its versions that we speak."""
    found: dict[str, str] = {}
    for group in tree.nodes(tree.node(body).get("groups")):
        served = [tree.text(each.get("version")) for each in tree.nodes(group.get("versions"))]
        best = next((version for version in _VERSIONS if version in served), "")
        if best:
            found[tree.text(group.get("name"))] = best
    return found


def _namespace(http: Http) -> str:
    """Of the organisation that the token belongs to; empty where Grafana does not say."""
    answer = http.send("GET", "/api/frontend/settings")
    return tree.text(tree.node(answer.body).get("namespace")) if answer.status == OK else ""
