"""Every check on dashboards, in the order in which a person would fix the findings.

A check is a module with an ID, a docstring that names the problem in such a dashboard, and check(file, dashboard).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxwatch.checks.dashboards import (
    dashboard_angular,
    dashboard_choices,
    dashboard_constants,
    dashboard_counters,
    dashboard_datasource,
    dashboard_editable,
    dashboard_grid,
    dashboard_ids,
    dashboard_instant,
    dashboard_jobs,
    dashboard_legends,
    dashboard_logql,
    dashboard_logql_auto,
    dashboard_plugin_version,
    dashboard_promql,
    dashboard_rate_interval,
    dashboard_references,
    dashboard_refresh,
    dashboard_repeats,
    dashboard_resolution,
    dashboard_schema,
    dashboard_schema_version,
    dashboard_targets,
    dashboard_titles,
    dashboard_uid,
    dashboard_units,
    dashboard_variable_queries,
    dashboard_variables,
)
from boxwatch.grafana import expressions as of_dashboard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from boxwatch.checks.finding import Finding

    Check = Callable[[str, Mapping[str, object]], Iterator[Finding]]

DASHBOARD_CHECKS: tuple[Check, ...] = (
    dashboard_schema_version.check,
    dashboard_schema.check,
    dashboard_angular.check,
    dashboard_uid.check,
    dashboard_editable.check,
    dashboard_refresh.check,
    dashboard_ids.check,
    dashboard_plugin_version.check,
    dashboard_grid.check,
    dashboard_titles.check,
    dashboard_units.check,
    dashboard_datasource.check,
    dashboard_variables.check,
    dashboard_variable_queries.check,
    dashboard_repeats.check,
    dashboard_choices.check,
    dashboard_targets.check,
    dashboard_references.check,
    dashboard_promql.check,
    dashboard_constants.check,
    dashboard_jobs.check,
    dashboard_rate_interval.check,
    dashboard_counters.check,
    dashboard_legends.check,
    dashboard_logql.check,
    dashboard_logql_auto.check,
    dashboard_instant.check,
    dashboard_resolution.check,
)


def check(file: str, dashboard: Mapping[str, object]) -> Iterator[Finding]:
    """The findings of all checks in one dashboard."""
    for each in DASHBOARD_CHECKS:
        yield from each(file, dashboard)


def expressions(file: str, dashboard: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(where, PromQL) of all panels, variables and annotations, variables expanded; `where` as in findings."""
    del file
    yield from of_dashboard.expressions(dashboard)
