"""Test alerts: the result is read from counters that all notifications share, and is never wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import rotation
from support.programs import serving

from boxwatch.errors import PublishError
from boxwatch.publish.http import Client
from boxwatch.publish.notify.alertmanager_api import Alertmanager, Counters, Live, LiveReceiver
from boxwatch.publish.notify.receiver_test import Clock, Outcome, ReceiverTest
from boxwatch.rules import names

_GIVES_UP, _RETRIES = 10.0, 0.7


@dataclass(frozen=True)
class Sending:
    """What becomes of a notification.

    Attributes:
        how: `ok`, `rejected` (given up at once), `down` (repeated for 10 s, then given up) or `hangs` (no answer).
        after: seconds until it begins.
        takes: seconds of an attempt.
    """

    how: str
    after: float = 0.0
    takes: float = 0.1

    def counted(self, age: float) -> Counters:
        """What Alertmanager has counted at an age of the notification's group."""
        age -= self.after
        if age < 0:
            return Counters()
        # While it fires and is not delivered, Alertmanager begins again with every interval of the group.
        every = {"ok": math.inf, "rejected": 5.0, "down": _GIVES_UP, "hangs": _GIVES_UP}[self.how]
        times = 1 + (0 if every == math.inf else int(age // every))
        over = age >= self.takes
        if self.how == "ok":
            return Counters(1, 0, int(over), 0)
        if self.how == "rejected":
            done = times - 1 + int(age % every >= self.takes)
            return Counters(times, done, done, done, {"clientError": done})
        failures = int(age // _RETRIES) if self.how == "down" else times - 1
        return Counters(times, times - 1, failures, failures, {"serverError": times - 1})


@dataclass
class Simulated(Alertmanager):
    """An Alertmanager with one receiver and a clock of its own.

    Attributes:
        own: what becomes of the test alert's notifications, test by test, from the moment it is active.
        noise: other notifications of the same integration, since the first test.
        state: the state of a test alert.
        place: its place in the cluster.
    """

    own: list[list[Sending]]
    noise: list[Sending] = field(default_factory=list)
    state: str = "active"
    place: int = 0
    time: float = 0.0
    begun: list[float] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def live(self, labels: Mapping[str, str]) -> Live:
        """A version and the receiver."""
        assert labels == {}
        return Live("0.25.0", {"night": LiveReceiver("night", {"webhook": len(self.own[0])})})

    def delay(self) -> float:
        """As the real one says."""
        return 15.0 * self.place

    def post(self, alerts: Iterable[Mapping[str, object]]) -> None:
        """Remember when each test began, and which ended."""
        for alert in alerts:
            labels = alert["labels"]
            assert isinstance(labels, dict)
            assert labels[names.TEST_RECEIVER] == "night"
            number = int(labels["boxwatch_test_number"])
            if number > len(self.begun):
                self.begun.append(self.time)
            else:
                self.ended.append(number)

    def states(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Those of the tests that have not ended."""
        assert labels["boxwatch_test_run"]
        there = {n + 1 for n in range(len(self.begun))} - set(self.ended)
        asked = there & {int(labels.get("boxwatch_test_number", 0))} if len(labels) > 1 else there
        return {"night": self.state} if asked else {}

    def counters(self, receiver: str) -> dict[str, Counters]:
        """All that is counted by now."""
        assert receiver == "night"
        found = Counters(100, 10, 110, 20, {"clientError": 3})
        for begun, sendings in zip(self.begun, self.own * 3, strict=False):
            for one in sendings:
                found = _plus(found, one.counted(self.time - begun - 15 * self.place))
        for one in self.noise:
            found = _plus(found, one.counted(self.time))
        return {"webhook": found, "email": Counters()}

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += max(seconds, 0.01)

    def tested(self, timeout: float = 60) -> Outcome:
        """The only outcome of the only receiver."""
        test = ReceiverTest(self, timeout, Clock(lambda: self.time, self.sleep))
        ((outcome,),) = test.run(["night"])
        assert sorted(set(self.ended)) == list(range(1, len(self.begun) + 1)), "a test alert was not resolved"
        return outcome


def _plus(one: Counters, other: Counters) -> Counters:
    keys = {*one.reasons, *other.reasons}
    return Counters(
        one.started + other.started,
        one.given_up + other.given_up,
        one.requests + other.requests,
        one.failures + other.failures,
        {key: one.reasons.get(key, 0) + other.reasons.get(key, 0) for key in keys},
    )


_sendings = st.builds(Sending, st.sampled_from(["ok", "rejected", "down", "hangs"]), st.just(0.0), st.floats(0.01, 0.4))
_noise = st.builds(Sending, st.sampled_from(["ok", "rejected", "down"]), st.floats(-3, 20), st.floats(0.01, 4.0))


@rotation.examples(300)
@given(
    own=st.lists(_sendings, min_size=1, max_size=2), noise=st.lists(_noise, max_size=4), place=st.sampled_from([0, 2])
)
@example(own=[Sending("down")], noise=[Sending("ok", 3.0)], place=0)
@example(own=[Sending("ok", takes=0.4)], noise=[Sending("rejected", 0.1)], place=0)
def test_a_result_is_never_wrong(own: list[Sending], noise: list[Sending], place: int) -> None:
    """Whatever other notifications succeed or fail meanwhile: it may be unclear, and says so."""
    outcome = Simulated([own], noise, place=place).tested()
    arrives = all(one.how == "ok" for one in own)
    assert outcome.result in ({"delivered", "unclear"} if arrives else {"failed", "unclear"}), outcome
    if not noise:
        assert outcome.result != "unclear"


def test_a_test_is_repeated_while_its_result_is_unclear() -> None:
    """Three times at most: whoever sends so much has to look for himself."""
    noise = [Sending("rejected", 0.3)]
    alertmanager = Simulated([[Sending("ok", takes=0.4)]], noise)
    assert alertmanager.tested().result == "delivered"
    assert len(alertmanager.begun) == 2

    noise = [Sending(how, after / 2) for after in range(200) for how in ("rejected", "ok")]
    alertmanager = Simulated([[Sending("ok", takes=0.4)]], noise)
    outcome = alertmanager.tested()
    assert (outcome.result, len(alertmanager.begun)) == ("unclear", 3)
    assert "run the test again" in outcome.reason


def test_a_failure_names_its_reason_where_alertmanager_does() -> None:
    """From 0.27 on; and a message that got through beside one that did not is mentioned."""
    assert "check the secret and the address" in Simulated([[Sending("rejected")]]).tested().reason
    assert "server error (HTTP 5xx)" in Simulated([[Sending("down")]]).tested().reason
    some = Simulated([[Sending("ok"), Sending("down")]]).tested()
    assert some.reason.startswith("1 of its 2 messages got through; the receiver answered with a server error")


def test_a_silenced_test_is_no_failure_of_the_receiver() -> None:
    """The silence is to be removed."""
    outcome = Simulated([[Sending("ok", 100)]], state="suppressed").tested()
    assert (outcome.result, "remove it" in outcome.reason) == ("suppressed", True)


def test_what_is_not_sent_in_time_is_said_so() -> None:
    """Without a notification, without an answer, and while attempts fail."""
    assert Simulated([[Sending("ok", 100)]], state="unprocessed").tested(5).result == "not sent"
    hanging = Simulated([[Sending("hangs")]]).tested(5)
    assert (hanging.result, hanging.reason[:33]) == ("failed", "the receiver has not answered yet")
    assert "attempts failed, and Alertmanager keeps trying" in Simulated([[Sending("down")]]).tested(5).reason
    assert hanging.to_json() == {
        "receiver": "night", "integration": "webhook", "result": "failed", "reason": hanging.reason, "seconds": 5.0,
    }  # fmt: skip


def test_a_receiver_without_a_route_for_tests_is_not_published() -> None:
    """No alert is sent for it, which would reach somebody else."""
    alertmanager = Simulated([[Sending("ok")]])
    test = ReceiverTest(alertmanager, 60, Clock(lambda: alertmanager.time, alertmanager.sleep))
    ((outcome,),) = test.run(["day"])
    assert (outcome.receiver, outcome.result, alertmanager.begun) == ("day", "not published", [])
    assert test.resolved()


def test_an_interrupted_test_resolves_its_alerts() -> None:
    """Whoever presses Ctrl-C leaves no alert behind."""
    alertmanager = Simulated([[Sending("ok")]])
    run = ReceiverTest(alertmanager, 60, Clock(lambda: alertmanager.time, alertmanager.sleep)).run(["night", "night"])
    next(run)
    assert alertmanager.ended == []
    run.close()
    assert alertmanager.ended == [1]


def test_an_alert_that_stays_is_reported() -> None:
    """After a while nobody waits any longer."""
    alertmanager = Simulated([[Sending("ok")]], begun=[0.0])
    assert not ReceiverTest(alertmanager, 60, Clock(lambda: alertmanager.time, alertmanager.sleep)).resolved()
    assert alertmanager.time > 15


def test_a_restart_is_noticed() -> None:
    """Its counters begin at zero again, and say nothing about the test."""
    with pytest.raises(PublishError, match="restarted during the test: run it again"):
        Counters(1, 0, 1, 0).since(Counters(2, 0, 1, 0))


_STATUS = {
    "versionInfo": {"version": "0.25.0"},
    "config": {
        "original": (
            "route: {receiver: a, routes: [{receiver: a, matchers: ['boxwatch_test_receiver=\"a\"']}]}\n"
            "receivers: [{name: a, webhook_configs: [{url: x}, {url: y}], email_configs: []}, {name: b}]"
        )
    },
}
_METRICS = """# HELP alertmanager_peer_position Position
alertmanager_peer_position 2
alertmanager_notifications_total{integration="webhook",receiver_name="a"} 3
alertmanager_notifications_total{integration="webhook",receiver_name="b"} 70
alertmanager_notifications_failed_total{integration="webhook",reason="clientError",receiver_name="a"} 1
alertmanager_notifications_failed_total{integration="webhook",reason="other",receiver_name="a"} 1e+00
alertmanager_notification_requests_total{integration="webhook",receiver_name="a"} 4
alertmanager_notification_requests_failed_total{integration="webhook",receiver_name="a"} 2
alertmanager_notification_latency_seconds_count{integration="webhook"} 9
"""


def _served(**pages: str) -> dict[str, str]:
    return {f"/{path}" if path == "metrics" else f"/api/v2/{path}": text for path, text in pages.items()}


def test_the_configuration_and_the_counters_are_read() -> None:
    """Of this receiver alone where Alertmanager tells them apart."""
    with serving(_served(status=json.dumps(_STATUS), metrics=_METRICS)) as port:
        alertmanager = Alertmanager(Client(f"http://127.0.0.1:{port}"), 5)
        assert alertmanager.live({}) == Live("0.25.0", {"a": LiveReceiver("a", {"webhook": 2})})
        assert alertmanager.delay() == 30
        assert alertmanager.counters("a") == {"webhook": Counters(3, 2, 4, 2, {"clientError": 1, "other": 1})}


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ({}, "answered 404.*is it the right URL"),
        ({"status": "<html>"}, "does not answer as an Alertmanager does"),
        ({"status": "[]"}, "does not answer as an Alertmanager does"),
        ({"status": json.dumps(_STATUS | {"config": {"original": "["}})}, "does not answer as an Alertmanager does"),
        ({"status": json.dumps(_STATUS), "metrics": "up 1"}, "has no counters of notifications"),
    ],
)
def test_another_server_is_told_from_an_alertmanager(pages: dict[str, str], message: str) -> None:
    """Nothing is sent to it."""
    with serving(_served(**pages)) as port, pytest.raises(PublishError, match=message):
        list(ReceiverTest(Alertmanager(Client(f"http://127.0.0.1:{port}"), 5), 5).run(["a"]))


def test_alerts_in_an_unknown_form_are_an_error() -> None:
    """A later API may list them otherwise."""
    page = {"/api/v2/alerts?filter=a%3D%22b%22": '[{"labels": {}}]'}
    with serving(page) as port, pytest.raises(PublishError, match="in an unknown form"):
        Alertmanager(Client(f"http://127.0.0.1:{port}"), 5).states({"a": "b"})


_SHARED = """
route:
  receiver: blackhole
  routes:
  - receiver: mvp/night
    matchers: ['deployment="mvp"']
    routes: [{receiver: mvp/night, matchers: ['boxwatch_test_receiver="night"']}]
  - receiver: staging/night
    matchers: ['deployment="staging"']
    routes:
    - {receiver: staging/night, matchers: ['boxwatch_test_receiver="night"']}
    - {receiver: staging/gone, matchers: ['boxwatch_test_receiver="gone"']}
receivers: [{name: blackhole}, {name: mvp/night, email_configs: [{to: a}]}, {name: staging/night, slack_configs: [{}]}]
"""


@pytest.mark.parametrize(("deployment", "integration"), [("mvp", "email"), ("staging", "slack")])
def test_in_a_shared_alertmanager_a_deployment_tests_its_own_receivers(deployment: str, integration: str) -> None:
    """Two of them may call a receiver the same."""
    status = {"versionInfo": {"version": "0.28.1"}, "config": {"original": _SHARED}}
    with serving(_served(status=json.dumps(status))) as port:
        found = Alertmanager(Client(f"http://127.0.0.1:{port}"), 5).live({"deployment": deployment})
    assert found.receivers == {"night": LiveReceiver(f"{deployment}/night", {integration: 1})}
