"""Jsonnet files → documents, for those who keep staging and production in one place.

The evaluation runs in a process of its own (`boxwatch.topology.reading.jsonnet_child`), bounded in time, memory and
size. What it prints with `std.trace` is dropped.
"""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from boxwatch.errors import Problem, TopologyError
from boxwatch.topology import secrets
from boxwatch.topology.reading import source
from boxwatch.topology.reading.document import Document
from boxwatch.topology.reading.jsonnet_keys import KeyPlaces
from boxwatch.topology.reading.yaml_reader import DEEPEST, MOST_NODES
from boxwatch.topology.wording import visible

SECONDS: Final = 10
# The interpreter takes 35 MB, a topology of 5,000 services 65 MB.
MEMORY: Final = 512 * 2**20
# Jsonnet's own default.
STACK: Final = 500
_LONGEST_MESSAGE = 300

_PLACE = re.compile(r"(?:^|\s)([0-9]+)/f:\(?([0-9]+):([0-9]+)")
_IMPORT = re.compile(r"couldn't open import \"(?P<name>.*?)\": (?P<reason>.*)", re.DOTALL)
_VARIABLE = re.compile(r"undefined external variable: (?P<name>.*)", re.IGNORECASE)
_TOKEN = re.compile(r"\((?:STRING_SINGLE|STRING_DOUBLE|IDENTIFIER|NUMBER|OPERATOR), (\".*?\")\)")


class _Answer(NamedTuple):
    """What the child said: JSON text or an error, and the files that it read, by number."""

    value: str
    error: str
    too_large: bool
    files: list[str]


def evaluate(path: Path, ext_str: Mapping[str, str]) -> Document:
    """The value of a Jsonnet file.

    Args:
        path: the file; it may import what lies in its folder or below.
        ext_str: external variables, name → text.

    Raises:
        TopologyError: the file cannot be read or evaluated, or takes more than 10 s or 512 MB; with its place.
    """
    text = source.read_text(path)
    answer = _ask(path, text, ext_str)
    names = [str(path), *(str(path.parent / name) for name in answer.files[1:])]
    if answer.error:
        raise TopologyError((_problem(answer.error, names),))
    if answer.too_large:
        raise source.refusal(str(path), "evaluates to more than 4 MiB, and no topology is that large")
    return Document(str(path), _value(path, answer.value), KeyPlaces({str(path): text, **_imported(names[1:])}))


def _ask(path: Path, text: str, ext_str: Mapping[str, str]) -> _Answer:
    """Evaluate in a child. It has no environment and no packages; it is told where the one library is."""
    library = importlib.util.find_spec("_jsonnet")
    if library is None or library.origin is None:
        raise source.refusal(str(path), "needs the package `jsonnet`, which is not installed", "pip install jsonnet")
    request = {
        "text": text,
        "folder": str(path.parent),
        "ext_str": dict(ext_str),
        "library": library.origin,
        "largest": source.LARGEST_FILE,
        "memory": MEMORY,
        "seconds": SECONDS,
        "stack": STACK,
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own script, by this interpreter
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("jsonnet_child.py"))],
            input=json.dumps(request),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env={},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise source.refusal(str(path), *_why_endless()) from error
    if done.returncode == -signal.SIGXCPU:
        raise source.refusal(str(path), *_why_endless())
    if done.returncode != 0:
        message = f"needs more than {MEMORY // 2**20} MB of memory to evaluate, or nests without end"
        raise source.refusal(str(path), message, "look for a function that calls itself, or for a very long string")
    answer = json.loads(done.stdout)
    return _Answer(answer.get("value", ""), answer.get("error", ""), "too_large" in answer, answer["files"])


def _why_endless() -> tuple[str, str]:
    return f"takes longer than {SECONDS} s to evaluate", "look for a loop or a recursion that does not end"


def _value(path: Path, text: str) -> object:
    """The value of the JSON that Jsonnet wrote, within the limits that hold for YAML."""
    try:
        value: object = json.loads(text)
    except RecursionError as error:
        raise source.refusal(str(path), f"nests more than {DEEPEST} levels", "a topology nests six") from error
    level, nodes = [value], 0
    for _ in range(DEEPEST + 1):
        nodes += len(level)
        if nodes > MOST_NODES:
            raise source.refusal(str(path), f"evaluates to more than {MOST_NODES:,} values")
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
        ]
    if level:
        raise source.refusal(str(path), f"nests more than {DEEPEST} levels", "a topology nests six")
    return value


def _imported(names: list[str]) -> dict[str, str]:
    """The texts of imported files, in which keys of the topology may be written."""
    texts = {}
    for name in names:
        try:
            texts[name] = source.read_text(Path(name))
        except TopologyError:
            # Imported as a string or changed since: its keys cannot be found, and the evaluation is what counts.
            continue
    return texts


def _problem(said: str, names: list[str]) -> Problem:
    """Jsonnet's message, with the first place in it that is in a file of the person's."""
    kind, _, rest = said.partition(": ")
    places = _PLACE.finditer(said)
    number, line, column = next(((int(a), int(b), int(c)) for a, b, c in (p.groups() for p in places)), (0, 0, 0))
    reason = _PLACE.sub("", rest.split("\n\t")[0], count=1) if kind == "STATIC ERROR" else rest.split("\n\t")[0]
    message, hint = _explain(re.sub(r"^[-0-9:()]*: ", "", reason.strip()))
    if message.startswith("cannot be evaluated") and _may_quote_a_secret(names[number], line):
        # Without its quotes, Jsonnet takes the secret for the name of a variable.
        message, hint = "cannot be evaluated", "put text in quotes"
    return Problem(names[number], line, column, "", message, hint)


def _may_quote_a_secret(name: str, line: int) -> bool:
    try:
        lines = source.read_text(Path(name)).splitlines()
    except TopologyError:
        return False
    return 0 < line <= len(lines) and secrets.is_secret(lines[line - 1])


def _explain(reason: str) -> tuple[str, str]:
    variable = _VARIABLE.match(reason)
    if variable is not None:
        name = visible(variable["name"].strip())
        return f"needs the external variable `{name}`", f"give it with --ext-str {name}=VALUE"
    found = _IMPORT.match(reason)
    if found is not None:
        return f"cannot import `{visible(found['name'])}`: {_one_line(found['reason'])}", ""
    if reason.startswith("max stack frames"):
        return "recurses without end, or deeper than 500 calls", "look for a function that calls itself"
    if reason.startswith("couldn't manifest function"):
        return "has a function where a value belongs", "call it, or hide its key with `::`"
    return "cannot be evaluated: " + _one_line(_TOKEN.sub(r"\1", reason)), ""


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return visible(line[:_LONGEST_MESSAGE] + ("…" if len(line) > _LONGEST_MESSAGE else ""))
