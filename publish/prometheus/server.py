"""What a running Prometheus says about itself: its configuration, and where that comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from boxwatch.publish import compare
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


def with_files(config: Mapping[str, object]) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """A running configuration with the jobs of its `scrape_config_files`, which Prometheus does not show.

    Returns:
        the configuration, and the patterns of files that cannot be read here, as in a container.
    """
    patterns = config.get("scrape_config_files")
    jobs = config.get("scrape_configs")
    found = list(jobs) if isinstance(jobs, list) else []
    unread = []
    for pattern in map(str, patterns) if isinstance(patterns, list) else ():
        files = sorted(Path(pattern).parent.glob(Path(pattern).name))
        if not files:
            unread.append(pattern)
        for file in files:
            more = compare.parsed(Path(file).read_bytes()).get("scrape_configs")
            found += more if isinstance(more, list) else []
    return {**config, "scrape_configs": found}, tuple(unread)


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
