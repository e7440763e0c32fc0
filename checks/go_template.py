"""The templates in alerts, read by the rules of Go's text/template/parse: do they compile, and what do they use?

Prometheus refuses a rule file whose templates do not parse (model/rulefmt, testTemplateParsing): an unclosed action, an
unknown function, an undefined variable, a missing `end`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn

# Those of text/template itself (funcs.go), and those of Prometheus' template package from 2.42 on.
BUILT_IN: Final = frozenset(
    {"and", "call", "html", "index", "slice", "js", "len", "not", "or", "print", "printf", "println", "urlquery"}
    | {"eq", "ge", "gt", "le", "lt", "ne"}
)
PROMETHEUS: Final = BUILT_IN | frozenset(
    {"query", "first", "label", "value", "strvalue", "args", "reReplaceAll", "safeHtml", "match", "title", "toUpper"}
    | {"toLower", "graphLink", "tableLink", "sortByLabel", "stripPort", "stripDomain", "humanize", "humanize1024"}
    | {"humanizeDuration", "humanizePercentage", "humanizeTimestamp", "toTime", "pathPrefix", "externalURL"}
    | {"parseDuration"}
)
# Later functions, with the first version of Prometheus that has them (CHANGELOG.md there).
_LATER: Final = (("urlQueryEscape", (3, 6)), ("toDuration", (3, 6)), ("now", (3, 6)))
# Declared before the text of every label and annotation (rulefmt.go).
VARIABLES: Final = ("$", "$labels", "$externalLabels", "$externalURL", "$value")
# Go allows 10,000 levels of parentheses; a text of an alert has three.
_DEEPEST: Final = 100

_KEYWORDS: Final = frozenset(
    {".", "block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with"}
)
_SPACES: Final = " \t\r\n"
_TRIMMED_CLOSE: Final = re.compile(r"[ \t\r\n]-\}\}")
_ESCAPE: Final = r"\\(?:[abfnrtv\\%s]|x[0-9a-fA-F]{2}|[0-3][0-7]{2}|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"
_ESCAPE_LONG: Final = r"|U0000(?![dD][89a-fA-F])[0-9a-fA-F]{4}|U000[1-9a-fA-F][0-9a-fA-F]{4}|U0010[0-9a-fA-F]{4})"
_STRING: Final = re.compile(r'"(?:[^"\\\n]|' + _ESCAPE % '"' + _ESCAPE_LONG + ')*"')
_CHARACTER: Final = re.compile(r"'(?:[^'\\\n]|" + _ESCAPE % "'" + _ESCAPE_LONG + ")'")
_INTEGER: Final = re.compile(
    r"(?P<sign>[+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[oO]?(?:_?[0-7])+|0[bB](?:_?[01])+|0|[1-9](?:_?[0-9])*)", re.ASCII
)
_DECIMAL: Final = re.compile(r"[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d+)?", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"[+-]?0[xX](?:_?[0-9a-fA-F])*\.?(?:_?[0-9a-fA-F])*[pP][+-]?\d+", re.ASCII)
_SECOND: Final = re.compile(r"[+-][\d_.eE]+i", re.ASCII)


class TemplateError(ValueError):
    """A template that does not compile; the message is one line."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable or field that a template uses.

    Attributes:
        path: its parts: `$labels.instance` is ("$labels", "instance"), `.Value` is ("Value",).
        shown: whether it can reach the text, rather than only decide which text is shown.
    """

    path: tuple[str, ...]
    shown: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A template that compiles: what it refers to, and the functions that it calls, in the order of the text."""

    references: tuple[Reference, ...]
    functions: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the alert that it reads, each once."""
        found = (one.path[1] for one in self.references if len(one.path) > 1 and one.path[0] in ("$labels", "Labels"))
        return tuple(dict.fromkeys(found))


def known_functions(version: tuple[int, int]) -> frozenset[str]:
    """The functions that a version of Prometheus has in templates."""
    return PROMETHEUS | {name for name, first in _LATER if version >= first}


def parse(text: str, functions: frozenset[str] = PROMETHEUS, variables: tuple[str, ...] = VARIABLES) -> Template:
    """Reads a template: of a label or an annotation, unless other functions and variables are given.

    Raises:
        TemplateError: Prometheus would refuse it.
    """
    parser = _Parser(list(_tokens(text)), functions, list(variables))
    parser.whole()
    return Template(tuple(parser.references), tuple(parser.called))


# Tokens (lex.go).


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


_END_OF_FILE: Final = _Token("eof", "the end of the text")


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        start = text.find("{{", position)
        if start < 0:
            yield _Token("text", text[position:])
            return
        if start > position:
            yield _Token("text", text[position:start])
        position = start + 2
        marked = (
            position + 2
            if text[position : position + 1] == "-" and text[position + 1 : position + 2] in _SPACES
            else position
        )
        if marked > len(text):
            marked = position
        if text.startswith("/*", marked):
            position = _after_comment(text, marked)
            continue
        yield _Token("open", "{{")
        scanner = _Action(text, marked)
        yield from scanner.tokens()
        position = scanner.position


def _after_comment(text: str, start: int) -> int:
    end = text.find("*/", start + 2)
    if end < 0:
        raise TemplateError("a comment is not closed")
    end += 2
    if text.startswith("}}", end):
        return end + 2
    if _TRIMMED_CLOSE.match(text, end):
        return end + 4
    raise TemplateError("a comment ends before its }}")


@dataclass(slots=True)
class _Action:
    """The scanner inside `{{ … }}`."""

    text: str
    position: int
    depth: int = 0

    def tokens(self) -> Iterator[_Token]:
        while True:
            closing = _TRIMMED_CLOSE.match(self.text, self.position)
            if closing or self.text.startswith("}}", self.position):
                if self.depth:
                    raise TemplateError("a left parenthesis is not closed")
                self.position = closing.end() if closing else self.position + 2
                yield _Token("close", "}}")
                return
            if self.position >= len(self.text):
                raise TemplateError("an action is not closed: }} is missing")
            yield self._token()

    def _token(self) -> _Token:
        start, sign = self.position, self.text[self.position]
        following = self.text[start + 1 : start + 2]
        if sign in _SPACES:
            token = self._spaces()
        elif sign in "\"'`":
            token = self._quoted(sign)
        elif sign in ":=|()":
            token = self._punctuation(sign, following)
        elif sign == "$" or (sign == "." and not (following.isascii() and following.isdigit())):
            token = self._name(1, "$" if sign == "$" else "field")
        elif sign in "+-.0123456789":
            token = self._number()
        elif _is_name(sign):
            token = self._name(0, "name")
        elif sign.isascii() and sign.isprintable():
            token = self._take(1, "char")
        else:
            raise TemplateError(f"unexpected character {sign!r} in an action")
        return token

    def _punctuation(self, sign: str, following: str) -> _Token:
        if sign == ":":
            if following != "=":
                raise TemplateError("expected := after a colon")
            return self._take(2, ":=")
        self.depth += {"(": 1, ")": -1}.get(sign, 0)
        if self.depth < 0:
            raise TemplateError("a right parenthesis has no left one")
        return self._take(1, sign)

    def _take(self, length: int, kind: str) -> _Token:
        start = self.position
        self.position += length
        return _Token(kind, self.text[start : self.position])

    def _spaces(self) -> _Token:
        end = self.position
        while end < len(self.text) and self.text[end] in _SPACES:
            end += 1
        # The last space belongs to ` -}}`.
        if _TRIMMED_CLOSE.match(self.text, end - 1):
            end -= 1
        return self._take(end - self.position, "space") if end > self.position else _Token("space", "")

    def _quoted(self, sign: str) -> _Token:
        end = self.position + 1
        while end < len(self.text) and self.text[end] != sign:
            if sign != "`" and self.text[end] == "\n":
                break
            end += 2 if self.text[end] == "\\" and sign != "`" else 1
        if self.text[end : end + 1] != sign:
            raise TemplateError("a quoted text is not closed")
        token = self._take(end + 1 - self.position, "character" if sign == "'" else "string")
        pattern = {'"': _STRING, "'": _CHARACTER}.get(sign)
        if pattern and not pattern.fullmatch(token.text):
            raise TemplateError(f"{token.text} is not a valid quoted text")
        return token

    def _name(self, length: int, kind: str) -> _Token:
        end = self.position + length
        while end < len(self.text) and _is_name(self.text[end]):
            end += 1
        rest = self.text[end : end + 1]
        if rest and rest not in _SPACES + ".,|:)(" and not self.text.startswith("}}", end):
            raise TemplateError(f"unexpected character {rest!r} after {self.text[self.position : end]}")
        token = self._take(end - self.position, kind)
        if kind == "field" and token.text == ".":
            return _Token(".", ".")
        if kind == "name" and token.text in _KEYWORDS:
            return _Token(token.text, token.text)
        return _Token("bool", token.text) if kind == "name" and token.text in ("true", "false") else token

    def _number(self) -> _Token:
        end = self.position + 1
        while end < len(self.text) and (
            _is_name(self.text[end])
            or self.text[end] == "."
            or (self.text[end] in "+-" and self.text[end - 1] in "eEpP")
        ):
            end += 1
        # A complex number, 1+2i, has a second part.
        second = _SECOND.match(self.text, end)
        end = second.end() if second else end
        token = self._take(end - self.position, "number")
        parts = (token.text[: second.start() - second.end()], second[0]) if second else (token.text,)
        if not all(map(_is_number, parts)):
            raise TemplateError(f"{token.text} is not a number")
        return token


def _is_name(sign: str) -> bool:
    return sign == "_" or sign.isalpha() or sign.isdecimal()


def _is_number(text: str) -> bool:
    """Whether Go's strconv reads it: integers must fit into 64 bits."""
    whole = _INTEGER.fullmatch(text)
    if whole:
        digits = whole[2].replace("_", "")
        octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
        value = int(digits, 8) if octal else int(digits, 0)
        return value < 2**64 if not whole["sign"] else value < 2**63 or (value == 2**63 and whole["sign"] == "-")
    real = text.removesuffix("i")
    if _DECIMAL.fullmatch(real):
        return ("i" in text or any(sign in text for sign in ".eE")) and math.isfinite(float(real))
    return _HEXADECIMAL.fullmatch(real) is not None


# The grammar (parse.go).

# First token of an operand.
_OPERANDS: Final = frozenset({"bool", "character", ".", "field", "name", "number", "nil", "string", "$", "("})
_NO_FIELDS: Final = frozenset({"bool", "character", ".", "number", "nil", "string"})


@dataclass(slots=True)
class _Parser:
    tokens: list[_Token]
    functions: frozenset[str]
    variables: list[str]
    references: list[Reference] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    defined: dict[str, bool] = field(default_factory=dict)
    # What a variable that the template declares stands for.
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    index: int = 0
    depth: int = 0
    ranges: int = 0

    def whole(self) -> None:
        """Reads to the end."""
        while self._peek().kind != "eof":
            if self._peek().kind == "open" and self._second() == "define":
                self._definition()
            elif (ending := self._item()) is not None:
                raise TemplateError(f"{{{{{ending}}}}} has nothing to end")

    def _peek(self, *, spaces: bool = False) -> _Token:
        index = self.index
        while not spaces and index < len(self.tokens) and self.tokens[index].kind == "space":
            index += 1
        return self.tokens[index] if index < len(self.tokens) else _END_OF_FILE

    def _second(self) -> str:
        index = self.index + 1
        while index < len(self.tokens) and self.tokens[index].kind == "space":
            index += 1
        return self.tokens[index].kind if index < len(self.tokens) else ""

    def _next(self) -> _Token:
        while self.index < len(self.tokens) and self.tokens[self.index].kind == "space":
            self.index += 1
        self.index += 1
        return self.tokens[self.index - 1] if self.index <= len(self.tokens) else _END_OF_FILE

    def _expect(self, kind: str, context: str) -> _Token:
        token = self._next()
        return token if token.kind == kind else self._unexpected(token, context)

    def _unexpected(self, token: _Token, context: str) -> NoReturn:
        raise TemplateError(f"unexpected {token.text} in {context}")

    def _definition(self) -> None:
        """`{{define "x"}} … {{end}}`, whose body knows none of the variables outside."""
        self.index += 1
        self._next()
        name = self._expect("string", "define").text
        self._expect("close", "define")
        outside, self.variables = self.variables, ["$"]
        self._body(name, "define")
        self.variables = outside

    def _body(self, name: str, context: str) -> None:
        start = self.index
        if self._list() != "end":
            raise TemplateError(f"unexpected {{{{else}}}} in {context}")
        filled = any(token.kind != "text" or token.text.strip() for token in self.tokens[start : self.index - 3])
        if filled and self.defined.get(name):
            raise TemplateError(f"the template {name} is defined twice")
        self.defined[name] = filled or self.defined.get(name, False)

    def _list(self) -> str:
        """The items up to `{{end}}` or `{{else}}`: which of them it was."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise TemplateError(f"nests deeper than {_DEEPEST} levels")
        while self._peek().kind != "eof":
            ending = self._item()
            if ending is not None:
                self.depth -= 1
                return ending
        raise TemplateError("{{end}} is missing")

    def _item(self) -> str | None:
        """A text or an action; the word of an `{{end}}` or an `{{else}}`."""
        token = self._next()
        if token.kind == "text":
            return None
        if token.kind != "open":
            self._unexpected(token, "the text")
        word = self._peek().kind
        if word in ("if", "with", "range"):
            self._next()
            self._control(word)
        elif word == "end":
            self._next()
            self._expect("close", "end")
            return "end"
        elif word == "else":
            self._next()
            if self._peek().kind not in ("if", "with"):
                self._expect("close", "else")
            return "else"
        elif word in ("break", "continue"):
            self._next()
            self._expect("close", f"{{{{{word}}}}}")
            if not self.ranges:
                raise TemplateError(f"{{{{{word}}}}} outside {{{{range}}}}")
        elif word in ("block", "template"):
            self._next()
            self._named(word)
        else:
            self._pipeline("an action", "close", shown=True)
        return None

    def _named(self, word: str) -> None:
        name = self._expect("string", word).text
        if word == "block" or self._peek().kind != "close":
            self._pipeline(word, "close", shown=True)
        else:
            self._next()
        if word == "block":
            outside, self.variables = self.variables, ["$"]
            self._body(name, "block")
            self.variables = outside

    def _control(self, word: str) -> None:
        variables = len(self.variables)
        self._pipeline(word, "close", shown=word != "if")
        self.ranges += word == "range"
        ending = self._list()
        self.ranges -= word == "range"
        if ending == "else":
            following = self._peek().kind
            if following == word and word != "range":
                self._next()
                self._control(word)
            elif following in ("if", "with"):
                self._unexpected(self._peek(), "else")
            elif self._list() != "end":
                raise TemplateError("expected {{end}}, found a second {{else}}")
        del self.variables[variables:]

    def _pipeline(self, context: str, end: str, *, shown: bool) -> None:
        declared = self._declarations(context)
        before = len(self.references)
        stage = 0
        while self._peek().kind != end:
            if self._peek().kind not in _OPERANDS:
                self._unexpected(self._next(), context)
            first = self._command(shown=shown and not declared)
            if stage and first in ("bool", ".", "nil", "number", "character", "string"):
                raise TemplateError(f"stage {stage + 1} of a pipeline is not a function")
            stage += 1
        self._next()
        if not stage:
            raise TemplateError(f"{context} has no value")
        for name in declared:
            for reference in self.references[before:]:
                self.aliases[name] = reference.path

    def _declarations(self, context: str) -> list[str]:
        names: list[str] = []
        while self._peek().kind == "$":
            start = self.index
            name = self._next().text
            following = self._peek()
            if following.kind in ("=", ":="):
                self._next()
                names.append(name)
                self.variables.append(name)
                return names
            if (following.kind, following.text) != ("char", ","):
                self.index = start
                return names
            self._next()
            names.append(name)
            self.variables.append(name)
            if context != "range" or len(names) > 1:
                raise TemplateError(f"too many declarations in {context}")
            if self._peek().kind not in ("$", "close", ")"):
                raise TemplateError("range can only initialise variables")
        return names

    def _command(self, *, shown: bool) -> str:
        """One command of a pipeline; the kind of its first operand."""
        first = ""
        words: list[_Token] = []
        while True:
            token = self._peek()
            if token.kind in _OPERANDS:
                words.append(token)
                kind = self._operand(shown=shown)
                first = first or kind
            following = self._peek(spaces=True)
            if following.kind == "space":
                self.index += 1
                continue
            if following.kind == "|":
                self.index += 1
            elif following.kind not in ("close", ")"):
                self._unexpected(following, "an operand")
            break
        if not words:
            raise TemplateError("a command is empty")
        self._indexed(words, shown=shown)
        return first

    def _indexed(self, words: list[_Token], *, shown: bool) -> None:
        """`index $labels "instance"`."""
        match words:
            case [_Token(text="index"), of, _Token(kind="string", text=label)]:
                self.references.append(Reference((of.text, label[1:-1]), shown))
            case _:
                pass

    def _operand(self, *, shown: bool) -> str:
        token = self._next()
        kind = token.kind
        path: list[str] = []
        if kind == "name":
            if token.text not in self.functions:
                raise TemplateError(f"there is no function {token.text}")
            self.called.append(token.text)
        elif kind == "$":
            if token.text not in self.variables:
                raise TemplateError(f"the variable {token.text} is undefined")
            path = [token.text]
        elif kind == "field":
            path = [token.text[1:]]
        elif kind == "(":
            self._parentheses(shown=shown)
        while self._peek(spaces=True).kind == "field":
            if kind in _NO_FIELDS:
                raise TemplateError(f"unexpected . after {token.text}")
            path.append(self._next().text[1:])
        if path:
            head = self.aliases.get(path[0], (path[0],))
            self.references.append(Reference((*head, *path[1:]), shown))
        return kind

    def _parentheses(self, *, shown: bool) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise TemplateError(f"nests deeper than {_DEEPEST} levels")
        self._pipeline("parentheses", ")", shown=shown)
        self.depth -= 1
