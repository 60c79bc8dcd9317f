"""A row in every table, made from the tables themselves: a new table is covered the day it is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Table,
    Time,
)

from storage.tables import Instant, metadata

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def in_circles() -> list[Table]:
    """The tables whose rows belong to one circle, parents first."""
    return [table for table in metadata.sorted_tables if "circle_id" in table.c]


def references(table: Table) -> list[ForeignKeyConstraint]:
    """Those that lead to another row of the same circle."""
    own = [c for c in table.foreign_key_constraints if "circle_id" in c.elements[0].column.table.c]
    return sorted(own, key=lambda c: tuple(c.column_keys))


def keys(circle: str, constraint: ForeignKeyConstraint) -> dict[str, Any]:
    """What the columns of `constraint` hold in the row of `circle`."""
    target = row(circle, constraint.referred_table)
    return {element.parent.name: target[element.column.name] for element in constraint.elements}


def row(circle: str, table: Table) -> dict[str, Any]:
    """The one row of `circle` in `table`."""
    values = {column.name: _value(circle, column) for column in table.columns}
    for constraint in references(table):
        values |= keys(circle, constraint)
    return values | ({"circle_id": circle} if "circle_id" in values else {})


def _value(circle: str, column: Column[Any]) -> Any:
    match column.type:
        case Instant():
            return NOW
        case JSON():
            return []
        case Boolean():
            return True
        case Integer():
            return 1
        case Float():
            return 3.5
        case LargeBinary():
            return circle.encode()
        case Date():
            return date(2026, 11, 24)
        case Time():
            return time(9)
        case _ if column.name == "id" and column.table.name == "circle":
            return circle
        case _:
            return f"{circle}-{column.name}"[: getattr(column.type, "length", None) or 40]


def fill(tx: Connection, circle: str) -> None:
    tx.execute(metadata.tables["circle"].insert(), row(circle, metadata.tables["circle"]))
    for table in in_circles():
        tx.execute(table.insert(), row(circle, table))
