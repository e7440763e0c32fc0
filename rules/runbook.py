"""Runbook pages, one an alert name, generated from what the alert itself carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from boxwatch.rules import inhibition, inhibition_text, names
from boxwatch.rules.alert_text import Shown, shown
from boxwatch.rules.model import Alert, Subject
from boxwatch.rules.patterns.fragments import number
from boxwatch.rules.patterns.paging import WAKES_NOBODY
from boxwatch.topology import units
from boxwatch.topology.model import Topology

_SEVERITIES = {
    "critical": "critical: someone is woken",
    "warning": "warning: a ticket for working hours",
    "info": "info: shown on dashboards",
    "none": "none: for machines that wait for it",
}
# What boxwatch.rules.patterns.paging and boxwatch.rules.tuning hold an alert to, at the end of its query.
_QUIET = f"unless on ({names.BY_SERVICE}) {names.SERVICE_PAGES} == 1"
_HELD = re.compile(rf'(and|unless) on \({names.BY_SERVICE}\) {names.SERVICE_INFO}\{{service=~?"([^"]*)"\}}')


@dataclass(frozen=True, slots=True)
class Page:
    """All that is told of one alert name.

    Attributes:
        variants: the alerts of that name: by severity, and by service where the topology makes a difference.
        shown: where it can be seen.
        sections: heading → Markdown, in the order in which they are needed.
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
        """One sentence."""
        return self.variants[0].summary

    @property
    def severities(self) -> tuple[str, ...]:
        """`critical: someone is woken`, one for each variant, and for which services."""
        return tuple(dict.fromkeys(f"{_SEVERITIES[one.severity]}{_whose(one)}" for one in self.variants))

    @property
    def proofs(self) -> tuple[str, ...]:
        """The titles of its proofs."""
        return tuple(dict.fromkeys(case.title for one in self.variants for case in (*one.fires, *one.silent)))

    def to_json(self) -> dict[str, object]:
        """All of it for machines, `for` in seconds."""
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
        """The page as a file."""
        parts = [f"# {self.name}", self.summary, "\n".join(f"- {text}" for text in self.severities)]
        for heading, text in self.sections.items():
            parts += [f"## {heading}", text]
        return "\n\n".join(parts) + "\n"


def book(topology: Topology, subjects: tuple[Subject, ...]) -> dict[str, Page]:
    """Alert name → what is told of it."""
    silencing = inhibition.inhibitions(topology, subjects)
    found: dict[str, list[Alert]] = {}
    for subject in subjects:
        for alert in subject.alerts:
            found.setdefault(alert.alert, []).append(alert)
    return {
        name: _page(topology, tuple(variants), inhibition_text.told(name, silencing))
        for name, variants in found.items()
    }


def pages(topology: Topology, subjects: tuple[Subject, ...]) -> dict[str, bytes]:
    """File name → page, and an index of all of them."""
    told = book(topology, subjects)
    index = [f"# Runbooks of {topology.name}", ""]
    listed: set[str] = set()
    for subject in subjects:
        own = [name for name in dict.fromkeys(alert.alert for alert in subject.alerts) if name not in listed]
        if not own:
            continue
        listed.update(own)
        index += [f"## {subject.title}", "", "| alert | severity | what it says |", "|---|---|---|"]
        for name in own:
            severity = ", ".join(dict.fromkeys(variant.severity for variant in told[name].variants))
            index.append(f"| [{name}]({name}.md) | {severity} | {told[name].summary} |")
        index.append("")
    return {
        "README.md": ("\n".join(index).rstrip() + "\n").encode(),
        **{f"{name}.md": page.markdown().encode() for name, page in told.items()},
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
            "First look": f"{_where(topology, place)}\n\n{_numbered(runbook.first_look)}",
            "What to do": _numbered(runbook.action),
            "False alarms": runbook.false_alarms,
            "Other alerts": others,
            "The rule": "\n\n".join((*rules, *_threshold(topology, alert))),
            "To change it": _change(variants),
        },
    )
    # What is proven of the common alert is proven again of its warning; once is enough to read.
    page.sections["Proven"] = "\n".join(
        f"- {title}"
        for title in page.proofs
        if not (title.endswith(WAKES_NOBODY) and title.removesuffix(WAKES_NOBODY) in page.proofs)
    )
    return page


def _numbered(steps: tuple[str, ...]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _after(alert: Alert) -> str:
    return f"for {alert.for_}" if alert.wait else "at once"


def _where(topology: Topology, place: Shown) -> str:
    # Without Grafana's address there is nothing to follow, but a path to type behind it.
    where = f"Dashboard *{place.title}*" + (f", panel *{place.panel}*" if place.panel else "")
    return f"{where}: <{place.url}>" if topology.urls.grafana else f"{where}: `{place.url}` in Grafana."


def _threshold(topology: Topology, alert: Alert) -> Iterator[str]:
    if alert.threshold is None:
        return
    tuning = topology.alerts.rules.get(alert.alert)
    source = alert.threshold_source.rstrip(".")
    if tuning is not None and tuning.threshold is not None:
        yield f"The threshold is {number(alert.threshold)}, as the topology says. Of boxwatch's own: {source}."
    else:
        yield f"The threshold is {number(alert.threshold)}: {source}."


def _change(variants: tuple[Alert, ...]) -> str:
    alert = variants[0]
    lines = ["alerts:", "  rules:", f"    {alert.alert}:", "      enabled: true  # false switches it off"]
    if alert.threshold is not None:
        lines.append(f"      threshold: {number(alert.threshold)}")
    if alert.takes_wait:
        lines.append(f"      for: {units.format_duration(alert.patience)}" if alert.patience else "      for: 0s")
    if len({variant.severity for variant in variants}) == 1 and alert.severity != "none":
        lines.append(f"      severity: {alert.severity}")
    lines.append("      labels: {}  # more labels, for routes")
    if names.SERVICE in alert.fires[0].expects[0].labels:
        lines.append("      services: {}  # NAME: {…} with the same keys, for one service")
    snippet = "\n".join(lines)
    said = (
        f"In the topology, the lines that you want to differ; these are the values in force.\n\n```yaml\n{snippet}\n```"
    )
    return said if alert.takes_wait else f"{said}\n\nThere is no `for`: {alert.instead}."


def _whose(alert: Alert) -> str:
    """For which services a variant is: ` (services with `pages: false`)`; empty for all."""
    found: list[str] = []
    if _QUIET in alert.expr:
        outside = any(not one.labels.get(names.SERVICE) for case in alert.fires for one in case.expects)
        found.append("services with `pages: false`" + (", and containers outside the plan" if outside else ""))
    for word, services in _HELD.findall(alert.expr):
        listed = services.replace("|", ", ")
        found.append(f"only {listed}" if word == "and" else f"all but {listed}")
    return f" ({'; '.join(found)})" if found else ""
