"""Asking the servers: everything a diagnosis needs, read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boxwatch.live.doctor import ask_alertmanager, ask_prometheus, questions
from boxwatch.live.doctor.examined import Examined
from boxwatch.live.doctor.seen import Grafana, Seen
from boxwatch.rules import deployment

if TYPE_CHECKING:
    from boxwatch.discovery.model import Host
    from boxwatch.publish.http import Client
    from boxwatch.rules.built import Built


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Whom to ask.

    Attributes:
        prometheus: Prometheus.
        alertmanager: Alertmanager, if it is to be asked.
        grafana: asks Grafana, if it is to be asked.
        hosts: name of a server → what Docker says about it.
        timeout: seconds for each request.
    """

    prometheus: Client
    alertmanager: Client | None
    grafana: Callable[[], Grafana] | None
    hosts: Mapping[str, Host]
    timeout: float


def examine(built: Built, files: Mapping[str, bytes], servers: Servers) -> Examined:
    """A deployment beside what its servers answer; a server that cannot be asked is a finding, not an error."""
    prometheus, skew = ask_prometheus.ask(servers.prometheus, questions.questions(built), servers.timeout)
    labels = deployment.labels(built.topology)
    alertmanager = servers.alertmanager
    seen = Seen(
        prometheus=prometheus,
        alertmanager=None if alertmanager is None else ask_alertmanager.ask(alertmanager, labels, servers.timeout),
        grafana=None if servers.grafana is None else servers.grafana(),
        hosts=servers.hosts,
        skew=skew,
    )
    return Examined.of(built, files, seen)
