"""What Coolify's parser does to a pasted compose file, as rules that a file keeps so that nothing of it is lost.

Each is a fact of `serviceParser`, `parseDockerVolumeString`, `isDatabaseImage` or `LocalFileVolume` of Coolify 4.3.11
(commit 379abb2526), or follows from how Coolify starts a resource.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import yaml

from boxwatch.stack import coolify

Document = dict[str, Any]
_TOP: Final = frozenset({"services", "volumes", "networks"})
_REFERENCE: Final = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(:?[-?])?([^}]*)\}")
_MAGIC: Final = re.compile(
    r"SERVICE_(?:(?:URL|FQDN)_[A-Z0-9]+(?:_\d+)?|(?:USER|PASSWORD|PASSWORD_64|BASE64|BASE64_64|HEX_32)_[A-Z0-9]+)"
)
_DATABASES: Final = (
    "postgres",
    "mysql",
    "mariadb",
    "redis",
    "mongo",
    "clickhouse-server",
    "valkey",
    "keydb",
    "dragonfly",
)
_SECRET: Final = re.compile(r"(?i)(pass|password|token|secret|key)$")
# What Symfony's parser makes a number or a time of, and PyYAML leaves as text.
_NUMBERS: Final = re.compile(
    r"[-+]?(?:0o?[0-7_]+|[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+|\d{4}-\d\d?-\d\d?(?:[Tt ].*)?)"
)


def violations(text: str) -> list[str]:
    """The rules that a file breaks, with the place."""
    document = yaml.load(text, yaml.CSafeLoader)
    found = [f"{name}: {place}" for name, rule in RULES.items() for place in rule(document)]
    return [*found, *(f"scalars: {value}" for value in _ambiguous(text))]


def _services(document: Document) -> Iterator[tuple[str, Document]]:
    yield from document["services"].items()


def _keys(document: Document) -> Iterator[str]:
    """Coolify's parser keeps these sections; `name` would be another project than the resource's."""
    yield from document.keys() - _TOP
    for name, service in _services(document):
        for key in (
            "build",
            "container_name",
            "env_file",
            "extends",
            "labels",
            "ports",
            "profiles",
            "configs",
            "secrets",
        ):
            if key in service:
                yield f"{name}.{key}"


def _names(document: Document) -> Iterator[str]:
    """A name becomes a container's name before the UUID, and a variable's without dashes."""
    for name, _ in _services(document):
        if not re.fullmatch(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", name):
            yield name


def _volumes(document: Document) -> Iterator[str]:
    """Single modes only, `ro` for whatever is not data: the last one is appended to every volume in the long syntax."""
    for name, service in _services(document):
        targets: Counter[str] = Counter()
        for volume in service.get("volumes", ()):
            if isinstance(volume, dict):
                targets[volume["target"]] += 1
                if volume.keys() != {"type", "source", "target", "content"} or volume["type"] != "bind":
                    yield f"{name}: {volume['target']} has keys that Coolify drops"
                continue
            source, *rest = volume.split(":")
            targets[rest[0] if rest else ""] += 1
            if source.startswith(("/", ".", "~")) and rest[1:] != ["ro"]:
                yield f"{name}: {volume} is not read only, or has a compound mode"
            if not source.startswith(("/", ".", "~")) and len(rest) != 1:
                yield f"{name}: {volume} has a mode"
        yield from (f"{name}: {target} twice" for target, number in targets.items() if number > 1)


def _sources(document: Document) -> Iterator[str]:
    """Only the first character of `..` is replaced, and shell characters are refused."""
    for name, service in _services(document):
        for volume in service.get("volumes", ()):
            places = [volume["source"], volume["target"]] if isinstance(volume, dict) else volume.split(":")[:2]
            for place in places:
                relative = place.startswith((".", "~")) and not place.startswith("./")
                if relative or re.search(r"[`|&;\n\r\t<>$]", place):
                    yield f"{name}: {place}"


def _files(document: Document) -> Iterator[str]:
    """The first write wins, and one command carries a file."""
    for name, service in _services(document):
        for volume in service.get("volumes", ()):
            if not isinstance(volume, dict):
                continue
            content = volume.get("content", "").encode()
            digest = hashlib.sha256(content).hexdigest()[:8]
            if not all(f"-{digest}." in volume[key] for key in ("source", "target")):
                yield f"{name}: {volume['target']} has another hash than its content"
            if not content or len(content) > coolify.LARGEST:
                yield f"{name}: {volume['target']} is empty or too large"


def _networks(document: Document) -> Iterator[str]:
    """A mapping with an empty value is dropped, and a network called `default` is nobody's."""
    declared = document.get("networks", {})
    if "default" in declared:
        yield "default"
    for name, service in _services(document):
        listed = service.get("networks", [])
        if not isinstance(listed, list) or not set(listed) <= declared.keys():
            yield name
        if "network_mode" in service and listed:
            yield f"{name}: network_mode"


def _environment(document: Document) -> Iterator[str]:
    """A list; one variable a value, at its beginning; no message after `:?`; nothing that Coolify resolves itself."""
    for name, service in _services(document):
        entries = service.get("environment", [])
        if not isinstance(entries, list):
            yield f"{name}: a mapping"
            continue
        for entry in entries:
            key, equals, value = entry.partition("=")
            found = list(_REFERENCE.finditer(value))
            if len(found) > 1 and any("-" not in (one[2] or "?") for one in found[1:]):
                yield f"{name}: {key} has a second variable, which no one can see"
            if found and found[0].start() > 0 and "?" in (found[0][2] or "") and not _shown(found[0][0], entries):
                yield f"{name}: {key} has a variable that does not begin the value"
            if any("?" in (one[2] or "") and one[3] for one in found):
                yield f"{name}: {key} has a message that would become the value"
            if "{{" in value or (equals and value.startswith("SERVICE_")):
                yield f"{name}: {key} is resolved by Coolify"


def _shown(reference: str, entries: list[str]) -> bool:
    return any(entry.partition("=")[2].startswith(reference) for entry in entries)


def _variables(document: Document) -> Iterator[str]:
    """Every required variable appears in the user interface, which shows those that begin a value."""
    shown, needed = set(), set()
    for _, service in _services(document):
        for entry in service.get("environment", ()) if isinstance(service.get("environment", []), list) else ():
            match = _REFERENCE.match(entry.partition("=")[2])
            shown |= {match[1]} if match else set()
        texts = [str(service.get(key, "")) for key in ("command", "environment", "extra_hosts")]
        needed |= {one[1] for text in texts for one in _REFERENCE.finditer(text) if "?" in (one[2] or "")}
    yield from sorted(needed - shown)
    # All containers get all of them.
    yield from sorted(name for name in shown if not name.startswith(("BOXWATCH_", "SERVICE_")))


def _magic(document: Document) -> Iterator[str]:
    """Known forms only; a route names a service of the file and its port."""
    names = {re.sub(r"[^a-z0-9]", "", name).upper() for name, _ in _services(document)}
    for name, service in _services(document):
        for word in re.findall(r"SERVICE_[A-Z0-9_]+", str(service.get("environment", ""))):
            route = re.fullmatch(r"SERVICE_(?:URL|FQDN)_([A-Z0-9]+)(?:_\d+)?", word)
            if not _MAGIC.fullmatch(word) or (route and route[1] not in names):
                yield f"{name}: {word}"


def _health(document: Document) -> Iterator[str]:
    """Without a check a container's health is unknown for ever; `restart: no` leaves it out of the status."""
    for name, service in _services(document):
        test = service.get("healthcheck", {}).get("test", [])
        if test[:1] != ["CMD"] or "http://" not in test[-1]:
            yield name
        if service.get("restart") != "unless-stopped" or "exclude_from_hc" in service:
            yield f"{name}: restart"


def _images(document: Document) -> Iterator[str]:
    """One release; none that Coolify takes for a database, which has no route and another page."""
    for name, service in _services(document):
        repository, _, tag = service["image"].rpartition(":")
        if not re.fullmatch(r"v?\d+\.\d+\.\d+(?:-alpine)?", tag):
            yield f"{name}: {service['image']}"
        if repository.rpartition("/")[2] in _DATABASES:
            yield f"{name}: {service['image']} is a database"


def _secrets(document: Document) -> Iterator[str]:
    """No password stands in the file."""
    for name, service in _services(document):
        entries = service.get("environment", [])
        for entry in entries if isinstance(entries, list) else [f"{key}={value}" for key, value in entries.items()]:
            key, _, value = entry.partition("=")
            if _SECRET.search(key) and value and not re.fullmatch(r"\$\{\w+(:\?)?\}", value):
                yield f"{name}: {key}"


def _limits(document: Document) -> Iterator[str]:
    """Coolify's own limits do not apply to compose files."""
    for name, service in _services(document):
        if not re.fullmatch(r"\d+[bkmg]", str(service.get("mem_limit", ""))):
            yield name


def _ambiguous(text: str) -> Iterator[str]:
    """Unquoted text that another YAML library takes for a number or a time."""
    for event in yaml.parse(text, yaml.CSafeLoader):
        if not isinstance(event, yaml.ScalarEvent) or not event.implicit[0] or not _NUMBERS.fullmatch(event.value):
            continue
        # An integer is one in every version of YAML.
        if not re.fullmatch(r"0|[1-9][0-9]*", event.value):
            yield event.value


RULES: Final[dict[str, Callable[[Document], Iterator[str]]]] = {
    "keys": _keys,
    "names": _names,
    "volumes": _volumes,
    "sources": _sources,
    "files": _files,
    "networks": _networks,
    "environment": _environment,
    "variables": _variables,
    "magic": _magic,
    "health": _health,
    "images": _images,
    "secrets": _secrets,
    "limits": _limits,
}
