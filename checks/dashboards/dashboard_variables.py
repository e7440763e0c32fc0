"""A query uses an undeclared variable, or the dashboard declares a variable that nothing uses."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree
from boxwatch.grafana.tree import Node, node

ID = "dashboard_variables"

# Prefix of Grafana's own variables; others appear in data links and repeated panels.
_BUILT_IN = "__"
_OLD_BUILT_IN = frozenset({"interval", "timeFilter", "timeFrom", "timeTo"})
_USED_IMPLICITLY = frozenset({"adhoc", "groupby"})


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """Looks at names in queries, titles, links, other variables and repeats."""
    declared = {tree.text(variable.get("name")): variable for variable in tree.variables(dashboard)}
    used: set[str] = set()
    for where, holder in _holders(dashboard):
        names = {name for string in tree.strings(holder) for name in expressions.used(string)}
        used |= names
        strict = {name for string in _queries(holder) for name in expressions.used(string)}
        repeat = tree.text(holder.get("repeat"))
        if repeat:
            used.add(repeat)
            strict.add(repeat)
        for name in sorted(strict - declared.keys() - _OLD_BUILT_IN):
            # $1 is a group of label_replace, which Grafana leaves alone.
            if not name.startswith(_BUILT_IN) and not name.isdigit():
                near = difflib.get_close_matches(name, declared, n=1)
                hint = f"did you mean ${near[0]}?" if near else ""
                yield Finding(file, where, ID, "error", f"there is no variable ${name}", hint)
    for name, variable in declared.items():
        if name not in used and tree.text(variable.get("type")) not in _USED_IMPLICITLY:
            yield Finding(file, f'variable "{name}"', ID, "warning", "nothing uses the variable", "remove it")


def _holders(dashboard: Mapping[str, object]) -> Iterator[tuple[str, Node]]:
    for annotation in tree.marks(dashboard):
        yield f'annotation "{tree.text(annotation.get("name"))}"', annotation
    for variable in tree.variables(dashboard):
        # A variable does not use itself: only its query counts.
        asked: Node = {key: variable[key] for key in ("query", "datasource", "regex") if key in variable}
        yield f'variable "{tree.text(variable.get("name"))}"', asked
    for panel in tree.panels(dashboard):
        yield tree.name(panel), {key: value for key, value in panel.items() if key != "panels"}


def _queries(holder: Mapping[str, object]) -> Iterator[str]:
    """The strings in which an undeclared name is an error: elsewhere a dollar may be a dollar."""
    for target in (*tree.targets(holder), node(holder.get("target")), holder):
        for key in ("expr", "query"):
            value = target.get(key)
            yield from tree.strings(value if key == "expr" or not isinstance(value, dict) else value.get("query"))
        yield from tree.strings(node(target.get("datasource")).get("uid"))
