"""The form in which dashboards are compared, and the marks that say which are ours.

A mark is three tags: `managed-by:boxwatch`, `boxwatch/` with the deployment, and `boxwatch:` with a checksum of the
published dashboard. Tags, because Grafana's editor drops unknown keys but keeps tags, and its search finds them. A
dashboard that no longer matches its checksum was changed since.

Several deployments share one Grafana, and none may touch another's dashboards. Marks made before they contained the
deployment are read with care: a dashboard whose owner they leave open is never deleted.
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
# Grafana truncates tags at 50 characters; a deployment's name has at most 40.
_DEPLOYMENT = "boxwatch/"
# 64 bits suffice to tell dashboards apart.
_DIGITS = 16
Whose = Literal["ours", "another's", "unsaid", "nobody's"]


def form(dashboard: Mapping[str, object]) -> Node:
    """The form used for comparison: equal for equivalent dashboards, whether or not a browser saved them since."""
    return plain(stored(dashboard))


def stored(dashboard: Mapping[str, object]) -> Node:
    """The canonical form without Grafana's counters (id, version) and without our marks."""
    made = canonical(dashboard)
    for key in ("id", "version"):
        made.pop(key, None)
    made["tags"] = sorted(tag for tag in _tags(made) if not _is_mark(tag))
    return made


def _is_mark(tag: str) -> bool:
    return tag == OWNER or tag.startswith((_CHECKSUM, _DEPLOYMENT))


def checksum(dashboard: Mapping[str, object]) -> str:
    """The checksum of the form; equal for equivalent dashboards."""
    return _digest(form(dashboard))


def _digest(made: Node) -> str:
    text = json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def marked(dashboard: Mapping[str, object], deployment: str) -> Node:
    """The stored form with our marks, as published."""
    made = stored(dashboard)
    made["tags"] = [*_tags(made), OWNER, _DEPLOYMENT + deployment, _CHECKSUM + _digest(plain(made))]
    return made


def stored_as(dashboard: Mapping[str, object], sent: Mapping[str, object]) -> bool:
    """Whether the server holds exactly what was sent: the usual case, which needs no canonical form."""
    return {key: dashboard[key] for key in dashboard if key not in ("id", "version")} == sent


def is_ours(dashboard: Mapping[str, object]) -> bool:
    """Whether it carries the mark of any deployment, changed or not."""
    return OWNER in _tags(dashboard)


def owner(dashboard: Mapping[str, object], deployment: str) -> Whose:
    """Who owns a dashboard, as seen from a deployment: one that is `another's` must not be written or deleted.

    Older marks do not name the deployment. Such a dashboard is ours if both its uid and its tags say so, since each of
    ours has the deployment's name as a tag. If they disagree, the owner is `unsaid`.
    """
    if not is_ours(dashboard):
        return "nobody's"
    named = deployments(dashboard)
    if named:
        return "ours" if named == {deployment} else "another's"
    tags = _tags(dashboard)
    # A deployment named `boxwatch` proves nothing: every deployment's dashboards carry that tag.
    tagged = deployment in tags and deployment != dashboard_uid.PREFIX
    belongs = dashboard_uid.may_belong(deployment, tree.text(dashboard.get("uid")))
    return "ours" if tagged and belongs else "unsaid"


def deployments(dashboard: Mapping[str, object]) -> frozenset[str]:
    """The deployments its marks name: one; none in an older mark; several if tags were mixed manually."""
    return frozenset(tag.removeprefix(_DEPLOYMENT) for tag in _tags(dashboard) if tag.startswith(_DEPLOYMENT))


def published(dashboard: Mapping[str, object]) -> str:
    """The checksum stated by its tag; empty if there is none."""
    return next((tag.removeprefix(_CHECKSUM) for tag in _tags(dashboard) if tag.startswith(_CHECKSUM)), "")


def is_as(dashboard: Mapping[str, object], mark: str) -> bool:
    """Whether a dashboard matches a checksum, in today's form or the one used before browser saves were recognised."""
    return mark in (checksum(dashboard), _digest(stored(dashboard)))


def _tags(dashboard: Mapping[str, object]) -> list[str]:
    tags = dashboard.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
