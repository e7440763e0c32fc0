"""Reading a file: any failure is a clear error, and at most 4 MiB are read."""

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
    """The error message for the file, without its name."""
    with pytest.raises(TopologyError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path}:").lstrip()


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    """The error points to `boxwatch init`, because most users who see it are new."""
    assert refused(tmp_path / "no.yaml") == "does not exist (run `boxwatch init` to create a commented one)"


def test_a_directory_is_refused(tmp_path: Path) -> None:
    """A directory is rejected with the hint to name the file in it."""
    assert refused(tmp_path) == "is a directory (name the topology file in it)"


def test_a_file_used_as_a_folder_is_refused(tmp_path: Path) -> None:
    """A path that continues below a file, such as `topology.yaml/x`, is rejected."""
    (tmp_path / "a.yaml").write_text("name: mvp")
    assert refused(tmp_path / "a.yaml" / "b.yaml") == "does not exist: part of the path is a file"


def test_a_broken_link_says_where_it_leads(tmp_path: Path) -> None:
    """A broken symbolic link is reported with its target, since `ls` lists it as existing."""
    link = tmp_path / "link.yaml"
    link.symlink_to("gone.yaml")
    assert refused(link) == "is a symbolic link to gone.yaml, which does not exist"


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    """A symbolic link to itself is rejected."""
    link = tmp_path / "loop.yaml"
    link.symlink_to(link)
    assert refused(link) == "is a symbolic link to itself"


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    """A pipe is rejected without the open call blocking."""
    os.mkfifo(tmp_path / "pipe.yaml")
    assert refused(tmp_path / "pipe.yaml") == "is a pipe (write its content to a file first)"


def test_a_device_without_end_is_refused() -> None:
    """`/dev/zero`, which reports size 0 and never ends, is rejected."""
    assert refused(Path("/dev/zero")) == "is a device, not a file"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket, which cannot be opened, is rejected."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.yaml")
        assert refused(Path("socket.yaml")).startswith("cannot be opened: ")


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing permissions are reported. Simulated, because tests may run as root."""

    def forbidden(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    assert refused(tmp_path / "secret.yaml") == "cannot be read: permission denied (check the permissions with `ls -l`)"


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    """A name with a NUL, or one too long for the kernel, is rejected."""
    assert refused(tmp_path / "a\0b.yaml").endswith("cannot be opened: embedded null byte")
    assert refused(tmp_path / ("a" * 300)) == "cannot be opened: File name too long"


def test_a_file_of_100_mb_is_refused_by_its_size(tmp_path: Path) -> None:
    """A large file is rejected by its size, without reading it."""
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(100 * 2**20)
    assert refused(path) == "is too large for a topology: 100.0 MiB; the maximum is 4 MiB"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit also holds for a file that grows after its size was checked."""
    path = tmp_path / "growing.yaml"
    path.write_bytes(b"a" * 2000)
    real = os.fstat

    def small(descriptor: int) -> os.stat_result:
        return os.stat_result((*real(descriptor)[:6], 10, 0, 0, 0))

    monkeypatch.setattr(source, "LARGEST_FILE", 1000)
    monkeypatch.setattr(os, "fstat", small)
    assert refused(path) == "is too large for a topology: more than 4 MiB; the maximum is 4 MiB"


def test_an_error_while_reading_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk error while reading is reported in one sentence."""
    path = tmp_path / "topology.yaml"
    path.write_text("name: mvp")

    def failing(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "read", failing)
        said = refused(path)
    assert said == "cannot be read: Input/output error"


def test_a_file_of_the_kernel_that_says_it_is_empty_is_read() -> None:
    """Files in /proc, which report size 0, are read in full."""
    assert re.match(r"\d+\.\d+ ", source.read_text(Path("/proc/uptime")))


def test_a_byte_order_mark_is_taken_off() -> None:
    """A byte order mark, as written by Windows Notepad, is removed."""
    assert source.decode(b"\xef\xbb\xbfname: mvp\r\n", "a.yaml") == "name: mvp\r\n"


@pytest.mark.parametrize("text", ["plain", "tab\t", "Grüße", "emoji \U0001f4e6", "Ελλάδα", "\u00a0"])
def test_text_of_any_language_is_text(text: str) -> None:
    """Comments may be in any language."""
    assert source.decode(text.encode(), "a.yaml") == text
