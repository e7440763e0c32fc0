"""A configuration file with the files it names, as one content.

The files have names of their own for each version and never change, so renaming the configuration switches everything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bundle:
    """A configuration and its files.

    Attributes:
        config: content of the configuration file.
        files: path → content of files named by the configuration, relative to it; only those written by boxwatch.
    """

    config: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)

    def packed(self) -> bytes:
        """The bundle as one content, for the store."""
        files = {path: _text(content) for path, content in self.files.items()}
        return json.dumps({"config": _text(self.config), "files": files}, sort_keys=True).encode()

    @classmethod
    def unpacked(cls, content: bytes) -> Bundle:
        """The bundle from the store."""
        found = json.loads(content)
        files = {path: _bytes(text) for path, text in found["files"].items()}
        return cls(_bytes(found["config"]), files)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
