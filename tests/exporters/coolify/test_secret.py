"""The token: reread when its file changes, shown nowhere."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxwatch.exporters.coolify import names
from boxwatch.exporters.coolify.failure import Failure
from boxwatch.exporters.coolify.secret import HIDDEN, FixedToken, Secret, TokenFile, valid

TOKEN = "1|abcdefghijklmnop"  # noqa: S105 - it opens nothing


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(TOKEN)

    assert f"{secret} {secret!r} {[secret]}" == f"{HIDDEN} {HIDDEN} [{HIDDEN}]"
    assert secret == Secret(TOKEN)
    assert secret != TOKEN
    assert hash(secret) == hash(Secret(TOKEN))
    assert not hasattr(secret, "__dict__")


def test_the_part_after_the_id_is_as_secret() -> None:
    assert Secret(TOKEN).traces() == (TOKEN, "abcdefghijklmnop")
    assert Secret("1|short").traces() == ("1|short",)


def test_a_file_is_reread_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    token = TokenFile(path)
    first = token.read()
    assert token.read() is first
    path.write_text("2|qrstuvwxyz012345")

    assert token.read().reveal() == "2|qrstuvwxyz012345"


def test_a_file_that_is_replaced_is_reread(tmp_path: Path) -> None:
    """A replaced file is reread even with the same size and time: Docker and Kubernetes swap secrets with a symlink."""
    old, new, link = tmp_path / "old", tmp_path / "new", tmp_path / "token"
    old.write_text("1|aaaaaaaaaaaaaa")
    new.write_text("1|bbbbbbbbbbbbbb")
    os.utime(old, (1, 1))
    os.utime(new, (1, 1))
    link.symlink_to(old)
    token = TokenFile(link)
    token.read()
    link.unlink()
    link.symlink_to(new)

    assert token.read().reveal() == "1|bbbbbbbbbbbbbb"


def test_a_missing_file_is_a_reason_and_comes_back(tmp_path: Path) -> None:
    token = TokenFile(tmp_path / "token")
    with pytest.raises(Failure, match=r"cannot read .*: No such file") as caught:
        token.read()
    assert caught.value.reason == names.NO_TOKEN
    (tmp_path / "token").write_text(TOKEN)

    assert token.read() == Secret(TOKEN)


@pytest.mark.parametrize(
    "text", ["", "  \n", "two words", "1|abc\r\nX-Evil: 1", "short", "1|" + "x" * 600, 'quo"te-quote']
)
def test_a_text_that_is_no_token_is_refused_without_being_quoted(text: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(text.encode())

    for token in (TokenFile(path), FixedToken(text)):
        with pytest.raises(Failure) as caught:
            token.read()
        assert not text.strip() or text.strip() not in str(caught.value)


@given(st.text())
def test_what_is_valid_can_be_a_header(text: str) -> None:
    assert not valid(text) or (text.isascii() and text.isprintable() and " " not in text)


def test_a_token_from_the_environment_is_stripped() -> None:
    assert FixedToken(f" {TOKEN}\n").read() == Secret(TOKEN)
    assert TOKEN not in repr(vars(FixedToken(TOKEN)))


def test_a_secret_is_not_pickled_by_accident() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(TOKEN), protocol=0)
