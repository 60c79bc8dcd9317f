"""What the tables themselves refuse, whatever the code does."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, ForeignKeyConstraint, Table, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from storage import tables
from storage.tables import metadata, new_id
from tests.storage.rows import fill, in_circles, keys, references, row

REFERENCES = [(table, constraint) for table in in_circles() for constraint in references(table)]
OPAQUE = {"external_id", "subject_id"}
"""Ids that are the platform's own, or may stand for any noun."""


@pytest.mark.parametrize(
    ("table", "constraint"), REFERENCES, ids=[f"{t.name}-{'-'.join(c.column_keys)}" for t, c in REFERENCES]
)
def test_a_row_of_one_circle_cannot_point_into_another(
    tx: Connection, table: Table, constraint: ForeignKeyConstraint
) -> None:
    fill(tx, "ours")
    fill(tx, "theirs")
    foreign = {name: value for name, value in keys("theirs", constraint).items() if name != "circle_id"}
    assert foreign
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        tx.execute(update(table).where(table.c.circle_id == "ours").values(**foreign))


@pytest.mark.parametrize("table", in_circles(), ids=lambda table: table.name)
def test_a_row_belongs_to_a_circle_that_exists(tx: Connection, table: Table) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        tx.execute(table.insert(), row("nowhere", table))


def test_every_table_of_a_circle_has_the_circle_in_its_key() -> None:
    without = [t.name for t in in_circles() if "circle_id" not in t.primary_key.columns]
    assert without == []


def test_every_reference_inside_a_circle_carries_the_circle() -> None:
    bare = [
        f"{table.name}.{column.name}"
        for table in in_circles()
        for column in table.columns
        if (column.name.endswith("_id") or column.name.endswith("_by"))
        and column.name not in OPAQUE | {"circle_id"}
        and not any(column in c.columns.values() and "circle_id" in c.column_keys for c in references(table))
    ]
    assert bare == []


def test_only_these_tables_stand_outside_a_circle() -> None:
    outside = {table.name for table in metadata.sorted_tables} - {table.name for table in in_circles()}
    assert outside == {"circle", "code", "click", "salt", "slot", "bucket", "inbox", "notebook"}


def test_a_naive_instant_is_refused(tx: Connection) -> None:
    with pytest.raises(StatementError, match="naive"):
        tx.execute(tables.bucket.insert(), {"key": "k", "free_at": datetime(2026, 11, 24, 9)})  # noqa: DTZ001


def test_an_instant_comes_back_in_utc(tx: Connection) -> None:
    there = datetime(2026, 11, 24, 9, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    tx.execute(tables.bucket.insert(), {"key": "k", "free_at": there})
    back = tx.execute(select(tables.bucket.c.free_at)).scalar_one()
    assert back == there
    assert back.utcoffset() == timedelta(0)


def test_ids_are_long_and_fit() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(one) for one in ids} == {22}
