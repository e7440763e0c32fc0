"""Traps of Coolify's API: each with the fact behind it and the way the fake reproduces it.

Facts are from Coolify 4.3.11 unless a version is named. A trap without `answer` and `change` is part of every answer.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(document: object, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json", **headers})


@dataclass(frozen=True, slots=True)
class Trap:
    """One trap.

    Attributes:
        fact: Coolify's behaviour.
        answer: takes a path and headers; returns an answer that replaces Coolify's, or None.
        change: takes a path and a document; returns the changed document.
    """

    fact: str
    answer: Callable[[str, Mapping[str, str]], Answer | None] | None = None
    change: Callable[[str, Any], Any] | None = None


def _always(reply: Answer) -> Callable[[str, Mapping[str, str]], Answer | None]:
    return lambda _path, _headers: reply


def _at(end: str, reply: Answer) -> Callable[[str, Mapping[str, str]], Answer | None]:
    return lambda path, _headers: reply if path.endswith(end) else None


def _where(ends: tuple[str, ...], reply: Answer) -> Callable[[str, Mapping[str, str]], Answer | None]:
    return lambda path, _headers: reply if path.endswith(ends) else None


def _html(status: int, title: str) -> Answer:
    page = f"<!doctype html><html><head><title>{title}</title></head><body>{title}</body></html>"
    return Answer(status, page.encode(), {"Content-Type": "text/html; charset=UTF-8"})


def _each(name: str, edit: Callable[[dict[str, Any]], object]) -> Callable[[str, Any], Any]:
    """Edit each record of the list at a path."""

    def change(path: str, document: Any) -> Any:  # noqa: ANN401 - JSON
        if not (path.endswith(name) or (path.startswith("/deployments/") and name == "/deployments")):
            return document
        changed = copy.deepcopy(document)
        for record in changed["deployments"] if isinstance(changed, dict) else changed:
            edit(record)
        return changed

    return change


def _status(old: str, new: str) -> Callable[[str, Any], Any]:
    """Replace a status wherever it occurs."""

    def change(path: str, document: Any) -> Any:  # noqa: ANN401 - JSON
        return (
            json.loads(json.dumps(document).replace(f'"status": "{old}"', f'"status": "{new}"')) if path else document
        )

    return change


def _object_list(path: str, document: Any) -> Any:  # noqa: ANN401 - JSON
    """The object into which PHP turns a list that was sorted without renumbering."""
    if path != "/deployments" or len(document) < 2:  # noqa: PLR2004 - one record is always in order
        return document
    places = [0, *range(len(document) - 1, 0, -1)]
    return {str(place): row for place, row in zip(places, document, strict=True)}


def _sqlite(_path: str, document: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(document, bool):
        return int(document)
    if isinstance(document, dict):
        return {key: _sqlite("", value) for key, value in document.items()}
    return [_sqlite("", value) for value in document] if isinstance(document, list) else document


def _reverse(_path: str, document: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(document, dict):
        return {key: _reverse("", document[key]) for key in reversed(document)}
    return [_reverse("", value) for value in document] if isinstance(document, list) else document


def _strangers_backup(record: dict[str, Any]) -> None:
    own = record["backup_configs"][0]
    other = {**own, "uuid": f"x{own['uuid'][1:]}", "database_type": "App\\Models\\StandaloneMongodb"}
    record["backup_configs"].append(other)


def _never_ran(path: str, document: Any) -> Any:  # noqa: ANN401 - JSON
    if path.endswith("/backups"):
        return [config | {"executions": []} for config in document]
    return _each("/databases", lambda r: r["backup_configs"][0].update(latest_log=None))(path, document)


SECRETS: Final = ("postgres://root:hunter2@db", "BEGIN OPENSSH PRIVATE KEY", "s3cr3t-webhook")


def _secrets(record: dict[str, Any]) -> None:
    record |= {
        "internal_db_url": SECRETS[0],
        "docker_compose_raw": SECRETS[1],
        "manual_webhook_secret_github": SECRETS[2],
    }
    record |= {"logs": json.dumps([{"output": secret} for secret in SECRETS])}


_MISSING = {"message": "Not found.", "docs": "https://coolify.io/docs"}
_NOT_ROLE = "This API token has permissions (write) that exceed your current role. Only read is allowed."
TRAPS: Final[Mapping[str, Trap]] = {
    "api_disabled": Trap(
        "The API is disabled by default: 403, with `success: true`.",
        _always(answer({"success": True, "message": "API is disabled."}, 403)),
    ),
    "address_not_allowed": Trap(
        "The caller's address is not on the list: 403, with `success: true`.",
        _always(answer({"success": True, "message": "You are not allowed to access the API."}, 403)),
    ),
    "token_expired": Trap(
        "Tokens created in the UI expire after 30 days: 401, while /health still answers OK.",
        _always(answer({"message": "Unauthenticated."}, 401)),
    ),
    "team_gone": Trap("The token's team was deleted: 401.", _always(answer({"message": "Invalid token."}, 401))),
    "team_gone_400": Trap(
        "Some controllers answer 400 when the token's team was deleted.",
        _always(answer({"message": "Invalid token.", "docs": "https://coolify.io/docs"}, 400)),
    ),
    "ability_missing": Trap(
        "`write` and `deploy` do not include `read`.",
        _always(answer({"message": "Missing required permissions: read"}, 403)),
    ),
    "role_too_low": Trap("Members may only have `read` tokens.", _always(answer({"message": _NOT_ROLE}, 403))),
    "policy_denied": Trap(
        "A policy denies one endpoint; the others answer.",
        _at("/databases", answer({"message": "This action is unauthorized.", "error": "Unauthorized"}, 403)),
    ),
    "rate_limited": Trap("200 requests a minute for all tokens of a user, then 429 with Retry-After."),
    "html_error": Trap("An error as HTML.", _at("/services", _html(500, "Server Error"))),
    "maintenance": Trap(
        "Laravel's maintenance page while Coolify updates itself.", _always(_html(503, "Service Unavailable"))
    ),
    "login_page": Trap(
        "A proxy in front of Coolify answers 200 with its own login page.", _always(_html(200, "Sign in"))
    ),
    "redirect": Trap(
        "A redirect to another host.",
        _always(Answer(302, b"", {"Location": "https://elsewhere.example/api/v1/version"})),
    ),
    "post_only": Trap(
        "Since 4.2 endpoints that change state answer 405 to GET.",
        _at("/services", answer({"message": "This endpoint has changed to a POST request."}, 405, Allow="POST")),
    ),
    "object_list": Trap(
        "Two active deployments out of order arrive as an object with numeric names (coollabsio/coolify#10077).",
        change=_object_list,
    ),
    "null_finished_at": Trap(
        "finished_at stays null for deployments that never started or were ended by a restart of Coolify."
    ),
    "string_ids": Trap("application_id and destination_id of a deployment are strings."),
    "id_zero": Trap("Server, destination and team of a default installation have id 0."),
    "naive_timestamps": Trap("last_online_at and sentinel_updated_at are UTC without a zone."),
    "logs_of_megabytes": Trap("Up to 4.1.2 every token receives the logs with each row of a history."),
    "falling_count": Trap("Rows older than 60 days are deleted daily, so `count` decreases."),
    "deleted_application": Trap("The history of a deleted application is 404."),
    "hidden_id": Trap(
        "GET /applications hides `id`, and deployments have no uuid.",
        change=_each("/deployments", lambda r: r.update(deployment_url=None)),
    ),
    "null_server_name": Trap(
        "Many fields documented as strings in the OpenAPI document can be null.",
        change=_each("/deployments", lambda r: r.update(server_name=None, git_type=None)),
    ),
    "no_started_at": Trap("A deployment has no start time: its duration includes time in the queue."),
    "row_for_each_server": Trap("A deployment to several servers has one row for each."),
    "restarts_and_previews": Trap("Deployments include restarts, previews and rollbacks."),
    "ends_out_of_order": Trap("A later deployment can end before an earlier one."),
    "v_prefix": Trap("The OpenAPI document has `v4.0.0`; Coolify sends `4.3.11`."),
    "bare_status": Trap(
        "A sub-resource can be a bare `running` or `exited`.", change=_status("running:healthy", "exited")
    ),
    "legacy_status": Trap(
        "Before 4.0 the spelling was `running (healthy)`.", change=_status("running:healthy", "running (healthy)")
    ),
    "excluded_status": Trap(
        "A third part means that all containers are excluded.",
        change=_status("running:healthy", "running:healthy:excluded"),
    ),
    "degraded_excluded": Trap(
        "`degraded:excluded` has it in second place.", change=_status("running:healthy", "degraded:excluded")
    ),
    "docker_status": Trap("Databases have Docker's own states.", change=_status("running:healthy", "dead:unhealthy")),
    "new_status": Trap(
        "A later version may introduce a new status.", change=_status("running:healthy", "hibernating:cosy")
    ),
    "no_health_check": Trap(
        "`unknown` is the health of resources without a health check.",
        change=_status("running:healthy", "running:unknown"),
    ),
    "new_deployment_status": Trap(
        "A later version may introduce a new status.",
        change=_each("/deployments", lambda r: r.update(status="superseded")),
    ),
    "parts_missing": Trap(
        "A starting service has no applications and databases.",
        change=_each(
            "/services", lambda r: (r.pop("applications"), r.pop("databases"), r.update(status="starting:unhealthy"))
        ),
    ),
    "strangers_backup": Trap(
        "backup_configs are matched by database_id alone.", change=_each("/databases", _strangers_backup)
    ),
    "backup_never_ran": Trap(
        "latest_log is null before the first run.",
        change=_never_ran,
    ),
    "backup_runs_missing": Trap(
        "A version without the endpoint of all runs.",
        _at("/backups", answer(_MISSING, 404)),
    ),
    "older_version": Trap(
        "A version without the endpoints of tasks, clean-ups and runs.",
        _where(("/backups", "/scheduled-tasks", "/executions"), answer(_MISSING, 404)),
    ),
    "sqlite_booleans": Trap("Booleans that are not cast arrive as 0 and 1.", change=_sqlite),
    "key_order": Trap("The order of keys is not significant.", change=_reverse),
    "more_servers": Trap("An application with an additional server is on the list of both."),
    "same_slug": Trap("Two names can have the same slug."),
    "settings_only": Trap("The detail of a server has is_reachable only in its settings."),
    "large_proxy_yaml": Trap("The detail of a server includes the proxy's entire configuration."),
    "sensitive_token": Trap("A token with more than `read` receives secrets and logs.", change=_each("s", _secrets)),
    "everything_exited": Trap("When SSH to a server fails, Coolify records everything on it as exited."),
    "restart_limit": Trap("max_restart_count 0 means never, the default since 4.3.21; 4.4 adds restart_limit_reached."),
    "new_environment": Trap("A resource can be in an environment created after the projects were read."),
    "health_proves_nothing": Trap("/health answers without a token and proves only that PHP runs."),
    "coolify_itself": Trap("Coolify's own containers have no status in the API."),
    "unknown_type": Trap(
        "A later version may introduce a new type of resource.",
        change=_each(
            "/resources",
            lambda r: r.update(type="function") if r["type"] == "standalone-postgresql" else None,
        ),
    ),
}
