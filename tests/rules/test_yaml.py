"""The YAML writer: the same bytes as PyYAML, only faster."""

from __future__ import annotations

import pytest
import yaml as pyyaml
from hypothesis import example, given
from hypothesis import strategies as st
from support.artefacts import complete_artefacts

from boxwatch.rules import yaml

# Text that matters to YAML's scanner, emitter or resolver.
_WORDS = st.sampled_from(
    ["", " ", "\n", ":", "#", "-", "?", "'", '"', ",", "[", "]", "{", "}", "&", "*", "!", "|", ">", "%", "@", "`", "=",
     "<", "~", ".", "/", "\\", "\t", "\r", "\x00", "\x7f", "\x85", "\xa0", "é", "→", "\u2028", "\ufeff", "\ud7ff",
     "😀", "a", "yes", "No", "null", "true", "off", "0", "1", "12:30", "2024-01-02", "1e3", "0x1f", ".inf", "+", "1_0",
     "sum by (server)", 'up{job="node"}', "word " * 60, "x" * 300]
)  # fmt: skip
_TEXTS = st.lists(_WORDS, max_size=8).map("".join) | st.text(max_size=12)
_SCALARS = _TEXTS | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none()
_KEYS = st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True) | st.sampled_from(["on", "y", "null", "expr"]) | _TEXTS
_DOCUMENTS = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)


@given(_DOCUMENTS)
@example({"a": "x " * 600})
@example([{"ab": "xyz " * 700 + "'"}, {"ab": "- xyz  z " * 300 + "'"}, "no  no " * 500 + "no"])
@example({"a": {"b": [["x\n\ny", []], {"on": "a: b", "c": {}}]}})
@example([{"a": ["- b", "\nb", "b\n", "b \nc", " b"]}])
def test_documents_are_written_as_pyyaml_writes_them(document: object) -> None:
    """Any document is written byte for byte as by PyYAML."""
    assert yaml.dump(document, "").decode() == yaml.by_pyyaml(document)


@pytest.mark.parametrize("mark", [*",?:-#&*!|>'\"%@`{}[]=~.<+0y ", "---", "..."])
def test_every_mark_is_quoted_where_pyyaml_quotes_it(mark: str) -> None:
    """Marks are quoted at the start, at the end and inside, with and without spaces around them."""
    spaced = [before + mark + behind for before in ("", " ") for behind in ("", " ")]
    texts = [start + one + end for one in spaced for start in ("", "a") for end in ("", "a")]

    assert yaml.dump({"texts": texts}, "").decode() == yaml.by_pyyaml({"texts": texts})


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), _TEXTS | st.lists(_TEXTS, max_size=3), max_size=4))
def test_strings_are_written_as_pyyaml_writes_them(document: object) -> None:
    """Strings are written as by PyYAML in mappings and lists of mappings, the shapes of rules and proofs."""
    assert yaml.dump({"tests": [document]}, "").decode() == yaml.by_pyyaml({"tests": [document]})


@pytest.mark.repeats
@pytest.mark.parametrize(
    "path", sorted(path for path in complete_artefacts() if path.startswith("prometheus/") and path.endswith(".yaml"))
)
def test_built_files_survive_reading_and_writing(path: str) -> None:
    """No file of a build changes when PyYAML reads and writes it."""
    content = complete_artefacts()[path].decode()
    comment = "".join(line for line in content.splitlines(keepends=True) if line.startswith("# "))

    assert comment + yaml.by_pyyaml(pyyaml.load(content, Loader=pyyaml.CSafeLoader)) == content
