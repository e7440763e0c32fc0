"""Configuration and rules are one release: old or new as a whole, whatever kills the publisher or fails."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import releases, rotation, rule_sets
from support.published import Killed
from support.stand_in import CONFIG as CONFIG_PATH
from support.stand_in import FLAGS, RELOAD, RULES, StandIn, prometheus

from boxwatch.checks.finding import Finding
from boxwatch.checks.rules import promtool
from boxwatch.errors import PublishError
from boxwatch.publish import http, lock, read_back, switch
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_directory as publishing
from boxwatch.publish.prometheus.prometheus_rules import Target
from boxwatch.publish.prometheus.release import CONFIG, Release
from boxwatch.publish.prometheus.release_store import ReleaseStore
from boxwatch.publish.reload import ExternalReload, HttpReload
from boxwatch.publish.store_state import digest

A, B, C, D = (releases.release(name) for name in "ABCD")
_STEPS = 70
_EACH = {str(at): at for at in range(_STEPS)}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A Prometheus that runs with a generated configuration and no rules, with pauses suited to loopback."""
    for module, name, value in (
        (read_back, "_PAUSE", 0.01), (read_back, "_SOON", 0.05), (publishing, "_PAUSE", 0.01),
        (publishing, "_SOON", 0.05), (http, "_FIRST_PAUSE", 0.001), (switch, "LEAST", 0.3),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    with _running(tmp_path / "prometheus") as double:
        yield double


@contextlib.contextmanager
def _running(directory: Path) -> Iterator[StandIn]:
    directory.mkdir()
    (directory / CONFIG).write_bytes(releases.config("A"))
    with prometheus(directory, whole=True) as double:
        double.load()
        yield double


def _target(server: StandIn, timeout: float = 3.0) -> Target:
    client = Client(server.url)
    return Target(server.directory, client, HttpReload(client, contents="configuration and rules"), timeout)


def _publish(server: StandIn, release: Release, *, overwrite: bool = False) -> str:
    target = _target(server)
    return publishing.apply(target, publishing.plan(target, release, overwrite=overwrite))


def _roll_back(server: StandIn) -> None:
    publishing.apply(_target(server), publishing.rollback(_target(server)))


def _loaded(server: StandIn) -> tuple[str, str]:
    """The sets of the loaded configuration and rules."""
    return releases.set_of(server.text), rule_sets.which(server.groups)


def _on_disk(server: StandIn) -> tuple[str, str]:
    """The sets that a server started now would load."""
    with contextlib.ExitStack() as stack:
        fresh = stack.enter_context(prometheus(server.directory, whole=True))
        assert fresh.load(), "what is on disk does not load"
        return _loaded(fresh)


def _steps(monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> list[str]:
    """Make the step number `at` that changes the disk fail; returns the steps so far."""
    steps: list[str] = []
    real: Mapping[str, Callable[..., object]] = {
        "replace": Path.replace, "unlink": Path.unlink, "mkdir": Path.mkdir, "symlink_to": Path.symlink_to,
        "fsync": os.fsync,
    }  # fmt: skip

    def stepping(name: str) -> Callable[..., object]:
        def step(*arguments: object, **more: object) -> object:
            steps.append(name)
            if len(steps) - 1 >= at if isinstance(error, OSError) else len(steps) - 1 == at:
                raise error
            return real[name](*arguments, **more)

        return step

    for name in ("replace", "unlink", "mkdir", "symlink_to"):
        monkeypatch.setattr(Path, name, stepping(name))
    monkeypatch.setattr(os, "fsync", stepping("fsync"))
    return steps


def test_a_release_is_published_and_rolled_back(server: StandIn) -> None:
    """A second rollback restores the newer release; at the end the built file is a file again."""
    _publish(server, A)
    _publish(server, B)
    assert (_loaded(server), _on_disk(server)) == (("B", "B"), ("B", "B"))
    assert publishing.plan(_target(server), B).needed is False

    _roll_back(server)
    assert (_loaded(server), _on_disk(server)) == (("A", "A"), ("A", "A"))
    _roll_back(server)
    assert _loaded(server) == ("B", "B")


def test_the_changes_of_configuration_and_rules_are_listed(server: StandIn) -> None:
    """The list of rule files, which differs always, is left out."""
    _publish(server, A)

    plan = publishing.plan(_target(server), B)

    assert str(plan.changes[0]) == "prometheus.yml: set A → B"
    assert "rule_files" not in str(plan.to_json())
    assert len(plan.changes) == 1 + rule_sets.GROUPS * rule_sets.RULES


def test_a_publish_has_fewer_steps_than_are_tried(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the tests below reach its end."""
    _publish(server, A)
    with monkeypatch.context() as patched:
        steps = _steps(patched, 999, Killed())
        _publish(server, B)

    assert 30 < len(steps) < _STEPS


@pytest.mark.repeats
@pytest.mark.parametrize("at", rotation.sampled(_EACH, 12, "killed"))
def test_killed_at_any_step_configuration_and_rules_belong_together_and_the_next_run_repairs(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """This holds for every step that changes the disk."""
    _publish(server, A)
    with monkeypatch.context() as patched:
        _steps(patched, at, Killed())
        with contextlib.suppress(Killed):
            _publish(server, B)
    assert _on_disk(server) in {("A", "A"), ("B", "B")}

    _publish(server, C)

    assert (_loaded(server), _on_disk(server)) == (("C", "C"), ("C", "C"))
    own = server.directory / ".boxwatch"
    assert {path.name for path in own.iterdir()} == {"current", "lock", "releases", "sets", "state.json"}
    assert len(list((own / "releases").iterdir())) == 2, "the live release, and the one a rollback needs"


@pytest.mark.parametrize("at", rotation.sampled(_EACH, 6, "first"))
def test_a_first_publish_killed_at_any_step_leaves_a_directory_that_loads(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The built file, or the whole release."""
    with monkeypatch.context() as patched:
        _steps(patched, at, Killed())
        with contextlib.suppress(Killed):
            _publish(server, B)
    assert _on_disk(server) in {("A", ""), ("B", "B")}
    state = ReleaseStore(server.directory).observe().state
    confirmed = state.current == digest(B.packed())

    _publish(server, C)
    assert (_loaded(server), _on_disk(server)) == (("C", "C"), ("C", "C"))
    _roll_back(server)
    assert _on_disk(server) == (("B", "B") if confirmed else ("A", ""))


@pytest.mark.parametrize("at", rotation.sampled(_EACH, 5, "full disk"))
def test_a_disk_that_fills_up_at_any_step_leaves_a_whole_release(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The error says so, and the next run converges."""
    _publish(server, A)
    error = ""
    with monkeypatch.context() as patched:
        steps = _steps(patched, at, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        try:
            _publish(server, B)
        except PublishError as raised:
            error = str(raised)
    assert ("No space left on device" in error) is (len(steps) > at)
    assert _on_disk(server) in {("A", "A"), ("B", "B")}

    _publish(server, B)
    assert (_loaded(server), _on_disk(server)) == (("B", "B"), ("B", "B"))


@pytest.mark.parametrize("first", ["A", "B"])
def test_every_release_rejects_the_configuration_of_any_other(server: StandIn, first: str) -> None:
    """As a reload meets it that began before the switch; it keeps the rules it has."""
    for name in (first, "C", "D"):
        _publish(server, releases.release(name))
    known = list((server.directory / ".boxwatch" / "releases").iterdir())
    configs = {path: (path / CONFIG).read_bytes() for path in known}
    assert len(known) == 2
    for config_of in known:
        for rules_of in known:
            place = server.directory.parent / f"{config_of.name[:8]}{rules_of.name[:8]}"
            (place / ".boxwatch").mkdir(parents=True)
            (place / CONFIG).write_bytes(configs[config_of])
            (place / ".boxwatch" / "current").symlink_to(rules_of)
            with prometheus(place, whole=True) as other:
                assert other.load() is (config_of == rules_of)


_FAULTS = ("refuse", "locked", "busy", "cut", "lost", "empty", "garbage", "html")


_CASES = {
    f"{fault} {times}× at {name}": (fault, times, path, skip)
    for fault in _FAULTS
    for times in (1, 50)
    for name, path, skip in (
        ("rules", RULES, 0), ("configuration", CONFIG_PATH, 0), ("reload before", RELOAD, 0), ("reload", RELOAD, 1),
        ("read-back of configuration", CONFIG_PATH, 1), ("read-back of rules", RULES, 1),
    )
}  # fmt: skip


@pytest.mark.repeats
@pytest.mark.parametrize("case", rotation.sampled(_CASES, 12, "faults"))
def test_a_fault_at_any_request_leaves_no_partial_publish(server: StandIn, case: tuple[str, int, str, int]) -> None:
    """The old or the new release is on disk, and loaded where that is claimed; then publish and rollback converge."""
    fault, times, path, skip = case
    _publish(server, A)
    server.faults[path] = ["ok"] * skip + [fault] * times

    error = ""
    target = _target(server, 0.3)
    try:
        publishing.apply(target, publishing.plan(target, B))
    except PublishError as raised:
        error = str(raised)

    server.faults[path] = []
    assert _on_disk(server) == (("A", "A") if error else ("B", "B"))
    if "not confirmed" not in error:
        assert _loaded(server) == (("A", "A") if error else ("B", "B"))
    _publish(server, B)
    assert (_loaded(server), _on_disk(server)) == (("B", "B"), ("B", "B"))
    _roll_back(server)
    assert (_loaded(server), _on_disk(server)) == (("A", "A"), ("A", "A"))


def test_a_release_that_is_not_loaded_is_loaded(server: StandIn) -> None:
    """As after a publish whose reload was lost, or a restart of another Prometheus."""
    _publish(server, A)
    _publish(server, B)
    server.text, server.groups = releases.config("A").decode(), []

    plan = publishing.plan(_target(server), B)
    publishing.apply(_target(server), plan)

    assert plan.notes[0].startswith(
        "Prometheus runs with a configuration that boxwatch did not publish, not with release-"
    )
    assert _loaded(server) == ("B", "B")


@pytest.mark.parametrize("place", [CONFIG, ".boxwatch/current/rules/boxwatch.yaml"])
def test_manual_changes_are_refused_and_restored_by_a_rollback(server: StandIn, place: str) -> None:
    """Whether of the configuration or of the rules."""
    _publish(server, A)
    edited = (server.directory / place).read_bytes().replace(b"set: A", b"set: Z").replace(b"vector(1)", b"vector(2)")
    (server.directory / place).write_bytes(edited)

    with pytest.raises(PublishError, match=r"(?s)prometheus.yml was changed manually.*carry the change.*manually: "):
        _publish(server, B)

    _publish(server, B, overwrite=True)
    assert _loaded(server) == ("B", "B")
    _roll_back(server)
    assert (server.directory / place).read_bytes() == edited


def test_a_link_that_an_editor_replaced_by_a_file_is_a_manual_change(server: StandIn) -> None:
    """Although the file still says that boxwatch generated it."""
    _publish(server, A)
    edited = (server.directory / CONFIG).read_bytes().replace(b"set: A", b"set: Z")
    (server.directory / CONFIG).unlink()
    (server.directory / CONFIG).write_bytes(edited)

    with pytest.raises(PublishError, match=r"was changed manually.*carry the change over"):
        _publish(server, B)


def test_files_edited_in_the_live_release_are_restored_elsewhere(server: StandIn) -> None:
    """Rewriting them in place would not be atomic."""
    _publish(server, A)
    live = (server.directory / ".boxwatch/current").readlink()
    (server.directory / CONFIG).write_bytes((server.directory / CONFIG).read_bytes() + b"# edited\n")

    _publish(server, A, overwrite=True)
    assert (server.directory / ".boxwatch/current").readlink().name == f"{live.name}.again"
    assert (_loaded(server), _on_disk(server)) == (("A", "A"), ("A", "A"))
    _publish(server, B)
    _publish(server, A)
    assert (server.directory / ".boxwatch/current").readlink() == live
    assert len(list((server.directory / ".boxwatch/releases").iterdir())) == 2


def test_many_manual_changes_are_counted(server: StandIn) -> None:
    """The first ten are shown."""
    _publish(server, A)
    (server.directory / ".boxwatch/current/rules/boxwatch.yaml").write_bytes(B.rules or b"")

    with pytest.raises(PublishError, match=r"manually: 30 more$"):
        _publish(server, C)


def test_a_configuration_of_ones_own_is_refused_with_both_remedies(server: StandIn) -> None:
    """It is replaced on request, and a rollback restores it."""
    own = b"global: {external_labels: {\n    set: Y\n}}\n"
    (server.directory / CONFIG).write_bytes(own)
    server.load()

    with pytest.raises(PublishError, match="merge ours into it and publish rules only, with --rules-dir; to repl"):
        _publish(server, A)
    assert not (server.directory / ".boxwatch").exists()

    _publish(server, A, overwrite=True)
    _roll_back(server)
    assert (server.directory / CONFIG).read_bytes() == own


def test_manual_changes_are_refused_even_if_our_release_was_lost(server: StandIn) -> None:
    """Only the list of changes is missing then."""
    _publish(server, A)
    (server.directory / CONFIG).write_bytes(b"global: {}\n")
    for path in (server.directory / ".boxwatch" / "sets").iterdir():
        path.unlink()

    with pytest.raises(PublishError, match="was changed manually") as caught:
        _publish(server, C)
    assert "manually: " not in str(caught.value)


def test_a_directory_that_another_file_is_read_from_is_found_before_writing(server: StandIn) -> None:
    """Prometheus says which file it reads."""
    server.config_file = "/etc/prometheus/main.yml"

    with pytest.raises(PublishError, match=r"reads /etc/prometheus/main\.yml, not .*/prometheus\.yml: start it with"):
        _publish(server, A)
    assert [path.name for path in server.directory.iterdir()] == [CONFIG]


@pytest.mark.parametrize("fault", ["html", "garbled"])
def test_a_server_that_does_not_say_what_it_reads_is_judged_by_its_configuration(server: StandIn, fault: str) -> None:
    """The file on disk must be the one that is loaded."""
    server.faults[FLAGS] = [fault] if fault == "html" else []
    server.config_file = "" if fault == "garbled" else server.config_file
    server.text = releases.config("B").decode()

    with pytest.raises(PublishError, match=r"set differs: it reads another directory than"):
        _publish(server, A)


def test_a_directory_without_configuration_is_found_before_writing(server: StandIn) -> None:
    """A running Prometheus has read one elsewhere."""
    (server.directory / CONFIG).unlink()

    with pytest.raises(PublishError, match="does not exist, so it reads another directory"):
        _publish(server, A)
    assert list(server.directory.iterdir()) == []


def test_a_server_without_configuration_is_refused(server: StandIn) -> None:
    """As vmalert, whose rules are published with --rules-dir."""
    server.faults[CONFIG_PATH] = ["html"]

    with pytest.raises(PublishError, match="for vmalert, publish its rules with --rules-dir"):
        _publish(server, A)


def test_without_a_url_a_release_is_switched_but_not_read_back(tmp_path: Path) -> None:
    """Something else reloads; without a configuration before, there is nothing to roll back to."""
    target = Target(tmp_path, None, ExternalReload())

    assert publishing.apply(target, publishing.plan(target, A)) == "not read back: no Prometheus URL was given"
    assert (tmp_path / CONFIG).read_bytes() == A.config
    with pytest.raises(PublishError, match=r"had no prometheus\.yml before, without which Prometheus does not run"):
        publishing.rollback(target)


def test_without_a_publish_there_is_nothing_to_roll_back(server: StandIn) -> None:
    """The error says so."""
    with pytest.raises(PublishError, match="nothing has been published to"):
        publishing.rollback(_target(server))


def test_leftovers_are_removed_if_nothing_else_is_to_be_done(server: StandIn) -> None:
    """They stem from a publisher killed before it recorded what it was about to do."""
    _publish(server, A)
    own = server.directory / ".boxwatch"
    before = set(own.rglob("*"))
    (own / "releases" / ("0" * 64) / "rules").mkdir(parents=True)
    (own / ".next.link").symlink_to("nowhere")
    (own / "entry").symlink_to("nowhere")

    _publish(server, A)

    assert set(own.rglob("*")) == before


def test_an_interrupted_publish_is_completed_by_the_next(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or undone by a rollback."""
    _publish(server, A)
    reload = HttpReload.__call__

    def kill(self: HttpReload, timeout: float) -> None:
        if _on_disk(server) == ("B", "B"):
            raise Killed
        reload(self, timeout)

    with monkeypatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(HttpReload, "__call__", kill)
        _publish(server, B)
    assert (_on_disk(server), _loaded(server)) == (("B", "B"), ("A", "A"))
    assert publishing.plan(_target(server), B).notes == (
        "the last publish was interrupted; this one completes or undoes it",
    )

    _roll_back(server)

    assert (_on_disk(server), _loaded(server)) == (("A", "A"), ("A", "A"))


def test_a_second_publisher_learns_who_holds_the_lock(server: StandIn) -> None:
    """The error names process and host."""
    plan = publishing.plan(_target(server), A)
    with (
        lock.held(ReleaseStore(server.directory).lock),
        pytest.raises(PublishError, match=rf"process {os.getpid()} on .+ is publishing to {server.directory}; nothing"),
    ):
        publishing.apply(_target(server), plan)


@rotation.examples(10)
@given(st.lists(st.sampled_from(["A", "B", "C", "rollback", "refused", "edit"]), max_size=7))
def test_after_any_history_disk_and_prometheus_agree(
    tmp_path_factory: pytest.TempPathFactory, history: list[str]
) -> None:
    """And a rollback always undoes the last successful publish."""
    now, before = ("A", ""), None
    with pytest.MonkeyPatch.context() as patched, _running(tmp_path_factory.mktemp("box") / "prometheus") as server:
        for module in (read_back, publishing):
            patched.setattr(module, "_PAUSE", 0.01)
        for step in history:
            if step == "refused":
                server.faults[RELOAD] = ["ok", "refuse"]
                with pytest.raises(PublishError):
                    _publish(server, D)
            elif step == "rollback":
                if before is not None:
                    _roll_back(server)
                    now, before = before, now
            elif step == "edit":
                if now[1]:
                    place = server.directory / CONFIG
                    place.write_bytes(place.read_bytes() + b"# edited\n")
                    _publish(server, releases.release(now[0]), overwrite=True)
                    before = now
            elif (step, step) != now:
                _publish(server, releases.release(step), overwrite=True)
                now, before = (step, step), now
            assert _on_disk(server) == now
            assert _loaded(server) == now


def test_without_promtool_queries_are_parsed_and_with_it_the_configuration_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a check finds is not published."""
    files = {**rule_sets.files("A"), "prometheus/prometheus.yml": releases.config("A")}
    monkeypatch.setattr(promtool, "path", lambda: None)
    assert publishing.release_of(files) == A
    finding = Finding(
        "prometheus/prometheus.yml", "", "promtool", "error", "promtool check rejects it", "no such field"
    )
    monkeypatch.setattr(promtool, "path", lambda: "promtool")
    monkeypatch.setattr(
        promtool, "check", lambda made, _: iter([finding] if "prometheus/prometheus.yml" in made else [])
    )
    with pytest.raises(PublishError, match=r"check rejects it: no such field\nnothing was published"):
        publishing.release_of(files)


def test_a_configuration_without_rule_files_is_no_release() -> None:
    """The rules would not be loaded."""
    with pytest.raises(PublishError, match=r"prometheus\.yml must list its rule_files once"):
        Release.of(b"global: {}\n", b"")
