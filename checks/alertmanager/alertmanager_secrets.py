"""alertmanager.yml contains no password, token or secret URL; it names a file for each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import urlsplit

from boxwatch.checks.alertmanager.alertmanager_file import AlertmanagerFile
from boxwatch.checks.finding import Finding
from boxwatch.checks.yaml_tree import Node
from boxwatch.topology.validation.notifications import SECRET_HOSTS

ID = "alertmanager_secrets"

_KEYS: Final = frozenset(
    {
        "api_key", "api_secret", "app_token", "auth_password", "auth_secret", "bearer_token", "bot_token",
        "client_secret", "credentials", "opsgenie_api_key", "password", "routing_key", "secret_key", "service_key",
        "slack_app_token", "smtp_auth_password", "smtp_auth_secret", "telegram_bot_token", "token", "user_key",
        "victorops_api_key", "wechat_api_secret",
    }
)  # fmt: skip
# The address is the secret.
_URLS: Final = frozenset({"api_url", "slack_api_url", "webhook_url"})
_HARMLESS: Final = ("slack.com/api/", "api.telegram.org")


def check(file: AlertmanagerFile, alerts: Collection[str] | None) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Secrets in plain text."""
    yield from _below(file, file.root)


def _below(file: AlertmanagerFile, node: Node) -> Iterator[Finding]:
    for key, value in (node.fields or {}).items():
        if value.text and _is_secret(key, value.text):
            message, hint = f"{key} is a secret in plain text", f"put it into a file and write {key}_file"
            yield file.finding(ID, value, "warning", message, hint)
        yield from _below(file, value)
    for each in node.items or ():
        yield from _below(file, each)


def _is_secret(key: str, value: str) -> bool:
    if key in _KEYS:
        return True
    if "://" not in value:
        return False
    try:
        parts = urlsplit(value)
        host, path, password = parts.hostname or "", parts.path.strip("/"), parts.password
    except ValueError:
        return False
    known = any(host == one or host.endswith(f".{one}") for one in SECRET_HOSTS)
    hook = key in _URLS and not any(place in value for place in _HARMLESS)
    return password is not None or (bool(path) and (hook or (key == "url" and known)))
