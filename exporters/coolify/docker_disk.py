"""What fills the disk, as Docker counts it: images, containers, volumes and build cache of the exporter's own server.

Off by default. GET /system/df walks every layer and volume: it takes seconds to minutes, so it is asked rarely, in a
thread of its own, and its answer is kept. The socket is only read from; who can read it can do everything, so the
exporter should get it through a proxy that allows nothing but this request (docs/exporters/coolify.md).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from boxwatch.exporters.coolify.fields import Fields
from boxwatch.exporters.coolify.logs import facts, where
from boxwatch.exporters.coolify.snapshot_store import DiskUse, SnapshotStore

_LOG: Final = logging.getLogger(__name__)
# Docker's API of 20.10, which every later one serves.
_PATH: Final = "/v1.41/system/df"
_LARGEST: Final = 32 << 20
_LONGEST: Final = 300.0
_OK: Final = 200
KINDS: Final = ("images", "containers", "volumes", "build_cache")


class _Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket, or over TCP to a proxy of it."""

    def __init__(self, address: str) -> None:
        host = "docker" if address.startswith("/") else address
        super().__init__(host, timeout=_LONGEST)
        self._address = address

    def connect(self) -> None:
        """Connect."""
        if not self._address.startswith("/"):
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_LONGEST)
        self.sock.connect(self._address)


@dataclass(frozen=True, slots=True)
class DockerDisk:
    """Asks Docker every `every` seconds; `address` is the path of its socket, or host:port of a proxy."""

    address: str
    snapshots: SnapshotStore
    every: float = 1800.0

    def run(self, stop: threading.Event) -> None:
        """Ask until `stop` is set; a failure keeps the last answer, and is logged once."""
        failing = False
        while not stop.is_set():
            try:
                self.snapshots.own.disk = self.ask()
            except Exception as error:  # noqa: BLE001 - whatever Docker answers must not end this for good
                level = logging.DEBUG if failing else logging.WARNING
                _LOG.log(level, "Docker's disk use cannot be read", extra=facts(**where(error)))
                failing = True
                self.snapshots.own.disk_failed += 1
            else:
                failing = False
            stop.wait(self.every)

    def ask(self) -> Mapping[str, DiskUse]:
        """The disk use by kind."""
        with contextlib.closing(_Unix(self.address)) as connection:
            connection.request("GET", _PATH, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            body = answer.read(_LARGEST + 1)
        if answer.status != _OK or len(body) > _LARGEST:
            raise ValueError(answer.status)
        document = json.loads(body)
        if not isinstance(document, dict):
            raise TypeError
        return read(Fields(document, lambda _: None))


def read(document: Fields) -> Mapping[str, DiskUse]:
    """Read an answer: for each kind its size, and what `docker system prune` could free, in bytes."""
    layers = document.count("LayersSize") or 0
    images = list(document.children("Images"))
    used = sum(_size(image, "Size") - _size(image, "SharedSize") for image in images if image.integer("Containers"))
    containers = [(_size(one, "SizeRw"), one.text("State") == "running") for one in document.children("Containers")]
    volumes = [
        (_size(usage, "Size"), bool(usage.integer("RefCount")))
        for usage in (volume.child("UsageData") for volume in document.children("Volumes"))
    ]
    cache = [
        (_size(one, "Size"), bool(one.flag("InUse")) or bool(one.flag("Shared")))
        for one in document.children("BuildCache")
    ]
    found = {"images": DiskUse(layers, max(0, layers - used))}
    for kind, sizes in (("containers", containers), ("volumes", volumes), ("build_cache", cache)):
        found[kind] = DiskUse(sum(size for size, _ in sizes), sum(size for size, busy in sizes if not busy))
    return found


def _size(fields: Fields, key: str) -> int:
    """A size; Docker writes -1 for one that it has not measured."""
    return max(0, fields.integer(key) or 0)
