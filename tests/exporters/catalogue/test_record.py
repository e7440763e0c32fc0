"""The recorder merges pages in any order, and the committed catalogue is exactly its output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import third_party

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue import metrics, record

CHECKOUT = Path(__file__).parents[3]


def save(folder: Path, name: str, *lines: str) -> Path:
    """Save a page."""
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def known(folder: Path, exporter: str = "demo") -> dict[str, metrics.Metric]:
    """The record of an exporter in a directory's catalogue."""
    text = (folder / f"{exporter}.json").read_text(encoding="utf-8")
    return {metric.name: metric for metric in metrics.read(text, "demo.json")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty catalogue."""
    (tmp_path / "catalogue").mkdir()
    return tmp_path / "catalogue"


@pytest.mark.parametrize(
    ("name", "exporter", "version", "target"),
    [
        ("node_exporter-1.11.1.prom", "node_exporter", "1.11.1", ""),
        ("docker-engine-20.10.24.prom", "docker-engine", "20.10.24", ""),
        ("redis_exporter-1.86.0-redis7.0.15-primary.prom", "redis_exporter", "1.86.0", "redis7.0.15-primary"),
        ("blackbox_exporter-0.28.0-self.prom", "blackbox_exporter", "0.28.0", "self"),
        ("blackbox_exporter-0.28.0-probe-icmp.prom", "blackbox_probe", "0.28.0", "probe-icmp"),
    ],
)
def test_file_name(name: str, exporter: str, version: str, target: str) -> None:
    """A file name has exporter, version and target; probes are separate from the blackbox exporter itself."""
    page = record.page(Path("pages", name))
    assert (page.exporter, page.version, page.target) == (exporter, version, target)


@pytest.mark.parametrize("name", ["node_exporter.prom", "1.2.3.prom", "Node-1.0.prom", "node-1.0.txt", "node-v1.prom"])
def test_bad_file_name(name: str) -> None:
    """A file name without a version is rejected."""
    with pytest.raises(BoxwatchError, match=r"name it exporter-version\[-target\]\.prom"):
        record.page(Path(name))


def test_versions(folder: Path) -> None:
    """A metric knows its versions; type and help come from the newest."""
    record.record(
        [
            save(folder, "demo-1.10.0.prom", "# HELP b new", "# TYPE b counter", 'b{x="1",y="1"} 1', "c 1"),
            save(folder, "demo-1.9.0.prom", "# HELP b old", "# TYPE b gauge", 'b{x="1"} 1', "a 1"),
            save(folder, "demo-1.11.0.prom", "c 1", "d 1", 'e{exporter_label="1"} 1'),
        ],
        folder,
    )
    found = known(folder)
    assert (found["a"].versions, found["a"].missing) == (("1.9.0",), ("1.10.0", "1.11.0"))
    assert (found["b"].first, found["b"].last) == ("1.9.0", "1.10.0")
    assert (found["b"].type, found["b"].help) == ("counter", "new")
    assert [found["b"].lacks(label) for label in "xyz"] == [(), ("1.9.0",), ("1.9.0", "1.10.0")]
    assert (found["c"].versions, found["c"].missing) == (("1.10.0", "1.11.0"), ("1.9.0",))


def test_optional_collector(folder: Path) -> None:
    """A version recorded without an optional collector is not reported as lacking its metrics."""
    pages = [
        save(folder, "demo-1.0-defaults.prom", "always 1"),
        save(folder, "demo-2.0-defaults.prom", "always 1"),
        save(folder, "demo-2.0-everything.prom", "always 1", "optional 1"),
        save(folder, "demo-3.0-everything.prom", "always 1"),
    ]
    record.record(pages, folder)
    assert known(folder)["optional"].missing == ("3.0",)
    assert known(folder)["always"].missing == ()


def test_merge(folder: Path) -> None:
    """A later recording keeps existing entries, and the order of versions does not matter."""
    pages = [
        save(
            folder,
            f"demo-{version}.prom",
            "# TYPE a gauge",
            f"a{{x{version[0]}=''}} 1".replace("'", '"'),
            f"b{version[0]} 1",
        )
        for version in ("1.0", "2.0", "3.0")
    ]
    record.record(pages, folder)
    at_once = (folder / "demo.json").read_text(encoding="utf-8")
    (folder / "demo.json").unlink()
    for page in (pages[1], pages[2], pages[0], pages[1]):
        record.record([page], folder)
    assert (folder / "demo.json").read_text(encoding="utf-8") == at_once


def test_unchanged(folder: Path) -> None:
    """Recording again changes nothing and reports so."""
    page = save(folder, "demo-1.0.prom", "a 1")
    assert record.record([page], folder) == (folder / "demo.json",)
    assert record.record([page], folder) == ()


def test_one_metric_a_line(folder: Path) -> None:
    """The file is easy to diff: one metric per line, without redundant fields."""
    record.record(
        [save(folder, "demo-1.0.prom", '# HELP a "é"', "a 1"), save(folder, "demo-1.1.prom", 'a{x="1"} 1', "b 1")],
        folder,
    )
    assert (folder / "demo.json").read_text(encoding="utf-8") == (
        '{\n"exporter": "demo",\n"pages": {"1.0": [""], "1.1": [""]},\n"metrics": {\n'
        '"a": {"type": "untyped", "labels": ["x"], "partly": {"x": ["1.1"]}, "help": ""},\n'
        '"b": {"type": "untyped", "labels": [], "versions": ["1.1"], "help": ""}\n}\n}\n'
    )


def test_container_labels(folder: Path) -> None:
    """Labels named after a host's containers are not recorded for cAdvisor."""
    page = save(folder, "cadvisor-0.60.5.prom", 'container_last_seen{name="x",container_label_maintainer="y"} 1')
    record.record([page], folder)
    assert known(folder, "cadvisor")["container_last_seen"].labels == {"name"}


def test_bad_page_leaves_the_catalogue(folder: Path) -> None:
    """Nothing is written if a page is invalid."""
    with pytest.raises(BoxwatchError, match=r"demo-2\.0\.prom:1: is not a sample"):
        record.record([save(folder, "demo-1.0.prom", "a 1"), save(folder, "demo-2.0.prom", "<html>")], folder)
    assert not (folder / "demo.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pages": {}, "metrics": {"a": 1}}', '{"pages": 1, "metrics": {}}'])
def test_bad_catalogue(folder: Path, text: str) -> None:
    """Recorder and reader both reject an invalid catalogue file."""
    (folder / "demo.json").write_text(text, encoding="utf-8")
    with pytest.raises(BoxwatchError, match=r"demo\.json: not a catalogue file .* record all pages"):
        record.record([save(folder, "demo-1.0.prom", "a 1")], folder)
    with pytest.raises(BoxwatchError, match=r"demo\.json: not a catalogue file .* record it again"):
        known(folder)


def test_unwritable(folder: Path) -> None:
    """A catalogue that cannot be written is an error naming its path."""
    with pytest.raises(BoxwatchError, match=r"none/demo\.json: cannot be written"):
        record.record([save(folder, "demo-1.0.prom", "a 1")], folder / "none")


def test_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command reports the files it wrote, and errors as sentences."""
    page = str(save(folder, "demo-1.0.prom", "a 1"))
    assert record.main([page, "--into", str(folder)]) == 0
    assert capsys.readouterr().out == f"written   {folder}/demo.json\n"
    assert record.main([page, "--into", str(folder)]) == 0
    assert capsys.readouterr().out == "unchanged\n"
    assert record.main(["none-1.0.prom", "--into", str(folder)]) == 1
    assert capsys.readouterr().err.startswith("Error: none-1.0.prom: cannot be read")


Pages = dict[tuple[str, str], dict[str, set[str]]]
LABELS = st.sets(st.sampled_from(["x", "y"]))
PAGES = st.dictionaries(
    st.tuples(st.sampled_from(["1.0", "1.9", "1.10"]), st.sampled_from(["", "-replica", "-down"])),
    st.dictionaries(st.sampled_from(["a", "b"]), LABELS, min_size=1),
    min_size=1,
)


@given(PAGES)
def test_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, pages: dict[tuple[str, str], dict[str, set[str]]]
) -> None:
    """For any recordings, the catalogue has exactly the versions of each name and label."""
    folder = tmp_path_factory.mktemp("catalogue")
    for (version, target), samples in pages.items():
        lines = (name + "{" + ",".join(f'{label}="1"' for label in labels) + "} 1" for name, labels in samples.items())
        record.record([save(folder, f"demo-{version}{target}.prom", *lines)], folder)
    found = known(folder)
    assert found.keys() == {name for samples in pages.values() for name in samples}
    for name, metric in found.items():
        having = {version for (version, _), samples in pages.items() if name in samples}
        assert set(metric.versions) == having
        for label in ("x", "y"):
            with_label = {version for (version, _), samples in pages.items() if label in samples.get(name, ())}
            assert set(metric.lacks(label)) == having - with_label
        assert not set(metric.missing) & having


@pytest.fixture(scope="module")
def scrapes() -> Path:
    """The real pages from which the catalogue was recorded: third-party data next to the checkout."""
    return third_party.folder("scrapes")


@pytest.mark.third_party
def test_the_catalogue_is_recorded(scrapes: Path, tmp_path: Path) -> None:
    """Recording the real pages again changes nothing in the committed catalogue."""
    shutil.copytree(record.CATALOGUE, tmp_path, dirs_exist_ok=True)
    again = [path.name for path in record.record(scrapes.glob("*.prom"), tmp_path)]
    assert again == [], (
        f"out of date: python -m boxwatch.exporters.catalogue.record {scrapes}/*.prom, then review the diff"
    )


@pytest.mark.third_party
def test_the_catalogue_is_not_written_by_hand(scrapes: Path, tmp_path: Path) -> None:
    """An exporter whose pages are all available has no catalogue entry missing from all of them."""
    written = record.record(scrapes.glob("*.prom"), tmp_path)
    assert len(written) >= 11
    for path in written:
        committed = record.CATALOGUE / path.name
        if json.loads(committed.read_text("utf-8"))["pages"] == json.loads(path.read_text("utf-8"))["pages"]:
            assert path.read_text("utf-8") == committed.read_text("utf-8")
