"""The few things every file of queries needs.

A statement on the path of a press is made once, with `bindparam`: measured, making it anew costs three to six
times as much as running it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(tx: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert, unless a row with that key is there already; tells whether it was new."""
    return tx.execute(_insertion(tx.dialect.name, table), values).rowcount == 1


def put(tx: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert, or overwrite the row with that key."""
    tx.execute(_overwriting(tx.dialect.name, table, tuple(key), tuple(values)), {**key, **values})


@cache
def _insertion(dialect: str, table: Table) -> Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


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
