"""The form in which two dashboards are compared, and the marks that say which are ours.

A mark is two tags: `managed-by:boxwatch`, and `boxwatch:` with a checksum of what we published. Tags are what survives:
Grafana's editor drops keys of a dashboard that it does not know, keeps tags, and its search finds them. When a
dashboard no longer has the checksum that its tag states, somebody changed it since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from boxwatch.dashboards.canonical.form import canonical
from boxwatch.dashboards.tree import Node

OWNER = "managed-by:boxwatch"
_CHECKSUM = "boxwatch:"
# Grafana cuts tags at 50 characters; 64 bits tell any two dashboards apart.
_DIGITS = 16


def form(dashboard: Mapping[str, object]) -> Node:
    """The canonical form without what Grafana counts (id, version) and without our marks."""
    made = canonical(dashboard)
    for key in ("id", "version"):
        made.pop(key, None)
    made["tags"] = sorted(tag for tag in _tags(made) if tag != OWNER and not tag.startswith(_CHECKSUM))
    return made


def checksum(dashboard: Mapping[str, object]) -> str:
    """Of the form: equal for two dashboards that mean the same."""
    return _digest(form(dashboard))


def _digest(made: Node) -> str:
    text = json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def marked(dashboard: Mapping[str, object]) -> Node:
    """The form with our marks: what is published."""
    made = form(dashboard)
    made["tags"] = [*_tags(made), OWNER, _CHECKSUM + _digest(made)]
    return made


def stored_as(dashboard: Mapping[str, object], sent: Mapping[str, object]) -> bool:
    """Whether a server holds exactly what was sent: the usual case, for which no canonical form has to be made."""
    return {key: dashboard[key] for key in dashboard if key not in ("id", "version")} == sent


def is_ours(dashboard: Mapping[str, object]) -> bool:
    """Whether it carries our mark, changed or not."""
    return OWNER in _tags(dashboard)


def published(dashboard: Mapping[str, object]) -> str:
    """The checksum that its tag states; empty when it has none."""
    return next((tag.removeprefix(_CHECKSUM) for tag in _tags(dashboard) if tag.startswith(_CHECKSUM)), "")


def _tags(dashboard: Mapping[str, object]) -> list[str]:
    tags = dashboard.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
