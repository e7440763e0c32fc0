"""Runs proofs against mutants: many per promtool run, cheap proofs first, until one kills the mutant."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml

from boxwatch.checks.proofs.read import Document, name_of
from boxwatch.topology.units import format_duration
from support.mutation.mutants import Mutant
from support.mutation.proofs import Proof, Proofs

# One start of promtool costs about as much as one small proof.
_TOGETHER = 12
# The first proofs kill most mutants; the rest are run on what survives them.
_FIRST = 3
_VERDICT = re.compile(r"^Unit Testing:\s+(\S+)\n[^A-Z]*?(SUCCESS|FAILED)", re.MULTILINE)


class ProofsError(Exception):
    """The proofs fail for the unchanged rules, or promtool's output cannot be parsed."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """A mutant, its proofs, and the number it has passed."""

    mutant: Mutant | None
    proofs: tuple[Proof, ...]


def survivors(
    promtool: str, proofs: Proofs, mutants: Sequence[Mutant], jobs: int, watch: Callable[[int, int], None]
) -> tuple[Mutant, ...]:
    """The mutants that no proof kills.

    Args:
        promtool: the program.
        proofs: proofs of all subjects.
        mutants: mutants of the tested subjects.
        jobs: number of concurrent promtools.
        watch: called with the number of decided mutants and the total.

    Raises:
        ProofsError: a proof fails without any mutation.
    """
    asked = {mutant.rule.partition("/")[0] for mutant in mutants}
    needed = tuple(one for one in proofs.proofs if one.needs & asked)
    with tempfile.TemporaryDirectory(prefix="boxwatch-mutants-") as directory, ThreadPoolExecutor(jobs) as pool:
        run = _Runner(promtool, proofs, Path(directory))
        for chunk, holds in zip(
            parts := list(_parts(needed, _TOGETHER)),
            pool.map(lambda part: run.passing([_Trial(None, tuple(part))]), parts),
            strict=True,
        ):
            if not holds:
                titles = ", ".join(repr(one.test["name"]) for one in chunk)
                raise ProofsError(f"these proofs do not all hold for the rules as they are: {titles}")
        alive = [_Trial(one, proofs.about(one.rule.partition("/")[0], one.subject)) for one in mutants]
        size, begin = _FIRST, 0
        while any(len(trial.proofs) > begin for trial in alive):
            done = [trial for trial in alive if len(trial.proofs) <= begin]
            open_ = [trial for trial in alive if len(trial.proofs) > begin]
            tried = [_Trial(trial.mutant, trial.proofs[begin : begin + size]) for trial in open_]
            passed: set[tuple[str, str, str]] = set()
            together = max(1, _TOGETHER * _FIRST // size)
            for part in pool.map(run.passing, _parts(tried, together)):
                passed |= {trial.mutant.key for trial in part if trial.mutant}
                watch(len(mutants) - len(alive), len(mutants))
            alive = done + [trial for trial in open_ if trial.mutant and trial.mutant.key in passed]
            begin, size = begin + size, size * 2
        watch(len(mutants), len(mutants))
    order = {trial.mutant.key for trial in alive if trial.mutant}
    return tuple(mutant for mutant in mutants if mutant.key in order)


_Item = TypeVar("_Item")


def _parts(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    return (items[begin : begin + size] for begin in range(0, len(items), size))


class _Runner:
    """Writes rules and proofs into a directory and runs promtool."""

    def __init__(self, promtool: str, proofs: Proofs, root: Path) -> None:
        self._promtool = promtool
        self._proofs = proofs
        self._root = root

    def passing(self, trials: Iterable[_Trial]) -> list[_Trial]:
        """Those whose every proof passes."""
        trials = list(trials)
        with tempfile.TemporaryDirectory(dir=self._root) as directory:
            written = {
                name: trial for number, trial in enumerate(trials) for name in self._write(directory, number, trial)
            }
            command = [self._promtool, "test", "rules", *written]
            # One stream, since promtool says what fails on standard error and what holds on standard output.
            said = subprocess.run(
                command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            ).stdout
        verdicts = dict(_VERDICT.findall(said))
        if verdicts.keys() != written.keys():
            raise ProofsError(f"promtool was not understood: {said[:2000]}")
        failed = {id(written[name]) for name, verdict in verdicts.items() if verdict == "FAILED"}
        return [trial for trial in trials if id(trial) not in failed]

    def _write(self, directory: str, number: int, trial: _Trial) -> Iterator[str]:
        """Write a test file for each interval and set of rules; return their names.

        Proofs that need different rules do not share a file: what one brings as input the other may record.
        """
        for part, (interval, needs) in enumerate(dict.fromkeys((one.interval, one.needs) for one in trial.proofs)):
            chosen = [one for one in trial.proofs if (one.interval, one.needs) == (interval, needs)]
            rules, name = f"{number}-{part}-rules.yaml", f"{number}-{part}.yaml"
            groups = list(self._groups(needs, trial.mutant))
            _dump(Path(directory, rules), {"groups": groups})
            document = {
                "rule_files": [rules],
                "evaluation_interval": interval,
                "group_eval_order": [group["name"] for group in groups],
                "tests": [one.test for one in chosen],
            }
            _dump(Path(directory, name), document)
            yield name

    def _groups(self, needed: frozenset[str], mutant: Mutant | None) -> Iterator[Document]:
        for name, rules in self._proofs.groups.items():
            kept = [
                _mutated(rule, mutant) if mutant and (mutant.group, mutant.position) == (name, position) else rule
                for position, rule in enumerate(rules)
                if name_of(rule) in needed
            ]
            if kept:
                yield {"name": name, "rules": kept}


def _mutated(rule: Document, mutant: Mutant) -> Document:
    changed = {**rule, "expr": mutant.expr}
    if mutant.wait:
        changed["for"] = format_duration(mutant.wait)
    return changed


def _dump(path: Path, document: object) -> None:
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, width=10000), encoding="utf-8")
