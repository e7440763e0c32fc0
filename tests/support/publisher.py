"""A publisher in a separate process, to be killed: `publisher.py URL DIR SET KIND TIMEOUT`.

KIND names a function of `rule_sets`, for rules only, or is `release`, for configuration and rules.

It prints `ready` when everything is imported and checked, and starts when it reads a line.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from boxwatch.errors import PublishError
from boxwatch.publish import rule_set
from boxwatch.publish.http import Client
from boxwatch.publish.prometheus import prometheus_directory, prometheus_rules
from boxwatch.publish.reload import HttpReload
from support import releases, rule_sets


def main(url: str, directory: str, name: str, kind: str, timeout: str) -> int:
    """Publish; return 1 and print the reason on failure."""
    client = Client(url)
    target = prometheus_rules.Target(Path(directory), client, HttpReload(client), float(timeout))
    # Not checked first: Prometheus itself must be the one to refuse it.
    whole = kind == "release"
    release = releases.release(name)
    new = rule_set.merge(rule_sets.files(name) if whole else getattr(rule_sets, kind)(name))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    try:
        if whole:
            prometheus_directory.apply(target, prometheus_directory.plan(target, release))
        else:
            prometheus_rules.apply(target, prometheus_rules.plan(target, new))
    except PublishError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def killed(target: prometheus_rules.Target, name: str, kind: str, after: float) -> bool:
    """Start a publisher and kill it after some seconds; return whether it was still running."""
    url = target.client.url if target.client else ""
    command = [sys.executable, __file__, url, str(target.directory), name, kind, str(target.timeout)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"go\n")
        process.stdin.flush()
        time.sleep(after)
        process.kill()
        return process.wait(target.timeout) == -signal.SIGKILL


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
