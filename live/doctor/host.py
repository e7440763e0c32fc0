"""node_exporter: whether it sees the server itself, its network and its file systems, and the server's clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from boxwatch.discovery.model import Container
from boxwatch.live.doctor import questions
from boxwatch.live.doctor.examined import Examined
from boxwatch.live.doctor.line import Line
from boxwatch.live.doctor.seen import Sample
from boxwatch.rules import names
from boxwatch.topology.wording import listed

ID: Final = "node_exporter"
_IMAGES: Final = frozenset({"node-exporter", "node_exporter"})
_LOOPBACK: Final = "lo"
# Docker names a host after the container's id, unless the container shares the host's network.
_CONTAINER_ID: Final = re.compile(r"[0-9a-f]{12}")
# Where the host's root is mounted, as everyone's instructions have it.
_ROOTS: Final = re.compile(r"/(?:host|rootfs|hostfs|host/root)(?:/.*)?")
# Docker mounts these into every container.
_OF_CONTAINERS: Final = frozenset({"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"})
_CLOCK: Final = 5.0
_STACK: Final = "as in the built compose.yaml"


def lines(examined: Examined) -> Iterator[Line]:
    """What each server's node_exporter does not see."""
    for server in examined.topology.servers:
        name = server.name
        after = examined.of_job(names.JOB_NODE, name)
        if examined.prometheus.knows(questions.DEVICES, questions.PEERS, questions.HOST_NAMES):
            yield _network(examined, name, after)
        if examined.prometheus.knows(questions.MOUNTS):
            yield _file_systems(examined, name, after)
        yield from _clock(examined, name, after)


def _of(examined: Examined, question: str, server: str) -> list[Sample]:
    return [one for one in examined.prometheus.answer(question) if one[names.SERVER] == server]


def _network(examined: Examined, server: str, after: tuple[str, ...]) -> Line:
    devices = {one["device"] for one in _of(examined, questions.DEVICES, server)} - {_LOOPBACK}
    # A container's interface has its other end in another network.
    peers = {one["device"] for one in _of(examined, questions.PEERS, server)}
    host_name = next((one["nodename"] for one in _of(examined, questions.HOST_NAMES, server)), "")
    isolated = any(not one.host_network for one in _containers(examined, server))
    key, where = f"node-network:{server}", f"node_exporter on {server}"
    action = f"start it with `network_mode: host` and `pid: host`, {_STACK}"
    if _CONTAINER_ID.fullmatch(host_name) or isolated:
        what = "runs in a container's network: traffic and connections of the server are not measured"
    elif not devices:
        what = "sees no network interface of the server but the loopback"
    elif devices <= peers:
        return Line(
            check=ID, key=key, state="warning", where=where, action=action, after=after,
            what=f"sees only {listed(sorted(devices))}, which looks like a container's interface",
        )  # fmt: skip
    else:
        return Line(
            check=ID, key=key, state="ok", where=where, what=f"sees {listed(sorted(devices))}", after=after
        )  # fmt: skip
    return Line(check=ID, key=key, state="problem", where=where, what=what, action=action, after=after)


def _containers(examined: Examined, server: str) -> list[Container]:
    """Containers of node_exporter that run, as Docker describes them."""
    host = examined.seen.hosts.get(server)
    return [one for one in host.containers if one.runs and one.repository in _IMAGES] if host else []


def _file_systems(examined: Examined, server: str, after: tuple[str, ...]) -> Line:
    mounts = {one["mountpoint"] for one in _of(examined, questions.MOUNTS, server)}
    prefixed = sorted(mount for mount in mounts if _ROOTS.fullmatch(mount))
    key, where = f"node-rootfs:{server}", f"node_exporter on {server}"
    if prefixed:
        root = "/" + prefixed[0].split("/")[1]
        what = f"reports the server's file systems as {listed(prefixed, 3)}"
        action = f"start it with --path.rootfs={root}, {_STACK}"
    elif mounts & _OF_CONTAINERS:
        what = f"reports a container's mounts: {listed(sorted(mounts & _OF_CONTAINERS))}"
        action = f"mount / at /host, and start it with --path.rootfs=/host and `pid: host`, {_STACK}"
    elif "/" not in mounts:
        what = "reports no file system at /"
        action = f"mount / at /host, and start it with --path.rootfs=/host, {_STACK}"
    elif any(not one.host_pids for one in _containers(examined, server)):
        what = "does not share the server's processes, so mounts are those of its container"
        action = f"start it with `pid: host`, {_STACK}"
        return Line(check=ID, key=key, state="warning", where=where, what=what, action=action, after=after)
    else:
        return Line(check=ID, key=key, state="ok", where=where, what="sees the server's file systems", after=after)
    return Line(check=ID, key=key, state="problem", where=where, what=what, action=action, after=after)


def _clock(examined: Examined, server: str, after: tuple[str, ...]) -> Iterator[Line]:
    found = _of(examined, questions.CLOCKS, server)
    if not found:
        return
    skew = found[0].value
    key, where = f"clock:{server}", f"clock of {server}"
    if abs(skew) < _CLOCK:
        yield Line(check=ID, key=key, state="ok", where=where, what="as Prometheus'", after=after)
    else:
        yield Line(
            check=ID, key=key, state="problem", where=where, after=after,
            what=f"is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Prometheus'",
            action="run `timedatectl set-ntp true` on the server that is wrong",
        )  # fmt: skip
