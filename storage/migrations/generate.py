"""Write the migration that brings a database to `storage.tables`, and try it before it is kept.

Alembic compares the tables with SQLite only, where it does not see every change, and it compares few names.
So `differences` judges what comes out, on every engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import CreateIndexOp, MigrateOperation, ModifyTableOps, UpgradeOps
from sqlalchemy import Connection, Dialect, MetaData, Table, TypeDecorator, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import AddConstraint, CreateIndex, ExecutableDDLElement, conv
from sqlalchemy.types import TypeEngine

from storage.engines.connect import address, upgrade
from storage.engines.database import Unavailable, reason
from storage.migrations import config, scripts
from storage.tables import metadata

Changes = Sequence[MigrateOperation]

NAME = re.compile(r"(?=.{1,40}\Z)[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""Alembic cuts a longer name off in the name of the file."""

ROW: dict[type, object] = {
    bool: True,
    bytes: b"x",
    date: date(2026, 1, 1),
    datetime: datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None),
    float: 1.0,
    int: 1,
    object: {},
    str: "x",
    time: time(9),
}
"""A value for each Python type of a column, where object stands for JSON. All texts are the same, so every
reference finds its row."""

BY_HAND = "Write the migration by hand in storage/migrations/versions; the tests compare it with the tables."


class NotGenerated(Exception):
    """No migration was written. The message says why and what to do."""


def generate(name: str, urls: Sequence[str]) -> Path | None:
    """Write the migration called `name` and return its file, or None when nothing changed. `urls` lead to an
    empty database of each engine, to be thrown away afterwards; the first one is compared with the tables.
    Raise NotGenerated when the name does not fit, when a constraint is not named by the convention, or when
    the migration fails or leaves a difference."""
    check_name(name)
    _refuse(
        "Leave the name of a constraint to the naming convention in storage/tables.py", misnamed(metadata)
    )
    for url in urls:
        upgrade(url)
    with _connected(urls[0]) as connection:
        file = _write(name, connection)
    try:
        for url in urls:
            _try(url)
    except BaseException:
        if file is not None:
            file.unlink()
        raise
    return file


def check_name(name: str) -> None:
    """Raise NotGenerated unless `name` fits the name of a file in `versions`."""
    if not NAME.fullmatch(name):
        raise NotGenerated(
            "Say what the migration does, in at most 40 small letters, digits and single underscores: "
            "make migration NAME=add_something"
        )


def misnamed(tables: MetaData) -> list[str]:
    """Return the constraints of `tables` whose name is not made by the naming convention, one line each."""
    return [
        f"{table.name}: {type(constraint).__name__} {constraint.name or 'without a name'}"
        for table in tables.sorted_tables
        for constraint in table.constraints
        if not isinstance(constraint.name, conv)
    ]


def differences(connection: Connection, tables: MetaData = metadata) -> list[str]:
    """Return what the database and `tables` do not have in common, one line each. Constraints and indexes of
    different names are different."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in tables.tables)
    return [
        *(f"missing: {' '.join(_rendered([change]).split())}" for change in _changes(connection, tables)[0]),
        *(
            line
            for name, table in found.tables.items()
            for line in _different_keys(table, tables.tables[name], connection.dialect)
        ),
    ]


def _different_keys(found: Table, wanted: Table, dialect: Dialect) -> Iterator[str]:
    there, here = _keys(found, dialect), _keys(wanted, dialect)
    yield from (f"missing: {key}" for key in sorted(here - there))
    yield from (f"to be removed: {key}" for key in sorted(there - here))


def _keys(table: Table, dialect: Dialect) -> set[str]:
    """Return the statements that make the constraints and indexes of `table`, names included."""
    made: list[ExecutableDDLElement] = [
        *(AddConstraint(constraint, isolate_from_table=False) for constraint in table.constraints),
        *(CreateIndex(index) for index in table.indexes),
    ]
    return {_comparable(str(one.compile(dialect=dialect)), dialect) for one in made}


def _comparable(statement: str, dialect: Dialect) -> str:
    """PostgreSQL states a default, and rewrites the condition of an index: all that can be compared there is
    whether an index has one."""
    statement = " ".join(statement.split())
    if dialect.name == "postgresql":
        statement = statement.replace("UNIQUE NULLS DISTINCT", "UNIQUE")
        statement = re.sub(" WHERE .*", " WHERE …", statement)
    return statement


def _write(name: str, connection: Connection) -> Path | None:
    """Write what leads from the database to the tables and back. Return None when that is nothing."""
    there, back = _changes(connection, metadata)
    if not there:
        return None
    directory = scripts()
    made = directory.generate_revision(
        f"{int(directory.get_current_head() or 0) + 1:04}",
        name.replace("_", " ").capitalize(),
        imports="",
        upgrades=_rendered(there),
        downgrades=_rendered(back),
    )
    assert made is not None
    return Path(made.path)


def _try(url: str) -> None:
    """Migrate there and back, and there again with a row in every table. Raise NotGenerated when that fails
    or leaves a difference."""
    before = MetaData()
    with _connected(url) as connection:
        engine = connection.dialect.name
        before.reflect(connection, only=lambda name, _: name != "alembic_version")
        revision = MigrationContext.configure(connection).get_current_revision() or "base"
    try:
        upgrade(url)
        command.downgrade(config(address(url)), revision)
        with _connected(url) as connection:
            _refuse(f"On {engine} the way back leads elsewhere. {BY_HAND}", differences(connection, before))
            _fill(connection, before)
        upgrade(url)
    except (Unavailable, DBAPIError) as error:
        raise NotGenerated(
            f"On {engine} the migration fails: {reason(error)}\n"
            "If it adds a required column, give that column a server_default for the rows that exist.\n"
            f"If not: {BY_HAND}"
        ) from None
    with _connected(url) as connection:
        _refuse(f"On {engine} Alembic does not make all of this change. {BY_HAND}", differences(connection))


def _refuse(why: str, lines: Sequence[str]) -> None:
    if lines:
        raise NotGenerated("\n  ".join([why, *lines]))


def _fill(connection: Connection, tables: MetaData) -> None:
    """Insert a row into every table."""
    for table in tables.sorted_tables:
        row = {column.name: ROW[column.type.python_type] for column in table.columns}
        connection.execute(table.insert(), row)
    connection.commit()


def _changes(connection: Connection, tables: MetaData) -> tuple[Changes, Changes]:
    """Return what Alembic finds: the changes that lead from the database to `tables`, and those back."""
    context = MigrationContext.configure(
        connection, opts={"include_name": _is_ours, "compare_server_default": _default_differs}
    )
    script = produce_migrations(context, tables)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    return script.upgrade_ops.ops, script.downgrade_ops.ops


def _is_ours(name: str | None, *_: object) -> bool:
    """The tables of Procrastinate stand beside ours and have migrations of their own."""
    return not str(name).startswith("procrastinate_")


def _default_differs(
    context: object, reflected: object, column: object, found: str | None, default: object, wanted: str | None
) -> bool | None:
    """Return False for an empty default, which SQLite writes in another way and Alembic reports as changed.
    Return None for all others: Alembic compares them."""
    return False if found in ("''", "('')") and wanted == "" else None


def _rendered(changes: Changes) -> str:
    """Return the changes as the body of a Python function, indented but for its first line."""
    for change in changes:
        for part in change.ops if isinstance(change, ModifyTableOps) else [change]:
            if isinstance(part, CreateIndexOp) and "sqlite_where" in part.kw:  # as found in SQLite
                part.kw.setdefault("postgresql_where", part.kw["sqlite_where"])
    code = render_python_code(UpgradeOps(changes), render_as_batch=True, render_item=_render_type)
    return re.sub(r" *# ###.*\n?", "", code).strip()


def _render_type(kind: str, item: object, _: object) -> str | Literal[False]:
    """Render a type as the one that every engine knows. Alembic would render the class of a type of our own,
    and a type of SQLite's for what it found there."""
    if kind != "type":
        return False
    assert isinstance(item, TypeEngine)
    generic = (item.impl_instance if isinstance(item, TypeDecorator) else item).as_generic()
    return f"sa.{generic!r}"


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(address(url))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
