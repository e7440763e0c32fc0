"""Routes name receivers that exist, and receivers notify somebody."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from typing import Final

from boxwatch.checks.alertmanager.alertmanager_file import AlertmanagerFile, fields, items
from boxwatch.checks.finding import Finding

ID = "alertmanager_receivers"

# Receiver names that mean no notification.
NOBODY: Final = frozenset({"none", "null", "blackhole", "black-hole", "devnull", "dev-null", "drop", "noop"})
# Settings that an integration requires: one of each group, in the receiver or, after the slash, in `global`.
_NEEDED: Final = {
    "discord_configs": ("webhook_url", "webhook_url_file"),
    "email_configs": ("smarthost", "/smtp_smarthost"),
    "msteams_configs": ("webhook_url", "webhook_url_file"),
    "msteamsv2_configs": ("webhook_url", "webhook_url_file"),
    "opsgenie_configs": ("api_key", "api_key_file", "/opsgenie_api_key", "/opsgenie_api_key_file"),
    "pagerduty_configs": ("routing_key", "routing_key_file", "service_key", "service_key_file"),
    "slack_configs": ("api_url", "api_url_file", "app_token", "/slack_api_url", "/slack_api_url_file",
                      "/slack_app_token", "/slack_app_token_file"),
    "sns_configs": ("topic_arn", "phone_number", "target_arn"),
    "telegram_configs": ("bot_token", "bot_token_file", "/telegram_bot_token", "/telegram_bot_token_file"),
    "victorops_configs": ("api_key", "api_key_file", "/victorops_api_key", "/victorops_api_key_file"),
    "webhook_configs": ("url", "url_file"),
    "wechat_configs": ("corp_id", "/wechat_api_corp_id"),
}  # fmt: skip


def check(file: AlertmanagerFile, alerts: Collection[str] | None) -> Iterator[Finding]:  # noqa: ARG001 - every check has this signature
    """Receivers that are missing, mute, unused or duplicated."""
    known = [name for name, _ in file.receivers()]
    routes = tuple(file.route.walk()) if file.route else ()
    for route in routes:
        if route.receiver and route.receiver not in known:
            close = difflib.get_close_matches(route.receiver, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "add it to `receivers`"
            at = fields(route.node).get("receiver", route.node)
            yield file.finding(ID, at, "error", f"there is no receiver {route.receiver}", hint)
    used = {route.receiver for route in routes}
    seen: set[str] = set()
    for name, node in file.receivers():
        if name in seen:
            yield file.finding(ID, node, "error", f"there are two receivers {name}", "rename one")
        seen.add(name)
        ways = {key: value for key, value in fields(node).items() if key.endswith("_configs")}
        if not any(items(value) for value in ways.values()) and name.lower() not in NOBODY:
            message, hint = f"receiver {name} notifies nobody", "add an integration, or call it `blackhole`"
            yield file.finding(ID, node, "warning", message, hint)
        if routes and name not in used:
            yield file.finding(ID, node, "warning", f"no route uses receiver {name}", "delete it, or add a route")
        shared = fields(fields(file.root).get("global"))
        for way, value in ways.items():
            needed = _NEEDED.get(way, ())
            for one in items(value) if needed else ():
                if not any(key[1:] in shared if key[0] == "/" else key in fields(one) for key in needed):
                    own = " or ".join(key for key in needed if key[0] != "/")
                    yield file.finding(ID, one, "error", f"{way} of {name} has no destination", f"add {own}")
