"""Alive is one thing, ready another."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from time import monotonic

from tests.web.world import World


async def test_all_is_well(world: World) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await world.get(world.url + path)
        assert (answer.status, json.loads(answer.text)["status"]) == (200, "ok")
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_database_that_does_not_answer_in_two_seconds_is_not_ready(
    world: World, tmp_path: Path
) -> None:
    rival = sqlite3.connect(tmp_path / "cercle.sqlite3", isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    began = monotonic()
    ready, alive = await asyncio.gather(world.get(f"{world.url}/readyz"), world.get(f"{world.url}/healthz"))
    assert (ready.status, json.loads(ready.text)["status"]) == (503, "unavailable")
    assert 1.5 < monotonic() - began < 4
    assert alive.status == 200
    rival.execute("ROLLBACK")
    rival.close()
    assert (await world.get(f"{world.url}/readyz")).status == 200


async def test_a_database_without_its_tables_is_not_ready(world: World, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cercle.sqlite3") as connection:
        connection.execute("ALTER TABLE message RENAME TO gone")
    connection.close()
    answer = await world.get(f"{world.url}/readyz")
    assert answer.status == 503
    assert "sqlite" not in answer.text.lower()
    assert "gone" not in answer.text
