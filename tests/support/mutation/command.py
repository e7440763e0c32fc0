"""The command line of `make mutate`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time

from boxwatch.rules import catalogue
from boxwatch.rules.plan import plan
from support import topologies
from support.mutation import proofs, reasons
from support.mutation.mutants import mutants
from support.mutation.report import Report
from support.mutation.trial import ProofsError, survivors


def main(arguments: list[str] | None = None) -> int:
    """Try the mutants of some subjects, or of all.

    Returns:
        0 if every subject reaches the minimum score and the lists of reasons are correct and complete, else 1.
    """
    topology = topologies.complete()
    subjects = catalogue.subjects(topology)
    known = [subject.id for subject in subjects if subject.id != plan.ID]
    parser = argparse.ArgumentParser(description="Change the rules one place at a time; the proofs must notice.")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"of {', '.join(known)}; all when none is named")
    parser.add_argument("--rule", default="", help="only rules whose name begins so")
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="promtools at a time")
    parser.add_argument("--promtool", default="promtool", help="the promtool to run")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.subjects) - set(known)):
        parser.error(f"no such subject: {', '.join(unknown)}; there are {', '.join(known)}")
    promtool = shutil.which(given.promtool)
    if promtool is None:
        parser.error(f"{given.promtool} is not on the PATH; `make tools` unpacks it")
    begin = time.monotonic()
    chosen = [subject for subject in subjects if subject.id in (given.subjects or known)]
    tried = [one for subject in chosen for one in mutants(subject) if one.rule.startswith(given.rule)]
    try:
        unnoticed = survivors(promtool, proofs.read(topology), tried, given.jobs, _progress)
    except ProofsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # Entries about rules that were not tried are neither stale nor not.
    same, alive = (
        {key: reason for key, reason in reasons.read(path).items() if key[1].startswith(given.rule)}
        for path in (reasons.EQUIVALENT, reasons.SURVIVORS)
    )
    report = Report(tried, unnoticed, same, alive)
    sys.stdout.write(report.json() + "\n" if given.json else "".join(f"{line}\n" for line in report.lines()))
    sys.stderr.write(f"{len(tried)} mutants in {time.monotonic() - begin:.0f} s\n")
    return 0 if report.good else 1


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total}{chr(10) if done == total else ''}")
