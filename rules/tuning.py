"""The topology's overrides of single alerts (`alerts.rules`): on or off, threshold, `for`, severity and labels.

Subjects read thresholds and `for` from the topology themselves, also in their cases, so an overridden alert is proven
as it is. An override for one service becomes another alert of the same name, restricted to that service by the plan's
constant, while the common alert leaves the service out. Its proof is that of the common alert, with the service's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from boxwatch.errors import TopologyError
from boxwatch.rules import available, crossed, names
from boxwatch.rules.model import ALWAYS_FIRING, Alert, Case, Expected, Group, Record, Series, Subject
from boxwatch.rules.patterns import paging
from boxwatch.rules.proofs.fixtures import series
from boxwatch.topology import units
from boxwatch.topology.model import Topology
from boxwatch.topology.reading.document import Path, Place, Places
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.settings import AlertTuning, Tuning
from boxwatch.topology.values import Frozen
from boxwatch.topology.wording import did_you_mean

Make = Callable[[Topology], Subject | None]

_SERVICE = re.compile(r'\bservice="([^"]*)"')
_SERVER = re.compile(r'\bserver="([^"]*)"')
# Per cent.
_ALL = 100
_NOTHING_CHANGES = AlertTuning()


def apply(topology: Topology, make: Make, subject: Subject) -> Subject | None:
    """A subject with the topology's overrides applied; None if nothing of it is left.

    A group that loses all its alerts is left out, and so is a subject that loses all its groups.

    Args:
        topology: the deployment.
        make: the maker of the subject, called again for every service with overrides.
        subject: the subject that it made of the topology.
    """
    if not any(alert.alert in topology.alerts.rules for alert in subject.alerts):
        return subject
    groups = tuple(_group(topology, make, subject, group) for group in subject.groups)
    left = tuple(group for group in groups if group.rules)
    return replace(subject, groups=left) if left else None


def _group(topology: Topology, make: Make, subject: Subject, group: Group) -> Group:
    if isinstance(group.rules[0], Record):
        return group
    twins: dict[str, list[Alert]] = {}
    for alert in group.rules:
        twins.setdefault(alert.alert, []).append(alert)
    return Group(
        group.name, tuple(one for each in twins.values() for one in _tuned(topology, make, subject, tuple(each)))
    )


def _tuned(topology: Topology, make: Make, subject: Subject, twins: tuple[Alert, ...]) -> Iterator[Alert]:
    """The alerts of one name: for all services without tuning of their own, then for each service with it."""
    name = twins[0].alert
    tuning = topology.alerts.rules.get(name, _NOTHING_CHANGES)
    common = _with(twins, tuning)
    if not tuning.services:
        yield from common
        return
    for alert in common:
        yield _without(alert, tuple(tuning.services))
    # By their places among those of their name in the subject: an alert may exist as critical and as warning.
    namesakes = [one for one in subject.alerts if one.alert == name]
    for service, own in tuning.services.items():
        merged = own.over(tuning)
        there = make(topology.model_copy(update={"alerts": topology.alerts.tuned(name, merged)}))
        made = [one for one in _of(there) if one.alert == name]
        for alert in _with(tuple(made[namesakes.index(twin)] for twin in twins), merged):
            yield _only(alert, service, alone=merged.threshold != tuning.threshold)


def _of(subject: Subject | None) -> tuple[Alert, ...]:
    return subject.alerts if subject else ()


def _with(twins: tuple[Alert, ...], tuning: Tuning) -> tuple[Alert, ...]:
    """The tuned alerts of one name; a critical alert and its warning merge where they get the same severity."""
    if not tuning.enabled:
        return ()
    changed = tuple(
        replace(alert, severity=tuning.severity or alert.severity, labels={**alert.labels, **tuning.labels})
        for alert in twins
    )
    return (paging.merged(*changed),) if tuning.severity and len(twins) > 1 else changed


def _without(alert: Alert, services: tuple[str, ...]) -> Alert:
    """The alert for all services but these, for which `_only` makes their own."""
    matcher = f'="{services[0]}"' if len(services) == 1 else f'=~"{"|".join(services)}"'
    return replace(alert, expr=_held(alert.expr, "unless", f"{names.SERVICE_INFO}{{service{matcher}}}"))


def _only(alert: Alert, service: str, *, alone: bool) -> Alert:
    """The alert for one service, with its cases about that service.

    The rule sets the service label that the alert has anyway, so that no two rules have the same name and labels, which
    promtool's linter reports as duplicates.

    Args:
        alert: the alert with the tuning of the service.
        service: the service's name.
        alone: whether to leave out decoys of other services, because these have another threshold: a case in which this
            service is silent may fire for them.
    """
    original = alert.fires[0].expects[0].labels[names.SERVICE]

    def of_service(case: Case) -> Case:
        case = _on_another_server(case, service)
        renamed = tuple(replace(one, series=_swap_labels(one.series, original, service)) for one in case.series)
        if alone:
            renamed = tuple(one for one in renamed if _SERVICE.search(one.series) is None or _is_of(one, service))
        expects = tuple(
            Expected(
                labels={
                    key: _swap(text, original, service) if key in _NAMED else text for key, text in one.labels.items()
                },
                description=_word(original).sub(service, one.description),
            )
            for one in case.expects
        )
        about = tuple(one for one in expects if one.labels.get(names.SERVICE) == service)
        return replace(
            case, title=f"{case.title}, for {service}", series=(*renamed, *_infos(case, renamed)), expects=about
        )

    fires = tuple(case for case in map(of_service, alert.fires) if case.expects)
    return replace(
        alert,
        expr=_held(alert.expr, "and", f'{names.SERVICE_INFO}{{service="{service}"}}'),
        labels={names.SERVICE: service, **alert.labels},
        fires=fires,
        silent=tuple(
            case
            for case in map(of_service, alert.silent)
            if not alone or any(_is_of(one, service) for one in case.series)
        ),
    )


def _is_of(one: Series, service: str) -> bool:
    return f'service="{service}"' in one.series


def _on_another_server(case: Case, name: str) -> Case:
    """The case with a server of this name renamed: in a text that names both, they could not be distinguished."""
    other = f"{name}-server"

    def moved(one: Expected) -> Expected:
        if one.labels.get(names.SERVER) != name:
            return one
        return Expected({**one.labels, names.SERVER: other}, _word(name).sub(other, one.description))

    return replace(
        case,
        series=tuple(
            replace(one, series=one.series.replace(f'server="{name}"', f'server="{other}"')) for one in case.series
        ),
        expects=tuple(map(moved, case.expects)),
    )


# Labels whose values the cases derive from the service's name.
_NAMED = frozenset({names.SERVICE, names.NAME, names.RESOURCE})


def _swap_labels(text: str, one: str, other: str) -> str:
    return re.sub(
        rf'\b({"|".join(sorted(_NAMED))})="([^"]*)"',
        lambda match: f'{match[1]}="{_swap(match[2], one, other)}"',
        text,
    )


def _swap(text: str, one: str, other: str) -> str:
    """The text with two words swapped, so that no two services get the same name."""
    return _word(one, other).sub(lambda match: other if match[1] == one else one, text)


def _word(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, words))})(?![a-z_])")


def _infos(case: Case, made: tuple[Series, ...]) -> tuple[Series, ...]:
    """The plan's constant of every service in a case."""
    there = sorted(
        {
            (server[1], service[1])
            for one in made
            if (server := _SERVER.search(one.series)) and (service := _SERVICE.search(one.series)) and service[1]
        }
    )
    steps = case.at // case.interval + 1
    return tuple(series(names.SERVICE_INFO, f"1x{steps}", server=server, service=service) for server, service in there)


def _held(expr: str, operator: str, selector: str) -> str:
    inside = "\n".join(f"  {line}" for line in expr.splitlines())
    return f"(\n{inside}\n)\n{operator} on ({names.BY_SERVICE}) {selector}"


def issues(topology: Topology, makes: tuple[Make, ...]) -> tuple[Issue, ...]:
    """Issues in `alerts.rules`: unknown names, changes that an alert does not support, and crossed thresholds.

    And alerts that routes name, if no rule of this topology can raise them.
    """
    if not topology.alerts.rules and not _routed(topology):
        return ()
    plain = topology.model_copy(update={"alerts": topology.alerts.model_copy(update={"rules": Frozen()})})
    known: dict[str, tuple[Alert, Make]] = {}
    subjects = [(subject, make) for make in makes if (subject := make(plain)) is not None]
    for subject, make in subjects:
        for alert in subject.alerts:
            known.setdefault(alert.alert, (alert, make))
    left = available.available(plain, tuple(subject for subject, _ in subjects))
    there = {alert.alert for subject in left for alert in subject.alerts}
    found: list[Issue] = [
        # Others may be alerts of one's own.
        Issue(path, f"`{name}` is not an alert of this topology", "delete it")
        for path, name in _routed(topology)
        if name in known and name not in there
    ]
    for name, tuning in topology.alerts.rules.items():
        path: Path = ("alerts", "rules", name)
        if name not in there:
            hint = did_you_mean(name, sorted(there)) or "`boxwatch explain` lists them"
            found.append(Issue(path, "is not an alert of this topology", hint, at_key=True))
            continue
        alert, make = known[name]
        if name in ALWAYS_FIRING and not tuning.enabled and topology.notifications and topology.notifications.watchdog:
            receiver = topology.notifications.watchdog
            message = f"disables the heartbeat that `{receiver}` expects (`notifications.watchdog`)"
            found.append(Issue((*path, "enabled"), message, "delete one of the two"))
        if tuning.services and names.SERVICE not in alert.fires[0].expects[0].labels:
            message = "cannot differ by service, because this alert is not about a service"
            found.append(Issue((*path, "services"), message, at_key=True))
        for where, one in ((path, tuning), *(((*path, "services", key), own) for key, own in tuning.services.items())):
            tuned = make(plain.model_copy(update={"alerts": plain.alerts.tuned(name, one)}))
            found += _refused(where, alert, next(made for made in _of(tuned) if made.alert == name), one)
    return (*found, *crossed.issues(topology, (subject for subject, _ in subjects)))


def _routed(topology: Topology) -> tuple[tuple[Path, str], ...]:
    """The alerts that routes name, each with its place."""
    routes = topology.notifications.routes if topology.notifications is not None else ()
    return tuple(
        (("notifications", "routes", index, "labels", "alertname"), name)
        for index, route in enumerate(routes)
        for name in route.labels.get("alertname", ())
    )


def _refused(path: Path, alert: Alert, made: Alert, tuning: Tuning) -> Iterator[Issue]:
    """Overrides that the alert does not support, because they had no effect on it."""
    if tuning.threshold is not None and alert.threshold is None:
        hint = "its runbook says what it compares; `thresholds`, `objectives` and `alerts` hold the numbers"
        yield Issue((*path, "threshold"), "cannot be changed for this alert", hint)
    elif tuning.threshold is not None and alert.threshold is not None and alert.threshold < 1 < tuning.threshold:
        # A share above 100% is never reached, or always exceeded.
        meant = tuning.threshold if tuning.threshold <= _ALL else 100 * alert.threshold
        hint = f"write {meant:.6g}%" if tuning.threshold <= _ALL else f"write a share, such as {meant:.6g}%"
        yield Issue((*path, "threshold"), f"{tuning.threshold:g} is over 100%; this alert compares a share", hint)
    if tuning.wait is not None and made.effective_wait != tuning.wait:
        more = " or more" if tuning.wait < made.effective_wait else ""
        hint = alert.instead or f"write {units.format_duration(made.effective_wait)}{more}"
        yield Issue((*path, "for"), "cannot be set to this value for this alert", hint)


def refuse(found: tuple[Issue, ...], places: Places | None, file: str) -> None:
    """Raise the issues, with their places if these are known.

    Raises:
        TopologyError: there are issues.
    """
    if found:
        whole = Place(file, 0, 0)
        raise TopologyError(tuple(one.problem(places) if places is not None else one.at(whole) for one in found))
