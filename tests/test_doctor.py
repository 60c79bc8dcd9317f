"""`cercle doctor`, against the outside as it can be: right, wrong, and not there."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from bot import doctor
from bot.clients import probe
from bot.platforms.slack.surface import SCOPES
from bot.settings import Settings, load
from handlers.membership.service import found_circle
from storage import tables, workspaces
from storage.engines.connect import upgrade
from storage.transaction import CircleTransaction
from tests import databases
from tests.emulators.web import Answer, Web, page, raw, silent, status, truncated
from tests.house import TUESDAY

SIGNING, TOKEN, PASSWORD, KEY = "5" * 32, "xoxb-canary-token", "canary-password", "canary-key-" + "k" * 32


def answers(fields: object, *headers: str) -> Answer:
    return page(json.dumps(fields).encode(), "application/json", *headers)


ALIVE = answers({"status": "ok"})
SLACK_OK = answers({"ok": True, "team": "Coopérative"}, f"X-OAuth-Scopes: {','.join(SCOPES)}")
OPENID = answers({"jwks_uri": "https://login.example/keys"})
TENANT = answers({"token_endpoint": "https://login.example/token"})
TENANT_PATH = "/tenant/v2.0/.well-known/openid-configuration"
WELL: Mapping[str, Answer] = {
    "/healthz": ALIVE,
    "/api/auth.test": SLACK_OK,
    "/openid": OPENID,
    TENANT_PATH: TENANT,
}


def settings(tmp_path: Path, origin: str, **other: str) -> Settings:
    return load(
        {
            "CERCLE_DATABASE_URL": f"sqlite:///{tmp_path / 'cercle.sqlite3'}",
            "CERCLE_BASE_URL": origin,
            "CERCLE_SECRET_KEY": KEY,
            "SLACK_SIGNING_SECRET": SIGNING,
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_API_URL": f"{origin}/api/",
            "MICROSOFT_APP_ID": "app",
            "MICROSOFT_APP_PASSWORD": PASSWORD,
            "MICROSOFT_APP_TENANT_ID": "tenant",
            "MICROSOFT_OPENID_URL": f"{origin}/openid",
            "MICROSOFT_LOGIN_URL": origin,
            **other,
        }
    )


def examined(known: Settings) -> tuple[int, list[str]]:
    said: list[str] = []
    code = doctor.examine(known, said.append)
    for secret in (SIGNING, TOKEN, PASSWORD, KEY):
        assert secret not in "\n".join(said)
    return code, said


async def outside(tmp_path: Path, changed: Mapping[str, Answer], **other: str) -> tuple[int, list[str]]:
    async with Web({**WELL, **changed}) as web:
        return await asyncio.to_thread(examined, settings(tmp_path, web.origin, **other))


def to_mend(said: list[str]) -> list[str]:
    return [line for line in said if line.startswith("mend")]


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    (tmp_path / "cercle.sqlite3").write_bytes(databases.empty_file())
    return tmp_path


async def test_all_is_well(migrated: Path) -> None:
    code, said = await outside(migrated, {})
    assert (code, to_mend(said)) == (0, [])
    for about in ("settings", "disk", "database", "pages", "slack", "Microsoft's keys", "Microsoft's login"):
        assert any(line.startswith(f"ok      {about}: ") for line in said), about


async def test_what_nobody_can_see_of_teams_is_said_in_one_sentence(migrated: Path) -> None:
    """Who has the app. The page that it names says how an organisation gives it to its people."""
    _, said = await outside(migrated, {})
    assert f"skipped Teams app: {doctor.INSTALLED}" in said
    guide = Path(__file__).parent.parent / "docs" / "teams.md"
    assert f"docs/{guide.name}" in doctor.INSTALLED
    assert "Setup policies" in guide.read_text("utf-8")
    assert "docs/teams.md" in (guide.parent.parent / "README.md").read_text("utf-8")
    no_teams = dict.fromkeys(("MICROSOFT_APP_ID", "MICROSOFT_APP_PASSWORD", "MICROSOFT_APP_TENANT_ID"), "")
    _, said = await outside(migrated, {}, **no_teams)
    assert "Teams app" not in "\n".join(said)


async def test_slack_is_asked_as_slack_wants_it(migrated: Path) -> None:
    async with Web(dict(WELL)) as web:
        await asyncio.to_thread(examined, settings(migrated, web.origin))
    (asked,) = [request for request in web.requests if request.path == "/api/auth.test"]
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"/healthz": status("502 Bad Gateway")}, "/healthz answers 502"),
        ({"/healthz": page(b"<h1>It works!</h1>")}, "not as Cercle does"),
        ({"/healthz": raw(b"nonsense\r\n\r\n")}, "does not answer (RemoteProtocolError)"),
        ({"/healthz": truncated(b"{")}, "does not answer (RemoteProtocolError)"),
        ({"/api/auth.test": answers({"ok": False, "error": "invalid_auth"})}, "refused (invalid_auth)"),
        ({"/api/auth.test": status("503 Service Unavailable")}, "refused (status 503)"),
        ({"/api/auth.test": answers([])}, "refused (status 200)"),
        (
            {"/api/auth.test": answers({"ok": True}, "X-OAuth-Scopes: commands")},
            "scopes missing: chat:write",
        ),
        ({"/openid": answers({})}, "/openid answers 200: does a firewall stop it?"),
        ({TENANT_PATH: status("400 Bad Request")}, "answers 400: MICROSOFT_APP_TENANT_ID"),
    ],
)
async def test_what_is_wrong_outside_is_told(
    migrated: Path, changed: Mapping[str, Answer], expected: str
) -> None:
    code, said = await outside(migrated, changed)
    (line,) = to_mend(said)
    assert expected in line
    assert code == 1


async def test_patience_ends(migrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Web({"/": silent}) as web:
        with pytest.raises(probe.Silent, match=r"no answer within 0\.2 s"):
            await asyncio.to_thread(probe.get, f"{web.origin}/", 0.2)


def nowhere() -> str:
    """An address on loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_before_the_start_the_pages_are_skipped(migrated: Path) -> None:
    code, said = examined(settings(migrated, nowhere()))
    assert any(line.startswith("skipped pages: nothing listens") for line in said)
    assert code == 1
    assert [line.split(":")[0] for line in to_mend(said)] == [
        "mend    slack",
        "mend    Microsoft's keys",
        "mend    Microsoft's login",
    ]


def test_an_unknown_name_is_no_reason_to_skip(migrated: Path) -> None:
    known = settings(migrated, nowhere(), CERCLE_BASE_URL="https://cercle.invalid")
    assert any("https://cercle.invalid does not answer" in line for line in to_mend(examined(known)[1]))


def test_only_what_is_set_up_is_asked(migrated: Path) -> None:
    nothing = load({"CERCLE_DATABASE_URL": f"sqlite:///{migrated / 'cercle.sqlite3'}"})
    code, said = examined(nothing)
    assert code == 1
    assert "No chat is connected" in to_mend(said)[0]
    assert not any("slack:" in line or "Microsoft" in line for line in said)


async def database(folder: Path, **other: str) -> list[str]:
    return to_mend((await outside(folder, {}, **other))[1])


async def test_a_database_that_is_not_there_yet(tmp_path: Path) -> None:
    (line,) = await database(tmp_path)
    assert "does not exist: `cercle migrate` makes it" in line
    assert list(tmp_path.iterdir()) == []


async def test_a_database_behind(tmp_path: Path) -> None:
    (tmp_path / "cercle.sqlite3").touch()
    (line,) = await database(tmp_path)
    assert "at migration none" in line


async def test_a_damaged_database(migrated: Path) -> None:
    file = migrated / "cercle.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'message'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    damaged = bytearray(file.read_bytes())
    damaged[(page - 1) * size : page * size] = b"\xff" * size
    file.write_bytes(damaged)
    assert any("put the last backup back" in line for line in await database(migrated))


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "cercle.sqlite3").write_text("Hello, I am a letter, and quite a long one. " * 40)
    (line,) = await database(tmp_path)
    assert "cannot be used (file is not a database)" in line


async def test_a_disk_that_is_nearly_full(migrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def usage(_: Any) -> SimpleNamespace:
        return SimpleNamespace(free=5 << 20)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    (line,) = await database(migrated)
    assert line.startswith("mend    disk: 5 MB left")


# PostgreSQL


async def server(url: str, folder: Path) -> list[str]:
    _, said = await outside(folder, {}, CERCLE_DATABASE_URL=url)
    assert "canary" not in "\n".join(said)
    return [line for line in said if " database: " in line]


async def test_a_server_that_is_well(postgres_url: str, tmp_path: Path) -> None:
    engine = create_engine(postgres_url)
    shape, written = await server(postgres_url, tmp_path)
    assert shape.startswith("ok      database: up to date (migration ")
    assert re.fullmatch(r"ok      database: \S+/cercle_\d+ can be written", written)
    with engine.connect() as connection:
        assert connection.execute(tables.inbox.select()).all() == []
    engine.dispose()


async def test_a_server_without_our_tables(tmp_path: Path) -> None:
    with databases.bare() as url:
        (line,) = await server(url, tmp_path)
    assert line.startswith("mend    database: at migration none, ")
    assert line.endswith("is needed: `cercle migrate`")


async def queue(url: str, folder: Path) -> str:
    _, said = await outside(folder, {}, CERCLE_DATABASE_URL=url)
    (line,) = (line for line in said if " queue: " in line)
    return line


async def test_a_server_with_its_queue_and_without(postgres_url: str, tmp_path: Path) -> None:
    assert (await queue(postgres_url, tmp_path)).startswith("ok      queue: up to date (Procrastinate 03.")
    with databases.bare() as url:
        upgrade(url)
        line = await queue(url, tmp_path)
    assert line.startswith("mend    queue: Procrastinate at none, 03.")
    assert line.endswith("is needed: `cercle migrate`")


async def test_a_server_that_only_lets_us_read(postgres_url: str, tmp_path: Path) -> None:
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        name = connection.engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    engine.dispose()
    _, line = await server(postgres_url, tmp_path)
    assert line.startswith("mend    database: ")
    assert "cannot be used (cannot execute INSERT in a read-only transaction)" in line


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    port = nowhere().rpartition(":")[2]
    (line,) = await server(f"postgresql+psycopg://camille:canary@127.0.0.1:{port}/cercle", tmp_path)
    assert line.startswith("mend    database: 127.0.0.1/cercle cannot be used (connection failed: ")
    assert "Connection refused" in line


async def test_a_name_that_the_server_does_not_know(postgres_url: str, tmp_path: Path) -> None:
    stranger = make_url(postgres_url).set(username="camille", password="canary")
    (line,) = await server(stranger.render_as_string(hide_password=False), tmp_path)
    assert 'role "camille" does not exist' in line


def lose_slack(url: str) -> None:
    """As the running Cercle notes that Slack does not accept it any more."""
    engine = create_engine(url)
    with engine.begin() as connection:
        found_circle(connection, "slack", "T1", "fr", "Europe/Paris", TUESDAY)
        (workspace,) = workspaces.of_platform(connection, "slack")
        circle = CircleTransaction(connection, workspace.circle_id)
        workspaces.disconnect(circle, workspace.id, TUESDAY)
    engine.dispose()


LOST = (
    "mend    slack: not connected since 2026-11-24 09:00 UTC, so nothing is sent there: "
    "install the app again, and start Cercle with its new token"
)


async def test_a_chat_that_does_not_accept_cercle_is_told(migrated: Path) -> None:
    lose_slack(f"sqlite:///{migrated / 'cercle.sqlite3'}")
    code, said = await outside(migrated, {})
    assert (code, to_mend(said)) == (1, [LOST])


async def test_a_server_tells_a_chat_that_does_not_accept_cercle(postgres_url: str, tmp_path: Path) -> None:
    lose_slack(postgres_url)
    code, said = await outside(tmp_path, {}, CERCLE_DATABASE_URL=postgres_url)
    assert code == 1
    assert LOST in said
