"""A Docker engine of the distribution's packages, in namespaces of its own, and images made without a registry.

tools/engine.sh unpacks it. The engine has its own network, processes and mounts, so that it neither meets another
engine nor leaves anything behind: it ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from support.programs import wait_for

_ENGINE: Final = Path(__file__).parents[2] / ".tools" / "engine"
_DOCKER: Final = _ENGINE / "docker"
PROGRAMS: Final = _ENGINE / "programs" / "usr"
_LIBRARIES: Final = "/lib/x86_64-linux-gnu"
# Of busybox, for health checks and to look around.
_APPLETS: Final = ("sh", "wget", "cat", "ls", "id", "grep", "head", "sleep", "touch")
# In namespaces of its own: a private /run, a network with nothing but loopback, mounts that containers may follow.
_START: Final = """
mount --make-rprivate / && mount -t tmpfs tmpfs /run && mount --make-rshared / && ip link set lo up &&
exec dockerd --data-root "$1/data" --exec-root /run/docker --pidfile "$1/pid" --host "unix://$1/docker.sock" \\
    --host unix:///run/docker.sock --userland-proxy=false
"""


@dataclass(frozen=True)
class Engine:
    """A running Docker engine.

    Attributes:
        folder: its directory, with its socket.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment of clients."""
        return {**os.environ, "DOCKER_HOST": f"unix://{self.folder}/docker.sock", "HOME": str(self.folder)}

    def docker(self, *arguments: str, content: bytes | None = None) -> str:
        """Standard output of a docker command.

        Raises:
            AssertionError: it failed; with its error output.
        """
        done = subprocess.run(
            [str(_DOCKER / "usr/bin/docker"), *arguments],
            input=content, capture_output=True, check=False, env=self.environment,
        )  # fmt: skip
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr.decode()}"
        return done.stdout.decode().strip()

    def inspect(self, container: str) -> Any:  # noqa: ANN401 - a JSON document
        """What the engine knows of a container."""
        return json.loads(self.docker("inspect", container))[0]

    def image(self, name: str, layer: bytes, entrypoint: str) -> None:
        """Make an image of one layer."""
        self.docker("import", "--change", f'ENTRYPOINT ["{entrypoint}"]', "-", name, content=layer)


def available() -> None:
    """Skip the test where no engine can run; in CI, fail."""
    reason = ""
    if not (_ENGINE / "complete").exists():
        reason = "no Docker engine is unpacked: run `make engine`"
    elif os.geteuid() != 0:
        reason = "a Docker engine needs root"
    if reason and os.environ.get("CI"):
        pytest.fail(f"{reason}; CI skips no test")
    if reason:
        pytest.skip(reason)


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """Run an engine for the duration of the block."""
    available()
    with tempfile.TemporaryDirectory(prefix="boxwatch-docker-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        programs = folder / "bin"
        programs.mkdir()
        for alias in ("iptables", "ip6tables"):
            (programs / alias).symlink_to(_DOCKER / "usr/sbin/xtables-legacy-multi")
        libraries = _DOCKER / "usr/lib/x86_64-linux-gnu"
        environment = {
            **os.environ,
            "PATH": f"{programs}:{_DOCKER}/usr/sbin:{_DOCKER}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LD_LIBRARY_PATH": os.pathsep.join([str(libraries), str(_DOCKER / "lib/x86_64-linux-gnu")]),
            "XTABLES_LIBDIR": str(libraries / "xtables"),
        }
        unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                [*unshare, "sh", "-c", _START, "sh", name], stdout=log, stderr=log, env=environment
            ) as process,
        ):
            found = Engine(folder)
            try:
                wait_for(lambda: _answers(found, process), "answer of the Docker engine", 60)
                yield found
            except TimeoutError as error:
                raise TimeoutError(f"{error}: {(folder / 'log').read_text(encoding='utf-8')[-2000:]}") from error
            finally:
                # It takes everything with it that it started.
                process.kill()
                process.wait()


def _answers(engine: Engine, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise TimeoutError("the Docker engine ended")
    with contextlib.suppress(AssertionError):
        return bool(engine.docker("version", "--format", "{{.Server.Version}}"))
    return False


def of_sid(program: str, inside: str, *, folders: Sequence[str] = (), more: Mapping[str, str] | None = None) -> bytes:
    """A layer with one of the unpacked programs and its C library.

    Args:
        program: name of the program.
        inside: its path in the image.
        folders: directories that belong to nobody.
        more: other files, by their path below /usr of the packages → path in the image.
    """
    library = PROGRAMS / "lib/x86_64-linux-gnu"
    files = {
        inside: PROGRAMS / "bin" / program,
        "/lib64/ld-linux-x86-64.so.2": library / "ld-linux-x86-64.so.2",
        **{f"{_LIBRARIES}/{name}": library / name for name in ("libc.so.6", "libm.so.6", "libresolv.so.2")},
        **{path: PROGRAMS / source for source, path in (more or {}).items()},
    }
    return _layer(files, folders)


def of_host(program: str, inside: str, environment: Mapping[str, str]) -> bytes:
    """A layer with an installed program, and the libraries that it is linked with."""
    linked = subprocess.run(
        ["ldd", program], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    ).stdout
    libraries = [word for word in linked.split() if word.startswith("/")]
    # The loader looks in its own places, wherever a library comes from.
    files = {word if "ld-linux" in word else f"{_LIBRARIES}/{Path(word).name}": Path(word) for word in libraries}
    return _layer({inside: Path(program), **files}, ())


def _layer(files: Mapping[str, Path], folders: Sequence[str]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        made: set[str] = set()
        for path in ("/bin", "/etc", "/tmp", "/run", "/var", *map(os.path.dirname, files)):  # noqa: S108 - in the image
            _folder(archive, path, made)
        for folder in folders:
            _folder(archive, folder, made, owner=65534)
        _file(archive, "/etc/passwd", b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
        _file(archive, "/etc/nsswitch.conf", b"hosts: files dns\n")
        _file(archive, "/bin/busybox", (_DOCKER / "bin/busybox").read_bytes())
        for applet in _APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        for path, source in files.items():
            _file(archive, path, source.resolve().read_bytes())
    return content.getvalue()


def _folder(archive: tarfile.TarFile, path: str, made: set[str], owner: int = 0) -> None:
    if path in made or path == "/":
        return
    _folder(archive, os.path.dirname(path), made)  # noqa: PTH120 - a path in the image
    made.add(path)
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    entry.uid = entry.gid = owner
    archive.addfile(entry)


def _file(archive: tarfile.TarFile, path: str, content: bytes) -> None:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.size, entry.mode = len(content), 0o755
    archive.addfile(entry, io.BytesIO(content))
