"""What a live Alertmanager does with the alerts of one name: notified, silenced by whom, or inhibited by what."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boxwatch.errors import PublishError
from boxwatch.publish.http import Client

_OK = 200


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert in Alertmanager.

    Attributes:
        labels: its labels.
        state: `active`, `suppressed` or `unprocessed`.
        reasons: what suppresses it, in words; empty if nothing does.
        receivers: who is notified.
    """

    labels: Mapping[str, str]
    state: str
    reasons: tuple[str, ...]
    receivers: tuple[str, ...]


def deliveries(client: Client, alert: str, timeout: float) -> tuple[Delivery, ...]:
    """The alerts of this name that Alertmanager has.

    Raises:
        PublishError: Alertmanager cannot be reached, or is none.
    """
    every = _json(client, "/api/v2/alerts", timeout)
    try:
        names = {str(each["fingerprint"]): str(each["labels"].get("alertname", "?")) for each in every}
        own = [each for each in every if each["labels"].get("alertname") == alert]
        silences = {
            id_: _silence(client, id_, timeout) for each in own for id_ in map(str, each["status"]["silencedBy"])
        }
        return tuple(
            Delivery(
                each["labels"],
                str(each["status"]["state"]),
                (
                    *(f"silenced {silences[str(id_)]}" for id_ in each["status"]["silencedBy"]),
                    *(f"inhibited by {names.get(str(other), other)}" for other in each["status"]["inhibitedBy"]),
                    *(f"muted by the time interval {name}" for name in each["status"].get("mutedBy") or ()),
                ),
                tuple(str(receiver["name"]) for receiver in each.get("receivers") or ()),
            )
            for each in own
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise PublishError(f"{client.url} lists its alerts in an unknown form: is it an Alertmanager?") from error


def _silence(client: Client, id_: str, timeout: float) -> str:
    found = _json(client, f"/api/v2/silence/{urllib.parse.quote(id_)}", timeout)
    return f"by {found['createdBy']} until {found['endsAt']}: {found['comment']}"


def _json(client: Client, path: str, timeout: float) -> Any:  # noqa: ANN401 - a document of somebody else's
    answer = client.request("GET", path, timeout)
    try:
        if answer.status == _OK:
            return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise PublishError(f"{client.url} does not respond like Alertmanager: check the URL") from error
    raise PublishError(f"{client.url} responded {answer.status}{client.server_message(answer)}: check the URL")
