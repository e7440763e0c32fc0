"""The dashboard has no uid of its own, so links to it break with every publish."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding

ID = "dashboard_uid"

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """At most 40 letters, digits, `-` and `_`: Grafana refuses others."""
    uid = dashboard.get("uid")
    hint = "at most 40 letters, digits, - and _"
    if not uid:
        yield Finding(file, "", ID, "error", "the dashboard has no uid", hint)
    elif not isinstance(uid, str) or not _UID.fullmatch(uid):
        yield Finding(file, "", ID, "error", f"Grafana refuses the uid {uid!r}", hint)
