"""Disks of a server: full, filling, out of inodes, read-only."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Severity, Subject
from boxwatch.rules.patterns import threshold_proofs
from boxwatch.rules.patterns.fragments import expr, number
from boxwatch.rules.patterns.threshold import beyond
from boxwatch.rules.proofs.fixtures import World, flat, series, steps
from boxwatch.rules.template_functions import duration, percentage
from boxwatch.topology.model import Topology

ID = "host_disk"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_DISK = "/dev/md2"
_WHERE = "Disk {{ $labels.device }} of {{ $labels.server }}"
# A disk with this much free has room for a night's growth and the morning to look at it, whatever its trend says.
_ROOM = 0.4

_WHAT_FILLS_IT = (
    "`findmnt -S DEVICE` on the server: what is mounted from it; `df -h` agrees?",
    "`docker system df`: images, build cache and volumes.",
    "`du -xh --max-depth=2 /var/lib/docker /data/coolify /var/log | sort -h | tail`.",
)
_MAKE_ROOM = (
    "`docker builder prune` and `docker image prune -a` (what no container uses), or Coolify's cleanup of the server.",
    "A container's log without rotation: `truncate -s 0` the file, then set `max-size` in /etc/docker/daemon.json.",
    "A database or MinIO grew: look at its dashboard; expire or move data, or get a larger disk.",
)


def subject(topology: Topology) -> Subject:
    """Alerts on disks that will not take what is written to them, or soon."""
    return Subject(
        id=ID,
        title="Disks",
        groups=(
            Group(
                name="host-disk",
                rules=(
                    _read_only(topology),
                    _short(
                        topology,
                        "HostDiskCritical",
                        "critical",
                        names.DEVICE_DISK_FREE,
                        wait=5 * _MINUTE,
                        threshold=0.07,
                        source="shortly before 5 %, at which Elasticsearch locks its indices against writes "
                        "(cluster.routing.allocation.disk.watermark.flood_stage)",
                    ),
                    _short(
                        topology,
                        "HostDiskLow",
                        "warning",
                        names.DEVICE_DISK_FREE,
                        wait=15 * _MINUTE,
                        threshold=0.15,
                        source="Elasticsearch places no more shards on such a disk "
                        "(cluster.routing.allocation.disk.watermark.low)",
                    ),
                    _filling(topology),
                    _short(
                        topology,
                        "HostInodesCritical",
                        "critical",
                        names.DEVICE_INODES_FREE,
                        wait=5 * _MINUTE,
                        threshold=0.03,
                        source="node_exporter's mixin (NodeFilesystemAlmostOutOfFiles is critical at 3 %)",
                    ),
                    _short(
                        topology,
                        "HostInodesLow",
                        "warning",
                        names.DEVICE_INODES_FREE,
                        wait=15 * _MINUTE,
                        threshold=0.1,
                        source="room for days: ext4 has an inode for every 16 KiB, and images of many small files "
                        "use them first",
                    ),
                ),
            ),
        ),
        reads=("host",),
    )


def _short(  # noqa: PLR0913 - what differs between alerts on how much is free
    topology: Topology,
    name: str,
    severity: Severity,
    record: str,
    *,
    wait: int,
    threshold: float,
    source: str,
) -> Alert:
    """Free space or inodes of a disk fall below a threshold."""
    inodes = record == names.DEVICE_INODES_FREE
    what = "of its inodes free" if inodes else "of its space free"
    if severity == "critical":
        summary = "A disk has almost no inodes left." if inodes else "A disk has almost no space left."
    else:
        summary = "A disk is running out of inodes." if inodes else "A disk is nearly full."
    return beyond(
        topology,
        name,
        record,
        below=True,
        wait=wait,
        threshold=threshold,
        source=source,
        severity=severity,
        summary=summary,
        description=f"{_WHERE} has only {{{{ $value | humanizePercentage }}}} {what}.",
        text=lambda value: f"Disk {_DISK} of main has only {percentage(value)} {what}.",
        labels={names.DEVICE: _DISK},
        runbook=Runbook(
            meaning="Each file takes an inode, however small. Without one nothing can be created, although `df -h` "
            "shows space: databases stop, deployments fail."
            if inodes
            else "Everything on this server writes to it: at 95 % full Elasticsearch locks its indices, and when it is "
            "full PostgreSQL stops, deployments fail and Prometheus stores nothing any more, so alerts fall silent.",
            first_look=(
                "`df -i` on the server, and `du -x --inodes --max-depth=3 /var/lib/docker | sort -n | tail`.",
                *_WHAT_FILLS_IT[:1],
            )
            if inodes
            else _WHAT_FILLS_IT,
            action=_MAKE_ROOM,
            false_alarms="None known: /boot, RAM disks and views of other disks (overlay, squashfs) do not count"
            + (", nor do btrfs and zfs, which make inodes as they need them." if inodes else "."),
        ),
        panel="Inodes free" if inodes else "Disk space free",
    )


def _filling(topology: Topology) -> Alert:
    name = "HostDiskFilling"
    wait, threshold = topology.alerts.wait(name, _HOUR), topology.alerts.threshold(name, 4 * _DAY)

    def on(world: World, seconds: float, server: str, free: float) -> tuple[Series, ...]:
        where = {"server": server, "device": _DISK}
        return (
            series(names.DEVICE_DISK_EXHAUSTION, flat(seconds, world.count), **where),
            series(names.DEVICE_DISK_FREE, flat(free, world.count), **where),
        )

    fires, silent = threshold_proofs.crossing(
        topology.thresholds,
        lambda world, value, server: on(world, value, server, 0.3),
        wait=wait,
        threshold=threshold,
        text=lambda value: f"Disk {_DISK} of main will be full in {duration(value)}.",
        below=True,
        labels={names.DEVICE: _DISK},
    )
    after = fires[0].at
    world = World(length=after, thresholds=topology.thresholds)
    soon = threshold / 2
    room = (
        world.fires(
            "fires where there is little room, and not for a disk with room or another of that server",
            (
                *on(world, soon, "main", 0.39),
                *on(world, soon, "second", 0.41),
                series(names.DEVICE_DISK_FREE, flat(0.1, world.count), server="second", device="/dev/sdb"),
            ),
            after,
            Expected(
                {"server": "main", names.DEVICE: _DISK},
                f"Disk {_DISK} of main will be full in {duration(soon)}.",
            ),
        ),
    )
    return Alert(
        alert=name,
        expr=expr(f"""
            {names.DEVICE_DISK_EXHAUSTION} < {number(threshold)}
            and on ({names.BY_DEVICE}) {names.DEVICE_DISK_FREE} < {_ROOM}
        """),
        wait=wait,
        severity="warning",
        summary="A disk will be full in a few days if the trend continues.",
        description=f"{_WHERE} will be full in {{{{ $value | humanizeDuration }}}}.",
        runbook=Runbook(
            meaning="The disk filled steadily over the last day (at least half a day is known), and has less than "
            f"{percentage(_ROOM)} free.",
            first_look=("Dashboard *Host*, panel *Disk space free*: a slope, or one step?", *_WHAT_FILLS_IT),
            action=_MAKE_ROOM,
            false_alarms="One large step within the day, such as an import or a restored backup, looks like a slope "
            "until the day is over. Short waves (log rotation, builds) and what repeats daily do not.",
        ),
        fires=(*fires, *room),
        silent=(
            *silent,
            world.silent("is silent at exactly the room that is enough", on(world, soon, "main", _ROOM), after),
        ),
        threshold=threshold,
        threshold_source="a weekend and a working day before and after it",
        dashboard="host",
        panel="Time until a disk is full",
    )


def _read_only(topology: Topology) -> Alert:
    name = "HostDiskReadOnly"
    wait = topology.alerts.wait(name, 2 * _MINUTE)
    turns = 4
    # The first evaluation at which it is read-only is that of the sample after the last writable one.
    since = turns * 30
    pending = since + threshold_proofs.last_pending(wait, 30)
    world = World(length=pending + 30, thresholds=topology.thresholds)
    long = World(length=9 * _DAY, thresholds=topology.thresholds, interval=_HOUR)
    expected = Expected({"server": "main", names.DEVICE: _DISK}, f"Disk {_DISK} of main cannot be written to.")

    def disk(*states: tuple[float | None, int], server: str = "main", device: str = _DISK) -> Series:
        return series(names.DEVICE_READ_ONLY, steps(*states), server=server, device=device)

    turned = disk((0, turns), (1, world.count))
    wakes = (
        turned,
        # Writable all the time, and never; and another disk of each server that is the other way round.
        disk((0, world.count), device="/dev/sdb"),
        disk((0, world.count), server="second", device="/dev/sdb"),
        disk((1, world.count), server="second"),
    )

    def stopped(days: int, after: int) -> Case:
        return Case(
            title=f"is silent {days} days after a disk was last writable",
            series=(disk((0, 10), (1, long.count)),),
            at=after,
            interval=long.interval,
        )

    return Alert(
        alert=name,
        # A disk that nobody has written to for a week is mounted so on purpose.
        expr=expr(f"""
            {names.DEVICE_READ_ONLY} == 1
            and on ({names.BY_DEVICE}) min_over_time({names.DEVICE_READ_ONLY}[7d:1h]) == 0
        """),
        wait=wait,
        severity="critical",
        summary="The kernel stopped writing to a disk.",
        description=f"{_WHERE} cannot be written to.",
        runbook=Runbook(
            meaning="After an I/O error or a damaged journal the kernel mounts a filesystem read-only to save what is "
            "there. Every service that writes to it fails now. On the disk that Prometheus writes to, it cannot store "
            "what it scrapes either: then this alert may not come, and the probes and the heartbeat from elsewhere "
            "tell.",
            first_look=(
                "`dmesg -T | grep -iE 'error|remount|ext4|nvme|ata'` on the server: which device, which error?",
                "`cat /proc/mdstat` and `smartctl -a` of its members: did a disk fail?",
            ),
            action=(
                "A member failed: have it replaced (see *HostRaidDegraded*); copy the data away first if you can.",
                "The filesystem is damaged: stop the services, unmount, `fsck` (the root one: rescue system).",
                "It was remounted on purpose: mount it writable again, or wait; it is silent after a week.",
            ),
            false_alarms="A disk that was written to during the last week and is read-only on purpose since.",
        ),
        fires=(
            world.fires(
                "fires for the disk that cannot be written to any more, and not for one that never could",
                wakes,
                pending + 30,
                expected,
            ),
            Case(
                title="fires for six days and more",
                series=(disk((0, 10), (1, long.count)),),
                at=6 * _DAY,
                expects=(expected,),
                interval=long.interval,
            ),
        ),
        silent=(
            world.silent("is silent while every disk is writable", (disk((0, world.count)),), pending + 30),
            world.silent("is silent for a disk that never was writable", (disk((1, world.count)),), pending + 30),
            world.silent("is silent when it has not lasted", wakes, pending),
            stopped(8, 8 * _DAY + 10 * _HOUR),
        ),
        dashboard="host",
        panel="Disks that are read-only",
    )
