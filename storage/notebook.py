"""What a platform has to remember about its own addresses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from storage import tables
from storage.engines.database import Database
from storage.rows import put


class Notebook:
    """bot.chat.messenger.Notebook, in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, key: str) -> dict[str, Any] | None:
        def work(tx: Any) -> dict[str, Any] | None:
            n = tables.notebook.c
            found: dict[str, Any] | None = tx.execute(select(n.record).where(n.key == key)).scalar()
            return found

        return await self._database.transact(work)

    async def write(self, key: str, record: dict[str, Any]) -> None:
        await self._database.transact(lambda tx: put(tx, tables.notebook, {"key": key}, {"record": record}))
