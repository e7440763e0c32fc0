"""Results of the proofs: a table for people, JSON, and JUnit for CI servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from boxwatch.checks.proofs.coverage import Coverage, Part
from boxwatch.checks.proofs.read import RULES, TESTS, Rule
from boxwatch.checks.proofs.run import Verdict
from boxwatch.rules.model import ALWAYS_FIRING, Alert, Subject
from boxwatch.topology.wording import counted

_HEADINGS = ("rule file", "proofs", "alerts", "fires", "silent", "records", "branches")


def _may_be_silent(alert: Alert) -> bool:
    """Whether its silence is proven, or it always fires by design."""
    return bool(alert.silent) or alert.alert in ALWAYS_FIRING


@dataclass(frozen=True, slots=True)
class Report:
    """Results of the proofs.

    Attributes:
        subjects: all subjects, with the cases of their alerts.
        verdicts: one per proof.
        coverage: coverage of the rules; None when not measured.
        sources: path → the user's own file that a file of rules or tests was made from.
        rules: all rules.
    """

    subjects: tuple[Subject, ...]
    verdicts: tuple[Verdict, ...]
    coverage: Coverage | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @property
    def own(self) -> tuple[Verdict, ...]:
        """The verdicts on tests of the user's own rules."""
        return tuple(one for one in self.verdicts if one.proof.file in self.sources)

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """Proofs that do not hold."""
        return tuple(one for one in self.verdicts if one.problem)

    @property
    def missing(self) -> tuple[Part, ...]:
        """Parts of rules that no proof exercises."""
        return self.coverage.missing if self.coverage else ()

    @property
    def unproven(self) -> tuple[str, ...]:
        """Alerts without a passing case in which they fire, or without one in which they stay silent."""
        failed = {name for one in self.failed for name in one.proof.looked_at}
        return tuple(
            f"{alert.alert}/{alert.severity}"
            for subject in self.subjects
            for alert in subject.alerts
            if alert.alert in failed or not alert.fires or not _may_be_silent(alert)
        )

    @property
    def good(self) -> bool:
        """Every proof holds, and coverage, if measured, is complete."""
        return not self.failed and not self.missing

    def lines(self) -> Iterator[str]:
        """For people: failed proofs, unexercised parts, and totals."""
        for one in self.failed:
            yield f"does not hold: {self._named(one.proof.file)}: {one.proof.name}"
            yield from (f"    {line}" for line in one.problem.splitlines())
        if self.coverage:
            yield from self._table()
            for part in self.missing:
                file = self.sources.get(part.rule.file, part.rule.file)
                yield f"not exercised: {file}: {part.rule.title}: {part.direction}: {part.expr}"
        for one in self.own:
            if not one.problem:
                yield f"holds: {self._named(one.proof.file)}: {one.proof.name}"
        for file, alert, what in self.untested:
            yield f"no test: {file}: {alert}: in which it {what}"
        cases = sum(len((*alert.fires, *alert.silent)) for subject in self.subjects for alert in subject.alerts)
        measured = sum(len(subject.measured) for subject in self.subjects)
        yield (
            f"{len(self.verdicts) - len(self.failed)} of {len(self.verdicts)} proofs hold"
            f" ({cases} cases of alerts, {measured} of recorded series{self._own_counted()})"
        )

    @property
    def untested(self) -> tuple[tuple[str, str, str], ...]:
        """(file, alert, what no test shows) of alerts of the user's own."""
        return tuple(
            (self.sources[path], alert, what)
            for path in self.sources
            if path.startswith(RULES)
            for alerts, fires, silent in [self._own_alerts(path)]
            for alert in sorted(alerts)
            for what, shown in (("fires", fires), ("stays silent", silent))
            if alert not in shown
        )

    def _own_counted(self) -> str:
        return f", {counted(len(self.own), 'test')} of your own" if self.own else ""

    def _named(self, path: str) -> str:
        """A test file, as the user knows it."""
        return self.sources.get(path, _short(path))

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        document: dict[str, Any] = {
            "good": self.good,
            "proofs": len(self.verdicts),
            "failed": [
                {"file": self._source(one), "name": one.proof.name, "problem": one.problem} for one in self.failed
            ],
            "own": [{"file": self._source(one), "name": one.proof.name, "holds": not one.problem} for one in self.own],
            "untested": [{"file": file, "alert": alert, "what": what} for file, alert, what in self.untested],
        }
        if self.coverage:
            document["coverage"] = {
                "files": [dict(zip(_KEYS, row, strict=True)) for row in self._rows()],
                "unproven": list(self.unproven),
                "missing": [
                    {
                        "file": part.rule.file,
                        "group": part.rule.group,
                        "rule": part.rule.title,
                        "direction": part.direction,
                        "expr": part.expr,
                    }
                    for part in self.missing
                ],
            }
        return document

    def _source(self, one: Verdict) -> str:
        return self.sources.get(one.proof.file, one.proof.file)

    def junit(self) -> bytes:
        """For CI servers: a suite per test file, a case per proof; and a suite for missing coverage."""
        root = ET.Element("testsuites", name="boxwatch proofs")
        for file in dict.fromkeys(one.proof.file for one in self.verdicts):
            of = [one for one in self.verdicts if one.proof.file == file]
            suite = _suite(root, self._named(file), len(of), sum(bool(one.problem) for one in of))
            for one in of:
                case = ET.SubElement(suite, "testcase", classname=self._named(file), name=_printable(one.proof.name))
                if one.problem:
                    failure = ET.SubElement(case, "failure", message="the proof does not hold")
                    failure.text = _printable(one.problem)
        if self.coverage:
            suite = _suite(root, "coverage", len(self.coverage.parts), len(self.missing))
            for number, part in enumerate(self.coverage.parts):
                name = _printable(f"{part.rule.title}: {part.direction}: {part.expr}")
                case = ET.SubElement(suite, "testcase", classname=part.rule.file, name=name)
                if number not in self.coverage.exercised:
                    ET.SubElement(case, "failure", message="no proof exercises it")
        ET.indent(root)
        return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"

    def _table(self) -> Iterator[str]:
        rows = list(self._rows())
        yield _row(_HEADINGS)
        for subject, proofs, alerts, fires, silent, recorded, records, taken, branches in (*rows, _sum(rows)):
            shares = (f"{recorded}/{records}", f"{taken}/{branches}")
            yield _row((str(subject), str(proofs), str(alerts), f"{fires}", f"{silent}", *shares))

    def _rows(self) -> Iterator[tuple[str | int, ...]]:
        """One row per subject, in the order of `_KEYS`, and one for the proofs of all rules together."""
        coverage = self.coverage or Coverage((), frozenset())
        unproven = set(self.unproven)
        for subject in self.subjects:
            path = f"{RULES}{subject.id}.yaml"
            of = {number: part for number, part in enumerate(coverage.parts) if part.rule.file == path}
            records = {number for number, part in of.items() if part.direction == "gives a result"}
            proven = [one for one in subject.alerts if f"{one.alert}/{one.severity}" not in unproven]
            proofs = sum(1 for one in self.verdicts if one.proof.file.startswith(f"{TESTS}{subject.id}-"))
            yield (
                subject.id,
                proofs,
                len(subject.alerts),
                sum(bool(alert.fires) for alert in proven),
                sum(_may_be_silent(alert) for alert in proven),
                len(records & coverage.exercised),
                len(records),
                len((of.keys() - records) & coverage.exercised),
                len(of) - len(records),
            )
        subjects = tuple(f"{TESTS}{subject.id}-" for subject in self.subjects)
        others = [one for one in self.verdicts if one.proof.file not in self.sources]
        rest = sum(1 for one in others if not one.proof.file.startswith(subjects))
        yield ("all rules together", rest, *([0] * (len(_KEYS) - 2)))
        for path in self.sources:
            if path.startswith(RULES):
                yield self._own_row(path, coverage)

    def _own_alerts(self, path: str) -> tuple[set[str], set[str], set[str]]:
        """The alerts of a rule file of the user's own; those that fire, and stay silent, in a test that holds."""
        alerts = {rule.name for rule in self.rules if rule.file == path and "alert" in rule.document}
        expected = [
            each
            for one in self.own
            if path in one.proof.rule_files and not one.problem
            for each in one.proof.test.get("alert_rule_test") or ()
        ]
        fires = {each["alertname"] for each in expected if each.get("exp_alerts")}
        return alerts, fires, {each["alertname"] for each in expected if not each.get("exp_alerts")}

    def _own_row(self, path: str, coverage: Coverage) -> tuple[str | int, ...]:
        """The row of a rule file of the user's own: an alert fires, or stays silent, in a test that holds."""
        of = {number: part for number, part in enumerate(coverage.parts) if part.rule.file == path}
        records = {number for number, part in of.items() if part.direction == "gives a result"}
        alerts, fires, silent = self._own_alerts(path)
        return (
            path.removeprefix(RULES).removesuffix(".yaml"),
            sum(path in one.proof.rule_files for one in self.own),
            len(alerts),
            len(alerts & fires),
            len(alerts & silent),
            len(records & coverage.exercised),
            len(records),
            len((of.keys() - records) & coverage.exercised),
            len(of) - len(records),
        )


_KEYS = (
    "subject",
    "proofs",
    "alerts",
    "alerts_that_fire",
    "alerts_that_stay_silent",
    "records_exercised",
    "records",
    "branches_exercised",
    "branches",
)


def _sum(rows: list[tuple[str | int, ...]]) -> tuple[str | int, ...]:
    return ("all", *(sum(int(row[column]) for row in rows) for column in range(1, len(_KEYS))))


def _row(cells: tuple[str, ...]) -> str:
    return f"{cells[0]:<24}" + "".join(f"{cell:>10}" for cell in cells[1:])


def _short(path: str) -> str:
    return path.removeprefix(TESTS)


def _suite(root: ET.Element, name: str, tests: int, failures: int) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=name, tests=str(tests), failures=str(failures))


def _printable(text: str) -> str:
    """The text without characters that XML cannot contain."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)
