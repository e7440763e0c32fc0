"""Files that no Prometheus loads are errors, as promtool says and without it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import rotation
from support.rule_text import found, found_in_others, rules

from boxwatch.checks.rules import promql_syntax, rule_loading, rule_portability
from boxwatch.checks.rules.rule_file import UnreadableError, read

Program = Callable[[str], str]

_SCALARS = st.sampled_from(
    (
        *("x", "5", "5m", "5min", "0", "0s", "1h30m", "30m1h", "1.5h", '""', "true", "on", "2026-01-01", '"5m"', "'x'"),
        *("[a, b]", "{a: b}", "300y", "1y", "293y", "-5m", "up == 0", "sum(", "rate(x)", "'{{ $value }}'", "!!str 5"),
        *("'{{ $value | humanise }}'", "'{{ $labels.x }'", "0x10", "1e3", "&q up", "*q", "'a b'", "a-b", "'{x}'", "é"),
        *("__name__", "[]", "{}"),
    )
)
_LABELS = st.one_of(
    st.dictionaries(
        st.sampled_from(("severity", "team", "team-name", "a.b", "__name__", "'1'", "é")), _SCALARS, max_size=3
    ).map(lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"),
    _SCALARS,
)


def _mapping(**values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A mapping in which each key is usually there, now and then twice, or with a key that nobody knows."""

    def pair(key: str, value: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
        there = st.builds(lambda text: [f"{key}: {text}"], value)
        return st.one_of(there, st.just([]), there)

    pairs = st.tuples(*(pair(key, value) for key, value in values.items()))
    more = st.sampled_from(([], [], [], [], [], ["unknown: 1"], ["for: 1m"], ["labels: {}"]))
    return st.builds(
        lambda parts, last: "{" + ", ".join([*(one for part in parts for one in part), *last]) + "}", pairs, more
    )


_QUERIES = st.one_of(st.sampled_from(("up", "up == 0", "sum(rate(x_total[5m]))")), _SCALARS)
_ALERTS = _mapping(
    alert=st.sampled_from(("A", "a b")), expr=_QUERIES, labels=_LABELS, annotations=_LABELS, keep_firing_for=_SCALARS
)
_RECORDS = _mapping(record=st.sampled_from(("a:b", "x", "a-b", "'{x}'", "é")), expr=_QUERIES, labels=_LABELS)
_RULES = st.one_of(_ALERTS, _RECORDS, _SCALARS, _mapping(alert=_SCALARS, record=_SCALARS, expr=_QUERIES))
_GROUPS = _mapping(
    name=st.sampled_from(("g", "h", "i", "j")),
    interval=_SCALARS,
    limit=st.sampled_from(("5", "'5'", "x", "true", "1.5")),
    rules=st.one_of(st.lists(_RULES, max_size=2).map(lambda each: f"[{', '.join(each)}]"), _SCALARS),
)
_FILES = st.lists(_GROUPS, min_size=1, max_size=2).map(lambda each: f"groups: [{', '.join(each)}]\n")


def _errors(text: str) -> list[str]:
    """What our reader says without promtool."""
    try:
        file = read("rules.yaml", text.encode())
    except UnreadableError as error:
        return [str(error)]
    return [each for module in (rule_loading, promql_syntax, rule_portability) for each in found(module, file)]


def test_nothing_is_accepted_that_prometheus_refuses(program: Program, tmp_path: Path) -> None:
    """Drawn files, right and wrong, beside what promtool says of each; nor is anything refused without need."""
    promtool = program("promtool")

    @settings(
        rotation.examples(6),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        deadline=None,
        phases=[Phase.generate],
    )
    @given(st.lists(_FILES, min_size=40, max_size=60, unique=True))
    def same(files: list[str]) -> None:
        paths = [tmp_path / f"{number}.yaml" for number in range(len(files))]
        for path, text in zip(paths, files, strict=True):
            path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [promtool, "check", "rules", *(path.name for path in paths)],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        refused = {int(number) for number in re.findall(r"^\s*(\d+)\.yaml: ", done.stdout + done.stderr, re.MULTILINE)}
        errors = {number: _errors(text) for number, text in enumerate(files)}
        ours = {number for number, said in errors.items() if said}
        assert [(files[number], errors[number]) for number in sorted(refused ^ ours)] == []

    same()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("groups: {}", "no list of groups"),
        ("groups: [g]", "a group is not a mapping"),
        ("groups: [{rules: []}]", "the group has no name"),
        ("groups: [{name: g}, {name: g}]", "another group of the file has this name"),
        ("groups: [{name: g, interval: 30}]", "interval: '30' is not a duration"),
        ("groups: [{name: g, interval: [1]}]", "interval: is not a duration"),
        ("groups: [{name: g, limit: x}]", "limit is not a number"),
        ("groups: [{name: g, rules: x}]", "rules is not a list"),
        ("groups: [{name: g, rules: [x]}]", "a rule is not a mapping"),
        ("groups: [{name: g, name: h}]", "the key name is there twice"),
        ("groups: [{name: g, <<: x}]", "<< merges something other than a mapping"),
        ("groups: []\nspec: 1", "Prometheus knows no key spec here"),
    ],
)
def test_groups_that_do_not_load_are_errors(text: str, message: str) -> None:
    """Each with its place."""
    assert any(message in said for said in _errors(text))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{alert: A, record: b, expr: up}", "it is both an alert and a recording rule"),
        ("{expr: up}", "it is neither an alert nor a recording rule"),
        ("{alert: A, expr: null}", "expr is null"),
        ("{alert: A, expr: up, for: 5min}", "for: '5min' is not a duration"),
        ("{alert: A, expr: up, for: 300y}", "for: '300y' is not a duration"),
        ("{alert: A, expr: up, labels: x}", "labels are not a mapping"),
        ("{alert: A, expr: up, labels: {a: [b]}}", "the label a is not text"),
        ("{alert: A, expr: up, labels: {__name__: b}}", "'__name__' cannot be a label"),
        ("{alert: A, expr: up, annotations: {a-b: c}}", "is not the name of a annotation before Prometheus 3.0"),
        ("{alert: A, expr: up, labels: {a: '{{ x }}'}}", "the template of the label a does not compile"),
        ("{record: a, expr: up, for: 5m}", "a recording rule has no for"),
        ("{record: a, expr: up, annotations: {b: c}}", "a recording rule has no annotations"),
        ("{record: 'a{b}', expr: up}", "the name has braces"),
        ("{record: a b, expr: up}", "'a b' is not a name before Prometheus 3.0"),
        ("{alert: A, expr: up, severity: page}", "Prometheus knows no key severity here"),
        ("{alert: &a A, expr: *a}", "expr is a YAML alias"),
    ],
)
def test_rules_that_do_not_load_are_errors(rule: str, message: str) -> None:
    """Each with its place."""
    (said,) = found(rule_loading, rules(f"- {rule}\n"))

    assert said.startswith("error: ")
    assert message in said


@pytest.mark.parametrize(
    "rule", ["{alert: A, expr: up, labels: {a-b: c}}", "{record: a b, expr: up}", "{alert: &a up, expr: *a}"]
)
def test_newer_versions_accept_more(rule: str) -> None:
    """For whoever says that no older one has to load it."""
    assert found_in_others(rule_loading, rules(f"- {rule}\n"), "3.3..") == []
    assert len(found_in_others(rule_loading, rules(f"- {rule}\n"), "2.53..3.5")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "groups:\n",
        "groups: [{name: g, rules: }]",
        "groups: [{name: g, interval: 30s, limit: 5, rules: [{record: a, expr: up, for: 0s, labels: {b: 1}}]}]",
        "x: &x {expr: up}\ngroups: [{name: g, rules: [{alert: A, <<: *x}]}]",
        "kind: PrometheusRule\nspec: {groups: [{name: g, rules: [{alert: A, expr: up}]}]}",
        "kind: List\nitems: [{kind: PrometheusRule, spec: {groups: [{name: g, rules: []}]}}, {kind: Other}]",
    ],
)
def test_what_loads_is_fine(text: str) -> None:
    """Empty files, merged keys, numbers as text, and the form of Kubernetes' operator."""
    said = [each for each in _errors(text) if "no key x here" not in each]
    assert said == []
