"""Rules and proofs as they were built."""

from __future__ import annotations

import yaml
from support.artefacts import complete_artefacts
from support.proofs import FILES

from boxwatch.checks.proofs import read


def test_a_proof_reads_what_it_looks_at_and_all_that_this_reads() -> None:
    """Through any number of recording rules."""
    found = read.read(FILES)

    assert {proof.name: sorted(proof.reads) for proof in found.proofs} == {
        "it is high": ["High", "job:used:sum", "job:used:twice"],
        "the sum": ["job:used:sum"],
    }
    assert [sorted(proof.looked_at) for proof in found.proofs] == [["High"], ["job:used:sum"]]


def test_a_rule_may_read_its_own_last_value() -> None:
    """And two rules each other's: that is remembering, and no endless chain."""
    record = {"record": "job:used:sum", "expr": "sum by (job) (used or job:used:twice or job:used:sum)"}
    files = dict(FILES)
    rules = yaml.safe_load(files["prometheus/rules/used.yaml"])
    rules["groups"][0]["rules"][0] = record
    files["prometheus/rules/used.yaml"] = yaml.safe_dump(rules).encode()

    found = read.read(files)

    assert {proof.name: sorted(proof.reads) for proof in found.proofs} == {
        "it is high": ["High", "job:used:sum", "job:used:twice"],
        "the sum": ["job:used:sum", "job:used:twice"],
    }


def test_rules_know_their_place() -> None:
    """And alerts of one name their severity."""
    found = read.read(FILES)

    assert [(rule.title, rule.group, rule.position) for rule in found.rules] == [
        ("job:used:sum", "records", 0),
        ("job:used:twice", "twice", 0),
        ("High/warning", "alerts", 0),
    ]


def test_a_test_file_can_be_made_of_some_of_its_proofs() -> None:
    """Everything else stays."""
    found = read.read(FILES)
    whole = yaml.safe_load(FILES["prometheus/tests/used-1m.yaml"])

    assert read.document(found.proofs, "../rules/used.yaml") == whole
    assert read.document(found.proofs[1:], "../rules/used.yaml") == {**whole, "tests": whole["tests"][1:]}


def test_every_rule_of_the_default_deployment_is_read_by_a_proof() -> None:
    """By one that looks at something."""
    found = read.read(complete_artefacts())

    assert {rule.name for rule in found.rules} == set().union(*(proof.reads for proof in found.proofs))
    assert all(proof.looked_at for proof in found.proofs)
