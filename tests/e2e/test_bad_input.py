"""Bad input through every door: a kind private sentence, or a plain 401, and nothing typed is lost."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Protocol
from urllib.parse import urlencode

import pytest
from sqlalchemy import (
    CompoundSelect,
    Engine,
    LargeBinary,
    Table,
    Text,
    bindparam,
    cast,
    event,
    func,
    literal,
    select,
    union_all,
)

from bot.app import ROUTER, read_page
from bot.chat import plain
from bot.chat.action import Action, pack
from bot.chat.event import Click, Command, Sender, Submission
from bot.chat.form import Answers, TextInput, Value
from bot.chat.platform import Dispatch
from bot.chat.reply import Ask, Home, Replace, Say
from bot.clients.http import GuardedClient
from bot.domain.board import Matter
from bot.domain.circle import Role
from bot.domain.kudos import KudosKind, Why
from bot.domain.member import Preferences
from bot.domain.post import Found
from bot.domain.round import Cadence
from bot.locales import LANGUAGES, Translator
from handlers.actions import Leave, OpenPoll
from handlers.meetings.cards import SaveMeeting
from handlers.polls.cards import OpenBallot
from handlers.posts import jobs
from handlers.posts.cards import Compose, Edit, OpenCompose, Withdraw
from handlers.sharing.cards import AskAuthor, Later, OpenWords, SaveWords
from handlers.team.service import first_code
from storage import board, circles, kudos, people, pulses, rounds, tables
from storage.engines.database import Database
from storage.transaction import CircleTransaction, Transaction
from tests.e2e.conftest import Bot, Microsoft, Town
from tests.emulators.slack import FakeSlack, Fault, Kind, SlackUser
from tests.emulators.teams import APP_ID, TENANT, TeamsUser, words
from tests.emulators.web import Web, endless, page, redirect, reset
from tests.house import Clock, House
from tests.platforms.slack.blocks import check

FAILURES = tuple(Translator(language)("failure.title") for language in LANGUAGES)
KEPT = Translator("fr")("failure.kept")
TYPED = "Ces mots ont pris dix minutes."


# Doors


class Door(Protocol):
    """One way in. Each method returns all that the person is shown in answer, as words; "" for nothing."""

    platform: str
    workspace: str

    @property
    def database(self) -> Database: ...

    @property
    def dispatch(self) -> Dispatch: ...

    @property
    def clock(self) -> Clock: ...

    def user(self, number: int) -> str:
        """The platform's id of a person."""

    async def says(self, user: str, text: str) -> str: ...

    async def clicks(self, user: str, packed: str) -> str: ...

    async def submits(self, user: str, packed: str, values: Mapping[str, Value]) -> str: ...

    async def again(self) -> str:
        """The last request once more, byte for byte."""

    async def settle(self) -> None: ...

    def cards(self, user: str) -> list[str]:
        """The words of the lasting messages somebody has from the bot."""


@dataclass
class SlackDoor:
    bot: Bot
    slack: FakeSlack
    platform: str = "slack"
    workspace: str = "T1"
    last: SlackUser | None = None

    def __post_init__(self) -> None:
        self.database, self.dispatch, self.clock = (
            self.bot.cercle.database,
            self.bot.cercle.dispatch,
            self.bot.clock,
        )

    def user(self, number: int) -> str:
        id = f"U{number}"
        if id not in self.slack.users:
            self.slack.add_user(id, id, locale="fr-FR", tz="Europe/Paris")
        return id

    def person(self, user: str) -> SlackUser:
        self.last = SlackUser(self.slack, user, f"{self.bot.site}/slack/events", self.bot.web)
        return self.last

    async def says(self, user: str, text: str) -> str:
        return await self._answer(user, partial(self.person(user).command, text))

    async def clicks(self, user: str, packed: str) -> str:
        """A button on some message in the conversation with the bot."""
        action = {"action_id": "b1", "block_id": "b", "type": "button", "value": packed}
        place = self.slack.dm(user)
        payload = {
            "type": "block_actions",
            "actions": [action | {"action_ts": "1"}],
            "state": {"values": {}},
            "container": {"type": "message", "message_ts": "1.1", "channel_id": place},
            "channel": {"id": place},
            "response_url": self.slack.response_url(place, user),
        }
        return await self._answer(user, partial(self.person(user)._interact, payload))

    async def submits(self, user: str, packed: str, values: Mapping[str, Value]) -> str:
        view = {
            "id": "V1",
            "hash": "1.h",
            "type": "modal",
            "callback_id": "cercle",
            "private_metadata": packed,
            "blocks": [{"type": "input", "block_id": name} for name in values],
            "state": {"values": {name: _element(value) for name, value in values.items()}},
        }
        return await self._answer(
            user, partial(self.person(user)._interact, {"type": "view_submission", "view": view}), values
        )

    async def again(self) -> str:
        assert self.last
        return await self._answer(self.last.id, self.last.again)

    async def _answer(
        self, user: str, act: Callable[[], Any], values: Mapping[str, Value] | None = None
    ) -> str:
        before = {id(message) for message in self.slack.all_messages()}
        self.slack.modals.pop(user, None)
        ack = await act()
        assert ack.status == 200, ack
        await self.bot.answered()
        new = [m.words() for m in self.slack.all_messages() if id(m) not in before]
        kept = [v for v in (values or {}).values() if isinstance(v, str)] if ack.errors else []
        return " ".join([*new, *ack.errors.values(), *kept, _shown(self.slack.modals.get(user))])

    async def settle(self) -> None:
        await self.bot.settle()

    def cards(self, user: str) -> list[str]:
        return [m.words() for m in self.slack.seen(user) if not m.to and m.id]


def _element(value: Value) -> dict[str, Any]:
    """One input of view.state.values."""
    match value:
        case bool():
            ticked = [{"value": "true"}] if value else []
            return {"toggle": {"type": "checkboxes", "selected_options": ticked}}
        case tuple():
            return {"many": {"type": "checkboxes", "selected_options": [{"value": one} for one in value]}}
        case _:
            return {"text": {"type": "plain_text_input", "value": value}}


def _shown(view: Any) -> str:
    return json.dumps(view, ensure_ascii=False) if view else ""


@dataclass
class TeamsDoor:
    bot: Bot
    teams: Microsoft
    platform: str = "teams"
    workspace: str = TENANT
    last: tuple[TeamsUser, dict[str, Any]] | None = None
    installed: dict[str, TeamsUser] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database, self.dispatch, self.clock = (
            self.bot.cercle.database,
            self.bot.cercle.dispatch,
            self.bot.clock,
        )

    def user(self, number: int) -> str:
        aad = f"{number:08d}-cccc-4ccc-8ccc-000000000001"
        self.installed.setdefault(aad, TeamsUser(self.teams, f"P{number}", aad))
        self.teams.installed.add(aad)
        return aad

    async def says(self, user: str, text: str) -> str:
        return await self._answer(user, self.installed[user].activity("message", text=text))

    async def clicks(self, user: str, packed: str) -> str:
        """As Teams sends it: a button that opens a form asks for a dialog, any other is a message."""
        data = {"cercle": packed}
        if packed.partition("/")[0].endswith(".open"):
            return await self._invoke(user, "task/fetch", data)
        return await self._answer(user, self.installed[user].activity("message", value=data, replyToId="1"))

    async def submits(self, user: str, packed: str, values: Mapping[str, Value]) -> str:
        many = [name for name, value in values.items() if isinstance(value, tuple)]
        toggles = [name for name, value in values.items() if isinstance(value, bool)]
        typed = {
            name: ",".join(value)
            if isinstance(value, tuple)
            else str(value).lower()
            if isinstance(value, bool)
            else value
            for name, value in values.items()
        }
        form = {"cercle": packed, "cercle.form": True, "cercle.many": many, "cercle.toggles": toggles}
        return await self._invoke(user, "task/submit", form | typed)

    async def _invoke(self, user: str, name: str, data: dict[str, Any]) -> str:
        activity = self.installed[user].activity("invoke", name=name, value={"data": data}, replyToId="1")
        return await self._answer(user, activity)

    async def again(self) -> str:
        assert self.last
        user, activity = self.last
        return await self._answer(user.aad, activity)

    async def _answer(self, user: str, activity: dict[str, Any]) -> str:
        self.last = self.installed[user], activity
        before = set(self.teams.messages)
        status, answer = await self.teams.deliver(activity)
        assert status in (200, 202)
        await self.bot.answered()
        new = [words(m.card) for id, m in self.teams.messages.items() if id not in before]
        return " ".join([*new, json.dumps(answer, ensure_ascii=False) if answer else ""])

    async def settle(self) -> None:
        await self.bot.settle()

    def cards(self, user: str) -> list[str]:
        return [words(m.card) for m in self.teams.visible(f"a:{user}")]


@dataclass
class PlaygroundDoor:
    """The dispatcher itself, and the playground as its chat."""

    house: House
    client: GuardedClient
    platform: str = "playground"
    workspace: str = "playground"
    numbers: Any = field(default_factory=lambda: iter(("camille", "ines", "hugo", "awa", "lou", "tom")))
    names: dict[int, str] = field(default_factory=dict)
    last: Command | Click | Submission | None = None

    def __post_init__(self) -> None:
        self.database, self.dispatch, self.clock = (
            self.house.database,
            self.house.dispatch,
            self.house.clock,
        )

    def user(self, number: int) -> str:
        if number not in self.names:
            self.names[number] = next(self.numbers)
        return self.names[number]

    async def says(self, user: str, text: str) -> str:
        return await self._hears(Command(self.house.key(), self.house.sender(user), text))

    async def clicks(self, user: str, packed: str) -> str:
        return await self._hears(Click(self.house.key(), self.house.sender(user), packed))

    async def submits(self, user: str, packed: str, values: Mapping[str, Value]) -> str:
        answers = Answers(dict(values))
        return await self._hears(Submission(self.house.key(), self.house.sender(user), packed, answers))

    async def again(self) -> str:
        assert self.last
        return await self._hears(self.last)

    async def _hears(self, event: Command | Click | Submission) -> str:
        self.last = event
        match (await self.dispatch(event)).reply:
            case Ask(form, errors):
                kept = [part.value for part in form.parts if isinstance(part, TextInput)]
                return " ".join([form.title, *errors.values(), *kept])
            case Say(card) | Home(card) | Replace(card):
                return plain.render(card)
            case None:
                return ""

    async def settle(self) -> None:
        await jobs.read_pages(self.database, partial(read_page, self.client), self.clock)
        for _ in range(3):
            await self.house.pump.drain()
            self.clock.pass_(seconds=1)

    def cards(self, user: str) -> list[str]:
        return [plain.render(card) for card in self.house.cards(user)]


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with Web() as web:
        web.answers |= {
            "/page": page(b"<title>Une page</title>"),
            "/endless": endless(),
            "/inside": redirect("http://127.0.0.1:9/admin"),
            "/metadata": redirect("http://169.254.169.254/latest/meta-data/"),
            "/file": redirect("file:///etc/passwd"),
            "/round": redirect("/round"),
            "/reset": reset,
        }
        yield web


@pytest.fixture(params=["slack", "teams", "playground"])
async def door(request: pytest.FixtureRequest, town: Town, web: Web, clock: Clock) -> AsyncIterator[Door]:
    origins = frozenset({web.origin})
    match request.param:
        case "slack":
            async with FakeSlack(check=check) as slack, town.bot(slack=slack, origins=origins) as bot:
                yield SlackDoor(bot, slack)
                assert slack.complaints == []
        case "teams":
            teams = Microsoft(clock)
            teams.strict = False  # hundreds of answers in one instant of a clock that stands still
            await teams.start()
            async with town.bot(teams=teams, origins=origins) as bot:
                yield TeamsDoor(bot, teams)
            await teams.close()
            assert teams.complaints == []
        case _:
            house: House = request.getfixturevalue("house")
            async with GuardedClient(allowed_origins=origins) as client:
                yield PlaygroundDoor(house, client)


# A circle to stand in


@dataclass(frozen=True)
class Ids:
    """What stands in a circle, by the field of the action that names it."""

    circle: str
    topic: str
    draft: str
    used_draft: str
    post: str
    withdrawn: str
    question: str
    message: str
    meeting: str = "me"
    poll: str = "po"
    option: str = "op"
    kudos: str = "k"
    whisper: str = "w"
    pulse: str = "p"
    round: str = "r"
    gathering: str = "g"
    theme: str = "th"

    def of(self, name: str) -> str | int:
        """Raises KeyError for a field that nobody has thought of."""
        known: dict[str, str | int] = {
            "draft": self.draft,
            "post": self.post,
            "question": self.question,
            "message": self.message,
            "meeting": self.meeting,
            "poll": self.poll,
            "option": self.option,
            "changes": 0,
            "notes": 0,
            "seen": "0" * 12,
            "pulse": self.pulse,
            "round": self.round,
            "gathering": self.gathering,
            "theme": self.theme,
            "matter": "blocker",
            "page": 1,
            "until": 29_900_000,
            "setting": "cadence",
            "stance": "agree",
            "network": "linkedin",
            "language": "en",
            "version": 1,
            "kudos": self.kudos,
            "whisper": self.whisper,
            "kind": "courage",
            "state": "dead",
            "reply": "0" * 22,
        }
        return known[name]


FOREIGN = frozenset(
    {
        "draft",
        "post",
        "question",
        "message",
        "meeting",
        "poll",
        "option",
        "kudos",
        "whisper",
        "pulse",
        "round",
        "gathering",
        "theme",
    }
)
"""Fields that name a row of somebody's circle."""


@dataclass
class Founder:
    """Makes a circle with one of everything, the way people do: by events."""

    dispatch: Dispatch
    database: Database
    clock: Clock
    platform: str
    workspace: str
    lead: str
    member: str
    mark: str
    keys: Any = field(default_factory=itertools.count)

    def sender(self, user: str) -> Sender:
        return Sender(self.platform, self.workspace, user, user, "fr-FR", "Europe/Paris")

    async def __call__(self) -> Ids:
        await self._command(self.lead, "help")
        code = await self.database.transact(partial(first_code, now=self.clock()))
        await self._command(self.lead, f"lead {code}")
        circle_id = (await self.database.read(partial(self._circle))).id
        topic = (await self.database.read(lambda tx: circles.topics(CircleTransaction(tx, circle_id))))[1].id
        await self._submit(self.member, "join/1", {**WISHES, "topics": (topic,)})
        draft, used, other = [await self._draft(circle_id) for _ in range(3)]
        for one in (used, other):
            await self._submit(self.lead, pack(Compose(one)), {**self._written(), "topic": topic})
        post, withdrawn = (
            row[0]
            for row in await self._rows(select(tables.post.c.id).where(tables.post.c.circle_id == circle_id))
        )
        await self._submit(self.member, pack(AskAuthor(post)), {"question": f"{self.mark} question"})
        await self._submit(self.member, pack(SaveWords(post)), {"words": f"{self.mark} words"})
        await self._click(self.member, pack(Later(post)))
        await self._click(self.lead, pack(Withdraw(withdrawn)))
        question = (
            await self._rows(select(tables.question.c.id).where(tables.question.c.circle_id == circle_id))
        )[0][0]
        message = await self.database.transact(partial(_bury_one, circle_id=circle_id))
        meeting = await self._meeting(circle_id)
        thanks = await self.database.transact(partial(_thank, circle_id=circle_id, now=self.clock()))
        poll = await self._poll(circle_id)
        pulse, round = await self.database.transact(partial(_ask, circle_id=circle_id, now=self.clock()))
        gathered = await self.database.transact(
            partial(_gather, circle_id=circle_id, mark=self.mark, now=self.clock())
        )
        return Ids(
            circle_id,
            topic,
            draft,
            used,
            post,
            withdrawn,
            question,
            message,
            meeting,
            *poll,
            *thanks,
            pulse=pulse,
            round=round,
            gathering=gathered[0],
            theme=gathered[1],
        )

    async def _poll(self, circle_id: str) -> tuple[str, str]:
        """A poll and one of its options."""
        await self._click(self.member, pack(OpenPoll()))
        d, o = tables.poll_draft.c, tables.poll_option.c
        (draft,) = await self._rows(select(d.id).where(d.circle_id == circle_id))
        closes = {"closes_date": (self.clock() + timedelta(days=9)).date().isoformat()}
        asked = {"question": f"{self.mark} poll", "options": f"{self.mark}\nno", **closes}
        rules = ("live", "anonymous", "open_options", "asks_words")
        await self._submit(self.member, pack(OpenBallot(draft.id)), {**asked, "rules": rules})
        options = await self._rows(select(o.poll_id, o.id).where(o.circle_id == circle_id))
        return str(options[0].poll_id), str(options[0].id)

    async def _meeting(self, circle_id: str) -> str:
        await self._command(self.lead, "meeting")
        m = tables.meeting.c
        (row,) = await self._rows(select(m.id).where(m.circle_id == circle_id))
        place = {"day": "2026-12-22", "at": "10:00", "place": f"{self.mark} room"}
        await self._submit(self.lead, pack(SaveMeeting(row.id, 0)), place)
        return str(row.id)

    def _circle(self, tx: Transaction) -> Any:
        found = people.find(tx, self.platform, self.workspace, self.lead)
        assert found
        return found[0]

    def _written(self) -> dict[str, Value]:
        return {
            "url": "https://example.org/a",
            "title": f"{self.mark} title",
            "why": f"{self.mark} why",
            "opening_1": f"{self.mark} opening",
            "expires": (self.clock() + timedelta(days=9)).date().isoformat(),
        }

    async def _draft(self, circle_id: str) -> str:
        await self._command(self.lead, "post https://example.org/a")
        d = tables.draft.c
        waiting = select(d.id).where(d.circle_id == circle_id, d.state == "waiting")
        draft_id = str((await self._rows(waiting))[0][0])
        found = Found("https://example.org/a", f"{self.mark} page")
        now = self.clock()
        await self.database.transact(
            lambda tx: jobs.tell_author(CircleTransaction(tx, circle_id), draft_id, found, now)
        )
        return draft_id

    async def _rows(self, query: Any) -> list[Any]:
        return await self.database.read(lambda tx: list(tx.execute(query)))

    def _key(self) -> str:
        return f"{self.mark}-{next(self.keys)}"

    async def _command(self, user: str, text: str) -> None:
        await self._heard(Command(self._key(), self.sender(user), text))

    async def _click(self, user: str, packed: str) -> None:
        await self._heard(Click(self._key(), self.sender(user), packed))

    async def _submit(self, user: str, packed: str, values: Mapping[str, Value]) -> None:
        await self._heard(Submission(self._key(), self.sender(user), packed, Answers(dict(values))))

    async def _heard(self, event: Command | Click | Submission) -> None:
        reply = (await self.dispatch(event)).reply
        assert not isinstance(reply, Ask) or isinstance(event, Click), reply
        assert not isinstance(reply, Say) or reply.card.title not in FAILURES, plain.render(reply.card)


WISHES: dict[str, Value] = {
    "consent": True,
    "networks": ("linkedin", "x"),
    "ceiling": "2",
    "day_start": "09:00",
    "day_end": "18:00",
    "days": ("0", "1", "2", "3", "4"),
}


def _thank(tx: Transaction, circle_id: str, now: datetime) -> tuple[str, str]:
    """A thank-you that awaits its answer, and a whisper."""
    p = tables.person.c
    giver, receiver = tx.execute(select(p.id).where(p.circle_id == circle_id).limit(2)).scalars()
    circle = CircleTransaction(tx, circle_id)
    given = kudos.give(circle, giver, KudosKind.IDEA, "Secret thanks", [receiver], now)
    return given, kudos.whisper(circle, giver, receiver, Why.POSTED, now)


def _ask(tx: Transaction, circle_id: str, now: datetime) -> tuple[str, str]:
    """A pulse and a consent round, both open."""
    p = tables.person.c
    author = tx.execute(select(p.id).where(p.circle_id == circle_id).limit(1)).scalar_one()
    circle = CircleTransaction(tx, circle_id)
    pulse, until = pulses.start(circle, now, now + timedelta(days=7)), now + timedelta(days=5)
    return str(pulse), rounds.start(circle, author, Cadence(1), "Secret why", now, until)


def _gather(tx: Transaction, circle_id: str, mark: str, now: datetime) -> tuple[str, str]:
    """A signed gathering that is open, and a theme made of what was said."""
    circle = CircleTransaction(tx, circle_id)
    gathering = board.start(circle, None, now, now + timedelta(days=7), anonymous=False)
    assert gathering
    said = {Matter.BLOCKER: f"{mark} blocker", Matter.PRACTICE: f"{mark} practice"}
    board.tell(circle, gathering, said, "somebody", now, signed=False)
    return gathering, board.add(circle, Matter.BLOCKER, f"{mark} theme", now)


def _bury_one(tx: Transaction, circle_id: str) -> str:
    """A dead letter, as the pump leaves one."""
    m = tables.message.c
    message_id = tx.execute(select(m.id).where(m.circle_id == circle_id, m.kind == "post")).scalars().first()
    tx.execute(
        tables.message.update()
        .where(m.circle_id == circle_id, m.id == message_id)
        .values(state="dead", last_error="channel_not_found")
    )
    return str(message_id)


async def founded(door: Door) -> Ids:
    """The door's own circle: person 1 leads, person 2 is a member."""
    lead, member = door.user(1), door.user(2)
    found = Founder(
        door.dispatch, door.database, door.clock, door.platform, door.workspace, lead, member, "Ours"
    )
    return await found()


def kind(answer: str) -> str:
    """The answer, which is one, and is no apology for a fault of ours."""
    assert answer.strip()
    assert not any(failure in answer for failure in FAILURES), answer
    assert "Traceback" not in answer
    return answer


# One thing at a time


async def test_an_unknown_verb_is_met_with_what_there_is(door: Door) -> None:
    answer = kind(await door.says(door.user(1), "jion the circle"))
    assert "rejoindre" in answer
    assert "jion" in answer


REFUSED = {
    "post https://example.org/a": "équipe communication",
    "contenus": "équipe communication",
    "appel": "équipe communication",
    "pause 2026-12-01": "membres du cercle",
    "lead AAAA-BBBB": "code",
    "language klingon": "français et anglais",
}


async def test_the_wrong_role_is_told_kindly(door: Door) -> None:
    await founded(door)
    for text, sentence in REFUSED.items():
        assert sentence in kind(await door.says(door.user(3), text))


async def test_a_left_member_pressing_an_old_button(door: Door) -> None:
    ids = await founded(door)
    member = door.user(2)
    await door.clicks(member, pack(Leave()))
    for action in (Later(ids.post), OpenWords(ids.post)):
        assert "membres du cercle" in kind(await door.clicks(member, pack(action)))
    answer = kind(await door.submits(member, pack(SaveWords(ids.post)), {"words": TYPED}))
    assert TYPED in answer


async def test_a_button_of_a_withdrawn_card(door: Door) -> None:
    ids = await founded(door)
    for action in (Later(ids.withdrawn), OpenWords(ids.withdrawn)):
        assert "n’est plus partagé" in kind(await door.clicks(door.user(2), pack(action)))
    answer = kind(await door.submits(door.user(2), pack(SaveWords(ids.withdrawn)), {"words": TYPED}))
    assert "n’est plus partagé" in answer
    assert TYPED in answer


async def test_a_form_that_was_used_already(door: Door) -> None:
    ids = await founded(door)
    await door.says(door.user(1), "help")
    before = await door.database.read(partial(dump, circle_id=ids.circle))
    answer = kind(await door.submits(door.user(1), pack(Compose(ids.used_draft)), {"why": TYPED}))
    assert Translator("fr")("error.FormGone") in answer
    assert KEPT in answer
    assert TYPED in answer
    assert await door.database.read(partial(dump, circle_id=ids.circle)) == before
    kind(await door.clicks(door.user(1), pack(OpenCompose(ids.used_draft))))


async def test_over_long_words_stay_in_the_form(door: Door) -> None:
    ids = await founded(door)
    long = "é" * (3000 - len(TYPED)) + TYPED
    answer = kind(await door.submits(door.user(2), pack(SaveWords(ids.post)), {"words": long}))
    assert "LinkedIn, qui en accepte 3" in answer
    assert TYPED in answer


async def test_over_long_text_that_no_form_would_have_let_through(door: Door) -> None:
    """Only a client that is not the platform's sends this."""
    ids = await founded(door)
    sentence = Translator("fr")("platform.too_long")
    values: dict[str, Value] = {
        "url": "https://example.org/a",
        "title": TYPED * 200,
        "why": "w" * 501,
        "opening_1": "o" * 1001,
        "topic": ids.topic,
        "expires": "2026-12-08",
    }
    await door.says(door.user(1), "help")
    before = await door.database.read(partial(dump, circle_id=ids.circle))
    answer = kind(await door.submits(door.user(1), pack(Edit(ids.post)), values))
    assert sentence in answer
    assert TYPED * 200 in answer
    assert await door.database.read(partial(dump, circle_id=ids.circle)) == before
    asked = {"question": TYPED * 200}
    answer = kind(await door.submits(door.user(2), pack(AskAuthor(ids.post)), asked))
    assert sentence in answer
    assert TYPED * 200 in answer


# Links


HOSTILE = {
    "http://10.0.0.1/": "page.forbidden",
    "http://127.0.0.1:9/": "page.forbidden",
    "http://localhost/": "page.forbidden",
    "http://169.254.169.254/latest/": "page.forbidden",
    "http://[::1]/": "page.forbidden",
    "https://nowhere.invalid/": "page.unreachable",
    "/endless": "page.blank",
    "/inside": "page.forbidden",
    "/metadata": "page.forbidden",
    "/file": None,
    "/round": "page.astray",
    "/reset": None,
    "/missing": "page.missing",
}
"""A link, or a path of the page server, and why it cannot be read; None where any reason will do."""


async def test_hostile_links_give_a_sentence_and_an_empty_form(door: Door, web: Web) -> None:
    await founded(door)
    lead, t = door.user(1), Translator("fr")
    before = await drafts(door)
    for link in HOSTILE:
        url = web.origin + link if link.startswith("/") else link
        assert "en cours de lecture" in kind(await door.says(lead, f"post {url}"))
    for _ in range(len(HOSTILE)):
        await door.settle()
    read = {url: (state, problem, id) for id, url, state, problem in await drafts(door) - before}
    for link, reason in HOSTILE.items():
        state, problem, draft_id = read[web.origin + link if link.startswith("/") else link]
        assert state == "unreadable", link
        assert problem == reason or reason is None, link
        card = next(card for card in door.cards(lead) if link in card and "n’a pas pu être lue" in card)
        assert " ".join(t(problem).split()) in " ".join(card.split())
        form = kind(await door.clicks(lead, pack(OpenCompose(draft_id))))
        assert t("compose.title") in form
        assert link in form


async def drafts(door: Door) -> set[tuple[str, ...]]:
    d = tables.draft.c
    rows = await door.database.read(lambda tx: list(tx.execute(select(d.id, d.url, d.state, d.problem))))
    return {tuple(row) for row in rows}


async def test_what_is_no_link_is_said_at_once(door: Door) -> None:
    await founded(door)
    before = await drafts(door)
    for typed in ("", "file:///etc/passwd", "javascript:alert(1)", "ftp://a.b/c", "https://"):
        answer = kind(await door.says(door.user(1), f"post {typed}".strip()))
        assert "https://" in answer
        if door.platform != "teams":  # where what was typed stands in the conversation anyway
            assert typed in answer
    assert await drafts(door) == before


# Forged and replayed


async def test_a_replayed_request_has_one_effect(door: Door) -> None:
    ids = await founded(door)
    question = {"question": "Une seule fois ?"}
    kind(await door.submits(door.user(2), pack(AskAuthor(ids.post)), question))
    assert (await door.again()).strip() == ""
    q = tables.question.c
    asked = await door.database.read(
        lambda tx: tx.execute(select(q.id).where(q.text == "Une seule fois ?")).all()
    )
    assert len(asked) == 1


async def test_forged_requests_to_slack_are_401(town: Town, slack: FakeSlack) -> None:
    async with town.bot(slack=slack) as bot:
        user = SlackUser(slack, "U1", f"{bot.site}/slack/events", bot.web)
        await user.command("help")
        body, headers = user.sent[-1]
        stale = {"X-Slack-Request-Timestamp": str(int(slack.signing_clock()) - 400)}
        wrong = {"X-Slack-Signature": "v0=" + "0" * 64}
        before = await bot.rows("select count(*) from inbox")
        for changed in (stale, wrong, {"X-Slack-Signature": ""}, {"X-Slack-Request-Timestamp": "soon"}):
            async with bot.web.post(user.url, data=body, headers=headers | changed) as answer:
                assert answer.status == 401
                assert "Traceback" not in await answer.text()
        tampered = body.replace("text=help", "text=quitter")
        async with bot.web.post(user.url, data=tampered, headers=headers) as answer:
            assert answer.status == 401
        for nonsense in ("{}", '{"type": "block_actions"}', urlencode({"payload": "[]"}), "payload=%7B"):
            ack = await user.post(nonsense)
            assert ack.status in (200, 400)
            assert "Traceback" not in ack.text
        assert await bot.rows("select count(*) from inbox") == before


async def test_forged_requests_to_teams_are_401(town: Town, teams: Microsoft) -> None:
    async with town.bot(teams=teams) as bot:
        user = TeamsUser(teams, "Ada", "00000001-cccc-4ccc-8ccc-000000000001")
        activity = user.activity("message", text="help")
        headers = (
            "",
            "Bearer nonsense",
            f"Bearer {teams.inbound_token(aud='someone-else')}",
            f"Bearer {teams.inbound_token(iss='https://evil.example')}",
            f"Bearer {teams.inbound_token(exp=1)}",
            f"Bearer {teams.inbound_token(serviceurl='https://evil.example/')}",
        )
        for header in headers:
            status, _ = await teams.deliver(activity, header)
            assert status == 401, header
        stranger = {**activity, "channelData": {"tenant": {"id": APP_ID}}}
        stranger["conversation"] = {**stranger["conversation"], "tenantId": APP_ID}
        assert (await teams.deliver(stranger))[0] == 403
        for nonsense in ({}, {"type": 3}, user.activity("message", value={"cercle": 4})):
            assert (await teams.deliver(nonsense))[0] in (200, 202, 400)
        assert await bot.rows("select count(*) from person") == [(0,)]


async def test_a_trigger_that_expired(town: Town, slack: FakeSlack) -> None:
    """Slack opens a form within three seconds or not at all; a button opens it later."""
    async with town.bot(slack=slack) as bot:
        door = SlackDoor(bot, slack)
        slack.faults.script("views.open", Fault(Kind.REFUSE, code="expired_trigger_id"))
        later = kind(await door.says("U1", "join"))
        assert "Entrer dans le cercle" in later
        assert "Ouvrir le formulaire" in later
        assert "Entrer dans le cercle" in kind(await door.says("U1", "join"))


# Other people's ids


KEYS: dict[Table, Any] = {
    table: key for table in tables.metadata.sorted_tables if (key := table.c.get("circle_id")) is not None
} | {tables.circle: tables.circle.c.id}
"""Of each table that belongs to circles, the column that names the circle."""
CASCADING = frozenset(
    table for table in KEYS for key in table.foreign_keys if (key.ondelete or "").upper() == "CASCADE"
)
WRITE = re.compile(r'\b(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')


def dump(tx: Transaction, circle_id: str, read: Collection[Table] = KEYS) -> list[tuple[str, str]]:
    """Return every row of a circle in those tables: the name of its table, and all its columns as JSON."""
    if not read:
        return []
    return sorted(map(tuple, tx.execute(_every_row(tx.dialect.name, frozenset(read)), {"circle": circle_id})))


@cache
def _every_row(dialect: str, read: frozenset[Table]) -> CompoundSelect[tuple[str, str]]:
    """Build one statement that reads all of them. It is built once, because it runs thousands of times."""
    sqlite = dialect == "sqlite"
    array = func.json_array if sqlite else func.json_build_array

    def columns(table: Table) -> list[Any]:
        return [func.hex(c) if sqlite and isinstance(c.type, LargeBinary) else c for c in table.c]

    return union_all(
        *(
            select(literal(table.name), cast(array(*columns(table)), Text)).where(
                KEYS[table] == bindparam("circle")
            )
            for table in read
        )
    )


@contextmanager
def writes() -> Iterator[set[Table]]:
    """Yield the tables of circles that any statement has written to; whoever has looked clears them."""
    written: set[Table] = set()

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        for verb, name in WRITE.findall(statement):
            if (table := tables.metadata.tables.get(name)) is not None:
                written.update({table} & KEYS.keys(), CASCADING if verb == "DELETE FROM" else ())

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield written
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def build(action: type[Action], ids: Ids) -> Action:
    """An action that names rows of that circle. A field nobody has thought of fails the test: it belongs in
    `Ids.of`, and in FOREIGN if it names a row."""
    try:
        values = {each.name: ids.of(each.name) for each in fields(action)}  # type: ignore[arg-type]
    except KeyError as unknown:
        pytest.fail(f"{action.__name__} has a field that Ids.of cannot fill: {unknown}")
    return action(**values)


ACTIONS = {
    **{verb: row[0] for verb, row in ROUTER.clicks.items()},
    **{verb: row[0] for verb, row in ROUTER.submissions.items()},
}


def test_the_matrix_knows_every_field_and_a_new_one_fails() -> None:
    ids = Ids("c", "t", "d", "d2", "co", "co2", "q", "m")
    assert len(ACTIONS) == len(ROUTER.clicks) + len(ROUTER.submissions)
    for action in ACTIONS.values():
        build(action, ids)

    @dataclass(frozen=True, slots=True)
    class Novel(Action, verb="novel"):
        lesson: str

    with pytest.raises(pytest.fail.Exception, match="lesson"):
        build(Novel, ids)


def stand(tx: Transaction, door: Door, user: str, role: str, ids: Ids) -> None:
    """Have somebody hold exactly that role in the door's own circle; all but `none` are members."""
    people.add(tx, door.platform, door.workspace, user, zone="Europe/Paris", language="fr")
    found = people.find(tx, door.platform, door.workspace, user)
    assert found
    circle, person, member = found
    people.change(
        CircleTransaction(tx, circle.id),
        person,
        role=Role(role) if role in ("comms", "lead") else Role.NONE,
        chosen_language="",
    )
    if role != "none" and member is None:
        wishes = Preferences(topics=frozenset({ids.topic}), networks=("linkedin",))
        people.join(tx, person, wishes, 1, door.clock())


async def test_no_action_reaches_into_another_circle(door: Door) -> None:
    """Every action of the registry, as a click and as a form, with the ids of a circle next door."""
    theirs = await Founder(
        door.dispatch, door.database, door.clock, door.platform, "T9", "U91", "U92", "Secret"
    )()
    ours = await founded(door)
    intruder = door.user(3)
    values: dict[str, Value] = {
        **WISHES,
        "topics": (theirs.topic,),
        "topic": theirs.topic,
        "why": TYPED,
        "words": TYPED,
        "question": TYPED,
        "reason": TYPED,
        "value": "1",
        "until": "2026-12-01",
        "trust": "3",
        "pressure": "3",
        "energy": "3",
        "people": (f"{door.platform}:T9:U92",),
        "answer": TYPED,
        "blocker": TYPED,
        "practice": TYPED,
        "findings": (theirs.theme,),
        "owner": (f"{door.platform}:T9:U92",),
        "due_on": "2026-12-08",
        "options": TYPED,
        "minutes": TYPED,
        "place": TYPED,
        "day": "2026-12-23",
        "at": "10:00",
        "title": TYPED,
        "opening_1": TYPED,
        "url": "https://example.org/b",
        "expires": "2026-12-08",
        "back": "2026-12-01",
        "leads": (f"{door.platform}:{door.workspace}:{intruder}", f"{door.platform}:T9:U92"),
        "comms": (f"{door.platform}:T9:U92", f"{door.platform}:T9:U99"),
    }
    before = await door.database.read(partial(dump, circle_id=theirs.circle))
    with writes() as written:
        for verb, action in ACTIONS.items():
            packed = pack(build(action, theirs))
            reaches = any(each.name in FOREIGN for each in fields(action))  # type: ignore[arg-type]
            clicks, submits = (
                partial(door.clicks, intruder, packed),
                partial(door.submits, intruder, packed, values),
            )
            for role, act in itertools.product(("none", "member", "comms", "lead"), (clicks, submits)):
                await door.database.transact(partial(stand, door=door, user=intruder, role=role, ids=ours))
                answer, case = await act(), f"{verb} by {role}"
                assert not any(failure in answer for failure in FAILURES), (case, answer)
                assert "Secret" not in answer, (case, answer)
                assert answer.strip() or not reaches, case
                assert TYPED in answer or not (reaches and act is submits), (case, answer)
                assert written, "whoever acts is stored: the writes are not seen"
                names = {table.name for table in written}
                now = await door.database.read(partial(dump, circle_id=theirs.circle, read=written))
                assert now == [row for row in before if row[0] in names], case
                written.clear()
    assert await door.database.read(partial(dump, circle_id=theirs.circle)) == before


async def test_somebody_slack_tells_nothing_about(town: Town, slack: FakeSlack) -> None:
    """users.info fails: no name, no language, no zone; the circle's own stand in."""
    async with town.bot(slack=slack) as bot:
        door = SlackDoor(bot, slack)
        slack.faults.script("users.info", *[Kind.ERROR] * 9)
        kind(await door.says("U1", "help"))
        kind(await door.says("U2", "join"))
        answer = await door.submits("U2", "join/1", {**WISHES, "topics": await topics_of(door)})
        kind(answer)


async def topics_of(door: Door) -> tuple[str, ...]:
    topic = tables.topic.c.id
    return tuple(await door.database.read(lambda tx: list(tx.execute(select(topic)).scalars())))
