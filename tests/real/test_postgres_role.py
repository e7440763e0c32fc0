"""A real PostgreSQL shows an exporter without pg_monitor only its own sessions and reports no error; the alert does."""

from __future__ import annotations

import contextlib
import os
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from support import databases
from support.artefacts import complete_artefacts
from support.programs import free_port, running, wait_for

Program = Callable[[str], str]

_ALERT = "PostgresSessionsHidden"
_ROLES = "CREATE ROLE bare LOGIN; CREATE ROLE monitoring LOGIN; GRANT pg_monitor TO monitoring; CREATE ROLE app LOGIN"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[int]:
    """Of a PostgreSQL in which an application holds six sessions."""
    found = free_port()
    log = tmp_path_factory.mktemp("role") / "postgres.log"
    with databases.postgres(program, found, log), contextlib.ExitStack() as stack:
        psql = [program("psql"), "-qh", "127.0.0.1", "-p", str(found)]
        subprocess.run([*psql, "-U", "postgres", "-c", _ROLES], check=True, env=os.environ | databases.LIBRARIES)
        for number in range(6):
            command = [*psql, "-U", "app", "postgres", "-c", "SELECT pg_sleep(300)"]
            stack.enter_context(running(command, log.with_name(f"app-{number}.log"), env=databases.LIBRARIES))
        yield found


def _page(port: int, role: str, program: Program, tmp_path: Path) -> list[str]:
    """The exporter's samples as this role, once it sees all sessions that there are."""
    listen = free_port()
    address = f"postgresql://{role}@127.0.0.1:{port}/postgres?sslmode=disable"
    command = [program("prometheus-postgres-exporter"), f"--web.listen-address=127.0.0.1:{listen}"]
    page: list[str] = []

    def sees() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{listen}/metrics") as answer:
            page[:] = [line for line in answer.read().decode().splitlines() if line.startswith("pg_")]
        return any(line.startswith("pg_stat_database_numbackends") and float(line.split()[-1]) > 6 for line in page)

    environment = databases.LIBRARIES | {"DATA_SOURCE_NAME": address}
    with running(command, tmp_path / f"{role}.log", env=environment):
        wait_for(sees, "the application's sessions", 60)
    return page


@pytest.mark.parametrize(("role", "fires"), [("bare", True), ("monitoring", False)])
def test_a_role_without_pg_monitor_is_a_ticket(
    role: str,
    fires: bool,  # noqa: FBT001 - a value of the parametrisation
    port: int,
    program: Program,
    tmp_path: Path,
) -> None:
    """Its exporter says that all is well."""
    page = _page(port, role, program, tmp_path)
    (tmp_path / "postgres.yaml").write_bytes(complete_artefacts()["prometheus/rules/postgres.yaml"])
    target = 'job="postgres",service="db",instance="x:1",exported_server='
    document = {
        "rule_files": ["postgres.yaml"],
        "evaluation_interval": "30s",
        "tests": [
            {
                "interval": "30s",
                "input_series": [
                    {
                        "series": name.replace("server=", target).replace("{", '{server="main",', 1),
                        "values": f"{value}x60",
                    }
                    for name, _, value in (line.rpartition(" ") for line in page)
                    if name.startswith(("pg_stat_activity_count{", "pg_stat_database_numbackends{"))
                ],
                "promql_expr_test": [
                    {
                        "expr": f'count(ALERTS{{alertname="{_ALERT}",alertstate="firing"}})',
                        "eval_time": "20m",
                        "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    command = [program("promtool"), "test", "rules", "test.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "pg_exporter_last_scrape_error 0" in page
    assert done.returncode == 0, done.stdout + done.stderr
