from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import checkup


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///data/cercle.sqlite3", Path("data/cercle.sqlite3")),
        ("sqlite:////data/cercle.sqlite3", Path("/data/cercle.sqlite3")),
        ("sqlite+pysqlite:////data/c.sqlite3", Path("/data/c.sqlite3")),
    ],
)
def test_the_file_behind_an_address(url: str, file: Path) -> None:
    assert checkup.file_of(url) == file


def test_the_revision_of_a_file(sqlite_url: str, tmp_path: Path) -> None:
    assert checkup.revision(Path(sqlite_url.removeprefix("sqlite:///"))) == checkup.head()
    empty = tmp_path / "empty.sqlite3"
    empty.touch()
    assert checkup.revision(empty) == ""
    absent = tmp_path / "absent.sqlite3"
    with pytest.raises(sqlite3.Error):
        checkup.revision(absent)
    assert not absent.exists()


def test_writing_is_tried_and_leaves_no_trace(sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    checkup.try_to_write(file)
    assert file.read_bytes() == before


def test_a_database_that_somebody_holds_cannot_be_written(sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            checkup.try_to_write(file, patience=0.05)
