"""Prometheus loads the file: keys, types, names, durations and templates are those that it accepts.

The rules are those of Prometheus' own reader (model/rulefmt), so the check needs no promtool. The versions are those
that the user states; label names with other characters than letters, digits and underscores load from 3.0 on.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from boxwatch.checks import go_template
from boxwatch.checks.finding import Finding
from boxwatch.checks.prometheus_versions import Versions
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import RuleFile, fields_of, is_null
from boxwatch.checks.yaml_tree import Node

ID = "rule_loading"

GROUP_KEYS: Final = frozenset({"name", "interval", "query_offset", "limit", "rules", "labels"})
RULE_KEYS: Final = frozenset({"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"})
OF_ALERTS: Final = ("for", "keep_firing_for")
_UTF8: Final = (3, 0)
_ALIASES: Final = (3, 3)
METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
# model.ParseDuration of prometheus/common: units in this order, each once.
_DURATION: Final = re.compile(
    r"(?=.)(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII
)
_MILLISECONDS: Final = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1)
_LONGEST: Final = (2**63 - 1) // 1_000_000


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Whatever makes Prometheus refuse the file."""
    root = file.root
    if root is None:
        return
    reader = _Reader(file.path, known.prometheus)
    yield from reader.unknown(root, "", frozenset({"groups"}))
    groups = fields_of(root).get("groups")
    if groups is None or is_null(groups):
        return
    if groups.items is None:
        yield reader.finding(groups, "", "groups is not a list", "begin each group with a dash")
        return
    names = Counter(_text(fields_of(group).get("name")) for group in groups.items)
    for group in groups.items:
        yield from reader.group(group, names)


@dataclass(frozen=True, slots=True)
class _Reader:
    """The reader of one file, for some versions of Prometheus."""

    path: str
    versions: Versions

    def finding(self, node: Node, where: str, message: str, hint: str = "") -> Finding:
        """An error at a node."""
        return Finding(self.path, where, ID, "error", message, hint, node.line, node.column)

    def unknown(self, node: Node, where: str, keys: frozenset[str] | None) -> Iterator[Finding]:
        """Keys that are not there for Prometheus, and keys that are there twice."""
        for key, value in fields_of(node).items():
            if keys is not None and key not in keys:
                yield self.finding(value, where, f"Prometheus knows no key {key} here", f"known: {_listed(keys)}")
        merged = (node.fields or {}).get("<<")
        if merged is not None and not all(one.fields is not None for one in merged.items or (merged,)):
            yield self.finding(merged, where, "<< merges something other than a mapping", "name an anchor of a mapping")
        for key, value in node.repeated.items():
            yield self.finding(value, where, f"the key {key} is there twice", "remove one of them")

    def group(self, node: Node, names: Mapping[str, int]) -> Iterator[Finding]:
        """A group and its rules."""
        fields = fields_of(node)
        name = _text(fields.get("name"))
        where = f"group {name}" if name else "a group"
        if node.fields is None and not is_null(node):
            yield self.finding(node, "", "a group is not a mapping", "write `- name: …` with `rules:` below it")
            return
        yield from self.unknown(node, where, GROUP_KEYS)
        yield from self._text(fields.get("name"), where, "name")
        if not name:
            yield self.finding(node, where, "the group has no name", "Prometheus requires one; add `name: …`")
        elif names[name] > 1:
            hint = "Prometheus refuses the file; rename one"
            yield self.finding(node, where, "another group of the file has this name", hint)
        yield from self._durations(fields, where, ("interval", "query_offset"))
        limit = fields.get("limit")
        if limit is not None and not is_null(limit) and not _is_number(limit):
            yield self.finding(limit, where, "limit is not a number", "write limit: 10")
        yield from self._labels(fields.get("labels"), where, "label")
        rules = fields.get("rules")
        if rules is not None and rules.items is None and not is_null(rules):
            yield self.finding(rules, where, "rules is not a list", "begin each rule with a dash")
        for rule in (rules.items if rules is not None else None) or ():
            yield from self.rule(rule, where)

    def rule(self, node: Node, group: str) -> Iterator[Finding]:
        """One rule."""
        fields = fields_of(node)
        alert, record = _text(fields.get("alert")), _text(fields.get("record"))
        where = f"alert {alert}" if alert else f"record {record}" if record else group
        if node.fields is None and not is_null(node):
            yield self.finding(node, where, "a rule is not a mapping", "write `- alert: …` with `expr:` below it")
            return
        yield from self.unknown(node, where, RULE_KEYS)
        expr = fields.get("expr")
        if expr is not None and is_null(expr) and expr.text:
            yield self.finding(expr, where, "expr is null", "write the query")
        if alert and record:
            hint = "make two rules of it"
            yield self.finding(node, where, "it is both an alert and a recording rule", hint)
        elif not alert and not record:
            hint = "give it `alert:` or `record:`"
            yield self.finding(node, where, "it is neither an alert nor a recording rule", hint)
        for key in ("alert", "record", "expr"):
            yield from self._text(fields.get(key), where, key)
            yield from self._alias(fields.get(key), where, key)
        yield from self._durations(fields, where, OF_ALERTS)
        yield from self._labels(fields.get("labels"), where, "label")
        yield from self._labels(fields.get("annotations"), where, "annotation")
        if record:
            yield from self._record(fields, where, record)
        if alert:
            yield from self._templates(fields, where)

    def _record(self, fields: Mapping[str, Node], where: str, name: str) -> Iterator[Finding]:
        if "{" in name or "}" in name:
            hint = "put the query into expr; labels of the result go below labels"
            yield self.finding(fields["record"], where, "the name has braces", hint)
        elif self.versions.oldest < _UTF8 and not METRIC.fullmatch(name):
            hint = "use letters, digits, underscores and colons"
            yield self.finding(fields["record"], where, f"{name!r} is not a name before Prometheus 3.0", hint)
        for key in OF_ALERTS:
            if milliseconds(_text(fields.get(key)) or "0"):
                hint = "remove it; only alerts have one"
                yield self.finding(fields[key], where, f"a recording rule has no {key}", hint)
        annotations = fields.get("annotations")
        if annotations is not None and fields_of(annotations):
            yield self.finding(annotations, where, "a recording rule has no annotations", "remove them")

    def _text(self, node: Node | None, where: str, key: str) -> Iterator[Finding]:
        if node is not None and node.text is None:
            yield self.finding(node, where, f"{key} is not text", f"write {key}: …")

    def _alias(self, node: Node | None, where: str, key: str) -> Iterator[Finding]:
        if node is not None and node.alias and self.versions.oldest < _ALIASES:
            yield self.finding(
                node, where, f"{key} is a YAML alias, which Prometheus reads from 3.3 on", "write it out"
            )

    def _durations(self, fields: Mapping[str, Node], where: str, keys: Iterable[str]) -> Iterator[Finding]:
        for key in keys:
            node = fields.get(key)
            if node is None or is_null(node):
                continue
            if node.text is None or milliseconds(node.text) is None:
                said = "is not a duration" if node.text is None else f"{node.text!r} is not a duration"
                yield self.finding(node, where, f"{key}: {said}", "write 30s, 5m or 1h30m")

    def _labels(self, node: Node | None, where: str, word: str) -> Iterator[Finding]:
        if node is None or is_null(node):
            return
        if node.fields is None:
            yield self.finding(node, where, f"{word}s are not a mapping", "write NAME: VALUE in a line each")
            return
        yield from self.unknown(node, where, None)
        for name, value in fields_of(node).items():
            if value.text is None:
                yield self.finding(value, where, f"the {word} {name} is not text", f'write {name}: "…"')
            if (word == "label" and name == "__name__") or not name:
                yield self.finding(value, where, f"{name!r} cannot be a {word}", "rename it")
            elif self.versions.oldest < _UTF8 and not LABEL.fullmatch(name):
                hint = "use letters, digits and underscores"
                yield self.finding(value, where, f"{name!r} is not the name of a {word} before Prometheus 3.0", hint)

    def _templates(self, fields: Mapping[str, Node], where: str) -> Iterator[Finding]:
        known = go_template.known_functions(self.versions.oldest)
        for word, key in (("label", "labels"), ("annotation", "annotations")):
            section = fields.get(key)
            for name, value in fields_of(section).items() if section is not None else ():
                try:
                    go_template.parse(value.text or "", known)
                except go_template.TemplateError as error:
                    message = f"the template of the {word} {name} does not compile: {error}"
                    yield self.finding(value, where, message, "correct the template")


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))


def _text(node: Node | None) -> str:
    return "" if node is None or is_null(node) else node.text or ""


def _is_number(node: Node) -> bool:
    """Whether YAML reads a number; Prometheus leaves its fraction out."""
    if not node.plain or node.text is None:
        return False
    try:
        value = yaml.load(node.text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return False
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def milliseconds(text: str) -> int | None:
    """A duration in milliseconds; None where Prometheus refuses it, as one of more than 292 years."""
    if text == "0":
        return 0
    found = _DURATION.fullmatch(text)
    if not found:
        return None
    total = sum(int(number or 0) * unit for number, unit in zip(found.groups(), _MILLISECONDS, strict=True))
    return total if total <= _LONGEST else None
