"""What the topology changes of single alerts (`alerts.rules`): on or off, threshold, patience, severity and labels.

A subject reads thresholds and patience from the topology itself, cases included, so a changed alert is proven as it is.
What differs for one service becomes an alert of the same name that is held to that service by the plan's constant,
while the common one leaves the service out; its proof is the common one's with the service's name in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from boxwatch.errors import TopologyError
from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Record, Series, Subject
from boxwatch.rules.proofs.fixtures import series
from boxwatch.topology.model import Topology
from boxwatch.topology.reading.document import Path, Place, Places
from boxwatch.topology.reading.problems import Issue
from boxwatch.topology.settings import AlertTuning, Tuning
from boxwatch.topology.values import Frozen
from boxwatch.topology.wording import did_you_mean

Make = Callable[[Topology], Subject | None]

_SERVICE = re.compile(r'\bservice="([^"]*)"')
_SERVER = re.compile(r'\bserver="([^"]*)"')
_NOTHING_CHANGES = AlertTuning()


def apply(topology: Topology, make: Make, subject: Subject) -> Subject | None:
    """A subject with its alerts as the topology wants them; None when none of it is left.

    A group that loses all its alerts is left out, and a subject that loses all its groups too.

    Args:
        topology: the deployment.
        make: makes the subject, and makes it again for each service whose alert differs.
        subject: what it made of the topology.
    """
    if not any(alert.alert in topology.alerts.rules for alert in subject.alerts):
        return subject
    groups = tuple(_group(topology, make, subject, group) for group in subject.groups)
    left = tuple(group for group in groups if group.rules)
    return replace(subject, groups=left) if left else None


def _group(topology: Topology, make: Make, subject: Subject, group: Group) -> Group:
    alerts = tuple(
        one for rule in group.rules if isinstance(rule, Alert) for one in _tuned(topology, make, subject, rule)
    )
    return group if isinstance(group.rules[0], Record) else Group(group.name, alerts)


def _tuned(topology: Topology, make: Make, subject: Subject, alert: Alert) -> Iterator[Alert]:
    """The alert for all services that have no tuning of their own, and one for each that has."""
    tuning = topology.alerts.rules.get(alert.alert, _NOTHING_CHANGES)
    if not tuning.services:
        yield from _with(alert, tuning)
        return
    yield from _with(_without(alert, tuple(tuning.services)), tuning)
    for service, own in tuning.services.items():
        merged = own.over(tuning)
        there = make(topology.model_copy(update={"alerts": topology.alerts.tuned(alert.alert, merged)}))
        # By its place among those of its name: an alert may exist as critical and as warning.
        same = [one for one in there.alerts if one.alert == alert.alert] if there else []
        twins = [one for one in subject.alerts if one.alert == alert.alert]
        yield from _with(_only(same[twins.index(alert)], service), merged)


def _of(subject: Subject | None) -> tuple[Alert, ...]:
    return subject.alerts if subject else ()


def _with(alert: Alert, tuning: Tuning) -> Iterator[Alert]:
    if tuning.enabled:
        labels = {**alert.labels, **tuning.labels}
        yield replace(alert, severity=tuning.severity or alert.severity, labels=labels)


def _without(alert: Alert, services: tuple[str, ...]) -> Alert:
    """The alert for all but some services; these are `_only`'s."""
    pattern = "|".join(services)
    return replace(alert, expr=_held(alert.expr, "unless", f'{names.SERVICE_INFO}{{service=~"{pattern}"}}'))


def _only(alert: Alert, service: str) -> Alert:
    """The alert for one service alone, its cases told of that service."""
    told = alert.fires[0].expects[0].labels[names.SERVICE]

    def of_service(case: Case) -> Case:
        renamed = tuple(replace(one, series=_swap_labels(one.series, told, service)) for one in case.series)
        expects = tuple(
            Expected(
                labels={key: _swap(text, told, service) if key in _NAMED else text for key, text in one.labels.items()},
                description=_swap(one.description, told, service),
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
        fires=fires,
        silent=tuple(map(of_service, alert.silent)),
    )


# Labels whose values the cases make of the service's name.
_NAMED = frozenset({names.SERVICE, names.NAME, names.RESOURCE})


def _swap_labels(text: str, one: str, other: str) -> str:
    return re.sub(
        rf'\b({"|".join(sorted(_NAMED))})="([^"]*)"',
        lambda match: f'{match[1]}="{_swap(match[2], one, other)}"',
        text,
    )


def _swap(text: str, one: str, other: str) -> str:
    """The text with two words in each other's place, so that no two things get one name."""
    word = re.compile(rf"(?<![\w-])({re.escape(one)}|{re.escape(other)})(?![a-z_])")
    return word.sub(lambda match: other if match[1] == one else one, text)


def _infos(case: Case, made: tuple[Series, ...]) -> tuple[Series, ...]:
    """The plan's constant for every service of a case."""
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


def mistakes(topology: Topology, makes: tuple[Make, ...]) -> tuple[Issue, ...]:
    """What is wrong in `alerts.rules`: unknown names, and changes that an alert does not take."""
    if not topology.alerts.rules:
        return ()
    plain = topology.model_copy(update={"alerts": topology.alerts.model_copy(update={"rules": Frozen()})})
    known: dict[str, tuple[Alert, Make]] = {}
    for make in makes:
        for alert in _of(make(plain)):
            known.setdefault(alert.alert, (alert, make))
    found: list[Issue] = []
    for name, tuning in topology.alerts.rules.items():
        path: Path = ("alerts", "rules", name)
        if name not in known:
            hint = did_you_mean(name, sorted(known)) or "`boxwatch explain` lists them"
            found.append(Issue(path, "is not an alert of this topology", hint, at_key=True))
            continue
        alert, make = known[name]
        if tuning.services and names.SERVICE not in alert.fires[0].expects[0].labels:
            message = "differs by service, and this alert is not about a service"
            found.append(Issue((*path, "services"), message, at_key=True))
        for where, one in ((path, tuning), *(((*path, "services", key), own) for key, own in tuning.services.items())):
            there = make(plain.model_copy(update={"alerts": plain.alerts.tuned(name, one)}))
            found += _refused(where, alert, next(made for made in _of(there) if made.alert == name), one)
    return tuple(found)


def _refused(path: Path, alert: Alert, made: Alert, tuning: Tuning) -> Iterator[Issue]:
    """What was asked for and is not there in the alert that was made."""
    if tuning.threshold is not None and alert.threshold is None:
        hint = "its runbook says what it goes by; `thresholds`, `objectives` and `alerts` hold the numbers"
        yield Issue((*path, "threshold"), "is not what this alert goes by", hint)
    elif tuning.threshold is not None and alert.threshold is not None and alert.threshold < 1 < tuning.threshold:
        # An alert on a share of more than all of it never fires.
        yield Issue((*path, "threshold"), f"{tuning.threshold:g} would never be reached", "write a share, such as 85%")
    if tuning.wait is not None and made.patience != tuning.wait:
        yield Issue((*path, "for"), "is not how this alert waits", alert.instead)


def refuse(found: tuple[Issue, ...], places: Places | None, file: str) -> None:
    """Raise what is wrong, with its places where they are known.

    Raises:
        TopologyError: there is something wrong.
    """
    if found:
        whole = Place(file, 0, 0)
        raise TopologyError(tuple(one.problem(places) if places is not None else one.at(whole) for one in found))
