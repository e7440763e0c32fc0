"""Whether a server is whole: its arrays of disks, what its exporter reads, and reboots."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import NODE, expr, number
from boxwatch.rules.patterns.threshold_proofs import last_pending
from boxwatch.rules.proofs.fixtures import INTERVAL, World, flat
from boxwatch.rules.template_functions import duration
from boxwatch.topology.model import Topology

ID = "host_state"

_MINUTE = 60
# What the rules read and every Linux has. Others fail where there is nothing to read: mdadm without an array, conntrack
# without the module, bonding, nvme (measured on 1.5.0 to 1.11.1).
COLLECTORS = ("cpu", "diskstats", "filesystem", "meminfo", "netdev", "stat", "time", "timex", "vmstat")
_AGAIN = "node-exporter-again:9100"


def subject(topology: Topology) -> Subject:
    """Alerts on servers that are not as they were set up."""
    return Subject(
        id=ID,
        title="State of the server",
        groups=(
            Group(
                name="host-state",
                rules=(
                    _raid(topology),
                    _inactive(topology),
                    _gone(topology),
                    _collector(topology),
                    _rebooted(topology),
                ),
            ),
        ),
    )


def _node(world: World, metric: str, values: str, **labels: str) -> Series:
    return world.scraped(metric, values, **{"job": names.JOB_NODE, "instance": "node-exporter:9100", **labels})


def _world(topology: Topology, wait: int) -> tuple[World, int, int]:
    """A world that ends when what began with it fires; then, and the last evaluation before."""
    pending = last_pending(wait, INTERVAL)
    return World(length=pending + INTERVAL, thresholds=topology.thresholds), pending + INTERVAL, pending


def _raid(topology: Topology) -> Alert:
    name = "HostRaidDegraded"
    wait = topology.alerts.wait(name, 5 * _MINUTE)
    world, after, _ = _world(topology, wait)

    def array(required: int, active: int, failed: int = 0, **labels: str) -> tuple[Series, ...]:
        where = {"device": "md2", **labels}
        return (
            _node(world, "node_md_disks_required", flat(required, world.count), **where),
            _node(world, "node_md_disks", flat(active, world.count), state="active", **where),
            _node(world, "node_md_disks", flat(failed, world.count), state="failed", **where),
            _node(world, "node_md_disks", flat(0, world.count), state="spare", **where),
        )

    return Alert(
        alert=name,
        # `active` are the members that hold all data: one that is being rebuilt is not among them.
        expr=expr(f"""
            max by ({names.BY_DEVICE}) (node_md_disks_required{{{NODE}}})
              - on ({names.BY_DEVICE})
            min by ({names.BY_DEVICE}) (node_md_disks{{{NODE},state="active"}})
              > 0
        """),
        wait=wait,
        # Nobody notices, and that is what the array is for. The second disk fails in the same night once in many
        # thousand times.
        severity="warning",
        summary="An array of disks has lost a member.",
        description="Array {{ $labels.device }} of {{ $labels.server }} has {{ $value }} of its disks missing.",
        runbook=Runbook(
            meaning="The data is there and everything works, but the next disk that fails takes it away. On a Hetzner "
            "dedicated server the arrays are RAID 1 of two disks, so the other disk is now the only copy.",
            first_look=(
                "`cat /proc/mdstat` on the server: `[U_]` has a hole; `recovery =` means that it is being rebuilt.",
                "`smartctl -a /dev/nvme0n1` (and nvme1n1, sda, sdb): which disk has errors, and its serial number.",
                "Does last night's backup exist, and can it be read?",
            ),
            action=(
                "Order the replacement (Hetzner: Robot, *Support*, *Server disk*, with the serial number).",
                "Before it: `mdadm /dev/md2 --fail /dev/nvme1n1p3 --remove /dev/nvme1n1p3`, for each array.",
                "After it: copy the partition table, `mdadm /dev/md2 --add PARTITION`, install the boot loader there.",
                "The disk is well and only fell out: `mdadm --re-add`, and replace it the second time.",
            ),
            false_alarms="An array that was made with a member `missing` on purpose. The monthly check of arrays does "
            "not count.",
        ),
        fires=(
            world.fires(
                "fires for the array without one of its disks, and not for the others",
                (
                    *array(2, 1, 1),
                    *array(2, 2, device="md1"),
                    *array(2, 2, server="second"),
                    # A spare that failed: nothing is missing.
                    *array(2, 2, 1, server="second", device="md1"),
                    # Another exporter that calls something else so.
                    *array(2, 0, server="second", job="storage"),
                ),
                after,
                Expected({"server": "main", "device": "md2"}, "Array md2 of main has 1 of its disks missing."),
            ),
            world.fires(
                "fires for what the worse of two exporters of a server says",
                (*array(4, 3), *array(3, 2, instance=_AGAIN)),
                after,
                Expected({"server": "main", "device": "md2"}, "Array md2 of main has 2 of its disks missing."),
            ),
        ),
        silent=(
            world.silent("is silent for a whole array", array(2, 2), after),
            world.silent("is silent where there is no array", array(2, 2, server="second"), after),
            world.silent("is silent while a member is added to an array that has all", array(2, 3), after),
        ),
        dashboard="host",
        panel="Disks missing",
    )


def _inactive(topology: Topology) -> Alert:
    name = "HostRaidInactive"
    wait = topology.alerts.wait(name, 2 * _MINUTE)
    world, after, pending = _world(topology, wait)

    def state(inactive: int, **labels: str) -> tuple[Series, ...]:
        return tuple(
            _node(world, "node_md_state", flat(value, world.count), **{"device": "md2", "state": of, **labels})
            for of, value in (("active", 1 - inactive), ("inactive", inactive))
        )

    return Alert(
        alert=name,
        # An inactive array requires no disks, so it is not degraded either.
        expr=f'max by ({names.BY_DEVICE}) (node_md_state{{{NODE},state="inactive"}}) == 1',
        wait=wait,
        severity="critical",
        summary="An array of disks is inactive.",
        description="Array {{ $labels.device }} of {{ $labels.server }} is inactive: nothing on it can be read.",
        runbook=Runbook(
            meaning="The kernel has stopped the array, or could not start it: too many members are missing, or they "
            "disagree. No data on it can be read or written.",
            first_look=(
                "`cat /proc/mdstat` on the server, and `mdadm --detail` of the array: which members are left?",
                "`dmesg -T | grep -iE 'md|raid|ata|nvme'`: did a disk or its controller fail?",
                "`mdadm --examine` of each member: how far apart are their event counts?",
            ),
            action=(
                "Stop what writes there. Copy the members before you try anything, if the data matters.",
                "All members are there: `mdadm --stop` the array, then `mdadm --assemble --scan`.",
                "Too many have failed: replace the disks and restore the last backup.",
            ),
            false_alarms="An array that was stopped on purpose and is still known to the kernel.",
        ),
        fires=(
            world.fires(
                "fires for the inactive array, and not for the others",
                (
                    *(*state(1), *state(1, instance="third:9100"), *state(0, instance=_AGAIN)),
                    *(*state(0, device="md1"), *state(1, job="storage", device="x")),
                ),
                after,
                Expected(
                    {"server": "main", "device": "md2"}, "Array md2 of main is inactive: nothing on it can be read."
                ),
            ),
        ),
        silent=(
            world.silent("is silent for an active array", state(0), after),
            world.silent("is silent when it has not lasted", state(1), pending),
        ),
        dashboard="host",
        panel="Disks missing",
    )


def _gone(topology: Topology) -> Alert:
    name = "HostDiskGone"
    wait = topology.alerts.wait(name, 5 * _MINUTE)
    pending = 5 * INTERVAL + last_pending(wait, INTERVAL)
    world = World(length=pending + INTERVAL, thresholds=topology.thresholds)
    failing = f"0x4 1x{world.count}"

    def disk(error: str, size: str, **labels: str) -> tuple[Series, ...]:
        where = {"device": "/dev/sdb1", "mountpoint": "/data", "fstype": "ext4", **labels}
        return (
            _node(world, "node_filesystem_device_error", error, **where),
            _node(world, "node_filesystem_size_bytes", size, **where),
        )

    broken = disk(failing, "100x4 stale")
    hour, day = 3600, 24
    weeks = World(length=(wait // hour + 12 * day) * hour, thresholds=topology.thresholds, interval=hour)
    silent_since = tuple(
        _node(weeks, metric, values, device="/dev/sdb1", mountpoint="/data", fstype="ext4")
        for metric, values in (
            ("node_filesystem_device_error", f"0x3 1x{weeks.count}"),
            ("node_filesystem_size_bytes", "100x3 stale"),
        )
    )
    return Alert(
        alert=name,
        # Its other series end with the first failed statfs, so every alert on them falls silent. What never answered is
        # a mount that the exporter may not read.
        expr=expr(f"""
            max by ({names.BY_DEVICE}) (node_filesystem_device_error{{{NODE}}}) == 1
            and on ({names.BY_DEVICE})
            max by ({names.BY_DEVICE}) (max_over_time(node_filesystem_size_bytes{{{NODE}}}[7d]))
            unless on ({names.BY_DEVICE})
            max by ({names.BY_DEVICE}) (node_filesystem_size_bytes{{{NODE}}})
        """),
        wait=wait,
        severity="critical",
        summary="A disk has stopped answering.",
        description="Disk {{ $labels.device }} of {{ $labels.server }} does not answer any more.",
        runbook=Runbook(
            meaning="The filesystem is mounted and the kernel gets no answer about it: the disk, its cable or "
            "controller, or the network storage behind it has failed. Alerts on its free space are silent meanwhile.",
            first_look=(
                "`df` on the server: does it hang, or say `Input/output error`?",
                "`dmesg -T | tail -100`: is the device offline, or does it time out?",
                "`lsblk` and `smartctl -a` of the disk: is it still there?",
            ),
            action=(
                "Network storage: bring its server or the way to it back, and mount it again.",
                "A local disk: stop what uses it, have it replaced, and restore the last backup.",
            ),
            false_alarms="A mount of FUSE or of a container that the exporter could read and no longer may.",
        ),
        fires=(
            world.fires(
                "fires for the disk that answered once, and not for what never did",
                (
                    *broken,
                    *disk(flat(0, world.count), flat(100, world.count), device="/dev/sda1"),
                    *disk(flat(0, world.count), flat(100, world.count), server="second"),
                    _node(world, "node_filesystem_device_error", flat(1, world.count), device="fuse"),
                    *disk(failing, "100x4 stale", job="storage", device="/dev/sdc1"),
                    # Its other mount fails, too; what never did is called like one that another server or job knows.
                    *disk(failing, "100x4 stale", mountpoint="/srv"),
                    *disk(flat(0, world.count), flat(100, world.count), server="second", device="fuse"),
                    _node(world, "node_filesystem_size_bytes", flat(100, world.count), job="storage", device="fuse"),
                ),
                pending + INTERVAL,
                Expected({"server": "main", "device": "/dev/sdb1"}, "Disk /dev/sdb1 of main does not answer any more."),
            ),
            *(
                [
                    weeks.fires(
                        "fires for six days after it answered",
                        silent_since,
                        6 * day * hour,
                        Expected(
                            {"server": "main", "device": "/dev/sdb1"},
                            "Disk /dev/sdb1 of main does not answer any more.",
                        ),
                    )
                ]
                if wait < 5 * day * hour
                else []
            ),
        ),
        silent=(
            world.silent("is silent when it has not lasted", broken, pending),
            weeks.silent("is silent when it last answered more than a week ago", silent_since, 8 * day * hour),
            world.silent(
                "is silent while one of its mounts answers",
                (*broken, *disk(flat(0, world.count), flat(100, world.count), mountpoint="/srv")),
                pending + INTERVAL,
            ),
        ),
        dashboard="host",
        panel="Disk space free",
    )


def _collector(topology: Topology) -> Alert:
    name = "HostCollectorFailing"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    world, after, _ = _world(topology, wait)

    def collector(success: int, collector: str, **labels: str) -> Series:
        return _node(
            world, "node_scrape_collector_success", flat(success, world.count), **{"collector": collector, **labels}
        )

    return Alert(
        alert=name,
        expr=expr(f"""
            min by ({names.BY_SERVER}, collector) (
              node_scrape_collector_success{{{NODE},collector=~"{"|".join(COLLECTORS)}"}}
            ) == 0
        """),
        wait=wait,
        severity="warning",
        summary="The exporter of a server cannot read something that the alerts need.",
        description="On {{ $labels.server }} node_exporter cannot read what collector {{ $labels.collector }} is for.",
        runbook=Runbook(
            meaning="The exporter answers, but a part of what it should tell is missing, so alerts on that part stay "
            "silent.",
            first_look=("node_exporter's log (`docker logs node-exporter`): the line `collector failed`.",),
            action=(
                "In a container: mount / as /host read-only with `rslave`, and start it with `--path.rootfs=/host`.",
                "A disk that does not answer blocks `filesystem`: see `dmesg -T`.",
            ),
            false_alarms="None known: only collectors that every Linux has are looked at.",
        ),
        fires=(
            world.fires(
                "fires for each collector that fails, and not for those that have nothing to read",
                (
                    *(collector(0, one) for one in COLLECTORS),
                    *(collector(1, one, server="second") for one in COLLECTORS),
                    *(collector(0, one) for one in ("mdadm", "conntrack", "nvme")),
                ),
                after,
                *(
                    Expected(
                        {"server": "main", "collector": one},
                        f"On main node_exporter cannot read what collector {one} is for.",
                    )
                    for one in COLLECTORS
                ),
            ),
            world.fires(
                "fires when one of two exporters of a server fails",
                (collector(0, "cpu"), collector(1, "cpu", instance=_AGAIN)),
                after,
                Expected(
                    {"server": "main", "collector": "cpu"},
                    "On main node_exporter cannot read what collector cpu is for.",
                ),
            ),
        ),
        silent=(
            world.silent(
                "is silent while all work",
                (*(collector(1, one) for one in COLLECTORS), collector(0, "cpu", job="windows")),
                after,
            ),
            world.silent("is silent where there is nothing to read", (collector(0, "mdadm"),), after),
        ),
        dashboard="host",
        panel="Collectors that fail",
    )


def _rebooted(topology: Topology) -> Alert:
    name = "HostRebooted"
    threshold = topology.alerts.threshold(name, 10 * _MINUTE)
    after = 10 * _MINUTE
    world = World(length=after, thresholds=topology.thresholds)

    # As it comes out of the subtraction, to the last bit.
    nearly = after - (after - threshold * 0.99)

    def up(seconds: float, server: str = "main", **labels: str) -> Series:
        """A server that will have been up for so long when it is looked at."""
        return _node(world, "node_boot_time_seconds", flat(after - seconds, world.count), server=server, **labels)

    return Alert(
        alert=name,
        # Against the clock and not by changes(): the kernel's boot time moves by a second when the clock is corrected.
        expr=f"time() - max by ({names.BY_SERVER}) (node_boot_time_seconds{{{NODE}}}) < {number(threshold)}",
        wait=0,
        severity="info",
        summary="A server was started a moment ago.",
        description="Server {{ $labels.server }} was started {{ $value | humanizeDuration }} ago.",
        runbook=Runbook(
            meaning="It is told so that what else happens at that time has an explanation: every service was down for "
            "a few minutes.",
            first_look=(
                "`last -x reboot shutdown | head` on the server: was it asked to?",
                "`journalctl -b -1 -e`: the last lines before; nothing at the end means power or a kernel panic.",
            ),
            action=(
                "Nobody asked for it: look for a kernel panic or a fault of the hardware, and ask the provider.",
                "Check that every service came back: *ServiceDown* tells.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            world.fires(
                "fires for the server that was started, and not for those that have been up for longer",
                (up(threshold / 2), up(1.01 * threshold, "second"), up(3 * threshold, instance=_AGAIN)),
                after,
                Expected({"server": "main"}, f"Server main was started {duration(threshold / 2)} ago."),
            ),
            world.fires(
                "fires just before it is too long ago",
                (up(nearly),),
                after,
                Expected({"server": "main"}, f"Server main was started {duration(nearly)} ago."),
            ),
        ),
        silent=(
            # Where the difference is exact.
            *(
                [world.silent("is silent when it is exactly too long ago", (up(threshold),), after)]
                if after - (after - threshold) == threshold
                else []
            ),
            world.silent("is silent when it is too long ago", (up(threshold * 1.01),), after),
        ),
        threshold=threshold,
        threshold_source="long enough to be found beside what else happened then",
        dashboard="host",
        panel="Time since boot",
        instead="it is true for as long as its threshold says, and told from the first moment: change `threshold`",
    )
