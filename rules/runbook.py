"""Runbook pages, one an alert name, generated from what the alert itself carries."""

from __future__ import annotations

from boxwatch.rules.model import Alert, Subject
from boxwatch.topology.model import Topology

_SEVERITIES = {
    "critical": "critical: someone is woken",
    "warning": "warning: a ticket for working hours",
    "info": "info: shown on dashboards",
    "none": "none: for machines that wait for it",
}


def pages(topology: Topology, subjects: tuple[Subject, ...]) -> dict[str, bytes]:
    """File name → page, and an index of all of them."""
    found: dict[str, tuple[Subject, list[Alert]]] = {}
    for subject in subjects:
        for alert in subject.alerts:
            found.setdefault(alert.alert, (subject, []))[1].append(alert)
    index = [f"# Runbooks of {topology.name}", ""]
    for subject in subjects:
        if not subject.alerts:
            continue
        index += [f"## {subject.title}", "", "| alert | severity | what it says |", "|---|---|---|"]
        for name, (owner, variants) in found.items():
            if owner is subject:
                severity = ", ".join(dict.fromkeys(variant.severity for variant in variants))
                index.append(f"| [{name}]({name}.md) | {severity} | {variants[0].summary} |")
        index.append("")
    return {
        "README.md": ("\n".join(index).rstrip() + "\n").encode(),
        **{f"{name}.md": _page(variants).encode() for name, (_, variants) in found.items()},
    }


def _page(variants: list[Alert]) -> str:
    alert = variants[0]
    book = alert.runbook
    severities = [_SEVERITIES[variant.severity] for variant in variants]
    if len(severities) > 1:
        severities[1:] = [f"{text} (services with `pages: false`, and containers outside the plan)"
                          for text in severities[1:]]  # fmt: skip
    rules = [f"```promql\n# {variant.severity}, for {variant.for_}\n{variant.expr}\n```" for variant in variants]
    return (
        "\n\n".join(
            (
                f"# {alert.alert}",
                alert.summary,
                "\n".join(f"- {text}" for text in severities),
                "## What it means",
                book.meaning,
                "## First look",
                _numbered(book.first_look),
                "## What to do",
                _numbered(book.action),
                "## False alarms",
                book.false_alarms,
                "## The rule",
                *rules,
                "## Proven",
                "\n".join(
                    f"- {title}"
                    for title in dict.fromkeys(
                        case.title for variant in variants for case in (*variant.fires, *variant.silent)
                    )
                ),
            )
        )
        + "\n"
    )


def _numbered(steps: tuple[str, ...]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
