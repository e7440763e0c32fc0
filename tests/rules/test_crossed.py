"""A graver alert stays further away than the one that comes before it."""

from __future__ import annotations

import pytest
from support.artefacts import complete_subjects
from support.topologies import a_service, a_topology

from boxwatch.errors import TopologyError
from boxwatch.rules import catalogue, crossed
from boxwatch.topology.model import Topology

# As one would write them down; a pair that is missing here is new, and one that is missing in the rules was told apart.
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
    """The threshold for all services of the alert that is named first, where nothing is refused."""
    return catalogue.build(_topology(rules)).thresholds[next(iter(rules))]


def test_the_pairs_are_found_by_their_queries() -> None:
    """Nobody has to remember them."""
    assert {(pair.grave.alert, pair.mild.alert) for pair in crossed.pairs(complete_subjects())} == _PAIRS


@pytest.mark.parametrize("pair", crossed.pairs(complete_subjects()), ids=lambda pair: pair.grave.alert)
def test_every_pair_is_refused_when_crossed_and_taken_when_equal(pair: crossed.Pair) -> None:
    """Whichever of the two was moved; as grave as its warning is nothing that is not so."""
    grave, mild = pair.grave, pair.mild
    far, near = grave.threshold or 0, mild.threshold or 0
    beyond = far * (0.9 if pair.below else 1.04)

    assert len(_refused(**{grave.alert: {"threshold": near * (1.04 if pair.below else 0.9)}})) == 1
    assert len(_refused(**{mild.alert: {"threshold": beyond}})) == 1
    assert _made({grave.alert: {"threshold": near}}) == near
    assert _made({grave.alert: {"threshold": beyond}, mild.alert: {"threshold": near}}) == pytest.approx(beyond)


def test_the_message_names_both_and_the_way_out() -> None:
    """At the threshold that the file has."""
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


def test_a_threshold_of_one_service_is_held_against_what_is_in_force_for_it() -> None:
    """Its own where there is one, else that of all."""
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


def test_an_alert_that_is_off_crosses_nothing() -> None:
    """There is no other that it would come before."""
    off = {"enabled": False}

    assert _made({"HostDiskCritical": {"threshold": "20%"}, "HostDiskLow": off}) == 0.2
