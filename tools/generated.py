#!/usr/bin/env python3
"""Draw deployments and check what is built of each: `tools/generated.py 10000`, `tools/generated.py 20 --tools`.

Nothing may be found and nothing may raise. Prints how many were drawn, how many the loader refused and why, and each
different fault once, with the smallest topology that shows it, which is kept in a directory. Exit 1 on a fault.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support import deployments  # noqa: E402 - found by the path above

from boxwatch.assemble import assemble  # noqa: E402 - as above
from boxwatch.checks import catalogue  # noqa: E402 - as above

# What makes two findings of one kind different: names and numbers.
_NAMES = re.compile(r'"[^"]*"|`[^`]*`|\b[\w.-]*\d[\w.-]*')


def main() -> int:
    """Draw, check, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=int, help="how many deployments to draw")
    parser.add_argument("--seed", type=int, default=0, help="draw others [0]")
    parser.add_argument("--tools", action="store_true", help="run promtool and amtool as well, half a minute each")
    given_ = parser.parse_args()
    if not given_.tools:
        os.environ["PATH"] = ""
    drawn, refused, faults = Counter[str](), Counter[str](), dict[str, tuple[str, str]]()

    @seed(given_.seed)
    @settings(
        max_examples=given_.examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(deployments.deployments())
    def look(text: str) -> None:
        drawn["drawn"] += 1
        if reasons := deployments.refusal(text):
            refused.update(_kind(reason) for reason in reasons)
            drawn["refused"] += 1
            return
        for kind, detail in _faults(text):
            if kind not in faults or len(text) < len(faults[kind][0]):
                faults[kind] = text, detail

    look()
    print(f"{drawn['drawn']} deployments drawn, {drawn['refused']} of them refused, {len(faults)} kinds of faults")
    for reason, number in refused.most_common(10):
        print(f"  refused {number} times: {reason}")
    if faults:
        _keep(faults, Path(tempfile.mkdtemp(prefix="boxwatch-generated-")))
    return 1 if faults else 0


def _faults(text: str) -> list[tuple[str, str]]:
    """(kind of fault, all of it)."""
    try:
        loaded = deployments.accepted(text)
        if loaded is None:
            return []
        found = catalogue.run(assemble(loaded.topology), loaded.topology.scrape_interval).findings
    except Exception as error:  # noqa: BLE001 - whatever it raises is what we are looking for
        place = traceback.extract_tb(error.__traceback__)[-1]
        return [(f"{type(error).__name__} in {place.filename}:{place.lineno}", traceback.format_exc())]
    return [(f"{one.check} {one.file}: {_kind(one.message)}", str(one)) for one in found]


def _kind(message: str) -> str:
    return _NAMES.sub("…", message)


def _keep(faults: dict[str, tuple[str, str]], folder: Path) -> None:
    for number, (kind, (text, detail)) in enumerate(sorted(faults.items()), start=1):
        path = folder / f"{number:03}.yaml"
        path.write_text("".join(f"# {line}\n" for line in detail.splitlines()) + text + "\n", encoding="utf-8")
        print(f"{path}: {kind}")


if __name__ == "__main__":
    sys.exit(main())
