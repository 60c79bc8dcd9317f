"""Our senders as their parent starts them, each with a database of its own unless it is given one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from storage.engines.connect import address, is_file
from tests import databases, transitions
from tests.bench.talk import Worker, worker


@contextmanager
def database(folder: Path, backend: str) -> Iterator[str]:
    """An empty one. What it has committed is on disk, as in life: the tests' own PostgreSQL goes without."""
    if backend == "postgres":
        _durable()
    folder.mkdir(parents=True, exist_ok=True)
    with databases.fresh(backend, folder) as url:
        transitions.unguard(url)
        yield url


def vacuum(url: str) -> None:
    """Do at once what PostgreSQL's autovacuum does within a minute of a large insert; in the middle of a
    measurement it would cost one side a processor and not the other."""
    if is_file(url):
        return
    engine = create_engine(address(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _durable() -> None:
    engine = create_engine(databases.server().address(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for line in ("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"):
            connection.execute(text(line))
    engine.dispose()


@contextmanager
def sender(
    folder: Path,
    url: str,
    chat: str,
    port: int = 0,
    *,
    free: bool = True,
    networks: str = "linkedin,bluesky",
    began: float | None = None,
    module: str = "sender",
) -> Iterator[Worker]:
    """`free`: of the chat's pace. `networks` of each member. `began`: when its clock showed ten on a Tuesday;
    now, unless told. `module`: what obeys."""
    given = {"url": url, "chat": chat, "port": port, "free": free, "networks": networks}
    with worker(folder, module, **given, began=began or time.time()) as one:
        yield one
