"""The child process that evaluates Jsonnet, from inside; reading/test_jsonnet.py tests it from outside."""

from __future__ import annotations

import importlib.util
import io
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwatch.topology.reading import jsonnet_child

Ask = Callable[..., dict[str, Any]]

REQUEST = {
    "text": "{ a: std.extVar('x') }",
    "ext_str": {"x": "1"},
    "largest": 1000,
    "memory": 2**29,
    "seconds": 10,
    "stack": 500,
}


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    """The limits that the child would set; the test process keeps its own."""
    seen: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", seen.__setitem__)
    return seen


@pytest.fixture
def ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, limits: dict[int, object]
) -> Ask:
    """Send a request with some changes, and return the answer."""
    library = importlib.util.find_spec("_jsonnet")
    assert library is not None
    assert limits == {}

    def send(**changes: object) -> dict[str, Any]:
        request = {**REQUEST, "folder": str(tmp_path), "library": library.origin, **changes}
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(request)))
        jsonnet_child.main()
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return send


def test_it_limits_itself_before_it_evaluates(ask: Ask, limits: dict[int, tuple[int, int]]) -> None:
    """The child limits memory, CPU time, core dumps and written files."""
    assert ask() == {"value": '{\n   "a": "1"\n}\n', "files": [""]}
    assert limits == {
        resource.RLIMIT_AS: (2**29, 2**29),
        resource.RLIMIT_CPU: (10, 11),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
    }


def test_it_says_which_files_it_read(ask: Ask, tmp_path: Path) -> None:
    """The files are listed once each, by the numbers used in messages."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.json").write_text("1")
    (tmp_path / "lib" / "b.libsonnet").write_text("(import 'a.json') + nope")
    answer = ask(text="[import 'lib/a.json', import 'lib/a.json', import 'lib/b.libsonnet']")
    assert answer["files"] == ["", "lib/a.json", "lib/b.libsonnet"]
    assert "2/f:1:21" in answer["error"]


def test_it_says_when_the_value_is_too_large(ask: Ask) -> None:
    """A value above the limit is reported, not sent."""
    assert ask(text="std.range(1, 1000)") == {"too_large": True, "files": [""]}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/hostname", "must be relative to the importing file, without .."),
        ("../a", "must be relative to the importing file, without .."),
        ("out", "it is a symbolic link to a file outside the topology's folder"),
        ("gone", "no such file or directory"),
        ("folder", "it is not a regular file"),
        ("latin", "it is not UTF-8 text"),
        ("large", "all files together exceed 4 MiB"),
    ],
)
def test_it_reads_only_text_below_the_folder(name: str, reason: str, ask: Ask, tmp_path: Path) -> None:
    """The reason for a rejected import reaches the user."""
    (tmp_path / "out").symlink_to("/etc/hostname")
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin").write_bytes(b"\xfc")
    (tmp_path / "large").write_bytes(b" " * 2000)
    assert reason in ask(text=f"importstr '{name}'")["error"]
