"""A secret that is given in place of its file is not printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxwatch.commands import connection
from boxwatch.errors import PublishError


@pytest.mark.parametrize(
    "given",
    [
        "glsa_qwErTyUiOpAsDfGhJkLzXcVb_01234567",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
    ],
)
def test_a_secret_in_place_of_its_file_is_not_printed(given: str) -> None:
    """Nor any part of it."""
    with pytest.raises(PublishError, match="pass its path, not the secret") as caught:
        connection.secret(Path(given), "UNSET")

    assert given[:10] not in str(caught.value)


@pytest.mark.parametrize("given", ["/run/secrets/grafana-token", "secrets/token", "token.txt", "token"])
def test_the_name_of_a_file_that_is_not_there_is_said(given: str) -> None:
    """Without it nobody would know which one."""
    with pytest.raises(PublishError, match=f"^{given} cannot be read: No such file or directory$"):
        connection.secret(Path(given), "UNSET")
