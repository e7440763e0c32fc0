"""Every check, and the run of all of them over what was generated or is at hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from boxwatch.checks import (
    alert_comparison,
    alert_style,
    alert_templates,
    counter_rate,
    dashboards,
    metric_names,
    places,
    promql,
    promql_syntax,
    promtool,
    range_window,
    rule_duplicates,
    rule_file,
    rule_names,
    rule_portability,
)
from boxwatch.checks.finding import Finding
from boxwatch.checks.known import Known, known
from boxwatch.dashboards import document

RULE_CHECKS = (
    promql_syntax,
    metric_names,
    alert_comparison,
    alert_templates,
    alert_style,
    counter_rate,
    range_window,
    rule_names,
    rule_duplicates,
    rule_portability,
)

_RULES = "prometheus/rules/"
_DASHBOARDS = "grafana/dashboards/"


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on a set of artefacts.

    Attributes:
        findings: in the order of the files.
        looked_at: how many artefacts were checked.
        skipped: what could not be checked, and why.
    """

    findings: tuple[Finding, ...]
    looked_at: int
    skipped: tuple[str, ...] = ()


def run(files: Mapping[str, bytes], scrape_interval: int, watch: promtool.Watch | None = None) -> Report:
    """Run every check over artefacts: path → content, as `assemble` makes them.

    `watch` is told how far promtool is, which takes most of the time.

    Raises:
        BoxwatchError: a file is not what its place says, or promtool cannot be run.
    """
    rule_files = tuple(rule_file.read(path, content) for path, content in files.items() if path.startswith(_RULES))
    names = known(rule_files, scrape_interval)
    findings = [*_rules(rule_files, names), *_dashboards(files, names)]
    tool = promtool.path()
    skipped: tuple[str, ...] = ()
    if tool is None:
        skipped = ("promtool is not on the PATH: configuration, rules and proofs were not run through it",)
    else:
        findings += promtool.check(files, tool, watch)
    return Report(tuple(sorted(findings)), len(files), skipped)


def of_files(files: Mapping[str, bytes], planned: Mapping[str, bytes], scrape_interval: int) -> Report:
    """Check rule files and dashboards that somebody wrote: path → content. JSON is taken for a dashboard.

    What they name may be exposed, recorded by one of them, or recorded by the rules among `planned`, which are those of
    the deployment that they are for.

    Raises:
        BoxwatchError: a file is neither a rule file nor a dashboard.
    """
    ours = tuple(rule_file.read(path, content) for path, content in planned.items() if path.startswith(_RULES))
    theirs = tuple(rule_file.read(path, content) for path, content in files.items() if not _is_json(path))
    names = known((*ours, *theirs), scrape_interval)
    findings = [*_rules(theirs, names)]
    for path, content in files.items():
        if _is_json(path):
            findings += _dashboard(path, content, names)
    return Report(tuple(sorted(findings)), len(files))


def _is_json(path: str) -> bool:
    return path.endswith(".json")


def _rules(files: tuple[rule_file.RuleFile, ...], names: Known) -> Iterator[Finding]:
    for file in files:
        for module in RULE_CHECKS:
            yield from module.check(file, names)


def _dashboards(files: Mapping[str, bytes], names: Known) -> Iterator[Finding]:
    for path, content in files.items():
        if path.startswith(_DASHBOARDS):
            yield from _dashboard(path, content, names)


def _dashboard(path: str, content: bytes, names: Known) -> Iterator[Finding]:
    found = document.read(path, content)
    findings = [*dashboards.check(path, found.dashboard), *_names(path, found.dashboard, names)]
    if findings:
        lines = places.lines(content.decode(), found.dashboard, found.path)
        yield from (replace(finding, line=lines.get(finding.where, 0)) for finding in findings)


def _names(path: str, dashboard: Mapping[str, object], names: Known) -> Iterator[Finding]:
    for where, expr in dashboards.expressions(path, dashboard):
        # A query that does not parse is found by a check of its own.
        with contextlib.suppress(ValueError):
            for message, hint in metric_names.problems(promql.parse(expr), names):
                yield Finding(path, where, metric_names.ID, "error", message, hint)
