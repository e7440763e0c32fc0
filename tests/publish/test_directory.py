"""A build writes files atomically, only where they differ, and never over foreign files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.errors import OutputError
from boxwatch.publish import directory


def _build(files: Mapping[str, bytes], out: Path) -> directory.Plan:
    plan = directory.plan(files, out)
    directory.apply(plan)
    return plan


def _content(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != directory.MANIFEST
    }


def test_the_first_build_writes_everything(tmp_path: Path) -> None:
    """The output directory is created if necessary."""
    plan = _build({"a/b.yaml": b"1", "c.md": b"2"}, tmp_path / "out")

    assert plan.written == ("a/b.yaml", "c.md")
    assert _content(tmp_path / "out") == {"a/b.yaml": b"1", "c.md": b"2"}


def test_the_second_build_writes_nothing(tmp_path: Path) -> None:
    """Not even the manifest is rewritten: modification times show what changed."""
    _build({"a": b"1"}, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    plan = _build({"a": b"1"}, tmp_path)

    assert (plan.written, plan.unchanged, plan.differs) == ((), ("a",), False)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    """Unchanged files are left alone."""
    _build({"a": b"1", "b": b"1"}, tmp_path)

    plan = _build({"a": b"1", "b": b"2"}, tmp_path)

    assert (plan.written, plan.unchanged) == (("b",), ("a",))


def test_what_is_not_made_any_more_is_removed_with_its_empty_folders(tmp_path: Path) -> None:
    """Foreign files next to it stay."""
    _build({"a/b/c": b"1", "d": b"1"}, tmp_path)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    plan = _build({"d": b"1"}, tmp_path)

    assert plan.removed == ("a/b/c",)
    assert _content(tmp_path) == {"d": b"1", "notes.txt": b"mine"}
    assert not (tmp_path / "a").exists()


def test_a_file_of_somebody_else_is_never_overwritten(tmp_path: Path) -> None:
    """Nothing at all is written then."""
    (tmp_path / "b").write_text("mine", encoding="utf-8")

    with pytest.raises(OutputError, match="not overwritten, because boxwatch did not write them"):
        directory.plan({"a": b"1", "b": b"1"}, tmp_path)

    assert _content(tmp_path) == {"b": b"mine"}


def test_a_file_of_somebody_else_that_is_right_already_is_taken_over(tmp_path: Path) -> None:
    """As after a manifest that was not committed."""
    (tmp_path / "a").write_bytes(b"1")

    plan = _build({"a": b"1"}, tmp_path)

    assert plan.unchanged == ("a",)
    assert _build({"a": b"2"}, tmp_path).written == ("a",)


def test_a_generated_file_that_was_changed_manually_is_written_again_and_named(tmp_path: Path) -> None:
    """The plan names such files, so that the loss is no surprise."""
    _build({"a": b"1"}, tmp_path)
    (tmp_path / "a").write_bytes(b"manual")

    plan = _build({"a": b"1"}, tmp_path)

    assert plan.overwritten == ("a",)
    assert _content(tmp_path) == {"a": b"1"}


def test_a_generated_file_that_was_changed_manually_is_not_removed(tmp_path: Path) -> None:
    """The manual change is kept."""
    _build({"a": b"1", "b": b"1"}, tmp_path)
    (tmp_path / "b").write_bytes(b"manual")

    plan = _build({"a": b"1"}, tmp_path)

    assert (plan.removed, plan.kept) == ((), ("b",))
    assert _content(tmp_path) == {"a": b"1", "b": b"manual"}


def test_a_removed_file_comes_back(tmp_path: Path) -> None:
    """It makes no difference who removed it."""
    _build({"a": b"1"}, tmp_path)
    (tmp_path / "a").unlink()

    assert _build({"a": b"1"}, tmp_path).written == ("a",)


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"[]",
        b'{"version": 2, "files": {}}',
        b'{"version": 1, "files": []}',
        b'{"version": 1, "files": {"../outside": "0"}}',
        b'{"version": 1, "files": {"/etc/passwd": "0"}}',
        b'{"version": 1, "files": {"": "0"}}',
        b'{"version": 1, "files": {"a": 1}}',
        b"[" * 100_000,
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(content: bytes, tmp_path: Path) -> None:
    """The manifest decides what may be deleted, so a path outside the directory is an error."""
    (tmp_path / directory.MANIFEST).write_bytes(content)

    with pytest.raises(OutputError, match=r"is not in boxwatch's format"):
        directory.plan({"a": b"1"}, tmp_path)


def test_a_file_as_directory_is_refused(tmp_path: Path) -> None:
    """The error says what to do."""
    (tmp_path / "out").write_text("", encoding="utf-8")

    with pytest.raises(OutputError, match="is a file: give --out a directory"):
        directory.plan({}, tmp_path / "out")


def test_a_directory_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """It could contain anything."""
    (tmp_path / "a").mkdir()

    with pytest.raises(OutputError, match="cannot be read: Is a directory"):
        directory.plan({"a": b"1"}, tmp_path)


def test_a_write_that_fails_leaves_whole_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk fills up at the second file, the first is new, the second old, and no temporary file remains."""
    _build({"a": b"1", "b": b"1"}, tmp_path)
    real, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device; nothing is half written"):
        _build({"a": b"2", "b": b"2"}, tmp_path)

    assert _content(tmp_path) == {"a": b"2", "b": b"1"}


def test_a_build_that_was_cut_off_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New files left by it count as ours, even if the next build generates other content."""

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(directory, "_remove_empty", cut_off)
    _build({"old": b"1"}, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        _build({"new": b"1"}, tmp_path)
    monkeypatch.undo()

    assert _build({"new": b"2"}, tmp_path).written == ("new",)
    assert _content(tmp_path) == {"new": b"2"}


def test_files_can_be_read_by_those_who_serve_them(tmp_path: Path) -> None:
    """Prometheus and Grafana run as other users."""
    mask = os.umask(0o022)
    try:
        _build({"a": b"1"}, tmp_path)
    finally:
        os.umask(mask)

    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_the_manifest_says_what_it_is(tmp_path: Path) -> None:
    """The manifest explains itself to whoever finds it."""
    _build({"a": b"1"}, tmp_path)

    document = json.loads((tmp_path / directory.MANIFEST).read_text(encoding="utf-8"))
    assert document["comment"].startswith("Files written by boxwatch")
    assert list(document["files"]) == ["a"]


def test_the_diff_shows_what_would_change(tmp_path: Path) -> None:
    """New, changed and removed files appear as unified diffs."""
    _build({"a": b"one\ntwo\n", "gone": b"x\n"}, tmp_path)

    lines = list(directory.diff(directory.plan({"a": b"one\n2\n", "new": b"y\n"}, tmp_path)))

    assert lines == [
        "--- a/a", "+++ b/a", "@@ -1,2 +1,2 @@", " one", "-two", "+2",
        "--- a/gone", "+++ /dev/null", "@@ -1 +0,0 @@", "-x",
        "--- /dev/null", "+++ b/new", "@@ -0,0 +1 @@", "+y",
    ]  # fmt: skip


_NAMES = st.sampled_from(["a", "b", "c/d", "c/e"])


@given(st.lists(st.dictionaries(_NAMES, st.binary(max_size=3)), max_size=5))
def test_after_any_builds_the_directory_is_what_the_last_one_made(
    tmp_path_factory: pytest.TempPathFactory, builds: list[dict[str, bytes]]
) -> None:
    """A check right after a build finds nothing to do."""
    out = tmp_path_factory.mktemp("out")
    for files in builds:
        _build(files, out)

    last = builds[-1] if builds else {}
    assert _content(out) == last
    assert not directory.plan(last, out).differs
