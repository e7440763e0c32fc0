"""Dashboards are verified as they stand in Grafana, through their own data sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support import grafana as stand_in
from support.fake_prometheus import FakePrometheus
from support.grafana import TOKEN, Grafana

from boxwatch.cli import main
from boxwatch.grafana.schema_v2 import resource


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    """A Grafana with two data sources of Prometheus' type, and one of another."""
    with stand_in.grafana() as state:
        state.frontend_sources = {
            "Main": {"uid": "main", "type": "prometheus", "isDefault": True, "jsonData": {"timeInterval": "1m"}},
            "Second": {"uid": "second", "type": "prometheus"},
            "Logs": {"uid": "logs", "type": "loki"},
        }
        state.proxied = {
            "main": FakePrometheus(answers={"up": [({}, 1)], "rate(x[4m])": [({}, 1)]}),
            "second": FakePrometheus(answers={"down": [({}, 1)], "count(up)": []}),
        }
        yield state


def _panel(title: str, expr: str, **source: str) -> dict[str, Any]:
    reference = {"datasource": source} if source else {}
    return {"id": 1, "type": "stat", "title": title, **reference, "targets": [{"refId": "A", "expr": expr}]}


def _board(*panels: dict[str, Any], uid: str = "shop", **more: object) -> dict[str, Any]:
    return {"uid": uid, "title": uid.title(), "panels": list(panels), **more}


def _verify(grafana: Grafana, *arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["verify", "--grafana", grafana.url, *arguments], env={"BOXWATCH_GRAFANA_TOKEN": TOKEN}
    )


def _outcomes(result: Result) -> dict[str, tuple[str, str]]:
    items = json.loads(result.stdout)["items"]
    return {
        each["where"].removesuffix(" query A"): (each["outcome"], (each["reason"] or {}).get("cause", ""))
        for each in items
        if each["section"] == "panels"
    }


def test_every_query_goes_to_its_own_data_source(grafana: Grafana) -> None:
    """By uid, by name, by variable, or to the default; one that does not exist is said."""
    variable = {"name": "ds", "type": "datasource", "query": "prometheus", "current": {"value": "second"}}
    grafana.put(
        _board(
            _panel("default", "up"),
            _panel("uid", "down", type="prometheus", uid="second"),
            _panel("variable", "down", type="prometheus", uid="$ds"),
            _panel("logs", "x", type="loki", uid="logs"),
            _panel("gone", "up", type="prometheus", uid="gone"),
            _panel("interval", "rate(x[$__rate_interval])"),
            _panel("expression", "x", type="__expr__", uid="__expr__"),
            _panel("empty", "up", type="prometheus", uid="second"),
            templating={"list": [variable]},
        )
    )

    result = _verify(grafana, "--json")

    assert result.exit_code == 1, result.output
    assert _outcomes(result) == {
        'panel "default"': ("data", ""),
        'panel "uid"': ("data", ""),
        'panel "variable"': ("data", ""),
        'panel "logs"': ("skipped", "other-source"),
        'panel "gone"': ("broken", "source-missing"),
        # The data source states an interval of a minute.
        'panel "interval"': ("data", ""),
        'panel "empty"': ("broken", "metric-unknown"),
    }
    assert json.loads(result.stdout)["skipped"] == [
        f"{grafana.url} (data source Main) shows no targets",
        f"{grafana.url} (data source Main) shows no rules",
    ]


def test_one_dashboard_may_be_named(grafana: Grafana) -> None:
    """And a missing one is an error."""
    grafana.put(_board(_panel("one", "up")))
    grafana.put(_board(_panel("two", "up"), uid="other"))

    assert set(_outcomes(_verify(grafana, "--uid", "other", "--json"))) == {'panel "two"'}
    missing = _verify(grafana, "--uid", "none")
    assert missing.exit_code == 1
    assert "dashboard none: " in missing.stderr


def test_a_dashboard_of_schema_v2_is_read_from_the_newer_api(grafana: Grafana, monkeypatch: pytest.MonkeyPatch) -> None:
    """The classic API cannot show every one."""
    spec = resource.to_v2(_board(_panel("new", "up")), "v2beta1")
    answer = Grafana.answer

    def answered(self: Grafana, method: str, path: str, query: dict[str, list[str]], body: object) -> tuple[int, Any]:
        if path == "/apis/dashboard.grafana.app/v2beta1/namespaces/default/dashboards/v2":
            return 200, spec
        return answer(self, method, path, query, body)

    monkeypatch.setattr(Grafana, "answer", answered)

    assert _outcomes(_verify(grafana, "--uid", "v2", "--json")) == {'panel "new"': ("data", "")}


def test_files_may_be_verified_through_grafana(grafana: Grafana, tmp_path: Any) -> None:  # noqa: ANN401 - pytest's path
    """Before they are published there."""
    (tmp_path / "x.json").write_text(json.dumps(_board(_panel("file", "down", type="prometheus", uid="second"))))

    assert _outcomes(_verify(grafana, str(tmp_path / "x.json"), "--json")) == {'panel "file"': ("data", "")}


def test_a_grafana_without_prometheus_is_an_error(grafana: Grafana) -> None:
    """Nothing could be asked."""
    grafana.frontend_sources = {}

    result = _verify(grafana)

    assert result.exit_code == 1
    assert "has no data source of Prometheus' type" in result.stderr


def test_a_token_is_needed(grafana: Grafana) -> None:
    """And never shown."""
    result = CliRunner().invoke(main, ["verify", "--grafana", grafana.url], env={"BOXWATCH_GRAFANA_TOKEN": ""})

    assert result.exit_code == 1
    assert "no token for Grafana" in result.stderr
    assert TOKEN not in _verify(grafana).output
