"""The few things every file of queries needs.

A statement on the path of a press is made once, with `bindparam`: measured, making it anew costs three to six
times as much as running it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    Insert,
    Row,
    String,
    Table,
    Text,
    TypeDecorator,
    Update,
    bindparam,
    column,
    func,
    literal_column,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine, UserDefinedType

from storage.transaction import Transaction

DIALECTS = ("sqlite", "postgresql")


def insert_new(tx: Transaction, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert, unless a row with that key is there already; tells whether it was new."""
    return tx.execute(_insertion(tx.dialect.name, table), values).rowcount == 1


def put(tx: Transaction, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert, or overwrite the row with that key."""
    tx.execute(_overwriting(tx.dialect.name, table, tuple(key), tuple(values)), {**key, **values})


def put_all(tx: Transaction, table: Table, key: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> None:
    """The same for many rows of the same columns."""
    if rows:
        names = tuple(name for name in rows[0] if name not in key)
        tx.execute(_overwriting_all(tx.dialect.name, table, key, names), _as_given(tx, rows))


class Each:
    """A change of many rows at once, with values of its own for each: `make` is given what names such a
    value. One after the other, each would be a question of its own to PostgreSQL, and on SQLite a moment in
    which the event loop takes the interpreter away."""

    def __init__(
        self, make: Callable[[Callable[[str], ColumnElement[Any]]], Update], **types: TypeEngine[Any]
    ) -> None:
        self._on = {dialect: make(_given(dialect, types).c.__getitem__) for dialect in DIALECTS}

    def run(self, tx: Transaction, rows: Sequence[Mapping[str, Any]], **same: Any) -> Sequence[Row[Any]]:
        """`same`: what is the same for each, a parameter like any other. What it returns of those that it
        changed."""
        return tx.execute(self._on[tx.dialect.name], {**_as_given(tx, rows), **same}).all() if rows else ()


def _given(dialect: str, types: Mapping[str, TypeEngine[Any]]) -> Any:
    """Rows that come as parameters. Cast to a shorter text they would be cut off in silence."""
    types = {name: Text() if isinstance(kind, String) else kind for name, kind in types.items()}
    return (_given_by_row if dialect == "sqlite" else _given_by_column)(types)


def _given_by_row(types: Mapping[str, TypeEngine[Any]]) -> Any:
    """SQLite: all of them as one text."""
    row = func.json_each(bindparam("given", type_=_Rows(types))).table_valued("value").c.value
    return select(
        *(
            type_coerce(func.json_extract(row, literal_column(f"'$[{place}]'")), kind).label(name)
            for place, (name, kind) in enumerate(types.items())
        )
    ).subquery("given")


def _given_by_column(types: Mapping[str, TypeEngine[Any]]) -> Any:
    """PostgreSQL: an array a column."""
    arrays = (bindparam(name, type_=_Array(kind)) for name, kind in types.items())
    columns = (column(name, kind) for name, kind in types.items())
    return func.unnest(*arrays).table_valued(*columns).render_derived(name="given")


def _as_given(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if tx.dialect.name == "sqlite":
        return {"given": rows}
    return {name: [row[name] for row in rows] for name in rows[0]}


class _Rows(TypeDecorator[Sequence[Mapping[str, Any]]]):
    """Rows of values of those types, as one text. SQLite would cut a text off at a NUL in it, so there too it
    becomes what stands for a character that cannot be shown."""

    impl = String
    cache_ok = True

    def __init__(self, types: Mapping[str, TypeEngine[Any]]) -> None:
        super().__init__()
        self.types = tuple(types.items())

    def process_bind_param(self, value: Sequence[Mapping[str, Any]] | None, dialect: Dialect) -> str:
        kinds = [(name, kind.dialect_impl(dialect).bind_processor(dialect)) for name, kind in self.types]
        rows = [[write(row[name]) if write else row[name] for name, write in kinds] for row in value or ()]
        text = json.dumps(rows, ensure_ascii=False)
        return json.dumps(_showable(rows), ensure_ascii=False) if "\\u0000" in text else text


_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class _Array(UserDefinedType[Collection[Any]]):
    """PostgreSQL's array of texts, numbers or instants, written as PostgreSQL writes it. SQLAlchemy and
    psycopg would each look at every element (measured for 160 texts: 0.3 ms of the processor, and 0.11)."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        self.of = of

    def get_col_spec(self, **_: Any) -> str:
        return f"{self.of.compile(_POSTGRESQL)}[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        each = self.of.dialect_impl(dialect).bind_processor(dialect)

        def written(value: Collection[Any]) -> str:
            return _written([each(one) for one in value] if each else value)

        return written


def _written(values: Collection[Any]) -> str:
    """postgresql.org/docs/current/arrays.html#ARRAYS-IO. Our ids hold nothing that is special there, and one
    look at them all together says so."""
    with suppress(TypeError):
        together = "".join(values)
        if together and '"' not in together and "\\" not in together:
            return '{"' + '","'.join(values) + '"}'
    return "{" + ",".join(["NULL" if value is None else f'"{_escaped(value)}"' for value in values]) + "}"


def _escaped(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace('"', '\\"')


def _showable(rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    return [[one.replace("\0", "\ufffd") if isinstance(one, str) else one for one in row] for row in rows]


class _Texts(TypeDecorator[Collection[str]]):
    """Any number of them, as one value."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return _Array(String()) if dialect.name == "postgresql" else dialect.type_descriptor(String())

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> Any:
        texts = value or ()
        return texts if dialect.name == "postgresql" else json.dumps(list(texts))


class _Among(FunctionElement[bool]):
    """Without a type: to SQLite a boolean would be written `… = 1`, for which it uses no index."""

    inherit_cache = True


def among(what: ColumnElement[Any] | Column[Any], name: str) -> ColumnElement[bool]:
    """Is it one of the texts in that parameter? They are one value, however many: the statement stays the
    same, and is made once, here and in the database."""
    return _Among(what, bindparam(name, type_=_Texts()))


@compiles(_Among, "postgresql")
def _in_array(element: Any, compiler: Any, **how: Any) -> str:
    what, texts = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{what} = ANY({texts})"


@compiles(_Among, "sqlite")
def _in_json(element: Any, compiler: Any, **how: Any) -> str:
    what, texts = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{what} IN (SELECT value FROM json_each({texts}))"  # noqa: S608


def one_at_a_time(tx: Transaction, what: str) -> None:
    """From here to its end, a transaction that does `what` has it to itself. On SQLite every one has."""
    if tx.dialect.name == "postgresql":
        tx.execute(_ALONE, {"what": what})


_ALONE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("what"), 0)))


def take_stock(tx: Transaction, table: Table) -> None:
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


@cache
def _overwriting_all(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Insert:
    """Return the statement that inserts many rows and overwrites those that exist. SQLite needs the
    condition: without one it reads the ON of ON CONFLICT as the condition of a join."""
    columns = (*key, *names)
    given = _given(dialect, {name: table.c[name].type for name in columns})
    rows = select(*(given.c[name] for name in columns)).where(literal_column("1 = 1"))
    insert = _insert(dialect, table).from_select(columns, rows)
    return insert.on_conflict_do_update(
        index_elements=key, set_={name: insert.excluded[name] for name in names}
    )


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def joined(values: tuple[str, ...]) -> str:
    return ",".join(values)


def split(value: str) -> tuple[str, ...]:
    return tuple(value.split(",")) if value else ()
