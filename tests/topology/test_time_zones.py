"""A time zone is one that there is, as far as a machine can say."""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Iterator

import pytest

from boxwatch.topology import notify_fields
from boxwatch.topology.wording import Unfit


@pytest.fixture
def no_list(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without tzdata, as small container images are."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    usual = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath(to=usual)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_zone_that_there_is(zone: str) -> None:
    """Stays as it is."""
    assert notify_fields.zone(zone) == zone


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Europe/Berln", "did you mean `Europe/Berlin`?"),
        ("Berlin", "write Europe/Berlin"),
        ("Europe", "write Europe/Berlin or UTC"),
    ],
)
def test_a_zone_that_there_is_not(zone: str, hint: str) -> None:
    """Alertmanager would load nothing with it."""
    with pytest.raises(Unfit, match="is not a time zone that there is") as caught:
        notify_fields.zone(zone)

    assert caught.value.hint == hint


@pytest.mark.usefixtures("no_list")
def test_where_there_is_no_list_only_the_form_is_judged() -> None:
    """A small image refuses no zone for its own want of a list, and still no text that is none."""
    assert notify_fields.zone("Europe/Berlin") == "Europe/Berlin"
    assert notify_fields.zone("UTC") == "UTC"
    with pytest.raises(Unfit):
        notify_fields.zone("berlin")
