"""Docker's own description of a server: `docker inspect`, `docker info`, `docker stats`, `stat -f`, as one stream.

The documents may come in any order and any number, one after another. Every field is read by name from a short list;
anything else is dropped here.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from boxwatch.discovery.model import Container, Host, Labels, Published
from boxwatch.errors import InputError
from boxwatch.topology import container_labels as keys

# On the server. Needs nothing installed; its output goes through the pipe and into no file.
COMMAND: Final = (
    'docker info -f "{{json .}}"; docker stats --no-stream --format "{{json .}}"; '
    'stat -f -c "{\\"Blocks\\":%b,\\"BlockSize\\":%S}" /var/lib/docker; docker inspect $(docker ps -aq)'
)

_Node = Mapping[str, object]
_NOTHING: Final[_Node] = {}
# More digits than any number here needs; bounds the time spent on a hostile one.
_DIGITS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
# What Docker allows as a name (moby, daemon/names).
_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}", re.ASCII)
_IMAGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,400}", re.ASCII)
_STATE: Final = re.compile(r"[a-z]{1,20}", re.ASCII)
_PORT: Final = re.compile(r"([0-9]{1,5})(?:/[a-z]+)?", re.ASCII)
_LAST_PORT: Final = 65535
_USED: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([kKMGT]?)i?B(?: / .*)?", re.ASCII)
_FACTORS: Final = {"": 1, "k": 2**10, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
# cgroup v1 spells "no limit" as the largest whole number of pages.
_NO_LIMIT: Final = 2**60
_ROUTER: Final = re.compile(r"traefik\.http\.routers\.[^.]+\.rule")
_HOST: Final = re.compile(r"\bHost\(\s*[`'\"]([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)[`'\"]\s*[,)]")
_SECURE: Final = re.compile(r"traefik\.http\.routers\.[^.]+\.tls(?:\..+)?")
# Flags of exporters that say what they see (boxwatch.live.doctor), and the values that these may have.
_FLAGS: Final = frozenset(
    {
        "allow_dynamic_housekeeping", "disable_metrics", "docker_only", "enable_metrics", "housekeeping_interval",
        "store_container_labels", "whitelisted_container_labels",
    }
)  # fmt: skip
_FLAG: Final = re.compile(r"[A-Za-z0-9_.,-]{0,1000}", re.ASCII)
_METRICS_FLAG: Final = "--metrics.prometheus"
_FILE_MARKS: Final = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"), (b"", "utf-8-sig"))


def decode(content: bytes, named: str) -> str:
    """The text of a file. PowerShell writes UTF-16 when it redirects.

    Raises:
        InputError: it is no text.
    """
    encoding = next(encoding for mark, encoding in _FILE_MARKS if content.startswith(mark))
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise InputError(f"{named}: is not text: {_WHAT_TO_DO}") from None


def read(text: str, named: str) -> Host:
    """The server that a stream of Docker's documents describes.

    Args:
        text: the documents, one after another.
        named: their name in messages.

    Raises:
        InputError: it is not JSON, or not what Docker prints about containers.
    """
    found = _Found()
    for number, document in enumerate(_documents(text, named), 1):
        for item in document if isinstance(document, list) else [document]:
            _take(found, item, f"{named}: document {number}")
    return replace(
        found.host,
        containers=tuple(replace(one, used=found.used.get(one.name)) for one in found.containers.values()),
        sources=(named,),
    )


def with_info(host: Host, text: str) -> Host:
    """The server with what a separate `docker info` says of it.

    Raises:
        InputError: the text is something else.
    """
    info = read(text, "--docker-info")
    if info.containers or info.memory is None:
        raise InputError("--docker-info: is not the output of `docker info --format '{{json .}}'`")
    return replace(host, name=info.name, cpus=info.cpus, memory=info.memory)


_WHAT_TO_DO: Final = "pass the output of `docker inspect $(docker ps -aq)` on the server"


@dataclass(slots=True)
class _Found:
    """What was read so far; the same container may come twice."""

    host: Host = field(default_factory=Host)
    containers: dict[str, Container] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)


def _documents(text: str, named: str) -> Iterator[object]:
    """The JSON documents of a text.

    Raises:
        InputError: something in it is no JSON. The message quotes nothing: the text is full of secrets.
    """
    decoder = json.JSONDecoder()
    at = 0
    while True:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at == len(text):
            return
        try:
            document, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            line = text.count("\n", 0, at) + 1
            raise InputError(f"{named}:{line}: is not JSON, or is cut off: {_WHAT_TO_DO}") from None
        yield document


def _take(found: _Found, item: object, where: str) -> None:
    if not isinstance(item, dict):
        raise InputError(f"{where}: is no description of a container: {_WHAT_TO_DO}")
    if isinstance(item.get("Config"), dict) and isinstance(item.get("State"), dict):
        container = _container(item)
        if not _NAME.fullmatch(container.name):
            raise InputError(f"{where}: has no Name that Docker would give a container: {_WHAT_TO_DO}")
        found.containers[_text(item, "Id") or container.name] = container
    elif "MemUsage" in item:
        match = _USED.fullmatch(_text(item, "MemUsage"))
        if match:
            # 0 B is what Docker prints for a container that stopped meanwhile.
            used = int(Decimal(match[1]) * _FACTORS[match[2]])
            found.used |= {_text(item, "Name"): used} if used else {}
    elif "MemTotal" in item or "ServerVersion" in item:
        found.host = replace(
            found.host,
            name=_text(item, "Name"),
            cpus=_number(item, "NCPU") or None,
            memory=_number(item, "MemTotal") or None,
        )
    elif "Blocks" in item:
        found.host = replace(found.host, disk=_number(item, "Blocks") * _number(item, "BlockSize") or None)
    elif "RunningFor" in item or ("Names" in item and "Image" in item):
        raise InputError(f"{where}: is the output of `docker ps`, which lacks limits and ports: {_WHAT_TO_DO}")
    else:
        raise InputError(f"{where}: describes no container but something else in Docker: {_WHAT_TO_DO}")


def _container(item: _Node) -> Container:
    config, state, limits = _node(item, "Config"), _node(item, "State"), _node(item, "HostConfig")
    labels = _node(config, "Labels")
    limit = _number(limits, "Memory")
    ports = _node(_node(item, "NetworkSettings"), "Ports") or _node(limits, "PortBindings")
    status = _matching(_STATE, _text(state, "Status").lower())
    exited = status in ("exited", "dead")
    return Container(
        name=_text(item, "Name").lstrip("/"),
        image=_matching(_IMAGE, _text(config, "Image")),
        # Docker before 1.9 has no Status.
        state=status or ("running" if state.get("Running") is True else "exited"),
        exit_code=_number(state, "ExitCode") if exited else None,
        labels=_labels(labels),
        listens=tuple(sorted(_ports_of(_node(config, "ExposedPorts")) | _ports_of(ports))),
        published=tuple(sorted(_published(ports))),
        limit=limit if limit < _NO_LIMIT else 0,
        urls=tuple(_urls(labels)),
        metrics_on=_turns_metrics_on(item, config),
        flags=tuple(sorted(_exporter_flags(item, config))),
        host_network=_text(limits, "NetworkMode") == "host",
        host_pids=_text(limits, "PidMode") == "host",
    )


def _labels(labels: _Node) -> Labels:
    pull_request = _text(labels, keys.COOLIFY_PULL_REQUEST)
    return Labels(
        resource=_text(labels, keys.COOLIFY_RESOURCE),
        project=_text(labels, keys.COOLIFY_PROJECT),
        environment=_text(labels, keys.COOLIFY_ENVIRONMENT),
        type=_text(labels, keys.COOLIFY_TYPE),
        database_type=_text(labels, keys.COOLIFY_DATABASE_TYPE),
        pull_request=int(pull_request) if _DIGITS.fullmatch(pull_request) else 0,
        managed=_text(labels, keys.COOLIFY_MANAGED) == "true",
        compose_project=_text(labels, keys.COMPOSE_PROJECT),
        compose_service=_text(labels, keys.COMPOSE_SERVICE),
        one_off=_text(labels, keys.COMPOSE_ONE_OFF).lower() == "true",
        swarm_service=_text(labels, keys.SWARM_SERVICE),
    )


def _ports_of(ports: _Node) -> set[int]:
    """Ports of `{"5432/tcp": …}`."""
    matches = (_PORT.fullmatch(port) for port in ports)
    return {int(match[1]) for match in matches if match and 0 < int(match[1]) <= _LAST_PORT}


def _published(ports: _Node) -> set[Published]:
    """Ports on the server, from `{"5432/tcp": [{"HostIp": "0.0.0.0", "HostPort": "5432"}]}`."""
    public: dict[tuple[int, int], bool] = {}
    for key, bindings in ports.items():
        inner = next(iter(_ports_of({key: None})), 0)
        for binding in bindings if isinstance(bindings, list) else ():
            if isinstance(binding, dict) and 0 < (port := _number(binding, "HostPort")) <= _LAST_PORT:
                address = _text(binding, "HostIp")
                loopback = address.startswith("127.") or address == "::1"
                public[port, inner] = public.get((port, inner), False) or not loopback
    return {Published(port, anyone, inner) for (port, inner), anyone in public.items()}


def _urls(labels: _Node) -> Iterator[str]:
    """Addresses in the rules of Traefik's routers, without paths: nothing else of a rule is safe to show."""
    secure = any(_SECURE.fullmatch(key) for key in labels)
    seen: dict[str, None] = {}
    for key, rule in sorted(labels.items()):
        if _ROUTER.fullmatch(key) and isinstance(rule, str):
            seen |= dict.fromkeys(_HOST.findall(rule))
    for host in seen:
        yield f"{'https' if secure else 'http'}://{host}"


def _turns_metrics_on(item: _Node, config: _Node) -> bool:
    """Whether a flag on the command line turns on Traefik's metrics. Only the answer leaves this function."""
    words = [*_list(item, "Args"), *_list(config, "Cmd"), *_list(config, "Entrypoint")]
    flags = [word.lower().partition("=") for word in words if isinstance(word, str)]
    return any(
        (name == _METRICS_FLAG or name.startswith(f"{_METRICS_FLAG}.")) and value != "false" for name, _, value in flags
    )


def _exporter_flags(item: _Node, config: _Node) -> Iterator[tuple[str, str]]:
    """The flags of an exporter that are known to hold no secret: `--flag=value` and `--flag`, with one dash or two."""
    words = (*_list(item, "Args"), *_list(config, "Cmd"), *_list(config, "Entrypoint"))
    for word in dict.fromkeys(word for word in words if isinstance(word, str) and word.startswith("-")):
        name, _, value = word.lstrip("-").partition("=")
        if name in _FLAGS and _FLAG.fullmatch(value):
            yield name, value or "true"


def _node(item: _Node, key: str) -> _Node:
    value = item.get(key)
    return value if isinstance(value, dict) else _NOTHING


def _list(item: _Node, key: str) -> list[object]:
    value = item.get(key)
    return value if isinstance(value, list) else []


def _text(item: _Node, key: str) -> str:
    """A text; empty if it is none, or has characters that neither a selector nor a comment can hold."""
    value = item.get(key)
    return value if isinstance(value, str) and value.isprintable() else ""


def _matching(form: re.Pattern[str], text: str) -> str:
    return text if form.fullmatch(text) else ""


def _number(item: _Node, key: str) -> int:
    value = item.get(key)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
