"""Deployment records of GET /deployments and of an application's history."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify.fields import Fields

# The values of app/Enums/ApplicationDeploymentStatus.php in Coolify 4.3.11; the hyphens are Coolify's.
_ACTIVE: Final = frozenset(("queued", "in_progress"))
_RESULTS: Final = {"finished": "finished", "failed": "failed", "cancelled-by-user": "cancelled"}
# `/project/{uuid}/environment/{uuid}/application/{uuid}/deployment/{uuid}`, a relative path.
_HASH: Final = re.compile(r"[0-9a-fA-F]{7,64}")
_COMMIT: Final = 12
_URL: Final = re.compile(r"/application/([A-Za-z0-9-]{1,64})(?:/|$)")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A row of Coolify's deployment queue.

    Attributes:
        id: increases with every row of the instance.
        application: uuid of the application, if the row's URL contains it.
        application_id: the application's database id, which Coolify sends as a string here.
        status: queued, in_progress, finished, failed or cancelled; empty for a status unknown here.
        kind: deployment, rollback, restart or preview.
        server: name of the server when the row was created.
        created: time of the request. There is no start time, so a duration includes time in the queue.
        moved: last update of the row; a running deployment writes its log into it.
        finished: end time. Null for one cancelled in the queue, one that failed before it started, and all that
            Coolify's own restart ended (Coolify 4.3.11, app/Console/Commands/Init.php).
        trigger: webhook, api or manual, which includes Coolify's own.
        commit: the beginning of its hash; empty for `HEAD`.
    """

    id: int
    application: str | None
    application_id: int | None
    status: str
    kind: str
    server: str
    created: float | None
    moved: float | None
    finished: float | None
    trigger: str = ""
    commit: str = ""

    @property
    def active(self) -> bool:
        """Whether it is queued or running."""
        return self.status in _ACTIVE

    @property
    def result(self) -> str | None:
        """Its result; None while it is queued or running, and for an unknown status."""
        return self.status if self.status and not self.active else None

    @property
    def ended(self) -> float | None:
        """End time, or the row's closest timestamp; None if it has not ended."""
        return (self.finished or self.moved or self.created) if self.result else None

    @property
    def duration(self) -> float | None:
        """Seconds from request to end."""
        ended = self.ended
        return None if ended is None or self.created is None or ended < self.created else ended - self.created


def read(fields: Fields) -> Deployment | None:
    """Read a row. Its logs are dropped: tokens with more than `read` receive them, up to megabytes."""
    identity = fields.count("id")
    if identity is None:
        fields.complain("id")
        return None
    text = fields.text("status") or ""
    status = text if text in _ACTIVE else _RESULTS.get(text, "")
    if not status:
        fields.complain("status")
    url = fields.record.get("deployment_url")
    match = _URL.search(url) if isinstance(url, str) else None
    return Deployment(
        id=identity,
        application=match[1] if match else None,
        application_id=fields.integer("application_id"),
        status=status,
        kind=_kind(fields),
        server=fields.text("server_name") or "",
        created=fields.time("created_at"),
        moved=fields.time("updated_at"),
        finished=fields.time("finished_at"),
        trigger=_trigger(fields),
        commit=_commit(fields.text("commit") or ""),
    )


def _trigger(fields: Fields) -> str:
    if fields.flag("is_webhook"):
        return "webhook"
    return "api" if fields.flag("is_api") else "manual"


def _commit(text: str) -> str:
    return text[:_COMMIT].lower() if _HASH.fullmatch(text) else ""


def _kind(fields: Fields) -> str:
    """Preview takes precedence, then restart (which builds nothing), then rollback."""
    if (fields.integer("pull_request_id") or 0) > 0:
        return "preview"
    if fields.flag("restart_only"):
        return "restart"
    return "rollback" if fields.flag("rollback") else "deployment"
