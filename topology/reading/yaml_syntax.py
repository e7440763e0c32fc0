"""The YAML parser's complaints, in words for people who do not know its grammar."""

from __future__ import annotations

import re

import yaml

from boxwatch.errors import Problem

_NO_COLON = "could not find expected ':'"
# For these the parser notices at the next line, or at the end, what is wrong at the start.
_WRONG_AT_THE_START = (_NO_COLON, "while scanning a quoted scalar found unexpected end of stream")
# What libyaml says (scanner.c, parser.c) → what is wrong, and what to do. The first that is found in the text counts.
_MEANINGS = (
    ("mapping values are not allowed", "has a `:` where no key can stand",
     "check the indentation of this line and the one above, and put text with `: ` in it in quotes"),
    (_NO_COLON, "is no `key: value`, and not the text of a value either", "put a space after the colon of a key"),
    ("did not find expected key", "is not indented like the lines that it belongs to, or has text after a value",
     "give keys of one level the same number of spaces"),
    ("did not find expected '-'", "is not indented like the list that it belongs to",
     "start each item with `- ` in one column"),
    ("did not find expected ',' or '}'", "does not go on with a comma or `}` after the `{` of line {0}", ""),
    ("did not find expected ',' or ']'", "does not go on with a comma or `]` after the `[` of line {0}", ""),
    ("did not find expected node content", "has a bracket that is not closed, or a comma with nothing behind it", ""),
    ("block sequence entries are not allowed", "has a `-` where no list can stand",
     "put the list on lines of its own below its key"),
    ("block mapping keys are not allowed", "has a `?` where no key can stand", ""),
    ("block collections are not allowed", "has a block where none can stand", ""),
    ("found unexpected end of stream", "has a quote that is not closed", "close it, in the same kind of quotes"),
    ("found unexpected document indicator", "has `---` or `...` inside quotes", "close the quotes before"),
    ("found a tab character", "has a tab in the indentation", "indent with spaces"),
    ("found unknown escape character", "has a `\\` with a letter that means nothing in double quotes",
     "put regular expressions in single quotes"),
    ("did not find expected hexdecimal number", "has a `\\x` or `\\u` without digits after it",
     "put regular expressions in single quotes"),
    ("found invalid Unicode character escape", "has a `\\u` that is no character", ""),
    ("found undefined tag handle", "has a tag with a prefix that is declared nowhere", "delete the tag"),
    ("did not find expected alphabetic or numeric character", "has a `&` or `*` without a name",
     "put text that starts with & or * in quotes"),
    ("did not find expected comment or line break", "has text behind `|` or `>`", "start the text on the next line"),
    ("did not find expected <document start>", "has something behind the end of the document",
     "keep one document, whose keys all start in the first column"),
    ("found incompatible YAML document", "asks for a version of YAML other than 1.1 and 1.2", "delete the %YAML line"),
    ("found duplicate %YAML directive", "has two %YAML lines", "delete them"),
    ("while scanning a directive", "has a line that starts with %", "put text that starts with % in quotes"),
    ("while scanning a tag", "has a `!` with no tag behind it", "put text that starts with ! in quotes"),
    ("while parsing a tag", "has a `!` with no tag behind it", "put text that starts with ! in quotes"),
)  # fmt: skip
_STARTERS = {
    "\t": ("has a tab in the indentation", "indent with spaces"),
    "@": ("starts with @, which YAML reserves", "put it in quotes"),
    "`": ("starts with a back quote, which YAML reserves", "put it in quotes"),
    "%": ("starts with %", "put it in quotes"),
}


def explain(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """One sentence for an error of PyYAML, with the place at which the parser stopped."""
    said = f"{getattr(error, 'context', None) or ''} {getattr(error, 'problem', None) or error}".strip()
    start, stop = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    mark = start if stop is None or (start and any(fragment in said for fragment in _WRONG_AT_THE_START)) else stop
    lines = re.split("\r\n|\r|\n", text)
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    # At the end of the file the parser stands behind the last line; people look for the mistake in it.
    line = min(line, len(lines) - 1)
    column = min(column, len(lines[line]))
    message, hint = _meaning(said, lines[line][column : column + 1])
    return Problem(file, line + 1, column + 1, "", message.replace("{0}", str(start.line + 1) if start else "?"), hint)


def _meaning(said: str, character: str) -> tuple[str, str]:
    if "cannot start any token" in said:
        return _STARTERS.get(character, (f"has a {character!r} where no value can start with it", "put it in quotes"))
    for fragment, message, hint in _MEANINGS:
        if fragment in said:
            return message, hint
    return f"is not YAML: {' '.join(said.split())}", ""
