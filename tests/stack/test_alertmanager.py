"""alertmanager.yml: receivers, quiet times, the heartbeat, the header."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.alertmanager_files import alerts_of
from support.artefacts import complete_artefacts, complete_subjects
from support.notified import SAID, said
from support.topologies import complete

from boxwatch.checks import catalogue
from boxwatch.checks.alertmanager import alertmanager_file
from boxwatch.rules.monitoring import watchdog
from boxwatch.stack import alertmanager
from boxwatch.topology.load import load

_HEARTBEAT = (watchdog.subject(complete()),)


def _document(content: bytes) -> Any:  # noqa: ANN401 - whatever YAML is there
    return yaml.safe_load(content)


def _of(document: Any, severity: str) -> Any:  # noqa: ANN401 - as above
    """The route of a severity."""
    return next(one for one in document["route"]["routes"] if one.get("matchers") == [f'severity="{severity}"'])


def test_the_heartbeat_is_sent_at_the_configured_interval() -> None:
    """Its resolved message is not sent, because it would count as a heartbeat."""
    document = _document(alertmanager.configuration(said(heartbeat="2m"), _HEARTBEAT))
    route = next(one for one in document["route"]["routes"] if "Watchdog" in one["matchers"][0])
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("0s", "1m", "1m30s")
    receiver = next(one for one in document["receivers"] if one["name"] == route["receiver"])
    assert receiver["webhook_configs"] == [{"send_resolved": False, "url": "https://hook.example.com"}]


def test_without_notifications_nothing_is_sent_and_the_header_says_so() -> None:
    """The configuration still loads in Alertmanager."""
    content = alertmanager.configuration(complete(), ())
    assert b"No notifications are sent: add `notifications` to the topology" in content
    assert _document(content)["receivers"] == [{"name": "blackhole"}]


def test_nobody_is_a_receiver_only_where_a_route_names_it() -> None:
    """A receiver that no route uses is a finding of `boxwatch check`."""
    for info, beat, subjects in itertools.product((None, "night"), (None, "night"), (_HEARTBEAT, ())):
        content = alertmanager.configuration(said(info=info, watchdog=beat), subjects)
        listed = {"name": "blackhole"} in _document(content)["receivers"]

        assert listed == (b"receiver: blackhole" in content), (info, beat, len(subjects))


def test_quiet_times_continue_past_midnight_and_spare_critical_alerts() -> None:
    """Friday's quiet night ends on Saturday morning."""
    quiet = [{"days": ["friday"], "times": ["22:00-07:00"], "timezone": "Europe/Berlin"}]
    document = _document(alertmanager.configuration(said(quiet=quiet), _HEARTBEAT))
    assert document["time_intervals"][0]["time_intervals"] == [
        {
            "times": [{"start_time": "22:00", "end_time": "24:00"}],
            "weekdays": ["friday"],
            "location": "Europe/Berlin",
        },
        {
            "times": [{"start_time": "00:00", "end_time": "07:00"}],
            "weekdays": ["saturday"],
            "location": "Europe/Berlin",
        },
    ]
    critical, warning = _of(document, "critical"), _of(document, "warning")
    assert "mute_time_intervals" not in critical
    assert warning["mute_time_intervals"] == ["quiet-1"]
    assert warning["routes"][0]["mute_time_intervals"] == ["quiet-1"]


def test_critical_alerts_are_muted_only_when_listed() -> None:
    """A quiet time spares them by default."""
    quiet = [{"days": ["friday"], "severities": ["critical"]}]
    document = _document(alertmanager.configuration(said(quiet=quiet), _HEARTBEAT))
    critical, warning = _of(document, "critical"), _of(document, "warning")
    assert critical["mute_time_intervals"] == ["quiet-1"]
    assert "mute_time_intervals" not in warning


@pytest.mark.parametrize(
    ("way", "needs"),
    [
        ({"slack": {"url_file": "/s"}}, "0.25"),
        ({"telegram": {"chat_id": 1, "token_file": "/s"}}, "0.26"),
        ({"opsgenie": {"api_key_file": "/s"}}, "0.25"),
        ({"ntfy": {"url": "https://ntfy.example.com/alerts"}}, "0.25"),
        ({"pushover": {"user_key_file": "/s", "token_file": "/t"}}, "0.26"),
        ({"webhook": {"url_file": "/s"}}, "0.28"),
        ({"discord": {"url_file": "/s"}}, "0.28"),
        ({"msteams": {"url_file": "/s"}}, "0.28"),
        ({"ntfy": {"url_file": "/s"}}, "0.28"),
    ],
)
def test_the_header_names_the_required_alertmanager(way: dict[str, object], needs: str) -> None:
    """The version depends on the kinds of receivers."""
    receivers = {**SAID["receivers"], "night": way}  # type: ignore[dict-item]
    content = alertmanager.configuration(said(receivers=receivers), ())
    assert f"# Needs Alertmanager {needs} or later.\n".encode() in content


def test_the_checks_find_no_problem_in_it() -> None:
    """The configuration passes with all alerts of the deployment."""
    content = alertmanager.configuration(said(quiet=[{"days": ["friday"]}], info="office"), complete_subjects())
    alerts = alerts_of(complete_artefacts())
    file = alertmanager_file.read("a.yml", content)
    assert [each for module in catalogue.ALERTMANAGER_CHECKS for each in module.check(file, alerts)] == []


def test_every_kind_of_receiver_matches_the_stored_file(golden: Callable[[str, str], None]) -> None:
    """The topology uses every key; inhibitions are stored with the default deployment."""
    file = Path(__file__).parents[1] / "topologies" / "good" / "every-key.yaml"
    golden("alertmanager/every-key.yml", alertmanager.configuration(load(file).topology, ()).decode())
