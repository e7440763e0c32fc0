"""Every check, and the run of all of them over what was generated or is at hand."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from boxwatch.checks import (
    alert_comparison,
    alert_style,
    alert_templates,
    counter_rate,
    dashboards,
    metric_names,
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
from boxwatch.errors import BoxwatchError

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


def _rules(files: tuple[rule_file.RuleFile, ...], names: Known) -> Iterator[Finding]:
    for file in files:
        for module in RULE_CHECKS:
            yield from module.check(file, names)


def _dashboards(files: Mapping[str, bytes], names: Known) -> Iterator[Finding]:
    for path, content in files.items():
        if not path.startswith(_DASHBOARDS):
            continue
        document = _dashboard(path, content)
        yield from dashboards.check(path, document)
        for where, expr in dashboards.expressions(path, document):
            # A query that does not parse is found by a check of its own.
            with contextlib.suppress(ValueError):
                for message, hint in metric_names.problems(promql.parse(expr), names):
                    yield Finding(path, where, metric_names.ID, "error", message, hint)


def _dashboard(path: str, content: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BoxwatchError(f"{path}: is not JSON: {error}; export the dashboard again") from error
    if not isinstance(document, dict):
        raise BoxwatchError(f"{path}: is JSON, but no dashboard: a dashboard is an object")
    return document
