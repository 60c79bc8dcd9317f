"""What a unit of work is given: a transaction, and one that is bound to a circle."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVarTuple, overload

from sqlalchemy import CursorResult, Dialect, Executable
from sqlalchemy.sql.selectable import TypedReturnsRows

Ts = TypeVarTuple("Ts")


class Transaction(Protocol):
    """An open transaction. Upper layers pass it on and use it only through storage's functions."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def info(self) -> dict[Any, Any]: ...

    def begin_nested(self) -> AbstractContextManager[object]:
        """Open a savepoint: an error inside it undoes what was done inside it."""

    @overload
    def execute(self, statement: TypedReturnsRows[*Ts], parameters: Any = None) -> CursorResult[*Ts]: ...
    @overload
    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]: ...
    def execute(self, statement: Any, parameters: Any = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class CircleTransaction(Transaction):
    """A transaction bound to one circle. Functions that read or change a circle's rows take this, so that no
    caller can leave the circle out."""

    connection: Transaction
    circle_id: str

    @property
    def dialect(self) -> Dialect:
        return self.connection.dialect

    @property
    def info(self) -> dict[Any, Any]:
        return self.connection.info

    def begin_nested(self) -> AbstractContextManager[object]:
        return self.connection.begin_nested()

    @overload
    def execute(self, statement: TypedReturnsRows[*Ts], parameters: Any = None) -> CursorResult[*Ts]: ...
    @overload
    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]: ...
    def execute(self, statement: Any, parameters: Any = None) -> Any:
        return self.connection.execute(statement, parameters)
