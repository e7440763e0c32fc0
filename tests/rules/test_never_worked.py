"""What was never switched on is a ticket, and an outage of what has worked pages for as long as it lasts."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.artefacts import complete_artefacts, complete_subjects
from support.topologies import a_service, a_topology, complete

from boxwatch.rules import catalogue, names, never_worked, worked
from boxwatch.rules.model import Alert
from boxwatch.rules.systems import SYSTEMS
from boxwatch.stack import prometheus

_DAY = 86400
_INTERVAL = 300
# A query for what says of itself, or of what it is connected to, that it does not answer.
_SILENT = re.compile(r"(up|_scrape_success)\{[^}]*\}\)* == 0")
_WORKED = (names.TARGET_WORKED, names.SERVICE_REACHED)
# Critical alerts that something does not answer, and what they read of it: 1 while it does.
_ANSWERS = {
    **{
        alert: system.reached or f'up{{job="{system.kind.job}"}}'
        for system in SYSTEMS
        if not system.kind.about_others
        for alert in system.kind.down or ()
    },
    "DockerEngineDown": f'up{{job="{names.JOB_DOCKER}"}}',
}


def _paging() -> tuple[Alert, ...]:
    return tuple(alert for subject in complete_subjects() for alert in subject.alerts if alert.severity == "critical")


def test_every_page_that_something_does_not_answer_asks_whether_it_ever_did() -> None:
    """A missing token, a metric that nobody switched on, a wrong password: none wakes anyone."""
    pages = {alert.alert: alert.expr for alert in _paging() if _SILENT.search(alert.expr)}

    assert set(_ANSWERS) <= set(pages)
    assert [
        f"{name} pages for what never worked: add `and on (…)` with one of {', '.join(_WORKED)}"
        for name, expr in pages.items()
        if not any(record in expr for record in _WORKED)
    ] == []


def test_every_scrape_job_says_what_to_switch_on() -> None:
    """With a command, a setting or a key of the topology."""
    jobs = {
        config["labels"].get("job", job["job_name"])
        for job in yaml.safe_load(prometheus.files(complete())["prometheus/prometheus.yml"])["scrape_configs"]
        for config in job["static_configs"]
    }
    watched = jobs - {names.JOB_CADVISOR, names.JOB_PROBE, names.JOB_PROBE_PORTS}
    hints = never_worked.switch_on()

    assert sorted(watched - hints.keys()) == []
    assert [job for job, hint in {**hints, **never_worked.connect()}.items() if "`" not in hint] == []


def test_a_deployment_is_told_of_its_own_jobs_only() -> None:
    """Its message has no branch for what it does not run."""
    subject = next(one for one in catalogue.subjects(a_topology()) if one.id == never_worked.ID)
    (target,) = subject.alerts

    assert '"postgres"' not in target.description
    assert f'"{names.JOB_DOCKER}"' not in target.description
    assert f'"{names.JOB_NODE}"' in target.description


def test_connections_are_watched_where_an_exporter_connects() -> None:
    """MinIO exposes its metrics itself, PostgreSQL through an exporter."""

    def alerts(kind: str) -> set[str]:
        made = catalogue.subjects(a_topology(services=(a_service("db", kind=kind),)))
        return {alert.alert for one in made if one.id == never_worked.ID for alert in one.alerts}

    assert alerts("minio") == {"TargetNeverUp"}
    assert alerts("postgres") == {"TargetNeverUp", "ServiceNeverReached"}


def _firing(alerts: Iterable[str], severity: str, at: int, expected: Mapping[str, int]) -> dict[str, object]:
    matchers = f'alertname=~"{"|".join(alerts)}",severity="{severity}",alertstate="firing"'
    return {
        "expr": f"count by (alertname) (ALERTS{{{matchers}}})",
        "eval_time": f"{at}s",
        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": count} for name, count in expected.items()],
    }


def _series(selector: str, values: str) -> Iterator[dict[str, str]]:
    metric, _, matchers = selector.rstrip("}").partition("{")
    job = matchers.partition(",")[0]
    yield {"series": f'{metric}{{{matchers},server="main",service="db",instance="x:1"}}', "values": values}
    if metric != "up":
        yield {"series": f'up{{{job},server="main",service="db",instance="x:1"}}', "values": "1x3000"}


def _judged(subject: str, alerts: Collection[str]) -> dict[str, Any]:
    """A rule file without other alerts, which would be evaluated for days too."""
    document: dict[str, Any] = yaml.safe_load(complete_artefacts()[f"prometheus/rules/{subject}.yaml"])
    for group in document["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert", "") in {"", *alerts}]
    return document


@pytest.mark.parametrize(
    ("life", "pages"),
    [
        # Four days of outage, in which Prometheus is off for a night: longer than anything but the record remembers.
        ("1 0x1000 _x100 0x1000", True),
        ("0x1000 _x100 0x1000", False),
    ],
    ids=["an outage", "never switched on"],
)
def test_a_page_stays_a_page_and_a_ticket_a_ticket(
    life: str,
    pages: bool,  # noqa: FBT001 - a value of the parametrisation
    program: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """For days, and after Prometheus was off for a night."""
    looks = (_DAY // 24, _DAY, int(3.4 * _DAY), 6 * _DAY)
    tickets = [
        "TargetNeverUp" if selector.startswith("up") else "ServiceNeverReached" for selector in _ANSWERS.values()
    ]
    tests = [
        {
            "interval": f"{_INTERVAL}s",
            "input_series": [
                *(one for selector in _ANSWERS.values() for one in _series(selector, life)),
                {"series": f'{names.SERVICE_PAGES}{{server="main",service="db"}}', "values": "1x3000"},
                {"series": f'{names.SERVICE_REPLICAS_DESIRED}{{server="main",service="db"}}', "values": "1x3000"},
            ],
            "promql_expr_test": [
                *(_firing(_ANSWERS, "critical", at, dict.fromkeys(_ANSWERS, 1) if pages else {}) for at in looks),
                *(_firing(tickets, "warning", at, {} if pages else Counter(tickets)) for at in looks),
            ],
        }
    ]
    subjects = {subject.id for subject in complete_subjects() for alert in subject.alerts if alert.alert in _ANSWERS}
    for name in (worked.ID, never_worked.ID, *sorted(subjects)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(_judged(name, {*_ANSWERS, *tickets})), encoding="utf-8")
    document = {
        "rule_files": [f"{name}.yaml" for name in (worked.ID, never_worked.ID, *sorted(subjects))],
        "evaluation_interval": f"{_INTERVAL}s",
        "group_eval_order": ["worked-once"],
        "tests": tests,
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    done = subprocess.run(
        [program("promtool"), "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
