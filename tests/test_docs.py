"""The documents say what the code does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support.docs import PAGES

from boxwatch.cli import main
from boxwatch.dashboards import catalogue
from boxwatch.grafana import tree
from boxwatch.rules import catalogue as rules
from boxwatch.topology import default

ROOT = Path(__file__).parent.parent


@pytest.mark.repeats
@pytest.mark.parametrize(("name", "make"), PAGES.items(), ids=PAGES.keys())
def test_generated_pages_are_current(name: str, make: Callable[[], str], request: pytest.FixtureRequest) -> None:
    """Rewritten by --update-golden, which still fails where one differed."""
    path = ROOT / "docs" / name
    stored = path.read_text(encoding="utf-8") if path.exists() else ""

    if make() != stored and request.config.getoption("--update-golden"):
        path.write_text(make(), encoding="utf-8")
        pytest.fail(f"docs/{name} was rewritten; review the diff and run the tests again")
    assert make() == stored, f"docs/{name} is out of date: make golden ARGS='tests/test_docs.py -k {name}'"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_with_an_example(name: str) -> None:
    """One that begins with the command itself."""
    help_text = main.commands[name].help or ""

    assert re.match(r"[A-Z].+\.", help_text)
    assert re.search(rf"Example:\n +(eval \")?.*boxwatch {name}", help_text.replace("\b", ""))


@pytest.mark.parametrize(
    "option",
    [(name, option) for name, command in sorted(main.commands.items()) for option in command.params],
    ids=lambda value: f"{value[0]} {value[1].name}",
)
def test_every_option_has_help(option: tuple[str, click.Parameter]) -> None:
    """Arguments are explained in the command's text."""
    parameter = option[1]

    assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None)


def test_links_of_the_documents_lead_somewhere() -> None:
    """Files that they name exist."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    broken = {
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    }

    assert broken == set()


def _run(*words: str) -> list[str]:
    """What a command says, line by line, without the blanks that a table is padded with."""
    return [line.strip() for line in CliRunner().invoke(main, words).output.splitlines() if line.strip()]


def _blocks_of_the_readme() -> list[list[str]]:
    found = re.findall(r"```text\n(.+?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return [[line.strip() for line in block.splitlines() if line.strip()] for block in found]


def test_the_readme_shows_the_plan_that_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the default deployment, to the last number."""
    monkeypatch.chdir(tmp_path)

    assert _blocks_of_the_readme()[0] == [line for line in _run("topology") if not line.startswith("Topology:")]


def test_the_readme_shows_mistakes_as_they_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made in the file that `boxwatch init` writes."""
    monkeypatch.chdir(tmp_path)
    _run("init")
    file = tmp_path / "topology.yaml"
    text = file.read_text(encoding="utf-8")
    web, api = text.index("\n  web:"), text.index("\n  api:")
    wrong = text[web:api].replace("replicas:", "replcas:") + text[api:].replace("memory: 2g", "memory: 2 gigs", 1)
    file.write_text(text[:web] + wrong, encoding="utf-8")

    shown = _blocks_of_the_readme()[-1]
    assert shown == [line for line in _run("topology") if line.startswith("Error:")]


def test_the_picture_in_the_readme_is_of_the_overview() -> None:
    """Every panel, under its title; a page that changes is drawn again with `make picture`."""
    (path,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    words = re.findall(r">([^<]+)</text>", (ROOT / path).read_text(encoding="utf-8"))
    overview = json.loads(catalogue.files(rules.build(default.load().topology))["overview.json"])

    assert {tree.text(panel["title"]) for panel in tree.panels(overview)} <= set(words), "run `make picture`"


def test_the_readme_starts_with_what_works() -> None:
    """Two commands, which the Makefile has."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    first = re.search(r"```sh\n(.+?)```", readme, re.DOTALL)
    assert first is not None
    commands = [line.split("#")[0].strip() for line in first[1].splitlines()]
    assert commands[-2:] == ["make run", "make test"]
    assert all(re.search(rf"^{command.removeprefix('make ')}:", makefile, re.MULTILINE) for command in commands[-2:])
