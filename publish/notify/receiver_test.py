"""One test alert for each receiver, through a live Alertmanager: which were delivered.

The routes that boxwatch generates send an alert with the label `boxwatch_test_receiver` to that receiver alone, at once.
Receivers are tested one after the other, because the counters that tell what became of a notification mostly do not
distinguish receivers. Another notification of the same integration in between makes a result unclear only if some fail;
then the test is repeated.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from boxwatch.publish.notify.alertmanager_api import Alertmanager, Counters
from boxwatch.rules import names

Result = Literal["delivered", "failed", "suppressed", "unclear", "not sent", "not published"]

ALERT: Final = "BoxwatchNotificationTest"
# The value differs from test to test, so that none is taken for the continuation of another.
_RUN: Final = "boxwatch_test"
_ATTEMPTS: Final = 3
_PAUSE: Final = 0.25
# Seconds within which an alert that has ended is no longer listed.
_RESOLVED_WITHIN: Final = 15.0
_REASONS: Final = {
    "clientError": "the receiver rejected the message (HTTP 4xx): check the secret and the address",
    "serverError": "the receiver answered with a server error (HTTP 5xx)",
    "contextCanceled": "sending was cancelled",
    "contextDeadlineExceeded": "the receiver did not answer in time",
}
_LOG: Final = "Alertmanager's log has the reason"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a test alert in one integration of a receiver.

    Attributes:
        receiver: the receiver as Alertmanager calls it.
        integration: `email`, `webhook`, …; empty if the receiver is not published.
        result: what became of it.
        reason: why it was not delivered, and what to do; empty if it was.
        seconds: how long it took.
    """

    receiver: str
    integration: str
    result: Result
    reason: str
    seconds: float

    def to_json(self) -> dict[str, object]:
        """The outcome as a JSON object."""
        return {**asdict(self), "seconds": round(self.seconds, 1)}


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, which tests replace."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def run(
    alertmanager: Alertmanager, receivers: Iterable[str], timeout: float, clock: Clock | None = None
) -> Iterator[tuple[Outcome, ...]]:
    """Test receivers one after the other, and yield the outcomes of each as soon as they are known.

    Every test alert is resolved at the end, however it ends; if this program is killed, they end by themselves.

    Args:
        alertmanager: the live Alertmanager.
        receivers: their names in its configuration.
        timeout: seconds to wait for each.
        clock: the time.

    Raises:
        PublishError: Alertmanager does not answer, or was restarted.
    """
    clock = clock or Clock()
    there = alertmanager.live().receivers
    sent: list[dict[str, str]] = []
    try:
        for receiver in receivers:
            if receiver in there:
                yield _tested(alertmanager, receiver, there[receiver], timeout, clock, sent)
            else:
                reason = "the live configuration has no route for its tests: publish alertmanager.yml first"
                yield (Outcome(receiver, "", "not published", reason, 0),)
    finally:
        if sent:
            alertmanager.post(_alert(labels, timedelta()) for labels in sent)


def resolved(alertmanager: Alertmanager, clock: Clock | None = None) -> bool:
    """Whether no test alert is active any more; waits for it.

    Raises:
        PublishError: Alertmanager does not answer.
    """
    clock = clock or Clock()
    end = clock.now() + _RESOLVED_WITHIN
    while alertmanager.states("alertname", ALERT):
        if clock.now() > end:
            return False
        clock.sleep(_PAUSE)
    return True


def _tested(
    alertmanager: Alertmanager,
    receiver: str,
    integrations: Mapping[str, int],
    timeout: float,
    clock: Clock,
    sent: list[dict[str, str]],
) -> tuple[Outcome, ...]:
    """The outcomes of a receiver: of the last test, if others were unclear."""
    for attempt in range(1, _ATTEMPTS + 1):
        run_id = uuid.uuid4().hex[:12]
        labels = {"alertname": ALERT, "severity": "test", names.TEST_RECEIVER: receiver, _RUN: run_id}
        before = alertmanager.counters(receiver)
        # Remembered first: a request whose answer is lost may have been received.
        sent.append(labels)
        alertmanager.post([_alert(labels, timedelta(seconds=2 * timeout + 60))])
        found = _watched(alertmanager, receiver, integrations, before, run_id, timeout, clock)
        if attempt == _ATTEMPTS or all(one.result != "unclear" for one in found):
            break
    return found


def _watched(
    alertmanager: Alertmanager,
    receiver: str,
    integrations: Mapping[str, int],
    before: Mapping[str, Counters],
    run_id: str,
    timeout: float,
    clock: Clock,
) -> tuple[Outcome, ...]:
    begin = clock.now()
    found: dict[str, Outcome] = {}
    while True:
        state = alertmanager.states(_RUN, run_id).get(receiver, "")
        counters = alertmanager.counters(receiver)
        seconds = clock.now() - begin
        late = seconds >= timeout
        for integration, number in integrations.items():
            if integration in found:
                continue
            counted = counters.get(integration, Counters()).since(before.get(integration, Counters()))
            judged = _judged(counted, number, state, late=late)
            if judged is not None:
                found[integration] = Outcome(receiver, integration, *judged, seconds)
        if len(found) == len(integrations):
            return tuple(found[integration] for integration in integrations)
        clock.sleep(_PAUSE)


def _judged(counted: Counters, number: int, state: str, *, late: bool) -> tuple[Result, str] | None:
    """Result and reason; None while it is open.

    Args:
        counted: what the integration has counted since the alert was sent.
        number: how many notifications the alert causes in it.
        state: the alert's.
        late: the time is over.
    """
    if state == "suppressed":
        return "suppressed", "a silence or an inhibition of Alertmanager's mutes the test alert: remove it"
    delivered = counted.requests - counted.failures
    under_way = counted.started - delivered - counted.given_up
    # Alertmanager marks an alert as active when it begins to notify.
    if state == "active" and counted.started >= number and under_way <= 0:
        if counted.given_up == 0:
            return "delivered", ""
        if delivered == 0:
            return "failed", _why(counted)
        if counted.started == number:
            return "failed", f"{delivered} of its {number} messages {'was' if delivered == 1 else 'were'} delivered"
        return "unclear", "other notifications were sent at the same time, and some of all failed: run the test again"
    if not late:
        return None
    if counted.failures and not delivered:
        return "failed", f"every attempt fails so far ({counted.failures}): {_LOG}"
    if counted.started:
        return "failed", f"Alertmanager is still trying to send it: {_LOG}"
    return "not sent", "Alertmanager sent no notification in time: raise --timeout, or look into its log"


def _why(counted: Counters) -> str:
    told = [_REASONS[reason] for reason in counted.reasons if reason in _REASONS]
    return "; ".join(told) or _LOG


def _alert(labels: Mapping[str, str], lasts: timedelta) -> dict[str, object]:
    now = datetime.now(UTC)
    receiver = labels[names.TEST_RECEIVER]
    return {
        "labels": dict(labels),
        "annotations": {
            "summary": "This is a test of notifications. Nothing is wrong.",
            "description": f"boxwatch sent it to the receiver {receiver}; it resolves by itself.",
        },
        # An alert that ends before it begins is refused.
        "startsAt": (now - timedelta(seconds=1)).isoformat(),
        "endsAt": (now + lasts).isoformat(),
    }
