"""Execution of proofs in promtool: which hold, and its output on those that do not.

A file of proofs is executed at once; only if that fails are its proofs executed one by one, so that each gets its own
verdict whatever promtool's version calls it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from boxwatch.checks.proofs.read import RULES, Document, Proof, document, load, name_of
from boxwatch.errors import ToolError

Watch = Callable[[int, int], None]
_Result = TypeVar("_Result")

# A file of proofs takes seconds; the limit only keeps a hanging tool from hanging us.
_PATIENCE = 600
# Promtool is done before its garbage is worth collecting: an eighth less CPU for 110 MB instead of 65 (2.42, measured).
_GARBAGE = "400"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a proof holds.

    Attributes:
        proof: the proof.
        problem: promtool's output on it; empty when it holds.
    """

    proof: Proof
    problem: str = ""


class Runner:
    """Executes proofs in promtool, with the rules they read, in a directory."""

    def __init__(self, promtool: str, files: Mapping[str, bytes], root: Path) -> None:
        """Takes the rules among a build's artefacts; the directory must exist as long as the runner is used."""
        self._promtool = promtool
        self._root = root
        self._groups = {path: load(content)["groups"] for path, content in files.items() if path.startswith(RULES)}

    def test(self, name: str, proofs: Sequence[Proof], tests: Iterable[Document] | None = None) -> tuple[bool, str]:
        """Whether proofs hold, and promtool's whole output.

        Args:
            name: of the test file, without its extension.
            proofs: of one file.
            tests: other tests in place of their own, in promtool's format.

        Raises:
            ToolError: promtool cannot be run.
        """
        groups = list(self._read_by(proofs))
        narrow = document(proofs, f"{name}-rules.yaml", tests)
        # JSON is YAML and much faster to write; but YAML has no surrogate pairs, so characters are not escaped.
        (self._root / f"{name}-rules.yaml").write_text(
            json.dumps({"groups": groups}, ensure_ascii=False), encoding="utf-8"
        )
        (self._root / f"{name}.yaml").write_text(json.dumps(narrow, ensure_ascii=False), encoding="utf-8")
        try:
            done = subprocess.run(  # noqa: S603 - the program that the user has on the PATH, with our own arguments
                [self._promtool, "test", "rules", f"{name}.yaml"],
                cwd=self._root,
                env={"GOGC": _GARBAGE, **os.environ},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(f"{self._promtool} could not be run on {name}.yaml: {error}") from error
        return done.returncode == 0, done.stdout

    def _read_by(self, proofs: Sequence[Proof]) -> Iterator[Document]:
        """The rules that some proofs read, directly or through others: promtool evaluates everything it loads.

        All rules for a proof that names none, because it looks at all alerts.
        """
        everything = any(not proof.reads for proof in proofs)
        # An entry without a name is not a rule, and promtool should report it.
        needed = frozenset({""}).union(*(proof.reads for proof in proofs))
        for path in proofs[0].rule_files:
            for group in self._groups[path]:
                kept = [rule for rule in group["rules"] if everything or name_of(rule) in needed]
                if kept:
                    yield {**group, "rules": kept}


def run(
    files: Mapping[str, bytes], proofs: tuple[Proof, ...], promtool: str, watch: Watch | None = None
) -> tuple[Verdict, ...]:
    """The verdict on every proof, in their order.

    Args:
        files: the artefacts of a build, by path.
        proofs: the proofs to execute.
        promtool: the program.
        watch: called after each file with the number done and the total.

    Raises:
        ToolError: promtool cannot be run.
    """
    with tempfile.TemporaryDirectory(prefix="boxwatch-") as directory:
        runner = Runner(promtool, files, Path(directory))
        found = list(over_files(proofs, lambda of: tuple(_verdicts(runner, of)), watch))
    verdicts = {id(one.proof): one for part in found for one in part}
    return tuple(verdicts[id(proof)] for proof in proofs)


def over_files(
    proofs: tuple[Proof, ...], work: Callable[[tuple[Proof, ...]], _Result], watch: Watch | None
) -> Iterator[_Result]:
    """Applies a function to the proofs of each file, in parallel."""
    by_file: dict[str, tuple[Proof, ...]] = {}
    for proof in proofs:
        by_file[proof.file] = (*by_file.get(proof.file, ()), proof)
    # The longest first, so that no core is idle at the end.
    parts = sorted(by_file.values(), key=lambda of: -sum(len(proof.test.get("input_series") or ()) for proof in of))
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for done, result in enumerate(pool.map(work, parts), start=1):
            if watch:
                watch(done, len(parts))
            yield result


def _verdicts(runner: Runner, proofs: tuple[Proof, ...]) -> Iterator[Verdict]:
    name = Path(proofs[0].file).stem
    holds, said = runner.test(name, proofs)
    if holds:
        yield from (Verdict(proof) for proof in proofs)
        return
    alone = []
    for number, proof in enumerate(proofs):
        fine, problem = runner.test(f"{name}-{number}", [proof])
        alone.append(Verdict(proof, "" if fine else _problem(problem)))
    if all(not one.problem for one in alone):
        # The file itself is at fault: its proofs do not load together.
        alone = [Verdict(proof, _problem(said)) for proof in proofs]
    yield from alone


def _problem(said: str) -> str:
    """The output of promtool without its headings."""
    lines = [line.strip() for line in said.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("Unit Testing:", "FAILED:", "SUCCESS", "name:"))]
    return "\n".join(kept) or "it gave no reason"
