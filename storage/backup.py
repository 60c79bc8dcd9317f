"""A copy of the SQLite file while Cercle works with it, and the way back.

The copy is SQLite's own online one, of a single instant: a read transaction is held from its first page to
its last, so the writer goes on in its write-ahead log and the copy need never begin again. A copy or a
restored database takes its name only when it is whole and has been checked; whatever interrupts before
leaves everything as it was.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, count
from pathlib import Path

from sqlalchemy import make_url

from storage import checkup, migrations
from storage.engines import sqlite
from storage.engines.connect import is_file, upgrade
from storage.engines.database import Unavailable

PAGES = 256
"""Copied between two looks at the progress: 1 MB."""

Progress = Callable[[int, int], None]
"""(pages done, pages in all)"""


class NotDone(Unavailable):
    """The copy was not made, or the database not restored. Nothing was changed."""


class Exists(NotDone):
    """A database is there already, and may only be replaced when that is said."""


def backup(url: str, target: Path, progress: Progress) -> None:
    """Write the database as it stands to `target`, for its owner's eyes only. Raises NotDone."""
    _needs_a_file(url, "pg_dump {where} --format=custom --file={file}", target)
    if target.exists():
        raise NotDone(f"{target} exists already and is not overwritten: choose another name.")
    source = checkup.file_of(url)
    _check_it_is_ours(source)
    with _fresh(target) as copy:
        _copy(source, copy, progress)
        _check_it_is_whole(copy, source)
        _publish(copy, target)


def restore(url: str, source: Path, progress: Progress, *, replace: bool = False) -> Path | None:
    """Put `source` in the place of the database, migrated to today's shape; returns where the one before is
    kept. Raises Exists when there is one and not `replace`, DatabaseInUse while a Cercle works with it, and
    NotDone for a file that cannot be restored."""
    _needs_a_file(url, "pg_restore {where} --clean --if-exists --single-transaction {file}", source)
    target = checkup.file_of(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    with sqlite.held(target):
        _check_it_is_ours(source)
        if target.exists() and not replace:
            raise Exists(f"{target} exists. With --yes it is kept beside, and {source} takes its place.")
        with _fresh(target) as copy:
            _copy(source, copy, progress)
            _check_it_is_whole(copy, source)
            upgrade(f"sqlite:///{copy}")
            _check_it_is_whole(copy, source)
            return _replace(copy, target)


def _needs_a_file(url: str, command: str, file: Path) -> None:
    """Raises NotDone on PostgreSQL, with the command of its own tool; the password is left to its asking."""
    if is_file(url):
        return
    at = make_url(url)
    given = {"host": at.host, "port": at.port, "username": at.username, "dbname": at.database}
    where = " ".join(f"--{name}={value}" for name, value in given.items() if value)
    raise NotDone(f"PostgreSQL has a tool of its own for this: {command.format(file=file, where=where)}")


def _check_it_is_ours(file: Path) -> None:
    if not file.is_file():
        raise NotDone(f"{file} does not exist.")
    try:
        revision = checkup.revision(file)
    except sqlite3.Error as error:
        raise NotDone(f"{file} cannot be read as a database ({error}).") from None
    if not revision:
        raise NotDone(f"{file} is not a database of Cercle.")
    if revision not in _known():
        raise NotDone(f"{file} was made by a newer Cercle ({revision}): install that one first.")


def _known() -> set[str]:
    return {script.revision for script in migrations.scripts().walk_revisions()}


def _check_it_is_whole(copy: Path, source: Path) -> None:
    if found := sqlite.problems(f"sqlite:///{copy}"):
        raise NotDone(f"{source} is damaged: {found[0]}.")
    _settle(copy)


@contextmanager
def _fresh(target: Path) -> Iterator[Path]:
    """A new file beside `target`, only its owner's; gone at the end unless it was given a name."""
    try:
        handle, name = tempfile.mkstemp(".part", f".{target.name}-", target.absolute().parent)
    except OSError as error:
        raise NotDone(f"{target.absolute().parent} cannot be written to ({error.strerror}).") from None
    os.close(handle)
    copy = Path(name)
    try:
        yield copy
    finally:
        for leftover in (copy, *sqlite.companions(copy)):
            leftover.unlink(missing_ok=True)


def _copy(source: Path, target: Path, progress: Progress) -> None:
    address = f"{source.absolute().as_uri()}?mode=rw"
    try:
        with (
            closing(sqlite3.connect(address, uri=True, isolation_level=None)) as there,
            closing(sqlite3.connect(target)) as here,
        ):
            there.execute("BEGIN")
            there.execute("SELECT count(*) FROM sqlite_master").fetchone()
            there.backup(
                here, pages=PAGES, sleep=0, progress=lambda _, left, pages: progress(pages - left, pages)
            )
            here.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise NotDone(f"{source} could not be copied ({error}).") from None


def _settle(file: Path) -> None:
    """All of it in the one file: no write-ahead log beside it that a move would leave behind."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _replace(copy: Path, target: Path) -> Path | None:
    """At no instant is there no database: the one before gets a second name, then its own is taken over."""
    _give_to_owner_of(target if target.exists() else target.parent, copy)
    if not target.exists():
        _publish(copy, target)
        return None
    kept = _free_name(f"{target}.before-restore")
    sqlite.keep_private(target)
    _set_aside(target, kept)
    try:
        _publish(copy, target)
    except BaseException:
        kept.unlink()
        raise
    return kept


def _free_name(wanted: str) -> Path:
    names = (Path(f"{wanted}{end}") for end in chain([""], (f"-{n}" for n in count(2))))
    return next(name for name in names if not name.exists())


def _set_aside(file: Path, kept: Path) -> None:
    try:
        checkup.revision(file)  # only looks: opened to write, SQLite throws away a log that it cannot read
        _settle(file)
    except sqlite3.Error as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise NotDone(f"{file} is open in another program: close it first.") from None
        _set_log_aside(file, kept)
    os.link(file, kept)


def _set_log_aside(file: Path, kept: Path) -> None:
    """A damaged database may be the very reason; its log must not be taken for the new one's."""
    for log, kept_log in zip(sqlite.companions(file), sqlite.companions(kept), strict=True):
        if log.exists():
            log.rename(kept_log)


def _give_to_owner_of(model: Path, file: Path) -> None:
    """What root restores, the bot's own user has to open."""
    if os.geteuid() == 0:
        owner = model.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def _publish(copy: Path, target: Path) -> None:
    """On disk under its name, or not at all."""
    _sync(copy)
    copy.rename(target)
    _sync(target.parent)


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
