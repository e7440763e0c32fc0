"""Versions: of Prometheus, Alertmanager, Grafana and the exporters, beside the oldest that is supported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.catalogue import metrics
from boxwatch.exporters.catalogue.supported import OLDEST
from boxwatch.exporters.catalogue.versions import version_order
from boxwatch.live.doctor import questions
from boxwatch.live.doctor.examined import PROMETHEUS, Examined
from boxwatch.live.doctor.line import Line
from boxwatch.live.doctor.seen import Sample
from boxwatch.rules import names
from boxwatch.stack import receivers

ID: Final = "versions"
# Generated rules and configuration use nothing newer.
_PROMETHEUS: Final = "2.42.0"
# Dashboards are published through its API from this version on.
_GRAFANA: Final = "10.4.0"
_NUMBER: Final = re.compile(r"v?([0-9]+(?:\.[0-9]+)+)")
_SUFFIX: Final = "_build_info"


@dataclass(frozen=True, slots=True)
class _Running:
    """A program with its version."""

    program: str
    where: str
    version: str
    oldest: str
    after: tuple[str, ...]


def lines(examined: Examined) -> Iterator[Line]:
    """One line for each program that is too old, or one for all."""
    found = [one for one in _running(examined) if one.version]
    old = [one for one in found if version_order(one.version) < version_order(one.oldest)]
    for one in old:
        yield Line(
            check=ID, key=f"version:{one.program}:{one.where}", state="problem", where=one.where, after=one.after,
            what=f"{one.program} {one.version} is older than {one.oldest}, the oldest supported version",
            action=f"update {one.program}",
        )  # fmt: skip
    if found and not old:
        programs = dict.fromkeys(f"{one.program} {one.version}" for one in found)
        yield Line(
            check=ID, key="versions", state="ok", where="versions", what=", ".join(programs), after=(PROMETHEUS,)
        )  # fmt: skip


def _running(examined: Examined) -> Iterator[_Running]:
    seen = examined.seen
    yield _Running("Prometheus", "Prometheus", _number(seen.prometheus.version), _PROMETHEUS, (PROMETHEUS,))
    needs = ".".join(map(str, receivers.needs(examined.topology.notifications)))
    if seen.alertmanager is not None:
        yield _Running("Alertmanager", "Alertmanager", _number(seen.alertmanager.version), f"{needs}.0", ())
    if seen.grafana is not None:
        yield _Running("Grafana", "Grafana", _number(seen.grafana.version), _GRAFANA, ())
    for one in seen.prometheus.answer(questions.VERSIONS):
        program = one["__name__"].removesuffix(_SUFFIX).removesuffix("_version_info")
        version = _number(one["cadvisorVersion"] or one["version"])
        after = examined.of_job(one["job"], one[names.SERVER], one[names.SERVICE])
        if program == "alertmanager" and seen.alertmanager is None:
            yield _Running("Alertmanager", _where(one), version, f"{needs}.0", after)
        elif program not in ("prometheus", "alertmanager", "grafana"):
            oldest = OLDEST.get(program) or next(iter(metrics.versions_of(program)), "0")
            yield _Running(program, _where(one), version, oldest, after)


def _where(one: Sample) -> str:
    of = f" of {one[names.SERVICE]}" if one[names.SERVICE] else ""
    return f"{one['job']}{of} on {one[names.SERVER]}"


def _number(text: str) -> str:
    match = _NUMBER.match(text)
    return match[1] if match else ""
