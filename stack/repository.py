"""A git repository around a topology: CI that checks and deploys it, and what Coolify needs to deploy it.

The build is committed, because Coolify mounts files of the repository and runs nothing. CI proves that it is current.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from boxwatch.rules import yaml
from boxwatch.rules.relabelling import Config
from boxwatch.stack import compose
from boxwatch.stack.images import VERSION
from boxwatch.stack.part import Part
from boxwatch.topology.model import Service, Topology

TOPOLOGY: Final = "topology.yaml"
GENERATED: Final = "generated"
GITHUB: Final = ".github/workflows/monitoring.yml"
GITLAB: Final = ".gitlab-ci.yml"

_PROMTOOL: Final = "promtool --version"
_CHECK: Final = f"boxwatch check {TOPOLOGY}"
_TEST: Final = f"boxwatch test {TOPOLOGY} --junit proofs.xml"
_CURRENT: Final = f"boxwatch build {TOPOLOGY} --out {GENERATED} --check"
# Without promtool, a check of the rules would be skipped.
CHECKS: Final = (_PROMTOOL, _CHECK, _TEST, _CURRENT)
# The token goes through a pipe: arguments of processes are readable for others on a shared runner.
DEPLOY: Final = (
    "printf 'Authorization: Bearer %s\\n' \"$COOLIFY_TOKEN\" | curl --silent --show-error --fail-with-body --header @- "
    "--header 'Accept: application/json' --header 'Content-Type: application/json' "
    '--data "{\\"uuid\\": \\"$COOLIFY_RESOURCE\\"}" "$COOLIFY_URL/api/v1/deploy"'
)
_PACKAGES: Final = "prometheus python3-venv git curl"
_INSTALL: Final = (
    ': "${BOXWATCH:?set the CI variable BOXWATCH to what pip installs: git+https://… of a checkout, or a wheel in this'
    ' repository}"'
)
_IGNORED: Final = """# Secrets, and what commands leave behind.
.env
/generated/.env
/generated/secrets/
/token*
.boxwatch/
proofs.xml
"""
_GITHUB_HEADER: Final = """Checks the topology, its alerts and the committed build, and deploys the default branch.
Written once by boxwatch: it is yours to change.
Variables (Settings, Actions): BOXWATCH, and to deploy COOLIFY_URL, COOLIFY_RESOURCE. Secret: COOLIFY_TOKEN."""
_GITLAB_HEADER: Final = """Checks the topology, its alerts and the committed build, and deploys the default branch.
Written once by boxwatch: it is yours to change.
Variables (Settings, CI/CD): BOXWATCH, and to deploy COOLIFY_URL, COOLIFY_RESOURCE, COOLIFY_TOKEN (masked)."""


def files(topology: Topology) -> dict[str, bytes]:
    """Path → content of the files around the topology and the build; none where no stack is planned."""
    plan = compose.planned(topology)
    if plan is None:
        return {}
    service, parts, _ = plan
    return {
        ".env.example": _example(parts),
        ".gitignore": _IGNORED.encode(),
        GITHUB: yaml.dump(_github(), _GITHUB_HEADER),
        GITLAB: yaml.dump(_gitlab(), _GITLAB_HEADER),
        "README.md": ("\n".join(_readme(topology, service, parts)) + "\n").encode(),
    }


def _example(parts: Sequence[Part]) -> bytes:
    lines = [
        "# The stack's variables. In Coolify, they are environment variables of the resource; never commit values."
    ]
    for setting in dict.fromkeys(setting for part in parts for setting in part.settings):
        lines += [f"# {setting.meaning}", f"{setting.name}={setting.default or ''}"]
    return ("\n".join(lines) + "\n").encode()


def _github() -> Config:
    install = [
        _INSTALL,
        f"sudo apt-get update -q && sudo apt-get install -q -y --no-install-recommends {_PACKAGES}",
        'python3 -m venv "$HOME/boxwatch" && "$HOME/boxwatch/bin/pip" install "$BOXWATCH"',
        'echo "$HOME/boxwatch/bin" >> "$GITHUB_PATH"',
    ]
    return {
        "name": "monitoring",
        "on": {"push": None, "pull_request": None},
        "permissions": {"contents": "read"},
        "jobs": {
            "check": {
                "runs-on": "ubuntu-24.04",
                "steps": [
                    {"uses": "actions/checkout@v4"},
                    {
                        "name": "Install boxwatch and promtool",
                        "env": {"BOXWATCH": "${{ vars.BOXWATCH }}"},
                        "run": "\n".join(install) + "\n",
                    },
                    *({"run": command} for command in CHECKS),
                ],
            },
            "deploy": {
                "needs": "check",
                "if": "github.event_name == 'push' && github.ref_name == github.event.repository.default_branch"
                " && vars.COOLIFY_URL != ''",
                "runs-on": "ubuntu-24.04",
                "concurrency": "deploy",
                "steps": [
                    {
                        "name": "Deploy in Coolify",
                        "env": {
                            "COOLIFY_URL": "${{ vars.COOLIFY_URL }}",
                            "COOLIFY_RESOURCE": "${{ vars.COOLIFY_RESOURCE }}",
                            "COOLIFY_TOKEN": "${{ secrets.COOLIFY_TOKEN }}",
                        },
                        "run": DEPLOY,
                    }
                ],
            },
        },
    }


def _gitlab() -> Config:
    return {
        "stages": ["check", "deploy"],
        "check": {
            "stage": "check",
            "image": "debian:trixie-slim",
            "before_script": [
                _INSTALL,
                f"apt-get update -q && apt-get install -q -y --no-install-recommends {_PACKAGES}",
                'python3 -m venv /opt/boxwatch && /opt/boxwatch/bin/pip install "$BOXWATCH"',
                'export PATH="/opt/boxwatch/bin:$PATH"',
            ],
            "script": list(CHECKS),
            "artifacts": {"when": "always", "reports": {"junit": "proofs.xml"}},
        },
        "deploy": {
            "stage": "deploy",
            "image": "debian:trixie-slim",
            "rules": [
                {"if": '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $COOLIFY_URL && $CI_PIPELINE_SOURCE == "push"'}
            ],
            "resource_group": "deploy",
            "before_script": [
                "apt-get update -q && apt-get install -q -y --no-install-recommends ca-certificates curl"
            ],
            "script": [DEPLOY],
        },
    }


def _readme(topology: Topology, service: Service, parts: Sequence[Part]) -> Iterator[str]:
    yield f"# Monitoring of {topology.name}"
    yield ""
    yield f"`{TOPOLOGY}` describes what runs; boxwatch {VERSION} generates everything else from it."
    yield ""
    yield "| path | content |"
    yield "|---|---|"
    yield f"| `{TOPOLOGY}` | what runs, with how much RAM and how many replicas: the file to edit |"
    yield f"| `{GENERATED}/` | the build, committed, because Coolify runs what is in the repository. Never edit it |"
    yield f"| `{GENERATED}/stack/README.md` | the steps of this stack: variables, secrets, what to enable |"
    yield f"| `{GITHUB}`, `{GITLAB}` | CI; delete the one that you do not use |"
    yield "| `.env.example` | the variables; copy it to `.env` for `docker compose` |"
    yield ""
    yield "## Once, in Coolify"
    yield ""
    number = 1
    if any(part.image.local for part in parts):
        image = next(part.image.reference for part in parts if part.image.local)
        yield f"{number}. On the server, build `{image}`, which is in no registry: `{GENERATED}/stack/README.md`."
        number += 1
    yield f"{number}. *New resource → this repository*, build pack *Docker Compose*, *Base Directory* `/{GENERATED}`,"
    yield "   *Docker Compose Location* `/compose.yaml`."
    yield f"{number + 1}. *Advanced*: enable *Preserve Repository During Deployment*. Without it, Coolify creates empty"
    yield "   directories instead of the files, and the containers do not start. Disable *Auto Deploy* if CI deploys."
    yield f"{number + 2}. Name the resource `{service.name}`, set the variables of `.env.example`, and deploy."
    yield ""
    yield "## Once, for CI"
    yield ""
    yield "| variable | value |"
    yield "|---|---|"
    yield "| `BOXWATCH` | what pip installs: `git+https://…` of a checkout of boxwatch, or a wheel in this repository |"
    yield "| `COOLIFY_URL` | Coolify's URL, if CI is to deploy; CI must reach it |"
    yield "| `COOLIFY_RESOURCE` | UUID of the resource: the end of its address in Coolify |"
    yield "| `COOLIFY_TOKEN` | an API token with `deploy` and nothing else. Secret, masked |"
    yield ""
    yield "## A change"
    yield ""
    yield "```sh"
    yield f"$EDITOR {TOPOLOGY}"
    yield f"boxwatch build {TOPOLOGY} --out {GENERATED}"
    yield f"git add {TOPOLOGY} {GENERATED} && git commit && git push"
    yield "```"
    yield ""
    yield "CI runs the checks and the proofs of the alerts, verifies that the committed build is current, and deploys."
    yield "Coolify replaces all containers; volumes are kept."
