"""Generated pages of docs/."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

import click

from boxwatch.checks.catalogue import ALERTMANAGER_CHECKS, RULE_CHECKS
from boxwatch.checks.dashboards.catalogue import DASHBOARD_CHECKS
from boxwatch.checks.rules import scraped
from boxwatch.cli import main
from boxwatch.rules.model import Alert
from support import costs_page, rooms, topology_page
from support.artefacts import complete_subjects

_GENERATED = "<!-- Made from the code by `make golden`. -->"


def command_line() -> str:
    """Every command with its help, as it is printed."""
    parts = ["# The command line", _GENERATED]
    # With the group's own settings: click keeps what it first made of a command's help option.
    settings = {**main.context_settings, "terminal_width": 100}
    context = click.Context(main, info_name="boxwatch", **settings)
    parts.append(_block(main.get_help(context)))
    for name in main.list_commands(context):
        command = main.commands[name]
        inner = click.Context(command, info_name=name, parent=context, **settings)
        parts += [f"## {name}", _block(command.get_help(inner))]
        for below, each in command.commands.items() if isinstance(command, click.Group) else ():
            innermost = click.Context(each, info_name=below, parent=inner, terminal_width=100, max_content_width=100)
            parts += [f"### {name} {below}", _block(each.get_help(innermost))]
    parts += [
        "## Exit codes",
        (
            "| code | meaning |\n|---|---|\n"
            "| 0 | success |\n"
            "| 1 | findings; outdated output (`--check`); a failed operation |\n"
            "| 2 | usage error or invalid topology |\n"
            "| 3 | differences: `boxwatch diff`, `boxwatch discover --check`, `boxwatch modernise --check`; "
            "an unexpected result: `boxwatch demo --once`; "
            "problems: `boxwatch doctor` |"
        ),
        "## Environment",
        (
            "| variable | meaning |\n|---|---|\n"
            "| `BOXWATCH_GRAFANA_TOKEN` | token of a Grafana service account |\n"
            "| `BOXWATCH_GRAFANA_URL` | URL of Grafana, used when no other server is named |\n"
            "| `BOXWATCH_BACKUPS` | backup directory for dashboards and ruler groups |\n"
            "| `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` | proxies for connections to servers |\n"
            "| `NO_COLOR` | no colours, even on a terminal |\n"
            "| `PATH` | search path for promtool and amtool |\n"
            "| `BOXWATCH_PROMETHEUS_TOKEN` | bearer token for Prometheus |\n"
            "| `BOXWATCH_PROMETHEUS_PASSWORD` | password for `--prometheus-user` |\n"
            "| `BOXWATCH_ALERTMANAGER_TOKEN` | bearer token for Alertmanager |\n"
            "| `BOXWATCH_ALERTMANAGER_PASSWORD` | password for `--alertmanager-user` |\n"
            "| `BOXWATCH_RULER_TOKEN` | bearer token for a ruler |\n"
            "| `BOXWATCH_RULER_PASSWORD` | password for `--ruler-user` |\n"
            "| `BOXWATCH_METRICS_TOKEN` | bearer token for `boxwatch record` |\n"
            "| `BOXWATCH_METRICS_PASSWORD` | password for `--metrics-user` |"
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _block(text: str) -> str:
    return "```text\n" + "\n".join(line.rstrip() for line in text.splitlines()) + "\n```"


def rules() -> str:
    """Every alert and every recorded series."""
    parts = ["# Alerts and recorded series", _GENERATED, "`boxwatch build` writes a runbook for each alert."]
    for subject in complete_subjects():
        parts.append(f"## {subject.title}")
        if subject.alerts:
            parts.append("\n".join(_alerts(subject.alerts)))
        records = dict.fromkeys((record.record, record.doc) for record in subject.records)
        if records:
            rows = "\n".join(f"| `{name}` | {doc} |" for name, doc in records)
            parts.append(f"| recorded series | description |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def _alerts(alerts: tuple[Alert, ...]) -> Iterator[str]:
    yield "| alert | severity | for | summary | proofs |"
    yield "|---|---|---|---|---|"
    for alert in alerts:
        proofs = f"{len(alert.fires)} fire, {len(alert.silent)} stay silent"
        yield f"| {alert.alert} | {alert.severity} | {alert.for_} | {alert.summary} | {proofs} |"


def checks() -> str:
    """Every check with its one line."""
    parts = ["# Checks of `boxwatch check`", _GENERATED]
    dashboard_checks = tuple(importlib.import_module(check.__module__) for check in DASHBOARD_CHECKS)
    sections = (
        ("Rules", RULE_CHECKS),
        ("Dashboards", dashboard_checks),
        ("Prometheus", (scraped,)),
        ("Alertmanager", ALERTMANAGER_CHECKS),
    )
    for title, modules in sections:
        rows = "\n".join(f"| `{module.ID}` | {(module.__doc__ or '').strip().splitlines()[0]} |" for module in modules)
        parts += [f"## {title}", f"| check | description |\n|---|---|\n{rows}"]
        for module in modules:
            more = inspect.cleandoc(module.__doc__ or "").partition("\n\n")[2]
            parts += [f"### {module.ID}", more] if more else []
    parts += [
        "## promtool",
        "If promtool is on the PATH, it checks the configuration, lints every rule file and runs every proof.",
        "## amtool",
        "If amtool is on the PATH and recent enough for `alertmanager.yml`, it checks that file and its templates.",
    ]
    return "\n\n".join(parts) + "\n"


PAGES = {
    "costs.md": costs_page.page,
    "cli.md": command_line,
    "rules.md": rules,
    "checks.md": checks,
    "topology.md": topology_page.page,
    "contributing/rooms.md": rooms.page,
}
