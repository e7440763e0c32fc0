"""What is asked of a live Alertmanager: its configuration, its alerts, and its counters of notifications.

Its API does not report what became of a notification. The counters do, by integration (`email`, `webhook`, …), and by
receiver too if the feature flag receiver-name-in-metrics is on.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from boxwatch.checks.alertmanager import alertmanager_file
from boxwatch.checks.alertmanager.alertmanager_file import Route
from boxwatch.checks.yaml_tree import Node
from boxwatch.errors import BoxwatchError, PublishError
from boxwatch.publish.http import Answer, Client
from boxwatch.rules import names

_OK: Final = 200
_REFUSED: Final = frozenset({401, 403, 407})
_SUFFIX: Final = "_configs"
# Counters since 0.25; the label `reason` since 0.27.
_METRICS: Final = {
    "alertmanager_notifications_total": "started",
    "alertmanager_notifications_failed_total": "given_up",
    "alertmanager_notification_requests_total": "requests",
    "alertmanager_notification_requests_failed_total": "failures",
}
_SAMPLE: Final = re.compile(r"(?P<name>alertmanager_notification\w+)\{(?P<labels>[^}]*)\} (?P<value>\S+)")
# Its place in the cluster, and the default of --cluster.peer-timeout.
_POSITION: Final = re.compile(r"^alertmanager_peer_position (\d+)$", re.MULTILINE)
_PEER_TIMEOUT: Final = 15.0
_LABEL: Final = re.compile(r'(\w+)="((?:\\.|[^"\\])*)"')


@dataclass(frozen=True, slots=True)
class Counters:
    """Notifications of one integration since Alertmanager started.

    Attributes:
        started: notifications that Alertmanager began to send.
        given_up: those that it gave up.
        requests: attempts that are over; a failed one is repeated unless the receiver rejects it.
        failures: attempts that failed.
        reasons: given-up notifications by reason; empty before Alertmanager 0.27.
    """

    started: int = 0
    given_up: int = 0
    requests: int = 0
    failures: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def delivered(self) -> int:
        """Notifications that receivers accepted."""
        return self.requests - self.failures

    @property
    def under_way(self) -> int:
        """Notifications that are neither delivered nor given up.

        And the resolved ones since Alertmanager started for a receiver without `send_resolved`: it counts these, and
        sends nothing.
        """
        return self.started - self.delivered - self.given_up

    def since(self, before: Counters) -> Counters:
        """The difference to an earlier reading.

        Raises:
            PublishError: a counter is lower than before.
        """
        found = Counters(
            self.started - before.started,
            self.given_up - before.given_up,
            self.requests - before.requests,
            self.failures - before.failures,
            {key: value for key, count in self.reasons.items() if (value := count - before.reasons.get(key, 0))},
        )
        if min(found.started, found.given_up, found.requests, found.failures) < 0:
            raise PublishError("Alertmanager was restarted during the test: run it again")
        return found


@dataclass(frozen=True, slots=True)
class Live:
    """A live Alertmanager's version and receivers for test alerts.

    Attributes:
        version: its version.
        receivers: what test alerts call a receiver → the receiver, if there is a route for them.
    """

    version: str
    receivers: Mapping[str, LiveReceiver]


@dataclass(frozen=True, slots=True)
class LiveReceiver:
    """A receiver of a live Alertmanager.

    Attributes:
        name: its name there, which begins with the deployment's in a shared Alertmanager.
        integrations: its integrations, each with the number of its configurations.
    """

    name: str
    integrations: Mapping[str, int]


class Alertmanager:
    """A live Alertmanager."""

    def __init__(self, client: Client, timeout: float) -> None:
        """Nothing is sent yet.

        Args:
            client: sends JSON.
            timeout: seconds for each request.
        """
        self._client, self._timeout = client, timeout
        self.url = client.url

    def live(self, labels: Mapping[str, str]) -> Live:
        """Its version, and the receivers that its configuration has routes for.

        Args:
            labels: the labels of the test alerts besides the receiver.

        Raises:
            PublishError: it does not answer, or is no Alertmanager.
        """
        status = self._json("/api/v2/status")
        try:
            version, written = str(status["versionInfo"]["version"]), str(status["config"]["original"])
            file = alertmanager_file.read("its configuration", written.encode())
        except (TypeError, KeyError, BoxwatchError) as error:
            raise PublishError(f"{self.url} does not answer as an Alertmanager does: is it the right URL?") from error
        integrations = {name: dict(_integrations(node)) for name, node in file.receivers()}
        tested = _tested(file.route, labels) if file.route else ()
        return Live(
            version, {test: LiveReceiver(name, integrations[name]) for test, name in tested if name in integrations}
        )

    def post(self, alerts: Iterable[Mapping[str, object]]) -> None:
        """Send alerts. Doing it twice does no harm.

        Raises:
            PublishError: it refuses them.
        """
        body = json.dumps(list(alerts)).encode()
        self._answered(self._client.request("POST", "/api/v2/alerts", self._timeout, body=body))

    def states(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Receiver under test → its alert's state (`unprocessed`, `active`, `suppressed`), of the alerts with labels.

        Raises:
            PublishError: it does not answer.
        """
        filters = [("filter", f"{label}={json.dumps(value)}") for label, value in labels.items()]
        found = self._json(f"/api/v2/alerts?{urllib.parse.urlencode(filters)}")
        try:
            return {str(one["labels"][names.TEST_RECEIVER]): str(one["status"]["state"]) for one in found}
        except (TypeError, KeyError) as error:
            raise PublishError(f"{self.url} lists its alerts in an unknown form") from error

    def counters(self, receiver: str) -> dict[str, Counters]:
        """Integration → its counters: of this receiver if Alertmanager tells them apart, else of all.

        Raises:
            PublishError: it does not answer, or has no such counters.
        """
        answer = self._answered(self._client.request("GET", "/metrics", self._timeout))
        found: dict[str, Counter[str]] = {}
        reasons: dict[str, Counter[str]] = {}
        for match in _SAMPLE.finditer(answer.body.decode(errors="replace")):
            labels = dict(_LABEL.findall(match["labels"]))
            name, integration = _METRICS.get(match["name"]), labels.get("integration")
            if name is None or integration is None or labels.get("receiver_name", receiver) != receiver:
                continue
            count = int(float(match["value"]))
            found.setdefault(integration, Counter())[name] += count
            if "reason" in labels:
                reasons.setdefault(integration, Counter())[labels["reason"]] += count
        if not found:
            raise PublishError(f"{self.url}/metrics has no counters of notifications")
        return {key: Counters(**counts, reasons=reasons.get(key, {})) for key, counts in found.items()}

    def delay(self) -> float:
        """Seconds by which it waits for other members of its cluster to notify first; 0 for a single one.

        Raises:
            PublishError: it does not answer.
        """
        answer = self._answered(self._client.request("GET", "/metrics", self._timeout))
        found = _POSITION.search(answer.body.decode(errors="replace"))
        return _PEER_TIMEOUT * float(found[1]) if found else 0.0

    def _json(self, path: str) -> Any:  # noqa: ANN401 - a document of somebody else's
        answer = self._answered(self._client.request("GET", path, self._timeout))
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise PublishError(f"{self.url} does not answer as an Alertmanager does: is it the right URL?") from error

    def _answered(self, answer: Answer) -> Answer:
        if answer.status in _REFUSED:
            raise PublishError(
                f"{self.url}: authentication failed ({answer.status}){self._client.server_message(answer)}"
            )
        if answer.status != _OK:
            raise PublishError(
                f"{self.url} answered {answer.status}{self._client.server_message(answer)}: is it the right URL?"
            )
        return answer


def _tested(route: Route, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(value of the test alerts' label, receiver) of the routes for test alerts that these labels lead to."""
    for below in route.routes:
        if any(
            label in labels and operator == "=" and labels[label] != value for label, operator, value in below.matchers
        ):
            continue
        tests = [value for label, operator, value in below.matchers if label == names.TEST_RECEIVER and operator == "="]
        yield from ((value, below.receiver) for value in tests)
        yield from _tested(below, labels)


def _integrations(receiver: Node) -> Iterator[tuple[str, int]]:
    for key, value in alertmanager_file.fields(receiver).items():
        count = len(alertmanager_file.items(value))
        if key.endswith(_SUFFIX) and count:
            yield key.removesuffix(_SUFFIX), count
