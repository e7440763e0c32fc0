"""Crossed thresholds: a critical alert must not fire before the warning on the same number."""

from __future__ import annotations

import pytest
from support.artefacts import complete_subjects
from support.topologies import a_service, a_topology

from boxwatch.errors import TopologyError
from boxwatch.rules import catalogue, crossed
from boxwatch.topology.model import Topology

# The expected pairs, written out: one missing here is new, and one missing in the rules is no longer recognised.
_PAIRS = {
    ("HostMemoryCritical", "HostMemoryLow"),
    ("HostMemoryThrashing", "HostMemoryStalled"),
    ("HostDiskCritical", "HostDiskLow"),
    ("HostInodesCritical", "HostInodesLow"),
    ("HostConntrackFull", "HostConntrackNearLimit"),
    ("PostgresConnectionsExhausted", "PostgresConnectionsHigh"),
    ("ElasticsearchDiskFlood", "ElasticsearchDiskLow"),
    ("CertificateExpiring", "CertificateNotRenewed"),
}


def _topology(rules: dict[str, object]) -> Topology:
    services = (a_service(url="https://example.com"), *(a_service(k, kind=k) for k in ("postgres", "elasticsearch")))
    return a_topology(services=services, alerts={"rules": rules})


def _refused(**rules: object) -> list[str]:
    with pytest.raises(TopologyError) as caught:
        catalogue.build(_topology(rules))
    return [f"{problem.path}: {problem.message} ({problem.hint})" for problem in caught.value.problems]


def _made(rules: dict[str, object]) -> float:
    """The threshold of the first alert for all services, if nothing is rejected."""
    return catalogue.build(_topology(rules)).thresholds[next(iter(rules))]


def test_the_pairs_are_found_by_their_queries() -> None:
    """Pairs are derived from the queries, so that nobody has to maintain a list."""
    assert {(pair.grave.alert, pair.mild.alert) for pair in crossed.pairs(complete_subjects())} == _PAIRS


@pytest.mark.repeats
@pytest.mark.parametrize("pair", crossed.pairs(complete_subjects()), ids=lambda pair: pair.grave.alert)
def test_every_pair_is_rejected_if_crossed_and_accepted_if_equal(pair: crossed.Pair) -> None:
    """Either threshold may be moved up to the other one, but not beyond it."""
    grave, mild = pair.grave, pair.mild
    far, near = grave.threshold or 0, mild.threshold or 0
    beyond = far * (0.9 if pair.below else 1.04)

    assert len(_refused(**{grave.alert: {"threshold": near * (1.04 if pair.below else 0.9)}})) == 1
    assert len(_refused(**{mild.alert: {"threshold": beyond}})) == 1
    assert _made({grave.alert: {"threshold": near}}) == near
    assert _made({grave.alert: {"threshold": beyond}, mild.alert: {"threshold": near}}) == pytest.approx(beyond)


def test_the_message_names_both_alerts_and_the_limit() -> None:
    """The error is at the threshold that the file sets."""
    assert _refused(HostDiskCritical={"threshold": "20%"}) == [
        (
            "alerts.rules.HostDiskCritical.threshold: 20% would have HostDiskCritical fire before HostDiskLow"
            " (write less than the 15% of HostDiskLow)"
        )
    ]
    assert _refused(HostConntrackNearLimit={"threshold": "99%"}) == [
        (
            "alerts.rules.HostConntrackNearLimit.threshold: 99% would have HostConntrackFull fire before"
            " HostConntrackNearLimit (write less than the 95% of HostConntrackFull)"
        )
    ]
    assert _refused(CertificateNotRenewed={"threshold": "2d"}) == [
        (
            "alerts.rules.CertificateNotRenewed.threshold: 2d would have CertificateExpiring fire before"
            " CertificateNotRenewed (write more than the 3d of CertificateExpiring)"
        )
    ]


def test_a_service_threshold_is_compared_with_the_one_in_force_for_the_service() -> None:
    """The other threshold is the service's own, if it has one, else the one for all services."""
    own = {"services": {"postgres": {"threshold": "75%"}}}

    assert _refused(PostgresConnectionsExhausted=own) == [
        (
            "alerts.rules.PostgresConnectionsExhausted.services.postgres.threshold: 75% would have"
            " PostgresConnectionsExhausted fire before PostgresConnectionsHigh"
            " (write more than the 80% of PostgresConnectionsHigh)"
        )
    ]
    lower = {"services": {"postgres": {"threshold": "70%"}}}
    assert _made({"PostgresConnectionsExhausted": own, "PostgresConnectionsHigh": lower}) == 0.95


def test_a_disabled_alert_is_never_crossed() -> None:
    """A critical alert cannot fire before a warning that is disabled."""
    off = {"enabled": False}

    assert _made({"HostDiskCritical": {"threshold": "20%"}, "HostDiskLow": off}) == 0.2
