"""What a running Prometheus says about itself: its configuration, and where that comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping

from boxwatch.publish.http import Client

_TIMEOUT = 10.0


def configuration(client: Client, timeout: float = _TIMEOUT) -> str | None:
    """The running configuration as YAML, with defaults; None if the server does not show one, such as vmalert.

    Raises:
        PublishError: the server cannot be reached.
    """
    answer = client.request("GET", "/api/v1/status/config", timeout)
    try:
        return str(json.loads(answer.body)["data"]["yaml"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def rule_files(config: Mapping[str, object]) -> tuple[str, ...]:
    """The patterns in `rule_files`."""
    found = config.get("rule_files")
    return tuple(str(each) for each in found) if isinstance(found, list) else ()


def config_file(client: Client, timeout: float = _TIMEOUT) -> str:
    """The path given as --config.file, as Prometheus sees it; empty if it does not say.

    Raises:
        PublishError: the server cannot be reached.
    """
    answer = client.request("GET", "/api/v1/status/flags", timeout)
    try:
        return str(json.loads(answer.body)["data"]["config.file"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
