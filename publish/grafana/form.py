"""The form in which two dashboards are compared, and the marks that say which are ours.

A mark is three tags: `managed-by:boxwatch`, `boxwatch/` with the deployment, and `boxwatch:` with a checksum of what we
published. Tags are what survives: Grafana's editor drops keys of a dashboard that it does not know, keeps tags, and its
search finds them. When a dashboard no longer has the checksum that its tag states, somebody changed it since.

Several deployments share one Grafana, and none may touch what belongs to another. Marks made before the deployment was
part of them are read with care: what they leave open is nobody's to delete.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Literal

from boxwatch.grafana import tree
from boxwatch.grafana.canonical.form import canonical
from boxwatch.grafana.canonical.front_end import plain
from boxwatch.grafana.tree import Node
from boxwatch.rules import dashboard_uid

OWNER = "managed-by:boxwatch"
_CHECKSUM = "boxwatch:"
# Grafana cuts tags at 50 characters, and a deployment's name has 40 at most.
_DEPLOYMENT = "boxwatch/"
# 64 bits tell any two dashboards apart.
_DIGITS = 16
Whose = Literal["ours", "another's", "unsaid", "nobody's"]


def form(dashboard: Mapping[str, object]) -> Node:
    """What is compared: equal for two dashboards that mean the same, whether a browser saved them since or not."""
    return plain(stored(dashboard))


def stored(dashboard: Mapping[str, object]) -> Node:
    """The canonical form without what Grafana counts (id, version) and without our marks."""
    made = canonical(dashboard)
    for key in ("id", "version"):
        made.pop(key, None)
    made["tags"] = sorted(tag for tag in _tags(made) if not _is_mark(tag))
    return made


def _is_mark(tag: str) -> bool:
    return tag == OWNER or tag.startswith((_CHECKSUM, _DEPLOYMENT))


def checksum(dashboard: Mapping[str, object]) -> str:
    """Of the form: equal for two dashboards that mean the same."""
    return _digest(form(dashboard))


def _digest(made: Node) -> str:
    text = json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def marked(dashboard: Mapping[str, object], deployment: str) -> Node:
    """The stored form with our marks: what is published."""
    made = stored(dashboard)
    made["tags"] = [*_tags(made), OWNER, _DEPLOYMENT + deployment, _CHECKSUM + _digest(plain(made))]
    return made


def stored_as(dashboard: Mapping[str, object], sent: Mapping[str, object]) -> bool:
    """Whether a server holds exactly what was sent: the usual case, for which no canonical form has to be made."""
    return {key: dashboard[key] for key in dashboard if key not in ("id", "version")} == sent


def is_ours(dashboard: Mapping[str, object]) -> bool:
    """Whether it carries the mark of some deployment, changed or not."""
    return OWNER in _tags(dashboard)


def owner(dashboard: Mapping[str, object], deployment: str) -> Whose:
    """To whom a dashboard belongs, seen from a deployment: what is `another's` must not be written or deleted.

    An older mark does not name the deployment. Such a dashboard is ours when both its uid and its tags say so, for we
    gave each of ours the deployment's name as a tag. Where they do not agree it is `unsaid`.
    """
    if not is_ours(dashboard):
        return "nobody's"
    named = deployments(dashboard)
    if named:
        return "ours" if named == {deployment} else "another's"
    tags = _tags(dashboard)
    # The name `boxwatch` tells nothing: every deployment's dashboards have that tag.
    tagged = deployment in tags and deployment != dashboard_uid.PREFIX
    belongs = dashboard_uid.may_belong(deployment, tree.text(dashboard.get("uid")))
    return "ours" if tagged and belongs else "unsaid"


def deployments(dashboard: Mapping[str, object]) -> frozenset[str]:
    """The deployments that its marks name: one, none in an older mark, several where somebody mixed tags."""
    return frozenset(tag.removeprefix(_DEPLOYMENT) for tag in _tags(dashboard) if tag.startswith(_DEPLOYMENT))


def published(dashboard: Mapping[str, object]) -> str:
    """The checksum that its tag states; empty when it has none."""
    return next((tag.removeprefix(_CHECKSUM) for tag in _tags(dashboard) if tag.startswith(_CHECKSUM)), "")


def is_as(dashboard: Mapping[str, object], mark: str) -> bool:
    """Whether a dashboard has a checksum: today's, or that of the form before saves in a browser were understood."""
    return mark in (checksum(dashboard), _digest(stored(dashboard)))


def _tags(dashboard: Mapping[str, object]) -> list[str]:
    tags = dashboard.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
