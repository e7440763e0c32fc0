"""Jsonnet files are evaluated in isolation, within limits."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from boxwatch.errors import TopologyError
from boxwatch.topology.load import load
from boxwatch.topology.reading import jsonnet, source

TOPOLOGY = """
local env = std.extVar('env');
{
  name: env,
  servers: { main: { cpus: 8, memory: '32g', disk: '500GB' } },
  services: { web: { kind: 'web', server: 'main', memory: '1g' } },
}
"""


def write(path: Path, text: str) -> Path:
    """Write the file, creating its directories."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refused(path: Path) -> str:
    """The error message for the file."""
    with pytest.raises(TopologyError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path}:").lstrip()


def test_external_variables_are_text(tmp_path: Path) -> None:
    """`--ext-str env=staging` sets a text variable."""
    path = write(tmp_path / "a.jsonnet", TOPOLOGY)
    assert load(path, ext_str={"env": "staging"}).topology.name == "staging"


def test_a_mistake_in_a_variable_is_where_the_key_is(tmp_path: Path) -> None:
    """An invalid external value is reported at the key that uses it."""
    path = write(tmp_path / "a.jsonnet", TOPOLOGY)
    with pytest.raises(TopologyError) as caught:
        load(path, ext_str={"env": "Not a name"})
    assert str(caught.value).startswith(f"{path}:4:3: name: `Not a name` is not a valid name")


def test_external_variables_for_yaml_are_refused(tmp_path: Path) -> None:
    """External variables are an error for YAML, where they would silently have no effect."""
    path = write(tmp_path / "a.yaml", "name: mvp\n")
    with pytest.raises(TopologyError, match="is not Jsonnet, so external variables do not apply"):
        load(path, ext_str={"env": "staging"})


def test_an_endless_loop_ends_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An infinite tail call, which needs no stack, is stopped by the time limit."""
    real = subprocess.run

    def impatient(*arguments: object, timeout: int, **options: object) -> object:
        return real(*arguments, timeout=timeout / 50, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", impatient)
    path = write(tmp_path / "a.jsonnet", "local f(x) = f(x + 1) tailstrict; f(1)")
    assert refused(path) == "takes longer than 10 s to evaluate (look for an infinite loop or recursion)"


def test_too_much_processor_time_ends_in_the_same_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child limits its own CPU time, even if the parent is gone."""
    real = subprocess.run

    def patient(*arguments: object, timeout: int, **options: object) -> object:
        return real(*arguments, timeout=timeout + 30, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(jsonnet, "SECONDS", 1)
    monkeypatch.setattr(subprocess, "run", patient)
    path = write(tmp_path / "a.jsonnet", "local f(x) = f(x + 1) tailstrict; f(1)")
    assert refused(path) == "takes longer than 1 s to evaluate (look for an infinite loop or recursion)"


def test_a_large_result_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The result is limited to the maximum size of a file."""
    monkeypatch.setattr(source, "LARGEST_FILE", 10_000)
    path = write(tmp_path / "a.jsonnet", "[std.range(1, 9) for _ in std.range(1, 1000)]")
    assert refused(path) == "evaluates to more than 4 MiB, the maximum for a topology"


def test_a_result_that_nests_too_deep_for_json_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result too deep for Python's JSON parser gives the usual error."""

    def deep(_: str) -> object:
        raise RecursionError

    path = write(tmp_path / "a.jsonnet", "{}")
    answer = jsonnet._Answer("{}", "", too_large=False, files=[""])  # noqa: SLF001 - what the child would say
    monkeypatch.setattr(jsonnet, "_ask", lambda *_: answer)
    monkeypatch.setattr(json, "loads", deep)
    assert refused(path) == "nests more than 32 levels deep (a topology needs six)"


def test_a_missing_package_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing Jsonnet package is a clear error: it has to be compiled where there is no wheel."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    path = write(tmp_path / "a.jsonnet", "{}")
    assert refused(path) == "requires the package `jsonnet`, which is not installed (run `pip install jsonnet`)"


def test_imports_lie_beside_the_file_or_below(tmp_path: Path) -> None:
    """An imported file imports relative to its own directory."""
    write(tmp_path / "lib" / "deep" / "name.json", '"imported"')
    write(tmp_path / "lib" / "name.libsonnet", "import 'deep/name.json'")
    again = "local twice = import './lib/name.libsonnet';\n"
    path = write(tmp_path / "a.jsonnet", again + TOPOLOGY.replace("std.extVar('env')", "import 'lib/name.libsonnet'"))
    assert load(path).topology.name == "imported"


@pytest.mark.parametrize("name", ["../secret.json", "lib/../../secret.json", "/etc/hostname"])
def test_imports_from_above_are_refused(name: str, tmp_path: Path) -> None:
    """Imports from outside are rejected even if the file exists."""
    write(tmp_path / "secret.json", '"secret"')
    path = write(tmp_path / "folder" / "a.jsonnet", f"{{ name: import '{name}' }}")
    assert refused(path) == (
        f"1:9: cannot import `{name}`: import paths must be relative to the importing file, without .."
    )


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A symbolic link to an outside directory is rejected too."""
    write(tmp_path / "secret" / "a.json", '"secret"')
    path = write(tmp_path / "folder" / "a.jsonnet", "{ name: import 'link/a.json' }")
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "secret")
    assert (
        refused(path)
        == "1:9: cannot import `link/a.json`: it is a symbolic link to a file outside the topology's folder"
    )


def test_a_link_within_the_folder_is_fine(tmp_path: Path) -> None:
    """Symbolic links inside the folder work, as Kubernetes mounts files through them."""
    write(tmp_path / "real.json", '"linked"')
    (tmp_path / "link.json").symlink_to("real.json")
    path = write(tmp_path / "a.jsonnet", TOPOLOGY.replace("std.extVar('env')", "import 'link.json'"))
    assert load(path).topology.name == "linked"


def test_imports_are_bounded_and_text(tmp_path: Path) -> None:
    """Imports are limited to 4 MiB in total, regular files and UTF-8."""
    (tmp_path / "large.json").write_bytes(b" " * (5 * 2**20))
    (tmp_path / "latin.json").write_bytes(b'"\xfc"')
    (tmp_path / "zero").symlink_to("/dev/zero")
    said = [
        refused(write(tmp_path / "a.jsonnet", f"import '{name}'")).removeprefix("1:1: ")
        for name in ("large.json", "latin.json", "zero")
    ]
    assert said == [
        "cannot import `large.json`: all files together exceed 4 MiB",
        "cannot import `latin.json`: it is not UTF-8 text",
        "cannot import `zero`: it is a symbolic link to a file outside the topology's folder",
    ]


def test_keys_are_looked_for_in_imported_files_that_can_still_be_read(tmp_path: Path) -> None:
    """Text with characters that YAML does not allow may be imported with importstr."""
    write(tmp_path / "motd.txt", "\x1b[1m")
    path = write(tmp_path / "a.jsonnet", "local motd = importstr 'motd.txt';\n{\n  nmae: motd,\n}\n")
    assert "3:3: nmae: is not a known key (did you mean `name`?)" in refused(path)


def test_the_child_has_no_environment_and_no_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child gets no environment, so nothing can leak into a generated file."""
    seen: dict[str, object] = {}
    real = subprocess.run

    def watching(command: list[str], **options: object) -> object:
        seen.update(options, command=command)
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setenv("SECRET", "1")
    monkeypatch.setattr(subprocess, "run", watching)
    load(write(tmp_path / "a.jsonnet", TOPOLOGY), ext_str={"env": "staging"})
    assert seen["env"] == {}
    assert isinstance(seen["command"], list)
    assert seen["command"][:3] == [sys.executable, "-I", "-S"]


def test_tracing_does_not_disturb(tmp_path: Path) -> None:
    """Output of std.trace is discarded."""
    path = write(tmp_path / "a.jsonnet", TOPOLOGY.replace("std.extVar('env')", "std.trace('look', 'traced')"))
    assert load(path).topology.name == "traced"


def test_a_very_long_message_is_clipped(tmp_path: Path) -> None:
    """A long message is clipped to one line."""
    path = write(tmp_path / "a.jsonnet", "error std.repeat('long ', 1000)")
    assert len(refused(path)) < 400
    assert refused(path).endswith("…")
