"""A query that is silent on some versions of an exporter is a warning, unless it names what those have instead."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, rules

from boxwatch.checks import catalogue
from boxwatch.checks.rules import metric_versions, promtool
from boxwatch.exporters.catalogue import metrics
from boxwatch.exporters.catalogue.supported import OLDEST, supported

HINT = "(add the name in those versions with `or`, or state the version that the file needs)"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            'container_creation_time_seconds{job="cadvisor"} > 1',
            "container_creation_time_seconds finds nothing on cadvisor before 0.57.0",
        ),
        (
            'absent(container_creation_time_seconds{job="cadvisor"})',
            "container_creation_time_seconds finds nothing on cadvisor before 0.57.0",
        ),
        ("alertmanager_marked_alerts > 1", "alertmanager_marked_alerts finds nothing on alertmanager 0.33.1, 0.34.2"),
        (
            'sum by (integration) (rate(alertmanager_notifications_failed_total{reason="other"}[5m])) > 1',
            "alertmanager_notifications_failed_total finds nothing on alertmanager before 0.28.1",
        ),
        (
            "topk(scalar(node_filesystem_mount_info), up) > 0",
            "node_filesystem_mount_info finds nothing on node_exporter before 1.9.0",
        ),
        (
            "up == 0 unless on (server) max_over_time(node_filesystem_mount_info[5m:1m]) > 0",
            "node_filesystem_mount_info finds nothing on node_exporter before 1.9.0",
        ),
        (
            "-(node_filesystem_mount_info) < 0 and node_filesystem_size_bytes > 0 and node_filesystem_purgeable_bytes",
            (
                "node_filesystem_mount_info and node_filesystem_purgeable_bytes"
                " find nothing on node_exporter before 1.11.1"
            ),
        ),
    ],
    ids=["came later", "absent() lies", "was removed", "label came later", "parameter", "unless, subquery", "several"],
)
def test_what_is_silent_on_some_versions_is_said(query: str, message: str) -> None:
    """With the exporter and the versions."""
    assert found(metric_versions, alert(query)) == [f"warning: {message} {HINT}"]


@pytest.mark.parametrize(
    "query",
    [
        "container_start_time_seconds > 1",
        "(container_creation_time_seconds or container_start_time_seconds) > 1",
        "alertmanager_marked_alerts > 1 or alertmanager_alerts > 1",
        "(node_filesystem_mount_info or vector(0)) > 0",
        'alertmanager_notifications_failed_total{reason!="other"} > 1',
        'alertmanager_notifications_failed_total{reason=""} > 1',
        'alertmanager_notifications_failed_total{reason=~"|other"} > 1',
        # Off by default, so nobody can say that the older version lacks it.
        "pg_long_running_transactions > 1",
        # Before the oldest version that is supported.
        "container_health_state < 1",
        # On other exporters' pages it is, and this job is none of them.
        'go_gc_gogc_percent{job="coolify"} > 1',
        "no_such_metric > 1",
        "vector(1) > 0",
    ],
)
def test_what_works_everywhere_or_has_another_name_for_the_rest_is_fine(query: str) -> None:
    """A join with `or` says that the rule knows."""
    assert found(metric_versions, alert(query)) == []


def test_both_sides_of_an_or_must_not_lack_the_same_version() -> None:
    """An older name that is not older helps nobody."""
    query = "(node_filesystem_mount_info or node_filesystem_purgeable_bytes) > 0"

    (finding,) = found(metric_versions, alert(query))
    assert finding.endswith(f" find nothing on node_exporter before 1.9.0 {HINT}")


def test_a_series_that_two_rules_record_is_there_when_one_of_them_has_it() -> None:
    """As with `or`, as long as they record the same series."""
    new = "- record: a:b:c\n  expr: container_creation_time_seconds\n"
    old = "- record: a:b:c\n  expr: container_start_time_seconds\n"

    assert len(found(metric_versions, rules(new))) == 1
    assert found(metric_versions, rules(new + old)) == []
    assert len(found(metric_versions, rules(new + old + "  labels: {x: y}\n"))) == 1


def test_what_a_rule_records_has_no_versions() -> None:
    """The recording rule is judged, and what reads it is not."""
    file = rules("- record: a:b:c\n  expr: node_filesystem_mount_info\n- alert: A\n  expr: a:b:c > 0\n")

    assert len(found(metric_versions, file)) == 1


def test_a_file_says_which_version_it_needs() -> None:
    """Anybody's rule file, in a comment."""
    text = "- record: a:b:c\n  expr: container_creation_time_seconds\n"

    assert found(metric_versions, rules(f"# boxwatch: needs cadvisor 0.57.0\n{text}")) == []
    assert len(found(metric_versions, rules(f"# boxwatch: needs node_exporter 1.12.1\n{text}"))) == 1
    assert found(metric_versions, rules(f"# boxwatch: needs cadvisor 0.56.0\n{text}")) == [
        f"warning: container_creation_time_seconds finds nothing on cadvisor before 0.57.0 {HINT}"
    ]


def test_a_file_can_also_need_an_older_version_than_is_supported_by_default() -> None:
    """What it says is what counts."""
    text = "# boxwatch: needs cadvisor 0.49.1\n- record: a:b:c\n  expr: container_health_state\n"

    assert found(metric_versions, rules(text)) == [
        f"warning: container_health_state finds nothing on cadvisor before 0.55.1 {HINT}"
    ]


def test_a_rule_that_does_not_parse_is_left_to_another_check() -> None:
    """Beside one that records the same."""
    text = "- record: a:b:c\n  expr: '('\n- record: a:b:c\n  expr: node_filesystem_mount_info\n"

    assert len(found(metric_versions, rules(text))) == 1


def test_a_panel_is_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a rule is."""
    monkeypatch.setattr(promtool, "path", lambda: None)
    board = b'{"panels": [{"title": "x", "targets": [{"refId": "A", "expr": "node_filesystem_mount_info"}]}]}'

    found_here = catalogue.run({"grafana/dashboards/x.json": board}, 30).findings
    assert "node_filesystem_mount_info finds nothing on node_exporter before 1.9.0" in {
        each.message for each in found_here if each.check == metric_versions.ID
    }


def test_supported_versions_are_recorded_ones() -> None:
    """A version that nobody recorded would be a promise that nobody checks."""
    for exporter, version in OLDEST.items():
        assert version in metrics.versions_of(exporter)
        assert supported(exporter, version)
    assert not supported("cadvisor", "0.52.1")
    assert supported("cadvisor", "0.52.1", {"cadvisor": "0.52.1"})
    assert supported("node_exporter", "0.1")
