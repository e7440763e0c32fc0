"""The part of an expression that is false is named with its values, by a real Prometheus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.programs import serving
from support.verified import Running

from boxwatch.cli import main


def _why(world: Running, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["why", "--prometheus", world.url, *arguments])


def _answer(world: Running, *arguments: str) -> dict[str, Any]:
    result = _why(world, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)["answers"][0]
    return found


@pytest.mark.parametrize(
    ("alert", "parts"),
    [
        ("QueueFull", ("`app_queue_length > 100`", "3 > 100 is false by 97")),
        ("QueueNearLimit", ("0.3 > 0.9 is false by 0.6",)),
        ("QueueWithoutLimit", ('queue="mail"', "is excluded by", 'service="web"')),
        ("QueueOfPool", ("has no partner", '`service` is "web" on the left and "api" on the right', "`pool` is only")),
        ("RequestsMissing", ("0 > 1,000 is false by 1,000", "`app_up` is there, so it is not absent")),
        ("SizeMissing", ("no series was named app_queue_size",)),
    ],
)
def test_the_false_part_is_named(world: Running, alert: str, parts: tuple[str, ...]) -> None:
    """A comparison by how much, a side without partner by its label, an exception by what excludes, a metric."""
    answer = _answer(world, alert)

    assert answer["state"] == "false"
    for part in parts:
        assert part in answer["cause"]


def test_only_the_asked_instances_are_shown(world: Running) -> None:
    """Labels that the rule sets are not looked for in the series."""
    answer = _answer(world, "QueueNearLimit", "service=api", "severity=warning")

    assert 'service="api"' in answer["cause"]
    assert "web" not in json.dumps(answer["tree"]["parts"])
    assert "none of its series has" in _answer(world, "QueueFull", "service=nobody")["cause"]


def test_a_pending_alert_says_how_long_it_has_been_true(world: Running) -> None:
    """Of how long it must be, and what Prometheus recorded."""
    text = _why(world, "Answering").stdout

    assert "Answering is pending at " in text
    assert " of 1h, recorded as pending" in text


def test_a_firing_alert_is_said_to_fire(world: Running) -> None:
    """There is nothing to explain."""
    answer = _answer(world, "Watchdog")

    assert (answer["state"], answer["cause"]) == ("firing", "")
    assert "Watchdog is firing" in _why(world, "Watchdog").stdout


def test_a_recorded_series_is_followed_into_its_rule(world: Running) -> None:
    """With --expand; the number of samples in a window is shown."""
    text = _why(world, "RequestsMissing", "--expand").stdout

    assert "recorded from" in text
    assert "sum by (service) (rate(app_requests_total[5s]))  → " in text
    assert "recorded from" not in _why(world, "RequestsMissing").stdout


def test_another_moment_may_be_asked_about(world: Running) -> None:
    """A time, seconds, or how long ago."""
    at = _answer(world, "QueueFull")["at"]

    assert _answer(world, "QueueFull", "--at", f"{at - 7200}")["cause"].startswith("in `app_queue_length`, no series")
    assert abs(_answer(world, "QueueFull", "--at", "2h")["at"] - (at - 7200)) < 30
    assert _answer(world, "QueueFull", "--at", "2026-11-28T09:30:00Z")["at"] == 1795858200
    assert "is neither a time such as" in _why(world, "QueueFull", "--at", "noon").stderr


def test_a_rule_that_is_not_loaded_is_read_from_a_file(world: Running, tmp_path: Path) -> None:
    """And an unknown alert is an error with what was meant."""
    file = tmp_path / "rules.yaml"
    file.write_text("groups:\n- {name: g, rules: [{alert: Mine, expr: app_up > 5, for: 5m}]}\n", encoding="utf-8")

    text = _why(world, "Mine", "--rules", str(file)).stdout
    unknown = _why(world, "QueueFul")
    file.write_text("groups:\n- {name: g, rules: [{alert: Mine, expr: app_up >}]}\n", encoding="utf-8")
    broken = _why(world, "Mine", "--rules", str(file))

    assert "1 > 5 is false by 4" in text
    assert "has not loaded this rule" in text
    assert (unknown.exit_code, "did you mean `QueueFull`?" in unknown.stderr) == (1, True)
    assert "the expression does not parse" in broken.stderr
    assert "is not LABEL=VALUE" in _why(world, "QueueFull", "web").stderr


_ALERTS = [
    {
        "fingerprint": "a",
        "labels": {"alertname": "Watchdog"},
        "status": {"state": "suppressed", "silencedBy": ["s1"], "inhibitedBy": ["b"], "mutedBy": ["night"]},
        "receivers": [{"name": "team"}],
    },
    {"fingerprint": "b", "labels": {"alertname": "ServerDown"}, "status": {"silencedBy": [], "inhibitedBy": []}},
    {
        "fingerprint": "c",
        "labels": {"alertname": "Watchdog", "x": "y"},
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        "receivers": [{"name": "team"}],
    },
]
_SILENCE = {"createdBy": "ana", "endsAt": "2026-11-28T12:00:00Z", "comment": "move"}


def test_alertmanagers_reasons_are_shown(world: Running) -> None:
    """Silenced by whom and until when, inhibited by which alert, muted, or routed to whom."""
    pages = {"/api/v2/alerts": json.dumps(_ALERTS), "/api/v2/silence/s1": json.dumps(_SILENCE)}
    with serving(pages) as port:
        text = _why(world, "Watchdog", "--alertmanager", f"http://127.0.0.1:{port}").stdout
        none = _why(world, "QueueFull", "--alertmanager", f"http://127.0.0.1:{port}").stdout
        found = _why(world, "Watchdog", "--alertmanager", f"http://127.0.0.1:{port}", "--json").stdout

    assert "silenced by ana until 2026-11-28T12:00:00Z: move; inhibited by ServerDown" in text
    assert "muted by the time interval night" in text
    assert 'Alertmanager: {x="y"}: active, routed to team'.replace("{", '{alertname="Watchdog", ') in text
    assert "Alertmanager has no such alert" in none
    assert [each["state"] for each in json.loads(found)["alertmanager"]] == ["suppressed", "active"]


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ({}, "responded 404"),
        ({"/api/v2/alerts": "<html>"}, "does not respond like Alertmanager"),
        ({"/api/v2/alerts": "[{}]"}, "in an unknown form"),
    ],
)
def test_something_else_than_an_alertmanager_is_said(world: Running, pages: dict[str, str], problem: str) -> None:
    """With the URL."""
    with serving(pages) as port:
        result = _why(world, "Watchdog", "--alertmanager", f"http://127.0.0.1:{port}")

    assert result.exit_code == 1
    assert problem in result.stderr
