"""Every scrape job of ours has an exporter whose metrics are recorded.

The jobs are read from the deployment's prometheus.yml, whoever wrote it. Rules and panels on a job without a recorded
exporter cannot be judged, so such a job is an error in a configuration made by boxwatch. The metrics of other tools'
jobs are unknown: rules on them are not judged.
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
    """One scraped page.

    Attributes:
        exporter: file of the catalogue.
        page: shell patterns of the targets as which it was recorded; empty where the exporter has a single page, or
            where the scraped page is unknown.
    """

    exporter: str
    page: tuple[str, ...] = ()

    def shows(self, metric: Metric) -> bool:
        """Whether the page has the metric."""
        return metric.exporter == self.exporter and metric.is_on(self.page)


# Job → the pages behind it, or None for a job whose metrics are unknown.
Scraped = Mapping[str, frozenset[Source] | None]

# Pages behind our jobs that belong to no kind of service, by path and parameters.
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
# Exporters behind our jobs, as files of the catalogue.
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
        BoxwatchError: the content is not YAML, or its scrape jobs do not have the shape that Prometheus requires.
    """
    found: dict[str, frozenset[Source] | None] = {}
    try:
        document = yaml.safe_load(content)
        for config in (document or {}).get("scrape_configs") or []:
            for job, place in _places(config):
                sources = pages(job, place)
                known = found.setdefault(job, frozenset())
                found[job] = None if sources is None or known is None else known | sources
    except (yaml.YAMLError, RecursionError, AttributeError, TypeError, KeyError) as error:
        message = f"{path}: no list of scrape_configs as Prometheus reads it ({type(error).__name__})"
        raise BoxwatchError(f"{message}; run promtool check config for details") from error
    return {job: found[job] for job in sorted(found)}


def unrecorded(path: str, content: bytes, scraped: Scraped) -> Iterator[Finding]:
    """Jobs in a configuration of ours whose metrics the catalogue does not have."""
    if not content.startswith(_HEADER):
        return
    for job, sources in scraped.items():
        if sources is None and job != names.JOB_APP and not job.startswith(f"{names.JOB_APP}-"):
            message = "no metrics are recorded for this job, so no rule and no panel on it can be judged"
            hint = "name its exporter in boxwatch.topology.kinds, and record its page"
            yield Finding(path, f"job {job}", ID, "error", message, hint)


def _places(config: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, object]]]:
    """(job, (path, parameters)) of each target: a target's own labels take precedence."""
    statics = config.get("static_configs")
    labels = [place.get("labels") or {} for place in statics] if isinstance(statics, list) else []
    path, params = config.get("metrics_path", Page().path), config.get("params") or {}
    for own in labels or [{}]:
        yield str(own.get("job", config["job_name"])), (str(own.get("__metrics_path__", path)), params)


def pages(job: str, place: tuple[str, object]) -> frozenset[Source] | None:
    """The pages behind a job at a place, (path, parameters); None if the job is none of ours."""
    if job in _FIXED:
        return _FIXED[job]
    for kind in KINDS:
        if job in kind.jobs:
            pages = [page for page in (*kind.pages, *kind.alternatives) if _is_at(page, place)]
            # A user's own path: it may be any page.
            return frozenset({Source(kind.exporter, page.recorded) for page in pages} or {Source(kind.exporter)})
    return None


def _is_at(page: Page, place: tuple[str, object]) -> bool:
    return (page.path, {key: list(values) for key, values in page.params}) == place
