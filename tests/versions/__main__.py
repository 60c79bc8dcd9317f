"""`python -m tests.versions 0.2.0`: write what a version leaves behind, in a folder of its name.

The programme is played on SQLite and on PostgreSQL. What a feature writes and the programme does not cause
is named, and nothing is written then.
"""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from sqlalchemy import Connection, Table, create_engine, select

from bot.app import DRAWINGS, ROUTER
from bot.chat.action import verb_of
from bot.domain.message import State
from scheduler.timetable import RECURRING
from storage import tables
from storage.engines.connect import connect
from storage.engines.database import Database
from tests import databases
from tests.versions import replay
from tests.versions.fixture import CLICK, FOLDER, FORM, Actions, count_rows, dump, write_actions, write_counts
from tests.versions.programme import play
from tests.year.programme import AtOnce

LARGEST = 1_500_000
UNUSED: Mapping[str, str] = {
    "circle.name": "nothing sets it yet",
    "workspace.disconnected_at": "a workspace is disconnected for a while",
    "visit": "no visit is counted yet",
    "visit_item": "no visit is counted yet",
}
"""Tables and columns that stay empty, and why."""
FILES = ("actions.json", "cercle.sql.gz", "cercle.sqlite3.gz", "counts.json")
ROOT = FOLDER.parent.parent
LOGGED = re.compile(r'"(log\.\w+)"')
ENGINES: Mapping[str, Callable[[str], Database]] = {"sqlite": AtOnce, "postgres": connect}


def main(version: str) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        problems, rows = _write(made)
        files = [made / name for name in FILES]
        size = sum(file.stat().st_size for file in files)
        problems += [f"{size} bytes are more than {LARGEST}"] if size > LARGEST else []
        if problems:
            sys.stderr.write("".join(f"{problem}\n" for problem in problems))
            return 1
        folder = FOLDER / version
        folder.mkdir(exist_ok=True)
        for file in files:
            shutil.copy(file, folder)
    sys.stdout.write(f"{folder}: {size:,} bytes, {rows:,} rows\n")
    return 0


def _write(folder: Path) -> tuple[list[str], int]:
    """Write all files; return what is missing in them, and the number of rows on SQLite."""
    actions, counts, problems = {}, {}, []
    try:
        for kind in databases.BACKENDS:
            with databases.fresh(kind, folder) as url:
                actions[kind] = asyncio.run(_played(url, ENGINES[kind]))
                counts[kind] = count_rows(url)
                problems += [f"{kind}: {each}" for each in missing(url, actions[kind])]
                dump(url, folder)
    finally:
        databases.stop()
    write_actions(folder, actions)
    write_counts(folder, counts)
    return problems, sum(counts["sqlite"].values())


async def _played(url: str, engine: Callable[[str], Database]) -> Actions:
    """Play with the same ids each time, and note which actions lead nowhere any more at the end."""
    dice = random.Random(7)
    ids = SimpleNamespace(token_urlsafe=lambda size: dice.randbytes(size).hex()[:22])
    with patch("storage.tables.secrets", ids):
        actions = await play(url, engine)
    replies = await replay.replies(url, actions, actions.seen, ROUTER)
    failed = [f"{each.action} of {each.who}" for each, reply in replies if replay.is_apology(reply)]
    assert not failed, failed
    return replace(actions, seen=[replace(each, gone=replay.is_gone(reply)) for each, reply in replies])


# What the programme has to cause


def missing(url: str, actions: Actions) -> list[str]:
    """Name what a feature can store or show, and this fixture does not have."""
    engine = create_engine(url)
    with engine.connect() as connection:
        kinds = set(connection.execute(select(_m.kind).where(_m.shown_version > 0).distinct()).scalars())
        states = set(connection.execute(select(_m.state).distinct()).scalars())
        recurring = set(connection.execute(select(tables.recurring.c.kind).distinct()).scalars())
        logged = set(connection.execute(select(tables.entry.c.what).distinct()).scalars())
        empty = [name for table in tables.metadata.sorted_tables for name in _empty(connection, table)]
    engine.dispose()
    verbs = {on: {verb_of(each.action) for each in actions.seen if each.on == on} for on in (CLICK, FORM)}
    wanted: Mapping[str, set[str]] = {
        "no message was shown of the kind": {drawing.kind.name for drawing in DRAWINGS} - kinds,
        "no message is in the state": set(State) - states,
        "nothing recurs of the kind": set(RECURRING) - recurring,
        "nothing was logged as": logged_keys() - logged,
        "nobody saw a button of": set(ROUTER.clicks) - verbs[CLICK],
        "nobody saw a form of": set(ROUTER.submissions) - verbs[FORM],
        "nothing stands in": set(empty),
    }
    return [f"{sentence} {name}" for sentence, names in wanted.items() for name in sorted(names)]


_m = tables.message.c


def logged_keys() -> set[str]:
    """Return the keys that the features write into the public log."""
    sources = (file for file in (ROOT / "handlers").rglob("*.py") if file.parent.name != "log")
    return {key for file in sources for key in LOGGED.findall(file.read_text("utf-8"))}


def _empty(connection: Connection, table: Table) -> Iterator[str]:
    """Name the columns in which every row has nothing: NULL, an empty text, zero or false."""
    if table.name in UNUSED:
        return
    for column in table.c:
        if f"{table.name}.{column.name}" not in UNUSED:
            values = connection.execute(select(column)).scalars()
            if not any(values):
                yield f"{table.name}.{column.name}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if sys.argv[1:] else "Which version? make fixture VERSION=0.2.0")
