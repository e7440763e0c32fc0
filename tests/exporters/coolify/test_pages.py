"""The exposition of each collector: equal to its docstring and golden file, and accepted by promtool."""

from __future__ import annotations

import inspect
import subprocess
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from support.coolify import HandClock, Rig, parse
from support.tiny import tiny

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.collectors.catalogue import COLLECTORS
from boxwatch.exporters.coolify.exposition_cache import OPENMETRICS, TEXT, render
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.snapshot_store import DiskUse, SnapshotStore

Golden = Callable[[str, str], None]
Program = Callable[[str], str]
Make = Callable[[SnapshotStore], "Collector"]


def _make(collector: type[Collector], snapshots: SnapshotStore) -> Collector:
    wanted = inspect.signature(collector).parameters
    return collector(snapshots, "1.2.3") if "version" in wanted else collector(snapshots)  # type: ignore[call-arg]


def _page(collector: type[Collector], snapshots: SnapshotStore) -> str:
    registry = CollectorRegistry()
    registry.register(_make(collector, snapshots))
    return generate_latest(registry).decode()


def _samples(page: str) -> str:
    return "".join(line for line in page.splitlines(keepends=True) if not line.startswith("# HELP"))


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.__module__.rsplit(".", 1)[-1])
def test_docstring_shows_the_page_that_is_stored(collector: type[Collector], golden: Golden) -> None:
    """A collector's docstring shows its exposition of the tiny inventory, without HELP lines."""
    page = _page(collector, tiny().exporter.snapshots)
    golden(f"exporters/coolify/{collector.__module__.rsplit('.', 1)[-1]}.prom", page)

    docstring = inspect.getdoc(collector) or ""

    assert docstring.endswith(_samples(page).rstrip("\n")), "paste the page below into the docstring:\n" + _samples(
        page
    )


def test_whole_page_of_the_default_box_is_stored_and_clean(golden: Golden, program: Program) -> None:
    """The default topology's exposition matches its golden file and passes promtool's lint (names, units, types)."""
    hand = HandClock()
    page = Rig(default(lambda: hand.now), hand).settle().page()
    golden("exporters/coolify/default.prom", page)

    lint = subprocess.run(
        [program("promtool"), "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )

    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


def test_openmetrics_page_is_read_back_with_the_same_samples() -> None:
    """prometheus_client's strict OpenMetrics parser reads the same samples as the text format has."""
    rig = tiny()
    page = render(rig.registry)[OPENMETRICS].plain().decode()

    parsed = {(s.name, tuple(sorted(s.labels.items()))) for f in parse(page) for s in f.samples}

    assert page.endswith("# EOF\n")
    assert parsed == {(s.name, tuple(sorted(s.labels.items()))) for s in _all(rig)}


def test_text_page_is_what_prometheus_client_would_make() -> None:
    """The text format equals prometheus_client's own output."""
    rig = tiny()

    assert render(rig.registry)[TEXT].plain() == generate_latest(rig.registry)


def test_page_has_exactly_the_metrics_and_labels_of_names() -> None:
    """The exposition of the tiny inventory has exactly the metrics of names.py, with their types and labels."""
    rig = tiny()
    rig.counts.unparsed["servers", "name"] += 1
    rig.exporter.snapshots.own.disk = {"images": DiskUse(5, 3)}
    rig.fake.traps.add("policy_denied")
    rig.wait(200)
    found: dict[str, tuple[str, set[str]]] = {}
    for family in rig.registry.collect():
        for sample in family.samples:
            name = family.name if family.type == "histogram" else sample.name
            found.setdefault(name, (family.type, set()))[1].update(sample.labels.keys() - {"le"})

    assert found == {str(metric): (metric.kind, set(metric.labels)) for metric in names.METRICS}


def test_state_sets_have_one_present_value() -> None:
    """Exactly one sample of each state set is 1."""
    rig = tiny()

    for metric, label in (
        (names.RESOURCE_STATE, names.STATE),
        (names.RESOURCE_HEALTH, names.STATE),
        (names.PART_STATE, names.STATE),
        (names.SERVER_PROXY_STATE, names.STATE),
        (names.DEPLOYMENT_RESULT, names.RESULT),
        (names.BACKUP_RESULT, names.RESULT),
        (names.TASK_RESULT, names.RESULT),
        (names.CLEANUP_RESULT, names.RESULT),
    ):
        sums: dict[str, float] = {}
        for labels, value in rig.values(metric):
            of = ",".join(f"{key}={item}" for key, item in labels.items() if key != label)
            sums[of] = sums.get(of, 0) + value
        assert sums
        assert set(sums.values()) == {1.0}, metric


def _all(rig: Rig) -> Iterator[Sample]:
    for family in rig.registry.collect():
        yield from family.samples
