"""One test alert for each receiver, through a live Alertmanager: which were delivered.

The generated routes send an alert with the label `boxwatch_test_receiver` to that receiver alone, at once. Receivers
are tested one after the other, because the counters that show the result mostly do not tell them apart. If another
notification of the same integration is sent meanwhile, a result is unclear only if some fail; then the test is
repeated.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from boxwatch.publish.notify.alertmanager_api import Alertmanager, Counters, LiveReceiver
from boxwatch.rules import names

Result = Literal["delivered", "failed", "suppressed", "unclear", "not sent", "not published"]

ALERT: Final = "BoxwatchNotificationTest"
# No test is the continuation of another: these labels differ from run to run, and from test to test.
_RUN: Final = "boxwatch_test_run"
_NUMBER: Final = "boxwatch_test_number"
_ATTEMPTS: Final = 3
# Seconds after which Alertmanager gives up a notification of a group with a shorter interval (notify.MinTimeout, 10 s),
# and a margin. It repeats it then.
GIVES_UP_AFTER: Final = 12.0
_REJECTED_WITHIN: Final = 4.0
# Seconds from an alert's becoming active, and a wait for the cluster, until its notifications are counted as begun.
_MARGIN: Final = 0.5
_PAUSE: Final = 0.25
# Seconds within which an alert that has ended is no longer listed.
_RESOLVED_WITHIN: Final = 15.0
_REASONS: Final = {
    "clientError": "the receiver rejected the message (HTTP 4xx): check the secret and the address",
    "serverError": "the receiver answered with a server error (HTTP 5xx)",
    "contextCanceled": "sending was cancelled",
    "contextDeadlineExceeded": "the receiver did not answer in time",
}
_LOG: Final = "Alertmanager's log has the reason, such as a file with a secret that is missing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a test alert in one integration of a receiver.

    Attributes:
        receiver: the receiver as Alertmanager calls it.
        integration: `email`, `webhook`, …; empty if the receiver is not published.
        result: what became of it.
        reason: why it was not delivered, and what to do; empty if it was.
        seconds: after which the result was known.
    """

    receiver: str
    integration: str
    result: Result
    reason: str
    seconds: float

    @property
    def repeats(self) -> bool:
        """Whether Alertmanager goes on trying: a message that the receiver rejects is given up at once."""
        return self.result != "delivered" and self.seconds > _REJECTED_WITHIN

    def to_json(self) -> dict[str, object]:
        """The outcome as a JSON object."""
        return {**asdict(self), "seconds": round(self.seconds, 1)}


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, which tests replace."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class ReceiverTest:
    """A test of receivers.

    Attributes:
        alertmanager: the live Alertmanager.
        timeout: seconds to wait for each receiver.
        clock: the time.
        labels: labels that all alerts of the deployment carry.
        run_id: marks the test alerts of this run.
    """

    alertmanager: Alertmanager
    timeout: float
    clock: Clock = field(default_factory=Clock)
    labels: Mapping[str, str] = field(default_factory=dict)
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def run(self, receivers: Iterable[str]) -> Generator[tuple[Outcome, ...], None, None]:
        """Test receivers one after the other, and yield the outcomes of each as soon as they are known.

        Every test alert is resolved at the end, however it ends; if this program is killed, they end by themselves.

        Args:
            receivers: their names in Alertmanager's configuration.

        Raises:
            PublishError: Alertmanager does not answer, or was restarted.
        """
        there, delay = self.alertmanager.live(self.labels).receivers, self.alertmanager.delay()
        sent: list[dict[str, str]] = []
        # Integration → until when Alertmanager may still be repeating a failed test.
        busy: dict[str, float] = {}
        try:
            for receiver in receivers:
                if receiver in there:
                    yield self._tested(receiver, there[receiver], sent, busy, delay)
                else:
                    reason = "the live configuration has no route for its tests: publish alertmanager.yml first"
                    yield (Outcome(receiver, "", "not published", reason, 0),)
        finally:
            self._resolve(sent)

    def resolved(self) -> bool:
        """Whether no test alert is active any more; waits for it.

        Raises:
            PublishError: Alertmanager does not answer.
        """
        end = self.clock.now() + _RESOLVED_WITHIN
        while self.alertmanager.states({_RUN: self.run_id}):
            if self.clock.now() > end:
                return False
            self.clock.sleep(_PAUSE)
        return True

    def _tested(
        self,
        receiver: str,
        live: LiveReceiver,
        sent: list[dict[str, str]],
        busy: dict[str, float],
        delay: float,
    ) -> tuple[Outcome, ...]:
        """The outcomes of a receiver: those of the last test, if the ones before were unclear."""
        for attempt in range(1, _ATTEMPTS + 1):
            self.clock.sleep(max(0.0, *(busy.get(one, 0) - self.clock.now() for one in live.integrations)))
            labels = {
                **self.labels,
                "alertname": ALERT,
                "severity": "test",
                names.TEST_RECEIVER: receiver,
                _RUN: self.run_id,
                _NUMBER: str(len(sent) + 1),
            }
            before = self.alertmanager.counters(live.name)
            # Remembered first: a request whose answer is lost may have been received.
            sent.append(labels)
            self.alertmanager.post([_alert(labels, timedelta(seconds=2 * self.timeout + 60))])
            found = self._watched(labels, live, before, delay)
            if any(one.result != "delivered" for one in found):
                # Alertmanager repeats it while it fires. What is delivered is resolved at the end, because messages
                # that something is resolved would be counted in the next test.
                self._resolve([labels])
                busy |= {one.integration: self.clock.now() + GIVES_UP_AFTER for one in found if one.repeats}
            if attempt == _ATTEMPTS or all(one.result != "unclear" for one in found):
                break
        return found

    def _resolve(self, alerts: Iterable[Mapping[str, str]]) -> None:
        if ended := [_alert(labels, timedelta()) for labels in alerts]:
            self.alertmanager.post(ended)

    def _watched(
        self, labels: Mapping[str, str], live: LiveReceiver, before: Mapping[str, Counters], delay: float
    ) -> tuple[Outcome, ...]:
        """The outcomes of one test alert, as soon as all are known or the time is over."""
        receiver, integrations, begin = labels[names.TEST_RECEIVER], live.integrations, self.clock.now()
        found: dict[str, Outcome] = {}
        started: dict[str, float] = {}
        active: float | None = None
        while len(found) < len(integrations):
            state = self.alertmanager.states({_RUN: self.run_id, _NUMBER: labels[_NUMBER]}).get(receiver, "")
            counters = self.alertmanager.counters(live.name)
            now = self.clock.now()
            for integration, number in integrations.items():
                counted = counters.get(integration, Counters()).since(before.get(integration, Counters()))
                # Alertmanager marks an alert as active when it begins to notify, or to wait for its cluster.
                active = active or (now if state == "active" else None)
                if active is not None and now >= active + delay + _MARGIN and counted.started >= number:
                    started.setdefault(integration, now)
                over = now - started.get(integration, now) > GIVES_UP_AFTER
                quick = before.get(integration, Counters()).under_way == 0
                judged = _judged(counted, number, over=over, quick=quick) if integration in started else None
                if state == "suppressed":
                    judged = (
                        "suppressed",
                        "a silence or an inhibition of Alertmanager's mutes the test alert: remove it",
                    )
                elif judged is None and now - begin >= self.timeout:
                    judged = _late(counted)
                if judged is not None and integration not in found:
                    found[integration] = Outcome(receiver, integration, *judged, now - begin)
            if len(found) < len(integrations):
                self.clock.sleep(_PAUSE)
        return tuple(found[integration] for integration in integrations)


def _judged(counted: Counters, number: int, *, over: bool, quick: bool) -> tuple[Result, str] | None:
    """Result and reason; None while it is open.

    Args:
        counted: what the integration has counted since the alert was sent.
        number: how many notifications the alert causes in it.
        over: Alertmanager has finished with them, one way or the other.
        quick: no other notification was under way when the alert was sent, so one that ends is the alert's, or newer.
    """
    delivered = counted.delivered
    if not over and (counted.under_way or not quick):
        # Also while it is being repeated after it was given up.
        return None
    if delivered >= number and counted.given_up == 0:
        return "delivered", ""
    if delivered and delivered + counted.given_up > number:
        return "unclear", "other notifications were sent at the same time, and some of all failed: run the test again"
    why = "; ".join(_REASONS[reason] for reason in counted.reasons if reason in _REASONS) or _LOG
    return "failed", f"{delivered} of its {number} messages got through; {why}" if delivered else why


def _late(counted: Counters) -> tuple[Result, str]:
    """Result and reason when the time is over."""
    if not counted.started:
        return "not sent", "Alertmanager sent no notification in time: raise --timeout, or look into its log"
    if counted.failures:
        return "failed", f"{counted.failures} attempts failed, and Alertmanager keeps trying: {_LOG}"
    return "failed", f"the receiver has not answered yet: {_LOG}"


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
