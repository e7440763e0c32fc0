"""Mutation testing: mutants of rules, the proofs run against them, and the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.artefacts import complete_subjects
from support.mutation import proofs, reasons
from support.mutation.command import main
from support.mutation.mutants import Mutant, mutants
from support.mutation.operators import pieces_of
from support.mutation.pieces import changed, text_of
from support.mutation.report import Report
from support.mutation.trial import ProofsError, survivors
from support.topologies import complete

from boxwatch.promql.parse import parse
from boxwatch.rules.model import Subject

Program = Callable[[str], str]


def _changed(query: str) -> dict[str, str]:
    return {one.what: one.text for one in changed(pieces_of(parse(query)))}


@pytest.mark.parametrize("subject", complete_subjects(), ids=lambda subject: subject.id)
def test_an_unchanged_query_is_rendered_unchanged(subject: Subject) -> None:
    """Otherwise every mutant would differ in more than its mutation."""
    for expr in (rule.expr for rules in (subject.records, subject.alerts) for rule in rules):
        tree = parse(expr)
        assert parse(text_of(pieces_of(tree))).prettify() == tree.prettify()


_MUTATIONS = {
    "up > 3": {
        "> becomes >=": "up >= 3",
        "> becomes <": "up < 3",
        "3 becomes 4": "up > 4",
        "3 becomes 2": "up > 2",
    },
    "up == 100": {
        "== becomes !=": "up != 100",
        "100 becomes 125": "up == 125",
        "100 becomes 75": "up == 75",
    },
    "a and on (x, y) b": {
        "and becomes unless": "((a) unless on (x, y) (b))",
        "and becomes or": "((a) or on (x, y) (b))",
        "what follows and is left out": "(a)",
        "on forgets x": "a and on (y) b",
        "on forgets y": "a and on (x) b",
    },
    "a or b": {
        "or becomes and": "((a) and (b))",
        "what follows or is left out": "(a)",
        "what precedes or is left out": "(b)",
    },
    "max by (x) (a)": {
        "max becomes min": "min by (x) (a)",
        "max becomes sum": "sum by (x) (a)",
        "by forgets x": "max by () (a)",
    },
    'rate(a{b="c",d=~"e|f"}[5m] offset 1h)': {
        "rate becomes increase": 'increase(a{b="c",d=~"e|f"}[5m] offset 1h)',
        'b="c" is left out': 'rate(a{d=~"e|f"}[5m] offset 1h)',
        'd=~"e|f" is left out': 'rate(a{b="c"}[5m] offset 1h)',
        'd=~"e|f" forgets e': 'rate(a{b="c",d=~"f"}[5m] offset 1h)',
        'd=~"e|f" forgets f': 'rate(a{b="c",d=~"e"}[5m] offset 1h)',
        "the window is doubled": 'rate(a{b="c",d=~"e|f"}[10m] offset 1h)',
        "the window is halved": 'rate(a{b="c",d=~"e|f"}[2m30s] offset 1h)',
        "the offset is left out": 'rate(a{b="c",d=~"e|f"}[5m])',
        "the offset is doubled": 'rate(a{b="c",d=~"e|f"}[5m] offset 2h)',
        "the offset is halved": 'rate(a{b="c",d=~"e|f"}[5m] offset 30m)',
    },
    "a / on (x) group_left (y) b": {
        "/ becomes *": "a * on (x) group_left (y) b",
        "on forgets x": "a / on () group_left (y) b",
        "group_left forgets y": "a / on (x) group_left () b",
        "group_left is left out": "a / on (x) b",
    },
    "abs(a > bool 0)": {
        "abs is left out": "(a > bool 0)",
        "bool is left out": "abs(a > 0)",
        "> becomes >=": "abs(a >= bool 0)",
        "> becomes <": "abs(a < bool 0)",
        "0 becomes 1": "abs(a > bool 1)",
    },
    "max_over_time((a)[1h:5m])": {
        "max_over_time becomes min_over_time": "min_over_time((a)[1h:5m])",
        "max_over_time becomes last_over_time": "last_over_time((a)[1h:5m])",
        "the window is doubled": "max_over_time((a)[2h:5m])",
        "the window is halved": "max_over_time((a)[30m:5m])",
    },
}


@pytest.mark.parametrize("query", _MUTATIONS)
def test_each_place_of_a_query_is_changed_on_its_own(query: str) -> None:
    """A query has exactly these mutations."""
    assert _changed(query) == _MUTATIONS[query]


@pytest.mark.parametrize("query", ["a and count by (x) (b)", "a unless max by (x) (b)", "0 * sum by (x) (b)"])
def test_operands_whose_value_does_not_matter_keep_their_aggregation(query: str) -> None:
    """No proof could notice another aggregation if only the existence of a series matters."""
    assert not [what for what in _changed(query) if what.split()[0] in ("count", "max", "sum")]


def test_every_mutant_of_a_rule_is_unique() -> None:
    """Mutants differ in name and query, or in `for`, which is tried longer and shorter."""
    subject = next(one for one in complete_subjects() if one.id == "memory_plan")
    found = list(mutants(subject))

    assert len({one.key for one in found}) == len(found)
    assert len({(one.rule, one.expr, one.wait) for one in found}) == len(found)
    waits = {
        one.what: one.wait
        for one in found
        if one.rule == "ServerMemoryBelowPlan/warning" and one.what.startswith("for ")
    }
    assert waits == {"for 15m becomes 22m30s": 1350, "for 15m becomes 7m30s": 450}


def _silent(*_: int) -> None:
    pass


def test_proofs_notice_another_threshold_but_not_an_equivalent_query(program: Program) -> None:
    """An equivalent mutant survives; a different one is killed."""
    subjects = complete_subjects()
    subject = next(one for one in subjects if one.id == "memory_limit")
    first = next(one for one in mutants(subject) if one.rule == "ContainerMemoryLimitDrifted/warning")
    alert = subject.alerts[first.position]
    same = replace(first, what="nothing", expr=f"({alert.expr})", wait=alert.wait)
    other = replace(first, what="another tolerance", expr=alert.expr.replace("> 1048576", "> 1"), wait=alert.wait)
    assert other.expr != alert.expr

    read = proofs.read(complete())
    assert survivors(program("promtool"), read, [same, other], 1, _silent) == (same,)


def test_proofs_that_fail_without_mutation_are_an_error(program: Program) -> None:
    """Otherwise every mutant would seem to be killed."""
    subjects = complete_subjects()
    read = proofs.read(complete())
    broken = replace(read, groups={**read.groups, "outside-plan": ({**read.groups["outside-plan"][0], "for": "9h"},)})
    mutant = next(mutants(next(one for one in subjects if one.id == "outside_plan")))

    with pytest.raises(ProofsError, match=r"do not all hold.*ContainerOutsidePlan case1 fires for a forgotten"):
        survivors(program("promtool"), broken, [mutant], 1, _silent)


def _mutant(what: str, subject: str = "memory") -> Mutant:
    return Mutant(subject, "rule", what, "group", 0, "1", 0)


def test_the_report_counts_each_subject_and_lists_survivors() -> None:
    """The score leaves out equivalent mutants."""
    everyone = [*(_mutant(f"m{number}") for number in range(21)), _mutant("x", "replicas")]
    report = Report(everyone, everyone[:2], {everyone[0].key: "says the same"}, {everyone[1].key: "who would see"})

    assert report.good
    assert list(report.lines())[1:] == [
        "memory                            21      19          1       1   95.0%",
        "replicas                           1       1          0       0  100.0%",
        "all                               22      20          1       1   95.2%",
        "survives: memory  rule  m1",
        "    who would see",
    ]
    document = json.loads(report.json())
    assert document["survivors"] == [
        {"subject": "memory", "rule": "rule", "mutation": "m1", "expr": "1", "reason": "who would see"}
    ]
    assert document["equivalent"][0]["reason"] == "says the same"


def test_one_subject_below_the_floor_is_not_good_enough() -> None:
    """A good total or reasons for survivors do not make up for one subject below the floor."""
    everyone = [*(_mutant(f"m{number}") for number in range(99)), _mutant("x", "replicas")]

    assert not Report(everyone, everyone[-1:], {}, {everyone[-1].key: "who would see"}).good


def test_a_survivor_without_a_reason_is_not_good_enough() -> None:
    """Even above the floor, every survivor needs a reason."""
    everyone = [_mutant(f"m{number}") for number in range(99)]
    report = Report(everyone, everyone[:1], {}, {})

    assert report.score > 0.98
    assert not report.good
    assert list(report.lines())[-1] == "    no reason in survivors.yaml: write a proof that notices it"


def test_a_reason_for_a_killed_mutant_is_stale() -> None:
    """Reasons for killed or vanished mutants are reported; those of subjects that were not tried are not."""
    same = {("memory", "rule", "gone"): "was equivalent", ("other", "rule", "m"): "was not tried"}
    known = {("memory", "rule", "killed"): "survived"}
    report = Report([_mutant("m0")], [], same, known)

    assert report.stale == (("memory", "rule", "gone"), ("memory", "rule", "killed"))
    assert not report.good
    assert list(report.lines())[-2:] == [
        "stale in equivalent.yaml, for it is noticed or is no mutant: memory  rule  gone",
        "stale in survivors.yaml, for it is noticed or is no mutant: memory  rule  killed",
    ]


@pytest.mark.parametrize("path", [reasons.EQUIVALENT, reasons.SURVIVORS], ids=lambda path: path.stem)
def test_every_reason_is_about_an_existing_mutant(path: Path) -> None:
    """Entries of a rewritten rule must be removed."""
    there = {one.key for subject in complete_subjects() for one in mutants(subject)}

    assert reasons.read(path).keys() - there == set()


def test_every_listed_mutant_has_a_reason(tmp_path: Path) -> None:
    """A listed mutant has a reason and is listed once."""
    path = tmp_path / "equivalent.yaml"
    entry = "- {subject: memory, rule: r, mutation: m, reason: '%s'}\n"
    path.write_text(entry % "", encoding="utf-8")
    with pytest.raises(ValueError, match="has subject, rule, mutation and reason"):
        reasons.read(path)
    path.write_text(entry % "why" * 2, encoding="utf-8")
    with pytest.raises(ValueError, match="memory, r, m is there twice"):
        reasons.read(path)


def test_an_unknown_subject_is_rejected_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown subject ends with exit code 2, as any usage error."""
    with pytest.raises(SystemExit, match="2"):
        main(["memroy"])
    assert "no such subject: memroy; there are replicas, memory" in capsys.readouterr().err


def test_the_tool_runs_from_anywhere(tmp_path: Path, program: Program) -> None:
    """The script runs in any directory, for one subject, with JSON output."""
    tool = Path(__file__).parents[2] / "tools" / "mutate.py"
    environment = {**os.environ, "PATH": f"{Path(program('promtool')).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, str(tool), "outside_plan", "--json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    document = json.loads(done.stdout)
    assert document["subjects"]["outside_plan"]["mutants"] > 10
    assert document["good"] == (done.returncode == 0)
