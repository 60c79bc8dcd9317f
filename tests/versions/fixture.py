"""What a version leaves in a folder of its name: its database of either kind, how many rows each table has,
and the actions that stand on cards in the chats."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, func, inspect, make_url, select

from bot.chat.event import Sender
from bot.chat.form import Values
from storage.engines.connect import is_file
from storage.tables import metadata
from tests import databases

FOLDER = Path(__file__).parent
CLICK, FORM = "click", "form"


def versions() -> list[str]:
    """Return the versions that have a fixture, oldest first."""
    names = (folder.name for folder in FOLDER.iterdir() if re.fullmatch(r"\d+(\.\d+)+", folder.name))
    return sorted(names, key=lambda name: tuple(map(int, name.split("."))))


@dataclass(frozen=True)
class Reader:
    """Somebody who saw cards. `role`: lead, comms, member or visitor, when the programme ended."""

    sender: Sender
    role: str

    @property
    def sort(self) -> str:
        return f"{self.role} in {self.sender.platform}"


@dataclass(frozen=True)
class Seen:
    """A packed action on a card, or on a form with its `answers`. `place`: the channel in which the card
    stood. `gone`: its own version answered it with ButtonGone when the programme had ended."""

    who: str
    on: str
    place: str
    action: str
    answers: Values
    gone: bool = False


@dataclass(frozen=True)
class Actions:
    """What was seen in one database until `now`."""

    now: datetime
    readers: Mapping[str, Reader]
    seen: Sequence[Seen]


# The actions


def write_actions(folder: Path, of: Mapping[str, Actions]) -> None:
    """Write the actions of each kind of database, one a line."""
    parts = [f"{json.dumps(kind)}: {_written(actions)}" for kind, actions in of.items()]
    (folder / "actions.json").write_text("{" + ",\n".join(parts) + "}\n", "utf-8")


_sender = attrgetter("platform", "workspace", "name", "locale", "zone")


def _written(actions: Actions) -> str:
    readers = {name: [each.role, *_sender(each.sender)] for name, each in actions.readers.items()}
    rows = ",\n".join(
        json.dumps([each.who, each.on, each.place, each.action, each.answers, each.gone], ensure_ascii=False)
        for each in actions.seen
    )
    head = {"now": actions.now.isoformat(), "readers": readers}
    return json.dumps(head, ensure_ascii=False)[:-1] + f',\n"seen": [\n{rows}\n]}}'


def read_actions(folder: Path, kind: str) -> Actions:
    found = json.loads((folder / "actions.json").read_text("utf-8"))[kind]
    readers = {
        user: Reader(Sender(platform, workspace, user, name, locale, zone), role)
        for user, (role, platform, workspace, name, locale, zone) in found["readers"].items()
    }
    seen = [
        Seen(who, on, place, action, {name: _value(value) for name, value in answers.items()}, gone)
        for who, on, place, action, answers, gone in found["seen"]
    ]
    return Actions(datetime.fromisoformat(found["now"]), readers, seen)


def _value(value: Any) -> Any:
    """JSON has no tuples."""
    return tuple(value) if isinstance(value, list) else value


# The rows


def count_rows(url: str) -> dict[str, int]:
    """Return the number of rows of each of our tables that the database has."""
    engine = create_engine(url)
    with engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        found = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name in there
        }
    engine.dispose()
    return found


def write_counts(folder: Path, of: Mapping[str, Mapping[str, int]]) -> None:
    (folder / "counts.json").write_text(json.dumps(of, indent=1) + "\n", "utf-8")


def read_counts(folder: Path, kind: str) -> dict[str, int]:
    found: dict[str, int] = json.loads((folder / "counts.json").read_text("utf-8"))[kind]
    return found


# The databases


def dump(url: str, folder: Path) -> None:
    """Write the database that nobody has open any more to its file in `folder`."""
    if is_file(url):
        _write(folder / "cercle.sqlite3.gz", _vacuumed(Path(make_url(url).database or "")))
    else:
        _write(folder / "cercle.sql.gz", _without_keys(databases.server().dump(url)))


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(gzip.compress(content, mtime=0))


def _vacuumed(file: Path) -> bytes:
    copy = file.with_suffix(".vacuumed")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    return copy.read_bytes()


META = re.compile(rb"^\\(un)?restrict .*\n", re.MULTILINE)


def _without_keys(script: bytes) -> bytes:
    """Leave out the commands of psql, which hold a random key."""
    return META.sub(b"", script)


def restore(folder: Path, url: str) -> None:
    """Fill an empty file, or a database without any table."""
    if is_file(url):
        content = gzip.decompress((folder / "cercle.sqlite3.gz").read_bytes())
        Path(make_url(url).database or "").write_bytes(content)
    else:
        script = gzip.decompress((folder / "cercle.sql.gz").read_bytes()).decode("utf-8")
        where = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(where) as connection:
            _run(connection, script)


COPY = re.compile(r"^(COPY [^\n]+ FROM stdin;)\n(.*?)^\\\.\n", re.MULTILINE | re.DOTALL)


def _run(connection: psycopg.Connection[Any], script: str) -> None:
    """Run a script of pg_dump: statements, and rows between `COPY … FROM stdin;` and `\\.`."""
    statements, *copies = COPY.split(script)
    connection.execute(statements.encode())
    for command, rows, after in zip(copies[::3], copies[1::3], copies[2::3], strict=True):
        with connection.cursor().copy(command.encode()) as copy:
            copy.write(rows)
        connection.execute(after.encode())
