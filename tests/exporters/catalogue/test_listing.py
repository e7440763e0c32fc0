"""MinIO's own list of its metrics is parsed like an exposition."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxwatch.errors import BoxwatchError
from boxwatch.exporters.catalogue import listing, metrics, record
from boxwatch.exporters.catalogue.exposition import Sampled

HEAD = "| Name | Type | Help | Labels |\n| ---- | ---- | ---- | ------ |\n"
# Two rows as MinIO of 2026-02-12 answers them, one of them without labels.
ROWS = (
    "| `minio_system_drive_perc_util` | `gauge` | Percentage of time the disk was busy | `drive,set_index,server` |\n"
    "| `minio_cluster_iam_sync_failures` | `counter` | Number of failed IAM data syncs since server start. |  |\n"
)


def save(folder: Path, text: str) -> Path:
    """Save a list."""
    path = folder / "minio-2026.02.12-v3-listed.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_row_is_a_metric(tmp_path: Path) -> None:
    """Each metric has its type, help and labels, whether or not a scrape shows it."""
    assert listing.read(save(tmp_path, HEAD + ROWS)) == (
        Sampled(
            "minio_system_drive_perc_util",
            "gauge",
            "Percentage of time the disk was busy",
            frozenset({"drive", "set_index", "server"}),
        ),
        Sampled(
            "minio_cluster_iam_sync_failures",
            "counter",
            "Number of failed IAM data syncs since server start.",
            frozenset(),
        ),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>", "lists no metrics"),
        (HEAD, "lists no metrics"),
        (HEAD + ROWS + "| `minio_x` | `gauge` |\n", ":5: not a row"),
        (HEAD + "| `minio_x` | `number` | x | `a` |\n", ":3: not a row"),
    ],
    ids=["another page", "an empty list", "a row cut off", "an unknown type"],
)
def test_what_is_no_list_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """An invalid list is rejected with the line number."""
    with pytest.raises(BoxwatchError, match=message):
        listing.read(save(tmp_path, text))


def test_the_recorder_takes_a_list_like_a_page(tmp_path: Path) -> None:
    """The recorder merges the list with the pages of the same version."""
    page = tmp_path / "minio-2026.02.12-v3.prom"
    page.write_text('minio_system_drive_perc_util{drive="/a",server="s"} 1\n', encoding="utf-8")
    record.record([page, save(tmp_path, HEAD + ROWS)], tmp_path)
    (file,) = tmp_path.glob("*.json")
    found = {metric.name: metric for metric in metrics.read(file.read_text("utf-8"), file.name)}

    assert found["minio_system_drive_perc_util"].labels == {"drive", "server", "set_index"}
    assert found["minio_cluster_iam_sync_failures"].type == "counter"
    assert found["minio_cluster_iam_sync_failures"].missing == ()


def test_the_catalogue_has_what_a_healthy_server_never_shows() -> None:
    """The catalogue has metrics that MinIO omits at 0: from the list, and from a server with two lost drives."""
    for name in ("minio_cluster_health_drives_offline_count", "minio_system_network_internode_errors_total"):
        assert metrics.exists(name)
