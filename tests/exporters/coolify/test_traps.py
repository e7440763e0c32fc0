"""Every trap of Coolify's API is described and tested, and every API version yields the complete exposition."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from support.coolify import HandClock, Rig
from support.traps import unparsed

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import VERSIONS
from boxwatch.exporters.coolify.fake.traps import TRAPS


def test_every_trap_has_a_test_that_names_it() -> None:
    modules = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_traps_*.py")]
    tests = {node.name for text in modules for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}

    assert {f"test_{name}" for name in TRAPS} - tests == set(), "each needs a test in one of test_traps_*.py"


def test_every_trap_is_described_in_a_sentence() -> None:
    assert all(re.fullmatch(r".{10,}\.", trap.fact) for trap in TRAPS.values())


@pytest.mark.parametrize("version", VERSIONS)
def test_all_versions_give_the_whole_page(version: str, hand: HandClock) -> None:
    rig = Rig(default(lambda: hand.now, version), hand).settle().wait(120)

    assert rig.present(names.VERSION_INFO, "version") == VERSIONS[version]
    read = {labels["source"]: value for labels, value in rig.values(names.SOURCE_SUCCESS)}
    assert read == dict.fromkeys(set(names.SOURCES) - {"task_runs"}, 1.0), "there are no tasks"
    assert len(rig.values(names.RESOURCE_INFO)) == 12
    assert unparsed(rig) == {}
