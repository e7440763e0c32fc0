#!/usr/bin/env python3
"""Mutation testing of the rules: change each in one place at a time and see that the proofs notice.

    make mutate                                    all subjects
    make mutate SUBJECT=memory_limit               one
    python tools/mutate.py memory_limit memory     some
    python tools/mutate.py replica_health --rule ServiceDown    some rules of one
    python tools/mutate.py memory_limit --json     for programs

Survivors are listed with the rule, the change, and the expression around it. A mutant that cannot be noticed, because
it says the same in other words, is listed with its reason in tests/rules/equivalent.yaml, under the name that this
prints; one that could be, in tests/rules/survivors.yaml with the reason why no proof of it is worth having. Exit code 1
when a subject is below 95 %, when a survivor has no reason, when an entry of a list is stale, or when the proofs fail
without any mutation. The machinery is tests/support/mutation.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if __name__ == "__main__":
    from support.mutation.command import main

    sys.exit(main())
