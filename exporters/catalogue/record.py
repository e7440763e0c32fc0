"""The recorder: writes the catalogue from real expositions (`python -m boxwatch.exporters.catalogue.record PAGE...`).

A page is an exporter's response to one scrape, saved as exporter-version[-target].prom: the version starts with a
digit, the target says what is special about this page (`pg15-replica`, `probe-http-503`). MinIO's own list of its v3
metrics is also accepted, saved as minio-version-v3-listed.md (boxwatch.exporters.catalogue.listing). Existing entries
stay, so a new version needs one more page; to remove entries, delete the file and record all its pages again.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue import exposition, listing
from boxwatch.exporters.catalogue.versions import version_order

CATALOGUE = Path(__file__).parent

_FILE_NAME = re.compile(r"(?P<exporter>[a-z][a-z0-9_-]*?)-(?P<version>[0-9][0-9a-z.+~]*)(-(?P<target>.+))?\.(prom|md)")
# The blackbox exporter answers two kinds of scrape with two disjoint sets of metrics.
_PROBE = {"blackbox_exporter": ("probe-", "blackbox_probe")}
# Labels named after the exporter's flags and the host's containers; our scrape configuration drops them.
_VARYING = {"cadvisor": "container_label_"}


@dataclass(frozen=True, slots=True)
class Page:
    """One saved page.

    Attributes:
        exporter: its file in the catalogue.
        version: version of the exporter.
        target: what is special about the target; empty if the file name does not say.
        path: path of the saved page.
    """

    exporter: str
    version: str
    target: str
    path: Path

    @property
    def order(self) -> tuple[tuple[tuple[int, str], ...], str]:
        """Older versions first."""
        return version_order(self.version), self.target


@dataclass(slots=True)
class _Entry:
    """Entry of one name; `labels` maps each label to the versions that have it, `varying` have several values."""

    type: str = "untyped"
    help: str = ""
    versions: set[str] = field(default_factory=set)
    on: set[str] = field(default_factory=set)
    labels: dict[str, set[str]] = field(default_factory=dict)
    varying: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Record:
    """Record of one exporter; `pages` maps each version to its targets."""

    exporter: str
    pages: dict[str, set[str]] = field(default_factory=dict)
    metrics: dict[str, _Entry] = field(default_factory=dict)


def page(path: Path) -> Page:
    """Parse the file name of a saved page.

    Raises:
        BoxwatchError: the name is not exporter-version[-target].prom.
    """
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise BoxwatchError(f"{path}: name it exporter-version[-target].prom, as in redis_exporter-1.86.0-replica.prom")
    exporter, target = match["exporter"], match["target"] or ""
    start, split = _PROBE.get(exporter, ("", exporter))
    return Page(split if target.startswith(start) else exporter, match["version"], target, path)


def record(paths: Iterable[Path], catalogue: Path) -> tuple[Path, ...]:
    """Merge pages into the catalogue; return the files whose content changed.

    All pages are read before anything is written, so an invalid one leaves the catalogue unchanged.

    Raises:
        BoxwatchError: a page or a catalogue file cannot be read, or a file cannot be written.
    """
    records: dict[str, _Record] = {}
    for each in sorted(map(page, paths), key=lambda page: (page.exporter, page.order)):
        if each.exporter not in records:
            records[each.exporter] = _load(each.exporter, catalogue)
        reader = listing if each.path.suffix == listing.SUFFIX else exposition
        _merge(records[each.exporter], each, reader.read(each.path))
    texts = {catalogue / f"{name}.json": dump(known) for name, known in records.items()}
    changed = tuple(path for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text)
    for path in changed:
        try:
            path.write_text(texts[path], encoding="utf-8")
        except OSError as error:
            raise BoxwatchError(f"{path}: cannot be written ({error.strerror})") from error
    return changed


def _merge(known: _Record, each: Page, samples: Iterable[exposition.Sampled]) -> None:
    """Add one page."""
    known.pages.setdefault(each.version, set()).add(each.target)
    varying = _VARYING.get(known.exporter)
    for sampled in samples:
        entry = known.metrics.setdefault(sampled.name, _Entry())
        # Type and help come from the newest version.
        if all(version_order(version) <= version_order(each.version) for version in entry.versions):
            entry.type, entry.help = sampled.type, sampled.help
        entry.versions.add(each.version)
        entry.on.add(each.target)
        entry.varying.update(label for label in sampled.varying if not (varying and label.startswith(varying)))
        for label in sampled.labels:
            if varying and label.startswith(varying):
                continue
            entry.labels.setdefault(label, set()).add(each.version)


def _load(exporter: str, catalogue: Path) -> _Record:
    """The catalogue's existing record of an exporter."""
    known = _Record(exporter)
    path = catalogue / f"{exporter}.json"
    if not path.exists():
        return known
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        known.pages = {version: set(targets) for version, targets in document["pages"].items()}
        targets = {target for targets in known.pages.values() for target in targets}
        for name, entry in document["metrics"].items():
            versions = set(entry.get("versions", known.pages))
            partly = entry.get("partly", {})
            labels = {label: set(partly.get(label, versions)) for label in entry["labels"]}
            on = set(entry.get("on", targets))
            known.metrics[name] = _Entry(
                entry["type"], entry["help"], versions, on, labels, set(entry.get("varying", ()))
            )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        hint = "delete it and record all pages of this exporter again"
        raise BoxwatchError(f"{path}: not a catalogue file ({error!r}); {hint}") from error
    return known


def dump(known: _Record) -> str:
    """The JSON of one exporter: one metric per line, without redundant fields.

    `versions` is omitted if every version has the metric, `on` if every target has it, `partly` (label → versions) if
    every version with the metric has all its labels, `varying` if a target has one series of it.
    """
    pages = {version: sorted(known.pages[version]) for version in _sorted(known.pages)}
    targets = {target for targets in known.pages.values() for target in targets}
    lines = [f"{_json(name)}: {_json(_fields(entry, known, targets))}" for name, entry in sorted(known.metrics.items())]
    head = f'"exporter": {_json(known.exporter)},\n"pages": {_json(pages)},\n"metrics": {{\n'
    return "{\n" + head + ",\n".join(lines) + "\n}\n}\n"


def _fields(entry: _Entry, known: _Record, targets: set[str]) -> dict[str, object]:
    """The JSON fields of one metric."""
    partly = {
        label: _sorted(versions) for label, versions in sorted(entry.labels.items()) if versions != entry.versions
    }
    return {
        "type": entry.type,
        "labels": sorted(entry.labels),
        **({"versions": _sorted(entry.versions)} if entry.versions != set(known.pages) else {}),
        **({"on": sorted(entry.on)} if entry.on != targets else {}),
        **({"partly": partly} if partly else {}),
        **({"varying": sorted(entry.varying)} if entry.varying else {}),
        "help": entry.help,
    }


def _sorted(versions: Iterable[str]) -> list[str]:
    """Oldest first."""
    return sorted(versions, key=lambda version: (version_order(version), version))


def _json(value: object) -> str:
    """One line of JSON, in the order given."""
    return json.dumps(value, ensure_ascii=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Record the pages named on the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m boxwatch.exporters.catalogue.record",
        description="Merge saved expositions into the catalogue of metrics.",
        epilog="example: python -m boxwatch.exporters.catalogue.record pages/redis_exporter-1.90.0-primary.prom",
    )
    parser.add_argument("pages", nargs="+", type=Path, metavar="PAGE", help="exporter-version[-target].prom")
    parser.add_argument("--into", type=Path, default=CATALOGUE, metavar="DIR", help="directory of the catalogue")
    options = parser.parse_args(arguments)
    try:
        changed = record(options.pages, options.into)
    except BoxwatchError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    sys.stdout.write("".join(f"written   {path}\n" for path in changed) or "unchanged\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
