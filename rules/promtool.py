"""The proofs of a subject as unit tests for `promtool test rules`.

One file for each spacing of samples, because promtool evaluates a whole file at one interval; one test for each case,
with just the rules that it needs, so that a test costs milliseconds. The files pass on promtool 2.42 to 3.x: no window
ends on a sample's edge, no fuzzy comparison, no filters by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from boxwatch.rules import bystanders, neighbours, plan, yaml
from boxwatch.rules.model import Alert, Case, Measured, Record, Series, Subject
from boxwatch.rules.neighbours import Pair
from boxwatch.rules.texts import expected_annotations
from boxwatch.topology.model import Topology
from boxwatch.topology.units import format_duration


def test_files(topology: Topology, subject: Subject, read: tuple[Subject, ...]) -> dict[str, bytes]:
    """File name → promtool test file, for every spacing that the subject's proofs use.

    Args:
        topology: the deployment.
        subject: whose proofs.
        read: the subjects that it reads (`Subject.reads`), in that order.
    """
    found: dict[int, list[dict[str, object]]] = {}
    for together in _by_input(subject.measured):
        found.setdefault(together[0].interval, []).append(_measured(together))
    for interval, test in _alerts(topology, subject):
        found.setdefault(interval, []).append(test)
    # The cases bring the plan's constants as input, those of services that no topology has; only the plan's own proof
    # loads the plan.
    ids = (*subject.reads, subject.id)
    order = [group.name for one in (*read, subject) for group in one.groups if isinstance(group.rules[0], Record)]
    order += [group.name for group in subject.groups if group.name not in order]
    return {
        f"{subject.id}-{format_duration(interval)}.yaml": yaml.dump(
            {
                "rule_files": [f"../rules/{name}.yaml" for name in ids],
                "evaluation_interval": format_duration(interval),
                **({"group_eval_order": order} if subject.id != plan.ID else {}),
                "tests": tests,
            },
            f"{subject.title}: proofs of deployment {topology.name}, made by boxwatch. Do not edit.",
        )
        for interval, tests in sorted(found.items())
    }


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at an alert: when, on what input, and what must be firing then."""

    alert: str
    title: str
    pair: Pair


def _alerts(topology: Topology, subject: Subject) -> Iterator[tuple[int, dict[str, object]]]:
    """(spacing of samples, test): looks at the same input share a test, whatever they look at."""
    found: dict[tuple[int, tuple[Series, ...]], list[_Look]] = {}
    for alert, case, namesakes in _cases(subject.alerts):
        pair = neighbours.pair(alert, case, namesakes)
        found.setdefault((case.interval, pair.case.series), []).append(_Look(alert.alert, case.title, pair))
    for (interval, _), looks in found.items():
        yield interval, _test(topology, looks)


def _cases(alerts: tuple[Alert, ...]) -> Iterator[tuple[Alert, Case, tuple[Alert, ...]]]:
    """Every case, once for alerts that share a name: promtool compares all that fire under it."""
    for name in dict.fromkeys(alert.alert for alert in alerts):
        namesakes = tuple(alert for alert in alerts if alert.alert == name)
        seen: set[str] = set()
        for alert in namesakes:
            for case in (*alert.fires, *alert.silent, *_patience(alert)):
                if case.title not in seen:
                    seen.add(case.title)
                    yield alert, case, namesakes


def _patience(alert: Alert) -> tuple[Case, ...]:
    """What fires in the first case is silent one sample before it can have lasted long enough."""
    first = alert.fires[0]
    if alert.wait <= first.interval:
        return ()
    title = f"is silent before it has lasted for {alert.for_}, as {alert.severity}"
    return (replace(first, title=title, at=alert.wait - first.interval, expects=(), throughout=False),)


def _test(topology: Topology, looks: list[_Look]) -> dict[str, object]:
    last = max((look.pair.case for look in looks), key=lambda case: case.at)
    title: dict[str, list[str]] = {}
    for look in looks:
        title.setdefault(look.title, []).append(look.alert)
    test: dict[str, object] = {
        "name": "; ".join(f"{', '.join(alerts)} {text}" for text, alerts in title.items()),
        "interval": format_duration(last.interval),
        "input_series": _series((*last.series, *bystanders.beside(last))),
        "alert_rule_test": [_rule_test(topology, look) for look in looks],
    }
    throughout = [_never_fired(look.pair.case, look.alert) for look in looks if look.pair.case.throughout]
    return {**test, "promql_expr_test": throughout} if throughout else test


def _rule_test(topology: Topology, look: _Look) -> dict[str, object]:
    expected = [
        {
            "exp_labels": {"severity": alert.severity, **alert.labels, **one.labels},
            "exp_annotations": expected_annotations(topology, alert, one),
        }
        for alert, one in look.pair.expects
    ]
    return {"eval_time": format_duration(look.pair.case.at), "alertname": look.alert, "exp_alerts": expected}


def _never_fired(case: Case, alert: str = "") -> dict[str, object]:
    """Nothing was firing at any evaluation of the case: Prometheus records what fires as ALERTS."""
    name = f'alertname="{alert}",' if alert else ""
    window = format_duration(case.at + case.interval)
    return {
        "expr": f'max_over_time(ALERTS{{{name}alertstate="firing"}}[{window}])',
        "eval_time": format_duration(case.at),
        "exp_samples": [],
    }


def everything_file(topology: Topology, subjects: tuple[Subject, ...], cases: tuple[Case, ...]) -> bytes:
    """Cases in which no alert of any subject may fire at any time, with all rules loaded."""
    measuring = [subject for subject in subjects if subject.id != plan.ID]
    return yaml.dump(
        {
            "rule_files": [f"../rules/{subject.id}.yaml" for subject in measuring],
            "evaluation_interval": format_duration(cases[0].interval),
            "group_eval_order": [group.name for subject in measuring for group in subject.groups],
            "tests": [
                {
                    "name": f"no alert fires {case.title}",
                    "interval": format_duration(case.interval),
                    "input_series": _series(case.series),
                    "promql_expr_test": [_never_fired(case)],
                }
                for case in cases
            ],
        },
        f"All alerts together: proofs of deployment {topology.name}, made by boxwatch. Do not edit.",
    )


def _by_input(measured: tuple[Measured, ...]) -> Iterator[tuple[Measured, ...]]:
    """Proofs on the same input share a test, since loading the rules costs most of one."""
    found: dict[tuple[int, tuple[Series, ...]], list[Measured]] = {}
    for one in measured:
        found.setdefault((one.interval, one.series), []).append(one)
    return (tuple(together) for together in found.values())


def _measured(together: tuple[Measured, ...]) -> dict[str, object]:
    first = together[0]
    length = max(one.at for one in together) // first.interval + 1
    return {
        "name": "; ".join(one.title for one in together),
        "interval": format_duration(first.interval),
        "input_series": _series((*first.series, *bystanders.beside_measured(first.series, length))),
        "promql_expr_test": [
            {
                "expr": one.expr,
                "eval_time": format_duration(one.at),
                "exp_samples": [{"labels": _notation(row.labels), "value": row.value} for row in one.samples],
            }
            for one in together
        ],
    }


def _notation(labels: dict[str, str]) -> str:
    inside = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()) if value and key != "__name__")
    return f"{labels.get('__name__', '')}{{{inside}}}"


def _series(series: tuple[Series, ...]) -> list[dict[str, str]]:
    return [{"series": one.series, "values": one.values} for one in series]
