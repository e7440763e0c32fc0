"""The commands of the stack's page, on real databases: the monitoring user may read statistics, and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import databases
from support.programs import free_port

from boxwatch.stack import enabling
from boxwatch.stack.exporter_parts import USER

Program = Callable[[str], str]


@pytest.fixture(scope="module")
def port(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a PostgreSQL in which the page's commands were run, beside a table with data."""
    found = free_port()
    with databases.postgres(program, found, tmp_path_factory.mktemp("postgres") / "log"):
        for statement in (
            enabling.postgres_role(),
            enabling.postgres_grant(),
            "CREATE TABLE data AS SELECT 1 AS secret",
        ):
            assert _ask(program, found, "postgres", statement).returncode == 0
        yield found


def _ask(program: Program, port: int, user: str, statement: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            databases.postgres_program("psql", program),
            *("-h", "127.0.0.1", "-p", str(port), "-U", user, "-d", "postgres", "-At", "-c", statement),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | databases.LIBRARIES,
    )


def test_the_role_reads_statistics_of_everybody(port: int, program: Program) -> None:
    """Settings, sizes and what other sessions do."""
    asked = (
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'checkpointer' AND backend_start IS NOT NULL"
    )

    assert _ask(program, port, USER, asked).stdout.strip() == "t"
    assert _ask(program, port, USER, "SELECT pg_database_size('template1') > 0").stdout.strip() == "t"
    assert _ask(program, port, USER, "SHOW data_directory").stdout.startswith("/")


def test_the_role_reads_no_data(port: int, program: Program) -> None:
    """Nor does it create anything, from PostgreSQL 15 on, or open more than five connections."""
    refused = _ask(program, port, USER, "SELECT * FROM data")
    limit = _ask(program, port, "postgres", "SELECT rolconnlimit FROM pg_roles WHERE NOT rolsuper AND rolcanlogin")

    assert refused.returncode != 0
    assert "permission denied for table data" in refused.stderr
    assert limit.stdout.strip() == "5"


def test_the_redis_user_reads_no_data(program: Program, tmp_path: Path) -> None:
    """It may ask for statistics; keys, and commands that change anything, are refused."""
    found = free_port()
    with databases.redis(program, found, 4 * 2**20, tmp_path / "log"):
        line = enabling.redis_user("word").replace("user ", "ACL SETUSER ", 1)
        assert databases.ask_redis(found, line) == ["+OK"]

        answers = databases.ask_redis(
            found, f"AUTH {USER} word", "PING", "SLOWLOG LEN", "SET key 1", "GET key", "KEYS *", "CONFIG SET save x",
            "FLUSHALL",
        )  # fmt: skip

    assert answers[:3] == ["+OK", "+PONG", ":0"]
    assert all(answer.startswith("-NOPERM") for answer in answers[3:]), answers
