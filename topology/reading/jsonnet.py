"""Jsonnet files → documents, for topologies that share code between staging and production.

Evaluation runs in a separate process (`boxwatch.topology.reading.jsonnet_child`) with limits on time, memory and size.
Output of `std.trace` is discarded.
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
# Jsonnet's default.
STACK: Final = 500
_LONGEST_MESSAGE = 300

_PLACE = re.compile(r"(?:^|\s)([0-9]+)/f:\(?([0-9]+):([0-9]+)")
_IMPORT = re.compile(r"couldn't open import \"(?P<name>.*?)\": (?P<reason>.*)", re.DOTALL)
_VARIABLE = re.compile(r"undefined external variable: (?P<name>.*)", re.IGNORECASE)
_TOKEN = re.compile(r"\((?:STRING_SINGLE|STRING_DOUBLE|IDENTIFIER|NUMBER|OPERATOR), (\".*?\")\)")


class _Answer(NamedTuple):
    """The child's answer: JSON text or an error, and the files it read, by number."""

    value: str
    error: str
    too_large: bool
    files: list[str]


def evaluate(path: Path, ext_str: Mapping[str, str]) -> Document:
    """Evaluate a Jsonnet file.

    Args:
        path: the file; it may import files in its folder or below.
        ext_str: external variables, name → text.

    Raises:
        TopologyError: the file cannot be read or evaluated, or exceeds 10 s or 512 MB; carries the place.
    """
    text = source.read_text(path)
    answer = _ask(path, text, ext_str)
    names = [str(path), *(str(path.parent / name) for name in answer.files[1:])]
    if answer.error:
        raise TopologyError((_problem(answer.error, names),))
    if answer.too_large:
        raise source.refusal(str(path), "evaluates to more than 4 MiB, the maximum for a topology")
    return Document(str(path), _value(path, answer.value), KeyPlaces({str(path): text, **_imported(names[1:])}))


def _ask(path: Path, text: str, ext_str: Mapping[str, str]) -> _Answer:
    """Evaluate in a child process without environment or packages; it gets the path of the one library it needs."""
    library = importlib.util.find_spec("_jsonnet")
    if library is None or library.origin is None:
        message = "requires the package `jsonnet`, which is not installed"
        raise source.refusal(str(path), message, "run `pip install jsonnet`")
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
        message = f"needs more than {MEMORY // 2**20} MB of memory to evaluate, or nests infinitely"
        raise source.refusal(str(path), message, "look for infinite recursion or a very long string")
    answer = json.loads(done.stdout)
    return _Answer(answer.get("value", ""), answer.get("error", ""), "too_large" in answer, answer["files"])


def _why_endless() -> tuple[str, str]:
    return f"takes longer than {SECONDS} s to evaluate", "look for an infinite loop or recursion"


def _value(path: Path, text: str) -> object:
    """Parse Jsonnet's JSON output, within the same limits as YAML."""
    try:
        value: object = json.loads(text)
    except RecursionError as error:
        raise source.refusal(str(path), f"nests more than {DEEPEST} levels deep", "a topology needs six") from error
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
        raise source.refusal(str(path), f"nests more than {DEEPEST} levels deep", "a topology needs six")
    return value


def _imported(names: list[str]) -> dict[str, str]:
    """The texts of imported files, which may contain keys of the topology."""
    texts = {}
    for name in names:
        try:
            texts[name] = source.read_text(Path(name))
        except TopologyError:
            # Imported as a string, or changed since: its keys have no places, but the evaluation is unaffected.
            continue
    return texts


def _problem(said: str, names: list[str]) -> Problem:
    """Jsonnet's error, located at the first place in it that lies in one of the user's files."""
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
        return f"requires the external variable `{name}`", f"pass --ext-str {name}=VALUE"
    found = _IMPORT.match(reason)
    if found is not None:
        return f"cannot import `{visible(found['name'])}`: {_one_line(found['reason'])}", ""
    if reason.startswith("max stack frames"):
        return "recurses infinitely, or more than 500 calls deep", "look for a function that calls itself"
    if reason.startswith("couldn't manifest function"):
        return "has a function where a value is required", "call it, or hide its key with `::`"
    return "cannot be evaluated: " + _one_line(_TOKEN.sub(r"\1", reason)), ""


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return visible(line[:_LONGEST_MESSAGE] + ("…" if len(line) > _LONGEST_MESSAGE else ""))
