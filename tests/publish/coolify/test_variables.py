"""Values from files, and those that Coolify or Docker Compose would change."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.errors import InputError
from boxwatch.publish.coolify import variables


def _file(folder: Path, text: str) -> Path:
    path = folder / "values"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_as_docker_compose_reads_it(tmp_path: Path) -> None:
    """Comments, quotes, spaces around names, `export`, and `=` in a value."""
    text = "# secrets\n\nA=1\n B = two words \nexport C='x#y'\nD=\"q\"\nE=a=b\nF=\nG='\n"

    assert variables.from_file(_file(tmp_path, text)) == {
        "A": "1", "B": "two words", "C": "x#y", "D": "q", "E": "a=b", "F": "", "G": "'",
    }  # fmt: skip


def test_a_line_that_is_none_is_named_by_its_number(tmp_path: Path) -> None:
    """And not quoted: it may be a secret."""
    with pytest.raises(InputError, match=r"values:2: is not NAME=VALUE$") as caught:
        variables.from_file(_file(tmp_path, "A=1\nhunter2\n"))
    assert "hunter2" not in str(caught.value)


def test_a_secret_is_one_line(tmp_path: Path) -> None:
    """With or without a line break at its end."""
    assert variables.from_secret(_file(tmp_path, "s3cret\n")) == "s3cret"
    for text in ("", "\n", "a\nb\n"):
        with pytest.raises(InputError, match="must contain the secret on one line, and nothing else"):
            variables.from_secret(_file(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, or no text."""
    with pytest.raises(InputError, match="absent cannot be read: No such file"):
        variables.from_file(tmp_path / "absent")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="binary is not a text file"):
        variables.from_secret(tmp_path / "binary")


@pytest.mark.parametrize("value", ["pa$word", "it's", "{{team.X}}", "a\tb", " a", "a ", "a\nb"])
def test_a_value_that_would_not_arrive_is_a_problem(value: str) -> None:
    """Each is told by the variable's name, without the value."""
    (problem,) = variables.problems({"BOXWATCH_X": value})

    assert problem.startswith("the value of BOXWATCH_X ")
    assert value.strip() == "a" or value not in problem


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="$'{"), min_size=1))
def test_any_other_value_is_none(value: str) -> None:
    """Quotes, hashes, backslashes and every language are fine: the value is written in single quotes."""
    assert list(variables.problems({"BOXWATCH_X": value})) == []
