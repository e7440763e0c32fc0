"""Receivers are there, tell somebody, and are told something."""

from __future__ import annotations

import pytest
from support.alertmanager_files import said

from boxwatch.checks.alertmanager import alertmanager_receivers

_GOOD = """route: {receiver: a, routes: [{receiver: blackhole, matchers: [severity="info"]}]}
receivers:
- {name: a, webhook_configs: [{url: "http://a"}]}
- name: blackhole
"""


def test_a_receiver_that_tells_and_one_that_is_meant_not_to() -> None:
    """`blackhole` is a way to say it."""
    assert said(alertmanager_receivers, _GOOD) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (_GOOD.replace("receiver: a,", "receiver: b,"),
         [(1, "there is no receiver b"), (3, "no route uses receiver a")]),
        (_GOOD + "- {name: a, webhook_configs: [{url: 'http://a'}]}", [(5, "there are two receivers a")]),
        (_GOOD.replace("blackhole", "nothing-yet"), [(4, "receiver nothing-yet notifies nobody")]),
        (_GOOD.replace('url: "http://a"', "send_resolved: true"), [(3, "webhook_configs of a has no destination")]),
        (_GOOD.replace("webhook_configs", "slack_configs"), [(3, "slack_configs of a has no destination")]),
    ],
    ids=["missing", "twice", "mute", "nowhere", "slack"],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, found: list[tuple[int, str]]) -> None:
    """One thing at a time."""
    assert said(alertmanager_receivers, text) == found


def test_what_global_says_need_not_be_said_again() -> None:
    """Alertmanager takes it from there."""
    text = _GOOD.replace("webhook_configs", "slack_configs") + "global: {slack_api_url_file: /s}\n"
    assert said(alertmanager_receivers, text) == []
