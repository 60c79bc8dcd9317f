"""The migrations lead to the tables and back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Table, create_engine, inspect

from storage import migrations
from storage.engines.connect import address, problems, upgrade
from storage.engines.database import Unavailable
from storage.migrations.generate import differences, misnamed
from storage.tables import metadata
from tests import databases
from tests.storage.rows import fill, in_circles


def ours(name: str | None, *_: object) -> bool:
    """The engine's tables stand beside them, and are not migrated by us."""
    return not str(name).startswith("procrastinate_")


def names(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(filter(ours, inspect(engine).get_table_names()))
    engine.dispose()
    return found


def test_migrations_make_exactly_the_tables(tx: Connection) -> None:
    assert differences(tx) == []


def test_every_constraint_is_named_by_the_convention() -> None:
    assert misnamed(metadata) == []


def differing_references(tx: Connection) -> list[str]:
    """Name the tables whose references are not those of `metadata`. Alembic's comparison does not see all of
    SQLite's."""
    made = inspect(tx)

    def found(table: Table) -> set[tuple[Any, ...]]:
        return {
            (tuple(key["constrained_columns"]), key["referred_table"], key["options"].get("ondelete"))
            for key in made.get_foreign_keys(table.name)
        }

    def wanted(table: Table) -> set[tuple[Any, ...]]:
        return {
            (tuple(c.column_keys), c.referred_table.name, c.ondelete) for c in table.foreign_key_constraints
        }

    return [table.name for table in metadata.sorted_tables if found(table) != wanted(table)]


def test_the_references_are_the_same(tx: Connection) -> None:
    assert differing_references(tx) == []


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = create_engine(url)
    with engine.connect() as tx:
        found = {t.name: [tuple(row) for row in tx.execute(t.select())] for t in metadata.sorted_tables}
    engine.dispose()
    return found


def test_upgrading_again_changes_nothing_and_keeps_every_row(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as tx:
        fill(tx, "ours")
    engine.dispose()
    before = rows(database_url)
    assert all(before[table.name] for table in in_circles())
    upgrade(database_url)
    assert rows(database_url) == before


def test_upgrading_again_writes_not_a_byte(sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    upgrade(sqlite_url)
    assert file.read_bytes() == before


def test_down_to_nothing_and_up_again(database_url: str) -> None:
    everything = names(database_url)
    command.downgrade(migrations.config(address(database_url)), "base")
    assert names(database_url) == {"alembic_version"}
    upgrade(database_url)
    assert names(database_url) == everything
    assert problems(database_url) == []


def test_processes_that_start_together_migrate_one_after_the_other() -> None:
    with databases.bare() as url:
        program = f"from storage.engines.connect import upgrade; upgrade({url!r})"
        command_line = (sys.executable, "-c", program)
        started = [subprocess.Popen(command_line, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        assert [process.communicate(timeout=60)[1] for process in started] == [""] * 3
        assert {table.name for table in metadata.sorted_tables} < names(url)


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://camille:canary@127.0.0.1:1/cercle", "sqlite:////proc/nowhere/cercle.sqlite3"],
)
def test_a_database_out_of_reach_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(Unavailable, match=r"^The database cannot be used: ") as error:
        upgrade(url)
    assert "canary" not in str(error.value)
    assert "\n" not in str(error.value)


def test_there_is_one_line_of_migrations_numbered_in_order() -> None:
    scripts = list(migrations.scripts().walk_revisions())
    assert [script.revision for script in reversed(scripts)] == [
        f"{n:04}" for n in range(1, len(scripts) + 1)
    ]


def test_the_folder_is_made(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'a' / 'b' / 'cercle.sqlite3'}")
    assert (tmp_path / "a" / "b" / "cercle.sqlite3").is_file()
