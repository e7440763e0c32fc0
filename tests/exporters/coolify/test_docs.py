"""The exporter's documentation: its tables match the code, and its examples work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.config import load
from boxwatch.exporters.coolify.fake.box import large
from boxwatch.exporters.coolify.options import ACCOUNT, FILE, PROCESS
from boxwatch.exporters.coolify.sources import SOURCES

# ruff: noqa: D103 - the names of the tests are sentences

PAGE = Path(__file__).parents[3] / "docs/exporters/coolify.md"


def _metrics() -> str:
    rows = [f"| `{metric}` | {', '.join(metric.labels)} | {metric.help} |" for metric in names.METRICS]
    return "\n".join(("| metric | labels | description |", "| --- | --- | --- |", *rows))


def _options() -> str:
    rows = [
        f"| `--{option.name}` | {f'`{option.shown_default}`' if option.default != '' else ''} | {option.help} |"
        for option in (*ACCOUNT, *PROCESS, FILE)
    ]
    return "\n".join(("| option | default | description |", "| --- | --- | --- |", *rows))


@pytest.mark.parametrize(("name", "expected"), [("metrics", _metrics()), ("options", _options())])
def test_tables_are_those_of_the_code(name: str, expected: str) -> None:
    match = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- end -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    assert match is not None
    assert match[1] == expected, f"paste this between the marks:\n{expected}"


def test_the_metrics_of_the_process_are_named() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert all(f"`{metric}`" in text for metric in names.PROCESS)


def test_the_example_of_several_accounts_works(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "exporter.toml"
    path.write_text(blocks[0])
    config = load(["--config-file", str(path)], {"OTHER_TOKEN": "1|abcdefghijkl"}, "1.2.3")

    assert [account.name for account in config.accounts] == ["shop", "other"]
    assert config.accounts[1].requests_per_minute == 30


def test_every_reason_and_source_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert all(f"| `{reason}` |" in text for reason in names.REASONS)
    assert all(f"`{source.name}`" in text for source in SOURCES)
    assert [source.name for source in SOURCES if source.name not in names.SOURCES] == []


def test_periods_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (`.*?`) \|.*\| (\d+ s|1 h)[^|]*\|$", text, re.MULTILINE))
    told = {name.strip("` "): period for key, period in rows.items() for name in key.split(",")}

    assert told == {source.name: "1 h" if source.every == 60 else f"{source.every * 60:.0f} s" for source in SOURCES}


def test_the_series_of_an_application_are_as_many_as_the_page_says() -> None:
    hand = HandClock()
    few = len(Rig(large(lambda: hand.now, 10, 1), hand).settle().page().splitlines())
    many = len(Rig(large(lambda: hand.now, 30, 1), hand).settle().page().splitlines())

    assert f"About {(many - few) / 20:.0f} series for an application" in PAGE.read_text(encoding="utf-8")
