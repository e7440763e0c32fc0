"""Readable YAML: keys in the given order, queries as literal blocks, nothing folded.

Proofs are megabytes of short strings, and PyYAML makes a node and an event of each. `_Writer` writes ordinary documents
itself, byte for byte as PyYAML does (a property test compares them), and leaves documents with anything unusual to
PyYAML.
"""

from __future__ import annotations

import re

import yaml

# PyYAML breaks lines at spaces beyond this column.
_WIDTH = 1000


class _Dumper(yaml.CSafeDumper):
    """Writes multi-line strings as literal blocks, and repeated objects in full rather than as aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def _text(dumper: yaml.CSafeDumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _text)


def dump(document: object, header: str) -> bytes:
    """A document as UTF-8 YAML, below a comment of one or more lines. The same input gives the same bytes."""
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    try:
        text = _Writer().document(document)
    except _UnusualError:
        text = by_pyyaml(document)
    return (comment + text).encode()


def by_pyyaml(document: object) -> str:
    """A document as YAML by PyYAML alone: any document that is safe to dump."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


class _UnusualError(Exception):
    """A document contains something that is left to PyYAML."""


_RESOLVERS = yaml.resolver.Resolver.yaml_implicit_resolvers
# PyYAML escapes these characters or treats them as line ends.
_UNUSUAL = re.compile("[^\n\x20-\x7e\xa1-\u2027\u202a-\ud7ff]")
# Beginnings that a plain string must not have.
_INDICATOR = re.compile(r"""[ #,\[\]{}&*!|>'"%@`]|[-?:]( |$)|---|\.\.\.""")
_SPACE, _SPACE_IN_QUOTES = re.compile("(?<! ) (?! )"), re.compile("(?<! ) (?! |'$)")
_UNUSUAL_BLOCK = re.compile(r"\s|.* \n|.*\s$", re.DOTALL)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class _Writer:
    """Writes one document, caching how each string is written, because most occur more than once."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._known: dict[str, str] = {}
        self._keys: dict[str, str] = {}

    def document(self, document: object) -> str:
        """A complete document, which must be a mapping or a list.

        Raises:
            _UnusualError: it contains something that is left to PyYAML.
        """
        if type(document) is dict and document:
            self._mapping(document, "", "")
        elif type(document) is list and document:
            self._list(document, "", "")
        else:
            raise _UnusualError
        return "\n".join(self._lines) + "\n"

    def _mapping(self, mapping: dict[object, object], head: str, pad: str) -> None:
        """The entries of a mapping, the first after `head` and the others after `pad`."""
        known, keys, append = self._known, self._keys, self._lines.append
        for key, value in mapping.items():
            name = f"{head}{keys.get(key) or self._key(key)}:"  # type: ignore[call-overload]
            head = pad
            if type(value) is str:
                # Most strings are short and were written before.
                written = known.get(value, "|")
                if written[0] == "|" or len(name) + len(written) >= _WIDTH:
                    written = self._string(value, len(name) + 1, pad)
                append(f"{name} {written}")
            elif type(value) is dict and value:
                self._lines.append(name)
                self._mapping(value, pad + "  ", pad + "  ")
            elif type(value) is list and value:
                self._lines.append(name)
                self._list(value, pad, pad)
            else:
                self._lines.append(f"{name} {_scalar(value)}")

    def _list(self, items: list[object], head: str, pad: str) -> None:
        for item in items:
            dash = f"{head}- "
            head = pad
            if type(item) is dict and item:
                self._mapping(item, dash, pad + "  ")
            elif type(item) is list and item:
                self._list(item, dash, pad + "  ")
            elif type(item) is str:
                self._lines.append(dash + self._string(item, len(dash), pad))
            else:
                self._lines.append(dash + _scalar(item))

    def _key(self, key: object) -> str:
        known = self._keys.get(key) if type(key) is str else None
        if known is None:
            if type(key) is not str or not _KEY.fullmatch(key):
                raise _UnusualError
            known = self._keys[key] = _one_line(key)
        return known

    def _string(self, text: str, column: int, pad: str) -> str:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = _one_line(text) if "\n" not in text else _block(text)
        # No plain string begins with it.
        if known[0] == "|":
            return known.replace("\n", f"\n{pad}  ").replace(f"\n{pad}  \n", "\n\n")
        return known if column + len(known) <= _WIDTH else _folded(known, column, f"\n{pad}  ")


def _one_line(text: str) -> str:
    if _UNUSUAL.search(text):
        raise _UnusualError
    if (
        not text
        or text[-1] in " :"
        or ": " in text
        or " #" in text
        or _INDICATOR.match(text)
        or any(regexp.match(text) for _, regexp in _RESOLVERS.get(text[0], ()))
    ):
        return "'" + text.replace("'", "''") + "'"
    return text


def _folded(written: str, column: int, line: str) -> str:
    """A long string starting at a column, broken where PyYAML breaks it: at single spaces beyond the width."""
    parts: list[str] = []
    single = _SPACE_IN_QUOTES if written.startswith("'") else _SPACE
    while space := single.search(written, max(0, _WIDTH + 1 - column)):
        parts.append(written[: space.start()])
        written, column = written[space.end() :], len(line) - 1
    return line.join((*parts, written))


def _block(text: str) -> str:
    if _UNUSUAL.search(text) or _UNUSUAL_BLOCK.match(text):
        raise _UnusualError
    return f"|-\n{text}"


def _scalar(value: object) -> str:
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is float and "." in (written := repr(value)) and "e" not in written:
        return written
    if value is None:
        return "null"
    if type(value) in {dict, list}:
        return "{}" if type(value) is dict else "[]"
    raise _UnusualError
