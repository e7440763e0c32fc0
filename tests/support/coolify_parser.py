"""Coolify's parser of Docker Compose resources, as far as the stack meets it, to paste files into without a Coolify.

Written after the behaviour of `serviceParser`, `parseDockerVolumeString`, `replaceLocalSource` and `LocalFileVolume` in
Coolify 4.3.11 (commit 379abb2526), quirks included. `Resource` is one resource with its database: a file that was
stored once is never stored again.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

UUID: Final = "w0kk8g4ow8wkc8gogc4g4ss0"
DIRECTORY: Final = f"/data/coolify/services/{UUID}"
# MAX_ARG_STRLEN of Linux: the shell command that writes a file is one argument of `sh -c`.
ARGUMENT: Final = 128 * 1024
_MODES: Final = frozenset({"ro", "rw", "z", "Z", "rslave", "rprivate", "rshared", "slave", "private", "shared"})
_UNSAFE: Final = re.compile(r"[`|&;\n\r\t<>]|\$\(|\$\{")
_BRACES: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(:?[-?])?([^}]*)\}")


class Refused(Exception):  # noqa: N818 - named after what Coolify does
    """Coolify does not accept the file."""


@dataclass
class Stored:
    """A file or directory that Coolify made on the server."""

    source: str
    content: str | None


@dataclass
class Resource:
    """One Docker Compose resource.

    Attributes:
        stored: (service, path in the container) → what was made on the server.
        variables: environment variables in the user interface, with their values.
        required: those without which Coolify does not deploy.
        domains: services with a route, and their ports.
        compose: the file that Coolify deploys.
    """

    stored: dict[tuple[str, str], Stored] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    domains: dict[str, int] = field(default_factory=dict)
    compose: dict[str, Any] = field(default_factory=dict)
    _mode: str = ""
    _shared: list[str] = field(default_factory=list)

    def paste(self, text: str) -> Resource:
        """Save a compose file, as pasted by a user; parse it and write its files."""
        try:
            document = yaml.load(text, yaml.CSafeLoader)
        except yaml.YAMLError as error:
            raise Refused("Invalid YAML format") from error
        if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
            raise Refused('Docker Compose file must contain a "services" section')
        top: dict[str, dict[str, Any]] = {
            key: {name: value for name, value in (document.get(key) or {}).items() if key != "volumes" or value}
            for key in ("volumes", "networks", "configs", "secrets")
        }
        self._mode = ""
        # Every top-level network, for every service; one called `default` is nobody's.
        self._shared = [name for name in top["networks"] if name != "default"]
        services = {name: self._service(name, service, top) for name, service in document["services"].items()}
        top["networks"][UUID] = {"name": UUID, "external": True}
        self.compose = {"services": services, **{key: value for key, value in top.items() if value}}
        return self

    def read(self, service: str) -> dict[str, str]:
        """Path in a service's container → content of the files that are mounted there now."""
        found = {}
        for volume in self.compose["services"][service].get("volumes", ()):
            _, target, _ = _split(volume)
            kept = self.stored.get((service, target))
            if kept is not None and kept.content is not None:
                found[target] = kept.content
        return found

    def _service(self, name: str, service: dict[str, Any], top: dict[str, dict[str, Any]]) -> dict[str, Any]:
        _refuse_unsafe(name)
        volumes = [self._volume(name, volume, top) for volume in service.get("volumes", ())]
        made = {key: value for key, value in service.items() if key != "exclude_from_hc"}
        made |= {"container_name": f"{name}-{UUID}", "restart": service.get("restart", "unless-stopped")}
        if "network_mode" not in service:
            listed = service.get("networks", [])
            # A mapping with an empty value is dropped.
            kept = (
                dict.fromkeys(listed)
                if isinstance(listed, list)
                else {network: options for network, options in listed.items() if isinstance(options, dict)}
            )
            joined = dict.fromkeys(name for name in self._shared if name not in listed)
            made["networks"] = {**kept, **joined, UUID: None}
        if volumes:
            made["volumes"] = volumes
        environment = self._environment(name, service.get("environment", []))
        made["environment"] = {**environment, "COOLIFY_RESOURCE_UUID": UUID}
        made["env_file"] = [".env"]
        return made

    def _volume(self, service: str, volume: str | dict[str, Any], top: dict[str, dict[str, Any]]) -> str:
        content = None
        if isinstance(volume, str):
            source, target, self._mode = _split(volume)
            local = source.startswith(("./", "/", "~", ".."))
        else:
            source, target, content = volume["source"], volume["target"], volume.get("content")
            local = volume["type"] == "bind"
        for place in (source, target):
            _refuse_unsafe(place)
        # The mode is that of the last volume in the short syntax, of whichever service.
        mode = f":{self._mode}" if self._mode else ""
        if not local:
            named = f"{UUID}_{source.replace('_', '-')}"
            top["volumes"][named] = {"name": named}
            return f"{named}:{target}{mode}"
        if source not in {"/var/run/docker.sock", "/tmp"}:  # noqa: S108 - what Coolify compares with
            source = _local(source)
            kept = self.stored.setdefault((service, target), Stored(source, content))
            # The path follows the file, the content does not.
            kept.source = source
            self._write(kept)
        return f"{source}:{target}{mode}"

    @staticmethod
    def _write(kept: Stored) -> None:
        if kept.content is None:
            return
        command = (
            f"echo '{base64.b64encode(kept.content.encode()).decode()}' | base64 -d | tee '{kept.source}' > /dev/null"
        )
        if len(command) >= ARGUMENT:
            raise Refused(f"{kept.source}: Argument list too long")

    def _environment(self, service: str, environment: list[str] | dict[str, Any]) -> dict[str, str | None]:
        entries = (
            [(entry.partition("=")[0], entry.partition("=")[2] if "=" in entry else "") for entry in environment]
            if isinstance(environment, list)
            else list(environment.items())
        )
        found: dict[str, str | None] = {}
        for key, value in entries:
            text = "" if value is None else str(value)
            route = re.fullmatch(r"SERVICE_(?:URL|FQDN)_([A-Z0-9]+)(?:_(\d+))?", key)
            if route:
                self.domains[service] = int(route[2] or 80)
                continue
            found[key] = text
            self._magic(text)
            match = _BRACES.match(text)
            if match and not match[1].startswith("SERVICE_"):
                # Whatever follows the operator is the value, a message, too.
                # It joins the variables of the container, in the compose file, where `$` is replaced once more.
                found[match[1]] = self.variables.setdefault(match[1], match[3])
                if match[2] in {":?", "?"}:
                    self.required.add(match[1])
        return found

    def _magic(self, text: str) -> None:
        for match in _BRACES.finditer(text):
            if match[1].startswith("SERVICE_"):
                self.variables.setdefault(match[1], "generated")


def _split(volume: str) -> tuple[str, str, str]:
    """Source, target and mode of a volume in the short syntax. Only single words are modes."""
    source, _, rest = volume.partition(":")
    target, colon, mode = rest.rpartition(":")
    return (source, target, mode) if colon and mode in _MODES else (source, rest or source, "")


def _local(source: str) -> str:
    """`.`, `~` and the first two characters of `..` are each replaced once, in this order."""
    if source.startswith("."):
        source = source.replace(".", DIRECTORY, 1)
    if source.startswith("~"):
        source = source.replace("~", DIRECTORY, 1)
    return source if source == "/" else source.removesuffix("/")


def _refuse_unsafe(text: str) -> None:
    if _UNSAFE.search(text):
        raise Refused(f"{text!r} has a shell metacharacter")
