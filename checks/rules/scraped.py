"""Every scrape job of ours is of an exporter whose pages are recorded.

What a deployment scrapes is read from its prometheus.yml, whoever wrote it. No rule and no panel on a job without a
recorded exporter can be judged, so such a job is an error in a configuration that boxwatch made. What another tool's
job exposes nobody knows: rules on it are not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import yaml

from boxwatch.checks.finding import Finding
from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue import metrics
from boxwatch.exporters.catalogue.metrics import Metric
from boxwatch.rules import names
from boxwatch.topology.kinds import KINDS, Page

ID = "scrape_jobs"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """One page that is scraped.

    Attributes:
        exporter: file of the catalogue.
        page: shell patterns for the targets as which it was recorded; empty where the exporter has one page only, or
            where it is not known which one is scraped.
    """

    exporter: str
    page: tuple[str, ...] = ()

    def shows(self, metric: Metric) -> bool:
        """Whether the metric is on this page."""
        return metric.exporter == self.exporter and metric.is_on(self.page)


# Job → the pages behind it, or None for a job of which nobody can know what it exposes.
Scraped = Mapping[str, frozenset[Source] | None]

# What is behind each job of ours that belongs to no kind of service, by path and parameters of the page.
_PROBES = {names.JOB_PROBE: "probe-http*", names.JOB_PROBE_PORTS: "probe-tcp*"}
_FIXED: Mapping[str, frozenset[Source]] = MappingProxyType(
    {
        names.JOB_CADVISOR: frozenset({Source(metrics.CADVISOR)}),
        names.JOB_NODE: frozenset({Source("node_exporter")}),
        names.JOB_DOCKER: frozenset({Source("docker-engine")}),
        names.JOB_PROMETHEUS: frozenset({Source("prometheus")}),
        names.JOB_ALERTMANAGER: frozenset({Source("alertmanager")}),
        names.JOB_GRAFANA: frozenset({Source("grafana")}),
        names.JOB_BLACKBOX: frozenset({Source("blackbox_exporter")}),
        **{job: frozenset({Source("blackbox_probe", (pattern,))}) for job, pattern in _PROBES.items()},
    }
)
# What is behind each job of ours, as files of the catalogue.
EXPORTERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **{job: frozenset(source.exporter for source in sources) for job, sources in _FIXED.items()},
        **{job: frozenset({kind.exporter}) for kind in KINDS for job in kind.jobs},
    }
)
_HEADER = b"# Prometheus configuration of deployment "


def read(path: str, content: bytes) -> Scraped:
    """The jobs of a Prometheus configuration.

    Raises:
        BoxwatchError: it is no YAML, or its scrape jobs are not shaped as Prometheus wants them.
    """
    found: dict[str, frozenset[Source] | None] = {}
    try:
        document = yaml.safe_load(content)
        for config in (document or {}).get("scrape_configs") or []:
            for job, place in _places(config):
                sources = _sources(job, place)
                known = found.setdefault(job, frozenset())
                found[job] = None if sources is None or known is None else known | sources
    except (yaml.YAMLError, RecursionError, AttributeError, TypeError, KeyError) as error:
        message = f"{path}: has no list of scrape_configs as Prometheus reads it ({type(error).__name__})"
        raise BoxwatchError(f"{message}; promtool check config says what is wrong") from error
    return {job: found[job] for job in sorted(found)}


def unrecorded(path: str, content: bytes, scraped: Scraped) -> Iterator[Finding]:
    """Jobs in a configuration of ours of which the catalogue does not know what they expose."""
    if not content.startswith(_HEADER):
        return
    for job, sources in scraped.items():
        if sources is None and job != names.JOB_APP and not job.startswith(f"{names.JOB_APP}-"):
            message = "nothing is recorded of what this job exposes, so no rule and no panel on it can be judged"
            hint = "name its exporter in boxwatch.topology.kinds, and record its page"
            yield Finding(path, f"job {job}", ID, "error", message, hint)


def _places(config: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, object]]]:
    """(job, (path, parameters)) of each of its targets: a target's own labels have the last word."""
    statics = config.get("static_configs")
    labels = [place.get("labels") or {} for place in statics] if isinstance(statics, list) else []
    path, params = config.get("metrics_path", Page().path), config.get("params") or {}
    for own in labels or [{}]:
        yield str(own.get("job", config["job_name"])), (str(own.get("__metrics_path__", path)), params)


def _sources(job: str, place: tuple[str, object]) -> frozenset[Source] | None:
    if job in _FIXED:
        return _FIXED[job]
    for kind in KINDS:
        if job in kind.jobs:
            pages = [page for page in (*kind.pages, *kind.alternatives) if _is_at(page, place)]
            # Somebody's own path: it may be any page.
            return frozenset({Source(kind.exporter, page.recorded) for page in pages} or {Source(kind.exporter)})
    return None


def _is_at(page: Page, place: tuple[str, object]) -> bool:
    return (page.path, {key: list(values) for key, values in page.params}) == place
