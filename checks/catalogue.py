"""All checks, and their execution over generated or given artefacts."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType, ModuleType

from boxwatch.checks.alertmanager import (
    alertmanager_alerts,
    alertmanager_file,
    alertmanager_inhibition,
    alertmanager_labels,
    alertmanager_receivers,
    alertmanager_routes,
    alertmanager_secrets,
    alertmanager_templates,
    amtool,
)
from boxwatch.checks.alertmanager.fired import Alerts, fired
from boxwatch.checks.dashboards import catalogue, line_numbers
from boxwatch.checks.finding import Finding, Severity
from boxwatch.checks.prometheus_versions import SUPPORTED, Versions
from boxwatch.checks.rules import (
    alert_comparison,
    alert_labels,
    alert_links,
    alert_style,
    alert_templates,
    alert_wait,
    constant_query,
    counter_rate,
    fragile_query,
    group_interval,
    link_targets,
    matcher_conflict,
    matcher_pattern,
    metric_names,
    metric_sources,
    metric_versions,
    promql_syntax,
    promtool,
    range_window,
    rule_dependency,
    rule_duplicates,
    rule_file,
    rule_loading,
    rule_names,
    rule_portability,
    scraped,
    vector_matching,
)
from boxwatch.checks.rules.known import Known, known
from boxwatch.exporters.catalogue.metrics import NO_METRICS, Catalogue
from boxwatch.grafana import document
from boxwatch.promql.parse import tree_of

RULE_CHECKS = (
    rule_loading,
    promql_syntax,
    metric_names,
    metric_sources,
    metric_versions,
    matcher_conflict,
    matcher_pattern,
    vector_matching,
    constant_query,
    fragile_query,
    alert_comparison,
    alert_wait,
    alert_labels,
    alert_templates,
    alert_style,
    alert_links,
    counter_rate,
    range_window,
    rule_names,
    rule_duplicates,
    rule_dependency,
    group_interval,
    rule_portability,
)

# Checks on Alertmanager's configuration.
ALERTMANAGER_CHECKS = (
    alertmanager_receivers,
    alertmanager_routes,
    alertmanager_inhibition,
    alertmanager_alerts,
    alertmanager_labels,
    alertmanager_templates,
    alertmanager_secrets,
)

# The id of every check, in the order of the pages.
IDS: tuple[str, ...] = (
    *(module.ID for module in RULE_CHECKS),
    *(check.__module__.rpartition(".")[2] for check in catalogue.DASHBOARD_CHECKS),
    *(module.ID for module in ALERTMANAGER_CHECKS),
    scraped.ID,
    promtool.ID,
    amtool.ID,
)

_ABOUT: Mapping[str, str | None] = MappingProxyType(
    {
        **{module.ID: module.__doc__ for module in (*RULE_CHECKS, *ALERTMANAGER_CHECKS, scraped, promtool, amtool)},
        **{
            check.__module__.rpartition(".")[2]: sys.modules[check.__module__].__doc__
            for check in catalogue.DASHBOARD_CHECKS
        },
    }
)

_RULES = "prometheus/rules/"
_DASHBOARDS = "grafana/dashboards/"
_CONFIGURATION = "prometheus/prometheus.yml"
_ALERTMANAGER = "alertmanager/alertmanager.yml"
# Checks on queries, of panels as well, with the severity of their findings.
_QUERY_CHECKS: tuple[tuple[ModuleType, Severity], ...] = (
    (metric_names, "error"),
    (metric_sources, "warning"),
    (metric_versions, "warning"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on a set of artefacts.

    Attributes:
        findings: in the order of the files.
        looked_at: number of artefacts checked.
        skipped: skipped checks, with the reason.
        unshown: number of notes that were left out.
    """

    findings: tuple[Finding, ...]
    looked_at: int
    skipped: tuple[str, ...] = ()
    unshown: int = 0

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings without the notes, which fail nothing."""
        return tuple(finding for finding in self.findings if finding.severity != "note")

    def shortened(self) -> Report:
        """The verdict without its notes, which are only counted."""
        failing = self.failing
        return replace(self, findings=failing, unshown=len(self.findings) - len(failing))

    def without(self, disabled: Collection[str]) -> Report:
        """The verdict without the findings of some checks, by their ids."""
        return replace(self, findings=tuple(finding for finding in self.findings if finding.check not in disabled))


def about(check: str) -> str:
    """What a check is about, in a sentence.

    Raises:
        KeyError: there is no such check.
    """
    # Python without docstrings (-OO) knows only its name.
    return (_ABOUT[check] or check).strip().splitlines()[0]


def run(
    files: Mapping[str, bytes],
    scrape_interval: int,
    watch: promtool.Watch | None = None,
    *,
    sources: Mapping[str, str] = MappingProxyType({}),
    applications: Catalogue = NO_METRICS,
) -> Report:
    """Runs every check over artefacts: path → content, as made by `assemble`.

    Args:
        files: path → content.
        scrape_interval: seconds between samples.
        watch: notified of promtool's progress, which takes most of the time.
        sources: path → the user's own file that an artefact was made from, which findings name instead. Its links are
            not judged: they may lead anywhere.
        applications: metrics of the user's own applications.

    Raises:
        BoxwatchError: a file's content does not match its place, or promtool cannot be run.
    """
    rule_files = tuple(rule_file.read(path, content) for path, content in files.items() if path.startswith(_RULES))
    configuration = files.get(_CONFIGURATION)
    jobs = None if configuration is None else scraped.read(_CONFIGURATION, configuration)
    names = known(rule_files, scrape_interval, jobs, link_targets.read(files), applications)
    findings = [*_rules(rule_files, names, sources), *_dashboards(files, names)]
    if configuration is not None and jobs is not None:
        findings += scraped.unrecorded(_CONFIGURATION, configuration, jobs)
    if _ALERTMANAGER in files:
        alerts = fired((alert for file in rule_files for alert in file.alerts), names)
        findings += _alertmanager(_ALERTMANAGER, files[_ALERTMANAGER], alerts)
    tool = promtool.path()
    skipped: tuple[str, ...] = ()
    if tool is None:
        skipped = ("promtool is not on the PATH: configuration, rules and proofs were not run through it",)
    else:
        findings += promtool.check(files, tool, watch)
    if _ALERTMANAGER in files:
        said, why = _amtool(files)
        findings += said
        skipped += why
    named = (replace(one, file=sources.get(one.file, one.file)) for one in findings)
    return Report(tuple(sorted(named)), len(files), skipped)


def of_files(
    files: Mapping[str, bytes],
    planned: Mapping[str, bytes],
    scrape_interval: int,
    applications: Catalogue = NO_METRICS,
    prometheus: Versions = SUPPORTED,
) -> Report:
    """Checks rule files, dashboards and Alertmanager configurations of any origin: path → content.

    JSON is read as a dashboard, YAML with a `route` as an Alertmanager configuration. Their metrics may be exposed by
    an exporter or one of the user's `applications`, recorded by one of the files, or recorded by the rules in
    `planned`, those of the deployment they are for. A file that cannot be read is a finding, so that it keeps nobody
    from judging the others; `prometheus` are the versions that the rules are for.

    Raises:
        BoxwatchError: a dashboard or an Alertmanager configuration cannot be read.
    """
    ours = tuple(rule_file.read(path, content) for path, content in planned.items() if path.startswith(_RULES))
    theirs: list[rule_file.RuleFile] = []
    unreadable: list[Finding] = []
    for path, content in files.items():
        if _is_rules(path, content):
            try:
                theirs.append(rule_file.read(path, content))
            except rule_file.UnreadableError as error:
                unreadable.append(error.finding(rule_loading.ID))
    names = replace(
        known((*ours, *theirs), scrape_interval, applications=applications), foreign=True, prometheus=prometheus
    )
    findings = [*unreadable, *_rules(tuple(theirs), names)]
    skipped: dict[str, None] = {}
    for path, content in files.items():
        if _is_json(path):
            findings += _dashboard(path, content, names)
        elif alertmanager_file.is_one(content):
            # A configuration that also routes other rules' alerts names alerts unknown here.
            given = (alert for file in (*ours, *theirs) for alert in file.alerts)
            findings += _alertmanager(path, content, fired(given, names) if theirs else None)
            said, why = _amtool({_ALERTMANAGER: content})
            findings += (replace(one, file=path) for one in said)
            skipped |= dict.fromkeys(reason.replace("alertmanager.yml", path) for reason in why)
    return Report(tuple(sorted(findings)), len(files), tuple(skipped))


def _is_json(path: str) -> bool:
    return path.endswith(".json")


def _is_rules(path: str, content: bytes) -> bool:
    return not _is_json(path) and not alertmanager_file.is_one(content)


def _alertmanager(path: str, content: bytes, alerts: Alerts | None) -> Iterator[Finding]:
    file = alertmanager_file.read(path, content)
    for module in ALERTMANAGER_CHECKS:
        yield from module.check(file, alerts)


def _amtool(files: Mapping[str, bytes]) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The findings of amtool, and the reason if it was skipped."""
    tool = amtool.path()
    why = "amtool is not on the PATH: alertmanager.yml was not run through it" if tool is None else ""
    if tool is not None and not (why := amtool.too_old(files, tool)):
        return tuple(amtool.check(files, tool)), ()
    return (), (why,)


def _rules(files: tuple[rule_file.RuleFile, ...], names: Known, own: Collection[str] = ()) -> Iterator[Finding]:
    without_links = replace(names, linked=None)
    for file in files:
        for module in RULE_CHECKS:
            yield from module.check(file, without_links if file.path in own else names)


def _dashboards(files: Mapping[str, bytes], names: Known) -> Iterator[Finding]:
    for path, content in files.items():
        if path.startswith(_DASHBOARDS):
            yield from _dashboard(path, content, names)


def _dashboard(path: str, content: bytes, names: Known) -> Iterator[Finding]:
    found = document.read(path, content)
    findings = [*catalogue.check(path, found.dashboard), *_names(path, found.dashboard, names)]
    if findings:
        lines = line_numbers.lines(content.decode(), found.dashboard, found.path)
        yield from (replace(finding, line=lines.get(finding.where, 0)) for finding in findings)


def _names(path: str, dashboard: Mapping[str, object], names: Known) -> Iterator[Finding]:
    for where, expr in catalogue.expressions(path, dashboard):
        tree = tree_of(expr)
        for module, severity in _QUERY_CHECKS if tree is not None else ():
            for message, hint in module.problems(tree, names):
                yield Finding(path, where, module.ID, "note" if names.foreign else severity, message, hint)
