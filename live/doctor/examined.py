"""A deployment beside what its servers answered: what every check of the doctor gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from boxwatch.live.doctor.seen import Document, Prometheus, Seen, Target
from boxwatch.publish import compare, rule_set
from boxwatch.publish.rule_set import RuleSet
from boxwatch.rules import deployment, names
from boxwatch.rules.built import Built
from boxwatch.topology.model import Topology

PROMETHEUS_FILE: Final = "prometheus/prometheus.yml"
ALERTMANAGER_FILE: Final = "alertmanager/alertmanager.yml"
# The line that Prometheus answers; everything that it is asked depends on it.
PROMETHEUS: Final = "prometheus"
_RULES: Final = "prometheus/rules/"


@dataclass(frozen=True, slots=True)
class Expected:
    """A scrape target of the built configuration.

    Attributes:
        pool: name of its job in the configuration.
        job: its label `job`, by which rules know it.
        server: the server.
        service: its label `service`; empty if it has none.
        address: host:port, or the URL of a probe.
        probed: whether the blackbox exporter probes it.
    """

    pool: str
    job: str
    server: str
    service: str
    address: str
    probed: bool

    @property
    def key(self) -> str:
        """Key of its line."""
        return f"target:{self.job}:{self.server}:{self.service}:{self.address}"

    @property
    def where(self) -> str:
        """As messages name it."""
        of = f" of {self.service}" if self.service and self.service != self.job else ""
        return f"{self.job}{of} on {self.server}"


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything that a diagnosis is made from.

    Attributes:
        built: the deployment with its rules.
        files: its artefacts, path → content.
        seen: what the servers answered.
        config: the built configuration of Prometheus.
        rules: the built rules.
        expected: the targets of the built configuration.
    """

    built: Built
    files: Mapping[str, bytes]
    seen: Seen
    config: Document
    rules: RuleSet
    expected: tuple[Expected, ...]

    @classmethod
    def of(cls, built: Built, files: Mapping[str, bytes], seen: Seen) -> Examined:
        """A deployment beside what was seen.

        Raises:
            PublishError: two groups of rules have the same name.
        """
        config = compare.parsed(files[PROMETHEUS_FILE])
        rules = rule_set.merge({path: text for path, text in files.items() if path.startswith(_RULES)})
        return cls(built, files, seen, config, rules, tuple(_expected(config)))

    @property
    def topology(self) -> Topology:
        """The deployment."""
        return self.built.topology

    @property
    def prometheus(self) -> Prometheus:
        """What Prometheus answered."""
        return self.seen.prometheus

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of all series of the deployment; empty unless Prometheus is shared."""
        return deployment.labels(self.topology)

    def live(self, one: Expected) -> Target | None:
        """The live target with the labels of an expected one, preferably at its address."""
        found = [target for target in self.prometheus.targets if self._is(one, target)]
        same = [target for target in found if one.address in (target.address, target.labels.get("instance"))]
        return next(iter(same or ([] if one.probed else found)), None)

    def _is(self, one: Expected, target: Target) -> bool:
        wanted = {"job": one.job, names.SERVER: one.server, names.SERVICE: one.service, **self.labels}
        return all(target.labels.get(label, "") == value for label, value in wanted.items())

    def of_job(self, job: str, server: str, service: str = "") -> tuple[str, ...]:
        """Keys of the lines of a job's targets on a server; of one service, if the targets are a service's own."""
        return tuple(
            one.key for one in self.expected if (one.job, one.server) == (job, server) and one.service in ("", service)
        )


def config_key(pool: str) -> str:
    """Key of the line about a job of the configuration."""
    return f"configuration:{pool}"


def _expected(config: Document) -> Iterator[Expected]:
    for job in jobs(config):
        pool = str(job["job_name"])
        probed = job.get("metrics_path") == "/probe"
        for group in job.get("static_configs") or ():
            labels: Mapping[str, Any] = group.get("labels") or {}
            for address in group["targets"]:
                yield Expected(
                    pool=pool,
                    job=str(labels.get("job", pool)),
                    server=str(labels.get(names.SERVER, "")),
                    service=str(labels.get(names.SERVICE, "")),
                    address=str(address),
                    probed=probed,
                )


def jobs(config: Document | None) -> list[Mapping[str, Any]]:
    """The scrape jobs of a configuration."""
    found = (config or {}).get("scrape_configs")
    return [job for job in found if isinstance(job, dict)] if isinstance(found, list) else []
