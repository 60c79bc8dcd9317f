"""`make migration`, in a copy of the sources with something planted in the tables."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.schema import CheckConstraint

from storage.migrations.generate import NotGenerated, check_name, differences, misnamed
from storage.tables import metadata
from tests import databases

ROOT = Path(__file__).parents[2]

BADGE = """
import sqlalchemy as sa

sa.Table("shelf", metadata, sa.Column("id", sa.String(32), primary_key=True))
badge = sa.Table(
    "badge",
    metadata,
    sa.Column("circle_id", sa.String(32), sa.ForeignKey("circle.id"), primary_key=True),
    sa.Column("shelf_id", sa.String(32), sa.ForeignKey("shelf.id"), nullable=False),
    sa.Column("why", sa.Text, nullable=False, server_default=""),
    sa.Column("times", sa.Integer, nullable=False, server_default="0"),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("at", Instant),
    sa.UniqueConstraint("shelf_id", "why"),
    sa.Index(None, "at", sqlite_where=sa.text("at IS NOT NULL"), postgresql_where=sa.text("at IS NOT NULL")),
    sa.Index(None, "times", sqlite_where=sa.text("times > 0"), postgresql_where=sa.text("times > 0")),
)
circle.append_column(sa.Column("nickname", sa.Text, nullable=False, server_default=""))
circle.append_column(sa.Column("closed_at", Instant))
"""
"""Two tables and two columns more."""

CHANGES = """
badge.c.why.type = sa.String(40)
badge.c.times.server_default.arg = "1"
badge._columns.remove(badge.c.facts)
for key in badge.foreign_key_constraints:
    key.ondelete = "CASCADE"
badge.indexes.remove(next(index for index in badge.indexes if index.name == "ix_badge_at"))
"""
"""What happens to them afterwards."""

CONDITION = """
index = next(index for index in badge.indexes if index.name == "ix_badge_times")
index.dialect_options["sqlite"]["where"] = sa.text("times > 1")
"""
"""A change that Alembic does not see."""

DECLARED = MetaData(naming_convention=metadata.naming_convention)
Table("owner", DECLARED, Column("id", String(32), primary_key=True))
Table(
    "thing",
    DECLARED,
    Column("id", String(32), primary_key=True),
    Column("owner_id", ForeignKey("owner.id", ondelete="CASCADE"), nullable=False),
    Column("label", Text, unique=True, nullable=False, server_default=""),
    Column("at", Date),
    Index(None, "at", sqlite_where=text("at IS NOT NULL"), postgresql_where=text("at IS NOT NULL")),
)
MADE = """
CREATE TABLE owner (id VARCHAR(32) NOT NULL, CONSTRAINT pk_owner PRIMARY KEY (id));
CREATE TABLE thing (
    id VARCHAR(32) NOT NULL,
    owner_id VARCHAR(32) NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    at DATE,
    CONSTRAINT pk_thing PRIMARY KEY (id),
    CONSTRAINT uq_thing_label UNIQUE (label),
    CONSTRAINT fk_thing_owner_id FOREIGN KEY (owner_id) REFERENCES owner (id) ON DELETE CASCADE
);
CREATE INDEX ix_thing_at ON thing (at) WHERE at IS NOT NULL
"""


@pytest.fixture(params=databases.BACKENDS)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.sqlite3'}"
        return
    with databases.bare() as url:
        yield url


@pytest.fixture
def bare_urls(tmp_path: Path) -> Iterator[list[str]]:
    """Two databases without tables: SQLite and PostgreSQL."""
    with databases.bare() as url:
        yield [f"sqlite:///{tmp_path / 'bare.sqlite3'}", url]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the sources."""
    copy = tmp_path / "sources"
    for package in ("bot", "handlers", "scheduler", "storage"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests").mkdir()
    for file in (ROOT / "pyproject.toml", *(ROOT / "tests").glob("*.py")):
        shutil.copyfile(file, copy / file.relative_to(ROOT))
    return copy


def python(sources: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=sources,
        env={"PYTHONPATH": str(sources), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def plant(sources: Path, lines: str) -> None:
    with (sources / "storage" / "tables.py").open("a") as file:
        file.write(f"\n{lines}\n")


def generate(sources: Path, urls: list[str]) -> str:
    """Return the file that was written, None, or the sentence that says why there is none."""
    program = (
        "from storage.migrations.generate import NotGenerated, generate\n"
        f"try: print(generate('change', {urls!r}))\n"
        "except NotGenerated as error: print(error)"
    )
    done = python(sources, "-c", program)
    assert done.returncode == 0, done.stderr
    return done.stdout


def versions(sources: Path) -> set[str]:
    return {file.name for file in (sources / "storage" / "migrations" / "versions").glob("*.py")}


# The command


def test_a_planted_table_and_columns_become_a_migration(sources: Path, bare_urls: list[str]) -> None:
    before = versions(sources)
    plant(sources, BADGE)
    done = python(sources, "-m", "tests.migration", "add_badge")
    assert done.returncode == 0, done.stderr
    [made] = versions(sources) - before
    assert made == f"v{len(before) + 1:04}_add_badge.py"
    assert f"{made} leads to storage/tables.py on SQLite and on PostgreSQL" in done.stdout
    for check in (["check"], ["format", "--check"]):
        ruff = python(sources, "-m", "ruff", *check, f"storage/migrations/versions/{made}")
        assert ruff.returncode == 0, ruff.stdout + ruff.stderr
    for url in bare_urls:
        program = f"from storage.engines.connect import upgrade; upgrade({url!r})"
        assert python(sources, "-c", program).stderr == ""
        engine = create_engine(url)
        found = inspect(engine)
        assert {"nickname", "closed_at"} < {column["name"] for column in found.get_columns("circle")}
        assert found.get_pk_constraint("badge")["name"] == "pk_badge"
        assert [key["name"] for key in found.get_unique_constraints("badge")] == ["uq_badge_shelf_id_why"]
        assert {key["name"] for key in found.get_foreign_keys("badge")} == {
            "fk_badge_circle_id",
            "fk_badge_shelf_id",
        }
        assert {"ix_badge_at", "ix_badge_times"} <= {index["name"] for index in found.get_indexes("badge")}
        engine.dispose()


def test_without_a_change_no_file_is_written(sources: Path) -> None:
    before = versions(sources)
    done = python(sources, "-m", "tests.migration", "add_nothing")
    assert done.stdout == "The migrations already lead to storage/tables.py: nothing was written.\n"
    assert done.returncode == 0
    assert versions(sources) == before


@pytest.mark.parametrize("words", [(), ("Add a badge",)])
def test_a_missing_or_bad_name_is_a_sentence(sources: Path, words: tuple[str, ...]) -> None:
    before = versions(sources)
    plant(sources, BADGE)
    done = python(sources, "-m", "tests.migration", *words)
    assert done.returncode == 1
    assert done.stderr.startswith("Say what the migration does")
    assert done.stderr.endswith("make migration NAME=add_something\n")
    assert versions(sources) == before


@pytest.mark.parametrize(
    "name", ["", "1st", "add-badge", "AddBadge", "add__badge", "_badge", "é", "a" * 41, "a\n"]
)
def test_names_that_do_not_fit(name: str) -> None:
    with pytest.raises(NotGenerated, match="make migration NAME=add_something"):
        check_name(name)


@pytest.mark.parametrize("name", ["a", "add_badge", "drop_2_columns", "a" * 40])
def test_names_that_fit(name: str) -> None:
    check_name(name)


# What it makes of other changes


def test_later_changes_of_every_kind(sources: Path, tmp_path: Path) -> None:
    empty = (f"sqlite:///{tmp_path / number}.sqlite3" for number in "1234")

    def made() -> str:
        with databases.bare() as postgres:
            return generate(sources, [next(empty), postgres])

    plant(sources, BADGE)
    assert made().endswith("_change.py\n")
    plant(sources, CHANGES)
    assert made().endswith("_change.py\n")
    assert made() == "None\n"
    before = versions(sources)
    plant(sources, CONDITION)
    refused = made()
    assert refused.startswith("On sqlite Alembic does not make all of this change.")
    assert "missing: CREATE INDEX ix_badge_times ON badge (times) WHERE times > 1\n" in refused
    assert versions(sources) == before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "circle.append_column(Column('needed', Integer, nullable=False))",
            "If it adds a required column, give that column a server_default",
        ),
        (
            "circle.append_constraint(UniqueConstraint('name', name='mine'))",
            "Leave the name of a constraint to the naming convention in storage/tables.py\n"
            "  circle: UniqueConstraint mine\n",
        ),
    ],
)
def test_a_change_that_cannot_be_generated_leaves_no_file(
    sources: Path, bare_urls: list[str], change: str, sentence: str
) -> None:
    before = versions(sources)
    plant(sources, change)
    assert sentence in generate(sources, bare_urls)
    assert versions(sources) == before


# How a database and the tables are compared


def made(url: str, statements: str) -> list[str]:
    """Return the differences between what the statements make and DECLARED."""
    engine = create_engine(url)
    with engine.connect() as connection:
        for statement in statements.split(";"):
            connection.execute(text(statement))
        found = differences(connection, DECLARED)
        connection.rollback()
    engine.dispose()
    return found


def test_equal_tables_have_no_differences(bare_url: str) -> None:
    assert made(bare_url, MADE) == []


@pytest.mark.parametrize(
    ("there", "instead", "told"),
    [
        ("CONSTRAINT pk_thing ", "", "CONSTRAINT pk_thing PRIMARY KEY (id)"),
        ("CONSTRAINT uq_thing_label ", "", "CONSTRAINT uq_thing_label UNIQUE (label)"),
        ("uq_thing_label", "uq_label", "CONSTRAINT uq_thing_label UNIQUE (label)"),
        ("CONSTRAINT fk_thing_owner_id ", "", "CONSTRAINT fk_thing_owner_id FOREIGN KEY"),
        ("fk_thing_owner_id", "fk_owner", "CONSTRAINT fk_thing_owner_id FOREIGN KEY"),
        (" ON DELETE CASCADE", "", "REFERENCES owner (id) ON DELETE CASCADE"),
        ("ix_thing_at", "ix_at", "CREATE INDEX ix_thing_at"),
        (" WHERE at IS NOT NULL", "", "CREATE INDEX ix_thing_at ON thing (at) WHERE"),
        ("CREATE INDEX", "CREATE UNIQUE INDEX", "CREATE INDEX ix_thing_at"),
        (" DEFAULT ''", "", "server_default=''"),
        ("owner_id VARCHAR(32) NOT NULL", "owner_id VARCHAR(32)", "nullable=False"),
        ("label TEXT", "label VARCHAR(9)", "type_=sa.Text()"),
        ("at DATE,", "at DATE, more TEXT,", "batch_op.drop_column('more')"),
        ("CREATE TABLE owner", "CREATE TABLE extra (id TEXT); CREATE TABLE owner", "op.drop_table('extra')"),
    ],
)
def test_a_difference_is_told(bare_url: str, there: str, instead: str, told: str) -> None:
    assert there in MADE
    assert any(told in line for line in made(bare_url, MADE.replace(there, instead)))


def test_a_constraint_without_a_name_or_with_its_own_is_told() -> None:
    tables = MetaData(naming_convention=metadata.naming_convention)
    Table(
        "thing",
        tables,
        Column("id", String(32), primary_key=True),
        UniqueConstraint("id", name="mine"),
        CheckConstraint("id <> ''"),
    )
    assert sorted(misnamed(tables)) == [
        "thing: CheckConstraint without a name",
        "thing: UniqueConstraint mine",
    ]
