"""Today's code takes over what every version left: its databases, and the cards in the chats."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, delete, insert

from bot.app import DRAWINGS, ROUTER
from bot.chat.action import Action
from bot.chat.router import Router
from bot.context import Context, Reading
from bot.context import Notice as Drawing
from bot.locales import LANGUAGES, Translator, catalogue
from bot.replies import Replies
from handlers.polls.cards import Vote
from scheduler.engine import upgrade
from scheduler.timetable import RECURRING
from storage import tables
from storage.engines.connect import problems
from tests import databases
from tests.house import SECRET
from tests.storage.test_migrations import differing_references, ours
from tests.versions import fixture, removed, replay
from tests.versions.fixture import Actions

ROOT = fixture.FOLDER.parent.parent
KEYS = {str(message.id) for message in catalogue("en") if message.id}
DRAWN = (*DRAWINGS, Replies(ROUTER, SECRET).notice)


@dataclass(frozen=True)
class Version:
    """`url`: its database, upgraded."""

    folder: Path
    kind: str
    url: str
    actions: Actions


@contextmanager
def upgraded(name: str, kind: str, scratch: Path) -> Iterator[Version]:
    folder = fixture.FOLDER / name
    with databases.nothing(kind, scratch) as url:
        fixture.restore(folder, url)
        upgrade(url)
        yield Version(folder, kind, url, fixture.read_actions(folder, kind))


EACH = [(name, kind) for name in fixture.versions() for kind in databases.BACKENDS]


@pytest.fixture(scope="module", params=EACH, ids="-".join)
def version(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Version]:
    """One that is only read."""
    with upgraded(*request.param, tmp_path_factory.mktemp("version")) as version:
        yield version


@pytest.fixture(params=EACH, ids="-".join)
def own_version(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Version]:
    """One that may be changed."""
    with upgraded(*request.param, tmp_path) as version:
        yield version


@pytest.fixture
def newest(tmp_path: Path) -> Iterator[Version]:
    """The newest version on SQLite, which may be changed."""
    with upgraded(fixture.versions()[-1], "sqlite", tmp_path) as version:
        yield version


def test_this_version_has_a_fixture() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] in fixture.versions(), "run `make fixture VERSION=…`"


# The database


def test_the_upgraded_database_is_whole(version: Version) -> None:
    assert problems(version.url) == []


def test_the_upgraded_tables_are_those_of_today(version: Version) -> None:
    engine = create_engine(version.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours})
        assert compare_metadata(context, tables.metadata) == []
        assert differing_references(connection) == []
    engine.dispose()


def test_no_row_is_lost(version: Version) -> None:
    counts = fixture.read_counts(version.folder, version.kind)
    assert replay.lost_rows(version.url, counts, removed.ROWS) == []


# The cards in the chats


def test_every_action_is_understood_or_declared_as_removed(version: Version) -> None:
    assert replay.unknown_actions(ROUTER, version.actions.seen, removed.ACTIONS) == []


async def test_every_action_gets_an_answer(version: Version) -> None:
    assert await replay.failed_presses(version.url, version.actions, ROUTER, removed.ACTIONS) == []


# What stands in the tables


async def test_every_message_is_drawn(own_version: Version) -> None:
    now = own_version.actions.now
    assert await replay.undrawn_messages(own_version.url, now, DRAWN, removed.KINDS) == []


async def test_what_recurs_is_kept(version: Version) -> None:
    assert await replay.unknown_recurring(version.url, RECURRING, removed.RECURRING) == []


async def test_every_log_entry_is_said_in_every_language(version: Version) -> None:
    assert await replay.unsaid_entries(version.url, KEYS, removed.LOG_KEYS) == []
    for language in LANGUAGES:
        said = await replay.said_entries(version.url, language)
        assert all(said)
        assert removed.LOG_KEYS or Translator(language)("log.unknown") not in said


async def test_stored_json_is_read(version: Version) -> None:
    posts, rounds = await replay.load_all(version.url)
    assert posts
    assert all(post.copy.openings for post in posts)
    assert rounds
    assert await replay.unread_notes(version.url) == []


# What is forgotten is found


def renamed(formerly: tuple[str, ...]) -> Router[Context]:
    """The router with another verb for votes."""

    @dataclass(frozen=True)
    class Choose(Action, verb="choose", formerly=formerly):
        option: str

    clicks = {verb: heard for verb, heard in ROUTER.clicks.items() if verb != Vote.verb}
    _, handler = ROUTER.clicks[Vote.verb]
    return replace(ROUTER, clicks=clicks | dict.fromkeys(Choose.verbs(), (Choose, handler)))


async def test_a_renamed_verb_without_its_former_one_is_found(newest: Version) -> None:
    seen = [each for each in newest.actions.seen if each.action.startswith("vote/")]
    assert seen
    assert replay.unknown_actions(renamed(("vote",)), seen, {}) == []
    found = replay.unknown_actions(renamed(()), seen, {})
    assert len(found) == len({each.action for each in seen})
    assert replay.unknown_actions(renamed(()), seen, {"vote": "votes are gone"}) == []


def test_a_removed_verb_that_is_heard_again_is_found(newest: Version) -> None:
    seen = newest.actions.seen
    assert replay.unknown_actions(ROUTER, seen, {"vote": "votes are gone"}) == ["vote is not removed"]


def test_another_number_of_fields_is_found(newest: Version) -> None:
    votes = [each for each in newest.actions.seen if each.action.startswith("vote/")]
    longer = [replace(each, action=f"{each.action}/more") for each in votes[:1]]
    assert replay.unknown_actions(ROUTER, longer, {}) == [f"{longer[0].action} is not understood"]


async def test_a_handler_that_fails_is_found(newest: Version) -> None:
    def fails(ctx: Context, event: object, action: object) -> None:
        raise KeyError("planted")

    broken = replace(ROUTER, clicks=ROUTER.clicks | {"vote": (Vote, fails)})
    found = await replay.failed_presses(newest.url, newest.actions, broken, {})
    assert found
    assert all(sentence.startswith("vote/") for sentence in found)


async def test_a_button_that_leads_nowhere_any_more_is_found(newest: Version) -> None:
    without = replace(ROUTER, clicks={verb: heard for verb, heard in ROUTER.clicks.items() if verb != "help"})
    found = await replay.failed_presses(newest.url, newest.actions, without, {})
    assert found
    assert all(sentence.startswith("help of ") for sentence in found)


async def test_a_kind_that_nothing_draws_is_found(newest: Version) -> None:
    without = [drawing for drawing in DRAWN if drawing.kind.name != "recap"]
    now = newest.actions.now
    found = await replay.undrawn_messages(newest.url, now, without, {})
    assert found == ["nothing draws the kind recap"]
    assert await replay.undrawn_messages(newest.url, now, without, {"recap": "nobody read it"}) == []


async def test_a_message_that_cannot_be_drawn_is_found(newest: Version) -> None:
    def fails(reading: Reading) -> None:
        raise KeyError("planted")

    broken: Sequence[Drawing] = [
        replace(each, draw=fails) if each.kind.name == "recap" else each for each in DRAWN
    ]
    found = await replay.undrawn_messages(newest.url, newest.actions.now, broken, {})
    assert found
    assert all(sentence.endswith("is dead: could not be drawn") for sentence in found)


async def test_a_recurring_kind_that_nothing_keeps_is_found(newest: Version) -> None:
    without = RECURRING.keys() - {"recap"}
    assert await replay.unknown_recurring(newest.url, without, {}) == ["nothing keeps recap"]
    assert await replay.unknown_recurring(newest.url, without, {"recap": "nobody read it"}) == []


async def test_a_log_key_that_the_catalogue_lost_is_found(newest: Version) -> None:
    for lost in ("log.wall_hung", "setting.kudos"):
        assert {f"no {lost} in the catalogue"} == {
            sentence.partition(": ")[2]
            for sentence in await replay.unsaid_entries(newest.url, KEYS - {lost}, {})
        }
    assert await replay.unsaid_entries(newest.url, KEYS - {"log.wall_hung"}, {"log.wall_hung": "gone"}) == []


async def test_a_record_that_no_platform_reads_is_found(newest: Version) -> None:
    change(newest.url, insert(tables.notebook).values(key="irc:#cercle", record={}))
    assert await replay.unread_notes(newest.url) == ["nobody reads irc:#cercle"]


def test_a_lost_row_is_found(newest: Version) -> None:
    counts = fixture.read_counts(newest.folder, newest.kind)
    change(newest.url, delete(tables.click))
    lost = [f"click has 0 rows of {counts['click']}"]
    assert replay.lost_rows(newest.url, counts, {}) == lost
    assert replay.lost_rows(newest.url, counts, {"click": "kept by the day"}) == []


def change(url: str, statement: Any) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(statement)
    engine.dispose()
