"""What amtool says is a finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.topologies import complete

from boxwatch.checks.alertmanager import amtool
from boxwatch.errors import ToolError
from boxwatch.rules import catalogue as rules
from boxwatch.stack import alertmanager

Program = Callable[[str], str]


def test_what_we_make_is_accepted(program: Program) -> None:
    """With its template."""
    assert list(amtool.check(alertmanager.files(rules.build(complete())), program("amtool"))) == []


def test_what_it_refuses_is_a_finding(program: Program) -> None:
    """In its own words."""
    files = {alertmanager.PATH: b"route: {receiver: a}\nreceivers: []\n"}
    (finding,) = amtool.check(files, program("amtool"))
    assert finding.message == "amtool check-config rejects it"
    assert 'undefined receiver "a" used in route' in finding.hint


def test_a_template_that_is_wrong_is_a_finding(program: Program) -> None:
    """It stands beside the configuration."""
    files = {**alertmanager.files(rules.build(complete())), alertmanager.TEMPLATE: b"{{ define }}"}
    assert len(list(amtool.check(files, program("amtool")))) == 1


def test_an_amtool_that_is_too_old_does_not_judge(program: Program) -> None:
    """It would refuse keys that it does not know."""
    files = {alertmanager.PATH: b"# Needs Alertmanager 99.1 or later.\n"}
    assert amtool.too_old(files, program("amtool")).endswith("needs 99.1")
    assert amtool.too_old({alertmanager.PATH: b"# Needs Alertmanager 0.25 or later.\n"}, program("amtool")) == ""


def test_an_amtool_that_does_not_run_is_an_error(tmp_path: Path) -> None:
    """And no finding."""
    with pytest.raises(ToolError, match="could not be run"):
        amtool.too_old({}, str(tmp_path / "amtool"))


def test_without_the_file_there_is_nothing_to_say() -> None:
    """And nothing is started."""
    assert list(amtool.check({}, "no such program")) == []
