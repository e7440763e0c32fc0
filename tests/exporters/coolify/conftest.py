"""A fake Coolify with the default box, and an exporter that reads it."""

from __future__ import annotations

import pytest
from support.coolify import HandClock, Rig

from boxwatch.exporters.coolify.fake.box import default
from boxwatch.exporters.coolify.fake.coolify import FakeCoolify


@pytest.fixture
def hand() -> HandClock:
    """A clock that stands still until it is moved."""
    return HandClock()


@pytest.fixture
def fake(hand: HandClock) -> FakeCoolify:
    """The default box."""
    return default(lambda: hand.now)


@pytest.fixture
def rig(fake: FakeCoolify, hand: HandClock) -> Rig:
    """An exporter that has read nothing yet."""
    return Rig(fake, hand)
