"""YAML as people like to read it: keys in the order given, queries as blocks, nothing folded."""

from __future__ import annotations

import yaml


class _Dumper(yaml.CSafeDumper):
    """Writes a text of several lines as a literal block, and the same object twice rather than as an alias."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def _text(dumper: yaml.CSafeDumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _text)


def dump(document: object, header: str) -> bytes:
    """A document as YAML, UTF-8, below a comment of one or more lines. Same input, same bytes."""
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return (comment + text).encode()
