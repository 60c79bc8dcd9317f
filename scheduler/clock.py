"""The clock of one process. APScheduler ticks; what is due stands in the tables, never in its store."""

from __future__ import annotations

from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduler.timetable import TIMETABLE, Tools, tick


class Clock:
    """Ticks through the timetable until it is stopped."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._clock = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )

    def start(self) -> None:
        for job in TIMETABLE:
            seconds = job.every.total_seconds()
            self._clock.add_job(tick, "interval", seconds=seconds, args=[job, self._tools], name=job.name)
        self._clock.start()

    async def stop(self) -> None:
        self._clock.shutdown(wait=False)
