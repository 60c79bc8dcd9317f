"""The few things every file of queries needs.

A statement on the path of a press is made once, with `bindparam`: measured, making it anew costs three to six
times as much as running it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(tx: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert, unless a row with that key is there already; tells whether it was new."""
    return tx.execute(_insertion(tx.dialect.name, table), values).rowcount == 1


def put(tx: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert, or overwrite the row with that key."""
    tx.execute(_overwriting(tx.dialect.name, table, tuple(key), tuple(values)), {**key, **values})


def put_all(tx: Connection, table: Table, key: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> None:
    """The same for many rows of the same columns."""
    if rows:
        names = tuple(name for name in rows[0] if name not in key)
        tx.execute(_overwriting(tx.dialect.name, table, key, names), rows)


def one_at_a_time(tx: Connection, what: str) -> None:
    """From here to its end, a transaction that does `what` has it to itself. On SQLite every one has."""
    if tx.dialect.name == "postgresql":
        tx.execute(_ALONE, {"what": what})


_ALONE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("what"), 0)))


def take_stock(tx: Connection, table: Table) -> None:
    """After many rows at a time. PostgreSQL plans by what it last counted in a table, and counts by itself
    once a minute: until then it would read a whole circle for each turn (of 30,000: 10 ms a question, and
    0.1)."""
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"ANALYZE (SKIP_LOCKED) {table.name}"))


@cache
def _insertion(dialect: str, table: Table) -> Insert:
    """Unless told to keep it, SQLAlchemy forgets how many rows PostgreSQL inserted. To have them returned
    would cost a third more time on SQLite."""
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def _overwriting(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Insert:
    insert = _insert(dialect, table)
    return insert.on_conflict_do_update(
        index_elements=key, set_={name: insert.excluded[name] for name in names}
    )


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def joined(values: tuple[str, ...]) -> str:
    return ",".join(values)


def split(value: str) -> tuple[str, ...]:
    return tuple(value.split(",")) if value else ()
