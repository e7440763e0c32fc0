"""Prometheus' whole directory, as plan and apply: configuration and rules switched in one rename, loaded, read back.

Rules that need a relabelling that is not live page falsely, so both are one release. On any failure the previous
release is restored, loaded and read back. If the publisher is killed, the directory holds the old or the new release as
a whole, and the next run completes or undoes the publish.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from boxwatch.checks.rules import promtool
from boxwatch.errors import PublishError
from boxwatch.publish import compare, config_changes, read_back, switch
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_rules, server
from boxwatch.publish.prometheus.prometheus_rules import Target
from boxwatch.publish.prometheus.release import CONFIG, Release, guards
from boxwatch.publish.prometheus.release_store import ReleaseStore
from boxwatch.publish.rule_changes import Change, changes
from boxwatch.publish.rule_set import RuleSet
from boxwatch.publish.store_state import Observed, State, digest

_FILE = f"prometheus/{CONFIG}"
_GENERATED = b"# Prometheus configuration of deployment "
_PAUSE, _SOON = 0.25, 5.0
# Maximum number of manual changes shown.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish or a rollback would do.

    Attributes:
        seen: the directory's present state.
        new: the release to be live.
        changes: the configuration's changes, then the rules'.
        failing: our rules that fail in Prometheus now.
        notes: remarks to show before applying.
        needed: whether there is anything to do: a difference, an interrupted publish, or a release that is not loaded.
        manual: manual changes of the live release, one per line; empty if there are none.
    """

    seen: Observed
    new: Release
    changes: tuple[Change, ...]
    failing: frozenset[tuple[str, str]]
    notes: tuple[str, ...]
    needed: bool
    manual: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The plan as JSON."""
        return {
            "release": ", ".join(sorted(self.new.guards)),
            "needed": self.needed,
            "changes": [change.to_json() for change in self.changes],
            "notes": list(self.notes),
        }


def release_of(files: Mapping[str, bytes]) -> Release:
    """A deployment's configuration and rules as one checked release.

    Args:
        files: artefacts, path → content; only prometheus.yml and the rules are used.

    Raises:
        PublishError: a check failed; quotes its findings.
        ToolError: promtool cannot be executed.
    """
    rules = prometheus_rules.rules_of(files)
    tool = promtool.path()
    findings = list(promtool.check({_FILE: files[_FILE]}, tool)) if tool else []
    if findings:
        said = "\n".join(f"{one.where or CONFIG}: {one.message}: {one.hint}" for one in findings)
        raise PublishError(f"{said}\nnothing was published")
    return Release.of(files[_FILE], rules.content)


def plan(target: Target, new: Release, *, overwrite: bool = False) -> Plan:
    """Compare a release with the live one, on disk and in Prometheus. Reads only.

    Raises:
        PublishError: the directory or Prometheus cannot be used, or the live release was changed manually.
    """
    store = ReleaseStore(target.directory)
    seen = store.observe()
    desired = digest(new.packed())
    live = Release.unpacked(seen.live) if seen.live is not None else None
    manual: tuple[str, ...] = ()
    notes: list[str] = []
    if seen.manual and digest(seen.live) != desired and live:
        if live.rules is None and live.config.startswith(_GENERATED) and not live.guards:
            notes.append(
                f"{store.live} was written by `boxwatch build` and becomes a link; its rules are loaded from another "
                "path, so alerts start over once"
            )
        else:
            manual = tuple(_manual(store, seen, live))
    if manual and not overwrite:
        raise PublishError("\n".join([f"{manual[0]}; {_remedy(live)}", *manual[1:]]))
    needed = digest(seen.live) != desired or seen.cut_off
    if seen.cut_off:
        notes.append("the last publish was interrupted; this one completes or undoes it")
    failing: frozenset[tuple[str, str]] = frozenset()
    if target.client:
        found = read_back.running(target.client, target.timeout)
        failing = frozenset(found.failing)
        text = _configuration(target.client, target.timeout)
        if not overwrite:
            _refuse_another_place(target, target.client, seen, live, text)
        if not needed and (problem := _difference(new, text) or read_back.difference(_rules(new), found)):
            notes.append(problem)
            needed = True
    old = live or Release(b"", None)
    found_changes = (
        *config_changes.changes(CONFIG, live.plain if live else None, new.plain),
        *changes(prometheus_rules.parsed(old.rules), prometheus_rules.parsed(new.rules)),
    )
    return Plan(seen, new, found_changes, failing, tuple(notes), needed, manual)


def rollback(target: Target, *, overwrite: bool = False) -> Plan:
    """Plan the return to the release before the last publish, or before an interrupted one.

    Raises:
        PublishError: there is nothing to return to, or as for `plan`.
    """
    store = ReleaseStore(target.directory)
    seen = store.observe()
    name = seen.state.before if seen.cut_off else seen.state.previous
    if name is None:
        raise PublishError(f"nothing has been published to {target.directory}, so there is nothing to roll back")
    content = store.content(name)
    if content is None:
        raise PublishError(f"{target.directory} had no {CONFIG} before, without which Prometheus does not run")
    return plan(target, Release.unpacked(content), overwrite=overwrite)


def apply(target: Target, plan: Plan, watch: read_back.Watch | None = None) -> str:
    """Apply a plan: switch, reload, read back; restore the previous release on failure.

    Returns:
        closing remarks; usually empty.

    Raises:
        PublishError: the plan was not applied; says why, and what is in place now.
    """
    store = ReleaseStore(target.directory)
    if not plan.needed:
        switch.tidy(store, plan.seen)
        return ""
    confirm = _confirmation(target, plan.failing)
    there = switch.Server(
        "Prometheus", "configuration and rules", target.reload, confirm, target.timeout, bool(plan.manual)
    )
    return switch.apply(there, store, plan.seen, plan.new.packed(), watch)


def _confirmation(target: Target, failing: frozenset[tuple[str, str]]) -> switch.Confirm | None:
    """The read-back of a release: its configuration, then its rules; None if no URL was given."""
    if target.client is None:
        return None
    client = target.client
    rules = prometheus_rules.confirmation(target, failing)

    def confirm(content: bytes | None, timeout: float, watch: switch.Watch | None) -> str:
        end = time.monotonic() + timeout
        release = Release.unpacked(content) if content is not None else None
        if release is None or rules is None:
            return ""
        _await_config(client, release, timeout, at_once=target.reload.waits)
        if release.rules is None:
            return ""
        return rules(release.rules, max(switch.LEAST, end - time.monotonic()), watch)

    return confirm


def _await_config(client: Client, release: Release, timeout: float, *, at_once: bool) -> None:
    """Wait until the server runs with a release's configuration."""
    end = time.monotonic() + (min(timeout, _SOON) if at_once else timeout)
    while True:
        try:
            problem = _difference(release, _configuration(client, min(timeout, 10.0)))
        except PublishError as error:
            # The server may be restarting.
            problem = str(error)
        if not problem:
            return
        if time.monotonic() >= end:
            raise PublishError(problem)
        time.sleep(_PAUSE)


def _difference(release: Release, text: str) -> str:
    """How the running configuration differs from a release's; empty if it does not."""
    found = guards(text)
    if release.guards:
        if found == release.guards:
            return ""
        other = ", ".join(sorted(found)) or "a configuration that boxwatch did not publish"
        return f"Prometheus runs with {other}, not with {', '.join(sorted(release.guards))}"
    lacking = next(compare.missing(compare.parsed(release.config), compare.parsed(text)), "")
    return f"Prometheus runs with another configuration: {lacking} differs" if lacking or found else ""


def _configuration(client: Client, timeout: float) -> str:
    text = server.configuration(client, timeout)
    if text is None:
        raise PublishError(
            f"{client.url} shows no configuration as Prometheus does: for vmalert, publish its rules with --rules-dir"
        )
    return text


def _rules(release: Release) -> RuleSet | None:
    return prometheus_rules.parsed(release.rules)


def _manual(store: ReleaseStore, seen: Observed, live: Release) -> Iterator[str]:
    """Manual changes since our last publish, one per line, after a line that says so."""
    yield f"{store.live} was changed manually, or not written by `boxwatch publish`"
    try:
        content = store.content(seen.state.current)
    except PublishError:
        return
    if content is None:
        return
    ours = Release.unpacked(content)
    found = [
        f"manually: {change}"
        for change in (
            *config_changes.changes(CONFIG, ours.plain, live.plain),
            *changes(prometheus_rules.parsed(ours.rules), prometheus_rules.parsed(live.rules)),
        )
    ]
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield f"manually: {len(found) - _SHOWN} more"


def _remedy(live: Release | None) -> str:
    if live and not live.guards:
        return (
            "nothing was changed: to keep a configuration of your own, merge ours into it and publish rules only, with "
            "--rules-dir; to replace it, pass --overwrite-changed (a rollback restores it)"
        )
    return (
        "nothing was changed: carry the change over into the topology, then pass --overwrite-changed "
        "(a rollback restores it)"
    )


def _refuse_another_place(target: Target, client: Client, seen: Observed, live: Release | None, text: str) -> None:
    """Refuse a directory that Prometheus does not read, before anything is written to it.

    Paths differ in a container, so the content decides: the file in the directory must be the one that is loaded.
    """
    if seen.state != State():
        return
    place = target.directory / CONFIG
    loaded_from = server.config_file(client, target.timeout)
    if loaded_from and PurePath(loaded_from).name != CONFIG:
        raise PublishError(
            f"Prometheus reads {loaded_from}, not {place}: start it with --config.file={place}; nothing was written"
        )
    where = f" (its --config.file is {loaded_from})" if loaded_from else ""
    if live is None:
        raise PublishError(
            f"Prometheus runs, but {place} does not exist, so it reads another directory{where}; nothing was written: "
            "pass that one as --prometheus-dir, or --overwrite-changed if the file was deleted here"
        )
    if problem := _difference(live, text):
        raise PublishError(
            f"{problem}: it reads another directory than {target.directory}{where}, or the file was changed and not "
            "loaded; nothing was written: reload Prometheus, or pass the directory it reads as --prometheus-dir"
        )
