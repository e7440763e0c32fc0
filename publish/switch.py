"""The switch of a live file: reload and read back; on any failure the previous content is restored and read back.

A server that already fails to reload its present content is found first, by a reload before anything is changed: its
error would otherwise be blamed on the new content.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from boxwatch.errors import PublishError
from boxwatch.publish import lock
from boxwatch.publish.reload import Reload
from boxwatch.publish.store import Store, be
from boxwatch.publish.store_state import Observed, State

# Receives (done, total).
Watch = Callable[[int, int], None]
# (content, seconds, progress) → closing remarks.
Confirm = Callable[[bytes | None, float, Watch | None], str]
# Minimum seconds for a read-back, however long the reload took.
LEAST = 2.0


@dataclass(frozen=True, slots=True)
class Server:
    """The server that reads a live file.

    Attributes:
        who: the server, as messages name it.
        contents: what the file holds, as messages name it.
        reload: how to reload it.
        confirm: waits until the server runs exactly this content (None for no content), for so many seconds, and
            returns closing remarks; None if the server cannot be asked.
        timeout: seconds for reload and read-back; a restore may take as long again.
        manual: whether the live file was changed manually, so that the publish may be what repairs it.
    """

    who: str
    contents: str
    reload: Reload
    confirm: Confirm | None
    timeout: float
    manual: bool = False


def tidy(store: Store, seen: Observed) -> None:
    """Remove what an interrupted publish left behind, where there is nothing to switch."""
    if seen.leftovers:
        with lock.held(store.lock):
            store.clean()


def apply(server: Server, store: Store, seen: Observed, new: bytes | None, watch: Watch | None = None) -> str:
    """Switch to the new content: reload, read back; restore the previous content on failure.

    Args:
        server: the server that reads it.
        store: where the live file is.
        seen: the state on which the plan is based.
        new: the content; None for no file.
        watch: receives the progress of the read-back.

    Returns:
        closing remarks; usually empty.

    Raises:
        PublishError: the switch failed; says why, and what is in place now.
    """
    with lock.held(store.lock):
        now = store.observe()
        if (now.live, now.state) != (seen.live, seen.state):
            raise PublishError(
                f"{store.live} changed after the plan was made; nothing was changed: run the command again"
            )
        _refuse_broken(server, now)
        old = store.baseline(now)
        entered = store.prepare(now, new)
        try:
            store.switch(new)
            end = time.monotonic() + server.timeout
            server.reload(server.timeout)
            said = _confirm(server, new, end, watch)
        except (PublishError, KeyboardInterrupt) as error:
            reason = str(error) or "interrupted"
            raise PublishError(f"{reason}\n{_restore(server, store, old, entered)}") from error
        store.close(entered, confirmed=new)
    return said


def _refuse_broken(server: Server, now: Observed) -> None:
    """Refuse to publish to a server that fails to reload what it has, which a publish is not meant to repair."""
    if not server.reload.waits or now.cut_off or server.manual:
        return
    try:
        server.reload(server.timeout)
    except PublishError as error:
        problem = f"{server.who} failed to reload what it has now, before any change"
        raise PublishError(f"{error}\n{problem}; nothing was changed: correct that first") from error


def _confirm(server: Server, content: bytes | None, end: float, watch: Watch | None = None) -> str:
    if server.confirm is None:
        return f"not read back: no {server.who.removeprefix('the ')} URL was given"
    return server.confirm(content, max(LEAST, end - time.monotonic()), watch)


def _restore(server: Server, store: Store, old: bytes | None, entered: State) -> str:
    """Restore the previous content, and report how far that got."""
    what, verb = server.contents, be(server.contents)
    past = {"are": "were", "is": "was"}[verb]
    was = f"the previous {what} {verb}" if old is not None else f"there {past} no {what} before; none {verb}"
    end = time.monotonic() + server.timeout
    rejected = ""
    try:
        store.restore(old)
    except PublishError as error:
        return str(error)
    try:
        server.reload(server.timeout)
    except PublishError as error:
        # A server keeps running what it fails to reload, which may be the previous content: read it back.
        rejected = f"{error}; it rejects the previous {what} too, so the new {what} {verb} not the cause"
    unconfirmed = rejected if server.confirm is None else _unconfirmed(server, old, end)
    if unconfirmed:
        # The state entry stays, so that the next run loads and reads back.
        why = rejected or unconfirmed
        return f"{was} on disk again, but {server.who} has not confirmed it: {why}\nrun the command again"
    try:
        store.close(entered, keep=True)
    except PublishError as error:
        return str(error)
    said = f"{was} in place again" + (f", and {server.who} has confirmed it" if server.confirm else "")
    return f"{said}\n{rejected}" if rejected else said


def _unconfirmed(server: Server, old: bytes | None, end: float) -> str:
    """Why the previous content is not confirmed as loaded; empty if it is."""
    try:
        _confirm(server, old, end)
    except PublishError as error:
        return str(error)
    return ""
