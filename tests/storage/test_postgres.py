"""What is PostgreSQL's own: lost races are run again, and a server may go away and come back."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bot.domain.message import POST, State
from storage import deliveries, messages, tables
from storage.engines import postgres
from storage.engines.connect import upgrade
from storage.engines.postgres import SESSION, THREADS, TRIES, Postgres
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction
from tests import databases
from tests.storage.rows import fill
from tests.storage.test_database import NOW, hear, heard


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Postgres]:
    database = Postgres(postgres_url)
    database.open()
    yield database
    database.close()


def test_the_tests_server_runs_whoever_we_are(postgres_url: str) -> None:
    """Run as root, it is given a user of its own: PostgreSQL refuses to be root."""
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    owner = os.stat(folder).st_uid  # noqa: PTH116
    assert owner != 0
    assert os.geteuid() in (0, owner)


# Races


class Race:
    """Every run up to `lost` of them meets `error`; `runs` counts."""

    def __init__(self, error: Exception, lost: int) -> None:
        self.error, self.lost, self.runs = error, lost, 0

    def __call__(self, tx: Transaction) -> str:
        self.runs += 1
        assert hear("key")(tx)
        if self.runs <= self.lost:
            raise self.error
        return "done"


def refusal(kind: type[psycopg.Error]) -> DBAPIError:
    return DBAPIError("INSERT …", {}, kind("on purpose"))


@pytest.mark.parametrize(
    "kind",
    [
        psycopg.errors.UniqueViolation,
        psycopg.errors.ForeignKeyViolation,
        psycopg.errors.SerializationFailure,
        psycopg.errors.DeadlockDetected,
    ],
)
async def test_who_lost_a_race_runs_again_on_what_the_winner_left(
    database: Postgres, kind: type[psycopg.Error]
) -> None:
    race = Race(refusal(kind), lost=TRIES - 1)
    assert await database.transact(race) == "done"
    assert race.runs == TRIES
    assert await database.read(heard) == {"key"}


async def test_who_always_loses_is_told(database: Postgres) -> None:
    race = Race(refusal(psycopg.errors.UniqueViolation), lost=99)
    with pytest.raises(DBAPIError, match="on purpose"):
        await database.transact(race)
    assert race.runs == TRIES
    assert await database.read(heard) == set()


@pytest.mark.parametrize(
    "error",
    [
        refusal(psycopg.errors.NotNullViolation),
        refusal(psycopg.errors.AdminShutdown),
        refusal(psycopg.OperationalError),
        ValueError("on purpose"),
    ],
    ids=str,
)
async def test_what_would_fail_again_is_run_once(database: Postgres, error: Exception) -> None:
    race = Race(error, lost=99)
    with pytest.raises(type(error), match="on purpose"):
        await database.transact(race)
    assert race.runs == 1


@pytest.mark.parametrize("dropped_first", [True, False])
async def test_what_is_dropped_while_it_comes_back_is_picked_up(
    database: Postgres, dropped_first: bool
) -> None:
    """One process draws nothing of what was taken back, and drops it; another has it back meanwhile."""
    reads, comes_back = threading.Event(), threading.Event()

    def found(tx: Transaction) -> None:
        fill(tx, "ours")
        tx.execute(tables.message.delete())
        recipients = [Recipient("ours-id", "slack:T1:U1", "ours-id")]
        messages.request(CircleTransaction(tx, "ours"), POST, "s", recipients, NOW)

    def draw(tx: Transaction) -> None:
        (message,) = deliveries.due(tx, "ours-id", 0, NOW, 1)
        if dropped_first:
            deliveries.drop_if_unchanged(tx, message, messages.NOTHING_TO_SHOW)
        reads.set()
        comes_back.wait(0.3 if dropped_first else 10)
        if not dropped_first:
            deliveries.drop_if_unchanged(tx, message, messages.NOTHING_TO_SHOW)

    def restore(tx: Transaction) -> None:
        reads.wait(10)
        messages.restore(CircleTransaction(tx, "ours"), "s", NOW)

    async def restored() -> None:
        await database.transact(restore)
        comes_back.set()

    await database.transact(found)
    await asyncio.gather(database.transact(draw), restored())
    (message,) = await database.read(lambda tx: deliveries.due(tx, "ours-id", 0, NOW, 1))
    assert message.state is State.WAITING


async def test_two_that_insert_the_same_key(database: Postgres) -> None:
    """The second waits for the first, is refused, and finds on its second run what the first has left."""
    together = threading.Barrier(2)
    runs = []

    def once(tx: Transaction) -> bool:
        runs.append(1)
        if tx.execute(tables.notebook.select()).first():
            return False
        if len(runs) <= 2:
            together.wait(10)
        tx.execute(tables.notebook.insert(), {"key": "k", "record": {}})
        return True

    assert sorted(await asyncio.gather(database.transact(once), database.transact(once))) == [False, True]
    assert len(runs) == 3


async def test_two_that_lock_each_other_out(database: Postgres) -> None:
    for key in "ab":
        await database.transact(hear(key))
    together = threading.Barrier(2)
    runs = []

    def touch(first: str, second: str, tx: Transaction) -> None:
        runs.append(1)
        lock = text("SELECT 1 FROM inbox WHERE key = :key FOR UPDATE")
        tx.execute(lock, {"key": first})
        if len(runs) <= 2:
            together.wait(10)
        tx.execute(lock, {"key": second})

    await asyncio.gather(
        database.transact(lambda tx: touch("a", "b", tx)), database.transact(lambda tx: touch("b", "a", tx))
    )
    assert len(runs) > 2


async def test_an_insert_that_never_fits_is_refused_in_the_end(database: Postgres) -> None:
    def stray(tx: Transaction) -> None:
        click = {"link_token": "nowhere", "day": "2026-11-24", "visitor": "v"}
        tx.execute(tables.click.insert(), click | {"at": NOW})

    with pytest.raises(IntegrityError, match="foreign key"):
        await database.transact(stray)


# Sessions


async def test_a_frozen_process_does_not_keep_its_locks_for_ever(database: Postgres) -> None:
    def ask(tx: Transaction) -> list[str]:
        names = ("idle_in_transaction_session_timeout", "application_name")
        return [tx.execute(text(f"SHOW {name}")).scalar_one() for name in names]

    assert await database.transact(ask) == ["30s", "cercle"]


async def test_the_address_may_say_otherwise(postgres_url: str) -> None:
    sign = "&" if "?" in postgres_url else "?"
    database = Postgres(f"{postgres_url}{sign}application_name=other")
    assert dict(database.engine.url.query) == {
        **SESSION,
        **dict(Postgres(postgres_url).engine.url.query),
        "application_name": "other",
    }
    assert database.engine.url.database in postgres_url


async def test_never_more_connections_than_threads(database: Postgres) -> None:
    await asyncio.gather(*(database.transact(hear(f"key-{n}")) for n in range(100)))
    count = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cercle'")
    assert await database.read(lambda tx: tx.execute(count).scalar_one()) <= THREADS + 1


async def test_whatever_people_send_can_be_stored(database: Postgres) -> None:
    """No NUL can, which SQLite keeps: nothing is lost but that."""
    typed = "avant\0après"
    key = await database.transact(lambda tx: hear(typed)(tx) and heard(tx))
    assert key == {"avant\ufffdaprès"}


# A server that goes away


@pytest.fixture
def server() -> Iterator[databases.Server]:
    """Of this test alone, to be stopped."""
    server = databases.Server()
    yield server
    server.end()


async def test_a_server_that_stops_at_once_and_comes_back(server: databases.Server) -> None:
    upgrade(server.address())
    database = Postgres(server.address())
    database.open()
    try:
        await asyncio.gather(*(database.transact(hear(f"before-{n}")) for n in range(THREADS)))

        def interrupted(tx: Transaction) -> None:
            hear("lost")(tx)
            server.stop_at_once()
            hear("lost too")(tx)

        with pytest.raises(OperationalError):
            await database.transact(interrupted)
        with pytest.raises(OperationalError):
            await database.transact(hear("away"))
        server.start()
        answers = await asyncio.gather(*(database.transact(hear(f"after-{n}")) for n in range(THREADS)))
        assert all(answers)
        kept = {f"{when}-{n}" for when in ("before", "after") for n in range(THREADS)}
        assert await database.read(heard) == kept
    finally:
        await asyncio.to_thread(database.close)


async def test_connections_that_went_stale_while_they_rested(
    server: databases.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody meets one: the server went and came back unseen."""
    monkeypatch.setattr(postgres, "RESTED", 0.0)
    upgrade(server.address())
    database = Postgres(server.address())
    database.open()
    try:
        await asyncio.gather(*(database.transact(hear(f"before-{n}")) for n in range(THREADS)))
        server.stop_at_once()
        server.start()
        assert all(await asyncio.gather(*(database.transact(hear(f"after-{n}")) for n in range(THREADS))))
    finally:
        await asyncio.to_thread(database.close)
