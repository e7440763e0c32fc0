"""docs/discover.md shows what works."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from support import docker_box as box

from boxwatch.discovery import docker

PAGE = (Path(__file__).parents[2] / "docs/discover.md").read_text(encoding="utf-8")
(TRANSCRIPT,) = (
    path.read_text(encoding="utf-8") for path in (Path(__file__).parents[1] / "transcripts").glob("*_discover.txt")
)
# Stands in for Docker's client on the server.
CLIENT = """\
#!/bin/sh
case "$*" in
"info -f {{json .}}") cat info.json ;;
"stats --no-stream --format {{json .}}") cat stats.json ;;
"ps -aq") echo web; echo db ;;
"inspect web db") cat inspect.json ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""


def test_the_page_has_the_command() -> None:
    """To the letter, in quotes for ssh."""
    assert f"ssh root@SERVER '{docker.COMMAND}' | boxwatch init --from-docker -" in PAGE


def test_the_command_describes_a_server(tmp_path: Path) -> None:
    """Run by a shell, its quoting included; only Docker's client is a stand-in."""
    containers = [box.application("web"), box.database("db", "redis", "redis:7")]
    (tmp_path / "info.json").write_text(box.joined([box.info()]), encoding="utf-8")
    (tmp_path / "stats.json").write_text(box.joined(box.stats(containers)), encoding="utf-8")
    (tmp_path / "inspect.json").write_text(box.joined([containers]), encoding="utf-8")
    client = tmp_path / "docker"
    client.write_text(CLIENT, encoding="utf-8")
    client.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-c", docker.COMMAND.replace("/var/lib/docker", "/")],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    host = docker.read(done.stdout, "standard input")

    assert (len(host.containers), host.cpus, host.memory) == (2, 8, 33534234624)
    assert host.disk is not None
    assert host.disk > 10**8


def test_the_drift_on_the_page_is_what_is_printed() -> None:
    """In the transcript."""
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)

    assert shown in TRANSCRIPT
