"""Templates are read as Go's text/template reads them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import rotation

from boxwatch.checks import go_template
from boxwatch.checks.go_template import Reference, TemplateError

Program = Callable[[str], str]

_WORDS = (
    *(
        "$labels.a",
        "$value",
        ".Value",
        ".",
        "$",
        "$x",
        "nil",
        "true",
        "1",
        "1.5",
        "0x1F",
        "089",
        "1_000",
        "1e5",
        "1+2i",
    ),
    *('"s"', "`r`", "'c'", "'ab'", '"\\x"', '"\\n"', "humanize", "humanise", "printf", "query", "first", "index", "eq"),
    *("break", "continue", "if", "else", "end", "with", "range", "define", "template", "block", "not ", "and"),
    *(
        "|",
        "(",
        ")",
        ":=",
        "=",
        ",",
        "-",
        "+",
        "?",
        "$x := 1",
        "$i, $v := query",
        "/* c */",
        "- ",
        " -",
        "\n",
        " ",
        "é",
    ),
)
_ACTIONS = (
    *("{{ $labels.a }}", "{{ $value | humanize }}", "{{ if $value }}", "{{ else }}", "{{ end }}", "{{ $x }}", "text"),
    *("{{ range query `up` }}", "{{ with $x := $value }}", '{{ define "t" }}', '{{ template "t" . }}', "{{ $x := 1 }}"),
    *(
        "{{ else if 1 }}",
        "{{ else with 1 }}",
        "{{ break }}",
        "{{ continue }}",
        '{{- "a" -}}',
        "{{/* c */}}",
        "{{",
        "}}",
    ),
    *('{{ block "b" . }}', "{{ (1) }}", '{{ first (query "up") | value }}', "{{ 1 | 2 }}", "{{ nil }}", "{{ nil.x }}"),
    *("{{range $i, $e := query `a`}}", "{{ .Labels.x.y }}", "{{-3}}", "{{- 3}}", "{{3 -}}", "{{3-}}", "{{$}}"),
)
_TEMPLATES = st.one_of(
    st.lists(st.sampled_from(_ACTIONS), max_size=6).map("".join),
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=5).map(lambda words: f"{{{{ {' '.join(words)} }}}}"),
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=5).map(lambda words: f"{{{{{''.join(words)}}}}}{{{{end}}}}"),
    st.lists(st.sampled_from((*_WORDS, *_ACTIONS)), max_size=8).map("".join),
)


def _refused(templates: list[str], promtool: str, folder: Path) -> set[int]:
    """The numbers of those that Prometheus refuses as annotations."""
    rules = [{"alert": f"A{number}", "expr": "up", "annotations": {"x": one}} for number, one in enumerate(templates)]
    path = folder / "rules.yaml"
    path.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}, ensure_ascii=False), encoding="utf-8")
    done = subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True, check=False)
    return {int(number) for number in re.findall(r'rule \d+, "A(\d+)"', done.stdout + done.stderr)}


def _refuses(template: str) -> bool:
    try:
        go_template.parse(template)
    except TemplateError:
        return True
    return False


def test_prometheus_refuses_the_same_templates(program: Program, tmp_path: Path) -> None:
    """As promtool says of drawn ones, most of which are wrong."""
    promtool = program("promtool")

    @settings(
        rotation.examples(8),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        deadline=None,
        phases=[Phase.generate],
    )
    @given(st.lists(_TEMPLATES, min_size=60, max_size=100, unique=True))
    def same(templates: list[str]) -> None:
        theirs = _refused(templates, promtool, tmp_path)
        ours = {number for number, one in enumerate(templates) if _refuses(one)}
        assert [templates[number] for number in sorted(theirs ^ ours)] == []

    same()


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ $labels.instance }", "an action is not closed"),
        ("{{ $value | humanise }}", "there is no function humanise"),
        ("{{ $lables.instance }}", "the variable $lables is undefined"),
        ("{{ if $value }}", "{{end}} is missing"),
        ("{{ end }}", "{{end}} has nothing to end"),
        ("{{ printf }} {{ else }}", "{{else}} has nothing to end"),
        ("{{ if 1 }}{{ else }}{{ else }}{{ end }}", "found a second {{else}}"),
        ("{{ (1 }}", "a left parenthesis is not closed"),
        ("{{ 1) }}", "a right parenthesis has no left one"),
        ("{{/* no end }}", "a comment is not closed"),
        ("{{/* x */ 1}}", "a comment ends before its }}"),
        ('{{ "a }}', "a quoted text is not closed"),
        ("{{ }}", "has no value"),
        ("{{ 1 | 2 }}", "stage 2 of a pipeline is not a function"),
        ("{{ $a, $b := 1 }}", "too many declarations"),
        ("{{ range $a, 1 }}{{ end }}", "range can only initialise variables"),
        ("{{ : }}", "expected :="),
        ("{{ break }}", "{{break}} outside {{range}}"),
        ('{{ define "a" }}x{{ end }}{{ define "a" }}y{{ end }}', "is defined twice"),
        ("{{ 99999999999999999999 }}", "is not a number"),
        ("{{ \x01 }}", "unexpected character"),
        ("{{ $labels.a? }}", "unexpected character '?' after .a"),
        ('{{ "a".b }}', 'unexpected . after "a"'),
        ("{{ | }}", "unexpected | in an action"),
        ("{{ 1 2 :=}}", "unexpected := in an operand"),
        ('{{ block "b" . }}x{{ else }}{{ end }}', "unexpected {{else}} in block"),
        ("{{" + "(" * 200 + "1" + ")" * 200 + "}}", "nests deeper than 100 levels"),
        ("{{ if 1 }}" * 200 + "{{ end }}" * 200, "nests deeper than 100 levels"),
    ],
)
def test_what_is_wrong_is_said(template: str, problem: str) -> None:
    """In words that help whoever wrote it."""
    with pytest.raises(TemplateError, match=re.escape(problem)):
        go_template.parse(template)


def test_a_template_says_what_it_uses() -> None:
    """Also through a variable of its own, and a condition apart."""
    found = go_template.parse(
        '{{ $v := $value }}{{ if gt $v 1.0 }}{{ $labels.a }}{{ index $labels "b" }}{{ .Labels.c }}{{ end }}'
    )

    assert found.labels == ("a", "b", "c")
    assert Reference(("$value",), shown=False) in found.references
    assert Reference(("$labels", "a"), shown=True) in found.references
    assert found.functions == ("gt", "index")


def test_functions_depend_on_the_version() -> None:
    """Those that Prometheus got later."""
    assert "now" not in go_template.known_functions((3, 5))
    assert "now" in go_template.known_functions((3, 6))


def test_blocks_and_templates_compile() -> None:
    """A block is a template that stands where it is first used; variables outside are unknown in it."""
    assert go_template.parse('{{ block "b" . }}{{ . }}{{ end }}{{ template "b" $labels }}').labels == ()
    with pytest.raises(TemplateError, match="is undefined"):
        go_template.parse('{{ $x := 1 }}{{ block "b" . }}{{ $x }}{{ end }}')
