"""The migrations lead to the tables and back."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from storage import checkup
from storage.database import problems, upgrade
from storage.tables import metadata
from tests.storage.rows import fill, in_circles


def config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(checkup.MIGRATIONS))
    config.attributes["url"] = url
    return config


def names(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_migrations_make_exactly_the_tables(tx: Connection) -> None:
    assert compare_metadata(MigrationContext.configure(tx), metadata) == []


def test_the_references_are_the_same(tx: Connection) -> None:
    """SQLite's are not all seen by Alembic's comparison."""
    made = inspect(tx)
    for table in metadata.sorted_tables:
        found = {
            (tuple(key["constrained_columns"]), key["referred_table"], key["options"].get("ondelete"))
            for key in made.get_foreign_keys(table.name)
        }
        assert found == {
            (tuple(c.column_keys), c.referred_table.name, c.ondelete) for c in table.foreign_key_constraints
        }, table.name


def test_upgrading_again_changes_nothing_and_keeps_every_row(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as tx:
        fill(tx, "ours")
    before = Path(url.removeprefix("sqlite:///")).read_bytes()
    upgrade(url)
    assert Path(url.removeprefix("sqlite:///")).read_bytes() == before
    with engine.connect() as tx:
        assert all(tx.execute(table.select()).first() for table in in_circles())
    engine.dispose()


def test_down_to_nothing_and_up_again(url: str) -> None:
    everything = names(url)
    command.downgrade(config(url), "base")
    assert names(url) == {"alembic_version"}
    upgrade(url)
    assert names(url) == everything
    assert problems(url) == []


def test_there_is_one_line_of_migrations_numbered_in_order() -> None:
    scripts = list(ScriptDirectory(str(checkup.MIGRATIONS)).walk_revisions())
    assert [script.revision for script in reversed(scripts)] == [
        f"{n:04}" for n in range(1, len(scripts) + 1)
    ]


def test_the_folder_is_made(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'a' / 'b' / 'cercle.sqlite3'}")
    assert (tmp_path / "a" / "b" / "cercle.sqlite3").is_file()
