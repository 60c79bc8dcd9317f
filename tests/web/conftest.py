from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.web.world import World, opened


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with opened(database_url) as world:
        yield world


@pytest.fixture
async def proxied(database_url: str) -> AsyncIterator[World]:
    """Behind a proxy of ours."""
    async with opened(database_url, trusted_proxy=True) as world:
        yield world
