"""A backup is whole or is not there; a restoration happens or changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import checkup, inbox, migrations
from storage.backup import Exists, NotDone, backup, restore
from storage.engines import sqlite
from storage.engines.connect import connect as connect_database
from storage.engines.connect import upgrade
from storage.engines.database import Database, DatabaseInUse
from storage.transaction import Transaction
from tests.house import TUESDAY

ROOT = Path(__file__).parent.parent
PAD = "x" * 150


def silent(_: int, __: int) -> None:
    """No progress is shown."""


def two(tx: Transaction, number: int) -> None:
    """Two rows that belong together: no instant has one without the other."""
    for half in ("left", "right"):
        inbox.first_time(tx, f"{half}:{number}:{PAD}", TUESDAY)


def halves(file: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        count = "SELECT count(*) FROM inbox WHERE key LIKE ?"
        left, right = (connection.execute(count, [f"{h}:%"]).fetchone()[0] for h in ("left", "right"))
    return left, right


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database of today's shape with a few megabytes in it."""
    folder = tmp_path / "data"
    url = f"sqlite:///{folder / 'cercle.sqlite3'}"
    upgrade(url)
    with closing(sqlite3.connect(folder / "cercle.sqlite3")) as connection, connection:
        rows = ((f"{half}:{n}:{PAD}",) for n in range(5_000) for half in ("left", "right"))
        connection.executemany("INSERT INTO inbox (key, at) VALUES (?, '2026-11-24 09:00:00')", rows)
    return url


@pytest.fixture
def file(url: str) -> Path:
    return checkup.file_of(url)


@pytest.fixture
def copy(url: str, tmp_path: Path) -> Path:
    """A backup, made in quiet."""
    copy = tmp_path / "copy.sqlite3"
    backup(url, copy, silent)
    return copy


@pytest.fixture
async def serving(url: str) -> AsyncIterator[Database]:
    """The database as a running Cercle has it open."""
    database = connect_database(url)
    database.open()
    yield database
    database.close()


def folder_of(file: Path) -> set[str]:
    return {path.name for path in file.parent.iterdir()}


# Backup


async def test_a_backup_during_writes_is_of_one_instant(serving: Database, url: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    written = 0

    async def write() -> None:
        nonlocal written
        while not copying.done():
            await asyncio.gather(*(serving.transact(lambda tx, n=n: two(tx, n)) for n in _numbers(written)))
            written += 20

    def progress(done: int, pages: int) -> None:
        seen.append((done, pages))

    copying = asyncio.ensure_future(asyncio.to_thread(backup, url, tmp_path / "copy.sqlite3", progress))
    await write()
    await copying
    left, right = halves(tmp_path / "copy.sqlite3")
    assert left == right
    assert 5_000 <= left <= 5_000 + written
    assert written > 0
    assert len(seen) > 3
    assert seen == sorted(seen), "the copy never begins again"
    assert len({pages for _, pages in seen}) == 1
    assert seen[-1][0] == seen[-1][1]
    assert sqlite.problems(f"sqlite:///{tmp_path / 'copy.sqlite3'}") == []


def _numbers(written: int) -> range:
    return range(1_000_000 + written, 1_000_000 + written + 20)


def test_a_backup_is_one_file_for_its_owner_only(copy: Path) -> None:
    assert [p.name for p in copy.parent.iterdir() if p.name != "data"] == ["copy.sqlite3"]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.read_bytes()[18:20] == b"\x01\x01", "no write-ahead log goes with it"


def test_nothing_is_overwritten(url: str, tmp_path: Path) -> None:
    there = tmp_path / "mine.txt"
    there.write_text("precious")
    with pytest.raises(NotDone, match="exists already"):
        backup(url, there, silent)
    assert there.read_text() == "precious"


def test_there_has_to_be_a_database(tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="does not exist"):
        backup(f"sqlite:///{tmp_path / 'none.sqlite3'}", tmp_path / "copy", silent)
    assert list(tmp_path.iterdir()) == []


def test_there_has_to_be_a_folder(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="cannot be written to"):
        backup(url, tmp_path / "nowhere" / "copy", silent)


@pytest.fixture(params=[0, 1, 3])
def interruption(request: pytest.FixtureRequest) -> Callable[[int, int], None]:
    """Ctrl-C after so many steps."""
    steps = iter(range(request.param + 1))

    def progress(_: int, __: int) -> None:
        if next(steps, None) == request.param:
            raise KeyboardInterrupt

    return progress


def test_an_interrupted_backup_leaves_nothing(
    url: str, tmp_path: Path, interruption: Callable[[int, int], None]
) -> None:
    before = folder_of(tmp_path / "x")
    with pytest.raises(KeyboardInterrupt):
        backup(url, tmp_path / "copy.sqlite3", interruption)
    assert folder_of(tmp_path / "x") == before


# Restore


def test_round_trip(url: str, file: Path, copy: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM inbox")
    kept = restore(url, copy, silent, replace=True)
    assert kept == Path(f"{file}.before-restore")
    assert halves(file) == (5_000, 5_000)
    assert halves(kept) == (0, 0)
    assert folder_of(file) == {file.name, kept.name}
    assert sqlite.problems(url) == []


def test_a_restoration_where_nothing_was(url: str, copy: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "new" / "cercle.sqlite3"
    assert restore(f"sqlite:///{elsewhere}", copy, silent) is None
    assert halves(elsewhere) == (5_000, 5_000)
    assert folder_of(elsewhere) == {"cercle.sqlite3"}


def test_every_database_replaced_is_kept(url: str, file: Path, copy: Path) -> None:
    kept = [restore(url, copy, silent, replace=True) for _ in range(3)]
    ends = ("", "-2", "-3")
    assert kept == [Path(f"{file}.before-restore{end}") for end in ends]


def test_a_database_is_replaced_only_when_that_is_said(url: str, file: Path, copy: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(Exists, match="--yes"):
        restore(url, copy, silent)
    assert file.read_bytes() == before
    assert folder_of(file) == {file.name}


async def test_not_while_cercle_works_with_it(serving: Database, url: str, copy: Path) -> None:
    with pytest.raises(DatabaseInUse):
        restore(url, copy, silent, replace=True)


def test_not_while_another_program_has_it_open(url: str, file: Path, copy: Path) -> None:
    sqlite.engine(url).connect().close()
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("PRAGMA journal_mode=WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM inbox").fetchone()
        with pytest.raises(NotDone, match="open in another program"):
            restore(url, copy, silent, replace=True)
    assert halves(file) == (5_000, 5_000)


def test_what_a_crash_left_in_the_log_is_kept_too(url: str, file: Path, copy: Path) -> None:
    """A killed Cercle leaves its last commits in the write-ahead log."""
    other = file.parent.parent / "other.sqlite3"
    with closing(sqlite3.connect(file)) as killed:
        killed.execute("PRAGMA journal_mode=WAL")
        with killed:
            killed.execute("DELETE FROM inbox WHERE key LIKE 'left:%'")
        for end in ("", "-wal"):
            shutil.copyfile(f"{file}{end}", f"{other}{end}")
    kept = restore(f"sqlite:///{other}", copy, silent, replace=True)
    assert kept is not None
    assert halves(kept) == (0, 5_000)
    assert halves(other) == (5_000, 5_000)


def test_a_damaged_database_can_be_replaced(url: str, file: Path, copy: Path) -> None:
    file.write_bytes(b"no database any more" * 100)
    Path(f"{file}-wal").write_bytes(b"nor its log")
    kept = restore(url, copy, silent, replace=True)
    assert kept is not None
    assert kept.read_bytes().startswith(b"no database any more")
    assert Path(f"{kept}-wal").read_bytes() == b"nor its log"
    assert halves(file) == (5_000, 5_000)


def _text(file: Path) -> None:
    file.write_text("not a database, a letter\n" * 50)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _somebody_elses(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE recipe (name)")


def _newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def _truncated(file: Path) -> None:
    with file.open("r+b") as open_file:
        open_file.truncate(file.stat().st_size // 2)


def _scratched(file: Path) -> None:
    with file.open("r+b") as open_file:
        open_file.seek(file.stat().st_size // 2)
        open_file.write(os.urandom(8192))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "does not exist"),
        (_text, "cannot be read as a database"),
        (_empty, "is not a database of Cercle"),
        (_somebody_elses, "is not a database of Cercle"),
        (_newer, "newer Cercle"),
        (_truncated, "damaged|could not be copied|cannot be read"),
        (_scratched, "damaged|could not be copied"),
    ],
)
def test_a_wrong_file_changes_nothing(
    url: str, file: Path, copy: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(copy)
    before = file.read_bytes()
    with pytest.raises(NotDone, match=said):
        restore(url, copy, silent, replace=True)
    assert file.read_bytes() == before
    assert folder_of(file) == {file.name}


def test_a_backup_of_an_older_cercle_is_migrated(url: str, file: Path, tmp_path: Path) -> None:
    from alembic import command
    from sqlalchemy import make_url

    old = tmp_path / "old.sqlite3"
    command.upgrade(migrations.config(make_url(f"sqlite:///{old}")), "0001")
    restore(url, old, silent, replace=True)
    assert checkup.revision(file) == checkup.head()


def test_an_interrupted_restoration_changes_nothing(
    url: str, file: Path, copy: Path, interruption: Callable[[int, int], None]
) -> None:
    before = file.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        restore(url, copy, interruption, replace=True)
    assert file.read_bytes() == before
    assert folder_of(file) == {file.name}


# The commands


POSTGRES = "postgresql+psycopg://cercle:canary@db.internal:5433/circles"
WHERE = "--host=db.internal --port=5433 --username=cercle --dbname=circles"


def cercle(folder: Path, *words: str, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
            "CERCLE_DATABASE_URL": url,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


async def test_the_commands(serving: Database, url: str, file: Path, tmp_path: Path) -> None:
    done = await asyncio.to_thread(cercle, tmp_path, "backup", "copy.sqlite3", url=url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("copy.sqlite3 holds the whole database, checked (")
    done = await asyncio.to_thread(cercle, tmp_path, "restore", "copy.sqlite3", "--yes", url=url)
    assert done.returncode == 2
    assert "stop the other one" in done.stderr
    serving.close()
    done = await asyncio.to_thread(cercle, tmp_path, "restore", "copy.sqlite3", url=url)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    done = await asyncio.to_thread(cercle, tmp_path, "restore", "copy.sqlite3", "--yes", url=url)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"The one before is kept as {file}.before-restore" in done.stdout


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("backup", "c.dump"), f"pg_dump {WHERE} --format=custom --file=c.dump"),
        (("restore", "c.dump"), f"pg_restore {WHERE} --clean --if-exists --single-transaction c.dump"),
    ],
)
def test_postgresql_has_its_own_tool(tmp_path: Path, words: tuple[str, ...], command: str) -> None:
    done = cercle(tmp_path, *words, url=POSTGRES)
    assert done.returncode == 2
    assert command in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "canary" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(autouse=True)
def _no_traces(tmp_path: Path) -> Iterator[None]:
    """Whatever happens, no half-made file stays."""
    yield
    assert not list(tmp_path.rglob("*.part*"))
