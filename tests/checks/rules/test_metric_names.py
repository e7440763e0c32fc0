"""Names that nothing provides are errors with a suggestion."""

from __future__ import annotations

import pytest
from support.rule_text import alert, found, rules

from boxwatch.checks.rules import metric_names


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "node_memory_MemAvailabel_bytes < 1",
            (
                "error: no exporter exposes and no rule records node_memory_MemAvailabel_bytes"
                " (did you mean node_memory_MemAvailable_bytes?)"
            ),
        ),
        (
            "container_restart_count > 1",
            (
                "error: no exporter exposes and no rule records container_restart_count"
                " (correct the name, or record the page that exposes it: boxwatch record URL)"
            ),
        ),
        (
            'container_memory_working_set_bytes{container="web"} > 1',
            "error: container_memory_working_set_bytes has no label container",
        ),
        (
            'container_memory_working_set_bytes{servce="web"} > 1',
            "error: container_memory_working_set_bytes has no label servce (did you mean service?)",
        ),
        (
            "sum by (pod) (rate(container_cpu_usage_seconds_total[5m])) > 1",
            "error: sum by (pod): its operand has no label pod",
        ),
        (
            "sum by (instnce) (up) > 1",
            "error: sum by (instnce): its operand has no label instnce (did you mean instance?)",
        ),
    ],
    ids=["misspelt metric", "metric that never existed", "label of Kubernetes", "misspelt label", "lost label", "typo"],
)
def test_a_name_that_nothing_provides_is_an_error(query: str, message: str) -> None:
    """A rule on it could never fire."""
    (finding,) = found(metric_names, alert(query))

    assert finding.startswith(message)


def test_names_that_exporters_and_our_scraping_provide_are_fine() -> None:
    """Target labels and relabelled ones included."""
    query = 'sum by (server, service, component) (container_memory_working_set_bytes{job="cadvisor",service!=""}) > 1'

    assert found(metric_names, alert(query)) == []


def test_asking_for_series_without_a_label_is_fine() -> None:
    """`{pod=""}` matches where there is no such label."""
    assert found(metric_names, alert('up{pod=""} > 1')) == []


_CHAIN = """
- record: instance:up:sum
  expr: sum by (server, instance) (up)
- record: server:up:sum
  expr: sum by (server) (instance:up:sum)
- alert: A
  expr: {query}
"""


def test_recorded_series_have_the_labels_that_their_rule_keeps() -> None:
    """Through any number of rules."""
    assert found(metric_names, rules(_CHAIN.format(query='server:up:sum{server="main"} > 1'))) == []
    assert found(metric_names, rules(_CHAIN.format(query='server:up:sum{instance="a"} > 1'))) == [
        "error: server:up:sum has no label instance (its labels are server)"
    ]


def test_a_rule_that_reads_itself_is_not_judged_and_does_not_hang() -> None:
    """Its labels cannot be said."""
    assert found(metric_names, rules('- record: a:b:c\n  expr: a:b:c{x="1"} + 1\n')) == []


def test_each_name_is_reported_once() -> None:
    """However often the query says it."""
    assert len(found(metric_names, alert("nothing_a + nothing_a > nothing_a"))) == 1


def test_a_selector_without_a_name_is_not_judged() -> None:
    """It matches by labels alone."""
    assert found(metric_names, alert('count({job="node"}) > 1')) == []


def test_what_a_parameter_reads_is_judged_too() -> None:
    """`topk` takes a query for its number."""
    assert len(found(metric_names, alert("topk(scalar(nothing_a), up) > 0"))) == 1
