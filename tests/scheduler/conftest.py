from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage.engines.connect import connect
from tests.databases import SEAL
from tests.house import Clock
from tests.scheduler.world import FakeChat, World


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    clock = Clock()
    database = connect(database_url, SEAL)
    database.open()
    yield World(database, FakeChat(clock), clock)
    await asyncio.to_thread(database.close)
