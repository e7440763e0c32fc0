"""Options: flags override the environment, which overrides the file; every error is a sentence."""

# ruff: noqa: D103 - the names of the tests are sentences

from __future__ import annotations

from pathlib import Path

import pytest

from boxwatch.exporters.coolify.config import Config, ConfigError, load, unknown_variables
from boxwatch.exporters.coolify.options import OPTIONS
from boxwatch.exporters.coolify.secret import FixedToken, TokenFile

TOKEN = "1|abcdefghijklmnop"  # noqa: S105 - it opens nothing


def _load(*arguments: str, **environment: str) -> Config:
    return load(arguments, {"COOLIFY_TOKEN": TOKEN, **environment}, "1.2.3")


def _error(*arguments: str, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        _load(*arguments, **environment)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_token_is_all_that_is_needed() -> None:
    config = _load()
    account = config.accounts[0]

    assert (account.name, account.url, account.requests_per_minute) == ("default", "http://coolify:8080", 60.0)
    assert (config.host, config.port, config.state_file, config.web_config_file) == ("", 18000, None, None)
    assert isinstance(account.token, FixedToken)
    assert TOKEN not in repr(config)


def test_flag_before_environment_before_file(tmp_path: Path) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text('url = "http://file"\ninterval = 10\nstale_after = 20\nlisten = "127.0.0.1:1"\n')
    config = _load(
        "--config-file",
        str(path),
        "--url",
        "http://flag",
        COOLIFY_EXPORTER_URL="http://env",
        COOLIFY_EXPORTER_INTERVAL="15",
    )
    account = config.accounts[0]

    assert (account.url, account.interval, account.stale_after) == ("http://flag", 15.0, 20.0)
    assert (config.host, config.port) == ("127.0.0.1", 1)


def test_several_accounts_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(
        """
        interval = 30
        [[accounts]]
        name = "shop"
        token_file = "shop.token"
        [[accounts]]
        name = "blog"
        url = "https://other.example"
        token_variable = "BLOG_TOKEN"
        interval = 120
        """
    )
    shop, blog = _load(COOLIFY_EXPORTER_CONFIG_FILE=str(path), BLOG_TOKEN=TOKEN).accounts

    assert (shop.name, shop.url, shop.interval) == ("shop", "http://coolify:8080", 30.0)
    assert isinstance(shop.token, TokenFile)
    assert shop.token.path == tmp_path / "shop.token", "paths in the file start at its folder"
    assert (blog.name, blog.url, blog.interval) == ("blog", "https://other.example", 120.0)
    assert blog.token.read().reveal() == TOKEN


@pytest.mark.parametrize(
    ("listen", "expected"),
    [(":1", ("", 1)), ("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:18000", ("::1", 18000)), ("9000", ("", 9000))],
)
def test_listen(listen: str, expected: tuple[str, int]) -> None:
    config = _load("--listen", listen)

    assert (config.host, config.port) == expected


def test_a_token_file_comes_before_the_variable() -> None:
    token = _load("--token-file", "relative/token").accounts[0].token

    assert isinstance(token, TokenFile)
    assert token.path == Path("relative/token")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--listen", "nowhere"], "listen must end in a port"),
        (["--listen", "::1:18000"], "listen must end in a port"),
        (["--url", "http://coolify:8080/api/v1"], "must not end in /api or /api/v1"),
        (["--url", "http://coolify:8080/api/"], "must not end in /api or /api/v1"),
        (["--listen", ":99999"], "listen must end in a port"),
        (["--interval", "1"], "interval must be a number no less than 5"),
        (["--interval", "nan"], "interval must be a number"),
        (["--interval", "soon"], "interval must be a number"),
        (["--log-level", "loud"], "log-level must be one of debug, info, warning, error"),
        (["--url", "coolify"], "url of account default: the URL must start with"),
        (["--url", ""], "url of account default: the URL must start with"),
        (["--proxy", "ftp://x"], "proxy of account default: the URL must start with"),
        (["--ca-file", "/nowhere/ca.pem"], "ca-file of account default: /nowhere/ca.pem is not a file"),
        (["--config-file", "/nowhere/exporter.toml"], "cannot read /nowhere/exporter.toml: No such file"),
    ],
)
def test_mistakes_in_flags(arguments: list[str], message: str) -> None:
    assert message in _error(*arguments)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f'token = "{TOKEN}"', "unknown option token;"),
        (f'token = "{TOKEN}', "is not valid TOML"),
        ("interval = true", "interval must be a number"),
        ("url = 5", "url must be a quoted string"),
        ("accounts = 5", "accounts must be an array of tables"),
        ("accounts = []", "accounts must be an array of tables"),
        ("[[accounts]]\n", "every [[accounts]] requires a name"),
        ('[[accounts]]\nname = "a\\nb"\n', "every [[accounts]] requires a name"),
        ('[[accounts]]\nname = "a"\nlisten = ":1"\n', "unknown option listen;"),
        ('[[accounts]]\nname = "a"\n', "account a has no token: set token_file or token_variable"),
        ('[[accounts]]\nname="a"\ntoken_file="t"\n[[accounts]]\nname="a"\ntoken_file="t"', "two accounts are named a"),
    ],
)
def test_mistakes_in_the_file(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(content)
    error = _error("--config-file", str(path))

    assert message in error
    assert TOKEN not in error


def test_no_token_at_all() -> None:
    with pytest.raises(ConfigError, match="pass --token-file or set COOLIFY_TOKEN"):
        load([], {}, "1.2.3")


def test_there_is_no_flag_for_a_token() -> None:
    with pytest.raises(SystemExit) as caught:
        _load("--token", TOKEN)

    assert caught.value.code == 2
    assert "token" not in OPTIONS


def test_help_and_version_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--help", "--version"):
        with pytest.raises(SystemExit) as caught:
            _load(flag)
        assert caught.value.code == 0
    said = capsys.readouterr().out

    assert all(f"--{name}" in said for name in OPTIONS)
    assert "boxwatch-coolify-exporter 1.2.3" in said


def test_flags_have_the_names_of_prometheus_exporters_too() -> None:
    config = _load("--web.listen-address", "127.0.0.1:9", "--log.level", "debug", "--web.systemd-socket")

    assert (config.host, config.port, config.log_level, config.systemd_socket) == ("127.0.0.1", 9, "debug", True)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    config = load([], {"COOLIFY_TOKEN": "1|abcdefghijkl", "COOLIFY_EXPORTER_INTERVAL": ""}, "1.2.3")

    assert config.accounts[0].interval == 60


def test_variables_that_name_no_option_are_found() -> None:
    names = {"COOLIFY_EXPORTER_INTERVALL": "5", "COOLIFY_EXPORTER_URL": "x", "OTHER": "y"}

    assert unknown_variables(names) == ("COOLIFY_EXPORTER_INTERVALL",)


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("False", False)])
def test_a_switch_is_true_or_false(value: str, *, expected: bool) -> None:
    environment = {"COOLIFY_TOKEN": "1|abcdefghijkl", "COOLIFY_EXPORTER_SYSTEMD_SOCKET": value}
    assert load([], environment, "1.2.3").systemd_socket is expected
    environment["COOLIFY_EXPORTER_SYSTEMD_SOCKET"] = "perhaps"
    with pytest.raises(ConfigError, match="systemd-socket must be true or false"):
        load([], environment, "1.2.3")


def test_help_has_the_options_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load(["--help"], {}, "1.2.3")
    text = capsys.readouterr().out

    assert [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")] == [
        "options:",
        "Coolify:",
        "limits of a request:",
        "web server:",
        "process:",
    ]
    assert "exit codes" in text


@pytest.mark.parametrize("path", [".", "/", "{folder}"])
def test_a_state_file_is_no_directory(path: str, tmp_path: Path) -> None:
    named = path.format(folder=tmp_path)
    assert _error("--state-file", named) == f"state-file {Path(named)} is a directory: name a file in it"
