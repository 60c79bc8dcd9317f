"""What `cercle doctor` asks of a database. It creates nothing and changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

MIGRATIONS = Path(__file__).parent / "migrations"


def file_of(url: str) -> Path:
    """The file behind a SQLite address."""
    return Path(make_url(url).database or "")


def revision(file: Path) -> str:
    """The migration that the file stands at; empty before the first. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return ""
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else ""


def head() -> str:
    """The newest migration there is."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return str(ScriptDirectory.from_config(config).get_current_head())


def try_to_write(file: Path, patience: float = 5) -> None:
    """Take the write lock, waiting `patience` seconds for it, and give it back. Raises sqlite3.Error."""
    address = f"{file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=patience)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
