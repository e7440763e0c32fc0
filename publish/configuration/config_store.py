"""A configuration file on disk, switched in one rename, with the immutable files it names.

DIR/alertmanager.yml                        the live configuration
DIR/.boxwatch-alertmanager/templates/       templates, a name for each version
DIR/.boxwatch-alertmanager/…                lock, state and sets, as in `store`
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish import atomic
from boxwatch.publish.configuration.bundle import Bundle
from boxwatch.publish.configuration.kinds import Kind
from boxwatch.publish.store import Store, read
from boxwatch.publish.store_state import State


class ConfigStore(Store):
    """The directory of a server's configuration file."""

    def __init__(self, directory: Path, kind: Kind) -> None:
        """Nothing is read or written yet."""
        own = f".boxwatch-{kind.option}"
        hint = f"create the one {kind.who} reads {kind.file} from"
        super().__init__(directory, kind.file, contents="configuration", hint=hint, own=own)
        self._kind = kind

    def _read_live(self) -> bytes | None:
        config = read(self.live)
        if config is None:
            return None
        files = {path: read(self.directory / path) for path in self._kind.named(config)}
        return Bundle(config, {path: content or b"" for path, content in files.items()}).packed()

    def _stage(self, staged: Path, content: bytes, entered: State) -> None:  # noqa: ARG002 - as in the store
        bundle = Bundle.unpacked(content)
        for path, wanted in bundle.files.items():
            target = self.directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if read(target) != wanted:
                atomic.replace(target, wanted)
            atomic.sync(target.parent)
        atomic.replace(staged, bundle.config)

    def _needless(self, state: State) -> Iterator[Path]:
        yield from super()._needless(state)
        needed = set(self._kind.named(read(self.live) or b""))
        for name in {*state.known, state.previous or ""}:
            with contextlib.suppress(PublishError):
                content = self.content(name)
                needed |= set(Bundle.unpacked(content).files) if content is not None else set()
        folder = self._own / "templates"
        for path in folder.iterdir() if folder.is_dir() else ():
            if str(path.relative_to(self.directory)) not in needed:
                yield path
