"""Ten weeks of one circle in two chats that leave data of every feature behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import insert, select

from bot.app import ROUTER
from bot.chat.card import Card, FormButton, every_item
from bot.chat.event import Command, HomeOpened, Installed, Removed
from bot.chat.form import Value
from bot.chat.messenger import Refused, Unavailable, Unsure
from bot.chat.platform import Answer
from bot.chat.reply import Ask, Home, Say
from bot.chat.report import ChannelClosed, ChannelJoined, ChannelRenamed, Connected, Disconnected
from bot.domain.board import Matter
from bot.domain.post import Found
from bot.domain.round import Round, setting_of
from bot.platforms.slack.messenger import SlackMessenger
from bot.platforms.teams.glue import Connectors, TeamsSettings
from bot.platforms.teams.messenger import TeamsMessenger
from bot.platforms.teams.parse import Conversation
from handlers.actions import OpenGathering, OpenPoll
from handlers.board.cards import SIGNED, OpenSort, Tell
from handlers.kudos.cards import GiveKudos
from handlers.polls.cards import RefreshPoll, SayWords, StopRepeating, Vote
from handlers.posts.cards import OpenEdit
from handlers.pulse.cards import AnswerPulse, StartPulse
from handlers.rhythm.cards import OpenRhythm
from handlers.rounds.cards import Object, StartRound, TakeStance, WithdrawRound
from handlers.sharing.cards import AskAuthor, Decline, Later, Posted
from handlers.sharing.readers import Visitor, follow, open_page
from scheduler.timetable import Tools
from storage import rounds, tables
from storage.engines.database import Database
from storage.notebook import Notebook
from storage.tables import new_id
from storage.transaction import CircleTransaction, Transaction
from tests.emulators.slack import FakeSlack
from tests.house import SITE, asked, filled
from tests.scheduler.world import Before
from tests.versions.crowd import Crowd, every_action
from tests.versions.fixture import Actions
from tests.year.cast import EDITOR, HOMES, LEAD, Player, Wishes
from tests.year.oracle import DAY
from tests.year.programme import PARIS, Arrival, offered

MONDAY = date(2026, 9, 28)
UNTIL = datetime(2026, 12, 4, 16, 30, tzinfo=UTC)
ALL_OF_IT = Wishes(ceiling=20)


def _player(id: str, zone: str, home: str, language: str) -> Player:
    return Player(id, zone, ALL_OF_IT, home, language)


INES = _player("ines", "Europe/Paris", "slack", "fr")
HUGO = _player("hugo", "Europe/Paris", "slack", "fr")
TOM = _player("tom", "Europe/London", "slack", "en")
AWA = _player("awa", "Africa/Dakar", "slack", "fr")
BEN = _player("ben", "Europe/Dublin", "slack", "en")
GIL = _player("gil", "Europe/Paris", "slack", "fr")
PRIYA = _player("priya", "Asia/Kolkata", "teams", "en")
NOE = _player("noe", "Europe/Paris", "teams", "fr")
LEA = _player("lea", "Europe/Paris", "teams", "fr")
MAX = _player("max", "America/New_York", "teams", "en")
MEMBERS = (LEAD, INES, HUGO, TOM, AWA, BEN, GIL, PRIYA, NOE, LEA, MAX)
"""Awa takes a break, Ben leaves, and nobody can write to Gil any more."""
FEW = (INES, HUGO, PRIYA)
NINA = _player("nina", "Europe/Paris", "slack", "fr")
"""Looks on and does not join."""
TOUR = (LEAD, EDITOR, INES, PRIYA, NINA, BEN)
"""One reader of each sort."""
HALL, YARD, ROOM = "slack:T1:C1", "slack:T1:C2", "teams:tenant:C3"
ATTIC = "slack:T1:C9"
PASSERS_BY = {"slack": (LEAD, NINA), "teams": (NOE,)}
UNSPOKEN = {"leave", "quitter", "lead", "référent", "referent", "référente"}
"""Commands that nobody tries in the tour at the end."""


@dataclass
class Circle(Crowd):
    """The circle of the fixture, and what its people do by themselves."""

    pulses: list[str] = field(default_factory=list)
    polls_to_all: list[str] = field(default_factory=list)
    opened: set[tuple[str, str]] = field(default_factory=set)
    put_off: str = ""
    """The first question, which nobody answers before it comes back."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tools = Tools(self.database, _read, self.clock)

    def on(
        self, day: int, clock: time, act: Callable[..., Awaitable[object]], *more: Any, **named: Any
    ) -> None:
        """Plan an act on a day after MONDAY, by the clock of Paris."""
        moment = datetime.combine(MONDAY + day * DAY, clock, PARIS).astimezone(UTC)
        self.at(moment, partial(act, *more, **named))

    def reacts(self, arrival: Arrival) -> None:
        if (habit := HABITS.get(arrival.kind)) is not None:
            self.soon(partial(habit, self, arrival))
        if arrival.kind == "question":
            self.put_off = self.put_off or arrival.subject
        if (arrival.kind, arrival.subject) != ("question", self.put_off):
            self.soon(partial(self.rereads, arrival))

    # Readers, by what arrives

    async def tells_how_it_is(self, arrival: Arrival) -> None:
        """Few answer the first pulse; the others are low and high in turn."""
        if arrival.subject not in self.pulses:
            self.pulses.append(arrival.subject)
        number = self.pulses.index(arrival.subject)
        if number:
            marks = {"trust": "1" if number % 2 else "5", "pressure": "3", "energy": "4"}
            await self.submits(arrival.player, AnswerPulse(arrival.subject), **marks, words="It is fine.")

    async def votes(self, arrival: Arrival) -> None:
        """Few answer the second poll that goes to all. In the first one some say more."""
        if arrival.subject not in self.polls_to_all:
            self.polls_to_all.append(arrival.subject)
        number = self.polls_to_all.index(arrival.subject)
        vote = offered(self.card(arrival), Vote, self.dice)
        if vote is None or (number == 1 and arrival.player not in FEW):
            return
        await self.presses(arrival.player, vote)
        if number == 0:
            words = f"So says {arrival.player.id}."
            await self.submits(arrival.player, SayWords(arrival.subject), words=words)

    async def speaks_up(self, arrival: Arrival) -> None:
        """All agree on most; two object on the poll's week, and nobody says anything about the recap's."""
        round = await self.database.transact(partial(_round, subject=arrival.subject))
        setting = setting_of(round.change)
        if setting == "ritual:poll" and arrival.player in (INES, PRIYA):
            await self.submits(arrival.player, Object(arrival.subject), reason="I like it as it is.")
        elif setting not in ("ritual:poll", "ritual:recap"):
            await self.presses(arrival.player, TakeStance(arrival.subject, "agree"))

    async def says_what_holds_back(self, arrival: Arrival) -> None:
        words = {
            "blocker": f"Time, said {arrival.player.id}.",
            "practice": f"A walk, said {arrival.player.id}.",
        }
        reply = await self.submits(arrival.player, Tell(arrival.subject), **words, sign=True)
        if isinstance(reply, Say):
            await self.explores(arrival.player, reply.card)

    async def tells(self, player: Player) -> None:
        """What is asked at the moment."""
        form = asked(await self.says(player, "blockers"))
        await self.submits(player, form.action, blocker=f"Meetings, says {player.id}.")

    async def posts(self, arrival: Arrival) -> None:
        acts = {INES: Posted, TOM: Posted, PRIYA: Posted, HUGO: Decline, LEA: Later}
        if (act := acts.get(arrival.player)) is not None:
            more = ("linkedin",) if act is Posted else ()
            await self.presses(arrival.player, act(arrival.subject, *more))

    # Acts of the programme

    async def asks_with_names(self, player: Player) -> None:
        """What holds back, to be answered under one's name."""
        form = asked(await self.presses(player, OpenGathering()))
        await self.submits(player, form.action, **{**filled(form), "anonymity": SIGNED})

    async def starts_pulse(self, player: Player) -> None:
        reply = await self.says(player, "pulse")
        assert isinstance(reply, Say), reply
        await self.presses(player, next(every_action(reply.card)))

    async def sorts(self, matter: Matter) -> None:
        """Each finding becomes a theme of its own."""
        while isinstance(reply := await self.presses(LEAD, OpenSort(matter)), Ask):
            await self.sends(LEAD, reply.form)

    async def prefers(self, player: Player, **answers: Value) -> None:
        form = asked(await self.says(player, "settings"))
        await self.submits(player, form.action, **{**filled(form), **answers})

    async def proposes_week(self, player: Player, ritual: str, week: int, days: int) -> None:
        await self.starts_round(player, "ritual", days, ritual=ritual, value=str(week))

    async def starts_round(self, player: Player, setting: str, days: int, **values: Value) -> None:
        until = self.clock().astimezone(ZoneInfo(player.zone)).date() + days * DAY
        values |= {"reason": "Let us try.", "until": until.isoformat()}
        await self.submits(player, StartRound(setting), **values)

    async def withdraws_round(self, player: Player) -> None:
        """The latest one."""
        r = tables.round.c
        latest = select(r.id).order_by(r.opened_at.desc()).limit(1)
        round = await self.database.transact(lambda tx: tx.execute(latest).scalar_one())
        await self.presses(player, WithdrawRound(round))

    async def opens_poll(self, player: Player, place: str, days: int, **values: Value) -> None:
        form = asked(await self.presses(player, OpenPoll(), place))
        closes = self.clock().astimezone(ZoneInfo(player.zone)).date() + days * DAY
        given: dict[str, Value] = {
            "question": f"What do you think, {next(self.numbers)}?",
            "options": "Yes\nNo\nPerhaps",
            "closes_date": closes.isoformat(),
            "closes_time": "17:00",
        }
        await self.submits(player, form.action, **{**filled(form), **given, **values})

    async def stops_repeating(self, player: Player) -> None:
        c = tables.poll.c
        repeating = select(c.id).where(c.repeats != "")
        poll = await self.database.transact(lambda tx: tx.execute(repeating).scalar_one())
        await self.presses(player, StopRepeating(poll))

    async def loses_poll(self, player: Player) -> None:
        """One that the channel does not take."""
        self.chats["slack"].before = _refuses(YARD)
        await self.says(player, 'poll "Where shall we meet?" "Here" "There"', YARD)
        await self.pump.drain()
        self.chats["slack"].before = None

    async def hears_of_channels(self) -> None:
        """Cercle is brought into three channels. One of them gets another name, and one is archived."""
        home = "slack", HOMES["slack"]
        for place in (HALL, YARD, ATTIC):
            await self.dispatch.report(ChannelJoined(self._key(), *home, place))
        await self.dispatch.report(ChannelRenamed(self._key(), *home, HALL, "#general"))
        await self.dispatch.report(ChannelClosed(self._key(), *home, ATTIC))

    async def loses_connection(self) -> None:
        """Slack does not accept Cercle for a while. The lead reads that in the other chat."""
        await self.database.transact(_lead_in_teams)
        await self.dispatch.report(Disconnected(self._key(), "slack", HOMES["slack"]))
        await self.pump.drain()
        await self.dispatch.report(Connected("", "slack", HOMES["slack"]))

    async def fails_once(self, chat: str) -> None:
        """The next message to that chat is refused."""
        self.chats[chat].meets("send", Refused("not_allowed"))

    async def loses_call(self, place: str) -> None:
        """One of which nobody can tell whether it arrived."""
        slack = self.chats["slack"]
        slack.tells = False
        slack.meets("send", Unsure("the answer was lost"))
        await self.says(LEAD, "call", place)
        await self.pump.drain()

    async def thanks(self, giver: Player, receiver: Player, kind: str) -> None:
        values: dict[str, Value] = {"people": (receiver.address,), "kind": kind}
        await self.submits(giver, GiveKudos(""), **values, reason=f"for number {next(self.numbers)}")

    async def asks_and_explores(self, player: Player, words: str, place: str = "") -> None:
        reply = await self.says(player, words, place)
        if isinstance(reply, Say):
            await self.explores(player, reply.card, place)

    async def changes_rhythm(self) -> None:
        form = asked(await self.presses(LEAD, OpenRhythm()))
        await self.submits(LEAD, form.action, **{**filled(form), "kudos": "2", "at": "11:00"})

    async def illustrates(self) -> None:
        """The latest post gets a picture and other networks."""
        c = tables.post.c
        latest = select(c.id).order_by(c.created_at.desc()).limit(1)
        post = await self.database.transact(lambda tx: tx.execute(latest).scalar_one())
        form = asked(await self.presses(LEAD, OpenEdit(post)))
        picture = {"picture_url": "https://example.org/table.png", "picture_alt": "Four people at a table"}
        more: dict[str, Value] = {"opening_2": "I learned a lot.", "networks": ("linkedin", "x")}
        await self.submits(LEAD, form.action, **{**filled(form), **picture, **more})

    async def walks_by(self) -> None:
        """Have the people in each channel press something on each card in it."""
        for place in (HALL, YARD, ROOM):
            for card in self.channel_cards(place):
                for player in (*PASSERS_BY[place.partition(":")[0]], INES):
                    await self.explores(player, card, place)

    async def follows_links(self) -> None:
        """Each share is opened by its member, and its link by two readers."""
        shares = await self.database.transact(lambda tx: tx.execute(select(tables.share)).all())
        for share in shares:
            await self.database.transact(partial(_open, page=share.page_token, now=self.clock()))
            for agent in ("Firefox", "Safari"):
                visitor = Visitor("0" * 64, agent, f"{next(self.numbers):064x}")
                await self.database.transact(
                    partial(_follow, link=share.link_token, visitor=visitor, now=self.clock())
                )

    async def is_removed(self, player: Player) -> None:
        await self._heard(Removed(self._key(), player.sender))

    async def tours(self, player: Player) -> None:
        """Say every command, open one's home, and look at every form behind what stands there."""
        home = await self._heard(HomeOpened(self._key(), player.sender))
        cards = [home.card] if isinstance(home, Home) else []
        for verb in ROUTER.heard():
            if verb.name not in UNSPOKEN:
                reply = await self.says(player, verb.names[-1 if player.language == "fr" else 0])
                cards += [reply.card] if isinstance(reply, Say) else []
        chat = self.chats[player.home]
        cards += [chat.cards[posted.notice] for posted in chat.stored[player.address]]
        for card in cards:
            await self.opens_forms(player, card)

    async def opens_forms(self, player: Player, card: Card) -> None:
        """Open each form once per reader. The button of a secret vote opens a dialog, but votes."""
        for item in every_item(card):
            if not isinstance(item, FormButton) or isinstance(item.action, Vote):
                continue
            if (player.id, item.action.verb) not in self.opened:
                self.opened.add((player.id, item.action.verb))
                await self.presses(player, item.action)

    async def leaves_things_undone(self) -> None:
        """At the end one message is on its way, one may have arrived, one did not, one may show its last
        version, one person cannot be written to and has answers that wait, one question waits for its answer,
        and one person has become a guest."""
        slack = self.chats["slack"]
        await self.says(INES, "poll", HALL)
        slack.meets("send", Refused("not_in_channel"))
        await self.says(LEAD, "call", YARD)
        await self.pump.drain()
        slack.meets("send", Unsure("the answer was lost"))
        await self.says(LEAD, "call", HALL)
        await self.pump.drain()
        self.clock.pass_(seconds=61)
        slack.meets("find", Unavailable("not now"))
        await self.pump.drain()
        slack.meets("send", Unsure("the answer was lost"))
        await self.says(LEAD, "call", YARD)
        await self.pump.drain()
        slack.meets("update", Unsure("the answer was lost"))
        shown = (slack.cards[posted.notice] for posted in slack.stored[LEAD.address])
        await self.presses(LEAD, next(refresh for card in shown if (refresh := offered(card, RefreshPoll))))
        await self.pump.drain()
        await self.is_removed(GIL)
        await self.has_answers_that_wait(GIL)
        await self.asks(INES)
        nina = replace(NINA.sender, guest=True)
        await self.dispatch(HomeOpened(f"guest-{next(self.numbers)}", nina))

    async def asks(self, player: Player) -> None:
        """A question about the latest post that is offered."""
        c = tables.post.c
        offered = select(c.id).where(c.published_at.is_not(None), c.withdrawn_at.is_(None))
        latest = offered.where(c.expires_at > self.clock()).order_by(c.published_at.desc()).limit(1)
        post = await self.database.transact(lambda tx: tx.execute(latest).scalar_one())
        await self.submits(player, AskAuthor(post), question="Is it still true?")

    async def adds_app(self, player: Player) -> None:
        await self.dispatch(Installed(f"added-{next(self.numbers)}", player.sender))

    async def has_answers_that_wait(self, player: Player) -> None:
        """A form, a card, and one about a secret ballot."""
        unreached, c = replace(player.sender, reachable=False), tables.poll.c
        secret = select(c.id).where(c.anonymous).limit(1)
        poll = await self.database.transact(lambda tx: tx.execute(secret).scalar_one())
        for words in ("settings", "help"):
            event = Command(f"kept-{next(self.numbers)}", unreached, words, HALL)
            answer = await self.dispatch(event)
            assert await self.dispatch.keep(event, answer)
        assert await self.dispatch.keep(event, Answer(Say(Card("Your choice"), ballot=poll), "fr"))


HABITS: Mapping[str, Callable[[Circle, Arrival], Awaitable[None]]] = {
    "gathering": Circle.says_what_holds_back,
    "poll": Circle.votes,
    "post": Circle.posts,
    "pulse": Circle.tells_how_it_is,
    "round": Circle.speaks_up,
}


def plan(circle: Circle) -> None:
    """Plan what happens on which day, 0 being MONDAY."""
    noon, four = time(12), time(16)
    for player in MEMBERS:
        circle.on(0, time(10, 15), circle.joins, player)
    circle.on(1, time(10), circle.adds_app, PRIYA)
    circle.on(0, noon, circle.asks_and_explores, NINA, "language")
    circle.on(0, noon, circle.says, LEAD, "call", HALL)
    for moment in (time(13), time(15)):
        circle.on(0, moment, circle.says, LEAD, "wall here", HALL)
    circle.on(0, time(14), circle.asks_and_explores, LEAD, "wall here", HALL)
    circle.on(0, four, circle.presses, LEAD, StartPulse())
    # decisions
    circle.on(1, time(9), circle.starts_round, TOM, "cadence", 4, value="3")
    circle.on(1, time(9), circle.starts_round, TOM, "ceiling", 4, value="18")
    circle.on(1, time(9), circle.proposes_week, TOM, "kudos", 3, 4)
    circle.on(1, time(10), circle.proposes_week, TOM, "blockers", 2, 4)
    circle.on(1, four, circle.withdraws_round, TOM)
    circle.on(8, time(9), circle.starts_round, HUGO, "purpose", 4, value="Faire connaître nos métiers.")
    circle.on(8, time(9), circle.proposes_week, HUGO, "poll", 4, 4)
    circle.on(8, time(9), circle.proposes_week, HUGO, "recap", 3, 4)
    circle.on(49, time(9), circle.starts_round, INES, "ceiling", 11, value="16")
    # posts
    for day, days, planned in (
        (2, 20, 0),
        (9, 20, 2),
        (16, 1, 0),
        (23, 20, 0),
        (37, 20, 0),
        (51, 20, 0),
        (64, 20, 0),
    ):
        circle.on(day, time(11), circle.publishes, days, planned)
    circle.on(24, time(11), circle.illustrates)
    circle.on(25, time(15), circle.withdraws)
    for player in (INES, HUGO, TOM, LEA, MAX):
        circle.on(9, time(15), circle.tells, player)
    for moment in (noon, time(13), time(14)):
        circle.on(38, moment, circle.asks_and_explores, LEAD, "contents")
    # polls
    words = ("anonymous", "live", "asks_words", "open_options", "many")
    circle.on(3, four, circle.opens_poll, LEAD, "", 6, rules=words[:3])
    circle.on(10, four, circle.opens_poll, INES, HALL, 30, where="anywhere", rules=words[1:])
    circle.on(11, four, circle.opens_poll, TOM, "", 6, rules=words[:1] + words[2:3])
    circle.on(14, time(9), circle.opens_poll, NOE, ROOM, 5, repeats="weekly")
    circle.on(15, noon, circle.loses_poll, HUGO)
    circle.on(40, noon, circle.stops_repeating, NOE)
    circle.on(42, time(9), circle.opens_poll, LEA, ROOM, 5, repeats="weekly")
    circle.on(60, four, circle.opens_poll, LEAD, "", 14, rules=words[1:])
    circle.on(61, time(11), circle.opens_poll, LEA, "", 14, rules=words[:1] + words[2:])
    for day in (11, 18, 30, 46):
        circle.on(day, time(17, 30), circle.walks_by)
        circle.on(day, time(17, 45), circle.asks_and_explores, INES, "polls", YARD)
    # the month
    circle.on(16, four, circle.sorts, Matter.BLOCKER)
    circle.on(16, time(16, 30), circle.sorts, Matter.PRACTICE)
    circle.on(17, noon, circle.asks_and_explores, LEAD, "meeting")
    circle.on(22, time(9), circle.asks_with_names, HUGO)
    circle.on(30, time(9), circle.writes_minutes)
    circle.on(38, noon, circle.changes_rhythm)
    circle.on(36, noon, circle.starts_pulse, INES)
    circle.on(65, time(9), circle.starts_pulse, INES)
    # people
    mastodon = {"networks": ("linkedin", "mastodon", "x"), "instance": "mastodon.social"}
    circle.on(1, noon, circle.prefers, TOM, **mastodon)
    circle.on(3, time(14), circle.thanks, INES, HUGO, "help")
    circle.on(10, time(14), circle.thanks, TOM, INES, "win")
    circle.on(44, time(14), circle.thanks, NOE, LEA, "idea")
    circle.on(12, time(14), circle.says, HUGO, "kudos slack:T1:tom for the walk")
    circle.on(13, noon, circle.pauses, AWA, 8)
    circle.on(18, noon, circle.resumes, AWA)
    circle.on(60, noon, circle.pauses, AWA, 30)
    circle.on(35, noon, circle.leaves, BEN)
    # what goes wrong
    circle.on(5, noon, circle.says, LEAD, "post https://example.org/broken")
    circle.on(19, noon, circle.fails_once, "teams")
    circle.on(20, noon, circle.loses_call, HALL)
    circle.on(21, noon, circle.hears_of_channels)
    circle.on(21, time(15), circle.loses_connection)
    # the last days
    for day in (24, 38, 66):
        circle.on(day, time(18), circle.follows_links)


async def play(url: str, connect: Callable[[str], Database]) -> Actions:
    """Fill an empty database; return the actions that were seen."""
    start = datetime.combine(MONDAY, time(7), UTC)
    circle = Circle(url, (*MEMBERS, NINA), start, UNTIL, connect=connect, passers_by=PASSERS_BY)
    try:
        circle.on_arrival = circle.reacts
        await circle.found()
        plan(circle)
        await circle.play()
        for player in TOUR:
            await circle.tours(player)
        await circle.leaves_things_undone()
        await circle.database.transact(_second_account)
        await _keep_notes(Notebook(circle.database))
        return await circle.actions()
    finally:
        circle.close()


async def _read(url: str) -> Found | str:
    """What a page says of itself."""
    if url.endswith("broken"):
        return "page.unreachable"
    picture = "https://example.org/table.png", "Four people at a table"
    return Found(url, f"A page: {url}", "Worth a look.", *picture, "Example")


def _round(tx: Transaction, *, subject: str) -> Round:
    r = tables.round.c
    circle_id = tx.execute(select(r.circle_id).where(r.id == subject)).scalar_one()
    found = rounds.load(CircleTransaction(tx, circle_id), subject)
    assert found is not None
    return found


def _open(tx: Transaction, *, page: str, now: datetime) -> None:
    open_page(tx, page, SITE, now, human=True)


def _follow(tx: Transaction, *, link: str, visitor: Visitor, now: datetime) -> None:
    follow(tx, link, visitor, now)


def _refuses(place: str) -> Before:
    async def before(method: str, address: str) -> None:
        if method == "send" and address == place:
            raise Refused("not_in_channel")

    return before


def _lead_in_teams(tx: Transaction) -> None:
    """The lead has an account in Teams too, which does not receive."""
    a, w = tables.account.c, tables.workspace.c
    account = tx.execute(select(tables.account).where(a.external_id == LEAD.id)).one()
    teams = tx.execute(select(w.id).where(w.platform == "teams")).scalar_one()
    other = {"id": new_id(), "workspace_id": teams, "address": "teams:tenant:lead", "receives": False}
    tx.execute(insert(tables.account).values({**account._mapping, **other}))


def _second_account(tx: Transaction) -> None:
    """Noé has an account in Slack too, which does not receive."""
    a, w = tables.account.c, tables.workspace.c
    account = tx.execute(select(tables.account).where(a.external_id == NOE.id)).one()
    slack = tx.execute(select(w.id).where(w.platform == "slack")).scalar_one()
    other = {"id": new_id(), "workspace_id": slack, "address": "slack:T1:noe", "receives": False}
    tx.execute(insert(tables.account).values({**account._mapping, **other}))


async def _keep_notes(notebook: Notebook) -> None:
    """What each platform remembers of somebody, written by its own messenger."""
    async with FakeSlack() as slack, aiohttp.ClientSession() as session:
        slack.add_user("U1", "Inès")
        client = AsyncWebClient(slack.token, slack.api_url, session=session, retry_handlers=[])
        await SlackMessenger(client, notebook).reach("slack:T1:U1")
    settings = TeamsSettings("app", "password", HOMES["teams"])
    messenger = TeamsMessenger(settings, Connectors((), aiohttp.ClientSession, None), notebook)
    where = Conversation(
        HOMES["teams"], "a:1", settings.service_url, "28:app", aad=NOE.id, user=f"29:{NOE.id}"
    )
    await messenger.remember(where)
    await messenger.recognise(NOE.sender, f"29:{NOE.id}")
