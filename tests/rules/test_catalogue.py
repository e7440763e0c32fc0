"""All rules: complete, proven, and equal to their stored copies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.artefacts import complete_artefacts, complete_subjects, default_artefacts
from support.topologies import a_server, a_service, a_topology

from boxwatch.rules import catalogue
from boxwatch.rules.model import ALWAYS_FIRING, Alert, Subject

ROOT = Path(__file__).parent.parent.parent

# Artefacts that a topology with public addresses has in addition to the default one.
_PUBLIC = sorted(
    path
    for path in complete_artefacts()
    if path.startswith(("prometheus/rules/", "prometheus/tests/", "runbooks/")) and path not in default_artefacts()
)


def _alerts() -> tuple[Alert, ...]:
    return tuple(alert for subject in complete_subjects() for alert in subject.alerts)


def test_every_subject_is_in_the_catalogue() -> None:
    """The module, id and rule file of a subject share one name."""
    subjects = {
        path.stem for path in (ROOT / "rules").rglob("*.py") if "\ndef subject(" in path.read_text(encoding="utf-8")
    }

    assert {subject.id for subject in complete_subjects()} == subjects


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in default_artefacts()
        if path.startswith(("prometheus/", "runbooks/", "blackbox/", "alertmanager/"))
    ),
)
def test_the_default_deployment_is_built_as_stored(path: str, golden: Callable[[str, str], None]) -> None:
    """Rules, proofs, configuration and runbooks match their stored copies, whose diff is reviewed."""
    golden(f"default/{path}", default_artefacts()[path].decode())


@pytest.mark.parametrize("path", _PUBLIC)
def test_artefacts_of_public_addresses_are_built_as_stored(path: str, golden: Callable[[str, str], None]) -> None:
    """Rules, proofs and runbooks on URLs and ports, which the default topology lacks, match their stored copies."""
    golden(f"public/{path}", complete_artefacts()[path].decode())


def test_no_stored_copy_is_stale() -> None:
    """Artefacts that are no longer built have no stored copies."""
    stored = {
        str(path.relative_to(ROOT / "tests/golden/default"))
        for path in (ROOT / "tests/golden/default").rglob("*")
        if path.is_file()
    }

    kept = ("prometheus/", "runbooks/", "blackbox/", "alertmanager/")
    assert stored == {path for path in default_artefacts() if path.startswith(kept)}
    public = ROOT / "tests/golden/public"
    assert {str(path.relative_to(public)) for path in public.rglob("*") if path.is_file()} == set(_PUBLIC)


@pytest.mark.parametrize("alert", _alerts(), ids=lambda alert: f"{alert.alert}-{alert.severity}")
def test_every_alert_is_proven_both_ways(alert: Alert) -> None:
    """Every alert has a case that fires and a similar one that stays silent, with titles that are predicates."""
    assert any(case.expects for case in alert.fires)
    assert alert.alert in ALWAYS_FIRING or any(not case.expects for case in alert.silent)
    titles = [case.title.split()[0] for case in (*alert.fires, *alert.silent)]
    assert set(titles) <= {"fires", "is", "keeps", "stays"}


@pytest.mark.parametrize("subject", complete_subjects(), ids=lambda subject: subject.id)
def test_every_recorded_series_is_proven(subject: Subject) -> None:
    """Each recorded series is queried by a proof of its subject."""
    queried = " ".join(measured.expr for measured in subject.measured)

    assert {record.record for record in subject.records if record.record not in queried} == set()


@pytest.mark.parametrize("subject", complete_subjects(), ids=lambda subject: subject.id)
def test_groups_hold_either_records_or_alerts(subject: Subject) -> None:
    """No rule reads a series recorded in its own group, because vmalert evaluates a group's rules in parallel."""
    for group in subject.groups:
        assert len({type(rule) for rule in group.rules}) == 1
        recorded = {getattr(rule, "record", None) for rule in group.rules} - {None}
        # Its own last value is what a rule remembers.
        others = ((rule, recorded - {getattr(rule, "record", None)}) for rule in group.rules)
        assert [rule for rule, names_ in others if any(str(name) in rule.expr for name in names_)] == []


def test_an_alert_name_belongs_to_one_subject() -> None:
    """An alert name in two subjects would have two runbooks."""
    owners: dict[str, set[str]] = {}
    for subject in complete_subjects():
        for alert in subject.alerts:
            owners.setdefault(alert.alert, set()).add(subject.id)

    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def test_alerts_do_not_depend_on_the_plan() -> None:
    """A second server or service changes only constants, and the inhibitions listed in runbooks."""
    small = catalogue.files(catalogue.build(a_topology(name="mvp")))
    services = (a_service(), a_service("api", server=["main", "second"]))
    large = catalogue.files(
        catalogue.build(a_topology(name="mvp", servers=(a_server(), a_server("second")), services=services))
    )

    differing = {path for path in small if small[path] != large[path] and not path.startswith("runbooks/")}
    assert differing == {"prometheus/rules/plan.yaml", "prometheus/tests/plan-1m.yaml"}


def test_rule_files_use_only_keys_of_prometheus_2_42() -> None:
    """An older Prometheus would reject a file with group labels or query_offset."""
    for path, content in default_artefacts().items():
        if path.startswith("prometheus/rules/"):
            groups = yaml.safe_load(content)["groups"]
            assert {key for group in groups for key in group} == {"name", "rules"}
            assert {key for group in groups for rule in group["rules"] for key in rule} <= {
                "alert", "record", "expr", "for", "labels", "annotations",
            }  # fmt: skip


def test_the_same_topology_gives_the_same_bytes() -> None:
    """The output depends on no clock, environment or set order."""
    topology = a_topology()

    assert catalogue.files(catalogue.build(topology)) == catalogue.files(
        catalogue.build(topology.model_copy(deep=True))
    )
