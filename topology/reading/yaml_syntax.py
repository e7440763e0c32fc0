"""YAML syntax errors, reworded for users who do not know the grammar."""

from __future__ import annotations

import re

import yaml

from boxwatch.errors import Problem

_NO_COLON = "could not find expected ':'"
# The parser notices these errors only on the next line or at the end; the problem is at the start.
_WRONG_AT_THE_START = (_NO_COLON, "while scanning a quoted scalar found unexpected end of stream")
# libyaml's message (scanner.c, parser.c) → what is wrong, and what to do. The first match counts.
_MEANINGS = (
    ("mapping values are not allowed", "has a `:` where no key is allowed",
     "check the indentation of this line and the one above, and quote text that contains `: `"),
    (_NO_COLON, "is neither `key: value` nor the continuation of a value", "put a space after the colon of a key"),
    ("did not find expected key", "is not indented like the lines it belongs to, or has text after a value",
     "indent keys of one level equally"),
    ("did not find expected '-'", "is not indented like the list it belongs to",
     "start each item with `- ` in the same column"),
    ("did not find expected ',' or '}'", "does not continue with a comma or `}` after the `{` of line {0}", ""),
    ("did not find expected ',' or ']'", "does not continue with a comma or `]` after the `[` of line {0}", ""),
    ("did not find expected node content", "has an unclosed bracket, or a comma with nothing after it", ""),
    ("block sequence entries are not allowed", "has a `-` where no list is allowed",
     "put the list on separate lines below its key"),
    ("block mapping keys are not allowed", "has a `?` where no key is allowed", ""),
    ("block collections are not allowed", "has a block where none is allowed", ""),
    ("found unexpected end of stream", "has an unclosed quote", "close it with the same kind of quote"),
    ("found unexpected document indicator", "has `---` or `...` inside quotes", "close the quotes first"),
    ("found a tab character", "has a tab in the indentation", "indent with spaces"),
    ("found unknown escape character", "has an invalid escape sequence in double quotes",
     "put regular expressions in single quotes"),
    ("did not find expected hexdecimal number", "has a `\\x` or `\\u` without digits after it",
     "put regular expressions in single quotes"),
    ("found invalid Unicode character escape", "has a `\\u` that is not a character", ""),
    ("found undefined tag handle", "has a tag with an undeclared prefix", "delete the tag"),
    ("did not find expected alphabetic or numeric character", "has a `&` or `*` without a name",
     "quote text that starts with & or *"),
    ("did not find expected comment or line break", "has text after `|` or `>`", "start the text on the next line"),
    ("did not find expected <document start>", "has text after the end of the document",
     "keep one document, with all its keys in the first column"),
    ("found incompatible YAML document", "requests a YAML version other than 1.1 and 1.2", "delete the %YAML line"),
    ("found duplicate %YAML directive", "has two %YAML lines", "delete them"),
    ("while scanning a directive", "has a line that starts with %", "quote text that starts with %"),
    ("while scanning a tag", "has a `!` with no tag after it", "quote text that starts with !"),
    ("while parsing a tag", "has a `!` with no tag after it", "quote text that starts with !"),
)  # fmt: skip
_STARTERS = {
    "\t": ("has a tab in the indentation", "indent with spaces"),
    "@": ("starts with @, which YAML reserves", "put it in quotes"),
    "`": ("starts with a back quote, which YAML reserves", "put it in quotes"),
    "%": ("starts with %", "put it in quotes"),
}


def explain(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """Explain a PyYAML error in one sentence, at the place where the parser stopped."""
    said = f"{getattr(error, 'context', None) or ''} {getattr(error, 'problem', None) or error}".strip()
    start, stop = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    mark = start if stop is None or (start and any(fragment in said for fragment in _WRONG_AT_THE_START)) else stop
    lines = re.split("\r\n|\r|\n", text)
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    # At the end of the file the parser is past the last line; users look for the error in the last line.
    line = min(line, len(lines) - 1)
    column = min(column, len(lines[line]))
    message, hint = _meaning(said, lines[line][column : column + 1])
    return Problem(file, line + 1, column + 1, "", message.replace("{0}", str(start.line + 1) if start else "?"), hint)


def _meaning(said: str, character: str) -> tuple[str, str]:
    if "cannot start any token" in said:
        return _STARTERS.get(character, (f"has a {character!r}, which cannot start a value", "put it in quotes"))
    for fragment, message, hint in _MEANINGS:
        if fragment in said:
            return message, hint
    return f"is not YAML: {' '.join(said.split())}", ""
