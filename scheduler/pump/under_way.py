"""What a pump has begun and not finished, and for how much more there is room in each workspace."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

AT_ONCE = 400
"""Messages of one workspace under way at the same time: those of one turn that leave, and those of the next
that are drawn meanwhile."""
A_TURN = 200
"""Messages that one transaction reads, at most."""
CATCH_UP = timedelta(seconds=0.05)
"""How long a turn of a workspace waits for room for all that it may take."""
FINISH = 3.5
"""Seconds that stopping waits for what is under way. The pump looks later for what did not come back."""


class UnderWay:
    """Deliveries and looks, by workspace. `room_again` is called when there is room for a turn again."""

    def __init__(self, room_again: Callable[[], object]) -> None:
        self._room_again = room_again
        self._tasks: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._turns: dict[str, float] = {}

    def start(self, workspace_id: str, work: Coroutine[Any, Any, None]) -> None:
        tasks = self._tasks[workspace_id]
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(partial(self._over, tasks))

    def _over(self, tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        tasks.discard(task)
        if len(tasks) in (0, AT_ONCE - A_TURN, AT_ONCE - 1):
            self._room_again()

    def note_turn(self, workspace_id: str) -> None:
        """Note that the workspace had its turn now."""
        self._turns[workspace_id] = monotonic()

    def room(self, workspace_id: str) -> int:
        """Return for how many more there is room. Less than a turn may take counts as none for a moment after
        the last turn."""
        room = AT_ONCE - self._count(workspace_id)
        since = monotonic() - self._turns.get(workspace_id, 0.0)
        return 0 if room < A_TURN and since < CATCH_UP.total_seconds() else room

    def room_again_in(self, workspace_id: str) -> timedelta | None:
        """Return when to ask for room again. None: not before something is over."""
        return CATCH_UP if self._count(workspace_id) < AT_ONCE else None

    def tasks(self) -> set[asyncio.Task[None]]:
        return {task for tasks in self._tasks.values() for task in tasks}

    async def finish(self) -> None:
        """Wait for all of it, and cancel what takes longer than FINISH."""
        if tasks := self.tasks():
            _, late = await asyncio.wait(tasks, timeout=FINISH)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _count(self, workspace_id: str) -> int:
        return len(self._tasks.get(workspace_id, ()))
