"""The few things every file of queries needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(tx: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert, unless a row with that key is there already; tells whether it was new."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    return tx.execute(dialect.insert(table).values(values).on_conflict_do_nothing()).rowcount == 1


def put(tx: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert, or overwrite the row with that key."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values({**key, **values})
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def joined(values: tuple[str, ...]) -> str:
    return ",".join(values)


def split(value: str) -> tuple[str, ...]:
    return tuple(value.split(",")) if value else ()
