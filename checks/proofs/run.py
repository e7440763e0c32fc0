"""Running proofs in promtool: which hold, and what it says of those that do not.

A file of proofs is one run; only when that fails are its proofs run one by one, so that each gets a verdict of its own
whatever the version of promtool calls it.
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

# A file of proofs takes seconds; this only keeps a hanging tool from hanging us.
_PATIENCE = 600
# Promtool is done before its garbage is worth collecting: an eighth less CPU for 110 MB instead of 65 (2.42, measured).
_GARBAGE = "400"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a proof holds.

    Attributes:
        proof: the proof.
        problem: what promtool says of it; empty when it holds.
    """

    proof: Proof
    problem: str = ""


class Runner:
    """Rules, a directory, and a promtool to run proofs of the rules in it."""

    def __init__(self, promtool: str, files: Mapping[str, bytes], root: Path) -> None:
        """Take the rules among the artefacts of a build; the directory must be there as long as this is used."""
        self._promtool = promtool
        self._root = root
        self._groups = {path: load(content)["groups"] for path, content in files.items() if path.startswith(RULES)}

    def test(self, name: str, proofs: Sequence[Proof], tests: Iterable[Document] | None = None) -> tuple[bool, str]:
        """Whether proofs hold, and all that was said.

        Args:
            name: of the test file, without its ending.
            proofs: of one file.
            tests: other tests in place of their own, as promtool reads them.

        Raises:
            ToolError: promtool cannot be run.
        """
        groups = list(self._read_by(proofs))
        narrow = document(proofs, f"{name}-rules.yaml", tests)
        # JSON is YAML and written much faster; but YAML knows no pairs of surrogates, so characters stay as they are.
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
        """The rules that some proofs look at, directly or through others: promtool evaluates all that is loaded.

        All of them for a proof that names none, because it looks at all alerts.
        """
        everything = any(not proof.reads for proof in proofs)
        # What has no name is no rule, and promtool is to say so.
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
        proofs: those to run.
        promtool: the program.
        watch: is told after each file how many are done, of how many.

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
    """Do something with the proofs of each file, side by side."""
    by_file: dict[str, tuple[Proof, ...]] = {}
    for proof in proofs:
        by_file[proof.file] = (*by_file.get(proof.file, ()), proof)
    # The longest first, so that no core waits at the end.
    parts = sorted(by_file.values(), key=lambda of: -sum(len(proof.test["input_series"]) for proof in of))
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
        # What is wrong is the file: it does not load together.
        alone = [Verdict(proof, _problem(said)) for proof in proofs]
    yield from alone


def _problem(said: str) -> str:
    """What promtool says, without its headings."""
    lines = [line.strip() for line in said.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("Unit Testing:", "FAILED:", "SUCCESS", "name:"))]
    return "\n".join(kept) or "it gave no reason"
