"""The contract of a kind of service: all that its record (`boxwatch.topology.kinds`) implies, and where to add it."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from boxwatch.checks.rules import metric_sources, scraped
from boxwatch.checks.rules.known import known
from boxwatch.checks.rules.rule_file import RuleFile, read
from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue import metrics
from boxwatch.rules import catalogue, names
from boxwatch.rules.inhibition import Inhibition, inhibitions
from boxwatch.rules.model import Alert, Subject
from boxwatch.rules.patterns.system import System
from boxwatch.rules.proofs.fixtures import Fixtures
from boxwatch.rules.proofs.healthy_hours import Hours
from boxwatch.rules.rule_file import rule_file
from boxwatch.rules.systems import SYSTEMS
from boxwatch.stack import prometheus
from boxwatch.topology.kinds import Kind, Page
from boxwatch.topology.schema import json_schema
from support.topologies import complete

ROOT = Path(__file__).parents[2]

_DAY = 4000
_TARGET = re.compile(r"[a-z{][a-z0-9{}-]*:[0-9]+")


def lacks(kind: Kind, systems: tuple[System, ...] = SYSTEMS) -> list[str]:
    """Sentences naming what a kind lacks and what to add."""
    found = [*_everywhere(kind), *_exposure(kind), *_discovery(kind)]
    if not kind.scraped:
        if kind.rules or kind.down or kind.blind or kind.dashboard:
            found.append(f"{kind.name} has rules or a dashboard, and no exporter: add exporter=")
        return found
    system = next((each for each in systems if each.name == kind.name), None)
    found += [*_scraping(kind), *_pages(kind), *_dashboard(kind), *_documents(kind)]
    if system is None:
        where = f"rules/{kind.name}/{kind.name}_system.py"
        return [*found, f"{kind.name} has no rules: add {where}, and list its SYSTEM in rules/systems.py"]
    made = tuple(subject for make in system.subjects if (subject := make(complete())) is not None)
    return [*found, *_rules(kind, system, made), *_alerts(kind, made), *_day(kind, system), *_metrics(kind, made)]


def _everywhere(kind: Kind) -> Iterator[str]:
    if all(service.kind != kind.name for service in complete().services):
        yield f"{kind.name} is no service of the complete topology: support.topologies.complete() needs one"
    fields = json_schema()["definitions"]["Service"]["properties"]
    for key, is_exception in (("pages", not kind.wakes), ("user_facing", kind.user_facing)):
        if is_exception and not re.search(rf"\b{kind.name}\b", fields[key]["description"]):
            yield f"{kind.name} is an exception that the document of `{key}` does not name: add it in topology/model.py"


def _discovery(kind: Kind) -> Iterator[str]:
    if kind.scraped and not kind.images:
        yield f"{kind.name} is not recognised by `boxwatch init --from-docker`: add images="


def _exposure(kind: Kind) -> Iterator[str]:
    if kind.holds_data and kind.port is None:
        yield f"{kind.name} holds data and has no port: add port="
    proofs = (case for alert in _all(_subjects()) if alert.alert == "PortExposed" for case in alert.fires)
    told = (series.series for case in proofs for series in case.series)
    if kind.holds_data and not any(f'{names.KIND}="{kind.name}"' in one for one in told):
        yield f"{kind.name} holds data, and no case of PortExposed is about it: see rules/probes/exposure_proofs.py"


def _scraping(kind: Kind) -> Iterator[str]:
    if not _TARGET.fullmatch(kind.target):
        yield f"{kind.name} has no usual place: add target=, such as '{{}}-exporter:9187'"
    if len(set(kind.jobs)) < len(kind.jobs):
        yield f"{kind.name} has two pages with one job: give each a name="
    there = _scraped()
    for job in dict.fromkeys(kind.jobs):
        if job not in there:
            yield f"{kind.name} has no scrape job {job}: list its SYSTEM in rules/systems.py"


def _pages(kind: Kind) -> Iterator[str]:
    try:
        targets = metrics.targets_of(kind.exporter)
    except BoxwatchError as error:
        yield f"{kind.name}: {error}"
        return
    for page in (*kind.pages, *kind.alternatives):
        if not page.recorded and (page.path != Page().path or page.params or len(kind.pages) > 1):
            yield f"{kind.name} does not say how the catalogue calls its page {page.path}: add recorded="
        for pattern in page.recorded:
            if not fnmatch.filter(targets, pattern):
                said = f"no page of {kind.exporter} was recorded as {pattern}"
                yield f"{kind.name}: {said}: record it, or correct recorded="


def _dashboard(kind: Kind) -> Iterator[str]:
    name = kind.name if kind.dashboard == "" else kind.dashboard
    if name is not None and (not kind.dashboard or not (ROOT / f"dashboards/{name}.py").is_file()):
        yield f"{kind.name} has no dashboard: add dashboards/{name}.py, or set dashboard=None"


def _documents(kind: Kind) -> Iterator[str]:
    row = f"| {kind.name} | {kind.target.format('NAME')}"
    page = f"docs/exporters/{kind.name}.md"
    if not (ROOT / page).is_file() and f"\n{row}" not in (ROOT / "docs/exporters/databases.md").read_text("utf-8"):
        yield f"{kind.name} has no row in docs/exporters/databases.md: add `{row} | versions |` there, or {page}"


def _rules(kind: Kind, system: System, made: tuple[Subject, ...]) -> Iterator[str]:
    ids = tuple(subject.id for subject in made)
    if ids != kind.rules:
        said = ", ".join(kind.rules) or "none"
        yield f"{kind.name} has the subjects {', '.join(ids) or 'none'}, and its record says {said}: correct rules="
    if not set(system.subjects) <= set(catalogue.SUBJECTS):
        yield f"{kind.name} has subjects that nobody makes: add them to rules/catalogue.py"


def _alerts(kind: Kind, made: tuple[Subject, ...]) -> Iterator[str]:
    alerts = {alert.alert: alert for alert in _all(made)}
    if kind.down == ():
        yield f"{kind.name} has no alert that says it is down: name it in down=, or set down=None"
    if kind.blind == "":
        yield f"{kind.name} has no alert that says its exporter is blind: name it in blind=, or set blind=None"
    for name in (*(kind.down or ()), *([kind.blind] if kind.blind else [])):
        if name not in alerts:
            first = kind.rules[0] if kind.rules else kind.name
            yield f"{kind.name} has no alert {name}: add it to rules/{kind.name}/{first}.py"
        elif not any(f'job="{job}"' in alerts[name].expr for job in kind.jobs):
            yield f'{name} reads nothing of {kind.name}: its expression needs job="{kind.job}"'
    yield from _silenced(kind, frozenset(alerts))


def _silenced(kind: Kind, alerts: frozenset[str]) -> Iterator[str]:
    """Inhibitions by the kind's own alerts: service down and target down."""
    causes: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
        **{f"TargetDown of job {job}": (frozenset({"TargetDown"}), (f'job="{job}"',)) for job in kind.jobs},
        **({" and ".join(kind.down): (frozenset(kind.down), ())} if kind.down else {}),
    }
    for cause, (sources, matchers) in causes.items():
        reached = {
            target
            for each in _inhibitions()
            if sources & set(each.sources) and each.matchers == matchers
            for target in each.targets
        }
        if alerts - sources and not alerts & reached:
            yield f"{kind.name} has alerts that {cause} does not silence: rules/inhibition.py reads SYSTEMS"


def _day(kind: Kind, system: System) -> Iterator[str]:
    alerts = {alert.alert: alert for alert in _all(_subjects())}
    hours = Hours(Fixtures(length=_DAY, thresholds=complete().thresholds, interval=60), alerts)
    told = [series.series for series in system.healthy_day(hours)]
    for job in kind.jobs:
        if not any(f'job="{job}"' in one and not one.startswith(("up{", "scrape_")) for one in told):
            yield f"{kind.name} has no healthy day: healthy_day of its SYSTEM makes no series of job={job}"


def _metrics(kind: Kind, made: tuple[Subject, ...]) -> Iterator[str]:
    """Every metric in its rules is exposed by a scraped target."""
    pages = {kind.job_of(page): frozenset({scraped.Source(kind.exporter, page.recorded)}) for page in kind.pages}
    names_ = known(_files(), scraped={**_scraped(), **pages})
    own = {subject.id for subject in made}
    for file in _files():
        for finding in metric_sources.check(file, names_) if file.path in own else ():
            yield f"{kind.name}: {finding.where} reads what is not scraped: {finding.message}"


def _all(subjects: tuple[Subject, ...]) -> tuple[Alert, ...]:
    return tuple(alert for subject in subjects for alert in subject.alerts)


@functools.cache
def _subjects() -> tuple[Subject, ...]:
    """Rule subjects, built without dashboards, so that a missing one is reported instead of failing the import."""
    return catalogue.subjects(complete())


@functools.cache
def _inhibitions() -> tuple[Inhibition, ...]:
    return inhibitions(complete(), _subjects())


@functools.cache
def _files() -> tuple[RuleFile, ...]:
    return tuple(read(subject.id, rule_file(complete(), subject)) for subject in _subjects())


@functools.cache
def _scraped() -> scraped.Scraped:
    ((path, content),) = prometheus.files(complete()).items()
    return scraped.read(path, content)
