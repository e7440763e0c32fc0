"""All rules of a deployment as one file, marked so that a running Prometheus reveals which set it has loaded.

One file rather than a directory: Prometheus opens files one after another, so a reload requested by someone else while
a directory is switched loads half of each set. Measured with Prometheus 2.42: of 33,510 reads of /api/v1/rules, 324
were mixed while a link to a directory of eight files was switched 650 times in 30 s under concurrent reloads. One file
is read either old or new. Its name never changes: Prometheus identifies groups by file and name across reloads, so
alerts keep firing.
The mark is a recording rule with the set's digest as a label. /api/v1/rules shows it, so a read-back compares byte for
byte, although Prometheus reformats queries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from boxwatch.errors import PublishError
from boxwatch.rules.names import DEPLOYMENT
from boxwatch.rules.yaml import dump

# Name of the file with all published rules.
LIVE = "boxwatch.yaml"
MARK_GROUP = "boxwatch"
MARK = "boxwatch:rules:info"
_MARK_LABEL = "digest"
_HEADER = "All rules of this deployment, written by `boxwatch publish`. Do not edit: publish, or `boxwatch rollback`."


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as written.

    Attributes:
        kind: `alert` or `record`.
        name: the alert or recorded series.
        fields: all other fields: `expr`, `for`, `labels`, `annotations` and so on.
    """

    kind: str
    name: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its rules in order and its other fields, such as `interval`."""

    name: str
    rules: tuple[Rule, ...]
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A set of rules and its file content.

    Attributes:
        content: the rule file.
        groups: its groups, including the mark's own.
        mark: the digest carried by its mark; empty for a foreign file.
    """

    content: bytes
    groups: tuple[Group, ...]
    mark: str

    @property
    def deployment(self) -> str:
        """The deployment whose label all rules carry, in a shared Prometheus; otherwise empty."""
        found = {
            deployment_of(rule.fields) for group in self.groups if group.name != MARK_GROUP for rule in group.rules
        }
        return found.pop() if len(found) == 1 else ""


def merge(files: Mapping[str, bytes]) -> RuleSet:
    """Merge rule files (path → content) into one set. Deterministic.

    Raises:
        PublishError: a file is not a rule file, or two groups have the same name.
    """
    groups: list[dict[str, object]] = []
    for path, content in files.items():
        groups += _groups(path, content)
    names = [group.get("name") for group in groups]
    twice = sorted({str(name) for name in names if names.count(name) > 1 or name == MARK_GROUP})
    if twice:
        raise PublishError(f"groups with the same name: {', '.join(twice)}; nothing was published: rename one of each")
    mark = hashlib.sha256(dump(groups, "")).hexdigest()[:16]
    rule = {"record": MARK, "expr": "vector(1)", "labels": {_MARK_LABEL: mark}}
    document = {"groups": [{"name": MARK_GROUP, "rules": [rule]}, *groups]}
    return read("the new set", dump(document, _HEADER))


def read(path: str, content: bytes) -> RuleSet:
    """Parse a rule file.

    Raises:
        PublishError: the content is not a rule file.
    """
    groups = tuple(_group(group) for group in _groups(path, content))
    return RuleSet(content, groups, next((mark_of(rule.name, rule.fields) for rule in _rules(groups)), ""))


def mark_of(name: str, fields: Mapping[str, object]) -> str:
    """The digest carried by a rule, as written or as shown by /api/v1/rules; empty if it is not a mark."""
    labels = fields.get("labels")
    found = labels.get(_MARK_LABEL) if name == MARK and isinstance(labels, dict) else None
    return str(found or "")


def deployment_of(fields: Mapping[str, object]) -> str:
    """The deployment's label of a rule, as written or as shown by /api/v1/rules; empty if it has none."""
    labels = fields.get("labels")
    return str(labels.get(DEPLOYMENT, "")) if isinstance(labels, dict) else ""


def _rules(groups: tuple[Group, ...]) -> Iterator[Rule]:
    return (rule for group in groups if group.name == MARK_GROUP for rule in group.rules)


def _groups(path: str, content: bytes) -> list[dict[str, object]]:
    try:
        document = yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PublishError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    groups = document.get("groups") if isinstance(document, dict) else None
    if not isinstance(groups, list) or not all(_is_group(group) for group in groups):
        raise PublishError(f"{path} is not a rule file: it needs a list of groups, each with a name and rules")
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
