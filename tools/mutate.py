#!/usr/bin/env python3
"""Mutation testing of the rules: changes one place at a time and checks that a proof fails.

    make mutate                                    all subjects
    make mutate SUBJECT=memory_limit               one
    python tools/mutate.py memory_limit memory     some
    python tools/mutate.py replica_health --rule ServiceDown    some rules of one
    python tools/mutate.py memory_limit --json     machine-readable output

Survivors are listed with the rule, the change, and the surrounding expression. Record an equivalent mutant, which no
proof can kill, in tests/rules/equivalent.yaml under the printed name, with its reason; record any other survivor in
tests/rules/survivors.yaml, with the reason why a proof is not worthwhile. Exit code 1 if a subject's score is below
95 %, a survivor has no reason, an entry of a list is stale, or the proofs fail without any mutation. The implementation
is in tests/support/mutation.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if __name__ == "__main__":
    from support.mutation.command import main

    sys.exit(main())
