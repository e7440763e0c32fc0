"""Servers, as read from Coolify's list and from the detail of each.

The two differ (Coolify 4.3.11, app/Http/Controllers/Api/ServersController.php): reachable and usable are top-level
fields of the list's records, but in `settings` of the detail; proxy and Sentinel are only in the detail.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxwatch.exporters.coolify import status
from boxwatch.exporters.coolify.fields import Fields


@dataclass(frozen=True, slots=True)
class Server:
    """A record of the server list."""

    uuid: str
    name: str
    reachable: bool | None
    usable: bool | None
    coolify_host: bool | None
    sentinel: bool | None
    builds: int | None
    queue_limit: int | None
    timeout: int | None
    push_interval: int | None


@dataclass(frozen=True, slots=True)
class Detail:
    """Fields found only in a server's detail."""

    proxy: str
    proxy_state: str
    proxy_version: str
    outdated: bool
    sentinel_pushed: float | None


def read(fields: Fields) -> Server | None:
    """Read a record of GET /servers."""
    uuid = fields.uuid()
    if uuid is None:
        return None
    settings = fields.child("settings")
    reachable, usable = fields.flag("is_reachable"), fields.flag("is_usable")
    return Server(
        uuid=uuid,
        name=fields.text("name") or uuid,
        reachable=settings.flag("is_reachable") if reachable is None else reachable,
        usable=settings.flag("is_usable") if usable is None else usable,
        coolify_host=fields.flag("is_coolify_host"),
        sentinel=settings.flag("is_sentinel_enabled"),
        builds=settings.count("concurrent_builds"),
        queue_limit=settings.count("deployment_queue_limit"),
        timeout=settings.count("dynamic_timeout"),
        push_interval=settings.count("sentinel_push_interval_seconds"),
    )


def read_detail(fields: Fields) -> Detail:
    """Read the body of GET /servers/{uuid}; the proxy's large YAML configuration is dropped."""
    proxy = fields.child("proxy")
    proxy_status = status.parse(proxy.text("status") or "")
    if proxy.record.get("status") and not proxy_status.understood:
        fields.complain("proxy_status")
    return Detail(
        proxy=(proxy.text("type") or "none").lower(),
        proxy_state=proxy_status.state,
        proxy_version=fields.text("detected_traefik_version") or "",
        outdated=bool(fields.record.get("traefik_outdated_info")),
        sentinel_pushed=fields.time("sentinel_updated_at"),
    )
