"""Servers, as read from Coolify's list and from the detail of each.

The kind of a server decides what Coolify runs on it: no proxy on build servers and swarm workers, and no Sentinel on
build servers and in a swarm (Coolify 4.3.11, app/Models/Server.php, app/Actions/Server/StartSentinel.php). The columns
say otherwise: every server is created with `proxy.status=exited`, and `is_sentinel_enabled` defaults to true.

The two differ (Coolify 4.3.11, app/Http/Controllers/Api/ServersController.php): reachable and usable are top-level
fields of the list's records, but in `settings` of the detail; proxy and Sentinel are only in the detail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify import names, status
from boxwatch.exporters.coolify.fields import Fields

# Traefik runs on the managers of a swarm; `error` is left by a restart that failed.
_WITHOUT_PROXY: Final = (names.BUILD, names.SWARM_WORKER)
_PROXY_STATES: Final = {"error": "degraded", "stopping": "stopping"}


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
    role: str = names.STANDALONE
    disabled: bool | None = None
    cleanup: str = ""
    timezone: str = "UTC"
    address: str = ""

    @property
    def functional(self) -> bool | None:
        """Whether Coolify can read states there: reachable, usable and not disabled, as in Server::isFunctional."""
        if self.disabled:
            return False
        known = [value for value in (self.reachable, self.usable) if value is not None]
        return all(known) if known else None


@dataclass(frozen=True, slots=True)
class Detail:
    """Fields found only in a server's detail.

    Attributes:
        proxy_state: one of names.PROXY_STATES; empty if Coolify runs no proxy there.
    """

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
        name=fields.name() or uuid,
        reachable=settings.flag("is_reachable") if reachable is None else reachable,
        usable=settings.flag("is_usable") if usable is None else usable,
        coolify_host=fields.flag("is_coolify_host"),
        sentinel=_sentinel(settings, _role(settings)),
        builds=settings.count("concurrent_builds"),
        queue_limit=settings.count("deployment_queue_limit"),
        timeout=settings.count("dynamic_timeout"),
        push_interval=settings.count("sentinel_push_interval_seconds"),
        role=_role(settings),
        disabled=settings.flag("force_disabled"),
        cleanup=settings.text("docker_cleanup_frequency") or "",
        timezone=settings.text("server_timezone") or "UTC",
        address=fields.text("ip") or "",
    )


def _role(settings: Fields) -> str:
    if settings.flag("is_build_server"):
        return names.BUILD
    if settings.flag("is_swarm_worker"):
        return names.SWARM_WORKER
    return names.SWARM_MANAGER if settings.flag("is_swarm_manager") else names.STANDALONE


def _sentinel(settings: Fields, role: str) -> bool | None:
    """Whether Sentinel should report: either switch starts it, and none does on build servers and in a swarm."""
    switches = [settings.flag(key) for key in ("is_sentinel_enabled", "is_metrics_enabled")]
    known = [switch for switch in switches if switch is not None]
    return any(known) and role == names.STANDALONE if known else None


def read_detail(fields: Fields) -> Detail:
    """Read the body of GET /servers/{uuid}; the proxy's large YAML configuration is dropped."""
    proxy = fields.child("proxy")
    kind = (proxy.text("type") or "none").lower()
    return Detail(
        proxy=kind,
        proxy_state="" if kind == "none" or _role(fields.child("settings")) in _WITHOUT_PROXY else _state(proxy),
        proxy_version=fields.text("detected_traefik_version") or "",
        outdated=bool(fields.record.get("traefik_outdated_info")),
        sentinel_pushed=fields.time("sentinel_updated_at"),
    )


def _state(proxy: Fields) -> str:
    text = (proxy.text("status") or "").strip().lower()
    if text in _PROXY_STATES:
        return _PROXY_STATES[text]
    parsed = status.parse(text)
    if text and not parsed.understood:
        proxy.complain("proxy_status")
    return parsed.state
