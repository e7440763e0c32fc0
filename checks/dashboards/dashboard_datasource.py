"""A query has a fixed data source, so the dashboard works in a single Grafana."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boxwatch.checks.finding import Finding
from boxwatch.grafana import expressions, tree
from boxwatch.grafana.tree import Node

ID = "dashboard_datasource"

_NAMES = frozenset({"datasource", "prometheus_datasource", "loki_datasource"})
# Not data sources: Grafana itself, a mixture, other panels' results, expressions.
_BUILT_IN = ("-- ", "__expr__", "grafana")


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """There is a variable of type datasource, and panels, queries, variables and annotations refer to it."""
    names = {tree.text(each.get("name")) for each in tree.variables(dashboard) if each.get("type") == "datasource"}
    if not names:
        hint = "add one named `datasource`, labelled Data source"
        yield Finding(file, "", ID, "error", "there is no variable of type datasource", hint)
        return
    yield from _named(file, dashboard, names)
    for where, holder in _holders(dashboard):
        uid = _uid(holder)
        if uid.startswith(_BUILT_IN):
            continue
        if not uid:
            yield Finding(file, where, ID, "error", "the query has no data source and uses Grafana's default")
        elif not names & set(expressions.used(uid)):
            yield Finding(file, where, ID, "error", f"the data source is fixed: {uid}", "use ${datasource}")


def _named(file: str, dashboard: Mapping[str, object], names: set[str]) -> Iterator[Finding]:
    """All dashboards use the same variable name, so that links keep the choice; its label is for people."""
    if not names & _NAMES:
        message = f"the data source variable is called {', '.join(sorted(names))}: links from other dashboards miss it"
        yield Finding(file, "", ID, "warning", message, "call it `datasource`")
    for variable in tree.variables(dashboard):
        if variable.get("type") == "datasource" and not tree.text(variable.get("label")).strip():
            where = f'variable "{tree.text(variable.get("name"))}"'
            yield Finding(file, where, ID, "warning", "the variable has no label", 'write "label": "Data source"')


def _uid(holder: Mapping[str, object]) -> str:
    source = holder.get("datasource")
    return tree.text(source) or tree.text(tree.node(source).get("uid"))


def _holders(dashboard: Mapping[str, object]) -> Iterator[tuple[str, Node]]:
    for annotation in tree.marks(dashboard):
        if annotation.get("builtIn") != 1:
            yield f'annotation "{tree.text(annotation.get("name"))}"', annotation
    for variable in tree.variables(dashboard):
        if variable.get("type") == "query":
            yield f'variable "{tree.text(variable.get("name"))}"', variable
    for panel in tree.plots(dashboard):
        where = tree.name(panel)
        yield where, panel
        for target in tree.targets(panel):
            if "datasource" in target:
                yield f"{where} query {tree.text(target.get('refId'))}", target
