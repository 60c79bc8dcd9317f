"""One cache of compiled SQL statements for all the engines of a process.

SQLAlchemy keeps what it compiled with the engine, and every test has an engine of its own: compiling took
39 % of the processor time of tests/handlers. The engines that the product makes for one kind of database
differ only in their address, so they can share that cache, and the dialect that its keys name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.util import LRUCache

from storage.engines import postgres, sqlite

KEPT = 5000
"""Statements; the whole product has fewer."""


def share_compiled() -> None:
    """From now on, in the engines that the product makes."""
    for module in (sqlite, postgres):
        module.create_engine = _sharing(module.create_engine)  # type: ignore[attr-defined]


def _sharing(create_engine: Callable[..., Engine]) -> Callable[..., Engine]:
    shared: dict[str, Any] = {}

    def create(url: Any, **options: Any) -> Engine:
        engine = create_engine(url, **options)

        def share(*_: object) -> None:
            """The dialect has learnt from the first connection what kind of server there is."""
            shared.setdefault("dialect", engine.dialect)
            shared.setdefault("_compiled_cache", LRUCache(KEPT))

        if shared:
            vars(engine).update(shared)
        else:
            event.listen(engine, "connect", share)
        return engine

    return create
