"""A topology in the making → its file, with comments that say where each line comes from."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from boxwatch.discovery.draft import Draft, DraftTopology, Part, ServerDraft
from boxwatch.topology.units import GIB, KIB, MIB, TIB
from boxwatch.topology.wording import counted, listed, visible

_WIDTH: Final = 118
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
# Words that YAML 1.1 takes for something else than text.
_READ_AS_OTHER: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_HEADER: Final = """\
# yaml-language-server: $schema=./topology.schema.json
#
"""
_ABOUT: Final = (
    "What runs where, with how much RAM and how many replicas: boxwatch generates rules, dashboards, scrape "
    "configuration and runbooks from this file. docs/topology.md documents every key; `boxwatch topology` shows the "
    "plan, and `boxwatch discover --check topology.yaml` says later how the server has drifted from it."
)


def text(topology: DraftTopology) -> str:
    """The file."""
    return "\n".join(
        [
            *_head(topology),
            "",
            "version: 1",
            "",
            f"name: {topology.name}",
            "",
            "servers:",
            *(line for server in topology.servers for line in _server(server)),
            "",
            "services:",
            *_joined(_service(draft) for draft in topology.services),
            "",
            *_shared(topology),
            *_left_out(topology),
            "",
        ]
    )


def memory(size: int) -> str:
    """The shortest exact way to write a size: `1g`, `1536m`; whole bytes where no unit is exact."""
    for letter, factor in (("t", TIB), ("g", GIB), ("m", MIB), ("k", KIB)):
        if size % factor == 0:
            return f"{size // factor}{letter}"
    return str(size)


def _disk(size: int) -> str:
    return f"{size // 10**9}GB" if size >= 10**9 else f"{size // 10**6}MB"


def quoted(value: str) -> str:
    """A text as YAML, in quotes where it needs them."""
    plain = _PLAIN.fullmatch(value) and value.lower() not in _READ_AS_OTHER
    return value if plain else json.dumps(value, ensure_ascii=False)


def _comment(texts: Iterable[str], indent: int) -> Iterator[str]:
    """Sentences as a comment, broken at the width of the file."""
    joined = " ".join(visible(text) for text in texts)
    prefix = f"{' ' * indent}# "
    yield from textwrap.wrap(
        joined, _WIDTH, initial_indent=prefix, subsequent_indent=prefix, break_long_words=False, break_on_hyphens=False
    )


def _head(topology: DraftTopology) -> Iterator[str]:
    yield from _HEADER.splitlines()
    yield from _comment([_ABOUT], 0)
    yield "#"
    sources = " and ".join(topology.sources)
    running = counted(sum(len(draft.containers) for draft in topology.services), "container")
    found = f"Discovered from {sources}: {running} in {counted(len(topology.services), 'service')}."
    left = f"Left out: {len(topology.left_out)}, listed at the end with the reasons."
    yield from _comment([found, left], 0)


def _joined(blocks: Iterable[Iterable[str]]) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from block


def _server(server: ServerDraft) -> Iterator[str]:
    notes = server.notes
    yield from _comment([notes[""]], 2) if "" in notes else ()
    yield f"  {server.name}:"
    yield from _line("cpus", str(server.cpus), notes)
    yield from _line("memory", memory(server.memory), notes)
    yield from _line("disk", _disk(server.disk), notes)
    yield from _comment(["Estimate for the operating system, Docker and builds."], 4)
    yield f"    reserved: {memory(server.reserved)}"
    if server.address:
        yield from _line("address", quoted(server.address), notes)
    yield from _comment(["Public address. Probes then verify that only `exposed` ports answer there."], 4)
    yield "    # public_address: 203.0.113.7"


def _line(key: str, value: str, notes: dict[str, str]) -> Iterator[str]:
    yield from _comment([notes[key]], 4) if key in notes else ()
    yield f"    {key}: {value}"


def _service(draft: Draft) -> Iterator[str]:
    yield from _comment(draft.notes, 2)
    yield f"  {draft.name}:"
    yield f"    kind: {draft.kind}"
    yield f"    server: {draft.servers[0]}" if len(draft.servers) == 1 else f"    server: [{', '.join(draft.servers)}]"
    if draft.replicas != 1:
        yield f"    replicas: {draft.replicas}"
    yield from _remarks(draft, "memory")
    yield f"    memory: {memory(draft.memory)}"
    if draft.assumed:
        yield "    assumed: true"
    if draft.limit is not None:
        yield f"    limit: {draft.limit if isinstance(draft.limit, str) else memory(draft.limit)}"
    yield from _remarks(draft, "ports")
    if draft.ports:
        yield f"    ports: [{', '.join(map(str, draft.ports))}]"
    if draft.exposed:
        yield "    exposed: true"
    if draft.url:
        yield "    # Uncomment to probe this address; it must answer with a success status, without a login."
        yield f"    # url: {draft.url}"
    yield from _remarks(draft, "metrics")
    if draft.metrics:
        yield f"    metrics: {quoted(draft.metrics)}"
    yield "    containers:"
    for number, keys in draft.selectors:
        yield f"      - {{{', '.join(_selector(keys, draft.parts[number]))}}}"


def _remarks(draft: Draft, key: str) -> Iterator[str]:
    yield from _comment([sentence for about, sentence in draft.remarks if about == key], 4)


def _selector(keys: dict[str, str], part: Part) -> Iterator[str]:
    for key, value in keys.items():
        yield f"{key}: {quoted(value)}"
    if part.name:
        yield f"component: {part.name}"
        if part.memory:
            yield f"memory: {memory(part.memory)}"
        if part.optional:
            yield "optional: true"


def _shared(topology: DraftTopology) -> Iterator[str]:
    if topology.stores:
        yield from _comment(
            [f"A Prometheus runs already: {listed(topology.stores)}. To use it, see docs/shared.md:"], 0
        )
        yield from ("# stack:", "#   shared: true", "")


def _left_out(topology: DraftTopology) -> Iterator[str]:
    if not topology.left_out:
        yield "# Left out: nothing."
        return
    yield "# Left out, and why:"
    for one in topology.left_out:
        yield f"#   {visible(one.name)}: {visible(one.why)}."
