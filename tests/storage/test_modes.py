"""Only the owner reads the database and what lies beside it, whatever the umask was."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import inbox
from storage.backup import backup, restore
from storage.engines.connect import upgrade
from storage.engines.sqlite import Sqlite

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(params=[0o022, 0o000], ids=oct, autouse=True)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "cercle.sqlite3"


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()}


def private(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "0o600")


def no_progress(_: int, __: int) -> None:
    pass


async def test_every_file_of_a_new_database_is_private(file: Path) -> None:
    upgrade(url(file))
    assert modes(file.parent) == private("cercle.sqlite3")
    database = Sqlite(url(file))
    database.open()
    await database.transact(lambda tx: inbox.first_time(tx, "key", NOW))
    names = (file.name, f"{file.name}-wal", f"{file.name}-shm", f"{file.name}.lock")
    assert modes(file.parent) == private(*names)
    database.close()


async def test_files_that_others_could_read_are_made_private_when_the_database_is_opened(file: Path) -> None:
    """As after a kill: the log and the lock are there."""
    upgrade(url(file))
    with closing(sqlite3.connect(file)) as killed:
        killed.execute("PRAGMA journal_mode=WAL")
        killed.execute("INSERT INTO inbox (key, at) VALUES ('key', '2026-11-24 09:00:00')")
        killed.commit()
        names = (file.name, f"{file.name}-wal", f"{file.name}-shm", f"{file.name}.lock")
        Path(f"{file}.lock").touch()
        for name in names:
            (file.parent / name).chmod(0o666)
        database = Sqlite(url(file))
        database.open()
        assert modes(file.parent) == private(*names)
        database.close()


def test_backups_and_what_a_restore_leaves_are_private(file: Path, tmp_path: Path) -> None:
    upgrade(url(file))
    copies = tmp_path / "copies"
    copies.mkdir()
    backup(url(file), copies / "copy.sqlite3", no_progress)
    assert modes(copies) == private("copy.sqlite3")
    file.chmod(0o666)
    restore(url(file), copies / "copy.sqlite3", no_progress, replace=True)
    assert modes(file.parent) == private(file.name, f"{file.name}.before-restore")
