"""What makes the timetable tick: a clock in the one process of a SQLite file, and on PostgreSQL a queue that
all processes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from scheduler.timetable import Tools
from storage.engines import connect


class Engine(Protocol):
    def start(self) -> None: ...

    async def stop(self) -> None:
        """Start nothing more. What is under way has a moment to end."""


def engine(tools: Tools, ring: Callable[[], object]) -> Engine:
    """The one for the database of `tools`. `ring` is called when another process may have made something
    due."""
    if (server := tools.database.server) is not None:
        from scheduler.queue import Queue

        return Queue(tools, ring, server)
    from scheduler.clock import Clock

    return Clock(tools)


def upgrade(url: str) -> None:
    """Bring our tables and the engine's to today's shape. Running it again changes nothing. Raises
    Unavailable, and on SQLite DatabaseInUse while another process has the file open."""
    connect.upgrade(url)
    if not connect.is_file(url):
        from scheduler import queue
        from storage import jobs

        jobs.install(url, queue.schema())
