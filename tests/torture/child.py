"""`cercle` as it is, but for a clock that goes ten times as fast: `python -m tests.torture.child serve`.

Lease, call, sweep, retries, time limits and paces are divided together, because the guarantees rest on their
proportions. What concerns the person in front of the chat (Slack's 3 s for an answer) stays.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import aiohttp

TEN = 10
SECOND = timedelta(seconds=1)
LIMIT = aiohttp.ClientTimeout
SHORTENED = {
    "bot.platforms.slack.adapter": ("GREET_WITHIN", "GREET_AGAIN"),
    "bot.platforms.slack.calls": ("PATIENCE",),
    "bot.platforms.teams.auth": ("FETCH_TIMEOUT",),
    "bot.platforms.teams.glue": ("TIMEOUT", "TOKEN_TIMEOUT", "TOKEN_RETRY_AFTER"),
    "handlers.posts.jobs": ("LEASE",),
    "handlers.sharing.service": ("COALESCE",),
    "scheduler.pump.times": (
        "ASK_AGAIN",
        "CALL",
        "FIRST_RETRY",
        "FRESH",
        "LAST_RETRY",
        "LEASE",
        "LEAVE",
        "SWEEP",
        "WRITE_AGAIN",
    ),
}
SLOTS = "TORTURE_SLOTS"
"""Names the variable that holds the day's dates to keep besides our own: "name@12:00:05 name@12:00:10"."""
BLIND = "TORTURE_BLIND"
"""Names the variable that makes the reconciler send again without looking, as most bots do."""
MOST_PAGES = "TORTURE_PAGES"
"""Names the variable that says how large the SQLite file may become."""


def shortened(value: Any) -> Any:
    """A tenth of a time, or of several."""
    match value:
        case tuple():
            return tuple(map(shortened, value))
        case LIMIT():
            limits = ("total", "connect", "sock_connect", "sock_read")
            return type(value)(**{name: limit / TEN for name in limits if (limit := getattr(value, name))})
        case _:
            return value / TEN


def shorten() -> None:
    """All are there before the first is changed: one that comes later would take the tenth of another, and be
    given a tenth of that."""
    modules = {name: importlib.import_module(name) for name in SHORTENED}
    for name, constants in SHORTENED.items():
        for constant in constants:
            setattr(modules[name], constant, shortened(getattr(modules[name], constant)))
    _shorten_the_timetable()
    _quicken_the_paces()
    _shorten_slack_calls()


def _shorten_the_timetable() -> None:
    """No tick is shorter than a second, the least that the queue on PostgreSQL knows."""
    from scheduler import timetable

    jobs = timetable.TIMETABLE
    timetable.TIMETABLE = tuple(replace(job, every=max(SECOND, job.every // TEN)) for job in jobs)


def _quicken_the_paces() -> None:
    from bot.platforms.slack import adapter as slack
    from bot.platforms.teams import adapter as teams

    slack.PACE = quickened(slack.PACE)
    teams.Teams.pace = quickened(teams.Teams.pace)  # type: ignore[misc]


def quickened(pace: Any) -> Any:
    limits = {name: getattr(pace, name) for name in ("send", "update", "channel", "find")}
    return replace(pace, **{name: replace(limit, rate=limit.rate * TEN) for name, limit in limits.items()})


def _shorten_slack_calls() -> None:
    """The adapter makes its session with the limits in the call."""
    aiohttp.ClientTimeout = lambda **limits: shortened(LIMIT(**limits))  # type: ignore[assignment,misc]


def keep_slots(told: str) -> None:
    """Each leaves a mark of its own in the transaction that takes it, so that twice would be seen."""
    from bot.domain.schedule import Schedule
    from scheduler import timetable
    from storage import inbox
    from storage.engines.database import Transaction
    from storage.tables import new_id

    def mark(tx: Transaction, now: datetime, *, name: str) -> None:
        inbox.first_time(tx, f"slot:{name}:{new_id()}", now)

    for slot in told.split():
        name, _, at = slot.partition("@")
        chore = timetable.Chore(Schedule(name, time.fromisoformat(at)), partial(mark, name=name))
        timetable.CHORES = (*timetable.CHORES, chore)


def go_blind() -> None:
    from scheduler.pump.outcomes import Settle
    from scheduler.pump.reconciler import Reconciler
    from storage import deliveries
    from storage.deliveries import Look
    from storage.transaction import Transaction

    async def resend(self: Reconciler, look: Look, platform: str) -> Settle:
        def again(tx: Transaction, now: datetime) -> None:
            deliveries.schedule_look(tx, look.message, None)
            deliveries.resend(tx, look.message, now)

        return again

    Reconciler._look = resend  # type: ignore[method-assign]


def limit_the_file(pages: int) -> None:
    import sqlite3

    from sqlalchemy import Engine, event

    @event.listens_for(Engine, "connect")
    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")


def end_with_the_attacker() -> None:
    """However it ends: PR_SET_PDEATHSIG of Linux' prctl(2)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def main() -> None:
    end_with_the_attacker()
    shorten()
    if slots := os.environ.get(SLOTS):
        keep_slots(slots)
    if os.environ.get(BLIND):
        go_blind()
    if pages := os.environ.get(MOST_PAGES):
        limit_the_file(int(pages))

    from bot.__main__ import main as cercle

    cercle()


if __name__ == "__main__":
    main()
