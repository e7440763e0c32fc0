"""No message quotes what stands where secrets stand, whatever is wrong with it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boxwatch.errors import TopologyError
from boxwatch.topology import secrets, wording
from boxwatch.topology.load import load, parse

_SECRET_FILES: dict[tuple[str, ...], dict[str, Any]] = {
    ("slack", "url_file"): {},
    ("discord", "url_file"): {},
    ("telegram", "token_file"): {"chat_id": 1},
    ("webhook", "url"): {},
    ("webhook", "url_file"): {},
    ("webhook", "bearer_token_file"): {"url": "https://example.com"},
    ("pagerduty", "routing_key_file"): {},
    ("msteams", "url_file"): {},
    ("opsgenie", "api_key_file"): {},
    ("ntfy", "url"): {},
    ("ntfy", "url_file"): {},
    ("ntfy", "token_file"): {"url": "https://ntfy.example.com/alerts"},
    ("pushover", "user_key_file"): {"token_file": "/t"},
    ("pushover", "token_file"): {"user_key_file": "/u"},
    ("email", "password_file"): {"to": "a@b.c", "from": "a@b.c", "smarthost": "c:1", "username": "x"},
    ("email", "username"): {"to": "a@b.c", "from": "a@b.c", "smarthost": "c:1", "password_file": "/x"},
}
_BASE: dict[str, Any] = {
    "name": "mvp",
    "servers": {"main": {"cpus": 8, "memory": "32g", "disk": "500GB"}},
    "services": {"web": {"kind": "web", "server": "main", "memory": "1g"}},
    "notifications": {
        "receivers": {"ops": {"webhook": {"url": "https://example.com"}}},
        "critical": "ops",
        "warning": "ops",
    },
}

# A mark that no message has of itself, inside of what secrets are made of.
_MARK = "q7Zx9"
_TEXTS = st.builds(
    lambda before, after: f"{before}{_MARK}{after}",
    st.text(alphabet="abcXYZ019-_.:/@*!&%#?= ", max_size=12),
    st.text(alphabet="abcXYZ019-_.:/@*!&%#?= ", max_size=40),
)


def _said(text: str) -> str:
    """What a topology is answered; nothing when it is accepted."""
    try:
        return "".join(f"\n{warning}" for warning in parse(text, "topology.yaml").warnings)
    except TopologyError as error:
        return str(error)


def _with(place: tuple[str, ...], value: object) -> dict[str, Any]:
    """A topology with a value at a place of a receiver: at a key, in place of the way, or of the whole receiver."""
    document = copy.deepcopy(_BASE)
    receivers = document["notifications"]["receivers"]
    if len(place) == 2:
        receivers["ops"] = {place[0]: {**_SECRET_FILES[place], place[1]: value}}
    elif place:
        receivers["ops"] = {place[0]: value}
    else:
        receivers["ops"] = value
    return document


_PLACES = [*_SECRET_FILES, *sorted({(way,) for way, _ in _SECRET_FILES}), ()]


@given(place=st.sampled_from(_PLACES), secret=_TEXTS, shape=st.sampled_from(["plain", "list", "mapping", "key"]))
@example(place=("slack", "url_file"), secret=f"https://hooks.slack.com/services/{_MARK}", shape="plain")
@example(place=("webhook", "url"), secret=f"http://example.com:{_MARK}/", shape="plain")
@example(place=("webhook", "url"), secret=f"https://me:{_MARK}@example.com", shape="plain")
@example(place=("webhook", "url"), secret=f"https://discord.com/api/webhooks/1/{_MARK}", shape="plain")
@example(place=("telegram", "token_file"), secret=f"110201543:AAHdqTcvCH1vGWJxfSeofSAs0K{_MARK}", shape="plain")
def test_no_message_quotes_a_secret_of_a_receiver(place: tuple[str, ...], secret: str, shape: str) -> None:
    """Nor when it is in a list, or under another key."""
    shaped: object = {"plain": secret, "list": [secret], "mapping": {"value": secret}, "key": secret}[shape]

    assert _MARK not in _said(json.dumps(_with(place, shaped)))


@given(secret=_TEXTS, number=st.one_of(st.booleans(), st.just([]), st.just({})))
def test_no_message_quotes_a_token_of_a_service(secret: str, number: object) -> None:
    """Prometheus' file with a token that a page asks for."""
    for value in (secret, [secret], {"x": secret}, number):
        document = copy.deepcopy(_BASE)
        document["services"]["web"]["metrics_token_file"] = value
        assert _MARK not in _said(json.dumps(document))


@given(
    written=st.text(alphabet="abcXYZ019-_.:/@*!&%#?=|>'\"", max_size=30),
    end=st.sampled_from(["", " ", "\n", '"', "'", "]"]),
)
@example(written="*", end="")
@example(written="!", end="")
@example(written="!x *", end="")
def test_no_complaint_of_yaml_quotes_it_either(written: str, end: str) -> None:
    """Without quotes, a token that begins with * or ! means something in YAML."""
    text = json.dumps(_with((), {}), indent=1)
    head, _, tail = text.partition('"ops": {}')
    assert tail

    assert _MARK not in _said(f'{head}"ops": {{"slack": {{"url_file": {written}{_MARK}{end}}}}}{tail}')


@pytest.mark.parametrize("wrong", [f"{_MARK}", f"'{_MARK}", f"[{_MARK}", f"{_MARK} {_MARK}", f"std.{_MARK}"])
def test_jsonnet_quotes_no_secret(wrong: str, tmp_path: Path) -> None:
    """It takes text without quotes for a variable, and says so."""
    document = json.dumps(_BASE).replace('"https://example.com"', wrong).replace('"url"', "bearer_token_file")
    path = tmp_path / "topology.jsonnet"
    path.write_text(document, encoding="utf-8")

    with pytest.raises(TopologyError) as caught:
        load(path)
    assert _MARK not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"https://me:{_MARK}@example.com",
        f"me:{_MARK}@example.com:9100",
        f"https://hooks.slack.com/services/T0/B0/{_MARK}",
        f"hooks.slack.com/services/{_MARK}",
        f"https://discordapp.com/api/webhooks/1/{_MARK}",
        f"bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K{_MARK}",
        f"https://example.com/health?deep=1&api_key={_MARK}",
    ],
)
def test_what_is_seen_to_be_a_secret_is_shown_nowhere(text: str) -> None:
    """Whichever key it stands at."""
    assert _MARK not in wording.shown(text)


@pytest.mark.parametrize("text", ["node-exporter:9100", "10.0.0.1:9100", "[fd00::1]:9100", "ops@example.com", "a: b@c"])
def test_what_is_no_secret_is_shown(text: str) -> None:
    """Or messages would be of no use."""
    assert wording.shown(text) == f"`{text}`"


def test_names_of_services_and_servers_hide_nothing() -> None:
    """A service may be called secrets, and its RAM is none."""
    assert not secrets.bears_secret(("services", "token-api", "memory"))
    assert secrets.bears_secret(("services", "web", "metrics_token_file"))
    assert not secrets.bears_secret(("notifications", "receivers", "ops", "slack", "channel"))
    assert secrets.bears_secret(("notifications", "receivers", "ops", "slack"))
    assert not secrets.bears_secret(())
