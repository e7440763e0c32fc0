"""What a doctor asks Alertmanager: its version, its configuration, and where the Watchdog goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from boxwatch.errors import PublishError
from boxwatch.live.doctor.seen import Alertmanager
from boxwatch.publish import compare
from boxwatch.publish.http import Client

_OK: Final = 200
_WATCHDOG: Final = "/api/v2/alerts?filter=alertname%3D%22Watchdog%22"
_ATTEMPTS: Final = 2


def ask(client: Client, labels: Mapping[str, str], timeout: float) -> Alertmanager:
    """What Alertmanager says.

    Args:
        client: of Alertmanager.
        labels: the deployment's labels, where Alertmanager is shared.
        timeout: seconds for each request.
    """
    try:
        status = _json(client, "/api/v2/status", timeout)
        version, text = str(status["versionInfo"]["version"]), str(status["config"]["original"])
        beats = [one for one in _json(client, _WATCHDOG, timeout) if labels.items() <= one["labels"].items()]
        receivers = tuple(str(receiver["name"]) for one in beats for receiver in one["receivers"])
        suppressed = any(one["status"]["state"] == "suppressed" for one in beats)
    except PublishError as error:
        return Alertmanager(url=client.url, error=str(error))
    except (TypeError, KeyError, AttributeError):
        return Alertmanager(url=client.url, error=f"{client.url} does not answer as an Alertmanager does")
    return Alertmanager(
        url=client.url,
        version=version,
        config=compare.parsed(text),
        heartbeats=receivers if beats else None,
        suppressed=suppressed,
    )


def _json(client: Client, path: str, timeout: float) -> Any:  # noqa: ANN401 - a document of somebody else's
    answer = client.request("GET", path, timeout, attempts=_ATTEMPTS)
    if answer.status != _OK:
        raise PublishError(f"{client.url} answered {answer.status}{client.server_message(answer)}")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise PublishError(f"{client.url} does not answer as an Alertmanager does") from error
