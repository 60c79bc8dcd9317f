"""Outcomes are written, and none is lost while the database is away."""

from __future__ import annotations

import pytest

from bot.domain.message import State
from tests.scheduler.world import World


async def test_an_outcome_is_written_when_the_database_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.pump.times.WRITE_AGAIN", 0.01)
    (address,) = await world.circle()
    await world.request([address])
    away = iter([True, True])

    class Flaky:
        async def read(self, work):  # type: ignore[no-untyped-def]
            return await world.database.read(work)

        async def transact(self, work):  # type: ignore[no-untyped-def]
            if world.chat.calls["send"] and next(away, False):
                raise OSError("the database is away")
            return await world.database.transact(work)

    world.chat.tells = False
    await world.pump(Flaky()).drain()  # type: ignore[arg-type]
    assert await world.states() == {State.SHOWN: 1}
