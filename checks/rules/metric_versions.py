"""Every metric and label exists in each supported version of its exporter, or the query has an alternative.

A rule on a name that came with cAdvisor 0.57 is silent on 0.56, and nothing reports it. Add the older name with `or`:
the query counts as working on a version where one side has series. So does a series recorded by two rules. Or state
in the rule file the version that it needs: `# boxwatch: needs cadvisor 0.57.0`. The versions are the recorded ones
(boxwatch.exporters.catalogue.metrics), apart from those older than boxwatch.exporters.catalogue.supported names.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules.known import Known
from boxwatch.checks.rules.rule_file import Rule, RuleFile
from boxwatch.checks.rules.scraped import EXPORTERS
from boxwatch.exporters.catalogue import metrics
from boxwatch.exporters.catalogue.supported import supported
from boxwatch.promql import nodes
from boxwatch.promql.selectors import Labels, Selector, selectors

ID = "metric_versions"

# An exporter and one of its versions.
Versions = frozenset[tuple[str, str]]
_NONE: Versions = frozenset()


def check(file: RuleFile, known: Known) -> Iterator[Finding]:
    """Rules that are silent on some versions."""
    together: dict[tuple[str, frozenset[tuple[str, str]]], list[Rule]] = {}
    for rule in file.records:
        together.setdefault((rule.name, frozenset(rule.labels.items())), []).append(rule)
    for rule in file.rules:
        same = together.get((rule.name, frozenset(rule.labels.items())), [rule]) if rule.kind == "record" else [rule]
        trees = [tree for each in same if (tree := each.tree) is not None]
        own = rule.tree
        if own is None:
            continue
        broken = functools.reduce(frozenset.intersection, (_broken(tree, known, file.needs) for tree in trees))
        for message, hint in _told(own, broken, known, file.needs):
            yield rule.finding(ID, "note" if known.foreign else "warning", message, hint, at="expr")


def problems(tree: nodes.Expr, known: Known) -> Iterator[tuple[str, str]]:
    """(message, hint) for each exporter with versions on which a query finds nothing."""
    yield from _told(tree, _broken(tree, known, {}), known, {})


def _broken(tree: nodes.Expr, known: Known, needs: Mapping[str, str]) -> Versions:
    """The versions on which a required part of a query is missing."""
    versions = _missing(tree, lambda selector: _of_selector(selector, known))
    return frozenset((exporter, version) for exporter, version in versions if supported(exporter, version, needs))


def _missing(tree: nodes.Expr, of: Callable[[Selector], Versions]) -> Versions:
    match tree:
        case nodes.BinaryExpr() if str(tree.op) == "or":
            return _missing(tree.lhs, of) & _missing(tree.rhs, of)
        case nodes.BinaryExpr():
            return _missing(tree.lhs, of) | _missing(tree.rhs, of)
        case nodes.ParenExpr() | nodes.UnaryExpr() | nodes.SubqueryExpr():
            return _missing(tree.expr, of)
        case nodes.AggregateExpr():
            return _missing(tree.expr, of) | (_NONE if tree.param is None else _missing(tree.param, of))
        case nodes.Call():
            return _NONE.union(*(_missing(argument, of) for argument in tree.args))
        case _:
            return _NONE.union(*map(of, selectors(tree)))


def _of_selector(selector: Selector, known: Known) -> Versions:
    """The versions that lack a selector's name, or a label that it requires."""
    applications = known.applications.get(selector.name, ())
    if selector.name in known.recorded or any(selector.job == metric.job for metric in applications):
        return _NONE
    own = EXPORTERS.get(selector.job)
    if own is None and len({metric.exporter for metric in known.exposed_by(selector.name)}) > 1:
        # A name of several programs, as go_goroutines is: without a job, any of them answers.
        return _NONE
    return frozenset(
        (metric.exporter, version)
        for metric in metrics.exposed_by(selector.name)
        if own is None or metric.exporter in own
        # Labels that no version has are reported by metric_names.
        for version in (*metric.missing, *(lack for label in _seen(selector, metric) for lack in metric.lacks(label)))
    )


def _seen(selector: Selector, metric: metrics.Metric) -> Labels:
    return selector.needed & metric.stored_labels


def _told(tree: nodes.Expr, broken: Versions, known: Known, needs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for exporter in sorted({exporter for exporter, _ in broken}):
        versions = {version for name, version in broken if name == exporter}
        names = dict.fromkeys(
            selector.name
            for selector in selectors(tree)
            if any(pair in broken for pair in _of_selector(selector, known) if pair[0] == exporter)
        )
        if names:
            word = "finds" if len(names) == 1 else "find"
            yield (
                f"{' and '.join(names)} {word} nothing on {exporter} {_range(exporter, versions, needs)}",
                "add the name in those versions with `or`, or state the version that the file needs",
            )


def _range(exporter: str, versions: set[str], needs: Mapping[str, str]) -> str:
    """`before 0.57.0` where that is accurate, otherwise the versions one by one."""
    every = [version for version in metrics.versions_of(exporter) if supported(exporter, version, needs)]
    broken = [version for version in every if version in versions]
    if broken == every[: len(broken)] and broken != every:
        return f"before {every[len(broken)]}"
    return ", ".join(broken)
