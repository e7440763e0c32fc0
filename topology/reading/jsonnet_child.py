"""The child process that evaluates Jsonnet. It runs as a standalone script and imports nothing from boxwatch.

Jsonnet is a programming language, so a file may loop, recurse or grow infinitely. Here that only ends this process,
which has limits on memory and time, no environment, and reads no files outside the topology's folder.

The request arrives on standard input and the answer goes to standard output, both as JSON. Jsonnet sees numbered files
(`0/f`, `1/f`), so that no file name can confuse the parsing of its messages.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import resource
import stat
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer one request."""
    request: dict[str, Any] = json.load(sys.stdin)
    answer: dict[str, object]
    _limit(request["memory"], request["seconds"])
    files = _Files(request["folder"], request["text"], request["largest"])
    loader = importlib.machinery.ExtensionFileLoader("_jsonnet", request["library"])
    module = importlib.util.module_from_spec(
        importlib.machinery.ModuleSpec("_jsonnet", loader, origin=request["library"])
    )
    loader.exec_module(module)
    try:
        text = module.evaluate_snippet(
            "0/f", request["text"], ext_vars=request["ext_str"], import_callback=files.find, max_stack=request["stack"]
        )
    except RuntimeError as error:
        answer = {"error": str(error)[: request["largest"]]}
    else:
        answer = {"value": text} if len(text) <= request["largest"] else {"too_large": True}
    answer["files"] = files.names
    json.dump(answer, sys.stdout)


def _limit(memory: int, seconds: int) -> None:
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(what, (most, most))
    # The soft limit identifies the cause (SIGXCPU); the hard limit would not (SIGKILL).
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


class _Files:
    """The files an evaluation reads: the topology first, then its imports from the same folder or below."""

    def __init__(self, folder: str, text: str, largest: int) -> None:
        self.names = [""]
        self._folder = Path(folder).resolve()
        self._largest = largest
        self._total = len(text)
        self._folders = {"0": Path()}
        self._content: dict[str, bytes] = {}
        self._numbers: dict[Path, str] = {}

    def find(self, importer: str, name: str) -> tuple[str, bytes]:
        """Jsonnet's import callback. The text of its exception reaches the user as the reason."""
        path = Path(name)
        if path.is_absolute() or ".." in path.parts:
            raise RuntimeError("import paths must be relative to the importing file, without ..")
        relative = self._folders[importer.rstrip("/")] / path
        number = self._numbers.get(relative)
        if number is None:
            content = self._read(relative)
            number = str(len(self.names))
            self.names.append(str(relative))
            self._numbers[relative] = number
            self._folders[number] = relative.parent
            self._content[number] = content
        return f"{number}/f", self._content[number]

    def _read(self, relative: Path) -> bytes:
        real = (self._folder / relative).resolve()
        if not real.is_relative_to(self._folder):
            raise RuntimeError("it is a symbolic link to a file outside the topology's folder")
        try:
            descriptor = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise RuntimeError((error.strerror or "cannot be opened").lower()) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RuntimeError("it is not a regular file")
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - an open descriptor, not a path
            content = stream.read(self._largest + 1)
        self._total += len(content)
        if self._total > self._largest:
            raise RuntimeError("all files together exceed 4 MiB")
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            raise RuntimeError("it is not UTF-8 text") from None
        return content


if __name__ == "__main__":
    main()
