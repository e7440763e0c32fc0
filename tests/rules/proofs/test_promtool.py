"""The proofs hold in the real promtool, for the default deployment and for extreme topologies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support import rotation
from support.artefacts import complete_artefacts
from support.topologies import a_topology

from boxwatch.rules import catalogue

Program = Callable[[str], str]

# Other versions, if tools/promtools.sh could install them.
_OTHERS = sorted((Path(__file__).parents[3] / ".tools" / "promtools").glob("*/usr/bin/promtool"))


def _write(files: Mapping[str, bytes], root: Path) -> Path:
    for name, content in files.items():
        if name.startswith("prometheus/"):
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return root / "prometheus"


def _test(promtool: str, folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    files = names or sorted(str(path.relative_to(folder)) for path in (folder / "tests").iterdir())
    return subprocess.run([promtool, "test", "rules", *files], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default deployment's rules, with public addresses, and proofs on disk."""
    return _write(complete_artefacts(), tmp_path_factory.mktemp("default"))


# `boxwatch test` runs every proof, in files of its own (tests/test_test_command.py). Only a sample checks that the
# files of a build work on their own and that other versions agree.
_FILES = sorted(f"tests/{Path(path).name}" for path in complete_artefacts() if path.startswith("prometheus/tests/"))


@pytest.mark.parametrize("whole", rotation.WHOLE)
@pytest.mark.parametrize("promtool", [None, *_OTHERS], ids=["on the PATH", *(path.parts[-4] for path in _OTHERS)])
def test_the_files_of_a_build_hold_in_promtool(
    promtool: Path | None, built: Path, program: Program, *, whole: bool
) -> None:
    """Versions differ in a window's left edge, native histograms and `deriv`; alerts must not."""
    files = _FILES if whole else rotation.sample(_FILES, 5, f"files for {promtool}")

    done = _test(str(promtool or program("promtool")), built, *files)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_file_is_clean(built: Path, program: Program) -> None:
    """Promtool accepts every rule file with all lints fatal."""
    files = sorted((built / "rules").iterdir())
    command = [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


_EDGES = {
    "long waits, tight thresholds": {
        "alerts": {"deploy_grace": "30m", "outage_grace": "10m"},
        "thresholds": {
            "memory_near_budget": "99%",
            "memory_near_limit": "99%",
            "memory_exhausted_within": "7d",
            "restarts": 20,
            "replacements": 40,
        },
        "urls": {"grafana": "https://grafana.example.com", "runbooks": "https://git.example.com/books"},
    },
    "short waits, loose thresholds": {
        "alerts": {"deploy_grace": "10s", "outage_grace": "10s"},
        "thresholds": {
            "memory_near_budget": "50%",
            "memory_near_limit": "60%",
            "memory_exhausted_within": "2h",
            "restarts": 1,
            "replacements": 1,
        },
    },
}


@pytest.mark.parametrize("whole", rotation.WHOLE)
@pytest.mark.parametrize("edge", _EDGES.values(), ids=_EDGES.keys())
def test_the_proofs_hold_whatever_the_thresholds(
    edge: dict[str, object], tmp_path: Path, program: Program, *, whole: bool
) -> None:
    """Proofs derive their numbers from the topology's thresholds and waits."""
    folder = _write(catalogue.files(catalogue.build(a_topology(**edge))), tmp_path)
    files = sorted(str(path.relative_to(folder)) for path in (folder / "tests").iterdir())

    done = _test(program("promtool"), folder, *(files if whole else rotation.sample(files, 5, f"edge {edge}")))

    assert done.returncode == 0, done.stdout + done.stderr


def test_without_for_deploys_would_fire(built: Path, tmp_path: Path, program: Program) -> None:
    """The proof that nothing fires through a deploy can fail: without `for`, it does and names the alerts."""
    for path in (*(built / "rules").iterdir(), *(built / "tests").iterdir()):
        target = tmp_path / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines()
        target.write_text("\n".join(line for line in lines if not line.startswith("    for: ")), encoding="utf-8")

    done = _test(program("promtool"), tmp_path, "tests/everything-30s.yaml")

    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert all(name in said for name in ("ServiceReplicasExtra", "ContainerUnhealthy", "ContainerMetricsMissing"))
