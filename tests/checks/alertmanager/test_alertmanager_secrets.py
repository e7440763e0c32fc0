"""Secrets are in files."""

from __future__ import annotations

import pytest
from support.alertmanager_files import said

from boxwatch.checks.alertmanager import alertmanager_secrets


@pytest.mark.parametrize(
    "line",
    [
        "smtp_auth_password: hunter2",
        "bot_token: '1:a'",
        "routing_key: abc",
        "api_url: https://hooks.slack.com/services/T/B/x",
        "url: https://hc-ping.com/123",
        "url: https://me:secret@example.com",
        "webhook_url: https://discord.com/api/webhooks/1/x",
    ],
)
def test_a_secret_in_plain_text_is_told(line: str) -> None:
    """Wherever it stands."""
    key = line.partition(":")[0]
    assert said(alertmanager_secrets, f"receivers:\n- a_configs:\n  - {line}\n") == [
        (3, f"{key} is a secret in plain text")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "smtp_auth_password_file: /run/secrets/smtp",
        "api_url: https://api.telegram.org",
        "api_url: https://slack.com/api/chat.postMessage",
        "url: http://board.internal/alerts",
        "url: https://discord.com",
        "name: token",
    ],
)
def test_a_file_or_an_address_is_none(line: str) -> None:
    """Nothing to say."""
    assert said(alertmanager_secrets, f"receivers:\n- a_configs:\n  - {line}\n") == []
