"""The user's own rules and their promtool tests, in a folder next to the topology; built and published like ours.

A file with `groups` is a rule file, one with `tests` a promtool test file, which names its rule files relative to
itself, as promtool reads it. All are published as one set with ours, so a name that ours have is refused.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Final

import yaml

from boxwatch.checks.rules import rule_file, rule_loading
from boxwatch.checks.yaml_tree import Node, parse
from boxwatch.errors import BoxwatchError, Problem
from boxwatch.promql import nodes
from boxwatch.promql.parse import problem_of
from boxwatch.promql.selectors import Selector, selectors
from boxwatch.rules.yaml import dump

# Next to the topology.
FOLDER: Final = "extra-rules"
RULES, TESTS = "prometheus/rules/", "prometheus/tests/"
# Keeps the names of the built files apart from ours.
_PREFIX = "extra-"
_SUFFIXES = (".yaml", ".yml", ".rules")
# Groups and series of publishing itself, and of deployments that share a Prometheus.
_RESERVED = "boxwatch"

_FILE_KEYS = frozenset({"rule_files", "evaluation_interval", "group_eval_order", "fuzzy_compare", "tests"})
_RESOLVERS = yaml.resolver.Resolver.yaml_implicit_resolvers


@dataclass(frozen=True, slots=True)
class ExtraRules:
    """Rules of the user's own, as artefacts of a build.

    Attributes:
        rules: path → content of the rule files, byte for byte.
        tests: path → content of the test files, with the paths of the built rule files.
        sources: path → the file as the user named it.
    """

    rules: Mapping[str, bytes] = field(default_factory=dict)
    tests: Mapping[str, bytes] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, bytes]:
        """Path → content of all files."""
        return {**self.rules, **self.tests}


NOTHING: Final = ExtraRules(MappingProxyType({}), MappingProxyType({}), MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _File:
    """One file: its name in messages, its place in the folder, its place in the build, its content and its tree."""

    name: str
    relative: str
    built: str
    content: bytes
    root: Node

    def problem(self, node: Node, path: str, message: str, hint: str = "") -> Problem:
        """A problem at a node."""
        return Problem(self.name, node.line, node.column, path, message, hint)


def read(folder: Path, ours: Mapping[str, bytes], labels: Mapping[str, str] = MappingProxyType({})) -> ExtraRules:
    """The rules and tests in a folder and the folders below it, without files whose names begin with `_` or a dot.

    Args:
        folder: the folder, as the user named it.
        ours: path → content of the rule files of the deployment.
        labels: labels that every rule of the deployment must set, as in a Prometheus that serves others too: routes
            match alerts by them, and two deployments may record the same series.

    Raises:
        BoxwatchError: the folder or a file cannot be read, is neither a rule file nor a test file, would not load in
            Prometheus, or has a name that another rule has; lists every problem with file and line.
    """
    files: list[_File] = []
    problems: list[Problem] = []
    for path in _paths(folder):
        try:
            files.append(_file(path, path.relative_to(folder).as_posix()))
        except _InvalidError as error:
            problems.append(error.problem)
    rules = [file for file in files if file.built.startswith(RULES)]
    tests = [file for file in files if file.built.startswith(TESTS)]
    problems += [*_same_place(files), *(problem for file in rules for problem in _rule_problems(file, labels))]
    problems += [problem for file in tests for problem in _test_problems(file)]
    listed = [file for file in rules if _fields(file.root)["groups"].items is not None]
    problems += [*_collisions(listed, ours), *_unscoped(listed, ours, labels)]
    places = {file.relative: file.built for file in rules}
    made: dict[str, bytes] = {}
    for file in tests if not problems else ():
        try:
            made[file.built] = _rewritten(file, places, ours)
        except _InvalidError as error:
            problems.append(error.problem)
    if problems:
        raise BoxwatchError("\n".join(map(str, sorted(problems, key=lambda one: (one.file, one.line, one.column)))))
    return ExtraRules({file.built: file.content for file in rules}, made, {file.built: file.name for file in files})


class _InvalidError(Exception):
    """A file that cannot be used."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BoxwatchError(f"{folder}: no such folder; expected one with rule files and their tests")
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SUFFIXES
        and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
        and not path.is_dir()
    ]


def _file(path: Path, relative: str) -> _File:
    """Read a file and recognise what it is.

    Raises:
        _InvalidError: it cannot be read, is not YAML, or is neither a rule file nor a test file.
    """
    name = str(path)
    try:
        content = path.read_bytes()
        root = parse(content)
        documents = sum(isinstance(event, yaml.DocumentStartEvent) for event in yaml.parse(content, yaml.CSafeLoader))
    except OSError as error:
        raise _InvalidError(Problem(name, 0, 0, "", f"cannot be read: {error.strerror}")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = getattr(error, "problem", None) or "not text"
        raise _InvalidError(Problem(name, line, column, "", f"is not YAML: {problem}")) from error
    except ValueError as error:
        raise _InvalidError(Problem(name, 0, 0, "", str(error))) from error
    fields = (root.fields if root else None) or {}
    kinds = [kind for kind in ("groups", "tests") if kind in fields]
    if root is None or len(kinds) != 1:
        hint = "a rule file has a list `groups`, a promtool test file a list `tests`"
        what = "has both groups and tests" if kinds else "is neither a rule file nor a promtool test file"
        raise _InvalidError(Problem(name, root.line if root else 0, 0, "", what, hint))
    if documents > 1:
        raise _InvalidError(Problem(name, 0, 0, "", "has several YAML documents", "make a file of each"))
    place = RULES if kinds == ["groups"] else TESTS
    stem = relative.removesuffix(PurePosixPath(relative).suffix).replace("/", "-")
    return _File(name, relative, f"{place}{_PREFIX}{stem}.yaml", content, root)


def _same_place(files: Iterable[_File]) -> Iterator[Problem]:
    first: dict[str, _File] = {}
    for file in files:
        other = first.setdefault(file.built, file)
        if other is not file:
            yield file.problem(file.root, "", f"is built as {file.built}, and so is {other.name}", "rename one of them")


# Rule files.


def _rule_problems(file: _File, labels: Mapping[str, str]) -> Iterator[Problem]:
    yield from _unknown(file, file.root, "", frozenset({"groups"}))
    groups = _fields(file.root)["groups"]
    if groups.items is None:
        yield file.problem(groups, "groups", "is not a list", "write `groups:` and below it `- name: …`")
        return
    for number, group in enumerate(groups.items):
        path = f"groups.{number}"
        if group.fields is None:
            yield file.problem(group, path, "is not a group", "a group has a name and rules")
            continue
        yield from _unknown(file, group, path, rule_loading.GROUP_KEYS)
        yield from _named(file, group, path, "name")
        yield from _durations(file, group, path, ("interval", "query_offset"))
        yield from _labels(file, group, path, ("labels",))
        rules = _fields(group).get("rules")
        if rules is None or not rules.items:
            yield file.problem(rules or group, path, "has no rules", "write `rules:` and below it `- alert: …`")
            continue
        for position, rule in enumerate(rules.items):
            yield from _of_rule(file, rule, f"{path}.rules.{position}")
            yield from _lacking(file, rule, f"{path}.rules.{position}", labels)


def _of_rule(file: _File, rule: Node, path: str) -> Iterator[Problem]:
    fields = _fields(rule)
    kinds = [kind for kind in ("alert", "record") if kind in fields]
    if len(kinds) != 1:
        what = "is both an alert and a recording rule" if kinds else "is neither an alert nor a recording rule"
        yield file.problem(rule, path, what, "write `alert: NAME` or `record: NAME`, and `expr: …`")
        return
    yield from _unknown(file, rule, path, rule_loading.RULE_KEYS)
    yield from _named(file, rule, path, kinds[0])
    if kinds == ["record"]:
        name = fields["record"]
        if name.text and not rule_loading.METRIC.fullmatch(name.text):
            yield file.problem(name, f"{path}.record", f"{name.text!r} is not the name of a series")
        for key in sorted({*rule_loading.OF_ALERTS, "annotations"} & fields.keys()):
            yield file.problem(fields[key], f"{path}.{key}", "only alerts have it", "remove it")
    yield from _query(file, rule, path)
    yield from _durations(file, rule, path, ("for", "keep_firing_for"))
    yield from _labels(file, rule, path, ("labels", "annotations"))


def _lacking(file: _File, rule: Node, path: str, labels: Mapping[str, str]) -> Iterator[Problem]:
    """Labels of the deployment that a rule does not set."""
    section = _fields(rule).get("labels")
    said = {} if section is None else _fields(section)
    for name, value in labels.items():
        if name not in said or said[name].text != value:
            message = f"has no label {name}: {value}, required in a shared Prometheus"
            yield file.problem(section or rule, path, message, f"write `labels: {{{name}: {value}}}`")


def _unscoped(files: Iterable[_File], ours: Mapping[str, bytes], labels: Mapping[str, str]) -> Iterator[Problem]:
    """Queries on series of ours that would read those of other deployments too, and call them this one's."""
    recorded = {rule.name for path, content in ours.items() for rule in rule_file.read(path, content).records}
    for file in files:
        for rule in rule_file.read(file.name, file.content).rules:
            line, column = rule.places.get("expr", (rule.line, rule.column))
            read_here = [one for one in selectors(rule.tree) if one.name in recorded] if rule.tree is not None else []
            for label, value in labels.items():
                for name in dict.fromkeys(one.name for one in read_here if not _selects(one, label, value)):
                    message = f"{name} is recorded by every deployment in a shared Prometheus"
                    yield Problem(file.name, line, column, "", message, f'write {name}{{{label}="{value}"}}')


def _selects(selector: Selector, label: str, value: str) -> bool:
    return any((one.name, one.op, one.value) == (label, nodes.MatchOp.Equal, value) for one in selector.matchers)


def _collisions(files: Iterable[_File], ours: Mapping[str, bytes]) -> Iterator[Problem]:
    """Names that one of our rules has, and names that two rules of the user's share."""
    made = [rule_file.read(path, content) for path, content in ours.items()]
    groups = {group.name: "" for file in made for group in file.groups}
    names = {rule.name: rule.kind for file in made for rule in file.rules}
    seen: dict[tuple[str, str, tuple[tuple[str, str], ...]], str] = {}
    for file in files:
        mine = rule_file.read(file.name, file.content)
        for group in mine.groups:
            place = f"{file.name}:{group.line}"
            other = "" if group.name.startswith(_RESERVED) else groups.setdefault(group.name, place)
            if group.name and other != place:
                where = f"also in {other}" if other else "one of boxwatch's"
                message = f"the group {group.name} is {where}"
                yield Problem(file.name, group.line, group.column, "", message, "rename it: all rules are one set")
        for rule in mine.rules:
            place = f"{file.name}:{rule.line}"
            word = "alert" if rule.kind == "alert" else "series"
            if rule.name in names or rule.name.startswith(f"{_RESERVED}:"):
                message = f"the {word} {rule.name} is one of boxwatch's"
                hint = "rename it, or tune ours with alerts.rules in the topology" if word == "alert" else "rename it"
                yield Problem(file.name, rule.line, rule.column, "", message, hint)
            other = seen.setdefault((rule.kind, rule.name, tuple(sorted(rule.labels.items()))), place)
            if rule.name and other != place:
                message = f"the {word} {rule.name} is also in {other}, with the same labels"
                yield Problem(file.name, rule.line, rule.column, "", message, "rename one, or add a label")


# Test files.


def _test_problems(file: _File) -> Iterator[Problem]:
    fields = _fields(file.root)
    yield from _unknown(file, file.root, "", _FILE_KEYS)
    yield from _durations(file, file.root, "", ("evaluation_interval",))
    yield from _list(file, file.root, "", "group_eval_order")
    named = fields.get("rule_files")
    if named is None or not named.items or not all(each.text for each in named.items):
        hint = "list the rule files it tests, relative to this file: [shop.yaml]"
        yield file.problem(named or file.root, "rule_files", "names no rule file", hint)
    tests = fields["tests"]
    if not tests.items:
        yield file.problem(tests, "tests", "has no test", "write `tests:` and below it `- name: …`")
    seen: dict[str, Node] = {}
    for number, test in enumerate(tests.items or ()):
        path = f"tests.{number}"
        if test.fields is None:
            yield file.problem(test, path, "is not a test", "a test has a name, input_series and alert_rule_test")
            continue
        yield from _unknown(file, test, path, None)
        yield from _named(file, test, path, "name", 'say what holds: "it fires when orders stop"')
        name = test.fields["name"].text if "name" in test.fields else None
        other = seen.setdefault(name or "", test)
        if other is not test and name:
            yield file.problem(test, path, f"has the name of the test in line {other.line}", "rename one of them")
        yield from _assertions(file, test, path)


def _assertions(file: _File, test: Node, path: str) -> Iterator[Problem]:
    fields = _fields(test)
    asserted = 0
    for kind, key in (("alert_rule_test", "alertname"), ("promql_expr_test", "expr")):
        yield from _list(file, test, path, kind)
        for number, one in enumerate((fields[kind].items if kind in fields else None) or ()):
            asserted += 1
            where = f"{path}.{kind}.{number}"
            if one.fields is None:
                yield file.problem(one, where, f"has no {key}", f"write `{key}: …` and `eval_time: …`")
                continue
            yield from _query(file, one, where) if key == "expr" else _named(file, one, where, key)
            yield from _durations(file, one, where, ("eval_time",), required=True)
            for expected in (one.fields["exp_alerts"].items if "exp_alerts" in one.fields else None) or ():
                yield from _labels(file, expected, f"{where}.exp_alerts", ("exp_labels", "exp_annotations"))
    if not asserted:
        yield file.problem(test, path, "asserts nothing", "write an alert_rule_test or a promql_expr_test")


def _rewritten(file: _File, places: Mapping[str, str], ours: Mapping[str, bytes]) -> bytes:
    """A test file that finds the rules where the build puts them.

    Raises:
        _InvalidError: it names a file that is neither a rule file of the folder nor one of ours.
    """
    document: dict[str, Any] = yaml.load(file.content, Loader=yaml.CSafeLoader)
    named = _fields(file.root)["rule_files"].items or []
    found: dict[str, None] = {}
    for node in named:
        pattern = posixpath.normpath(posixpath.join(posixpath.dirname(file.relative), node.text or ""))
        fitting = [built for relative, built in places.items() if fnmatch.fnmatchcase(relative, pattern)]
        # `../generated/prometheus/rules/memory.yaml`, which promtool finds as well.
        fitting += [built for built in ours if f"/{pattern}".endswith(f"/{built}")]
        if not fitting:
            hint = f"it is relative to this file; the folder has {', '.join(sorted(places)) or 'no rule file'}"
            message = f"{node.text} is no rule file of this folder"
            raise _InvalidError(file.problem(node, "rule_files", message, hint))
        found |= dict.fromkeys(posixpath.relpath(built, TESTS) for built in fitting)
    made = {**document, "rule_files": list(found)}
    # promtool's own default.
    made.setdefault("evaluation_interval", "1m")
    header = f"Tests of rules of your own, from {file.relative}. Do not edit this copy."
    return dump(dict(sorted(made.items(), key=lambda pair: pair[0] == "tests")), header)


# Parts of both.


def _unknown(file: _File, node: Node, path: str, known: frozenset[str] | None) -> Iterator[Problem]:
    """Keys that Prometheus refuses: unknown ones (`known` is None where promtool knows best) and repeated ones."""
    prefix = f"{path}." if path else ""
    for key, value in _fields(node).items():
        if key == "<<":
            yield file.problem(value, f"{prefix}<<", "merges keys of another place", "write them out")
        elif known is not None and key not in known:
            yield file.problem(
                value, f"{prefix}{key}", "is unknown to Prometheus", f"known: {', '.join(sorted(known))}"
            )
    for key, value in node.repeated.items():
        yield file.problem(value, f"{prefix}{key}", "is there twice", "remove one of them")


def _named(file: _File, node: Node, path: str, key: str, hint: str = "") -> Iterator[Problem]:
    value = _fields(node).get(key)
    if value is None or not value.text:
        yield file.problem(value or node, path, f"has no {key}", hint)
    else:
        yield from _is_text(file, value, f"{path}.{key}")


def _is_text(file: _File, value: Node, path: str) -> Iterator[Problem]:
    """What is not text: YAML reads `on`, 1.10 and 2026-01-01 as something else."""
    if value.text is None or (value.plain and _is_special(value.text)):
        yield file.problem(
            value, path, "is not text", f'write it in quotes: "{value.text}"' if value.text else 'write "…"'
        )


def _query(file: _File, node: Node, path: str) -> Iterator[Problem]:
    yield from _named(file, node, path, "expr", "write `expr: …`")
    expr = _fields(node).get("expr")
    if expr is not None and expr.text and (problem := problem_of(expr.text)):
        yield file.problem(expr, f"{path}.expr", f"the PromQL does not parse: {problem}")


def _list(file: _File, node: Node, path: str, key: str) -> Iterator[Problem]:
    value = _fields(node).get(key)
    if value is not None and (value.text or value.fields is not None):
        yield file.problem(value, f"{path}.{key}" if path else key, "is not a list", "begin each entry with a dash")


def _durations(file: _File, node: Node, path: str, keys: Iterable[str], *, required: bool = False) -> Iterator[Problem]:
    for key in keys:
        value = _fields(node).get(key)
        where = f"{path}.{key}" if path else key
        if value is None:
            if required:
                yield file.problem(node, path, f"has no {key}", f"write `{key}: 5m`")
        elif rule_loading.milliseconds(value.text or "") is None:
            said = "is not a duration" if value.text is None else f"{value.text!r} is not a duration"
            yield file.problem(value, where, said, "write 30s, 5m or 1h30m")


def _labels(file: _File, node: Node, path: str, keys: Iterable[str]) -> Iterator[Problem]:
    """Labels and annotations whose values are not text."""
    for key in keys:
        section = _fields(node).get(key)
        if section is None:
            continue
        if not section.fields:
            yield file.problem(
                section, f"{path}.{key}", "has no names with values", "write {NAME: VALUE}, or remove it"
            )
        yield from _unknown(file, section, f"{path}.{key}", None)
        for name, value in _fields(section).items():
            where = f"{path}.{key}.{name}"
            if not rule_loading.LABEL.fullmatch(name):
                yield file.problem(value, where, f"{name!r} is not the name of a label")
            yield from _is_text(file, value, where)


def _is_special(text: str) -> bool:
    """Whether YAML 1.1 takes an unquoted scalar for something other than text."""
    return any(pattern.match(text) for _, pattern in _RESOLVERS.get(text[:1], ()))


def _fields(node: Node) -> Mapping[str, Node]:
    return node.fields or {}
