"""A real RabbitMQ of the distribution's package, installed or unpacked, and messages and consumers for it.

Erlang's own `erl` names the directory that it was built for. An unpacked one is started by a wrapper that says where it
is instead; everything that RabbitMQ starts finds that wrapper first.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.programs import free_port, running, wait_for

_ROOTS = (Path("/"), Path(__file__).parents[2] / ".tools")
_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"


@dataclass(frozen=True, slots=True)
class Broker:
    """A node.

    Attributes:
        amqp: port for clients.
        metrics: port of its pages.
        env: environment of its tools.
        sbin: where they are.
    """

    amqp: int
    metrics: int
    env: dict[str, str]
    sbin: Path

    def ctl(self, *words: str) -> None:
        """Run rabbitmqctl.

        Raises:
            CalledProcessError: it refuses.
        """
        command = [str(self.sbin / "rabbitmqctl"), "--quiet", *words]
        subprocess.run(command, env={**os.environ, **self.env}, check=True, timeout=60, capture_output=True)


def _root() -> Path:
    """Where the package was installed or unpacked.

    Raises:
        LookupError: nowhere.
    """
    for root in _ROOTS:
        if any(root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin")):
            return root
    raise LookupError("no rabbitmq-server: run `make tools`")


@contextlib.contextmanager
def broker(folder: Path, metrics: int) -> Iterator[Broker]:
    """A node that listens on loopback only and keeps everything in a folder, until the block ends."""
    root = _root()
    (sbin,) = root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin")
    (erts,) = root.glob("usr/lib/erlang/erts-*/bin")
    amqp, epmd, dist = free_port(), free_port(), free_port()
    wrapper = folder / "bin" / "erl"
    wrapper.parent.mkdir(parents=True)
    wrapper.write_text(
        f"#!/bin/sh\nexport ROOTDIR={root}/usr/lib/erlang BINDIR={erts} EMU=beam PROGNAME=erl\n"
        f'exec {erts}/erlexec "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{amqp}\nprometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {metrics}\n",
        encoding="utf-8",
    )
    (folder / "plugins").write_text("[rabbitmq_prometheus].\n", encoding="utf-8")
    env = {
        "PATH": f"{wrapper.parent}:{sbin}:{erts}:{os.environ['PATH']}",
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_BASE": str(folder),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_NODENAME": f"test{amqp}@localhost",
        "RABBITMQ_DIST_PORT": str(dist),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }
    # RabbitMQ would start one in the background, which would outlive it.
    names = [str(erts / "epmd"), "-address", "127.0.0.1", "-port", str(epmd)]
    log = folder / "rabbitmq.log"
    with (
        running(names, folder / "epmd.log"),
        running([str(sbin / "rabbitmq-server")], log, env=env) as _,
    ):
        node = Broker(amqp, metrics, env, sbin)
        try:
            wait_for(lambda: _listens(amqp) and _listens(metrics), "RabbitMQ")
            yield node
        except TimeoutError as error:
            error.add_note(log.read_text(errors="replace")[-1500:])
            raise
        finally:
            with contextlib.suppress(subprocess.SubprocessError):
                node.ctl("stop")


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


class Client:
    """As much of AMQP 0-9-1 as the tests need, on one channel."""

    def __init__(self, connection: socket.socket) -> None:
        """Log in as guest and open a channel."""
        self._connection = connection
        self._answers = connection.makefile("rb")
        connection.sendall(b"AMQP\x00\x00\x09\x01")
        self._until(10, 10)
        login = b"\0guest\0guest"
        self._method(
            10, 11, struct.pack(">I", 0) + _short("PLAIN") + struct.pack(">I", len(login)) + login + _short("en_US"), 0
        )
        self._until(10, 30)
        self._method(10, 31, struct.pack(">HIH", 2047, 131072, 0), 0)
        self._method(10, 40, _short("/") + _short("") + b"\0", 0)
        self._until(10, 41)
        self._method(20, 10, _short(""))
        self._until(20, 11)

    def declare(self, queue: str) -> None:
        """Make a durable queue."""
        self._method(50, 10, b"\0\0" + _short(queue) + b"\x02" + struct.pack(">I", 0))
        self._until(50, 11)

    def publish(self, queue: str, count: int) -> None:
        """Put messages of one byte into a queue."""
        for _ in range(count):
            self._method(60, 40, b"\0\0" + _short("") + _short(queue) + b"\0")
            self._frame(_HEADER, struct.pack(">HHQH", 60, 0, 1, 0))
            self._frame(_BODY, b"x")

    def consume(self, queue: str) -> None:
        """Take what there is, without ever acknowledging it."""
        self._method(60, 20, b"\0\0" + _short(queue) + _short("") + b"\0" + struct.pack(">I", 0))
        self._until(60, 21)

    def _method(self, of: int, method: int, arguments: bytes, channel: int = 1) -> None:
        self._frame(_METHOD, struct.pack(">HH", of, method) + arguments, channel)

    def _frame(self, kind: int, payload: bytes, channel: int = 1) -> None:
        self._connection.sendall(struct.pack(">BHI", kind, channel, len(payload)) + payload + _END)

    def _until(self, of: int, method: int) -> None:
        """Read up to an answer.

        Raises:
            ConnectionError: the broker closed the connection instead.
        """
        while True:
            head = self._answers.read(7)
            if len(head) < struct.calcsize(">BHI"):
                raise ConnectionError(f"RabbitMQ closed the connection before method {of}.{method}")
            kind, _, length = struct.unpack(">BHI", head)
            payload = self._answers.read(length + 1)
            if kind == _METHOD and struct.unpack(">HH", payload[:4]) == (of, method):
                return


@contextlib.contextmanager
def client(node: Broker) -> Iterator[Client]:
    """A connection that is closed, with its consumers, when the block ends."""
    with socket.create_connection(("127.0.0.1", node.amqp), timeout=20) as connection:
        try:
            yield Client(connection)
        finally:
            # The client's reader would keep the connection open.
            connection.shutdown(socket.SHUT_RDWR)
