"""Disks of a server: full, filling, out of inodes, read-only."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Case, Expected, Group, Runbook, Series, Severity, Subject
from boxwatch.rules.patterns import threshold_proofs
from boxwatch.rules.patterns.fragments import expr, number
from boxwatch.rules.patterns.threshold import threshold_alert
from boxwatch.rules.proofs.fixtures import Fixtures, flat, series, steps
from boxwatch.rules.template_functions import duration, percentage
from boxwatch.topology.model import Topology

ID = "host_disk"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_DISK = "/dev/md2"
_WHERE = "Disk {{ $labels.device }} of {{ $labels.server }}"
# A disk with this share free can wait until morning, whatever its trend.
_ROOM = 0.4

_WHAT_FILLS_IT = (
    "`findmnt -S DEVICE` on the server: what is mounted from it? Does `df -h` agree?",
    "`docker system df`: images, build cache and volumes.",
    "`du -xh --max-depth=2 /var/lib/docker /data/coolify /var/log | sort -h | tail`.",
)
_MAKE_ROOM = (
    "`docker builder prune` and `docker image prune -a` (unused images), or Coolify's cleanup of the server.",
    "A container log without rotation: `truncate -s 0` the file, then set `max-size` in /etc/docker/daemon.json.",
    "A database or MinIO grew: check its dashboard; expire or move data, or get a larger disk.",
)


def subject(topology: Topology) -> Subject:
    """Alerts on disks that cannot be written to, or soon cannot."""
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
                        source="just before 5 %, at which Elasticsearch blocks writes to its indices "
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
                        source="leaves room for days: ext4 has an inode per 16 KiB, and images with many small files "
                        "use up inodes before space",
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
    """An alert on a disk's free space or free inodes below a threshold."""
    inodes = record == names.DEVICE_INODES_FREE
    what = "of its inodes free" if inodes else "of its space free"
    if severity == "critical":
        summary = "A disk has almost no inodes left." if inodes else "A disk has almost no space left."
    else:
        summary = "A disk is running out of inodes." if inodes else "A disk is nearly full."
    return threshold_alert(
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
            meaning="Every file takes an inode, however small. Without free inodes, no file can be created even though "
            "`df -h` shows free space: databases stop, deployments fail."
            if inodes
            else "When the disk is 95 % full, Elasticsearch blocks writes to its indices. When it is full, PostgreSQL "
            "stops, deployments fail and Prometheus can no longer store samples, so alerts fall silent.",
            first_look=(
                "`df -i` on the server, and `du -x --inodes --max-depth=3 /var/lib/docker | sort -n | tail`.",
                *_WHAT_FILLS_IT[:1],
            )
            if inodes
            else _WHAT_FILLS_IT,
            action=_MAKE_ROOM,
            false_alarms="None known: /boot, RAM disks and views of other disks (overlay, squashfs) do not count"
            + (", nor do btrfs and zfs, which create inodes on demand." if inodes else "."),
        ),
        panel="Free inodes" if inodes else "Free disk space",
    )


def _filling(topology: Topology) -> Alert:
    name = "HostDiskFilling"
    wait, threshold = topology.alerts.wait(name, _HOUR), topology.alerts.threshold(name, 4 * _DAY)

    def on(fixtures: Fixtures, seconds: float, server: str, free: float) -> tuple[Series, ...]:
        where = {"server": server, "device": _DISK}
        return (
            series(names.DEVICE_DISK_EXHAUSTION, flat(seconds, fixtures.count), **where),
            series(names.DEVICE_DISK_FREE, flat(free, fixtures.count), **where),
        )

    fires, silent = threshold_proofs.cases(
        topology.thresholds,
        lambda fixtures, value, server: on(fixtures, value, server, 0.3),
        wait=wait,
        threshold=threshold,
        text=lambda value: f"Disk {_DISK} of main will be full in {duration(value)}.",
        below=True,
        labels={names.DEVICE: _DISK},
    )
    after = fires[0].at
    fixtures = Fixtures(length=after, thresholds=topology.thresholds)
    soon = threshold / 2
    room = (
        fixtures.fires(
            "fires for a disk with little free space, not for one with enough or another disk of its server",
            (
                *on(fixtures, soon, "main", 0.39),
                *on(fixtures, soon, "second", 0.41),
                series(names.DEVICE_DISK_FREE, flat(0.1, fixtures.count), server="second", device="/dev/sdb"),
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
            meaning="The disk has been filling steadily over the last day (at least half a day of samples) and has "
            f"less than {percentage(_ROOM)} free.",
            first_look=("Dashboard *Host*, panel *Free disk space*: a slope, or a single step?", *_WHAT_FILLS_IT),
            action=_MAKE_ROOM,
            false_alarms="One large step, such as an import or a restored backup, looks like a slope for a day. Short "
            "cycles (log rotation, builds) and daily cycles do not.",
        ),
        fires=(*fires, *room),
        silent=(
            *silent,
            fixtures.silent("stays silent at exactly enough free space", on(fixtures, soon, "main", _ROOM), after),
        ),
        threshold=threshold,
        threshold_source="a weekend with a working day before and after it",
        dashboard="host",
        panel="Time until a disk is full",
    )


def _read_only(topology: Topology) -> Alert:
    name = "HostDiskReadOnly"
    wait = topology.alerts.wait(name, 2 * _MINUTE)
    turns = 4
    # It is first seen read-only at the evaluation of the sample after the last writable one.
    since = turns * 30
    pending = since + threshold_proofs.last_pending(wait, 30)
    fixtures = Fixtures(length=pending + 30, thresholds=topology.thresholds)
    long = Fixtures(length=9 * _DAY, thresholds=topology.thresholds, interval=_HOUR)
    expected = Expected({"server": "main", names.DEVICE: _DISK}, f"Disk {_DISK} of main cannot be written to.")

    def disk(*states: tuple[float | None, int], server: str = "main", device: str = _DISK) -> Series:
        return series(names.DEVICE_READ_ONLY, steps(*states), server=server, device=device)

    turned = disk((0, turns), (1, fixtures.count))
    wakes = (
        turned,
        # Always writable, and never; each server has another disk in the opposite state.
        disk((0, fixtures.count), device="/dev/sdb"),
        disk((0, fixtures.count), server="second", device="/dev/sdb"),
        disk((1, fixtures.count), server="second"),
    )

    def stopped(days: int, after: int) -> Case:
        return Case(
            title=f"stays silent {days} days after a disk was last writable",
            series=(disk((0, 10), (1, long.count)),),
            at=after,
            interval=long.interval,
        )

    return Alert(
        alert=name,
        # A disk that has been read-only for a week is so on purpose.
        expr=expr(f"""
            {names.DEVICE_READ_ONLY} == 1
            and on ({names.BY_DEVICE}) min_over_time({names.DEVICE_READ_ONLY}[7d:1h]) == 0
        """),
        wait=wait,
        severity="critical",
        summary="The kernel stopped writing to a disk.",
        description=f"{_WHERE} cannot be written to.",
        runbook=Runbook(
            meaning="After an I/O error or a damaged journal, the kernel remounts a filesystem read-only to protect "
            "its data. Every service that writes to it now fails. If it is Prometheus' own disk, samples cannot be "
            "stored either, and this alert may not fire: then only external probes and the dead man's switch notify.",
            first_look=(
                "`dmesg -T | grep -iE 'error|remount|ext4|nvme|ata'` on the server: which device, which error?",
                "`cat /proc/mdstat` and `smartctl -a` of its members: did a disk fail?",
            ),
            action=(
                "A member failed: copy the data away if you can, then replace the disk (see *HostRaidDegraded*).",
                "The filesystem is damaged: stop the services, unmount it and run `fsck` (root: in a rescue system).",
                "It was remounted on purpose: remount it writable, or wait a week for the alert to resolve.",
            ),
            false_alarms="A disk that was writable within the last week and is now read-only on purpose.",
        ),
        fires=(
            fixtures.fires(
                "fires for a disk that has become read-only, not for one that was never writable",
                wakes,
                pending + 30,
                expected,
            ),
            Case(
                title="fires for at least six days",
                series=(disk((0, 10), (1, long.count)),),
                at=6 * _DAY,
                expects=(expected,),
                interval=long.interval,
            ),
        ),
        silent=(
            fixtures.silent("stays silent while every disk is writable", (disk((0, fixtures.count)),), pending + 30),
            fixtures.silent(
                "stays silent for a disk that was never writable", (disk((1, fixtures.count)),), pending + 30
            ),
            fixtures.silent("stays silent until it has lasted", wakes, pending),
            stopped(8, 8 * _DAY + 10 * _HOUR),
        ),
        dashboard="host",
        panel="Read-only disks",
    )
