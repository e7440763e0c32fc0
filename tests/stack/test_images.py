"""The table of images: fixed versions, and those of this repository with its own version."""

from __future__ import annotations

import configparser
import datetime as dt
import re
from pathlib import Path

import pytest

from boxwatch.stack import images
from boxwatch.stack.images import Image
from boxwatch.topology import kinds

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("image", images.IMAGES, ids=lambda image: image.name)
def test_an_image_is_one_release_that_was_checked(image: Image) -> None:
    """A full version, a day that is not in the future of the last change, and where to look for newer ones."""
    assert re.fullmatch(r"v?\d+\.\d+\.\d+(-alpine)?", image.tag)
    assert dt.date.fromisoformat(image.checked) >= dt.date(2026, 11, 1)
    assert image.local or image.source.startswith("https://github.com/")
    assert re.fullmatch(r"\d+:\d+", image.user)


def test_every_image_is_in_the_table() -> None:
    """Whatever a part names."""
    named = {value for value in vars(images).values() if isinstance(value, Image)}

    assert named == set(images.IMAGES)


def test_images_of_this_repository_have_its_version() -> None:
    """The commands that build them say the same tag."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")

    assert parser["metadata"]["version"] == images.VERSION == images.COOLIFY_EXPORTER.tag


@pytest.mark.parametrize(
    ("kind", "image"),
    [("postgres", images.POSTGRES_EXPORTER), ("redis", images.REDIS_EXPORTER),
     ("elasticsearch", images.ELASTICSEARCH_EXPORTER)],
)  # fmt: skip
def test_exporters_are_as_new_as_the_rules_need(kind: str, image: Image) -> None:
    """A kind's oldest version is the first whose metrics the rules read."""
    oldest = kinds.of(kind).oldest

    assert _version(image.tag) >= _version(oldest or "0")


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))
