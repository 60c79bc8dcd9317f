"""The environment, typed: what stops a start, and what is never said about it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.settings import MIN_SECRET, Settings, SettingsError, load

KEY = "k" * MIN_SECRET
SLACK = {"CERCLE_SECRET_KEY": KEY, "SLACK_SIGNING_SECRET": "5" * 32, "SLACK_BOT_TOKEN": "xoxb-1-2-3"}
TEAMS = {
    "CERCLE_SECRET_KEY": KEY,
    "MICROSOFT_APP_ID": "app",
    "MICROSOFT_APP_PASSWORD": "password",
    "MICROSOFT_APP_TENANT_ID": "tenant",
}


@pytest.mark.parametrize("environ", [SLACK, TEAMS, SLACK | TEAMS])
def test_one_chat_is_enough(environ: dict[str, str]) -> None:
    assert load(environ).faults() == []


def test_which_chats_are_meant() -> None:
    assert (load(SLACK).slack, load(SLACK).teams) == (True, False)
    assert (load(TEAMS).slack, load(TEAMS).teams) == (False, True)
    assert (load({}).slack, load({}).teams) == (False, False)


@pytest.mark.parametrize("name", [name for name in SLACK | TEAMS if name != "CERCLE_SECRET_KEY"])
def test_half_a_chat_is_a_fault_that_names_the_other_half(name: str) -> None:
    environ = {key: value for key, value in (SLACK | TEAMS).items() if key != name}
    (fault,) = load(environ).faults()
    assert fault.startswith(name)


def test_every_fault_is_told_at_once() -> None:
    assert len(load({"SLACK_BOT_TOKEN": "x", "MICROSOFT_APP_ID": "x"}).faults()) == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CERCLE_SECRET_KEY", KEY[1:]),
        ("SLACK_SIGNING_SECRET", "5" * 31),
        ("SLACK_BOT_TOKEN", "xoxp-of-a-person"),
    ],
)
def test_a_weak_secret_is_a_fault_and_is_not_shown(name: str, value: str) -> None:
    known = load({**SLACK, name: value})
    (fault,) = known.faults()
    assert fault.startswith(name)
    assert value not in fault
    assert value not in repr(known)
    assert value not in str(known)


def test_http_is_for_loopback() -> None:
    assert load({**SLACK, "CERCLE_HOST": "0.0.0.0"}).faults() != []
    assert load({**SLACK, "CERCLE_HOST": "0.0.0.0", "CERCLE_BASE_URL": "https://c.example"}).faults() == []


@pytest.mark.parametrize(("host", "faults"), [("127.0.0.1", 0), ("::1", 0), ("localhost", 0), ("0.0.0.0", 1)])
def test_teams_without_tokens_is_for_loopback(host: str, faults: int) -> None:
    environ = {
        "CERCLE_SECRET_KEY": KEY,
        "CERCLE_DEV_TEAMS_ANONYMOUS": "1",
        "CERCLE_HOST": host,
        "CERCLE_BASE_URL": "https://c.example",
    }
    assert len(load(environ).faults()) == faults


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CERCLE_BASE_URL", "cercle.example"),
        ("CERCLE_BASE_URL", "https://cercle.example/path"),
        ("CERCLE_BASE_URL", "https://"),
        ("CERCLE_PORT", "http"),
        ("CERCLE_PORT", "65536"),
        ("CERCLE_LOG_LEVEL", "LOUD"),
        ("CERCLE_DATABASE_URL", "postgresql://u:canary@db/c"),
        ("CERCLE_DATABASE_URL", "postgresql+asyncpg://u:canary@db/c"),
        ("CERCLE_DATABASE_URL", "postgresql+psycopg://u:canary@db"),
        ("CERCLE_DATABASE_URL", "postgresql+psycopg://u:canary@db/"),
        ("CERCLE_DATABASE_URL", "postgresql+psycopg://u:p/canary@db/c"),
        ("CERCLE_DATABASE_URL", "postgresql+psycopg://u:p@db:canary/c"),
        ("CERCLE_DATABASE_URL", "postgresql+psycopg://u:canary@[db/c"),
        ("CERCLE_DATABASE_URL", "mysql://u:canary@db/c"),
        ("CERCLE_DATABASE_URL", "sqlite:///"),
        ("CERCLE_DATABASE_URL", "sqlite:///data/"),
        ("CERCLE_DATABASE_URL", "sqlite:///file:canary?mode=memory&uri=true"),
        ("CERCLE_DATABASE_URL", "sqlite://"),
        ("CERCLE_DATABASE_URL", "sqlite:///:memory:"),
        ("CERCLE_DATABASE_URL", "canary"),
        ("CERCLE_DEV_TEAMS_ANONYMOUS", "perhaps"),
    ],
)
def test_a_value_of_the_wrong_form_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load({name: value})
    assert str(error.value).startswith(name)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///data/cercle.sqlite3",
        "sqlite:////data/cercle.sqlite3",
        "postgresql+psycopg://camille:canary@db/cercle",
        "postgresql+psycopg://camille:canary%2F%40%23@db:5432/cercle?sslmode=verify-full",
        "postgresql+psycopg:///cercle?host=/run/postgresql&password=canary",
    ],
)
def test_either_database_is_taken_and_its_password_is_not_shown(url: str) -> None:
    known = load({**SLACK, "CERCLE_DATABASE_URL": url})
    assert known.faults() == []
    assert known.cercle_database_url == url
    assert "canary" not in repr(known) + str(known)


def test_a_slash_at_the_end_is_taken_away() -> None:
    assert load({"CERCLE_BASE_URL": "https://c.example/"}).cercle_base_url == "https://c.example"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_each_may_come_as_a_file(tmp_path: Path, name: str) -> None:
    plain = {"cercle_port": "8001", "cercle_base_url": "https://c.example", "cercle_log_level": "DEBUG"}
    plain |= {"cercle_database_url": "sqlite:///other.sqlite3", "cercle_worker_port": "9100"}
    switches = {field: "1" for field, kind in Settings.model_fields.items() if kind.annotation is bool}
    value = (plain | switches).get(name, "from-the-file")
    file = tmp_path / "secret"
    file.write_text(f"{value}\n", encoding="utf-8")
    assert load({f"{name.upper()}_FILE": str(file)}) == load({name.upper(): value})


@pytest.mark.parametrize("post", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, post: bytes | None) -> None:
    file = tmp_path / "secret"
    if post is not None:
        file.write_bytes(post)
    with pytest.raises(SettingsError, match=r"^SLACK_BOT_TOKEN_FILE cannot be read"):
        load({"SLACK_BOT_TOKEN_FILE": str(file)})


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([name.upper() for name in Settings.model_fields]), st.text(max_size=40), max_size=6
    )
)
def test_no_environment_makes_a_traceback(environ: dict[str, str]) -> None:
    with suppress(SettingsError):
        load(environ).faults()
