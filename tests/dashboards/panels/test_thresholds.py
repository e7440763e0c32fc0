"""Panels change colour at the alerts' thresholds, whatever the topology sets them to."""

from __future__ import annotations

import json

import pytest
from support.topologies import complete

from boxwatch.dashboards import catalogue as dashboards
from boxwatch.dashboards.panels import colours, thresholds
from boxwatch.grafana.tree import nodes
from boxwatch.rules.catalogue import build, subjects
from boxwatch.rules.panel_id import panel_id
from boxwatch.topology.model import Topology
from boxwatch.topology.settings import AlertTuning
from boxwatch.topology.values import Frozen


def _tuned(topology: Topology, **numbers: float) -> Topology:
    rules = Frozen({name: AlertTuning(threshold=number) for name, number in numbers.items()})
    return topology.model_copy(update={"alerts": topology.alerts.model_copy(update={"rules": rules})})


def test_a_scale_begins_where_its_alerts_do() -> None:
    """The numbers are those of the alerts, and the sentence names both alerts."""
    numbers = build(complete()).thresholds

    scale = thresholds.too_little(numbers, "HostDiskLow", "HostDiskCritical")

    assert [value for value, _ in scale.steps] == [
        0,
        thresholds.of(numbers, "HostDiskCritical"),
        thresholds.of(numbers, "HostDiskLow"),
    ]
    assert "HostDiskCritical and HostDiskLow" in scale.says


def test_a_scale_follows_the_topology() -> None:
    """Colours change where the tuned alerts fire."""
    topology = _tuned(complete(), HostDiskLow=0.3, HostDiskCritical=0.2)

    scale = thresholds.too_little(build(topology).thresholds, "HostDiskLow", "HostDiskCritical")

    assert [value for value, _ in scale.steps] == [0, 0.2, 0.3]


def test_one_threshold_for_both_alerts_has_one_colour_of_trouble() -> None:
    """Amber would have no room between them."""
    topology = _tuned(complete(), HostDiskLow=0.2, HostDiskCritical=0.2)

    scale = thresholds.too_little(build(topology).thresholds, "HostDiskLow", "HostDiskCritical")

    assert scale.steps == ((0, colours.BAD), (0.2, colours.GOOD))


def test_an_alert_that_is_switched_off_keeps_its_line() -> None:
    """The panel remains, and its number still separates healthy from unhealthy."""
    topology = complete()
    rules = Frozen({"HostDiskLow": AlertTuning(enabled=False)})
    without = topology.model_copy(update={"alerts": topology.alerts.model_copy(update={"rules": rules})})

    built = build(without)

    assert "HostDiskLow" not in {alert.alert for subject in built.subjects for alert in subject.alerts}
    assert built.thresholds == build(topology).thresholds


def test_an_alert_without_a_threshold_has_no_scale() -> None:
    """Such a bug surfaces when the dashboard is built."""
    with pytest.raises(ValueError, match="no alert HostRaidDegraded with a threshold"):
        thresholds.of(build(complete()).thresholds, "HostRaidDegraded")


def test_alerts_name_panels_that_exist() -> None:
    """A link to a missing panel opens an empty page."""
    texts = dashboards.files(build(complete())).values()
    ours = {board["uid"]: board for board in map(json.loads, texts)}
    for subject in subjects(complete()):
        for alert in subject.alerts:
            if alert.panel:
                board = ours[f"boxwatch-{alert.dashboard}"]
                there = {panel["id"]: panel.get("title") for panel in nodes(board["panels"])}
                assert there.get(panel_id(alert.panel)) == alert.panel, (alert.alert, alert.panel)
