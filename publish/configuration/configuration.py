"""The configuration of a running Alertmanager or blackbox exporter, as plan and apply: switched, loaded, read back.

On any failure the previous configuration is restored, loaded and read back. If the publisher is killed, the old or the
new configuration is live as a whole, and the next run completes or undoes the publish.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish import config_changes, switch
from boxwatch.publish.configuration.bundle import Bundle
from boxwatch.publish.configuration.config_store import ConfigStore
from boxwatch.publish.configuration.kinds import Kind
from boxwatch.publish.http import Client
from boxwatch.publish.reload import Reload
from boxwatch.publish.rule_changes import Change
from boxwatch.publish.store_state import Observed, State, digest

_PAUSE, _SOON = 0.25, 5.0


@dataclass(frozen=True, slots=True)
class Target:
    """A server and the directory it reads its configuration from.

    Attributes:
        kind: what server it is.
        directory: of the configuration file, as we see it.
        client: for the read-back; None if no URL was given.
        reload: how to reload it.
        timeout: seconds for reload and read-back; a restore may take as long again.
    """

    kind: Kind
    directory: Path
    client: Client | None
    reload: Reload
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish or a rollback would do.

    Attributes:
        seen: the directory's present state.
        new: the bundle to be live.
        changes: item by item.
        notes: remarks to show before applying.
        needed: whether there is anything to do: a difference, an interrupted publish, or a file that is not loaded.
        manual: manual changes of the live file, one per line; empty if there are none.
    """

    seen: Observed
    new: Bundle
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    needed: bool
    manual: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""
        return {
            "needed": self.needed,
            "changes": [change.to_json() for change in self.changes],
            "notes": list(self.notes),
        }


def plan(target: Target, new: Bundle, *, overwrite: bool = False) -> Plan:
    """Compare a bundle with the live one, on disk and in the server. Reads only.

    Raises:
        PublishError: the directory or the server cannot be used, or the live file was changed manually.
    """
    kind, store = target.kind, ConfigStore(target.directory, target.kind)
    seen = store.observe()
    live = Bundle.unpacked(seen.live) if seen.live is not None else None
    desired = digest(new.packed())
    manual: tuple[str, ...] = ()
    notes: list[str] = []
    if seen.manual and live:
        if seen.state == State() and live.config.startswith(kind.header):
            notes.append(f"{store.live} was written by `boxwatch build`; publish takes it over")
        elif digest(seen.live) != desired:
            manual = tuple(_manual(kind, store, seen, live))
    if manual and not overwrite:
        what = (
            "nothing was changed: carry the change over into the topology, then pass --overwrite-changed "
            f"(a rollback restores it); to keep a configuration of your own, omit --{kind.option}-dir"
        )
        raise PublishError("\n".join([f"{manual[0]}; {what}", *manual[1:]]))
    # A file that is right already is recorded as ours, so that later changes to it are known to be manual.
    needed = digest(seen.live) != desired or seen.cut_off or seen.manual
    if seen.cut_off:
        notes.append("the last publish was interrupted; this one completes or undoes it")
    if target.client:
        if not overwrite:
            _refuse_another_place(target, target.client, seen, live)
        if not needed and (problem := kind.differs(target.client, new, target.timeout)):
            notes.append(problem)
            needed = True
    return Plan(seen, new, tuple(_changes(kind, live, new)), tuple(notes), needed, manual)


def rollback(target: Target, *, overwrite: bool = False) -> Plan:
    """Plan the return to the configuration before the last publish, or before an interrupted one.

    Raises:
        PublishError: there is nothing to return to, or as for `plan`.
    """
    store = ConfigStore(target.directory, target.kind)
    seen = store.observe()
    name = seen.state.before if seen.cut_off else seen.state.previous
    if name is None:
        raise PublishError(f"nothing has been published to {store.live}, so there is nothing to roll back")
    content = store.content(name)
    if content is None:
        raise PublishError(f"there was no {store.live} before, without which {target.kind.who} does not run")
    return plan(target, Bundle.unpacked(content), overwrite=overwrite)


def apply(target: Target, plan: Plan) -> str:
    """Apply a plan: switch, reload, read back; restore the previous configuration on failure.

    Returns:
        closing remarks; usually empty.

    Raises:
        PublishError: the plan was not applied; says why, and what is in place now.
    """
    store = ConfigStore(target.directory, target.kind)
    if not plan.needed:
        switch.tidy(store, plan.seen)
        return ""
    confirm = _confirmation(target, target.client) if target.client else None
    server = switch.Server(target.kind.who, "configuration", target.reload, confirm, target.timeout, bool(plan.manual))
    return switch.apply(server, store, plan.seen, plan.new.packed())


def _confirmation(target: Target, client: Client) -> switch.Confirm:
    def confirm(content: bytes | None, timeout: float, watch: switch.Watch | None) -> str:  # noqa: ARG001 - over at once
        end = time.monotonic() + (min(timeout, _SOON) if target.reload.waits else timeout)
        bundle = Bundle.unpacked(content) if content is not None else None
        while bundle is not None:
            try:
                problem = target.kind.differs(client, bundle, min(timeout, 10.0))
            except PublishError as error:
                # The server may be restarting.
                problem = str(error)
            if not problem:
                break
            if time.monotonic() >= end:
                raise PublishError(problem)
            time.sleep(_PAUSE)
        return ""

    return confirm


def _changes(kind: Kind, old: Bundle | None, new: Bundle) -> Iterator[Change]:
    """Changes of the file and of the files it names, whose names say nothing."""
    before, after = (_anonymous(bundle) for bundle in (old, new))
    if before[0] != after[0]:
        yield from config_changes.changes(kind.file, before[0], after[0])
    if before[1] and before[1] != after[1]:
        yield Change("changed", "boxwatch.tmpl")


def _anonymous(bundle: Bundle | None) -> tuple[bytes | None, list[bytes]]:
    if bundle is None:
        return None, []
    config = bundle.config
    for path in bundle.files:
        config = config.replace(path.encode(), b"boxwatch.tmpl")
    return config, list(bundle.files.values())


def _manual(kind: Kind, store: ConfigStore, seen: Observed, live: Bundle) -> Iterator[str]:
    """Manual changes since our last publish, one per line, after a line that says so."""
    yield f"{store.live} was changed manually, or not written by `boxwatch publish`"
    try:
        content = store.content(seen.state.current)
    except PublishError:
        return
    if content is not None:
        yield from (f"manually: {change}" for change in _changes(kind, Bundle.unpacked(content), live))


def _refuse_another_place(target: Target, client: Client, seen: Observed, live: Bundle | None) -> None:
    """Refuse a directory that the server does not read, before anything is written to it."""
    if seen.state != State():
        return
    kind, place = target.kind, target.directory / target.kind.file
    again = f"pass the directory it reads as --{kind.option}-dir"
    if live is None:
        raise PublishError(
            f"{kind.who} runs, but {place} does not exist, so it reads another file; nothing was written: "
            f"start it with --config.file={place}, or {again}"
        )
    if problem := kind.differs(client, live, target.timeout):
        raise PublishError(
            f"{problem}: it reads another file than {place}, or the file was changed and not loaded; nothing was "
            f"written: reload it, or {again}"
        )
