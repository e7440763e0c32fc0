"""Known metric names: those that exporters expose, and those that the given rules record."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from boxwatch.checks.prometheus_versions import SUPPORTED, Versions
from boxwatch.checks.rules.link_targets import Linked
from boxwatch.checks.rules.rule_file import Rule, RuleFile
from boxwatch.checks.rules.scraped import Scraped
from boxwatch.exporters.catalogue import metrics
from boxwatch.promql.labels import result_labels
from boxwatch.promql.selectors import Labels
from boxwatch.rules import names

# A recorded series of ours has the labels of its level, whether or not this topology uses all of them: a service with
# components may be planned tomorrow.
_LEVELS: Mapping[str, str] = {
    "server": names.BY_SERVER,
    "service": names.BY_SERVICE,
    "component": names.BY_COMPONENT,
    "container": names.BY_CONTAINER,
}
_CLOSE = 0.75


@dataclass(frozen=True, slots=True)
class Known:
    """The context of a check.

    Attributes:
        recorded: name → labels of every recorded series; None when the labels are unknown.
        scrape_interval: seconds between samples.
        scraped: job → exporters behind it; None without a Prometheus configuration.
        linked: the targets of links in alerts; None without dashboards and runbooks.
        applications: metrics of the user's own applications, by name; the exporter is the application.
        prometheus: the versions of Prometheus that the rules are for.
        foreign: whether the rules are for a deployment other than ours, whose scrape configuration is unknown: any
            metric may exist, and any series may have more labels than its exporter gives it.
    """

    recorded: Mapping[str, Labels | None]
    scrape_interval: int = 30
    scraped: Scraped | None = None
    linked: Linked | None = None
    applications: metrics.Catalogue = field(default_factory=lambda: metrics.NO_METRICS)
    prometheus: Versions = SUPPORTED
    foreign: bool = False

    def exists(self, name: str) -> bool:
        """Whether anything records or exposes this name."""
        return name in self.recorded or name in self.applications or metrics.exists(name)

    def labels_of(self, name: str) -> Labels | None:
        """Labels of a recorded or exposed series; None when they are unknown."""
        if name in self.recorded:
            return self.recorded[name]
        return _exposed(name, self.applications)

    def exposed_by(self, name: str) -> tuple[metrics.Metric, ...]:
        """Entries of a name, one per exporter or application; empty if nothing exposes it."""
        return (*metrics.exposed_by(name), *self.applications.get(name, ()))

    def closest(self, name: str) -> str:
        """The name that was probably meant; empty when none is close."""
        found = difflib.get_close_matches(name, (*self.recorded, *self.applications), n=1, cutoff=_CLOSE)
        return found[0] if found else metrics.closest(name)


def known(
    files: tuple[RuleFile, ...],
    scrape_interval: int = 30,
    scraped: Scraped | None = None,
    linked: Linked | None = None,
    applications: metrics.Catalogue = metrics.NO_METRICS,
) -> Known:
    """The names that a set of rule files may use: its own, the catalogue's, and those of the user's applications."""
    by_name: dict[str, list[Rule]] = {}
    for file in files:
        for rule in file.records:
            by_name.setdefault(rule.name, []).append(rule)
    found: dict[str, Labels | None] = {}

    def labels_of(name: str) -> Labels | None:
        if name not in by_name:
            return _exposed(name, applications)
        if name not in found:
            # The labels of a rule that reads itself, directly or through others, are unknown.
            found[name] = None
            found[name] = _union(name, by_name[name])
        return found[name]

    def _union(name: str, rules: list[Rule]) -> Labels | None:
        level = _LEVELS.get(name.partition(":")[0], "") if ":" in name else ""
        labels: Labels = frozenset(level.split(", ")) if level else frozenset()
        for rule in rules:
            tree = rule.tree
            own = None if tree is None else result_labels(tree, labels_of)
            if own is None:
                return None
            labels |= own | frozenset(rule.labels)
        return labels

    return Known({name: labels_of(name) for name in by_name}, scrape_interval, scraped, linked, applications)


def _exposed(name: str, applications: metrics.Catalogue) -> Labels | None:
    """The labels of an exposed series, whoever exposes it; None when they are unknown."""
    own = applications.get(name, ())
    known = metrics.labels_of(name)
    if not own or (known is None and metrics.exists(name)):
        return known
    return frozenset().union(known or (), *(metric.stored_labels for metric in own))
