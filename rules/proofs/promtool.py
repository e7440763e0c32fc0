"""The proofs of a subject as unit tests for `promtool test rules`.

One file for each spacing of samples, because promtool evaluates a whole file at one interval; one test for each case,
with just the rules that it needs, so that a test costs milliseconds. The files pass on promtool 2.42 to 3.x: no window
ends on a sample's edge, no fuzzy comparison, no filters by name.
"""

from __future__ import annotations

from collections.abc import Iterator

from boxwatch.rules import yaml
from boxwatch.rules.alert_text import expected_annotations
from boxwatch.rules.model import ALWAYS_FIRING, Case, Measured, Record, Series, Subject
from boxwatch.rules.plan import plan
from boxwatch.rules.proofs import decoys
from boxwatch.rules.proofs.batching import Pack, packs, side_by_side
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


def _alerts(topology: Topology, subject: Subject) -> Iterator[tuple[int, dict[str, object]]]:
    """(spacing of samples, test): looks at the same input share a test, whatever they look at."""
    found: dict[tuple[int, tuple[Series, ...]], list[Pack]] = {}
    for name in dict.fromkeys(alert.alert for alert in subject.alerts):
        for pack in packs(tuple(alert for alert in subject.alerts if alert.alert == name)):
            found.setdefault((pack.case.interval, pack.case.series), []).append(pack)
    for (interval, _), together in found.items():
        yield interval, _test(topology, together)


def _test(topology: Topology, together: list[Pack]) -> dict[str, object]:
    last = max((pack.case for pack in together), key=lambda case: case.at)
    titles: dict[str, list[str]] = {}
    for pack in together:
        titles.setdefault(pack.title, []).append(pack.alert)
    test: dict[str, object] = {
        "name": "; ".join(f"{', '.join(alerts)} {title}" for title, alerts in titles.items()),
        "interval": format_duration(last.interval),
        "input_series": _series((*last.series, *decoys.beside(last))),
        "alert_rule_test": [_rule_test(topology, pack) for pack in together],
    }
    throughout = [_never_fired(pack.case, pack.alert) for pack in together if pack.case.throughout]
    return {**test, "promql_expr_test": throughout} if throughout else test


def _rule_test(topology: Topology, pack: Pack) -> dict[str, object]:
    expected = [
        {
            "exp_labels": {"severity": alert.severity, **alert.labels, **one.labels},
            "exp_annotations": expected_annotations(topology, alert, one),
        }
        for alert, one in pack.expects
    ]
    return {"eval_time": format_duration(pack.case.at), "alertname": pack.alert, "exp_alerts": expected}


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
    day = side_by_side(cases)
    return yaml.dump(
        {
            "rule_files": [f"../rules/{subject.id}.yaml" for subject in measuring],
            "evaluation_interval": format_duration(day.interval),
            "group_eval_order": [group.name for subject in measuring for group in subject.groups],
            "tests": [
                {
                    "name": f"no alert fires {day.title}",
                    "interval": format_duration(day.interval),
                    "input_series": _series(day.series),
                    "promql_expr_test": [_never_fired(day)],
                }
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
        "input_series": _series((*first.series, *decoys.beside_measured(first.series, length))),
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
