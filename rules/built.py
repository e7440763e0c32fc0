"""The rules of a deployment, built once and passed to everything that renders them or draws dashboards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxwatch.rules.model import Subject
from boxwatch.topology.model import Topology


@dataclass(frozen=True, slots=True)
class Built:
    """A topology and its rules.

    Attributes:
        topology: the deployment.
        subjects: its rules by subject, in the order of triage, with the overrides of `alerts.rules` applied.
        thresholds: alert → threshold, for every alert that has one. Alerts that the topology switches off are included,
            because dashboards still draw their lines.
    """

    topology: Topology
    subjects: tuple[Subject, ...]
    thresholds: Mapping[str, float]
