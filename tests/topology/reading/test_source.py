"""Reading a file: whatever it is, a sentence and never more than 4 MiB of it."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest

from boxwatch.errors import TopologyError
from boxwatch.topology.load import load
from boxwatch.topology.reading import source


def refused(path: Path) -> str:
    """What loading the file is answered, without its name."""
    with pytest.raises(TopologyError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path}:").lstrip()


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    """Most people who see this have not begun yet."""
    assert refused(tmp_path / "no.yaml") == "does not exist (run `boxwatch init` to create a commented one)"


def test_a_directory_is_refused(tmp_path: Path) -> None:
    """People name the folder."""
    assert refused(tmp_path) == "is a directory (name the topology file in it)"


def test_a_file_used_as_a_folder_is_refused(tmp_path: Path) -> None:
    """`topology.yaml/` with a word behind it."""
    (tmp_path / "a.yaml").write_text("name: mvp")
    assert refused(tmp_path / "a.yaml" / "b.yaml") == "does not exist: part of the path is a file"


def test_a_broken_link_says_where_it_leads(tmp_path: Path) -> None:
    """`ls` would show the link as if it were there."""
    link = tmp_path / "link.yaml"
    link.symlink_to("gone.yaml")
    assert refused(link) == "is a symbolic link to gone.yaml, which does not exist"


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    """The kernel notices."""
    link = tmp_path / "loop.yaml"
    link.symlink_to(link)
    assert refused(link) == "is a symbolic link to itself"


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    """Opening it in the ordinary way would block for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")
    assert refused(tmp_path / "pipe.yaml") == "is a pipe (write its content to a file first)"


def test_a_device_without_end_is_refused() -> None:
    """`/dev/zero` says that it is empty, and never ends."""
    assert refused(Path("/dev/zero")) == "is a device, not a file"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets cannot even be opened."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.yaml")
        assert refused(Path("socket.yaml")).startswith("cannot be opened: ")


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated: tests may run as root, who may read everything."""

    def forbidden(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    assert refused(tmp_path / "secret.yaml") == "cannot be read: permission denied (check the permissions with `ls -l`)"


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    """NUL ends a name for the kernel; Python says so in words of its own."""
    assert refused(tmp_path / "a\0b.yaml").endswith("cannot be opened: embedded null byte")
    assert refused(tmp_path / ("a" * 300)) == "cannot be opened: File name too long"


def test_a_file_of_100_mb_is_refused_by_its_size(tmp_path: Path) -> None:
    """Without reading it: the file has no blocks at all."""
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(100 * 2**20)
    assert refused(path) == "is too large for a topology: 100.0 MiB; the maximum is 4 MiB"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size was fine when one asked."""
    path = tmp_path / "growing.yaml"
    path.write_bytes(b"a" * 2000)
    real = os.fstat

    def small(descriptor: int) -> os.stat_result:
        return os.stat_result((*real(descriptor)[:6], 10, 0, 0, 0))

    monkeypatch.setattr(source, "LARGEST_FILE", 1000)
    monkeypatch.setattr(os, "fstat", small)
    assert refused(path) == "is too large for a topology: more than 4 MiB; the maximum is 4 MiB"


def test_an_error_while_reading_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails."""
    path = tmp_path / "topology.yaml"
    path.write_text("name: mvp")

    def failing(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "read", failing)
        said = refused(path)
    assert said == "cannot be read: Input/output error"


def test_a_file_of_the_kernel_that_says_it_is_empty_is_read() -> None:
    """/proc has no sizes; what is in it counts."""
    assert re.match(r"\d+\.\d+ ", source.read_text(Path("/proc/uptime")))


def test_a_byte_order_mark_is_taken_off() -> None:
    """Windows' Notepad writes one."""
    assert source.decode(b"\xef\xbb\xbfname: mvp\r\n", "a.yaml") == "name: mvp\r\n"


@pytest.mark.parametrize("text", ["plain", "tab\t", "Grüße", "emoji \U0001f4e6", "Ελλάδα", "\u00a0"])
def test_text_of_any_language_is_text(text: str) -> None:
    """Comments are in people's own language."""
    assert source.decode(text.encode(), "a.yaml") == text
