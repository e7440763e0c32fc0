"""Rules and proofs of a build, and which proof reads which rule."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from boxwatch.promql.parse import parse
from boxwatch.promql.selectors import selectors

# A test or a rule as promtool reads it.
Document = dict[str, Any]

RULES, TESTS = "prometheus/rules/", "prometheus/tests/"
_ALERT = re.compile(r'alertname="(\w+)"')


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a file.

    Attributes:
        file: path of its file.
        group: name of its group.
        position: its place in the group.
        document: the rule itself.
    """

    file: str
    group: str
    position: int
    document: Document

    @property
    def name(self) -> str:
        """The recorded series, or the alert's name."""
        return name_of(self.document)

    @property
    def title(self) -> str:
        """The name; for an alert with its severity, by which alerts of one name differ."""
        severity = self.document.get("labels", {}).get("severity", "")
        return f"{self.name}/{severity}" if "alert" in self.document and severity else self.name


@dataclass(frozen=True, slots=True)
class Proof:
    """One test of a test file.

    Attributes:
        file: path of its file.
        interval: `evaluation_interval` of its file.
        rule_files: paths of the rule files that are loaded for it.
        order: `group_eval_order` of its file.
        fuzzy: `fuzzy_compare` of its file, for values that differ in their last digits (promtool 3).
        test: the test itself.
        reads: names of all rules that it looks at, directly or through others.
    """

    file: str
    interval: str
    rule_files: tuple[str, ...]
    order: tuple[str, ...]
    test: Document
    reads: frozenset[str]
    fuzzy: bool = False

    @property
    def name(self) -> str:
        """Its title."""
        return str(self.test["name"])

    @property
    def looked_at(self) -> frozenset[str]:
        """Names that the proof asserts on directly."""
        return frozenset(_looked_at(self.test))


@dataclass(frozen=True, slots=True)
class Proofs:
    """All rules and proofs of a build, in the order of the files."""

    rules: tuple[Rule, ...]
    proofs: tuple[Proof, ...]


def read(files: Mapping[str, bytes]) -> Proofs:
    """The rules and proofs among the artefacts of a build, by their paths."""
    rules = tuple(rule for path in sorted(files) if path.startswith(RULES) for rule in _rules(path, files[path]))
    needs = _needs(rules)
    proofs = tuple(
        proof for path in sorted(files) if path.startswith(TESTS) for proof in _proofs(path, files[path], needs)
    )
    return Proofs(rules, proofs)


def load(content: bytes) -> Any:  # noqa: ANN401 - a YAML document
    """A YAML document."""
    return yaml.load(content, Loader=yaml.CSafeLoader)


def name_of(rule: Document) -> str:
    """The series that a rule records, or the alert's name; empty if it is neither."""
    return str(rule.get("record") or rule.get("alert") or "")


def document(proofs: Sequence[Proof], rule_file: str, tests: Iterable[Document] | None = None) -> Document:
    """A test file of some proofs of one file.

    Args:
        proofs: at least one.
        rule_file: the rules, as seen from the test file.
        tests: other tests in place of their own.
    """
    order: Document = {"group_eval_order": list(proofs[0].order)} if proofs[0].order else {}
    if proofs[0].fuzzy:
        order["fuzzy_compare"] = True
    return {
        "rule_files": [rule_file],
        "evaluation_interval": proofs[0].interval,
        **order,
        "tests": [proof.test for proof in proofs] if tests is None else list(tests),
    }


def _rules(path: str, content: bytes) -> Iterator[Rule]:
    for group in load(content)["groups"]:
        for position, rule in enumerate(group["rules"]):
            yield Rule(path, group["name"], position, rule)


def _proofs(path: str, content: bytes, needs: Mapping[str, frozenset[str]]) -> Iterator[Proof]:
    found = load(content)
    rule_files = tuple(posixpath.normpath(posixpath.join(TESTS, name)) for name in found["rule_files"])
    for test in found["tests"]:
        reads = frozenset[str]().union(*(needs[name] for name in _looked_at(test) if name in needs))
        order = tuple(found.get("group_eval_order") or ())
        fuzzy = found.get("fuzzy_compare") is True
        yield Proof(path, found["evaluation_interval"], rule_files, order, test, reads, fuzzy)


def _needs(rules: Iterable[Rule]) -> dict[str, frozenset[str]]:
    """Name of a rule → the names of all rules whose results it reads, its own included."""
    direct: dict[str, set[str]] = {}
    for rule in rules:
        tree = parse(rule.document["expr"])
        direct.setdefault(rule.name, set()).update(selector.name for selector in selectors(tree))
    return {name: _reached(name, direct) for name in direct}


def _reached(name: str, direct: Mapping[str, set[str]]) -> frozenset[str]:
    """A rule's name and those of all rules that it reads, directly or through others, which may read it in turn."""
    found: set[str] = set()
    pending = [name]
    while pending:
        one = pending.pop()
        if one not in found and one in direct:
            found.add(one)
            pending += direct[one]
    return frozenset(found)


def _looked_at(test: Document) -> Iterator[str]:
    for one in test.get("alert_rule_test") or ():
        yield one["alertname"]
    for one in test.get("promql_expr_test") or ():
        yield from _ALERT.findall(one["expr"])
        yield from (selector.name for selector in selectors(parse(one["expr"])))
