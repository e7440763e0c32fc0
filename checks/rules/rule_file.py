"""A rule file as parsed for the checks: groups and rules with their lines, of any origin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.yaml_tree import Node, parse
from boxwatch.errors import BoxwatchError
from boxwatch.promql import nodes
from boxwatch.promql.parse import tree_of


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        file: path of its file.
        group: name of its group.
        name: what it records or alerts on.
        kind: `alert` or `record`; empty when it is neither.
        expr: its query.
        wait: its `for`, as written; empty when there is none.
        labels, annotations: as written.
        keys: all keys that it has.
        line: line of the rule in its file, from 1.
        column: its column there, from 1.
        places: key → line and column of its value.
        keep: its `keep_firing_for`, as written; empty when there is none.
    """

    file: str
    group: str
    name: str
    kind: str
    expr: str
    wait: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    keys: frozenset[str]
    line: int
    column: int
    places: Mapping[str, tuple[int, int]]
    keep: str = ""

    @property
    def tree(self) -> nodes.Expr | None:
        """The parsed query; None when it does not parse, which has a check of its own."""
        return tree_of(self.expr)

    def finding(self, check: str, severity: Severity, message: str, hint: str = "", *, at: str = "") -> Finding:
        """A finding about this rule, or about the value of one of its keys."""
        where = f"{self.kind or 'rule'} {self.name}"
        line, column = self.places.get(at, (self.line, self.column))
        return Finding(self.file, where, check, severity, message, hint, line, column)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of rules, with its keys and its place in the file at `path`.

    Attributes:
        interval: its evaluation interval, as written; empty for the default.
    """

    path: str
    name: str
    interval: str
    rules: tuple[Rule, ...]
    keys: frozenset[str]
    line: int
    column: int

    def finding(self, check: str, severity: Severity, message: str, hint: str = "") -> Finding:
        """A finding about this group."""
        return Finding(self.path, f"group {self.name}", check, severity, message, hint, self.line, self.column)


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file.

    Attributes:
        path: its name in messages.
        groups: in order.
        needs: exporter → oldest version that the file states it is meant for.
        root: the YAML that it was read from; None for a file that was not read.
    """

    path: str
    groups: tuple[Group, ...]
    needs: Mapping[str, str] = field(default_factory=dict)
    root: Node | None = field(default=None, repr=False, compare=False)

    @property
    def rules(self) -> Iterator[Rule]:
        """All rules, in order."""
        return (rule for group in self.groups for rule in group.rules)

    @property
    def alerts(self) -> Iterator[Rule]:
        """The alerts."""
        return (rule for rule in self.rules if rule.kind == "alert")

    @property
    def records(self) -> Iterator[Rule]:
        """The recording rules."""
        return (rule for rule in self.rules if rule.kind == "record")


class UnreadableError(BoxwatchError):
    """A file that is not YAML, or not a rule file."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        """The problem, with what a rule file is after a semicolon; `line` is 0 where it is unknown."""
        self.path, self.line, self.problem = path, line, problem
        super().__init__(f"{path}{f':{line}' if line else ''}: {problem}")

    def finding(self, check: str) -> Finding:
        """The same as a finding of a check."""
        problem, _, hint = self.problem.partition("; ")
        return Finding(self.path, "", check, "error", problem, hint, self.line)


def read(path: str, content: bytes) -> RuleFile:
    """Reads a rule file. One without a group is valid, and does nothing.

    Raises:
        UnreadableError: the content is not YAML, or does not have the shape of a rule file.
    """
    try:
        root = parse(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is no text"
        raise UnreadableError(path, mark.line + 1 if mark else 0, f"{problem}; {_SHAPE}") from error
    except ValueError as error:
        raise UnreadableError(path, 0, f"{error}; {_SHAPE}") from error
    groups = fields_of(_rules_of(root)).get("groups")
    if groups is None or (groups.items is None and not is_null(groups)):
        raise UnreadableError(path, 0, "no list of groups, so it is not a rule file")
    needs = {match["exporter"]: match["version"] for match in _NEEDS.finditer(content.decode("utf-8", "replace"))}
    return RuleFile(path, tuple(_group(path, node) for node in groups.items or ()), needs, _rules_of(root))


_SHAPE: Final = "a rule file is YAML with a list of groups"
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


def is_null(node: Node) -> bool:
    """Whether YAML reads a scalar as nothing."""
    return node.plain and node.text in _NULLS


def _rules_of(root: Node | None) -> Node | None:
    """The rules of a PrometheusRule, which Kubernetes' operator reads below `spec`, or of a list of them."""
    fields = fields_of(root)
    kind = fields.get("kind")
    if kind is not None and kind.text == "PrometheusRule":
        return fields.get("spec", root)
    items = fields.get("items")
    if root is None or kind is None or kind.text != "List" or items is None:
        return root
    lists = [fields_of(fields_of(one).get("spec")).get("groups") for one in items.items or ()]
    groups = [group for each in lists if each is not None for group in each.items or ()]
    return Node(root.line, root.column, fields={"groups": Node(items.line, items.column, items=groups)})


_NEEDS: Final = re.compile(
    r"^ *# *boxwatch: needs (?P<exporter>[a-z][\w-]*) (?P<version>[0-9][\w.+~]*) *$", re.MULTILINE
)


def _group(path: str, node: Node) -> Group:
    fields = fields_of(node)
    name = _text(fields.get("name"))
    rules = fields.get("rules")
    nodes = (rules.items if rules else None) or ()
    return Group(
        path=path,
        name=name,
        interval=_text(fields.get("interval")),
        rules=tuple(_rule(path, name, node) for node in nodes),
        keys=frozenset(fields),
        line=node.line,
        column=node.column,
    )


def _rule(path: str, group: str, node: Node) -> Rule:
    fields = fields_of(node)
    kind = next((kind for kind in ("alert", "record") if kind in fields), "")
    return Rule(
        file=path,
        group=group,
        name=_text(fields.get(kind)),
        kind=kind,
        expr=_text(fields.get("expr")),
        wait=_text(fields.get("for")),
        labels={key: _text(value) for key, value in fields_of(fields.get("labels")).items()},
        annotations={key: _text(value) for key, value in fields_of(fields.get("annotations")).items()},
        keys=frozenset(fields),
        line=node.line,
        column=node.column,
        places={key: (value.line, value.column) for key, value in fields.items()},
        keep=_text(fields.get("keep_firing_for")),
    )


def fields_of(node: Node | None) -> Mapping[str, Node]:
    """The keys of a mapping, with those that it merges (`<<`); none for anything else."""
    own = (node.fields if node else None) or {}
    merged = own.get("<<")
    if merged is None:
        return own
    found: dict[str, Node] = {}
    for one in merged.items or (merged,):
        found = {**(one.fields or {}), **found}
    return {**found, **{key: value for key, value in own.items() if key != "<<"}}


def _text(node: Node | None) -> str:
    return (node.text if node else None) or ""
