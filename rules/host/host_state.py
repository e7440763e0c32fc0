"""Server state: disk arrays, failed disks, failing collectors of node_exporter, reboots."""

from __future__ import annotations

from boxwatch.rules import names
from boxwatch.rules.model import Alert, Expected, Group, Runbook, Series, Subject
from boxwatch.rules.patterns.fragments import NODE, expr, number
from boxwatch.rules.patterns.threshold_proofs import last_pending
from boxwatch.rules.proofs.fixtures import INTERVAL, Fixtures, flat
from boxwatch.rules.template_functions import duration
from boxwatch.topology.model import Topology

ID = "host_state"

_MINUTE = 60
# Collectors that the rules need and every Linux supports. Others fail if there is nothing to read: mdadm without an
# array, conntrack without its module, bonding, nvme (measured on 1.5.0 to 1.11.1).
COLLECTORS = ("cpu", "diskstats", "filesystem", "meminfo", "netdev", "stat", "time", "timex", "vmstat")
_AGAIN = "node-exporter-again:9100"


def subject(topology: Topology) -> Subject:
    """Alerts on servers that deviate from their set-up."""
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


def _node(fixtures: Fixtures, metric: str, values: str, **labels: str) -> Series:
    return fixtures.scraped(metric, values, **{"job": names.JOB_NODE, "instance": "node-exporter:9100", **labels})


def _fixtures(topology: Topology, wait: int) -> tuple[Fixtures, int, int]:
    """Fixtures that end when a condition that holds throughout fires; that time, and the evaluation before it."""
    pending = last_pending(wait, INTERVAL)
    return Fixtures(length=pending + INTERVAL, thresholds=topology.thresholds), pending + INTERVAL, pending


def _raid(topology: Topology) -> Alert:
    name = "HostRaidDegraded"
    wait = topology.alerts.wait(name, 5 * _MINUTE)
    fixtures, after, _ = _fixtures(topology, wait)

    def array(required: int, active: int, failed: int = 0, **labels: str) -> tuple[Series, ...]:
        where = {"device": "md2", **labels}
        return (
            _node(fixtures, "node_md_disks_required", flat(required, fixtures.count), **where),
            _node(fixtures, "node_md_disks", flat(active, fixtures.count), state="active", **where),
            _node(fixtures, "node_md_disks", flat(failed, fixtures.count), state="failed", **where),
            _node(fixtures, "node_md_disks", flat(0, fixtures.count), state="spare", **where),
        )

    return Alert(
        alert=name,
        # `active` counts members with complete data: one that is being rebuilt is not included.
        expr=expr(f"""
            max by ({names.BY_DEVICE}) (node_md_disks_required{{{NODE}}})
              - on ({names.BY_DEVICE})
            min by ({names.BY_DEVICE}) (node_md_disks{{{NODE},state="active"}})
              > 0
        """),
        wait=wait,
        # Users notice nothing, which is the purpose of an array. The second disk fails in the same night once in many
        # thousand cases.
        severity="warning",
        summary="A disk array is degraded.",
        description="Array {{ $labels.device }} of {{ $labels.server }} is missing {{ $value }} of its disks.",
        runbook=Runbook(
            meaning="All data is available and everything works, but the next disk failure may destroy it. On a "
            "Hetzner dedicated server, arrays are RAID 1 of two disks, so the other disk is now the only copy.",
            first_look=(
                "`cat /proc/mdstat` on the server: `_` in `[U_]` is the missing disk; `recovery =` means rebuilding.",
                "`smartctl -a /dev/nvme0n1` (and nvme1n1, sda, sdb): which disk has errors? Note its serial number.",
                "Does last night's backup exist, and is it readable?",
            ),
            action=(
                "Order a replacement (Hetzner: Robot, *Support*, *Server disk*, with the serial number).",
                "Before the swap: `mdadm /dev/md2 --fail /dev/nvme1n1p3 --remove /dev/nvme1n1p3`, for each array.",
                "After the swap: copy the partition table, `mdadm /dev/md2 --add PARTITION`, install the boot loader.",
                "The disk is healthy and only dropped out: `mdadm --re-add`; replace it if it happens again.",
            ),
            false_alarms="An array created with a `missing` member on purpose. The monthly array check does not count.",
        ),
        fires=(
            fixtures.fires(
                "fires for the array with a missing disk, not for the others",
                (
                    *array(2, 1, 1),
                    *array(2, 2, device="md1"),
                    *array(2, 2, server="second"),
                    # A spare failed: nothing is missing.
                    *array(2, 2, 1, server="second", device="md1"),
                    # A different exporter with a metric of the same name.
                    *array(2, 0, server="second", job="storage"),
                ),
                after,
                Expected({"server": "main", "device": "md2"}, "Array md2 of main is missing 1 of its disks."),
            ),
            fixtures.fires(
                "fires for the worse of two exporters on a server",
                (*array(4, 3), *array(3, 2, instance=_AGAIN)),
                after,
                Expected({"server": "main", "device": "md2"}, "Array md2 of main is missing 2 of its disks."),
            ),
        ),
        silent=(
            fixtures.silent("stays silent for a complete array", array(2, 2), after),
            fixtures.silent("stays silent where there is no array", array(2, 2, server="second"), after),
            fixtures.silent("stays silent while a member is added to a complete array", array(2, 3), after),
        ),
        dashboard="host",
        panel="Missing disks",
    )


def _inactive(topology: Topology) -> Alert:
    name = "HostRaidInactive"
    wait = topology.alerts.wait(name, 2 * _MINUTE)
    fixtures, after, pending = _fixtures(topology, wait)

    def state(inactive: int, **labels: str) -> tuple[Series, ...]:
        return tuple(
            _node(fixtures, "node_md_state", flat(value, fixtures.count), **{"device": "md2", "state": of, **labels})
            for of, value in (("active", 1 - inactive), ("inactive", inactive))
        )

    return Alert(
        alert=name,
        # An inactive array requires no disks, so HostRaidDegraded does not fire.
        expr=f'max by ({names.BY_DEVICE}) (node_md_state{{{NODE},state="inactive"}}) == 1',
        wait=wait,
        severity="critical",
        summary="A disk array is inactive.",
        description="Array {{ $labels.device }} of {{ $labels.server }} is inactive: its data cannot be accessed.",
        runbook=Runbook(
            meaning="The kernel has stopped the array or could not start it: too many members are missing, or they "
            "disagree. No data on it can be read or written.",
            first_look=(
                "`cat /proc/mdstat` on the server, and `mdadm --detail` of the array: which members are left?",
                "`dmesg -T | grep -iE 'md|raid|ata|nvme'`: did a disk or its controller fail?",
                "`mdadm --examine` of each member: how far apart are their event counts?",
            ),
            action=(
                "Stop everything that writes to it. If the data matters, copy the members before trying anything.",
                "All members are present: `mdadm --stop` the array, then `mdadm --assemble --scan`.",
                "Too many have failed: replace the disks and restore the last backup.",
            ),
            false_alarms="An array that was stopped on purpose but is still known to the kernel.",
        ),
        fires=(
            fixtures.fires(
                "fires for the inactive array, not for the others",
                (
                    *(*state(1), *state(1, instance="third:9100"), *state(0, instance=_AGAIN)),
                    *(*state(0, device="md1"), *state(1, job="storage", device="x")),
                ),
                after,
                Expected(
                    {"server": "main", "device": "md2"}, "Array md2 of main is inactive: its data cannot be accessed."
                ),
            ),
        ),
        silent=(
            fixtures.silent("stays silent for an active array", state(0), after),
            fixtures.silent("stays silent until it has lasted", state(1), pending),
        ),
        dashboard="host",
        panel="Missing disks",
    )


def _gone(topology: Topology) -> Alert:
    name = "HostDiskGone"
    wait = topology.alerts.wait(name, 5 * _MINUTE)
    pending = 5 * INTERVAL + last_pending(wait, INTERVAL)
    fixtures = Fixtures(length=pending + INTERVAL, thresholds=topology.thresholds)
    failing = f"0x4 1x{fixtures.count}"

    def disk(error: str, size: str, **labels: str) -> tuple[Series, ...]:
        where = {"device": "/dev/sdb1", "mountpoint": "/data", "fstype": "ext4", **labels}
        return (
            _node(fixtures, "node_filesystem_device_error", error, **where),
            _node(fixtures, "node_filesystem_size_bytes", size, **where),
        )

    broken = disk(failing, "100x4 stale")
    hour, day = 3600, 24
    weeks = Fixtures(length=(wait // hour + 12 * day) * hour, thresholds=topology.thresholds, interval=hour)
    silent_since = tuple(
        _node(weeks, metric, values, device="/dev/sdb1", mountpoint="/data", fstype="ext4")
        for metric, values in (
            ("node_filesystem_device_error", f"0x3 1x{weeks.count}"),
            ("node_filesystem_size_bytes", "100x3 stale"),
        )
    )
    return Alert(
        alert=name,
        # The disk's other series end with the first failed statfs, so every alert on them falls silent. A mount that
        # never responded is one that the exporter has no permission to read.
        expr=expr(f"""
            max by ({names.BY_DEVICE}) (node_filesystem_device_error{{{NODE}}}) == 1
            and on ({names.BY_DEVICE})
            max by ({names.BY_DEVICE}) (max_over_time(node_filesystem_size_bytes{{{NODE}}}[7d]))
            unless on ({names.BY_DEVICE})
            max by ({names.BY_DEVICE}) (node_filesystem_size_bytes{{{NODE}}})
        """),
        wait=wait,
        severity="critical",
        summary="A disk has stopped responding.",
        description="Disk {{ $labels.device }} of {{ $labels.server }} no longer responds.",
        runbook=Runbook(
            meaning="The filesystem is mounted, but the kernel gets no response from it: the disk, its cable or "
            "controller, or the network storage behind it has failed. Meanwhile, alerts on its free space stay silent.",
            first_look=(
                "`df` on the server: does it hang, or report `Input/output error`?",
                "`dmesg -T | tail -100`: is the device offline, or does it time out?",
                "`lsblk` and `smartctl -a` of the disk: is it still present?",
            ),
            action=(
                "Network storage: restore its server or the connection to it, and remount it.",
                "A local disk: stop everything that uses it, replace it, and restore the last backup.",
            ),
            false_alarms="A mount of FUSE or of a container that the exporter used to be able to read.",
        ),
        fires=(
            fixtures.fires(
                "fires for a disk that used to respond, not for a mount that never did",
                (
                    *broken,
                    *disk(flat(0, fixtures.count), flat(100, fixtures.count), device="/dev/sda1"),
                    *disk(flat(0, fixtures.count), flat(100, fixtures.count), server="second"),
                    _node(fixtures, "node_filesystem_device_error", flat(1, fixtures.count), device="fuse"),
                    *disk(failing, "100x4 stale", job="storage", device="/dev/sdc1"),
                    # Its other mount fails too. The mount that never responded is named like one of another server and
                    # one of another job that did.
                    *disk(failing, "100x4 stale", mountpoint="/srv"),
                    *disk(flat(0, fixtures.count), flat(100, fixtures.count), server="second", device="fuse"),
                    _node(
                        fixtures, "node_filesystem_size_bytes", flat(100, fixtures.count), job="storage", device="fuse"
                    ),
                ),
                pending + INTERVAL,
                Expected({"server": "main", "device": "/dev/sdb1"}, "Disk /dev/sdb1 of main no longer responds."),
            ),
            *(
                [
                    weeks.fires(
                        "fires for six days after the disk last responded",
                        silent_since,
                        6 * day * hour,
                        Expected(
                            {"server": "main", "device": "/dev/sdb1"},
                            "Disk /dev/sdb1 of main no longer responds.",
                        ),
                    )
                ]
                if wait < 5 * day * hour
                else []
            ),
        ),
        silent=(
            fixtures.silent("stays silent until it has lasted", broken, pending),
            weeks.silent("stays silent once the disk last responded over a week ago", silent_since, 8 * day * hour),
            fixtures.silent(
                "stays silent while one of the disk's mounts responds",
                (*broken, *disk(flat(0, fixtures.count), flat(100, fixtures.count), mountpoint="/srv")),
                pending + INTERVAL,
            ),
        ),
        dashboard="host",
        panel="Free disk space",
    )


def _collector(topology: Topology) -> Alert:
    name = "HostCollectorFailing"
    wait = topology.alerts.wait(name, 15 * _MINUTE)
    fixtures, after, _ = _fixtures(topology, wait)

    def collector(success: int, collector: str, **labels: str) -> Series:
        return _node(
            fixtures,
            "node_scrape_collector_success",
            flat(success, fixtures.count),
            **{"collector": collector, **labels},
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
        summary="A collector of node_exporter that alerts depend on is failing.",
        description="Collector {{ $labels.collector }} of node_exporter on {{ $labels.server }} is failing.",
        runbook=Runbook(
            meaning="node_exporter responds, but some of its metrics are missing, so alerts on them stay silent.",
            first_look=("Look for `collector failed` in node_exporter's log (`docker logs node-exporter`).",),
            action=(
                "In a container: mount / as /host read-only with `rslave`, and start it with `--path.rootfs=/host`.",
                "A disk that does not respond blocks `filesystem`: check `dmesg -T`.",
            ),
            false_alarms="None known: only collectors that every Linux supports count.",
        ),
        fires=(
            fixtures.fires(
                "fires for each failing collector, not for those with nothing to read",
                (
                    *(collector(0, one) for one in COLLECTORS),
                    *(collector(1, one, server="second") for one in COLLECTORS),
                    *(collector(0, one) for one in ("mdadm", "conntrack", "nvme")),
                ),
                after,
                *(
                    Expected(
                        {"server": "main", "collector": one},
                        f"Collector {one} of node_exporter on main is failing.",
                    )
                    for one in COLLECTORS
                ),
            ),
            fixtures.fires(
                "fires when the collector fails in one of two exporters on a server",
                (collector(0, "cpu"), collector(1, "cpu", instance=_AGAIN)),
                after,
                Expected(
                    {"server": "main", "collector": "cpu"},
                    "Collector cpu of node_exporter on main is failing.",
                ),
            ),
        ),
        silent=(
            fixtures.silent(
                "stays silent while all collectors work",
                (*(collector(1, one) for one in COLLECTORS), collector(0, "cpu", job="windows")),
                after,
            ),
            fixtures.silent("stays silent for a collector with nothing to read", (collector(0, "mdadm"),), after),
        ),
        dashboard="host",
        panel="Failing collectors",
    )


def _rebooted(topology: Topology) -> Alert:
    name = "HostRebooted"
    threshold = topology.alerts.threshold(name, 10 * _MINUTE)
    after = 10 * _MINUTE
    fixtures = Fixtures(length=after, thresholds=topology.thresholds)

    # Exactly as the subtraction yields it.
    nearly = after - (after - threshold * 0.99)

    def up(seconds: float, server: str = "main", **labels: str) -> Series:
        """A server that has been up for this long when the alert is evaluated."""
        return _node(fixtures, "node_boot_time_seconds", flat(after - seconds, fixtures.count), server=server, **labels)

    return Alert(
        alert=name,
        # Compared with time() rather than by changes(), because the boot time shifts by a second when the clock is
        # corrected.
        expr=f"time() - max by ({names.BY_SERVER}) (node_boot_time_seconds{{{NODE}}}) < {number(threshold)}",
        wait=0,
        severity="info",
        summary="A server has rebooted.",
        description="Server {{ $labels.server }} booted {{ $value | humanizeDuration }} ago.",
        runbook=Runbook(
            meaning="The reboot explains other alerts at that time: every service was down for a few minutes.",
            first_look=(
                "`last -x reboot shutdown | head` on the server: was the reboot requested?",
                "`journalctl -b -1 -e`: a log that ends without a shutdown means power loss or a kernel panic.",
            ),
            action=(
                "It was not requested: look for a kernel panic or a hardware fault, and ask the provider.",
                "Check that every service came back; *ServiceDown* fires for those that did not.",
            ),
            false_alarms="None known.",
        ),
        fires=(
            fixtures.fires(
                "fires for the server that rebooted, not for those that have been up longer",
                (up(threshold / 2), up(1.01 * threshold, "second"), up(3 * threshold, instance=_AGAIN)),
                after,
                Expected({"server": "main"}, f"Server main booted {duration(threshold / 2)} ago."),
            ),
            fixtures.fires(
                "fires just before the threshold",
                (up(nearly),),
                after,
                Expected({"server": "main"}, f"Server main booted {duration(nearly)} ago."),
            ),
        ),
        silent=(
            # Only if the difference is exact.
            *(
                [fixtures.silent("stays silent at exactly the threshold", (up(threshold),), after)]
                if after - (after - threshold) == threshold
                else []
            ),
            fixtures.silent("stays silent beyond the threshold", (up(threshold * 1.01),), after),
        ),
        threshold=threshold,
        threshold_source="long enough to be seen next to other alerts of that time",
        dashboard="host",
        panel="Time since boot",
        instead="it fires from the boot until the threshold: change `threshold`",
    )
