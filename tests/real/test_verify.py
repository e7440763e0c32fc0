"""Whatever is broken in a healthy world is named as the reason, by a real Prometheus."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import verified
from support.verified import Running

from boxwatch.checks.rules import rule_file
from boxwatch.cli import main
from boxwatch.live.absence import Absence, Reason, World
from boxwatch.promql.parse import parse

# Selectors with data, in the places where a selector may stand.
_HEALTHY = (
    "app_up",
    "app_queue_length",
    'app_queue_length{queue="mail"}',
    'app_requests_total{service="web",code="200"}',
    "service:requests:rate5s",
)
_AROUND = (
    "{}",
    "sum by (service) ({})",
    "-({})",
    "sum({}) / sum(app_limit)",
    "sum(app_limit) / sum({})",
    "({}) and on () app_up",
    "count(app_up) + on () count({})",
    "count({} >= 0) > 0",
    "max_over_time(({})[2s:1s])",
    "({}) unless nothing_excluded",
    "clamp_min({}, 1)",
    "label_replace({}, 'a', '$1', 'job', '(.*)')",
    "topk(1, {})",
    "({}) > bool 3",
    "sum({} or nothing_at_all)",
)
# (cause, the broken selector, what the reason must name).
_FAULTS = (
    ("metric-unknown", "app_queue_size", "app_queue_size"),
    ("metric-unknown", '{__name__="app_queue_size"}', "app_queue_size"),
    ("metric-unknown", '{__name__=~"nothing.*"}', "nothing.*"),
    ("metric-unknown", "rate(app_request_total[5s])", "app_request_total"),
    ("label-value", 'app_queue_length{service="wbe"}', 'service="wbe"'),
    ("label-value", 'app_requests_total{service=~"a|b",code="200"}', 'service=~"a|b"'),
    ("label-value", 'rate(app_requests_total{method="put"}[5s])', 'method="put"'),
    ("label-missing", 'app_queue_length{svc="web"}', "`svc`"),
    ("labels-apart", 'app_queue_length{service="web",queue="jobs"}', 'queue="jobs"'),
    ("target-missing", 'app_queue_length{job="shop"}', 'job="shop"'),
    ("target-down", "store_connections", "store"),
    ("target-down", 'store_limit{job="store"}', "store"),
    ("target-down", 'go_goroutines{job="redis"}', "redis"),
    ("target-down", "redis_connected_clients", "redis"),
    ("target-missing", "pg_stat_activity_count", "postgres_exporter"),
    ("service-stopped", 'app_queue_length{service="stopped"}', "stopped"),
    ("window-short", 'rate(app_requests_total{job="slow"}[3s])', "every 4s"),
    ("rule-missing", "service:planned:sum", "service:planned:sum"),
    ("rule-missing", 'ALERTS{alertname="NobodysAlert"}', "NobodysAlert"),
    ("rule-failing", "service:failing:ratio", "service:failing:ratio"),
    ("label-value", "service:empty:sum", 'service="nobody"'),
    ("rule-young", "service:later:sum", "service:later:sum"),
    ("window-young", "app_up offset 1d", "offset 1d"),
)
# Queries that give nothing, rightly.
_FINE = (
    ("app_queue_length > 100", "the closest of 4 values is 3"),
    ("app_queue_length < 0", "the closest of 4 values is 0"),
    ("absent(app_up)", "`app_up` has data"),
    ('ALERTS{severity="page"}', "while an alert is pending or firing"),
    ('ALERTS{alertname="QueueFull"}', "while an alert is pending or firing"),
    ('sum(rate(app_requests_total{code=~"5.."}[5s])) > 0', "200"),
    ("app_queue_length unless app_queue_length", "excludes every series"),
    ("app_queue_length > 2 and app_queue_length < 1", "no series"),
    ("app_queue_length > 100 or store_connections", "no series meets"),
    ('app_queue_length{service=""}', "has the label `service`"),
    ("app_queue_length > on (service, job) app_limit", "no series meets"),
)


def _absence(world: Running) -> Absence:
    source = world.source
    records = {rule.name: rule.expr for rule in rule_file.read("r", verified.RULES.encode()).records}
    at, targets, groups = source.now(), source.targets(), source.groups()
    return Absence(World(source, at, targets, groups, records | {"service:planned:sum": "x"}, source.scrape_interval()))


def _reason(world: Running, query: str) -> Reason | None:
    return _absence(world).check(parse(query))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(_HEALTHY), st.sampled_from(_AROUND))
def test_nothing_is_said_of_a_query_with_data(world: Running, selector: str, around: str) -> None:
    """Wherever the selector stands."""
    assert _reason(world, around.format(selector)) is None


@pytest.mark.parametrize(("cause", "selector", "named"), _FAULTS)
def test_each_fault_is_named(world: Running, cause: str, selector: str, named: str) -> None:
    """Its cause, and what is wrong in it."""
    reason = _reason(world, selector)

    assert reason is not None
    assert (reason.cause, reason.fine) == (cause, False), reason
    assert named in reason.message


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(_FAULTS), st.sampled_from(_AROUND), st.sampled_from(_AROUND))
def test_a_fault_is_named_wherever_it_stands(
    world: Running, fault: tuple[str, str, str], around: str, outside: str
) -> None:
    """Two operations around it hide nothing: neither a comparison that fails nor the other side."""
    cause, selector, named = fault
    query = outside.format(around.format(selector))

    reason = _reason(world, query)

    assert reason is not None, query
    assert (reason.cause, reason.fine) == (cause, False), (query, reason)
    assert named in reason.message, query


@pytest.mark.parametrize(("query", "evidence"), _FINE)
def test_nothing_to_report_is_fine(world: Running, query: str, evidence: str) -> None:
    """A condition that does not hold is no fault, and the reason says how that is known."""
    reason = _reason(world, query)

    assert reason is not None
    assert reason.fine, reason
    assert evidence in reason.message


@pytest.mark.parametrize(
    ("query", "difference"),
    [
        ("app_queue_length / app_limit", "`queue`"),
        ("app_queue_length{service='web'} / on (queue, job) app_limit{service='web'}", "`queue` is only on the left"),
        ("app_queue_length{service='web'} and on (service) app_limit{service='api'}", '"web" on the left and "api"'),
    ],
)
def test_sides_that_do_not_match_differ_in_a_label(world: Running, query: str, difference: str) -> None:
    """The label is named, with both values."""
    reason = _reason(world, query)

    assert reason is not None
    assert reason.cause == "labels-differ", reason
    assert difference in reason.message


def test_a_condition_that_is_not_met_hides_no_missing_metric(world: Running) -> None:
    """`x > 100 and y`: the alert could never fire, because y does not exist."""
    reason = _reason(world, "app_queue_length > 100 and on (service) app_size")

    assert reason is not None
    assert reason.cause == "metric-unknown"


def test_a_default_hides_a_fault_and_is_found(world: Running) -> None:
    """`or vector(0)` shows 0 for a metric that does not exist; where it stands for nothing to report, it is right."""
    absence = _absence(world)

    hidden = absence.hidden(parse("sum(app_queue_size) or vector(0)"))
    right = absence.hidden(parse("sum(app_queue_length > 100) or vector(0)"))

    assert hidden is not None
    assert hidden.cause == "hidden-by-default"
    assert "app_queue_size" in hidden.message
    assert right is None


_BOARD = {
    "title": "Shop",
    "templating": {
        "list": [
            {"name": "service", "type": "query", "query": "label_values(app_queue_length, service)", "multi": True},
            {"name": "queue", "type": "query", "query": 'label_values(app_queue_length{service=~"$service"}, queue)'},
            {"name": "gone", "type": "query", "query": "label_values(app_gone, service)"},
        ]
    },
    "panels": [
        {"title": "Good", "targets": [{"refId": "A", "expr": 'app_queue_length{service=~"$service",queue="$queue"}'}]},
        {"title": "Each", "repeat": "service", "targets": [{"refId": "A", "expr": 'app_limit{service="$service"}'}]},
        {"title": "Rate", "targets": [{"refId": "A", "expr": "rate(app_requests_total[$__rate_interval])"}]},
        {"title": "Broken", "targets": [{"refId": "A", "expr": "app_queue_size"}]},
        {"title": "Empty", "targets": [{"refId": "A", "expr": 'app_queue_length{service="$gone"}'}]},
        {"title": "Wrong", "targets": [{"refId": "A", "expr": "sum(app_up"}]},
        {"title": "Logs", "targets": [{"refId": "A", "expr": "{a=1}", "datasource": {"type": "loki", "uid": "l"}}]},
    ],
}


def test_the_command_verifies_files_of_any_origin(world: Running, tmp_path: Path) -> None:
    """Targets, loaded rules, rules of a file, variables and panels; exit code 1 for what is broken."""
    (tmp_path / "shop.json").write_text(json.dumps(_BOARD, indent=1), encoding="utf-8")
    rules = "groups: [{name: g, rules: [{alert: A, expr: app_queue_length > 100}, {record: a:b:c, expr: app_gone}]}]"
    (tmp_path / "rules.yaml").write_text(rules.replace("groups: ", "groups:\n "), encoding="utf-8")

    result = CliRunner().invoke(main, ["verify", "--prometheus", world.url, str(tmp_path), "--json"])

    assert result.exit_code == 1, result.output
    items = {(each["section"], each["where"]): each for each in json.loads(result.stdout)["items"]}
    outcomes = {
        where: each["outcome"] for (section, where), each in items.items() if section in ("panels", "variables")
    }
    assert outcomes == {
        'variable "service"': "data",
        'variable "queue"': "data",
        'variable "gone"': "broken",
        'panel "Good" query A': "data",
        'panel "Each" query A [service=api]': "data",
        'panel "Rate" query A': "data",
        'panel "Broken" query A': "broken",
        'panel "Empty" query A': "broken",
        'panel "Wrong" query A': "broken",
        'panel "Logs" query A': "skipped",
    }


def test_every_format_reports_the_same(world: Running, tmp_path: Path) -> None:
    """Text for people, JUnit, GitHub with the line, GitLab."""
    (tmp_path / "shop.json").write_text(json.dumps(_BOARD, indent=1), encoding="utf-8")

    def output(style: str, *more: str) -> str:
        arguments = ["verify", "--prometheus", world.url, str(tmp_path / "shop.json"), "--format", style, *more]
        return CliRunner().invoke(main, arguments).stdout

    text, everything = output("text"), output("text", "--all")
    assert f'broken: {tmp_path}/shop.json: panel "Broken" query A: no series was named app_queue_size' in text
    assert "skipped: " not in text
    assert 'panel "Logs" query A: the query asks loki, not Prometheus' in everything
    line = json.dumps(_BOARD, indent=1)[: json.dumps(_BOARD, indent=1).index("app_queue_size")].count("\n")
    assert f"::error file={tmp_path}/shop.json,line={line - 1},title=metric-unknown::" in output("github")
    assert "metric-unknown" in {each["check_name"] for each in json.loads(output("gitlab"))}
    cases = ET.fromstring(output("junit")).iter("testcase")  # noqa: S314 - made here
    failed = {case.get("name") for case in cases if case.find("failure") is not None}
    assert {'panel "Broken" query A', 'panel "Wrong" query A', "target store"} & failed == {
        'panel "Broken" query A',
        'panel "Wrong" query A',
    }


def test_a_value_may_be_selected_and_each_in_turn(world: Running, tmp_path: Path) -> None:
    """`--var service=web` opens the dashboard with it; `--var service=*` verifies each value."""
    (tmp_path / "shop.json").write_text(json.dumps(_BOARD), encoding="utf-8")

    def good(chosen: str) -> dict[str, str]:
        arguments = ["verify", "--prometheus", world.url, str(tmp_path / "shop.json"), "--var", chosen, "--json"]
        items = json.loads(CliRunner().invoke(main, arguments).stdout)["items"]
        return {each["where"]: each["outcome"] for each in items if "Good" in each["where"] or "Each" in each["where"]}

    assert good("service=web") == {
        'panel "Good" query A': "data",
        'panel "Each" query A [service=web]': "data",
    }
    assert good("service=*") == {
        'panel "Good" query A [service=api]': "data",
        'panel "Good" query A [service=web]': "data",
        'panel "Each" query A [service=api]': "data",
        'panel "Each" query A [service=web]': "data",
    }
