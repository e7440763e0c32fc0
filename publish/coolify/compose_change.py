"""A compose file compared with the one that Coolify keeps, in words.

Coolify dumps a file with another YAML library, takes the contents of inline files out, and makes no difference between
nothing, an empty list and an empty mapping. Scalars are compared as text: `472:0` and `on` are not the same in every
version of YAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from boxwatch.stack.part import CONFIG
from boxwatch.topology.wording import listed

# A YAML document whose scalars are text.
Document = dict[str, Any]

_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_CONFIG: Final = f"{CONFIG}/"
# Files named for one service.
_SHOWN: Final = 4
_HASH: Final = re.compile(r"-[0-9a-f]{8}(\.\w+)$")
_CONTENTS: Final = ("content", "isDirectory", "is_directory")
_REFERENCE: Final = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(:?[-?])?")
_NOTHING: Final = ("", "null", "~")


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """What differs in one service of a compose file.

    Attributes:
        name: the service.
        sign: `+` it is new, `~` it changes, `-` it leaves.
        texts: the differences.
    """

    name: str
    sign: str
    texts: tuple[str, ...] = ()


def read(text: str) -> Document | None:
    """The document of a compose file; None if it is none."""
    try:
        # Builds text, lists and mappings only.
        document = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a base loader, which makes no objects
    except (yaml.YAMLError, RecursionError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
        return None
    return document


def services(document: Document) -> dict[str, Document]:
    """The services of a compose file."""
    return {name: one if isinstance(one, dict) else {} for name, one in document["services"].items()}


def files(document: Document) -> dict[tuple[str, str], str]:
    """(service, path in the container) → content of the inline files."""
    return {
        (name, volume["target"]): volume["content"]
        for name, service in services(document).items()
        for volume in service.get("volumes") or ()
        if isinstance(volume, dict) and "content" in volume
    }


def references(document: Document) -> dict[str, bool]:
    """The variables that a compose file refers to outside its inline files, each with whether it is required."""
    found: dict[str, bool] = {}
    for text in _texts(_without_contents(document)):
        for name, operator in _REFERENCE.findall(text):
            found[name] = found.get(name, False) or "?" in operator
    return found


def same(old: Document, new: Document) -> bool:
    """Whether Coolify would make the same of both."""
    return bool(_plain(_without_contents(old)) == _plain(_without_contents(new)))


def changes(old: Document | None, new: Document) -> Iterator[ServiceChange]:
    """The services that differ; what leaves comes last."""
    before, after = services(old) if old is not None else {}, services(new)
    for name, service in after.items():
        if name not in before:
            yield ServiceChange(name, "+", (str(service.get("image", "")),))
        elif texts := tuple(_differences(before[name], service)):
            yield ServiceChange(name, "~", texts)
    for name in before:
        if name not in after:
            yield ServiceChange(name, "-")


def _differences(old: Document, new: Document) -> Iterator[str]:
    before, after = _plain(_without_contents(old)), _plain(_without_contents(new))
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        if key == "volumes":
            yield from _of_volumes(was or [], now or [])
        elif key == "command" and isinstance(was, list) and isinstance(now, list):
            yield from _of_command(was, now)
        elif isinstance(was, str) and isinstance(now, str):
            yield f"{key} {was} → {now}"
        else:
            # Values of an edited file may be secrets.
            yield key


def _of_volumes(old: list[Any], new: list[Any]) -> Iterator[str]:
    """Changed files of the configuration by their names without a hash, and whether anything else is mounted."""
    before, after = ({_target(one) for one in side} for side in (old, new))
    stems = sorted({_HASH.sub(r"\1", target) for target in before ^ after if _HASH.search(target)})
    if stems:
        names = [stem.removeprefix(_CONFIG) for stem in stems]
        yield f"{'files' if len(names) > 1 else 'file'} {listed(names, _SHOWN)}"
    if [one for one in old if not _HASH.search(_target(one))] != [one for one in new if not _HASH.search(_target(one))]:
        yield "mounts"


def _target(volume: object) -> str:
    return str(volume.get("target", "")) if isinstance(volume, dict) else str(volume)


def _of_command(old: list[Any], new: list[Any]) -> Iterator[str]:
    """Arguments that differ, without those that only name a changed file."""
    before, after = ([_HASH.sub(r"\1", str(one)) for one in side] for side in (old, new))
    yield from (f"without {one}" for one in before if one not in after)
    yield from (f"with {one}" for one in after if one not in before)


def _without_contents(value: Any) -> Any:  # noqa: ANN401 - YAML
    if isinstance(value, dict):
        return {key: _without_contents(inner) for key, inner in value.items() if key not in _CONTENTS}
    return [_without_contents(inner) for inner in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:  # noqa: ANN401 - YAML
    """The value with one form of nothing."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()} or None
    if isinstance(value, list):
        return [_plain(inner) for inner in value] or None
    return None if value in _NOTHING else value


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - YAML
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
