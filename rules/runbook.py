"""Runbook pages, one per alert name, generated from the alerts themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from boxwatch.rules import alert_command, inhibition, inhibition_text, names
from boxwatch.rules.alert_text import Shown, shown
from boxwatch.rules.model import Alert, Subject
from boxwatch.rules.patterns.fragments import number
from boxwatch.rules.patterns.paging import NON_PAGING
from boxwatch.topology import units
from boxwatch.topology.model import Topology

_SEVERITIES = {
    "critical": "critical: pages someone",
    "warning": "warning: opens a ticket for working hours",
    "info": "info: shown on dashboards only",
    "none": "none: consumed by other software",
}
# Conditions that boxwatch.rules.patterns.paging and boxwatch.rules.tuning append to an alert's query.
_QUIET = f"unless on ({names.BY_SERVICE}) {names.SERVICE_PAGES} == 1"
_HELD = re.compile(rf'(and|unless) on \({names.BY_SERVICE}\) {names.SERVICE_INFO}\{{service=~?"([^"]*)"\}}')
_NAME = re.compile(r"\bNAME\b")


@dataclass(frozen=True, slots=True)
class Page:
    """The runbook page of one alert name.

    Attributes:
        variants: the alerts of that name: by severity, and by service where the topology has overrides.
        shown: dashboard and panel that show it.
        sections: heading → Markdown, in the order of use.
    """

    variants: tuple[Alert, ...]
    shown: Shown
    sections: dict[str, str]

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.variants[0].alert

    @property
    def summary(self) -> str:
        """The alert's summary, one sentence."""
        return self.variants[0].summary

    @property
    def severities(self) -> tuple[str, ...]:
        """`critical: pages someone`, one for each variant, with the services it applies to."""
        return tuple(dict.fromkeys(f"{_SEVERITIES[one.severity]}{_whose(one)}" for one in self.variants))

    @property
    def proofs(self) -> tuple[str, ...]:
        """The titles of its proofs."""
        return tuple(dict.fromkeys(case.title for one in self.variants for case in (*one.fires, *one.silent)))

    def to_json(self) -> dict[str, object]:
        """The page in machine-readable form; `for` in seconds."""
        alert = self.variants[0]
        return {
            "name": self.name,
            "summary": self.summary,
            "description": alert.description,
            "variants": [
                {"severity": one.severity, "for": one.wait, "labels": dict(one.labels), "expr": one.expr}
                for one in self.variants
            ],
            "threshold": alert.threshold,
            "threshold_source": alert.threshold_source,
            "dashboard": {"title": self.shown.title, "panel": self.shown.panel, "url": self.shown.url},
            "runbook": self.sections,
            "proofs": list(self.proofs),
        }

    def markdown(self) -> str:
        """The page as Markdown."""
        parts = [f"# {self.name}", self.summary, "\n".join(f"- {text}" for text in self.severities)]
        for heading, text in self.sections.items():
            parts += [f"## {heading}", text]
        return "\n\n".join(parts) + "\n"


def book(topology: Topology, subjects: tuple[Subject, ...]) -> dict[str, Page]:
    """Alert name → runbook page."""
    silencing = inhibition.inhibitions(topology, subjects)
    found: dict[str, list[Alert]] = {}
    for subject in subjects:
        for alert in subject.alerts:
            found.setdefault(alert.alert, []).append(alert)
    return {
        name: _page(topology, tuple(variants), inhibition_text.section(name, silencing))
        for name, variants in found.items()
    }


def pages(topology: Topology, subjects: tuple[Subject, ...]) -> dict[str, bytes]:
    """File name → content: all pages, and an index."""
    written = book(topology, subjects)
    index = [f"# Runbooks of {topology.name}", ""]
    listed: set[str] = set()
    for subject in subjects:
        own = [name for name in dict.fromkeys(alert.alert for alert in subject.alerts) if name not in listed]
        if not own:
            continue
        listed.update(own)
        index += [f"## {subject.title}", "", "| alert | severity | summary |", "|---|---|---|"]
        for name in own:
            severity = ", ".join(dict.fromkeys(variant.severity for variant in written[name].variants))
            index.append(f"| [{name}]({name}.md) | {severity} | {written[name].summary} |")
        index.append("")
    return {
        "README.md": ("\n".join(index).rstrip() + "\n").encode(),
        **{f"{name}.md": page.markdown().encode() for name, page in written.items()},
    }


def _page(topology: Topology, variants: tuple[Alert, ...], others: str) -> Page:
    alert = variants[0]
    runbook = alert.runbook
    place = shown(topology, alert)
    rules = [f"```promql\n# {one.severity}, {_after(one)}\n{one.expr}\n```" for one in variants]
    page = Page(
        variants,
        place,
        {
            "What it means": runbook.meaning,
            "First look": "\n\n".join(
                (_where(topology, place), _numbered(runbook.first_look), *_containers(topology, alert))
            ),
            "What to do": _numbered(runbook.action),
            "False alarms": runbook.false_alarms,
            "Other alerts": others,
            "The rule": "\n\n".join((*rules, *_threshold(topology, alert))),
            "To change it": _change(variants),
        },
    )
    # The warning repeats proofs of the critical alert; the page lists them once.
    page.sections["Proven"] = "\n".join(
        f"- {title}"
        for title in page.proofs
        if not (title.endswith(NON_PAGING) and title.removesuffix(NON_PAGING) in page.proofs)
    )
    return page


def _containers(topology: Topology, alert: Alert) -> Iterator[str]:
    """How to find the container that the commands call NAME."""
    if not _NAME.search(" ".join((*alert.runbook.first_look, *alert.runbook.action))):
        return
    if alert.alert.startswith("Container"):
        yield "`NAME` is the container's name, the label `name` of the alert."
    elif found := alert_command.listing(topology, alert):
        listed = "\n".join(f"- {service}: `{command}`" for service, command in found.items())
        yield f"`NAME` is the container's name. On the server, this lists the containers:\n\n{listed}"
    else:
        yield f"`NAME` is the container's name, which `{alert_command.ALL}` lists on the server."


def _numbered(steps: tuple[str, ...]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _after(alert: Alert) -> str:
    return f"for {alert.for_}" if alert.wait else "fires immediately"


def _where(topology: Topology, place: Shown) -> str:
    # Without Grafana's address there is no link, only a path to append to it.
    where = f"Dashboard *{place.title}*" + (f", panel *{place.panel}*" if place.panel else "")
    return f"{where}: <{place.url}>" if topology.urls.grafana else f"{where}: `{place.url}` in Grafana."


def _threshold(topology: Topology, alert: Alert) -> Iterator[str]:
    if alert.threshold is None:
        return
    tuning = topology.alerts.rules.get(alert.alert)
    source = alert.threshold_source.rstrip(".")
    if tuning is not None and tuning.threshold is not None:
        yield f"The threshold is {number(alert.threshold)}, set in the topology. Source of the default: {source}."
    else:
        yield f"The threshold is {number(alert.threshold)}: {source}."


def _change(variants: tuple[Alert, ...]) -> str:
    alert = variants[0]
    lines = ["alerts:", "  rules:", f"    {alert.alert}:", "      enabled: true  # false switches it off"]
    if alert.threshold is not None:
        lines.append(f"      threshold: {number(alert.threshold)}")
    if alert.takes_wait:
        lines.append(
            f"      for: {units.format_duration(alert.effective_wait)}" if alert.effective_wait else "      for: 0s"
        )
    if len({variant.severity for variant in variants}) == 1 and alert.severity != "none":
        lines.append(f"      severity: {alert.severity}")
    lines.append("      labels: {}  # more labels, for routes")
    if names.SERVICE in alert.fires[0].expects[0].labels:
        lines.append("      services: {}  # NAME: {…} with the same keys, for one service")
    snippet = "\n".join(lines)
    said = f"Put the lines to change into the topology. These are the values in force:\n\n```yaml\n{snippet}\n```"
    return said if alert.takes_wait else f"{said}\n\n`for` cannot be changed: {alert.instead}."


def _whose(alert: Alert) -> str:
    """The services that a variant applies to: ` (services with `pages: false`)`; empty for all."""
    found: list[str] = []
    if _QUIET in alert.expr:
        outside = any(not one.labels.get(names.SERVICE) for case in alert.fires for one in case.expects)
        found.append("services with `pages: false`" + (", and containers outside the plan" if outside else ""))
    for word, services in _HELD.findall(alert.expr):
        listed = services.replace("|", ", ")
        found.append(f"only {listed}" if word == "and" else f"all but {listed}")
    return f" ({'; '.join(found)})" if found else ""
