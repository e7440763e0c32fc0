"""Names and labels: follow Prometheus' conventions and avoid target labels."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import re
import subprocess
import sys

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

from boxwatch.exporters.catalogue import exposition
from boxwatch.exporters.coolify import names

TARGET_LABELS = {"server", "service", "job", "instance", "le", "quantile"}


def test_no_label_is_one_of_the_targets() -> None:
    assert not TARGET_LABELS & {label for metric in names.METRICS for label in metric.labels}


def test_names_are_unique_and_of_the_house() -> None:
    assert len(set(names.METRICS)) == len(names.METRICS)
    assert all(re.fullmatch(r"coolify_[a-z_]+", metric) for metric in names.METRICS)


def test_counters_and_only_they_end_in_total() -> None:
    assert {metric for metric in names.METRICS if metric.kind == "counter"} == {
        metric for metric in names.METRICS if metric.endswith("_total")
    }


def test_moments_and_spans_are_in_seconds() -> None:
    timed = [metric for metric in names.METRICS if re.search("timestamp|duration|interval|timeout|age", metric)]

    assert timed
    assert all(metric.endswith("_seconds") for metric in timed)


def test_no_label_changes_at_a_deploy_but_of_one_info_metric() -> None:
    labels = {label for metric in names.METRICS for label in metric.labels if metric != names.DEPLOYMENT_INFO}

    assert not labels & {"deployment", "deployment_uuid", "commit", "container", "image", "fqdn"}


def test_every_metric_is_explained_in_a_sentence() -> None:
    assert all(metric.help.endswith(".") and len(metric.help) < 120 for metric in names.METRICS)


def test_a_metric_can_be_written_into_an_expression() -> None:
    assert f"{names.UP}{{{names.ACCOUNT}='main'}} == 0" == "coolify_up{account='main'} == 0"


def test_the_metrics_of_the_process_are_those_of_prometheus_client() -> None:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    page = exposition.parse(generate_latest(registry).decode(), "page")

    assert {(str(metric), metric.kind, metric.help, frozenset(metric.labels)) for metric in names.PROCESS} == {
        (sampled.name, sampled.type, sampled.help, sampled.labels) for sampled in page
    }


def test_rules_and_dashboards_can_import_the_names_without_the_exporter() -> None:
    code = (
        "import sys, boxwatch.exporters.coolify.names\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('prometheus_client', 'boxwatch'))))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert loaded == [
        "boxwatch",
        "boxwatch.exporters",
        "boxwatch.exporters.coolify",
        "boxwatch.exporters.coolify.names",
    ]
