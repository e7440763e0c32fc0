"""Proofs of the recorded disk series."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.host.host_proofs import node
from boxwatch.rules.model import Measured, Sample, Series
from boxwatch.rules.proofs.fixtures import Fixtures, flat, sample
from boxwatch.topology.model import Topology
from boxwatch.topology.units import GIB

_MINUTE, _HOUR = 60, 3600


def measured(topology: Topology) -> tuple[Measured, ...]:
    """The proofs of the recorded disk series."""
    return (*_disks(topology), *_trend(topology))


def _filesystem(  # noqa: PLR0913 - each is a label or a metric of one mount
    fixtures: Fixtures,
    metric: str,
    value: float,
    *,
    server: str = "main",
    device: str = "/dev/md2",
    fstype: str = "ext4",
    mountpoint: str = "/",
) -> Series:
    """A metric of one mounted filesystem."""
    return node(
        fixtures,
        f"node_filesystem_{metric}",
        flat(value, fixtures.count),
        server=server,
        device=device,
        fstype=fstype,
        mountpoint=mountpoint,
    )


def _disks(topology: Topology) -> tuple[Measured, ...]:
    """Two servers with a device mounted twice, one device of every filesystem, and mounts that are not disks."""
    fixtures = Fixtures(length=15 * _MINUTE, thresholds=topology.thresholds)
    size = 256 * GIB
    parts: list[Series] = []

    def mount(free: float, inodes: float, read_only: int, scale: int = 1, **labels: str) -> None:
        parts.extend(
            _filesystem(fixtures, metric, value, **labels)
            for metric, value in (
                ("size_bytes", size * scale),
                ("avail_bytes", free * size * scale),
                ("files", 65536 * scale),
                ("files_free", inodes * 65536 * scale),
                ("readonly", read_only),
            )
        )

    mount(0.25, 0.5, 0)
    # Bind mounts: read-only on purpose, and with numbers of another instant.
    mount(0.375, 0.625, 1, mountpoint="/var/lib/docker", scale=2)
    mount(0.5, 0.75, 1, server="second", scale=4)
    for fstype in ("ext3", "xfs", "btrfs", "zfs"):
        mount(0.75, 0.25, 0, device=fstype, fstype=fstype, mountpoint=f"/{fstype}")
    mount(0.125, 0.125, 1, device="/dev/md1", mountpoint="/boot")
    mount(0.125, 0.125, 1, device="/dev/sda1", mountpoint="/boot/efi")
    mount(0.125, 0.125, 1, device="tmpfs", fstype="tmpfs", mountpoint="/run")
    mount(0.125, 0.125, 1, device="overlay", fstype="overlay", mountpoint="/var/lib/overlay")
    mount(0, 0.125, 1, device="/dev/loop0", fstype="squashfs", mountpoint="/snap/core")
    # No number of inodes.
    parts += [
        _filesystem(fixtures, "files", 0, device="pool", fstype="zfs", mountpoint="/pool"),
        _filesystem(fixtures, "files_free", 0, device="pool", fstype="zfs", mountpoint="/pool"),
    ]
    rows = {
        names.DEVICE_DISK_SIZE: (2 * size, 4 * size, size),
        names.DEVICE_DISK_FREE: (0.125, 0.5, 0.75),
        names.DEVICE_INODES_FREE: (0.25, 0.75, 0.25),
        names.DEVICE_READ_ONLY: (0, 1, 0),
    }
    return tuple(
        Measured(
            title=f"{name} is one number per device, however it is mounted",
            expr=name,
            at=5 * _MINUTE,
            samples=(
                sample(name, first, server="main", device="/dev/md2"),
                sample(name, second, server="second", device="/dev/md2"),
                *(sample(name, other, server="main", device=device) for device in ("ext3", "xfs", "btrfs", "zfs")),
            ),
            series=tuple(parts),
            interval=fixtures.interval,
        )
        for name, (first, second, other) in rows.items()
    )


def _filling(
    fixtures: Fixtures, left: float, per_second: float, *, since: int = 0, **labels: str
) -> tuple[Series, ...]:
    """A disk that fills steadily from `since` on and has `left` bytes free at the end of the case."""
    start = left + per_second * (fixtures.length - since)
    step = per_second * fixtures.interval
    values = f"{start}{-step:+}x{(fixtures.length - since) // fixtures.interval}"
    if since:
        values = f"_x{since // fixtures.interval} {values}"
    where = {"device": "/dev/md2", "fstype": "ext4", "mountpoint": "/", **labels}
    return (node(fixtures, "node_filesystem_avail_bytes", values, **where),)


def _trend(topology: Topology) -> tuple[Measured, ...]:
    fixtures = Fixtures(length=40 * _HOUR, thresholds=topology.thresholds, interval=600)
    name = names.DEVICE_DISK_EXHAUSTION
    fills = (
        *_filling(fixtures, 100 * GIB, GIB / 1024),
        # Another mount of it, read a little later.
        *_filling(fixtures, 90 * GIB, GIB / 2048, mountpoint="/var/lib/docker"),
        *_filling(fixtures, 50 * GIB, GIB / 1024, server="second"),
        *_filling(fixtures, 50 * GIB, -GIB / 1024, device="/dev/empties"),
        *_filling(fixtures, 50 * GIB, 0, device="/dev/rests"),
        *(
            one
            for fstype in ("ext3", "xfs", "btrfs", "zfs")
            for one in _filling(fixtures, GIB, GIB / 1024, device=fstype, fstype=fstype)
        ),
        *_filling(fixtures, 512, 0.5, device="/dev/slow"),
        # Known for less than half a day on one server, and for a little more on the other.
        *_filling(fixtures, 50 * GIB, GIB / 1024, since=29 * _HOUR, device="/dev/new"),
        *_filling(fixtures, 25 * GIB, GIB / 1024, since=27 * _HOUR, device="/dev/new", server="second"),
        *_filling(fixtures, 10 * GIB, GIB / 1024, fstype="tmpfs", device="tmpfs"),
        *_filling(fixtures, 10 * GIB, GIB / 1024, mountpoint="/boot", device="/dev/md1"),
    )
    # Fills during the last 18 hours of 40, after 22 flat ones.
    turns = Fixtures(length=40 * _HOUR, thresholds=topology.thresholds, interval=600)
    flat_for = 132
    step = GIB * 600 / 1024
    left = 200 * GIB - step * (turns.count - flat_for)
    turned = node(
        turns,
        "node_filesystem_avail_bytes",
        f"{200 * GIB}x{flat_for - 1} {200 * GIB}-{step}x{turns.count - flat_for}",
        device="/dev/md2",
        fstype="ext4",
        mountpoint="/",
    )
    return (
        Measured(
            title="the time until a disk is full follows the trend of the last day",
            expr=f"round({name})",
            at=fixtures.length,
            samples=(
                Sample(labels={"server": "main", "device": "/dev/md2"}, value=90 * 1024),
                Sample(labels={"server": "second", "device": "/dev/md2"}, value=50 * 1024),
                Sample(labels={"server": "second", "device": "/dev/new"}, value=25 * 1024),
                Sample(labels={"server": "main", "device": "/dev/slow"}, value=1024),
                *(
                    Sample(labels={"server": "main", "device": fs}, value=1024)
                    for fs in ("ext3", "xfs", "btrfs", "zfs")
                ),
            ),
            series=fills,
            interval=fixtures.interval,
        ),
        Measured(
            title="the trend is taken over a day: eighteen hours of filling count for less than a full day",
            # The slope over a day whose first quarter is flat is 27/32 of the steep slope, give or take the extra
            # sample that a window contained before Prometheus 3.0.
            expr=f"round({name} / {left / GIB * 1024}, 0.1)",
            at=turns.length,
            samples=(Sample(labels={"server": "main", "device": "/dev/md2"}, value=1.2),),
            series=(turned,),
            interval=turns.interval,
        ),
    )
