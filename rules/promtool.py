"""The proofs of a subject as unit tests for `promtool test rules`.

One file for each spacing of samples, because promtool evaluates a whole file at one interval; one test for each case,
with just the rules that it needs, so that a test costs milliseconds. The files pass on promtool 2.42 to 3.x: no window
ends on a sample's edge, no fuzzy comparison, no filters by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from boxwatch.rules import bystanders, plan, yaml
from boxwatch.rules.model import ALWAYS_FIRING, Alert, Case, Measured, Record, Series, Subject
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
    for alerts in _by_name(subject.alerts):
        for interval, test in _alerts(topology, alerts):
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


def _by_name(alerts: tuple[Alert, ...]) -> Iterator[tuple[Alert, ...]]:
    """Alerts that share a name share their tests: promtool compares all that fire under it."""
    for name in dict.fromkeys(alert.alert for alert in alerts):
        yield tuple(alert for alert in alerts if alert.alert == name)


def _alerts(topology: Topology, alerts: tuple[Alert, ...]) -> Iterator[tuple[int, dict[str, object]]]:
    seen: set[str] = set()
    for alert in alerts:
        for case in (*alert.fires, *alert.silent, *_patience(alert)):
            if case.title in seen:
                continue
            seen.add(case.title)
            yield case.interval, _case(topology, alert, case)


def _patience(alert: Alert) -> tuple[Case, ...]:
    """What fires in the first case is silent one sample before it can have lasted long enough."""
    first = alert.fires[0]
    if alert.wait <= first.interval:
        return ()
    title = f"is silent before it has lasted for {alert.for_}"
    return (replace(first, title=title, at=alert.wait - first.interval, expects=(), throughout=False),)


def _case(topology: Topology, alert: Alert, case: Case) -> dict[str, object]:
    expected = [
        {
            "exp_labels": {"severity": alert.severity, **alert.labels, **one.labels},
            "exp_annotations": expected_annotations(topology, alert, one),
        }
        for one in case.expects
    ]
    test: dict[str, object] = {
        "name": f"{alert.alert} {case.title}",
        "interval": format_duration(case.interval),
        "input_series": _series((*case.series, *bystanders.beside(case))),
        "alert_rule_test": [{"eval_time": format_duration(case.at), "alertname": alert.alert, "exp_alerts": expected}],
    }
    if case.throughout:
        test["promql_expr_test"] = [_never_fired(case, alert.alert)]
    return test


def _never_fired(case: Case, alert: str = "") -> dict[str, object]:
    """Nothing was firing at any evaluation of the case: Prometheus records what fires as ALERTS.

    What always fires is not meant.
    """
    name = f'alertname="{alert}",' if alert else f'alertname!~"{"|".join(sorted(ALWAYS_FIRING))}",'
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
    return {
        "name": "; ".join(one.title for one in together),
        "interval": format_duration(together[0].interval),
        "input_series": _series(together[0].series),
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
