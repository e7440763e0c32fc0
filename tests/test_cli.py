"""What transcripts cannot show: terminals, colours, and the schema as a document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support import proofs, rotation, small

from boxwatch import cli
from boxwatch.checks import report
from boxwatch.checks.catalogue import Report
from boxwatch.checks.extra_rules import ExtraRules
from boxwatch.commands import check as check_command
from boxwatch.grafana.tree import Node
from boxwatch.rules import catalogue as rules
from boxwatch.topology import default
from boxwatch.topology.model import Topology


def _run(*arguments: str, colour: bool = False) -> str:
    result = CliRunner().invoke(cli.main, arguments, color=colour)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_schema_is_json() -> None:
    """For an editor."""
    assert json.loads(_run("schema"))["title"] == "boxwatch topology"


def test_a_diff_is_coloured_only_where_it_is_seen(tmp_path: Path) -> None:
    """Not in a file or a pipe."""
    words = ("build", str(small.write(tmp_path)), "--out", str(tmp_path / "out"), "--diff")

    assert "\x1b[32m" in _run(*words, colour=True)
    assert "\x1b" not in _run(*words)


def test_a_build_that_changes_nothing_says_so(tmp_path: Path) -> None:
    """Twice the same."""
    words = ("build", str(small.write(tmp_path)), "--out", str(tmp_path / "out"))
    _run(*words)

    assert " 0 written, " in _run(*words).splitlines()[-1]
    assert " 0 would be written, " in _run(*words, "--check").splitlines()[-1]


def test_progress_is_one_line_that_is_gone_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Written over, on standard error."""
    check_command._progress(1, 2)  # noqa: SLF001 - only a terminal calls it
    check_command._progress(2, 2)  # noqa: SLF001

    assert capsys.readouterr().err == "\rpromtool: 1 of 2\r                \r"


@pytest.mark.parametrize("whole", rotation.WHOLE)
@pytest.mark.parametrize("deployment", [small.TEXT, default.text()], ids=["small", "default"])
def test_a_deployment_has_no_findings(
    deployment: str, program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, whole: bool
) -> None:
    """All checks, and promtool with every proof: what `make run` ends with."""
    monkeypatch.setenv("PATH", str(Path(program("promtool")).parent))
    (tmp_path / "topology.yaml").write_text(deployment, encoding="utf-8")
    if not whole:
        made = rules.test_files
        monkeypatch.setattr(rules, "test_files", lambda built: proofs.sampled(made(built), 4, "boxwatch check"))

    assert _run("check", str(tmp_path / "topology.yaml")).splitlines()[-1].startswith("0 findings in ")


def test_findings_end_with_exit_code_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And with what was found."""
    from boxwatch import assemble  # noqa: PLC0415 - to change what it makes

    made = assemble.assemble

    def broken(topology: Topology, *, extra: Mapping[str, Node], own: ExtraRules, stack: bool) -> dict[str, bytes]:
        files = made(topology, extra=extra, own=own, stack=stack)
        return {**files, "prometheus/rules/plan.yaml": b"groups:\n- name: g\n  rules:\n  - {record: a, expr: up}\n"}

    monkeypatch.setattr(assemble, "assemble", broken)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(cli.main, ["check", str(small.write(tmp_path))])

    assert result.exit_code == 1
    assert "the name is not level:metric:operations [rule_names]" in result.stdout


def test_with_strict_a_warning_of_the_topology_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And so is a tool that is not there; without it neither is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    path = small.write(tmp_path)
    usual = CliRunner().invoke(cli.main, ["check", str(path)])
    strict = CliRunner().invoke(cli.main, ["check", "--strict", str(path)])
    assert (usual.exit_code, strict.exit_code) == (0, 1)
    assert "--strict: promtool is not on the PATH" in strict.stderr

    path.write_text(small.TEXT.replace("reserved: 2g", "reserved: 2g, stated_total: 1g"), encoding="utf-8")
    monkeypatch.setattr("boxwatch.checks.catalogue.run", lambda *_, **__: Report((), 1))
    assert CliRunner().invoke(cli.main, ["check", str(path)]).exit_code == 0
    strict = CliRunner().invoke(cli.main, ["check", "--strict", str(path)])
    assert strict.exit_code == 1
    assert "--strict: warnings of the topology" in strict.stderr


def test_check_offers_every_format_that_there_is() -> None:
    """The command does not load them to say which they are."""
    (option,) = (each for each in check_command.check.params if each.name == "style")

    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == report.FORMATS


def test_a_check_of_what_was_built_says_only_what_differs(tmp_path: Path) -> None:
    """And how many files are as they should be."""
    path, out = small.write(tmp_path), tmp_path / "made"
    _run("build", str(path), "--out", str(out))
    (out / "runbooks" / "README.md").unlink()
    said = CliRunner().invoke(cli.main, ["build", str(path), "--out", str(out), "--check"])

    assert said.exit_code == 1
    first, last = said.stdout.splitlines()
    assert first.split() == ["would", "be", "written", "runbooks/README.md"]
    assert re.fullmatch(r".*/made: 1 would be written, \d+ unchanged, 0 would be removed", last)
