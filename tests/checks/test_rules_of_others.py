"""Rules of others are judged by what is certain: their exporters, labels and scrape intervals are unknown here."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from support.rule_text import alert, found, found_in_others, rules

from boxwatch.checks import report
from boxwatch.checks.alertmanager import amtool
from boxwatch.checks.catalogue import of_files
from boxwatch.checks.rules import (
    alert_comparison,
    alert_style,
    alert_templates,
    alert_wait,
    counter_rate,
    fragile_query,
    group_interval,
    matcher_pattern,
    metric_names,
    metric_versions,
    range_window,
    rule_duplicates,
    rule_names,
)

Program = Callable[[str], str]


@pytest.mark.parametrize(
    ("query", "note"),
    [
        (
            "node_memory_MemAvailabel_bytes < 1",
            "node_memory_MemAvailabel_bytes is on no recorded page of node_exporter",
        ),
        ("traefik_backend_requests > 1", "traefik_backend_requests is on no recorded page of traefik"),
        ("shop:orders:rate5m > 1", "none of the given rules records shop:orders:rate5m"),
    ],
)
def test_a_name_that_nobody_recorded_is_a_note(query: str, note: str) -> None:
    """Where a recorded exporter has names that begin like it; with what was compared."""
    (finding,) = found_in_others(metric_names, alert(query))

    assert finding.startswith(f"note: {note}")


@pytest.mark.parametrize(
    "query",
    [
        "shop_orders_total > 1",
        "node_bonding_active < node_bonding_slaves",
        'node_systemd_unit_state{state="failed"} == 1',
        "increase(node_edac_uncorrectable_errors_total[10m]) > 0",
        "rate(prometheus_remote_storage_samples_failed_total[5m]) > 0",
        "go_goroutines > 1",
        'node_load1{cluster="a"} > 1',
        "sum by (pod) (node_load1) > 1",
    ],
)
def test_metrics_and_labels_of_others_are_unknown_and_not_wrong(query: str) -> None:
    """A feature, hardware, a program of their own, a label of their scrape configuration."""
    assert found_in_others(metric_names, alert(query)) == []


def test_a_metric_of_several_programs_is_there_when_one_has_it() -> None:
    """Unless the query names a job whose exporter lacks it."""
    assert found(metric_versions, alert("go_goroutines > 1")) == []
    assert found(metric_versions, alert('go_goroutines{job="redis"} > 1')) != []


@pytest.mark.parametrize(
    ("query", "lost"),
    [
        ("up == 0", False),
        ("max without (instance) (up) == 0", False),
        ("max without (cluster) (up) == 0", True),
        ("max by (instance) (up) == 0", True),
        ("sum(up) == 0", True),
        ("up / ignoring (instance) up == 0", False),
        ("up / on (instance) up == 0", True),
        ("up * on (instance) group_left (cluster) up == 0", False),
        ("sum by (instance) (up) * on (instance) group_right () up == 0", False),
        ("up or sum(up)", False),
        ("sum(up) and up", True),
        ("up > scalar(sum(up))", False),
        ("1 - up > 0", False),
        ("topk(3, up) == 0", False),
        ("absent(up)", True),
        ('absent(up{cluster="a"})', False),
        ("vector(1) == 1", True),
        ('label_replace(sum(up), "cluster", "x", "", "") == 0', False),
        ('count_values by (job) ("cluster", up) > 0', False),
        ("max_over_time((up)[5m:1m]) == 0", False),
        ("-up == 0", False),
        ('up{cluster=""} == 0', True),
        ("info(up) == 0", False),
        ("increase(x_total[5m]) > 0", False),
    ],
)
def test_a_label_that_the_query_certainly_drops_is_an_error(query: str, *, lost: bool) -> None:
    """Any series may have `cluster`, until an aggregation or a join takes it away."""
    findings = found_in_others(alert_templates, alert(query, description="{{ $labels.cluster }} is wrong."))

    assert [one.partition(" (")[0] for one in findings] == (
        ["error: description uses the label cluster, which the query does not keep"] if lost else []
    )


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (alert_style, "- alert: not_camel\n  expr: up == 0\n"),
        (rule_names, "- record: errors\n  expr: up\n"),
        (matcher_pattern, '- alert: A\n  expr: up{job=~"a"} == 0\n'),
        (alert_wait, "- alert: A\n  expr: up == 0\n  for: 0s\n"),
        (fragile_query, "- alert: A\n  expr: topk(3, up) == 0\n"),
        (counter_rate, "- alert: A\n  expr: node_context_switches_total > 5\n"),
        (alert_comparison, '- alert: A\n  expr: failed_jobs{state="bad"}\n'),
    ],
    ids=lambda value: value.ID if isinstance(value, ModuleType) else "",
)
def test_matters_of_taste_are_notes(module: ModuleType, text: str) -> None:
    """In our own rules they are warnings or errors."""
    assert {one.partition(":")[0] for one in found_in_others(module, rules(text))} == {"note"}
    assert "note" not in {one.partition(":")[0] for one in found(module, rules(text))}


def test_a_dead_mans_switch_of_any_name_is_fine() -> None:
    """An alert on a whole metric always fires."""
    assert found_in_others(alert_comparison, alert("vector(1)")) == []
    assert found_in_others(alert_comparison, alert("up"))[0].startswith("warning: the query has no condition")


def test_only_the_same_query_again_is_a_duplicate() -> None:
    """Two thresholds, or two versions of an exporter, are none."""
    text = "- {alert: A, expr: a > 1}\n- {alert: A, expr: b > 1}\n- {alert: A, expr: a  > 1}\n"

    assert found_in_others(rule_duplicates, rules(text)) == [
        "warning: line 4 has the same name and labels and query (remove one, or distinguish them by a label)"
    ]
    assert len(found(rule_duplicates, rules(text))) == 2


def test_windows_are_judged_by_the_usual_scrape_interval() -> None:
    """30 s hold two samples of 15 s; less is too short for nearly everybody."""
    assert found_in_others(range_window, alert("rate(x_total[30s]) > 1")) == []
    (finding,) = found_in_others(range_window, alert("rate(x_total[29s]) > 1"))
    assert "covers fewer than 2 scrapes of 15s" in finding
    assert found_in_others(group_interval, rules("- record: a\n  expr: up\n")) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("rate(node_memory_MemAvailable_bytes[5m]) > 1", "rate() reads node_memory_MemAvailable_bytes, a gauge"),
        ("increase(sum(a_total)[5m:1m]) > 1", "increase() of sum()"),
        ("rate((avg by (x) (a_total))[5m:1m]) > 1", "rate() of avg()"),
        ("rate(a:sum[5m]) > 1", "rate() of a:sum, a recorded sum"),
    ],
)
def test_rates_of_what_is_no_counter_are_warnings(query: str, said: str) -> None:
    """A fall is taken for a restart."""
    file = rules(f"- record: a:sum\n  expr: (sum(a_total))\n- alert: A\n  expr: {query}\n")

    assert [one for one in found_in_others(counter_rate, file) if one.startswith(f"warning: {said}")]


@pytest.mark.parametrize(
    "query",
    ["max_over_time(sum(a)[5m:1m]) > 1", "rate(a:rate:sum[5m]) > 1", "rate(a_total[5m]) > 1", "rate(max(a)[5m:]) > 1"],
)
def test_rates_of_counters_are_fine(query: str) -> None:
    """And of what nobody knows."""
    file = rules(f"- record: a:rate:sum\n  expr: sum(rate(a_total[5m]))\n- alert: A\n  expr: {query}\n")

    assert found_in_others(counter_rate, file) == []


def test_notes_fail_nothing_and_are_counted() -> None:
    """Every format has them; text on request."""
    text = b"groups: [{name: g, rules: [{record: errors, expr: up}]}]"
    found_ = of_files({"r.yaml": text}, {}, 30)
    assert (len(found_.findings), found_.failing) == (1, ())

    outputs = {style: "\n".join(report.lines(found_, style)) for style in report.FORMATS}
    assert "0 findings in 1 file; 1 note" in outputs["text"]
    assert "::notice file=r.yaml" in outputs["github"]
    assert '"severity": "info"' in outputs["gitlab"]
    assert '"level": "note"' in outputs["sarif"]
    assert 'failures="0"' in outputs["junit"]
    assert "<system-out>" in outputs["junit"]
    assert list(report.lines(found_.shortened(), "text")) == ["0 findings in 1 file; 1 note (--notes shows them)"]


def test_a_file_that_cannot_be_read_keeps_nobody_from_judging_the_others() -> None:
    """It is an error of its own, with its line."""
    files = {"bad.yaml": b"groups: [a\n", "none.yaml": b"groups: 5\n", "good.yaml": b"groups: []\n"}

    assert [(one.file, one.check, one.line) for one in of_files(files, {}, 30).findings] == [
        ("bad.yaml", "rule_loading", 2),
        ("none.yaml", "rule_loading", 0),
    ]


def test_alertmanager_files_go_through_amtool(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is one; where not, that is said."""
    files = {"am.yml": b"route: {receiver: a, unknown: 1}\nreceivers: [{name: a}]\n"}
    tool = program("amtool")
    monkeypatch.setattr(amtool, "path", lambda: tool)
    (refused,) = [one for one in of_files(files, {}, 30).findings if one.check == "amtool"]
    assert (refused.file, refused.severity) == ("am.yml", "error")

    monkeypatch.setattr(amtool, "path", lambda: None)
    assert of_files(files, {}, 30).skipped == ("amtool is not on the PATH: am.yml was not run through it",)
