"""Alive is one thing, ready another."""

from __future__ import annotations

import asyncio
import json
from time import monotonic

from sqlalchemy import create_engine, text

from storage import workspaces
from storage.transaction import CircleTransaction, Transaction
from tests.web.world import World

LOCK = {
    "sqlite": ["BEGIN IMMEDIATE"],
    "postgresql": ["BEGIN", "LOCK TABLE message IN ACCESS EXCLUSIVE MODE"],
}
"""What makes every other transaction wait."""


async def test_all_is_well(world: World) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await world.get(world.url + path)
        assert (answer.status, json.loads(answer.text)["status"]) == (200, "ok")
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_lost_connection_to_a_chat_is_told_and_keeps_nothing_else_from_working(world: World) -> None:
    def lose(tx: Transaction) -> None:
        (workspace,) = workspaces.of_platform(tx, "slack", "T1")
        workspaces.disconnect(CircleTransaction(tx, workspace.circle_id), workspace.id, world.now)

    await world.do(lose)
    answer = await world.get(f"{world.url}/readyz")
    assert answer.status == 200
    since = f"{world.now:%Y-%m-%dT%H:%M:%SZ}"
    assert json.loads(answer.text) == {
        "status": "ok",
        "database": "ok",
        "slack": f"not connected since {since}",
    }
    assert "T1" not in answer.text.replace(since, "")


async def test_a_database_that_does_not_answer_in_two_seconds_is_not_ready(world: World) -> None:
    rival = create_engine(world.database_url, isolation_level="AUTOCOMMIT")
    with rival.connect() as connection:
        for line in LOCK[rival.name]:
            connection.execute(text(line))
        began = monotonic()
        asked = (world.get(f"{world.url}{path}") for path in ("/readyz", "/healthz"))
        ready, alive = await asyncio.gather(*asked)
        assert (ready.status, json.loads(ready.text)["status"]) == (503, "unavailable")
        assert 1.5 < monotonic() - began < 4
        assert alive.status == 200
        connection.execute(text("ROLLBACK"))
    rival.dispose()
    assert (await world.get(f"{world.url}/readyz")).status == 200


async def test_a_database_without_its_tables_is_not_ready(world: World) -> None:
    await world.lose_table("message")
    answer = await world.get(f"{world.url}/readyz")
    assert answer.status == 503
    for word in ("sqlite", "postgres", "psycopg", "gone", "message"):
        assert word not in answer.text.lower()
